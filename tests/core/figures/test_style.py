"""Colours that everyone can tell apart on both grounds, and labels that do not collide."""

from __future__ import annotations

import itertools
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llador_core.figures import style
from llador_core.paths import REPOSITORY

# Machado, Oliveira and Fernandes (2009), full severity, on linear RGB.
VISION = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protan": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deutan": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritan": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
# Colours that stand beside each other in one figure.
TOGETHER = {
    "recall": (
        style.PRIOR,
        style.MECHANISM,
        style.BASE,
        style.TEXT_ALONE,
        style.POPULARITY,
        style.RANDOM,
    ),
    "status": (style.NEW, style.KNOWN, style.CONTRAINDICATED),
    "shift": (style.PRIOR, style.BASE),
    "proposals": (style.NEW, style.BASE, style.CONTRAINDICATED),
}
THEME = tomllib.loads((REPOSITORY / ".streamlit/config.toml").read_text("utf-8"))["theme"]
GROUNDS = {mode: THEME[mode]["backgroundColor"] for mode in ("light", "dark")}


def rgb(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def linear(colour: str) -> list[float]:
    parts = [p / 255 for p in rgb(colour)]
    return [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]


def contrast(one: str, other: str) -> float:
    """WCAG contrast of two colours, 1 to 21."""
    light = [
        sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear(c), strict=True))
        for c in (one, other)
    ]
    return (max(light) + 0.05) / (min(light) + 0.05)


def lab(rgb: list[float]) -> tuple[float, float, float]:
    rgb = [min(1.0, max(0.0, p)) for p in rgb]
    to_xyz = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    white = (0.95047, 1.0, 1.08883)
    xyz = [
        sum(w * p for w, p in zip(row, rgb, strict=True)) / n
        for row, n in zip(to_xyz, white, strict=True)
    ]
    x, y, z = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def difference(one: str, other: str, vision: str) -> float:
    """Distance of two colours in CIELAB as that vision sees them; 2.3 is just noticeable."""
    seen = [
        lab([sum(w * p for w, p in zip(row, linear(c), strict=True)) for row in VISION[vision]])
        for c in (one, other)
    ]
    return sum((a - b) ** 2 for a, b in zip(*seen, strict=True)) ** 0.5


def test_the_measures_are_right() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert difference("#FF0000", "#FF0000", "normal") == 0
    red_green = difference("#D7191C", "#1A9641", "normal")
    assert difference("#D7191C", "#1A9641", "deutan") < red_green / 2


@pytest.mark.parametrize("mode", GROUNDS)
def test_marks_stand_out_on_both_grounds(mode: str) -> None:
    for colour in {c for colours in TOGETHER.values() for c in colours}:
        assert contrast(colour, GROUNDS[mode]) >= 3, colour


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("figure", TOGETHER)
def test_colours_of_one_figure_are_apart_for_everyone(figure: str, vision: str) -> None:
    for one, other in itertools.combinations(TOGETHER[figure], 2):
        assert difference(one, other, vision) >= 14, (one, other)


@pytest.mark.parametrize("mode", GROUNDS)
def test_text_of_the_theme_can_be_read(mode: str) -> None:
    theme = THEME[mode]
    for ground in ("backgroundColor", "secondaryBackgroundColor"):
        assert contrast(theme["textColor"], theme[ground]) >= 7
        assert contrast(theme["linkColor"], theme[ground]) >= 4.5
    # Streamlit writes captions and the words of figures at 60% of the ink.
    ink, paper = theme["textColor"], theme["backgroundColor"]
    faded = [round(0.6 * i + 0.4 * p) for i, p in zip(rgb(ink), rgb(paper), strict=True)]
    assert contrast("#" + "".join(f"{part:02X}" for part in faded), paper) >= 4.5
    assert contrast(theme["primaryColor"], theme["backgroundColor"]) >= 4.5  # of a chosen tab


positions = st.lists(st.floats(0, 3, allow_nan=False), min_size=1, max_size=25)


@given(positions)
def test_spread_labels_keep_their_order_distance_and_range(wanted: list[float]) -> None:
    placed = style.spread(wanted, 0.1, -0.2, 3.2)
    in_order = [placed[i] for i in sorted(range(len(wanted)), key=lambda i: wanted[i])]
    assert all(b - a >= 0.1 - 1e-9 for a, b in itertools.pairwise(in_order))
    assert all(-0.2 - 1e-9 <= p <= 3.2 + 1e-9 for p in placed)


@given(positions)
def test_labels_with_room_stay_where_they_are(wanted: list[float]) -> None:
    apart = [i * 0.2 + p * 0.01 for i, p in enumerate(wanted)]
    assert style.spread(apart, 0.1, -1, 10) == pytest.approx(apart)


def test_spread_makes_do_with_too_little_room() -> None:
    assert style.spread([0.5, 0.5, 0.5], 1.0, 0.0, 1.0) == pytest.approx([0.0, 0.5, 1.0])


@pytest.mark.parametrize(
    ("n", "words"),
    [
        *((1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th")),
        *((13, "13th"), (21, "21st"), (112, "112th"), (1003, "1,003rd"), (2.5, "2.5")),
    ],
)
def test_ordinals(n: float, words: str) -> None:
    assert style.ordinal(n) == words


def test_lists_in_words() -> None:
    assert style.listed([], 3) == ""
    assert style.listed(["a"], 3) == "a"
    assert style.listed(["a", "b", "c"], 3) == "a, b and c"
    assert style.listed(["a", "b", "c", "d"], 2) == "a, b and 2 more"
    assert (style.count(1, "drug"), style.count(2000, "drug")) == ("1 drug", "2,000 drugs")


@pytest.mark.parametrize("n", [1, 2, 9, 50, 636, 24_313])
def test_a_rank_axis_shows_the_first_and_the_last(n: int) -> None:
    axis = style.rank_axis(n)
    assert axis["tickvals"][-1] == n
    assert axis["tickvals"] == sorted(set(axis["tickvals"]))
    assert axis["range"][0] < 0 < axis["range"][1]
