"""Names and texts of graphs and LLMs are data: made harmless for each place that shows them."""

from __future__ import annotations

import html
import re
import unicodedata

# Left-to-right and right-to-left marks, embeddings, overrides and isolates: they reorder what
# stands around them, so that one name could rewrite the look of a whole line.
BIDI_MARKS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
WORD_JOINER = "\u2060"
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
# What Streamlit and GitHub's Markdown turn into icons, links or arrows after backslashes are gone.
_LATE_SYNTAX = re.compile(
    r":(?=[\w+-]+[:\[]|material/|//)|(?<=www)(?=\.)|@|[-<>~](?=[-=>])", re.IGNORECASE
)


def plain(text: str) -> str:
    """Return `text` on one line, without control characters and marks that reorder text."""
    kept = (" " if c in "\t\n\r\v\f\x85\u2028\u2029" else c for c in text if c not in BIDI_MARKS)
    visible = "".join(c for c in kept if unicodedata.category(c) != "Cc")
    return " ".join(visible.split())


def markdown(text: str) -> str:
    """Return `text` so that Streamlit's Markdown shows it literally.

    Every ASCII punctuation mark gets a backslash. Emoji, icons, links and arrows survive that, as
    they are looked for after the backslashes are taken away; an invisible word joiner breaks them.
    """
    joined = _LATE_SYNTAX.sub(lambda found: found.group() + WORD_JOINER, plain(text))
    return _PUNCTUATION.sub(r"\\\1", joined)


def figure_text(text: str, width: int = 0) -> str:
    """Return `text` so that Plotly, which knows some HTML, shows it literally.

    Parameters
    ----------
    text : str
    width : int
        Longer text is cut to so many characters, the last an ellipsis; 0 for no limit.
    """
    return html.escape(_cut(plain(text), width), quote=False)


def tooltip_html(text: str) -> str:
    """Return `text` so that an ECharts tooltip, which is HTML with `{templates}`, shows it."""
    escaped = html.escape(plain(text), quote=True)
    return escaped.replace("{", "&#123;").replace("}", "&#125;")


def canvas_text(text: str, width: int = 0) -> str:
    """Return `text` for a label that ECharts draws: plain, but `{b}` would be a template.

    Parameters
    ----------
    text : str
    width : int
        Longer text is cut to so many characters, the last an ellipsis; 0 for no limit.
    """
    return _cut(plain(text), width).replace("{", "{" + WORD_JOINER)


def xml_text(text: str) -> str:
    """Return `text` without what XML cannot hold, escaped or not: lone surrogates, U+FFFE..."""
    return "".join(c for c in plain(text) if c not in "\ufffe\uffff" and not _is_surrogate(c))


def _is_surrogate(c: str) -> bool:
    return "\ud800" <= c <= "\udfff"


def _cut(text: str, width: int) -> str:
    return text[: width - 1].rstrip() + "…" if 0 < width < len(text) else text


def csv_cell(text: str) -> str:
    """Return `text` so that a spreadsheet does not take it for a formula.

    A leading `=`, `+`, `-` or `@` gets an apostrophe before it, as spreadsheets themselves do.
    """
    line = plain(text)
    return f"'{line}" if line[:1] in {"=", "+", "-", "@"} else line
