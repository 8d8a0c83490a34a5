"""Where held-out contraindicated drugs stand, with and without the safeguard, over five splits.

    python benchmarks/incompatibility.py
    python benchmarks/incompatibility.py --only 'distmult/full/pair/*' --seeds 1

Each cell is one model with one prior on one split: trained twice, as `train` does it, and judged
under every way tried. A finished cell is kept in incompatibility.jsonl under LLADOR_HOME, so an
interrupted benchmark goes on where it stopped; a cell whose settings or graph changed is trained
anew, `--fresh` forgets all. Prints the tables and writes benchmarks/results/incompatibility.json,
where each row tells over how many splits it is. What was tried and given up is told in
incompatibility_tried.json.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))  # run as a script, from any folder
RESULT = REPOSITORY / "benchmarks" / "results" / "incompatibility.json"
N_SEEDS = 5
MODEL = "distmult"
PRIORS = {
    "pair": ("none", "full", "no-indication", "mechanism", "caution", "treatment", "shuffled"),
    "drug": ("none", "full", "no-indication"),
    "disease": ("none", "full", "no-indication"),
}
COMPARED = ("none", "full", "no-indication")  # priors under which every way is tried
WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.5, 2.0, 3.0)  # of caution, beside 1: the trade-off curve
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
Record = dict[str, Any]


class Cell(NamedTuple):
    """One model with one prior on one split; `seed` draws the split and the start values."""

    model: str
    prior: str
    split: str
    seed: int

    @property
    def key(self) -> str:
        return "/".join(map(str, self))


def planned(n_seeds: int) -> list[Cell]:
    """Return the cells, every row's first seed before any row's second."""
    return [
        Cell(MODEL, prior, split, seed)
        for seed in range(n_seeds)
        for split, priors in PRIORS.items()
        for prior in priors
    ]


@cache
def _graph() -> Any:
    from llador_core.data import load_graph

    return load_graph("starter")


def _config(cell: Cell) -> Any:
    from llador_core.training.config import make_config

    return make_config(
        _graph(),
        cell.model,
        cell.prior,
        seed=cell.seed,
        split=cell.split,
        split_seed=cell.seed,
    )


def fingerprint(cell: Cell) -> str:
    """Return what changes when the settings or the graph of a cell change."""
    return str(_config(cell).fingerprint(_graph().checksum))


def run_cell(cell: Cell) -> Record:
    """Train one cell and judge it under every way tried."""
    from llador_core.evaluation.incompatibility import calibration, incompatibility
    from llador_core.priors.texts import load_texts
    from llador_core.priors.vectors import load_vectors
    from llador_core.safeguard.features import read
    from llador_core.safeguard.fit import fit_safeguard, set_aside
    from llador_core.safeguard.heads import sigmoid
    from llador_core.training.guard import by_naming, second_steps
    from llador_core.training.loop import Trainer
    from llador_core.training.train import make_anchors_for, make_split

    graph, config = _graph(), _config(cell)
    split, vectors, texts = make_split(graph, config), load_vectors(graph), load_texts(graph)
    anchors = make_anchors_for(vectors, config)
    fold = set_aside(graph, split, config.split_seed)

    def trained(on: Any, settings: Any) -> tuple[Any, float]:
        started = time.process_time()
        trainer = Trainer(graph, on, settings, anchors)
        with tempfile.TemporaryDirectory(prefix="incompatibility.") as folder:
            trainer.train(Path(folder))
        return trainer.model.to_scorer(), time.process_time() - started

    outer, seconds = trained(split, config)
    inner, more = trained(fold.split, second_steps(config))
    started = time.process_time()
    reading = read(graph, config.prior, vectors, texts, config.seed)
    safeguard = fit_safeguard(graph, split, fold, inner, outer, reading)
    more += time.process_time() - started
    groups = by_naming(graph, config)
    ways: dict[str, Any] = {}
    if cell.split == "pair" and cell.prior in COMPARED:
        ways = ways_tried(cell, split, fold, inner, outer, reading)
        ways |= {
            f"treat - {weight:g} x caution": safeguard.treat - weight * safeguard.caution_logits
            for weight in WEIGHTS
        }
    judged = {
        name: incompatibility(graph, split, scores, cell.seed) for name, scores in ways.items()
    }
    raw = outer.treatment_scores(graph)
    return {
        "key": cell.key,
        "fingerprint": fingerprint(cell),
        "seconds": {"model": round(seconds, 2), "safeguard": round(more, 2)},
        "raw": incompatibility(graph, split, raw, cell.seed, groups=groups),
        "combined": incompatibility(graph, split, safeguard.combined, cell.seed, groups=groups),
        "calibration": {
            "as fitted": calibration(graph, split, sigmoid(safeguard.caution_logits)),
            "on validation pairs": calibration(graph, split, safeguard.caution),
        },
        "ways": judged,
        "weights": dict(safeguard.settings),
    }


def ways_tried(
    cell: Cell, split: Any, fold: Any, inner: Any, outer: Any, reading: Any
) -> dict[str, Any]:
    """Return the scores of simpler ways, and of the safeguard without one of its parts."""
    from llador_core.safeguard.features import embedding, text_and_evidence
    from llador_core.safeguard.fit import fit_heads

    graph = _graph()
    at_hand = text_and_evidence(graph, split.train, reading)
    for_fit = (
        at_hand
        if cell.split == "pair"
        else text_and_evidence(graph, split.train, reading, split.kind)
    )
    known, seen = embedding(graph, outer), embedding(graph, inner)
    out = {
        "model minus half its own contraindication score": (
            known["embedding of treats, among drugs"]
            - 0.5 * known["embedding of contraindicated, among drugs"]
        )
    }

    def ordered(keep: Any) -> Any:
        fitted = {name: table for name, table in (for_fit | seen).items() if keep(name)}
        applied = {name: table for name, table in (at_hand | known).items() if keep(name)}
        treat, caution = fit_heads(graph, split, fold, fitted)
        return treat.logits(applied) - caution.logits(applied)

    parts = {
        "embedding alone, two heads": lambda name: name.startswith("embedding"),
        "without evidence": lambda name: not name.startswith("evidence"),
        "without the embedding": lambda name: not name.startswith("embedding"),
    }
    if reading.vectors:
        parts |= {
            "without who names whom": lambda name: " names " not in name,
            "embedding and cosines (the prototype)": lambda name: name.startswith(
                ("embedding", "cosine")
            ),
            "evidence alone": lambda name: name.startswith("evidence"),
        }
    else:
        parts.pop("without evidence")  # the same as the embedding alone
    out |= {name: ordered(keep) for name, keep in parts.items()}
    return out


def read_records(path: Path) -> dict[str, Record]:
    """Return the last record of each cell; a line cut short by an interruption is left out."""
    records: dict[str, Record] = {}
    for line in path.read_text("utf-8").splitlines() if path.is_file() else ():
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            print(f"{path.name}: left out a line that was cut short", file=sys.stderr)
            continue
        records[record["key"]] = record
    return records


def current(cells: list[Cell], path: Path) -> dict[Cell, Record]:
    """Return the kept records of cells whose settings and graph are still the same."""
    records = read_records(path)
    kept = ((cell, records.get(cell.key)) for cell in cells)
    return {cell: r for cell, r in kept if r and r["fingerprint"] == fingerprint(cell)}


def main() -> int:
    for name in THREADS:
        os.environ.setdefault(name, "1")  # read when NumPy and torch are imported
    from incompatibility_tables import markdown, summary

    from llador_core.paths import home, make_folder

    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--seeds", type=int, default=N_SEEDS, help="split seeds 0, 1, ...")
    parser.add_argument("--only", default="*", help="cells to train, e.g. 'distmult/full/pair/0'")
    parser.add_argument("--fresh", action="store_true", help="forget the cells kept so far")
    asked = parser.parse_args()
    path = make_folder(home() / "benchmarks") / "incompatibility.jsonl"
    if asked.fresh:
        path.unlink(missing_ok=True)
    cells = planned(asked.seeds)
    kept = current(cells, path)
    for cell in (c for c in cells if c not in kept and fnmatch(c.key, asked.only)):
        record = run_cell(cell)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
        told = {
            order: {m: record[order]["metrics"][m]["value"] for m in ("Hits@10", "top 5%", "AUC")}
            for order in ("raw", "combined")
        }
        print(cell.key, told, flush=True)
    done = current(cells, path)
    if not done:
        print("No cell is there yet.")
        return 1
    result = summary({cell.key: record for cell, record in done.items()})
    print(markdown(result))
    n_missing = len(planned(N_SEEDS)) - len(done)
    if n_missing:
        print(f"{n_missing} cells are missing: rows tell over how many splits they are.")
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
