"""How many edges entities have: from the many with few to the few hubs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from llador_core.data.statistics import at_least
from llador_core.escape import figure_text
from llador_core.figures import style

if TYPE_CHECKING:
    import plotly.graph_objects as go

Counted = tuple[NDArray[np.int64], NDArray[np.int64]]

HEIGHT = 330
FEW = 30  # points of a line that are worth a mark, edges of an axis worth finer ticks
MAX_POINTS = 400  # of a line; more are not to be seen
LINES = ((style.KNOWN, "solid"), (style.PRIOR, "dash"), (style.BASE, "dot"))


def degree_figure(degrees: Mapping[str, Counted]) -> go.Figure:
    """Return the number of entities with at least so many edges, both axes logarithmic.

    Parameters
    ----------
    degrees : mapping of str to (degrees, counts)
        As `Statistics.degrees`: "all" first, then drugs and diseases.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    largest, most = 1, 1
    for (name, counted), (colour, dash) in zip(degrees.items(), LINES, strict=False):
        x, y = _thinned(*at_least(counted))
        if not len(x):
            continue
        largest, most = max(largest, int(x[-1])), max(most, int(y[0]))
        label = "all entities" if name == "all" else figure_text(name, 30)
        figure.add_scatter(
            x=x.tolist(),
            y=y.tolist(),
            mode="lines+markers" if len(x) < FEW else "lines",
            name=label,
            line={"color": colour, "dash": dash, "width": 3},
            hovertemplate=f"%{{y:,}} {label} have at least %{{x:,}} edges<extra></extra>",
        )
    figure.update_layout(
        style.layout(
            HEIGHT,
            showlegend=True,
            legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
            xaxis=_axis("Edges (log scale)", largest),
            yaxis=_axis("Entities with at least so many (log scale)", most) | {"automargin": True},
        )
    )
    return figure


def _thinned(x: NDArray[np.int64], y: NDArray[np.int64]) -> Counted:
    """Return as many points as can be told apart, spaced as the axis is."""
    if len(x) <= MAX_POINTS:
        return x, y
    wanted = np.geomspace(1, len(x), MAX_POINTS).round().astype(np.int64) - 1
    chosen = np.unique(wanted)
    return x[chosen], y[chosen]


def _axis(title: str, top: int) -> dict[str, Any]:
    steps = (1, 2, 5) if top < FEW else (1,)
    powers = range(math.ceil(math.log10(max(top, 2))) + 1)
    ticks = [step * 10**power for power in powers for step in steps if step * 10**power <= 2 * top]
    return {
        "type": "log",
        "title": {"text": title},
        "tickmode": "array",
        "tickvals": ticks,
        "ticktext": [f"{tick:,}" for tick in ticks],
        "range": [-0.06, math.log10(max(top, 2)) + 0.08],
        "gridcolor": style.GRID,
        "zeroline": False,
        "fixedrange": True,
    }


def degree_rows(degrees: Mapping[str, Counted]) -> list[dict[str, Any]]:
    """Return the number of entities in each class of degree: 0, 1, 2 to 3, 4 to 7, ..."""
    largest = max((int(d[-1]) for d, _ in degrees.values() if len(d)), default=0)
    edges = [0, *(2**power for power in range(largest.bit_length() + 1))]
    rows = []
    for low, above in pairwise(edges):
        row: dict[str, Any] = {
            "Edges": f"{low:,}" if above - low <= 1 else f"{low:,}–{above - 1:,}"
        }
        for name, (values, counts) in degrees.items():
            inside = (values >= low) & (values < above)
            row["All" if name == "all" else name] = int(counts[inside].sum())
        rows.append(row)
    return rows


def degree_alt(degrees: Mapping[str, Counted]) -> str:
    """Return the figure in one or two sentences."""
    told = []
    for name, (values, counts) in degrees.items():
        if not len(values):
            continue
        half = int(values[np.searchsorted(np.cumsum(counts), counts.sum() / 2)])
        who = "all entities" if name == "all" else name
        told.append(
            f"{who}: half have {style.count(half, 'edge')} or fewer, the most {int(values[-1]):,}"
        )
    return f"How many edges entities have; {'; '.join(told)}."
