"""What to be careful about: where contraindicated drugs stand in the list."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from llador_core.escape import figure_text
from llador_core.figures import style

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from llador_core.ranking import Candidate

TOP_SHARE = 0.05
Mark: TypeAlias = "tuple[Candidate, float]"
Strip: TypeAlias = "tuple[str, list[Mark], str, str]"


def top_places(n_candidates: int) -> int:
    """Return how many places the top 5% of a list are, at least one."""
    return max(1, round(TOP_SHARE * n_candidates))


def caution_figure(
    candidates: Sequence[Candidate], n_candidates: int, height: int = 330
) -> go.Figure:
    """Return strips on one axis of ranks: known treatments, and drugs to avoid.

    Where predicted caution moved drugs to avoid, a third strip shows where the model's score alone
    has them. The top 5% of the list is shaded. The first drugs to avoid, by the score alone, are
    named as far as there is room.

    Parameters
    ----------
    candidates : sequence of Candidate
        The whole list or a part of it; only known and contraindicated ones are drawn.
    n_candidates : int
        Length of the full list.
    height : int
        Pixels.
    """
    import plotly.graph_objects as go

    avoid = [c for c in candidates if c.is_contraindicated]
    known = [
        c for c in candidates if c.status in ("known", "held_out") and not c.is_contraindicated
    ]
    figure = go.Figure()
    figure.add_vrect(
        x0=0.9,
        x1=top_places(n_candidates),
        fillcolor=style.GRID,
        opacity=0.5,
        line_width=0,
        layer="below",
    )
    is_moved = any(c.raw_rank not in (None, c.rank) for c in avoid)
    strips = _strips(known, avoid, is_moved)
    for row, (_, marks, colour, symbol) in zip(range(len(strips))[::-1], strips, strict=True):
        figure.add_scatter(
            x=[rank for _, rank in marks],
            y=[row + dy for dy in _swarm([rank for _, rank in marks])],
            mode="markers",
            marker={"color": colour, "symbol": symbol, "size": 11},
            hovertext=[
                f"<b>{figure_text(c.name)}</b><br>{style.ordinal(rank)} in the list"
                for c, rank in marks
            ],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    figure.update_layout(
        style.layout(
            height,
            annotations=_names(strips[-1][1][:4], n_candidates),
            xaxis=style.rank_axis(
                n_candidates,
                f"Rank among {n_candidates:,} drugs (log); shaded: top 5%",
            ),
            yaxis={
                "tickmode": "array",
                "tickvals": list(range(len(strips))),
                "ticktext": [words for words, *_ in reversed(strips)],
                "range": [-0.95, len(strips) - 0.5],
                "showgrid": False,
                "zeroline": False,
                "fixedrange": True,
                "automargin": True,
            },
        )
    )
    return figure


def _strips(known: Sequence[Candidate], avoid: Sequence[Candidate], is_moved: bool) -> list[Strip]:
    """Return the strips from top to bottom: words, (drug, rank) of each mark, colour, symbol."""
    now = [(c, c.rank) for c in avoid]
    strips: list[Strip] = [
        ("known<br>treatments", [(c, c.rank) for c in known], style.KNOWN, "square"),
        ("drugs<br>to avoid", now, style.CONTRAINDICATED, "x"),
    ]
    if is_moved:
        alone = sorted(((c, c.raw_rank or c.rank) for c in avoid), key=lambda mark: mark[1])
        words = "drugs to avoid,<br>by score alone"
        strips.append((words, alone, style.CONTRAINDICATED, "x-thin-open"))
    return strips


def _swarm(ranks: Sequence[float], step: float = 0.13) -> list[float]:
    """Return an offset for each mark so that marks of nearly the same rank stand side by side."""
    offsets = (0.0, step, -step, 2 * step, -2 * step)
    placed: list[tuple[float, float]] = []
    for rank in ranks:
        at = math.log10(rank)
        taken = {dy for x, dy in placed if abs(x - at) < 0.055}
        free = next((dy for dy in offsets if dy not in taken), 0.0)
        placed.append((at, free))
    return [dy for _, dy in placed]


def _names(marks: Sequence[Mark], n_candidates: int) -> list[dict[str, object]]:
    """Return the names of drugs below their marks, kept apart."""
    top = math.log10(max(n_candidates, 2))
    wanted = [math.log10(rank) for _, rank in marks]
    places = style.spread(wanted, 0.19 * top, 0.08 * top, 0.92 * top)
    return [
        {
            "x": at,
            "y": -0.12,
            "ax": place,
            "ay": -0.55 - 0.2 * (i % 2),
            "axref": "x",
            "ayref": "y",
            "text": figure_text(c.name, 16),
            "showarrow": True,
            "arrowwidth": 1,
            "arrowcolor": style.RANDOM,
            "arrowhead": 0,
            "standoff": 4,
            "font": {"size": 12.5},
        }
        for i, ((c, _), at, place) in enumerate(zip(marks, wanted, places, strict=True))
    ]


def caution_alt(candidates: Sequence[Candidate], n_candidates: int) -> str:
    """Return the figure in one sentence."""
    avoid = [c for c in candidates if c.is_contraindicated]
    if not avoid:
        return "The graph lists no drug to avoid here."
    places = top_places(n_candidates)
    high = [f"{c.name} ({style.ordinal(c.rank)})" for c in avoid if c.rank <= places]
    told = f": {style.listed(high, 5)}" if high else ""
    return (
        f"{len(high)} of {style.count(len(avoid), 'drug')} to avoid stand in the top 5% "
        f"(the first {places}){told}."
    )
