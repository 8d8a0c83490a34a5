"""How the shipped runs rank curated contraindications beside curated indications.

    LLADOR_RAW=... python benchmarks/incompatibility_gold.py

The pairs are those of gold/primekg_drug_disease.tsv whose drug and disease the built-in graph has
under the same id: few, and some of them its training has seen, which is told apart. Prints a table
and writes benchmarks/results/incompatibility_gold.json: counts and means, no row of the source.
"""

from __future__ import annotations

import csv
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))  # run as a script, from any folder
RESULT = REPOSITORY / "benchmarks" / "results" / "incompatibility_gold.json"
GOLD = "gold/primekg_drug_disease.tsv"
KINDS = ("contraindication", "indication")


def pairs(graph: Any) -> dict[str, list[tuple[int, int]]]:
    """Return the curated pairs that the graph has, by kind, as entity numbers."""
    from llador_core.paths import raw_folders

    path = next(f / GOLD for f in raw_folders() if (f / GOLD).is_file())
    found: dict[str, list[tuple[int, int]]] = {kind: [] for kind in KINDS}
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if row["relation"] in KINDS and graph.has(row["drug"]) and graph.has(row["disease"]):
                pair = graph.mapped(row["drug"]), graph.mapped(row["disease"])
                found[row["relation"]].append(pair)
    return found


def judge(graph: Any, run: Any, gold: dict[str, list[tuple[int, int]]], order: str) -> Any:
    """Return percentiles of curated pairs in the lists of a run, known to training or not."""
    from llador_core.ranking import mean_ranks

    scores = run.pair_scores(graph, order)
    n = len(graph.drugs)
    train = {(h, t) for h, _, t in run.split(graph).train.tolist()}
    out: dict[str, Any] = {}
    for kind, some in gold.items():
        for seen in (True, False):
            kept = [pair for pair in some if (pair in train) is seen]
            ranks = []
            for drug, disease in kept:
                column = int(np.searchsorted(graph.diseases, disease))
                ranks.append(mean_ranks(scores[:, column])[np.searchsorted(graph.drugs, drug)])
            at = np.array(ranks)
            told = "in training" if seen else "new"
            out[f"{kind}, {told}"] = {
                "n": len(kept),
                "median_percentile": round(float(np.median(100 * (n - at) / (n - 1))), 1),
                "top_5_percent": round(float((at <= 0.05 * n).mean()), 3),
                "top_20": round(float((at <= 20).mean()), 3),
            }
    return out


def main() -> int:
    from llador_core.data import load_graph
    from llador_core.training.runs import list_runs, load_run

    graph = load_graph("starter")
    gold = pairs(graph)
    rows = {}
    for info in list_runs("starter"):
        if info.is_pretrained:
            run = load_run(info.name)
            for order in ("raw", "combined"):
                rows[f"{info.model}/{info.prior}/{order}"] = judge(graph, run, gold, order)
    for name, row in rows.items():
        print(name, row)
    result = {"created": datetime.now(UTC).isoformat(timespec="seconds"), "rows": rows}
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
