"""Two runs on the same hidden pairs: the difference of their figures, and pair by pair."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from llador_core.escape import figure_text
from llador_core.figures import style

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from llador_core.evaluation.compare import Comparison
    from llador_core.graph import Graph

SHOWN = ("MRR", "Hits@1", "Hits@10", "Hits@50", "AUC")
MAX_DOTS = 2_000
_COLOURS = (style.PRIOR, style.BASE, style.POPULARITY, style.MECHANISM, style.TEXT_ALONE)
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x")
_DOTS = {
    "better": (style.PRIOR, "circle"),
    "worse": (style.BASE, "triangle-down"),
    "alike": (style.RANDOM, "square"),
}
ROW_HEIGHT = 46


def difference_figure(comparisons: Sequence[tuple[str, Comparison]]) -> go.Figure:
    """Return the difference of each metric with its 95% interval; right of 0 the run is better.

    Parameters
    ----------
    comparisons : sequence of (label, Comparison)
        What the run is compared with, and how; each has its own mark and colour.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    n = len(comparisons)
    for i, (label, found) in enumerate(comparisons):
        shift = 0.22 * (i - (n - 1) / 2) if n > 1 else 0.0
        parts = [found.differences[name] for name in SHOWN]
        figure.add_scatter(
            x=[part.value for part in parts],
            y=[row + shift for row in range(len(SHOWN))],
            mode="markers",
            name=figure_text(f"beside {label}", 44),
            marker={
                "color": _COLOURS[i % len(_COLOURS)],
                "symbol": _SYMBOLS[i % len(_SYMBOLS)],
                "size": 10,
            },
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [part.high - part.value for part in parts],
                "arrayminus": [part.value - part.low for part in parts],
                "thickness": 2.5,
                "width": 5,
            },
            hovertext=[f"{part.value:+.3f} [{part.low:+.3f}, {part.high:+.3f}]" for part in parts],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    figure.add_vline(x=0, line={"color": style.KNOWN, "width": 1.5})
    figure.update_layout(
        style.layout(
            90 + ROW_HEIGHT * len(SHOWN),
            margin={"l": 8, "r": 12, "t": 30, "b": 8},
            showlegend=n > 1,
            legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
            xaxis={
                "title": {"text": "worse ← difference → better"},
                "gridcolor": style.GRID,
                "zeroline": False,
                "fixedrange": True,
            },
            yaxis={
                "tickmode": "array",
                "tickvals": list(range(len(SHOWN))),
                "ticktext": list(SHOWN),
                "range": [len(SHOWN) - 0.5, -0.5],
                "gridcolor": style.GRID,
                "zeroline": False,
                "fixedrange": True,
            },
        )
    )
    return figure


def difference_alt(comparisons: Sequence[tuple[str, Comparison]]) -> str:
    """Return the figure in a sentence for each run it is compared with."""
    told = []
    for label, found in comparisons:
        parts = [
            f"{name} {d.value:+.3f} [{d.low:+.3f}, {d.high:+.3f}]"
            for name, d in ((name, found.differences[name]) for name in ("MRR", "Hits@10"))
        ]
        told.append(f"Beside {label}: {', '.join(parts)} over {found.n_pairs:,} hidden pairs.")
    return " ".join(told)


def difference_rows(comparisons: Sequence[tuple[str, Comparison]]) -> list[dict[str, object]]:
    """Return a row for each metric and run it is compared with."""
    return [
        {
            "Beside": label,
            "Metric": name,
            "Difference": round(d.value, 4),
            "95% from": round(d.low, 4),
            "95% to": round(d.high, 4),
        }
        for label, found in comparisons
        for name, d in found.differences.items()
    ]


def pairs_figure(graph: Graph, found: Comparison, run: str, base: str) -> go.Figure:
    """Return each hidden pair by its rank in both runs; below the line the first is better.

    Parameters
    ----------
    run, base : str
        What the two are called.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    longest = int(max(found.ranks.max(), found.base_ranks.max(), 2))
    step = max(1, -(-found.n_pairs // MAX_DOTS))
    places = range(0, found.n_pairs, step)
    for kind, (colour, symbol) in _DOTS.items():
        mine = [i for i in places if _kind(found, i) == kind]
        figure.add_scatter(
            x=[found.base_ranks[i] for i in mine],
            y=[found.ranks[i] for i in mine],
            mode="markers",
            name=f"{kind} ({len(mine):,})",
            marker={"color": colour, "symbol": symbol, "size": 7, "opacity": 0.65},
            hovertext=[_hover(graph, found, i) for i in mine],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    figure.add_scatter(
        x=[1, longest],
        y=[1, longest],
        mode="lines",
        line={"color": style.KNOWN, "width": 1.5, "dash": "dot"},
        hoverinfo="skip",
        showlegend=False,
    )
    figure.update_layout(
        style.layout(
            360,
            margin={"l": 8, "r": 12, "t": 30, "b": 8},
            showlegend=True,
            legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
            xaxis=style.rank_axis(longest, figure_text(f"rank by {base}", 48)),
            yaxis=style.rank_axis(longest, figure_text(f"rank by {run}", 48)),
        )
    )
    return figure


def pairs_alt(found: Comparison, run: str, base: str) -> str:
    """Return the figure in one sentence."""
    told = found.to_json()
    alike = found.n_pairs - told["n_better"] - told["n_worse"]
    return (
        f"Of {found.n_pairs:,} hidden pairs {run} ranks {told['n_better']:,} nearer the top than "
        f"{base}, {told['n_worse']:,} further down and {alike:,} alike."
    )


def pairs_rows(graph: Graph, found: Comparison) -> list[dict[str, object]]:
    """Return a row for each hidden pair, those that gained most first."""
    gains = (found.base_ranks - found.ranks).tolist()
    order = sorted(range(found.n_pairs), key=lambda i: -gains[i])
    return [
        {
            "Drug": graph.entity_names[int(found.drugs[i])],
            "Disease": graph.entity_names[int(found.diseases[i])],
            "Rank": float(found.ranks[i]),
            "Rank beside": float(found.base_ranks[i]),
            "Places gained": float(gains[i]),
        }
        for i in order
    ]


def _kind(found: Comparison, i: int) -> str:
    if found.ranks[i] == found.base_ranks[i]:
        return "alike"
    return "better" if found.ranks[i] < found.base_ranks[i] else "worse"


def _hover(graph: Graph, found: Comparison, i: int) -> str:
    drug = figure_text(graph.entity_names[int(found.drugs[i])])
    disease = figure_text(graph.entity_names[int(found.diseases[i])])
    rank, base = style.ordinal(float(found.ranks[i])), style.ordinal(float(found.base_ranks[i]))
    return f"<b>{drug}</b><br>{disease}<br>{rank}, beside it {base}"
