"""How entities of each type are drawn, in networks and maps: a colour, and a shape of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from llador_core.figures import style

_PENTAGON = "path://M0,-10L9.5,-3.1L5.9,8.1L-5.9,8.1L-9.5,-3.1Z"
_HEXAGON = "path://M-10,0L-5,-8.7L5,-8.7L10,0L5,8.7L-5,8.7Z"
_DOWN = "path://M0,9L-10,-8L10,-8Z"
_STAR = "path://M0,-10L2.4,-3.2L9.5,-3.1L3.8,1.2L5.9,8.1L0,4L-5.9,8.1L-3.8,1.2L-9.5,-3.1L-2.4,-3.2Z"
_PLUS = "path://M-3.5,-10L3.5,-10L3.5,-3.5L10,-3.5L10,3.5L3.5,3.5L3.5,10L-3.5,10L-3.5,3.5L-10,3.5L-10,-3.5L-3.5,-3.5Z"
_CROSS = "path://M-9,-5L-5,-9L0,-4L5,-9L9,-5L4,0L9,5L5,9L0,4L-5,9L-9,5L-4,0Z"
_BARS = "path://M-10,-8L10,-8L10,-2L-10,-2ZM-10,2L10,2L10,8L-10,8Z"
_HOURGLASS = "path://M-9,-9L9,-9L0,0L9,9L-9,9L0,0Z"


@dataclass(frozen=True)
class Look:
    """How entities of a type are drawn: no two types share a shape.

    Attributes
    ----------
    colour : str
    symbol : str
        The shape as ECharts knows it.
    mark : str
        The shape, or the nearest to it, as Plotly knows it.
    """

    colour: str
    symbol: str
    mark: str


# What a type is called in lower case contains one of these words; first match wins.
_LOOKS: tuple[tuple[tuple[str, ...], Look], ...] = (
    (("class", "atc"), Look(style.PRIOR, _BARS, "hourglass")),
    (("side effect", "effect"), Look(style.CONTRAINDICATED, _DOWN, "triangle-down")),
    (("symptom", "phenotype"), Look(style.BASE, "triangle", "triangle-up")),
    (("compound", "drug", "chemical"), Look(style.PRIOR, "rect", "square")),
    (("disease", "disorder"), Look(style.BASE, "diamond", "diamond")),
    (("gene", "protein"), Look(style.POPULARITY, "circle", "circle")),
    (("pathway",), Look(style.MECHANISM, _PENTAGON, "pentagon")),
    (("process",), Look(style.MECHANISM, _HEXAGON, "hexagon")),
    (("function",), Look(style.MECHANISM, _STAR, "star")),
    (("component",), Look(style.KNOWN, _PLUS, "cross")),
    (("anatomy", "tissue"), Look(style.TEXT_ALONE, "roundRect", "octagon")),
)
_SPARE = (
    Look(style.RANDOM, _CROSS, "x"),
    Look(style.RANDOM, _HOURGLASS, "bowtie"),
    Look(style.KNOWN, "pin", "triangle-left"),
    Look(style.RANDOM, "arrow", "triangle-right"),
)


def looks(type_names: Sequence[str]) -> dict[str, Look]:
    """Return how each type is drawn; each shape once as long as there are shapes."""
    found: dict[str, Look] = {}
    for name in type_names:
        match = next((k for words, k in _LOOKS if any(w in name.lower() for w in words)), None)
        if match is not None and match not in found.values():
            found[name] = match
    spare = [k for k in (*_SPARE, *(k for _, k in _LOOKS)) if k not in found.values()]
    for name in type_names:
        if name not in found:
            found[name] = spare.pop(0) if spare else _SPARE[0]
    return found
