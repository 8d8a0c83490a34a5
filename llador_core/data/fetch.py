"""The files of a registered graph from where they are published: downloaded, verified, in place."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from llador_core import paths
from llador_core.data import find_files
from llador_core.data.download import DownloadError, Patience, download, forget, megabytes
from llador_core.data.specs import GRAPHS, Download, GraphSpec
from llador_core.errors import MissingDataError
from llador_core.registry import lookup

Report = Callable[[float, str], None]  # share done, in words
Check = Literal["published", "recorded", "new", "other"]

SIDECAR = ".sha256"  # of the first download, where nobody publishes a checksum
SET_ASIDE = ".wrong-checksum"
REPORT_EVERY_S = 0.5
# What a checksum says, in words for the reader.
CHECK_WORDS: dict[Check, str] = {
    "published": "checksum as published",
    "recorded": "checksum as at the first download",
    "new": "no checksum is published; that of this first download is recorded",
    "other": "not the published file; used as it is",
}


@dataclass(frozen=True)
class Fetched:
    """A file of a graph after `fetch`.

    Attributes
    ----------
    path : Path
    size_bytes : int
    sha256 : str
    is_new : bool
        It was downloaded just now.
    check : "published", "recorded", "new" or "other"
        What its checksum agrees with; "other" only for a file that the user put there.
    """

    path: Path
    size_bytes: int
    sha256: str
    is_new: bool
    check: Check


def fetch(
    name: str,
    report: Report | None = None,
    *,
    again: bool = False,
    patience: Patience | None = None,
) -> list[Fetched]:
    """Return the files of a graph, each downloaded unless it is here already.

    Parameters
    ----------
    name : str
        Of a registered graph.
    report : callable or None
        Called with the share that is done and what is being done, twice a second at most.
    again : bool
        Download also what is here already in our own folder.
    patience : Patience or None

    Raises
    ------
    UnknownNameError
        There is no such graph.
    MissingDataError
        Nothing of it can be fetched.
    DownloadError
        The server did not send the file, or sent one with a wrong checksum (set aside).
    StorageError
        No room or no permission.
    """
    spec = lookup("graph", GRAPHS, name)
    if not spec.downloads:
        raise MissingDataError(f"Graph '{name}' ships with the app; there is nothing to fetch.")
    progress = _Progress(spec, report or (lambda _share, _words: None))
    return [_one(spec, file, progress, again, patience) for file in spec.downloads]


def size_words(spec: GraphSpec) -> str:
    """Return how much there is to fetch, in words; "about" where nobody publishes the size."""
    about = "" if all(file.size_bytes for file in spec.downloads) else "about "
    return about + megabytes(sum(_weight(file) for file in spec.downloads))


def _weight(file: Download) -> int:
    return file.size_bytes or file.about_bytes


def _one(
    spec: GraphSpec, file: Download, progress: _Progress, again: bool, patience: Patience | None
) -> Fetched:
    here = _here(spec, file)
    ours = paths.home() / "raw" / spec.name / file.name
    if here is not None and not (again and here == ours):
        progress.tell(file, f"Checking {file.name}", 1.0)
        found = paths.checksum(here)
        return Fetched(here, here.stat().st_size, found, False, _check(file, here, found))
    part = download(
        file.url,
        ours,
        size=_weight(file),
        report=lambda done, total: progress.bytes(file, done, total),
        patience=patience,
    )
    progress.tell(file, f"Checking {file.name}", 1.0)
    found = paths.checksum(part)
    check = _check(file, ours, found)
    if check == "other":
        _set_aside(file, part, found, _expected(file, ours) or "")
    size = part.stat().st_size
    if check == "new":
        _record(file, ours, found)
    with paths.storage_errors(ours):
        part.replace(ours)
    forget(part)
    return Fetched(ours, size, found, True, check)


def _here(spec: GraphSpec, file: Download) -> Path | None:
    """Return where a file is found, None where it is not."""
    return next((path for path in find_files(spec)[0] if path.name == file.name), None)


def _check(file: Download, path: Path, found: str) -> Check:
    """Return what a checksum agrees with."""
    if file.sha256:
        return "published" if found == file.sha256 else "other"
    recorded = _recorded(path)
    if not recorded:
        return "new"
    return "recorded" if found == recorded else "other"


def _expected(file: Download, path: Path) -> str | None:
    return file.sha256 or _recorded(path)


def _recorded(path: Path) -> str | None:
    """Return the checksum of the first download, None where none is recorded."""
    try:
        return _sidecar(path).read_text("ascii").split()[0]
    except (OSError, IndexError, UnicodeDecodeError):
        return None


def _record(file: Download, path: Path, found: str) -> None:
    when = datetime.now(UTC).date().isoformat()
    content = f"{found}  {file.name}\n# first download, {when}, {file.url}\n"
    paths.write_atomically(_sidecar(path), content.encode("ascii"))


def _sidecar(path: Path) -> Path:
    return path.with_name(path.name + SIDECAR)


def _set_aside(file: Download, part: Path, found: str, expected: str) -> None:
    """Put a file with a wrong checksum where nothing uses it, and raise."""
    aside = part.with_name(file.name + SET_ASIDE)
    size = part.stat().st_size
    with paths.storage_errors(aside):
        part.replace(aside)
    forget(part)
    whose = "the published one" if file.sha256 else "that of the first download"
    raise DownloadError(
        f"{file.name} came whole ({size:,} bytes) but its SHA-256 {found[:12]}... is not {whose} "
        f"({expected[:12]}...), so it is not used; it lies in {aside}. Fetch again; if it stays "
        f"so, the file has changed at {file.url}."
    )


class _Progress:
    """Turns bytes of one file into the share of all, and says so twice a second at most."""

    def __init__(self, spec: GraphSpec, report: Report) -> None:
        self.report = report
        self.files = spec.downloads
        known = [_weight(file) or 1 for file in spec.downloads]
        self.weights = [size / sum(known) for size in known]
        self.told_at = 0.0
        self.began: dict[str, tuple[float, int]] = {}

    def bytes(self, file: Download, done: int, total: int) -> None:
        """Tell how much of a file is here, and how fast it comes."""
        now = time.monotonic()
        began, first = self.began.setdefault(file.name, (now, done))
        if now - self.told_at < REPORT_EVERY_S and done < total:
            return
        self.told_at = now
        words = f"Downloading {file.name}: {megabytes(done)}"
        words += f" of {megabytes(total)}" if total > done else ""
        if now - began > REPORT_EVERY_S and done > first:
            words += f", {megabytes(int((done - first) / (now - began)))}/s"
        self.tell(file, words, done / total if total else 0.0)

    def tell(self, file: Download, words: str, share: float) -> None:
        """Report `share` of one file as a share of all; 1 is kept for the very end."""
        place = self.files.index(file)
        self.report(min(sum(self.weights[:place]) + self.weights[place] * share, 0.99), words)
