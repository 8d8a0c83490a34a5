"""Hub bias: rank in one list against what should not matter for it, before and after correction."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llador_core.escape import figure_text
from llador_core.figures import style

if TYPE_CHECKING:
    import plotly.graph_objects as go

N_HUBS = 5
N_BINS = 8
MAX_DOTS = 2_000  # more are a grey cloud and megabytes of labels
HEIGHT = 400
BEFORE, AFTER = "median as it is", "median, corrected"


@dataclass(frozen=True)
class Place:
    """Where one drug stands in one list, before and after the correction.

    Attributes
    ----------
    name : str
    degree : int
        Facts about the drug in the graph.
    rank, corrected : float
        1 is best.
    share : float
        Share of all diseases in whose first 50 it stands, 0 to 1.
    """

    name: str
    degree: int
    rank: float
    corrected: float
    share: float


def most_frequent(places: Sequence[Place]) -> list[Place]:
    """Return all drugs, those that stand near the top of most lists first."""
    return sorted(places, key=lambda place: (-place.share, place.rank))


def hub_figure(places: Sequence[Place]) -> go.Figure:
    """Return two panels of rank, up is better: against degree, and against frequency at the top.

    A dot is a drug at its corrected rank. The lines are medians over drugs alike in what the panel
    is about: in a list without bias they run level. The drugs most often near the top have an arrow
    from their rank to the corrected one.

    Parameters
    ----------
    places : sequence of Place
        All drugs of the list, at least one.
    """
    from plotly.subplots import make_subplots

    figure = make_subplots(rows=1, cols=2, shared_yaxes=True, horizontal_spacing=0.03)
    degrees = [max(place.degree, 1) for place in places]
    shares = [place.share * 100 for place in places]
    _add_panel(figure, 1, degrees, places)
    _add_panel(figure, 2, shares, places)
    _add_hubs(figure, most_frequent(places)[:N_HUBS])
    n = len(places)
    ticks = [1, *(round(n * part / 4) for part in (1, 2, 3)), n]
    figure.update_layout(
        style.layout(
            HEIGHT,
            showlegend=True,
            legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
            xaxis=_axis("Edges (log scale)") | _degree_ticks(degrees),
            xaxis2=_axis("In the top 50 of")
            | {"ticksuffix": "%", "nticks": 4, "range": [-1.5, max(*shares, 10) * 1.12]},
            yaxis=_axis(f"Rank among {n:,} drugs")
            | {
                "tickvals": sorted(set(ticks)),
                "range": [n * 1.03, 1 - n * 0.05],
                "automargin": True,
            },
            yaxis2=_axis("") | {"range": [n * 1.03, 1 - n * 0.05]},
        )
    )
    return figure


def _add_panel(
    figure: go.Figure, column: int, values: Sequence[float], places: Sequence[Place]
) -> None:
    dots = _spread_out(places)
    is_part = len(dots) < len(places)
    figure.add_scattergl(
        x=[values[i] for i in dots],
        y=[places[i].corrected for i in dots],
        mode="markers",
        name="a drug, corrected" + f" ({len(dots):,} of {len(places):,})" * is_part,
        marker={"color": style.RANDOM, "size": 5, "opacity": 0.4},
        hovertext=[_hover(places[i]) for i in dots],
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=column == 1,
        row=1,
        col=column,
    )
    for name, colour, dash, ranks in (
        (BEFORE, style.BASE, "dot", [place.rank for place in places]),
        (AFTER, style.PRIOR, "solid", [place.corrected for place in places]),
    ):
        middles, medians = running_median(values, ranks)
        figure.add_scatter(
            x=middles,
            y=medians,
            mode="lines",
            name=name,
            line={"color": colour, "dash": dash, "width": 3},
            hoverinfo="skip",
            showlegend=column == 1,
            row=1,
            col=column,
        )


def _spread_out(places: Sequence[Place]) -> list[int]:
    """Return which drugs get a dot: all, or as many as fit, evenly along the corrected ranks."""
    order = sorted(range(len(places)), key=lambda i: places[i].corrected)
    if len(order) <= MAX_DOTS:
        return order
    return [order[i * len(order) // MAX_DOTS] for i in range(MAX_DOTS)]


def _add_hubs(figure: go.Figure, hubs: Sequence[Place]) -> None:
    for name, symbol, ranks in (
        ("most often near the top", "diamond-open", [place.rank for place in hubs]),
        ("the same, corrected", "diamond", [place.corrected for place in hubs]),
    ):
        figure.add_scatter(
            x=[place.share * 100 for place in hubs],
            y=ranks,
            mode="markers",
            name=name,
            marker={
                "color": style.POPULARITY,
                "symbol": symbol,
                "size": 11,
                "line": {"width": 2, "color": style.POPULARITY},
            },
            hovertext=[_hover(place) for place in hubs],
            hovertemplate="%{hovertext}<extra></extra>",
            row=1,
            col=2,
        )
    for place in hubs:
        figure.add_annotation(
            x=place.share * 100,
            y=place.corrected,
            ax=place.share * 100,
            ay=place.rank,
            xref="x2",
            yref="y2",
            axref="x2",
            ayref="y2",
            arrowwidth=1.5,
            arrowcolor=style.POPULARITY,
            arrowhead=2,
            arrowsize=0.9,
            standoff=6,
            startstandoff=6,
            text="",
        )


def running_median(
    values: Sequence[float], ranks: Sequence[float]
) -> tuple[list[float], list[float]]:
    """Return the median value and the median rank of up to eight groups of drugs of like value.

    Equal values stay in one group, so there may be fewer.
    """
    order = sorted(range(len(values)), key=lambda i: values[i])
    size = max(1, math.ceil(len(order) / N_BINS))
    groups: list[list[int]] = []
    for i in order:
        is_full = bool(groups) and len(groups[-1]) >= size
        if not groups or (is_full and values[groups[-1][-1]] != values[i]):
            groups.append([])
        groups[-1].append(i)
    return (
        [_median([values[i] for i in group]) for group in groups],
        [_median([ranks[i] for i in group]) for group in groups],
    )


def _median(values: Sequence[float]) -> float:
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(values) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _axis(title: str) -> dict[str, Any]:
    return {
        "title": {"text": title},
        "gridcolor": style.GRID,
        "zeroline": False,
        "fixedrange": True,
    }


def _degree_ticks(degrees: Sequence[int]) -> dict[str, Any]:
    low, high = min(degrees), max(degrees)
    steps = [step * 10**power for power in range(6) for step in (1, 2, 5)]
    ticks = [tick for tick in steps if low <= tick <= high * 1.2] or [low]
    return {
        "type": "log",
        "tickmode": "array",
        "tickvals": ticks,
        "ticktext": [f"{tick:,}" for tick in ticks],
        "range": [math.log10(low) - 0.05, math.log10(high) + 0.05],
    }


def _hover(place: Place) -> str:
    return (
        f"<b>{figure_text(place.name)}</b><br>{style.ordinal(place.rank)} as it is<br>"
        f"{style.ordinal(place.corrected)} corrected<br>{place.degree:,} edges<br>"
        f"in the top 50 of {place.share:.0%} of diseases"
    )


def hub_alt(places: Sequence[Place]) -> str:
    """Return the figure in two sentences."""
    told = [
        f"{place.name} (in the top 50 of {place.share:.0%} of diseases, here "
        f"{style.ordinal(place.rank)}, corrected {style.ordinal(place.corrected)})"
        for place in most_frequent(places)[:3]
    ]
    return (
        f"Rank of {style.count(len(places), 'drug')} against their number of edges, and against "
        "how often they stand near the top of all lists, before and after the correction. Most "
        f"often near the top: {style.listed(told, 3)}."
    )


def hub_rows(places: Sequence[Place]) -> list[dict[str, object]]:
    """Return the numbers of the figure, the most frequent drugs first."""
    return [
        {
            "Drug": place.name,
            "Top 50 of": round(place.share * 100),
            "Edges": place.degree,
            "Rank": place.rank,
            "Corrected": place.corrected,
        }
        for place in most_frequent(places)
    ]
