"""Figures of a set of texts: how long they are, and what they give away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from llador_core.escape import figure_text
from llador_core.figures.style import BASE, GRID, KNOWN, PRIOR, layout

if TYPE_CHECKING:
    import plotly.graph_objects as go

ROW_HEIGHT = 26
ROOM = 60


def lengths_rows(
    words: Mapping[Any, Mapping[str, Sequence[int]]], titles: Mapping[Any, str]
) -> list[dict[str, Any]]:
    """Return shortest, quartiles and longest of the texts, a row for each field and type."""
    rows = []
    for field, by_type in words.items():
        for type_name, lengths in by_type.items():
            low, first, middle, third, high = np.percentile(lengths, [0, 25, 50, 75, 100])
            rows.append(
                {
                    "text": titles[field],
                    "type": type_name,
                    "texts": len(lengths),
                    "shortest": int(low),
                    "lower quartile": float(first),
                    "median": float(middle),
                    "upper quartile": float(third),
                    "longest": int(high),
                }
            )
    return rows


def lengths_figure(rows: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Return for each field and type a line from shortest to longest, thick between quartiles."""
    import plotly.graph_objects as go

    labels = [figure_text(f"{row['text']}, {row['type']}", 44) for row in rows]
    figure = go.Figure()
    for low, high, width in (("shortest", "longest", 2), ("lower quartile", "upper quartile", 9)):
        xs: list[float | None] = []
        ys: list[str | None] = []
        for label, row in zip(labels, rows, strict=True):
            xs += [row[low], row[high], None]
            ys += [label, label, None]
        figure.add_trace(
            go.Scatter(
                x=xs, y=ys, mode="lines", line={"width": width, "color": PRIOR}, hoverinfo="skip"
            )
        )
    hover = [
        f"{label}: {row['texts']:,} texts, median {row['median']:g} words, "
        f"{row['shortest']} to {row['longest']}"
        for label, row in zip(labels, rows, strict=True)
    ]
    figure.add_trace(
        go.Scatter(
            x=[row["median"] for row in rows],
            y=labels,
            mode="markers",
            marker={"color": BASE, "size": 9, "symbol": "diamond"},
            text=hover,
            hovertemplate="%{text}<extra></extra>",
        )
    )
    figure.update_layout(**layout(ROOM + ROW_HEIGHT * len(rows)))
    figure.update_xaxes(title="words", rangemode="tozero", gridcolor=GRID, fixedrange=True)
    figure.update_yaxes(autorange="reversed", automargin=True, fixedrange=True)
    return figure


def lengths_alt(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return what the figure shows, in words."""
    told = [f"{row['text']} of {row['type']}: median {row['median']:g} words" for row in rows]
    return f"Lengths of the texts by field and type. {'; '.join(told[:6])}."


def share_figure(rows: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Return bars: the share of held-out pairs that each text gives away, "either text" last.

    Parameters
    ----------
    rows : sequence of mapping
        As `evaluation.named.share_rows` gives them, with a title under "label".
    """
    import plotly.graph_objects as go

    labels = [figure_text(str(row["label"]), 44) for row in rows]
    is_sum = [row["field"] == "any" for row in rows]
    figure = go.Figure(
        go.Bar(
            x=[row["share"] for row in rows],
            y=labels,
            orientation="h",
            marker={
                "color": [BASE if one else PRIOR for one in is_sum],
                "pattern": {"shape": ["/" if one else "" for one in is_sum]},
            },
            text=[f"{row['share']:.0%}" for row in rows],
            textposition="outside",
            cliponaxis=False,
            hovertext=[f"{row['n_named']:,} of {row['n_pairs']:,} pairs" for row in rows],
            hovertemplate="%{y}: %{hovertext}<extra></extra>",
        )
    )
    figure.update_layout(**layout(ROOM + 30 * len(rows)), bargap=0.35)
    figure.update_xaxes(
        range=[0, 1.1], tickformat=".0%", gridcolor=GRID, fixedrange=True, title="held-out pairs"
    )
    figure.update_yaxes(autorange="reversed", automargin=True, fixedrange=True)
    return figure


def share_alt(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return what the figure shows, in words."""
    told = "; ".join(f"{row['label']}: {row['share']:.0%}" for row in rows)
    return f"Share of held-out pairs that a text names. {told}."


def beside_figure(rows: Sequence[Mapping[str, Any]], metric: str, top: float | None) -> go.Figure:
    """Return for each run its metric over all pairs and over those not named, with intervals.

    Parameters
    ----------
    rows : sequence of mapping
        "run", and "all" and "not named", each with value, low and high, or None.
    metric : str
        The axis title.
    top : float or None
        End of the axis; None fits it.
    """
    import plotly.graph_objects as go

    labels = [figure_text(str(row["run"]), 44) for row in rows]
    figure = go.Figure()
    for part, colour, symbol, shift in (
        ("all", KNOWN, "circle-open", -0.14),
        ("not named", PRIOR, "diamond", 0.14),
    ):
        kept = [(i, row[part]) for i, row in enumerate(rows) if row[part] is not None]
        figure.add_trace(
            go.Scatter(
                x=[one["value"] for _, one in kept],
                y=[i + shift for i, _ in kept],
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": [one["high"] - one["value"] for _, one in kept],
                    "arrayminus": [one["value"] - one["low"] for _, one in kept],
                    "thickness": 1.5,
                },
                mode="markers",
                name="all pairs" if part == "all" else "pairs that no text names",
                marker={"color": colour, "size": 11, "symbol": symbol, "line": {"width": 2}},
                text=[labels[i] for i, _ in kept],
                hovertemplate="%{text}: %{x:.3f}<extra></extra>",
            )
        )
    figure.update_layout(**layout(ROOM + 30 + 38 * len(rows), showlegend=True))
    figure.update_layout(legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0})
    figure.update_xaxes(
        title=metric, gridcolor=GRID, fixedrange=True, range=None if top is None else [0, top]
    )
    figure.update_yaxes(
        tickmode="array",
        tickvals=list(range(len(rows))),
        ticktext=labels,
        range=[len(rows) - 0.5, -0.5],
        automargin=True,
        fixedrange=True,
        zeroline=False,
    )
    return figure


def beside_alt(rows: Sequence[Mapping[str, Any]], metric: str) -> str:
    """Return what the figure shows, in words."""
    told = []
    for row in rows:
        part = "" if row["not named"] is None else f", {row['not named']['value']:.2f} not named"
        told.append(f"{row['run']} {row['all']['value']:.2f} over all pairs{part}")
    return f"{metric} of runs that differ in their prior alone. {'; '.join(told)}."
