"""Names and texts of others are shown literally wherever they are shown."""

from __future__ import annotations

import csv
import html
import io
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llador_core.escape import (
    BIDI_MARKS,
    WORD_JOINER,
    canvas_text,
    csv_cell,
    figure_text,
    markdown,
    plain,
    tooltip_html,
    xml_text,
)

NASTY = [
    "<script>alert(1)</script>",
    "a | b",
    "**bold** _it_ ~~no~~ `code`",
    "costs $5 and $x^2$",
    ":tada: :material/home: :red[alarm] :red-badge[x]",
    "[click](https://evil.example) https://evil.example www.evil.example a@evil.example",
    "# title",
    "- item\n1. item\n> quote\n---",
    "![x](https://evil.example/pixel.png)",
    "\u202eevil\u202c name",
    "5-HT\u200e2A",
    "back\\slash",
    "&lt;b&gt;",
]


@pytest.mark.parametrize("text", NASTY)
def test_taking_the_escapes_away_gives_the_text_back(text: str) -> None:
    shown = markdown(text)
    bare = "".join(c for i, c in enumerate(shown) if c != WORD_JOINER and not is_escape(shown, i))
    assert bare == plain(text)


def is_escape(text: str, i: int) -> bool:
    """Whether a backslash starts an escape: it follows an even number of backslashes."""
    before = i - len(text[:i].rstrip("\\"))
    return text[i] == "\\" and before % 2 == 0 and i + 1 < len(text)


@given(st.text(max_size=60))
def test_no_punctuation_is_left_bare(text: str) -> None:
    shown = markdown(text)
    for i, c in enumerate(shown):
        if c in "!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~":
            assert shown[i - 1] == "\\" and is_escape(shown, i - 1)
    assert "\n" not in shown


@pytest.mark.parametrize(
    "syntax",
    [
        *(":tada:", ":material/home:", ":red[x]", "http://a.b", "www.a.b", "a@b.c"),
        *("a -> b", "a <- b", "a <-> b", "a -- b", "a >= b", "a <= b", "a ~= b"),
    ],
)
def test_syntax_that_backslashes_do_not_stop_is_broken_up(syntax: str) -> None:
    assert syntax not in markdown(syntax).replace("\\", "")
    assert markdown(syntax).replace("\\", "").replace(WORD_JOINER, "") == syntax


@given(st.text(max_size=60))
def test_plain_text_is_one_line_without_marks_and_stays_so(text: str) -> None:
    once = plain(text)
    assert not BIDI_MARKS & set(once)
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in once)
    assert plain(once) == once


def test_right_to_left_letters_stay() -> None:
    assert plain("אלצהיימר") == "אלצהיימר"


@given(st.text(max_size=60))
def test_figure_text_is_html_of_the_plain_text(text: str) -> None:
    assert html.unescape(figure_text(text)) == plain(text)
    assert "<" not in figure_text(text)
    assert ">" not in figure_text(text)


def test_figure_text_is_cut_before_it_is_escaped() -> None:
    assert figure_text("a<bcdef", width=4) == "a&lt;b…"
    assert figure_text("abcd", width=4) == "abcd"


@given(st.text(max_size=60))
def test_a_tooltip_is_html_of_the_plain_text_without_templates(text: str) -> None:
    shown = tooltip_html(text)
    assert html.unescape(shown) == plain(text)
    assert not set(shown) & set("<>{}\"'")


@given(st.text(max_size=60))
def test_a_label_on_a_canvas_is_the_plain_text_without_templates(text: str) -> None:
    shown = canvas_text(text)
    assert shown.replace("{" + WORD_JOINER, "{") == plain(text)
    assert "{b}" not in shown


def test_a_label_is_cut_before_templates_are_broken() -> None:
    assert canvas_text("ab{cde", width=4) == "ab{" + WORD_JOINER + "…"


@given(st.text(st.characters(), max_size=60))
def test_xml_holds_the_text_of_any_name(text: str) -> None:
    element = ElementTree.Element("name")
    element.text = xml_text(text)
    read = ElementTree.fromstring(ElementTree.tostring(element, "utf-8"))
    assert (read.text or "") == xml_text(text)


def test_xml_text_keeps_letters_and_drops_half_ones() -> None:
    assert xml_text("é中\ud800\uffffא") == "é中א"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_no_cell_starts_a_formula(text: str) -> None:
    assert csv_cell(text) == f"'{text.strip()}"


@given(st.text(max_size=40))
def test_a_cell_survives_a_csv_file(text: str) -> None:
    out = io.StringIO()
    csv.writer(out).writerow(["x", csv_cell(text)])
    [row] = csv.reader(io.StringIO(out.getvalue()))
    assert row == ["x", csv_cell(text)]
