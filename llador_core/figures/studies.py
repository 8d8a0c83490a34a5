"""A study: one row for each setting, a mark for each model, the published figure as a ring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from llador_core.escape import figure_text
from llador_core.figures import style
from llador_core.models.interactions import INTERACTIONS

if TYPE_CHECKING:
    import plotly.graph_objects as go

Document = Mapping[str, Any]

ROW_HEIGHT = 46
LOOKS = {
    "transe": (style.PRIOR, "circle"),
    "distmult": (style.BASE, "square"),
    "rotate": (style.MECHANISM, "diamond"),
    "complex": (style.POPULARITY, "triangle-up"),
    "protate": (style.TEXT_ALONE, "triangle-down"),
    "hake": (style.KNOWN, "cross"),
}
MIN_HEIGHT = 310  # on a phone the legend takes a third of it
SPREAD = 0.5  # of the marks of one row, so that models do not cover each other


def study_figure(document: Document, protocol: str, metric: str) -> go.Figure:
    """Return one row for each setting of a study.

    Parameters
    ----------
    document : mapping
        As `experiments.table.to_json` gives it.
    protocol, metric : str
        What the marks stand for. The paper's figures are drawn under `sampled-50` alone.
    """
    import plotly.graph_objects as go

    settings, models = settings_of(document), models_of(document)
    figure = go.Figure()
    for place, model in enumerate(models):
        offset = SPREAD * ((place + 0.5) / len(models) - 0.5)
        colour, symbol = LOOKS[model]
        for published in (False, True):
            shown = [
                (settings.index(row["setting"]) + offset, row, value)
                for row in document["rows"]
                if row["model"] == model
                and (value := value_of(row, protocol, metric, published)) is not None
            ]
            if not shown:
                continue
            title = INTERACTIONS[model].title
            figure.add_scatter(
                x=[value[0] for _, _, value in shown],
                y=[y for y, _, _ in shown],
                error_x=None
                if published
                else {
                    "array": [value[1] or 0 for _, _, value in shown],
                    "thickness": 1.2,
                    "width": 3,
                    "color": colour,
                },
                mode="markers",
                name=f"{title}, published" if published else title,
                marker={
                    "color": colour,
                    "symbol": f"{symbol}-open" if published else symbol,
                    "size": 11,
                    "line": {"width": 1.6 if published else 0},
                },
                hovertext=[_hover(row, metric, value, published) for _, row, value in shown],
                hovertemplate="%{hovertext}<extra></extra>",
            )
    figure.update_layout(
        style.layout(
            max(MIN_HEIGHT, 96 + ROW_HEIGHT * len(settings)),
            showlegend=True,
            legend={"orientation": "h", "x": 0, "y": 1.01, "yanchor": "bottom"},
            xaxis={
                "title": {"text": f"{metric}, {protocol}"},
                "gridcolor": style.GRID,
                "zeroline": False,
                "fixedrange": True,
                "rangemode": "tozero" if metric != "AUC" else "normal",
            },
            yaxis={
                "tickmode": "array",
                "tickvals": list(range(len(settings))),
                "ticktext": [_label(setting) for setting in settings],
                "range": [len(settings) - 0.45, -0.55],
                "showgrid": False,
                "zeroline": False,
                "fixedrange": True,
                "automargin": True,
            },
        )
    )
    return figure


def settings_of(document: Document) -> list[str]:
    """Return the settings of a study in their order."""
    return list(dict.fromkeys(row["setting"] for row in document["rows"]))


def models_of(document: Document) -> list[str]:
    """Return the models of a study in their order."""
    return list(dict.fromkeys(row["model"] for row in document["rows"]))


def value_of(
    row: Mapping[str, Any], protocol: str, metric: str, published: bool
) -> tuple[float, float | None] | None:
    """Return mean and standard deviation, None where there is no such figure."""
    if published:
        told = row["published"] if protocol == "sampled-50" else None
        value = (told or {}).get(metric)
        return None if value is None else (value, None)
    found = row["metrics"].get(protocol, {}).get(metric)
    return None if found is None else (found[0], found[1])


def _label(setting: str) -> str:
    head, comma, rest = setting.partition(", ")
    return figure_text(head) + (f",<br>{figure_text(rest)}" if comma else "")


def _hover(
    row: Mapping[str, Any], metric: str, value: tuple[float, float | None], published: bool
) -> str:
    spread = "" if value[1] is None else f" ± {value[1]:.3f}"
    lines = [
        f"<b>{INTERACTIONS[row['model']].title}, {figure_text(row['setting'])}</b>",
        f"{metric} {value[0]:.3f}{spread}",
        "as published, on another graph" if published else style.count(row["n_seeds"], "seed"),
    ]
    return "<br>".join(lines)


def study_rows(document: Document, protocol: str, metric: str) -> list[dict[str, Any]]:
    """Return the figure as a table."""
    rows = []
    for row in document["rows"]:
        ours = value_of(row, protocol, metric, published=False)
        theirs = value_of(row, protocol, metric, published=True)
        caution = row["contraindicated_in_top_5_percent"]
        rows.append(
            {
                "Model": INTERACTIONS[row["model"]].title,
                "Setting": row["setting"],
                metric: None if ours is None else round(ours[0], 3),
                "± over seeds": None if ours is None or ours[1] is None else round(ours[1], 3),
                "Seeds": row["n_seeds"],
                "Published": None if theirs is None else theirs[0],
                "Contraindicated in top 5%": None if caution is None else round(caution[0], 3),
            }
        )
    return rows


def study_alt(document: Document, protocol: str, metric: str) -> str:
    """Return the figure in words: the best and the last setting of each model."""
    parts = []
    for model in models_of(document):
        values: Sequence[tuple[float, str]] = [
            (value[0], row["setting"])
            for row in document["rows"]
            if row["model"] == model
            and (value := value_of(row, protocol, metric, published=False)) is not None
        ]
        if values:
            best, worst = max(values), min(values)
            parts.append(
                f"{INTERACTIONS[model].title} from {worst[0]:.3f} ({worst[1]}) to {best[0]:.3f} "
                f"({best[1]})"
            )
    told = "; ".join(parts) or "nothing is trained yet"
    return f"{document['title']}, {metric} by {protocol}: {told}."
