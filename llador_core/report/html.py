"""Small pieces of HTML, every foreign text escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import Any

from llador_core.escape import plain

SHORT = 9  # characters that a cell need not break


def text(value: Any) -> str:
    """Return a value as harmless HTML on one line."""
    return html.escape(plain(str(value)))


def tag(name: str, content: str, kind: str = "", **attributes: str) -> str:
    """Return an element around HTML that is safe already."""
    named = ({"class": kind} if kind else {}) | attributes
    told = "".join(f' {key.rstrip("_")}="{text(value)}"' for key, value in named.items())
    return f"<{name}{told}>{content}</{name}>"


def paragraph(*sentences: str, kind: str = "") -> str:
    return tag("p", " ".join(text(sentence) for sentence in sentences), kind)


def bullets(items: Iterable[str], kind: str = "") -> str:
    """Return a list of items that are safe already."""
    return tag("ul", "".join(tag("li", item) for item in items), kind)


def table(head: Sequence[str], rows: Iterable[Sequence[Any]], caption: str) -> str:
    """Return a table; cells that are numbers stand at the right."""
    names = "".join(tag("th", text(name), scope="col") for name in head)
    body = "".join(tag("tr", "".join(_cell(value) for value in row)) for row in rows)
    inside = tag("caption", text(caption)) + tag("thead", tag("tr", names)) + tag("tbody", body)
    return tag("div", tag("table", inside), "scroll")


def _cell(value: Any) -> str:
    if isinstance(value, int | float):
        return tag("td", text(f"{value:,}" if isinstance(value, int) else f"{value:g}"), "number")
    words = "" if value is None else str(value)
    return tag("td", text(words), "short" if len(words) <= SHORT else "")


def figure(piece: str, alt: str, twin: str) -> str:
    """Return a drawn figure with its words, and its numbers as a table that can be opened."""
    folded = tag("details", tag("summary", "The same as a table") + twin)
    drawn = tag("div", piece, "drawn", role="img", aria_label=alt).replace(
        "aria_label", "aria-label", 1
    )
    return tag("figure", drawn + tag("figcaption", text(alt)) + folded)
