"""How well the starter graph's runs recover held-out treatments, over five splits.

    python benchmarks/quality_starter.py --jobs 2
    python benchmarks/quality_starter.py --only 'llador/*/full/*' --seeds 1

Each cell is one run (recipe, model, prior, split, seed), trained and judged as `train` does it. A
finished cell is kept in quality_starter.jsonl under LLADOR_HOME, so an interrupted benchmark goes
on where it stopped; a cell whose settings or graph changed is trained anew, `--fresh` forgets all.
Zero-shot cells come last: the llador model that validates best with the full prior. Prints tables
and writes benchmarks/results/quality_starter.json once every cell is there.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from fnmatch import fnmatch
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))  # run as a script, from any folder
RESULT = REPOSITORY / "benchmarks" / "results" / "quality_starter.json"
GRAPH = "starter"
N_SEEDS = 5
PLAN: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "paper": (("transe", "distmult", "rotate"), ("none", "full", "shuffled")),
    "llador": (
        ("transe", "distmult", "rotate"),
        ("none", "full", "mechanism", "shuffled", "random"),
    ),
}
ZERO_SHOT_PRIORS = ("none", "full", "mechanism")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
Record = dict[str, Any]


class Cell(NamedTuple):
    """One run of the plan. `split` is "pair" or "disease"; `seed` draws the split and the run."""

    recipe: str
    model: str
    prior: str
    split: str
    seed: int

    @property
    def key(self) -> str:
        return "/".join(map(str, self))


def planned(n_seeds: int) -> list[Cell]:
    """Return the cells of the pair split, every row's first seed before any row's second."""
    return [
        Cell(recipe, model, prior, "pair", seed)
        for seed in range(n_seeds)
        for recipe, (models, priors) in PLAN.items()
        for model in models
        for prior in priors
    ]


def zero_shot(done: Mapping[Cell, Record], n_seeds: int) -> list[Cell]:
    """Return the cells that hold out whole diseases, for the llador model that validates best.

    Chosen on validation pairs, so that the test pairs have no say. Empty before any is done.
    """
    found: dict[str, list[float]] = {}
    for cell, record in done.items():
        if (cell.recipe, cell.prior, cell.split) == ("llador", "full", "pair"):
            found.setdefault(cell.model, []).append(record["valid_mrr"])
    if not found:
        return []
    best = max(found, key=lambda model: sum(found[model]) / len(found[model]))
    return [
        Cell("llador", best, prior, "disease", seed)
        for seed in range(n_seeds)
        for prior in ZERO_SHOT_PRIORS
    ]


@cache
def _graph() -> Any:
    from llador_core.data import load_graph

    return load_graph(GRAPH)


def _config(cell: Cell) -> Any:
    from llador_core.training.config import make_config

    return make_config(
        _graph(),
        cell.model,
        cell.prior,
        cell.recipe,
        seed=cell.seed,
        split=cell.split,
        split_seed=cell.seed,
        is_caution_held_out=False,  # all that is known but the treatments that are looked for
    )


def fingerprint(cell: Cell) -> str:
    """Return what changes when the settings or the graph of a cell change."""
    return str(_config(cell).fingerprint(_graph().checksum))


def run_cell(cell: Cell) -> Record:
    """Train and judge one cell, and return what is kept of it."""
    from llador_core.training.train import train

    config = _config(cell)
    with tempfile.TemporaryDirectory(prefix="quality_starter.") as folder:
        run = train(_graph(), config, out=Path(folder))
        metrics = json.loads((run / "metrics.json").read_text("utf-8"))
        made = json.loads((run / "run.json").read_text("utf-8"))
    for reports in (metrics["run"], *metrics["baselines"].values()):
        for report in reports.values():
            del report["recall_curve"]
    return {
        "key": cell.key,
        "fingerprint": fingerprint(cell),
        "commit": made["git_commit"],
        "created": made["created"],
        "seconds": made["seconds"],
        "steps": made["steps"],
        "valid_mrr": made["valid_mrr"],
        "run": metrics["run"],
        "baselines": metrics["baselines"],
        "split": metrics["split"],
    }


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


def current(cells: Iterable[Cell], path: Path) -> dict[Cell, Record]:
    """Return the kept records of cells whose settings and graph are still the same."""
    records = read_records(path)
    kept = ((cell, records.get(cell.key)) for cell in cells)
    return {cell: r for cell, r in kept if r and r["fingerprint"] == fingerprint(cell)}


def run_missing(cells: Iterable[Cell], path: Path, n_jobs: int) -> list[str]:
    """Train the cells that are not kept yet and return a sentence for each that failed."""
    cells = list(cells)
    kept = current(cells, path)
    missing = [cell for cell in cells if cell not in kept]
    failures: list[str] = []
    if not missing:
        return failures
    for name in THREADS:
        os.environ[name] = "1"  # read by the workers when they import NumPy and torch
    with ProcessPoolExecutor(n_jobs, mp_context=get_context("spawn")) as pool:
        pending = {pool.submit(run_cell, cell): cell for cell in missing}
        try:
            for n_done, future in enumerate(as_completed(pending), start=1):
                cell, error = pending[future], future.exception()
                if error is not None:
                    failures.append(f"{cell.key}: {type(error).__name__}: {error}")
                    print(f"[{n_done}/{len(missing)}] FAILED {failures[-1]}", flush=True)
                    continue
                record = future.result()
                with path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(record) + "\n")
                mrr = record["run"]["sampled-50"]["metrics"]["MRR"]["value"]
                print(
                    f"[{n_done}/{len(missing)}] {cell.key}  sampled-50 MRR {mrr:.3f}  "
                    f"{record['seconds']:.0f} s",
                    flush=True,
                )
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return failures


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--jobs", type=int, default=1, help="worker processes, one thread each")
    parser.add_argument("--seeds", type=int, default=N_SEEDS, help="split seeds 0, 1, ...")
    parser.add_argument("--only", default="*", help="cells to train, e.g. 'llador/*/full/pair/0'")
    parser.add_argument("--fresh", action="store_true", help="forget the cells kept so far")
    return parser.parse_args()


def main() -> int:
    from quality_tables import markdown, summary

    from llador_core.paths import home, make_folder

    asked = arguments()
    path = make_folder(home() / "benchmarks") / "quality_starter.jsonl"
    if asked.fresh:
        path.unlink(missing_ok=True)
    pairs = planned(asked.seeds)
    failures = run_missing([c for c in pairs if fnmatch(c.key, asked.only)], path, asked.jobs)
    others = zero_shot(current(pairs, path), asked.seeds)
    failures += run_missing([c for c in others if fnmatch(c.key, asked.only)], path, asked.jobs)
    done = current([*pairs, *others], path)
    if not done:
        print("No cell is there yet.")
        return 1
    result = summary(done)
    print(markdown(result))
    n_missing = len(pairs) + len(ZERO_SHOT_PRIORS) * asked.seeds - len(done)
    if failures or n_missing or asked.seeds != N_SEEDS:
        print(
            f"{len(failures)} cells failed, {n_missing} are missing, {asked.seeds} of {N_SEEDS} "
            f"seeds were asked for: {RESULT.name} is written only when all are there."
        )
        return 1 if failures else 0
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
