"""Where the installed runs put one drug: a dot for each run, a row for each kind of prior."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llador_core.escape import figure_text
from llador_core.figures import style
from llador_core.models.interactions import INTERACTIONS

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from llador_core.agreement import Agreement, Standing

ROW_HEIGHT = 36
IMPORTED = "imported"
PRIOR_LABELS = {
    "none": "no prior",
    "name": "names only",
    "mechanism": "mechanism texts",
    "full": "full LLM prior",
}
_LABELS = {**PRIOR_LABELS, IMPORTED: "trained elsewhere"}
_LOOK = {
    "none": (style.BASE, "diamond"),
    "name": (style.TEXT_ALONE, "square"),
    "mechanism": (style.MECHANISM, "triangle-up"),
    "full": (style.PRIOR, "circle"),
    IMPORTED: (style.POPULARITY, "x"),
}


def agreement_figure(agreement: Agreement, chosen: str) -> go.Figure:
    """Return a strip of ranks: one row for each prior, one mark for each run, a ring at the chosen.

    Parameters
    ----------
    agreement : Agreement
    chosen : str
        Name of the run that the page looks at.
    """
    import plotly.graph_objects as go

    rows = [p for p in _LABELS if any(_kind(s) == p for s in agreement.standings)]
    figure = go.Figure()
    for row, prior in enumerate(rows):
        some = [s for s in agreement.standings if _kind(s) == prior]
        colour, symbol = _LOOK[prior]
        figure.add_scatter(
            x=[s.rank for s in some],
            y=[row] * len(some),
            mode="markers",
            marker={"color": colour, "symbol": symbol, "size": 12, "opacity": 0.85},
            hovertext=[_hover(s) for s in some],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    for standing in agreement.standings:
        if standing.run.name == chosen and _kind(standing) in rows:
            figure.add_scatter(
                x=[standing.rank],
                y=[rows.index(_kind(standing))],
                mode="markers",
                marker={
                    "symbol": "circle-open",
                    "color": style.KNOWN,
                    "size": 22,
                    "line": {"width": 2},
                },
                hoverinfo="skip",
            )
    figure.update_layout(
        style.layout(
            48 + ROW_HEIGHT * max(len(rows), 1),
            margin={"l": 8, "r": 12, "t": 4, "b": 26},
            font={"size": 13},
            xaxis=style.rank_axis(agreement.n_candidates, automargin=False),
            yaxis={
                "tickmode": "array",
                "tickvals": list(range(len(rows))),
                "ticktext": [_LABELS[p] for p in rows],
                "range": [-0.6, len(rows) - 0.4],
                "gridcolor": style.GRID,
                "zeroline": False,
                "fixedrange": True,
                "automargin": True,
            },
        )
    )
    return figure


def _kind(standing: Standing) -> str:
    """Return the prior of a run; what a run trained elsewhere was given is not known."""
    return IMPORTED if standing.run.is_imported else standing.run.prior


def _title(standing: Standing) -> str:
    model = standing.run.model
    return INTERACTIONS[model].title if model in INTERACTIONS else model


def _hover(standing: Standing) -> str:
    lines = [
        f"<b>{style.ordinal(standing.rank)}</b>",
        f"{figure_text(_title(standing))}, seed {standing.run.seed}",
    ]
    if standing.was_trained_on:
        lines.append("this run was trained on the pair")
    return "<br>".join(lines)


def agreement_words(agreement: Agreement) -> str:
    """Return how far the runs agree: '2nd to 31st in 9 runs, median 7th'."""
    n = style.count(len(agreement.standings), "run")
    best, worst = style.ordinal(agreement.best), style.ordinal(agreement.worst)
    if agreement.best == agreement.worst:
        return f"{best} in {n}"
    return f"{best} to {worst} in {n}, median {style.ordinal(agreement.median)}"


def agreement_alt(agreement: Agreement) -> str:
    """Return the figure in one sentence."""
    parts = [
        f"{style.ordinal(s.rank)} by {_title(s)} with {_LABELS.get(_kind(s), s.run.prior)}"
        for s in agreement.standings[:12]
    ]
    rest = len(agreement.standings) - len(parts)
    more = f"; {rest} more in the table" if rest else ""
    return f"Ranks in the installed runs: {'; '.join(parts)}{more}."


def agreement_rows(agreement: Agreement) -> list[dict[str, object]]:
    """Return one row for each run: its rank, model, prior, seed, and whether it knew the pair."""
    return [
        {
            "Rank": s.rank,
            "Model": _title(s),
            "Prior": _LABELS.get(_kind(s), s.run.prior),
            "Seed": s.run.seed,
            "Trained on this pair": "yes" if s.was_trained_on else "no",
            "Run": s.run.name,
        }
        for s in agreement.standings
    ]
