"""Who is proposed: the first candidates, and where each stood without the prior."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from llador_core.escape import figure_text
from llador_core.figures import style

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from llador_core.ranking import Candidate

ROW_HEIGHT = 29


def proposals_figure(candidates: Sequence[Candidate], n_candidates: int) -> go.Figure:
    """Return one row for each candidate: its rank as a full mark, without the prior as a ring.

    Parameters
    ----------
    candidates : sequence of Candidate
        Best first. A contraindicated one is marked by a cross and a word.
    n_candidates : int
        Length of the full list.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    rows = list(range(len(candidates)))
    moved = [(y, c) for y, c in zip(rows, candidates, strict=True) if c.base_rank is not None]
    figure.add_scatter(
        x=[x for _, c in moved for x in (c.base_rank, c.rank, None)],
        y=[y for row, _ in moved for y in (row, row, None)],
        mode="lines",
        line={"color": style.RANDOM, "width": 2},
        opacity=0.55,
        hoverinfo="skip",
        showlegend=False,
    )
    if moved:
        figure.add_scatter(
            x=[c.base_rank for _, c in moved],
            y=[y for y, _ in moved],
            mode="markers",
            name="without the prior",
            marker={
                "color": style.BASE,
                "symbol": "circle-open",
                "size": 11,
                "line": {"width": 2},
            },
            hovertext=[_hover(c) for _, c in moved],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    names = ("with the prior", "with it, to avoid") if moved else ("new", "new, to avoid")
    for avoid in (False, True):
        some = [
            (y, c) for y, c in zip(rows, candidates, strict=True) if c.is_contraindicated is avoid
        ]
        if not some:
            continue
        figure.add_scatter(
            x=[c.rank for _, c in some],
            y=[y for y, _ in some],
            mode="markers",
            name=names[avoid],
            marker={
                "color": style.CONTRAINDICATED if avoid else style.NEW,
                "symbol": "x" if avoid else "circle",
                "size": 11 if avoid else 13,
            },
            hovertext=[_hover(c) for _, c in some],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    figure.update_layout(
        style.layout(
            90 + ROW_HEIGHT * len(candidates),
            showlegend=True,
            legend={"orientation": "h", "x": 0, "y": 1.01, "yanchor": "bottom"},
            xaxis=style.rank_axis(n_candidates, f"Rank among {n_candidates:,} drugs (log scale)"),
            yaxis={
                "tickmode": "array",
                "tickvals": rows,
                "ticktext": [figure_text(c.name, 24) for c in candidates],
                "range": [len(candidates) - 0.4, -0.6],
                "showgrid": False,
                "zeroline": False,
                "fixedrange": True,
                "automargin": True,
            },
        )
    )
    return figure


def _hover(candidate: Candidate) -> str:
    lines = [
        f"<b>{figure_text(candidate.name)}</b>",
        f"{style.ordinal(candidate.rank)} in the list",
    ]
    if candidate.base_rank is not None:
        lines.append(f"{style.ordinal(candidate.base_rank)} without the prior")
    if candidate.is_contraindicated:
        lines.append("listed as contraindicated")
    if candidate.prior_names_it:
        lines.append("the LLM text names the disease")
    return "<br>".join(lines)


def proposals_alt(candidates: Sequence[Candidate]) -> str:
    """Return the figure in one sentence."""
    if not candidates:
        return "No candidate to show."
    parts = [
        f"{c.name} ({style.ordinal(c.rank)}"
        + (f", {style.ordinal(c.base_rank)} without the prior" if c.base_rank is not None else "")
        + (", contraindicated" if c.is_contraindicated else "")
        + ")"
        for c in candidates[:5]
    ]
    rest = len(candidates) - len(parts)
    more = f"; {rest} more in the table" if rest > 0 else ""
    return f"The first candidates: {', '.join(parts)}{more}."
