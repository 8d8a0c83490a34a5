"""Colours, marks and layout that all figures share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

# At least 3:1 against the light and the dark page, and apart for people with protan, deutan and
# tritan vision (tests/core/figures holds them to both).
PRIOR = "#1A94C2"
MECHANISM = "#3F7A45"
BASE = "#CA6A22"
POPULARITY = "#6A55CC"
TEXT_ALONE = "#A0458E"
RANDOM = "#8D9294"

NEW = PRIOR
KNOWN = "#66757D"
CONTRAINDICATED = "#C4423A"
GRID = "rgba(128,140,146,0.28)"

STATUS_WORDS = {
    "new": "not known",
    "held_out": "known, hidden from training",
    "known": "known",
    "absent": "not in this model",
}

# Reading a figure must not hijack the page's scroll, and exports would lack the notice.
CONFIG: dict[str, Any] = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False}


def layout(height: int, **more: Any) -> dict[str, Any]:
    """Return the layout that all figures start from; `more` is laid over it."""
    base: dict[str, Any] = {
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "showlegend": False,
        "dragmode": False,
        "hovermode": "closest",
        "font": {"size": 14},
    }
    return base | more


def rank_axis(n_candidates: int, title: str = "", **more: Any) -> dict[str, Any]:
    """Return an axis of ranks from 1 to `n_candidates`, logarithmic: the top matters most.

    The ticks are round numbers; the last one is the number of candidates.
    """
    ticks = [t for t in (1, 3, 10, 30, 100, 300, 1000, 3000, 10_000) if t < n_candidates * 0.6]
    ticks.append(n_candidates)
    top = math.log10(max(n_candidates, 2))
    return {
        "type": "log",
        "title": {"text": title},
        "tickmode": "array",
        "tickvals": ticks,
        "ticktext": [f"{t:,}" for t in ticks],
        "range": [-0.06 * top, 1.04 * top],
        "gridcolor": GRID,
        "zeroline": False,
        "fixedrange": True,
    } | more


def spread(positions: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Return label positions at least `gap` apart, as near to `positions` as their order allows.

    Parameters
    ----------
    positions : sequence of float
        Where the labels would like to stand, in any order.
    gap : float
        Smallest distance of two neighbours; reduced evenly where the range is too short.
    low, high : float
        The range to stay in.

    Returns
    -------
    list of float
        In the order of `positions`.
    """
    n = len(positions)
    if n < 2:
        return [min(max(p, low), high) for p in positions]
    gap = min(gap, (high - low) / (n - 1))
    order = sorted(range(n), key=lambda i: positions[i])
    # Moving each label down by its place turns "gap apart" into "in order": pool what is not.
    blocks: list[tuple[float, int]] = []
    for place, i in enumerate(order):
        mean, size = positions[i] - place * gap, 1
        while blocks and blocks[-1][0] > mean:
            before, count = blocks.pop()
            mean, size = (mean * size + before * count) / (size + count), size + count
        blocks.append((mean, size))
    placed = [mean for mean, size in blocks for _ in range(size)]
    ceiling = high - (n - 1) * gap
    result = [0.0] * n
    for place, i in enumerate(order):
        result[i] = min(max(placed[place], low), ceiling) + place * gap
    return result


def ordinal(n: float) -> str:
    """Return 1st, 2nd, 3rd, ...; a rank shared by several keeps its half (2.5)."""
    if n != int(n):
        return f"{n:g}"
    whole = int(n)
    teen = 10 <= whole % 100 <= 20
    return f"{whole:,}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(whole % 10, 'th')}"


def count(n: int, one: str, many: str = "") -> str:
    """Return '1 drug' or '3 drugs'."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def listed(names: Sequence[str], limit: int) -> str:
    """Return 'a, b and c', or 'a, b, c and 7 more' where there are more than `limit`."""
    shown = list(names[:limit])
    rest = len(names) - len(shown)
    if rest:
        return f"{', '.join(shown)} and {rest:,} more"
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} and {shown[-1]}"
