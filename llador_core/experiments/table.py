"""A study as a table: mean and spread over seeds, the published figures beside them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

from llador_core.experiments.specs import TITLES, published, published_columns, published_note
from llador_core.experiments.study import Results, Study
from llador_core.graph import Graph
from llador_core.models.interactions import INTERACTIONS
from llador_core.paths import assets

PAPER_PROTOCOL = "sampled-50"
MORE = (("drug-ranking", "Hits@10"), ("drug-ranking", "Hits@50"), ("drug-ranking", "MRR"))


@dataclass(frozen=True)
class Figure:
    """Mean over seeds and sample standard deviation, nan for a single seed."""

    mean: float
    sd: float


@dataclass(frozen=True)
class Row:
    """One setting under one model.

    Attributes
    ----------
    setting, model : str
        `model` is a key of `INTERACTIONS`.
    n_seeds : int
        Trained so far.
    figures : dict from (protocol, metric) to Figure
        Empty where nothing is trained.
    caution : Figure or None
        Share of held-out contraindicated drugs in the first 5% of their disease's list.
    published : dict from metric to float, or None
        The paper's, under its own protocol.
    problem : str
        Why nothing can be trained, "" without a reason.
    """

    setting: str
    model: str
    n_seeds: int
    figures: dict[tuple[str, str], Figure]
    caution: Figure | None
    published: dict[str, float] | None
    problem: str = ""


def rows_of(study: Study, results: Results) -> list[Row]:
    """Return the rows of a study's table, model by model, in the order of its settings."""
    rows = []
    for model in study.models:
        for setting in study.experiment.settings:
            own = [
                record
                for cell, record in results.records.items()
                if (cell.setting, cell.model) == (setting, model)
            ]
            figures = {
                (protocol, metric): _figure([r["metrics"][protocol][metric] for r in own])
                for protocol, metrics in (own[0]["metrics"] if own else {}).items()
                for metric in metrics
            }
            cautions = [r["caution"]["top 5%"] for r in own if "caution" in r]
            rows.append(
                Row(
                    setting.label,
                    model,
                    len(own),
                    figures,
                    _figure(cautions) if cautions else None,
                    published(setting, model),
                    results.problems.get(setting.label, ""),
                )
            )
    return rows


def _figure(values: Sequence[float]) -> Figure:
    return Figure(fmean(values), stdev(values) if len(values) > 1 else float("nan"))


def columns() -> list[tuple[str, str]]:
    """Return (protocol, metric) of the table's columns: those of the paper, then the full lists."""
    return [*((PAPER_PROTOCOL, metric) for metric in published_columns()), *MORE]


def to_json(graph: Graph, study: Study, results: Results) -> dict[str, Any]:
    """Return the study as one document; figures are [mean, sd], sd None for a single seed."""
    return {
        "experiment": study.experiment.name,
        "title": study.experiment.title,
        "question": study.experiment.words,
        "graph": graph.name,
        "graph_checksum": graph.checksum,
        "recipe": study.recipe,
        "settings": list(study.extra),
        "n_seeds": study.n_seeds,
        "n_missing": len(results.missing),
        "train_seconds": round(sum(r["seconds"] for r in results.records.values())),
        "train_cpu_seconds": round(sum(r["cpu_seconds"] for r in results.records.values())),
        "rows": [
            {
                "model": row.model,
                "setting": row.setting,
                "n_seeds": row.n_seeds,
                "metrics": _by_protocol(row),
                "contraindicated_in_top_5_percent": _pair(row.caution),
                "published": row.published,
                **({"problem": row.problem} if row.problem else {}),
            }
            for row in rows_of(study, results)
        ],
        "note": published_note(study.experiment),
    }


def shipped(graph: Graph, study: Study) -> dict[str, Any] | None:
    """Return the study's document that came with the app, None where there is none for this graph.

    It holds the models and seeds it was made with, whatever the study asks.
    """
    path = assets() / "experiments" / f"{graph.name}-{study.experiment.name}.json"
    if study.recipe != "llador" or study.extra or not path.is_file():
        return None
    content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return content if content.get("graph_checksum") == graph.checksum else None


def _by_protocol(row: Row) -> dict[str, dict[str, list[float | None] | None]]:
    found: dict[str, dict[str, list[float | None] | None]] = {}
    for (protocol, metric), figure in row.figures.items():
        found.setdefault(protocol, {})[metric] = _pair(figure)
    return found


def _pair(figure: Figure | None) -> list[float | None] | None:
    if figure is None:
        return None
    return [round(figure.mean, 4), None if figure.sd != figure.sd else round(figure.sd, 4)]


def markdown(study: Study, results: Results) -> str:
    """Return the table as Markdown, ours as mean ± sd, the paper's in brackets."""
    heads = [f"{metric}" for _, metric in columns()]
    lines = [
        "| model | setting | " + " | ".join(heads) + " | contraindicated in top 5% | seeds |",
        "|---" * (len(heads) + 4) + "|",
    ]
    for row in rows_of(study, results):
        title = TITLES.get(row.model, INTERACTIONS[row.model].title)
        cells = [_cell(row, protocol, metric) for protocol, metric in columns()]
        caution = "" if row.caution is None else f"{row.caution.mean:.1%}"
        lines.append(
            f"| {title} | {row.setting} | {' | '.join(cells)} | {caution} | {row.n_seeds} |"
        )
    told = [f"- {label}: {problem}" for label, problem in results.problems.items()]
    return "\n".join(
        [
            *lines,
            "",
            f"{PAPER_PROTOCOL} in the first {len(published_columns())} columns, then drugs ranked "
            "in full; mean ± standard deviation over seeds, published figures in brackets.",
            published_note(study.experiment),
            *(["", "Left out:", *told] if told else []),
        ]
    )


def _cell(row: Row, protocol: str, metric: str) -> str:
    figure = row.figures.get((protocol, metric))
    if figure is None:
        return "-"
    digits = 2 if metric == "MR" else 3
    words = f"{figure.mean:.{digits}f}"
    if figure.sd == figure.sd:
        words += f" ± {figure.sd:.{digits}f}"
    if protocol == PAPER_PROTOCOL and row.published is not None:
        words += f" ({row.published[metric]:.{digits}f})"
    return words
