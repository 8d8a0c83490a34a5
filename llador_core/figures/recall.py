"""Whether a list can be trusted: how soon it finds known drugs that training did not see."""

from __future__ import annotations

import bisect
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from llador_core.escape import figure_text
from llador_core.figures import style

if TYPE_CHECKING:
    import plotly.graph_objects as go

LONGEST = 100  # nobody reads further, and curves are stored sparsely beyond
Metrics = Mapping[str, Any]
Kind = Literal["prior", "mechanism", "base", "text", "popularity", "random"]
# Colour, dash and width: three ways to tell the lines apart.
_LOOK: dict[Kind, tuple[str, str, float]] = {
    "prior": (style.PRIOR, "solid", 3.5),
    "mechanism": (style.MECHANISM, "dashdot", 2.5),
    "base": (style.BASE, "solid", 2.0),
    "text": (style.TEXT_ALONE, "dash", 2.0),
    "popularity": (style.POPULARITY, "longdash", 2.0),
    "random": (style.RANDOM, "dot", 2.0),
}


@dataclass(frozen=True)
class RecallCurve:
    """Share of held-out known drugs found among the first k.

    Attributes
    ----------
    kind : Kind
        Sets colour and dash.
    label : str
        In plain words: "with the LLM prior".
    k : tuple of int
        Ascending lengths of the list, from 1.
    recall : tuple of float
        Same length as `k`; 0 to 1.
    """

    kind: Kind
    label: str
    k: tuple[int, ...]
    recall: tuple[float, ...]

    def at(self, k: int) -> float:
        """Return the recall at the longest stored list not longer than `k`; 0 before the first."""
        place = bisect.bisect_right(self.k, k)
        return self.recall[place - 1] if place else 0.0


PROTOCOL = "drug-ranking"
_CONTROLS: tuple[tuple[Kind, str], ...] = (
    ("text", "text similarity alone"),
    ("popularity", "ranking by number of uses"),
    ("random", "chance"),
)


def curves_of(
    metrics: Metrics, prior: str, base: Metrics | None = None, mechanism: Metrics | None = None
) -> list[RecallCurve]:
    """Return a run's curve first, then its twins and the baselines as far as they are there.

    Parameters
    ----------
    metrics : mapping
        What metrics.json of the run holds.
    prior : str
        Of the run; "none" makes it its own base.
    base, mechanism : mapping or None
        The same of the run without a prior, and with mechanism texts only.
    """
    own: tuple[Kind, str] = ("prior", "with this prior")
    if prior == "none":
        own = ("base", "without the prior")
    found: list[tuple[Kind, str, Metrics]] = [(*own, metrics["run"])]
    if base is not None:
        found.append(("base", "without the prior", base["run"]))
    if mechanism is not None:
        found.append(("mechanism", "with mechanism texts only", mechanism["run"]))
    baselines = metrics["baselines"]
    found += [(kind, label, baselines[kind]) for kind, label in _CONTROLS if kind in baselines]
    return [
        RecallCurve(kind, label, tuple(curve["k"]), tuple(curve["recall"]))
        for kind, label, report in found
        for curve in (report[PROTOCOL]["recall_curve"],)
    ]


def recall_figure(curves: Sequence[RecallCurve], n_candidates: int, height: int = 430) -> go.Figure:
    """Return recall over list length, each line named at its right and in the legend.

    Parameters
    ----------
    curves : sequence of RecallCurve
    n_candidates : int
        Length of the full list; the first 100 at most are shown.
    height : int
        Pixels.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    for curve in curves:
        colour, dash, width = _LOOK[curve.kind]
        n_shown = bisect.bisect_right(curve.k, LONGEST)
        figure.add_scatter(
            x=curve.k[:n_shown],
            y=curve.recall[:n_shown],
            mode="lines",
            line={"color": colour, "dash": dash, "width": width, "shape": "hv"},
            name=figure_text(curve.label),
            hovertemplate="first %{x}: %{y:.0%}",
        )
    figure.add_vline(x=10, line={"color": style.GRID, "width": 1, "dash": "dot"})
    longest = max(2, min(LONGEST, n_candidates))
    axis = style.rank_axis(longest, f"Length of the list (of {n_candidates:,} drugs, log scale)")
    figure.update_layout(
        style.layout(
            height,
            margin={"l": 8, "r": 24, "t": 8, "b": 8},
            hovermode="x unified",
            showlegend=True,
            legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
            xaxis=axis | {"range": [0, math.log10(longest)], "showgrid": False},
            yaxis={
                "title": {"text": "Hidden known drugs found"},
                "tickformat": ".0%",
                "range": [0, 1.02],
                "gridcolor": style.GRID,
                "zeroline": False,
                "fixedrange": True,
            },
        )
    )
    return figure


def recall_alt(curves: Sequence[RecallCurve], k: int = 10) -> str:
    """Return the figure in one sentence: who finds how much among the first `k`, best first."""
    best_first = sorted(curves, key=lambda c: -c.at(k))
    parts = [f"{curve.label} {curve.at(k):.0%}" for curve in best_first]
    return (
        f"Share of hidden known drugs found among the first {k}: {style.listed(parts, len(parts))}."
    )


def recall_rows(
    curves: Sequence[RecallCurve], at: Sequence[int] = (1, 3, 10, 50, 100)
) -> list[dict[str, str | float]]:
    """Return one row for each curve with its recall at some list lengths, 0 to 1."""
    return [{"List": c.label} | {f"First {k}": c.at(k) for k in at} for c in curves]
