"""Means over splits of what `incompatibility.py` kept, and the tables made of them."""

from __future__ import annotations

import platform
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np

from benchmarks.machine import commit

SHOWN = ("Hits@10", "MRR", "top 5%", "top 20", "percentile", "AUC")
Record = dict[str, Any]


def summary(records: Mapping[str, Record]) -> dict[str, Any]:
    """Return mean and standard deviation over seeds of every row, way and metric."""
    rows: dict[str, list[Record]] = defaultdict(list)
    for key, record in records.items():
        rows[key.rsplit("/", 1)[0]].append(record)
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, one thread",
        "git_commit": commit(),
        "list": (
            "Every drug except those known to treat the disease, in training or held out; the "
            "judged drug and all other contraindicated ones stand in it."
        ),
        "rows": {row: _row(some) for row, some in rows.items()},
    }


def _row(records: list[Record]) -> Record:
    orders = {order: _means([r[order] for r in records]) for order in ("raw", "combined")}
    groups = {
        name: {
            order: _means([r[order]["groups"][name] for r in records if name in _groups(r, order)])
            for order in ("raw", "combined")
        }
        for name in _groups(records[0], "raw")
    }
    ways = {
        name: _means([r["ways"][name] for r in records if name in r["ways"]])
        for name in records[0]["ways"]
    }
    seconds = [r["seconds"] for r in records]
    ratio = [1 + s["safeguard"] / s["model"] for s in seconds]
    return {
        "n_seeds": len(records),
        **orders,
        "groups": groups,
        "ways": ways,
        "calibration": {
            name: _calibration(
                [r["calibration"][name] for r in records if name in r["calibration"]]
            )
            for name in records[-1]["calibration"]
        },
        "training_time_ratio": round(float(np.median(ratio)), 2),
        "weights": _weights([r["weights"] for r in records]),
    }


def _groups(record: Record, order: str) -> Record:
    return record[order].get("groups", {})


def _means(reports: list[Record]) -> Record:
    out: Record = {
        "n_treated": [r["n_treated"] for r in reports],
        "n_contraindicated": [r["n_contraindicated"] for r in reports],
    }
    for metric in reports[0]["metrics"]:
        values = np.array([r["metrics"][metric]["value"] for r in reports])
        sd = float(values.std(ddof=1)) if len(values) > 1 else None
        out[metric] = {
            "mean": round(float(values.mean()), 4),
            "sd": None if sd is None else round(sd, 4),
        }
    return out


def _calibration(reports: list[Record]) -> Record:
    names = ("expected_calibration_error", "brier", "brier_constant")
    out: Record = {"n_seeds": len(reports)}
    out |= {name: round(float(np.mean([r[name] for r in reports])), 5) for name in names}
    bins: dict[tuple[float, float], list[Record]] = defaultdict(list)
    for report in reports:
        for one in report["bins"]:
            bins[one["from"], one["to"]].append(one)
    out["bins"] = [
        {
            "from": low,
            "to": high,
            "n_pairs": int(np.mean([b["n_pairs"] for b in some])),
            "predicted": round(float(np.mean([b["predicted"] for b in some])), 4),
            "observed": round(float(np.mean([b["observed"] for b in some])), 4),
        }
        for (low, high), some in sorted(bins.items())
    ]
    return out


def _weights(settings: list[Record]) -> Record:
    return {
        head: {
            name: round(float(np.mean([s[head].get(name, 0.0) for s in settings])), 3)
            for name in settings[0][head]
        }
        for head in ("treat_weights", "caution_weights")
    }


def markdown(result: Record) -> str:
    """Return the tables of the README."""
    lines = [
        "| model, prior, held out | order | " + " | ".join(SHOWN) + " |",
        "|---|---|" + "---|" * len(SHOWN),
    ]
    for row, told in sorted(result["rows"].items(), key=lambda item: item[0].split("/")[::-1]):
        lines += [f"| {row} | {order} | {_cells(told[order])} |" for order in ("raw", "combined")]
    lines += ["", "Ways tried (pair split):", ""]
    lines += ["| prior | way | " + " | ".join(SHOWN) + " |", "|---|---|" + "---|" * len(SHOWN)]
    for row, told in result["rows"].items():
        _, prior, split = row.split("/")
        if split == "pair" and prior in ("none", "full", "no-indication"):
            lines += [f"| {prior} | {way} | {_cells(m)} |" for way, m in told["ways"].items()]
    lines += ["", "Text names the other side, or not:", ""]
    for row, told in result["rows"].items():
        for name, orders in told["groups"].items():
            lines += [f"| {row} | {name}, {o} | {_cells(m)} |" for o, m in orders.items()]
    ratios = [told["training_time_ratio"] for told in result["rows"].values()]
    lines += ["", f"Training time with the safeguard: {np.median(ratios):.2f} times without."]
    return "\n".join(lines)


def _cells(metrics: Record) -> str:
    def cell(name: str) -> str:
        mean, sd = metrics[name]["mean"], metrics[name]["sd"]
        scale, digits = (1, 0) if name == "percentile" else (1, 3)
        if name.startswith("top"):
            scale, digits = 100, 1
        end = "%" if name.startswith("top") else ""
        spread = "" if sd is None else f" ± {sd * scale:.{digits}f}"
        return f"{mean * scale:.{digits}f}{end}{spread}"

    return " | ".join(cell(name) for name in SHOWN)
