"""From the cells of quality_starter to rows over seeds, tables, and the bars of the issue."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.machine import processor

if TYPE_CHECKING:
    from quality_starter import Cell, Record

PROTOCOLS = ("sampled-50", "drug-ranking")
COLUMNS = (
    ("sampled-50", "MRR"),
    ("sampled-50", "Hits@1"),
    ("sampled-50", "Hits@10"),
    ("sampled-50", "AUC"),
    ("drug-ranking", "MRR"),
    ("drug-ranking", "Hits@10"),
    ("drug-ranking", "Hits@50"),
)
MIN_GAIN, MIN_FULL, MIN_MECHANISM, MIN_DRUG_HITS, MAX_SECONDS = 0.12, 0.76, 0.60, 0.58, 60.0
MRR, DRUG_HITS = ("sampled-50", "MRR"), ("drug-ranking", "Hits@10")


def summary(done: Mapping[Cell, Record]) -> dict[str, Any]:
    """Return date, machine and, per row, mean and standard deviation over the seeds."""
    grouped: dict[tuple[str, ...], list[Record]] = {}
    for cell, record in done.items():
        grouped.setdefault(cell[:4], []).append(record)
        for name, reports in record["baselines"].items():
            key = ("baseline", name, "", cell.split)
            seen = {r["split"]["seed"] for r in grouped.setdefault(key, [])}
            if record["split"]["seed"] not in seen:  # every run of a split has the same baselines
                grouped[key].append({"run": reports, "split": record["split"]})
    rows = [_row(key, records) for key, records in grouped.items()]
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": {"cpu": processor(), "n_cores": os.cpu_count()},
        "versions": {
            "python": platform.python_version(),
            **{package: version(package) for package in ("torch", "numpy")},
        },
        "commits": sorted({record["commit"] for record in done.values()}),
        "rows": rows,
        "bars": bars(rows),
    }


def _row(key: Sequence[str], records: Sequence[Record]) -> dict[str, Any]:
    from llador_core.evaluation.metrics import spread

    recipe, model, prior, split = key
    row: dict[str, Any] = {
        "recipe": recipe,
        "model": model,
        "prior": prior,
        "split": split,
        "seeds": [record["split"]["seed"] for record in records],
        "n_pairs": [record["run"]["sampled-50"]["n_pairs"] for record in records],
    }
    for protocol in PROTOCOLS:
        row[protocol] = {
            metric: {"mean": round(mean, 4), "sd": None if np.isnan(sd) else round(sd, 4)}
            for metric, (mean, sd) in spread(r["run"][protocol] for r in records).items()
        }
    if "seconds" in records[0]:
        row["seconds"] = round(sum(r["seconds"] for r in records) / len(records), 1)
        row["median_seconds"] = round(float(np.median([r["seconds"] for r in records])), 1)
    return row


def bars(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what the issue asks for beside what was measured; rows not there yet are left out."""
    by_key = {(r["recipe"], r["model"], r["prior"], r["split"]): r for r in rows}

    def measured(recipe: str, model: str, prior: str, column: tuple[str, str]) -> float | None:
        row = by_key.get((recipe, model, prior, "pair"))
        return None if row is None else float(row[column[0]][column[1]]["mean"])

    def best(prior: str, column: tuple[str, str]) -> float | None:
        models = {model for recipe, model, *_ in by_key if recipe == "llador"}
        values = [v for m in models if (v := measured("llador", m, prior, column)) is not None]
        return max(values, default=None)

    found: list[tuple[str, float | None, float, bool]] = []
    for model in ("transe", "distmult", "rotate"):
        none, full, shuffled = (
            measured("paper", model, prior, MRR) for prior in ("none", "full", "shuffled")
        )
        gain = None if none is None or full is None else full - none
        found.append((f"paper, {model}: MRR gain of full over none", gain, MIN_GAIN, True))
        extra = None if none is None or shuffled is None else shuffled - none
        found.append((f"paper, {model}: MRR gain of shuffled over none", extra, 0.0, False))
    found.append(("llador, best model, full: MRR", best("full", MRR), MIN_FULL, True))
    mechanism = best("mechanism", MRR)
    found.append(("llador, best model, mechanism: MRR", mechanism, MIN_MECHANISM, True))
    hits = best("full", DRUG_HITS)
    found.append(("llador, best model, full: drug ranking Hits@10", hits, MIN_DRUG_HITS, True))
    shipped = [r for r in rows if r["recipe"] == "llador" and r["split"] == "pair"]
    slowest = max((r["median_seconds"] for r in shipped), default=None)
    found.append(("llador, slowest model and prior: median seconds", slowest, MAX_SECONDS, False))
    return [
        {
            "what": what,
            "measured": round(value, 4),
            "bar": bar,
            "is_at_least": is_at_least,
            "is_met": value >= bar if is_at_least else value <= bar,
        }
        for what, value, bar, is_at_least in found
        if value is not None
    ]


def markdown(result: Mapping[str, Any]) -> str:
    """Return the tables as Markdown: pair split, zero-shot split, bars."""
    machine = result["machine"]
    lines = [
        f"{result['date']}, {machine['cpu']}, {machine['n_cores']} cores, "
        f"commit {', '.join(result['commits'])}. Mean ± standard deviation over split seeds."
    ]
    titles = {"pair": "Held-out pairs", "disease": "Zero-shot: held-out diseases"}
    for split, title in titles.items():
        rows = [row for row in result["rows"] if row["split"] == split]
        if rows:
            lines += ["", f"### {title}", "", *_table(rows)]
    lines += ["", "### Bars", "", "| what | measured | bar | met |", "|---|---|---|---|"]
    for bar in result["bars"]:
        sign = ">=" if bar["is_at_least"] else "<="
        met = "yes" if bar["is_met"] else "**no**"
        lines.append(f"| {bar['what']} | {bar['measured']:g} | {sign} {bar['bar']:g} | {met} |")
    return "\n".join(lines)


def _table(rows: Sequence[dict[str, Any]]) -> list[str]:
    heads = [f"{protocol} {metric}" for protocol, metric in COLUMNS]
    lines = [
        "| recipe | model | prior | seeds | " + " | ".join(heads) + " | s |",
        "|---" * (5 + len(heads)) + "|",
    ]
    order = {"paper": 0, "llador": 1, "baseline": 2}
    for row in sorted(rows, key=lambda row: order[row["recipe"]]):
        cells = [_cell(row[protocol][metric]) for protocol, metric in COLUMNS]
        start = [row["recipe"], row["model"], row["prior"], str(len(row["seeds"]))]
        seconds = f"{row['seconds']:.0f}" if "seconds" in row else ""
        lines.append("| " + " | ".join([*start, *cells, seconds]) + " |")
    return lines


def _cell(value: Mapping[str, float | None]) -> str:
    mean, sd = value["mean"], value["sd"]
    return f"{mean:.3f}" if sd is None else f"{mean:.3f} ± {sd:.3f}"
