"""Errors whose message is a full sentence for the person at the screen.

The edge converts them once: `main()` of the command line (exit status 2) and one context manager
of the pages (a box). Anything that is not a `LladorError` is a bug and passes through.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class LladorError(Exception):
    """Something went wrong that the reader can do something about."""


class ConfigError(LladorError):
    """A setting has an unknown name or a value out of range."""


class MissingDataError(LladorError):
    """A file, run or vector is not there; the message names what makes it."""


class DataFormatError(LladorError):
    """A file is not what it should be; the message gives file, line, expected and found."""


class StorageError(LladorError):
    """Nothing could be written: no space, no permission. What was there before is untouched."""


class ProviderError(LladorError):
    """A language model's or embedder's service refused, failed or could not be reached.

    Parameters
    ----------
    reason : str
        A full sentence: what happened and what to do.
    saved : str
        A closing sentence on what is kept; empty for none.
    """

    def __init__(self, reason: str, saved: str = "") -> None:
        self.reason = reason
        super().__init__(f"{reason} {saved}".strip())


class LeakError(LladorError):
    """A held-out drug-disease pair stands in the training triples."""


class UnknownNameError(LladorError):
    """A name is not known. The message lists the nearest names first.

    Parameters
    ----------
    kind : str
        What was asked for: "disease", "drug", "graph", "run", "model", ...
    name : str
        The name as given.
    nearest : iterable of str
        Valid names, nearest first.
    remedy : str
        A closing sentence; empty for none.
    """

    def __init__(self, kind: str, name: str, nearest: Iterable[str], remedy: str = "") -> None:
        self.kind = kind
        self.name = name
        self.nearest = tuple(nearest)
        hint = f" Did you mean {join_names(self.nearest)}?" if self.nearest else ""
        super().__init__(f"There is no {kind} named '{name}'.{hint}{' ' if remedy else ''}{remedy}")


def join_names(names: Iterable[str]) -> str:
    """Return names as a person would list them: 'a', 'b' or 'c'."""
    quoted = [f"'{name}'" for name in names]
    if len(quoted) <= 1:
        return "".join(quoted)
    return f"{', '.join(quoted[:-1])} or {quoted[-1]}"


def nearest_names(name: str, valid: Iterable[str], n: int = 5) -> list[str]:
    """Return up to `n` valid names, the most similar first; all of them where they are few."""
    valid = list(valid)
    close = difflib.get_close_matches(name, valid, n=n, cutoff=0.5)
    if close:
        return close
    return sorted(valid)[:n] if len(valid) > 12 else valid
