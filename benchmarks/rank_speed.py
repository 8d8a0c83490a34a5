"""How long ranking takes: ours beside PyKEEN's evaluator and a loop over triples.

    python benchmarks/rank_speed.py [--triples N] [--repeats N]

(a) one query against all of 97,238 entities, both directions, six models, dim 400;
(b) filtered ranks among all 68,471 entities, both sides, 2,000 triples of a drawn graph of DRKG's
    shape (3.9 M triples), against PyKEEN's RankBasedEvaluator with the same weights;
(c) `sampled-50` of 2,000 triples, against a Python loop that ranks one triple at a time.
Contestants are processes with two threads that work in turns, with the system's allocator as it
comes and with glibc told to keep its memory. PyKEEN takes hours for 2,000 triples: it ranks two
batches and one batch of its own default size, and their difference is scaled. Writes
benchmarks/results/rank_speed.json; returns 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))  # run as a script, from any folder

from benchmarks.machine import commit, processor, today  # noqa: E402
from benchmarks.peers.synthetic import make_triples  # noqa: E402
from benchmarks.train_speed import ALLOCATORS, N_THREADS  # noqa: E402

RESULT = REPOSITORY / "benchmarks" / "results" / "rank_speed.json"
N_TRIPLES, N_REPEATS, BATCH, N_TYPES = 2_000, 2, 32, 4
EVERY = ("transe", "distmult", "complex", "rotate", "protate", "hake")
BARS = {
    "full": {"distmult": 50.0, "transe": 10.0, "rotate": 30.0},
    "sampled": {"distmult": 15.0, "transe": 15.0, "rotate": 15.0},
}
ONE_QUERY_MS = 50.0
Row = dict[str, Any]


class Contestant:
    """A process that waits to be told what to rank."""

    def __init__(self, name: str, allocator: str, triples: Path) -> None:
        self.name = name
        threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(N_THREADS))
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("MALLOC_")}
        self.process = subprocess.Popen(
            [sys.executable, "benchmarks/rank_contestants.py", str(triples)],
            cwd=REPOSITORY,
            env={**inherited, **threads, **ALLOCATORS[allocator]},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def do(self, task: str, model: str, n: int) -> Row:
        assert self.process.stdin is not None and self.process.stdout is not None
        asked = {"who": self.name, "task": task, "model": model, "n": n}
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended early at {asked}")
        return dict(json.loads(line))

    def stop(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def medians(rows: list[Row]) -> Row:
    """Return the median of each number over rows of the same keys."""
    return {key: statistics.median(row[key] for row in rows) for key in rows[0]}


def full(ours: Contestant, peer: Contestant, model: str, n: int, n_repeats: int) -> Row:
    """Return seconds for `n` triples of both, and what both say of the first two batches."""
    mine, theirs = [], []
    for _ in range(n_repeats):
        mine.append(ours.do("full", model, n))
        one, two = (peer.do("full", model, BATCH * k) for k in (1, 2))
        theirs.append(
            {
                kind: one[kind] + (two[kind] - one[kind]) * (n - BATCH) / BATCH
                for kind in ("wall_s", "cpu_s")
            }
            | {name: two[name] for name in ("MRR", "MR")}
        )
    same = ours.do("full", model, 2 * BATCH)
    row = compared(medians(mine), medians(theirs), BARS["full"][model])
    row["first_64_triples"] = {
        "MRR ours": same["MRR"],
        "MRR PyKEEN": theirs[0]["MRR"],
        "MR ours": same["MR"],
        "MR PyKEEN": theirs[0]["MR"],
    }
    return row


def sampled(ours: Contestant, peer: Contestant, model: str, n: int, n_repeats: int) -> Row:
    mine, theirs = [], []
    for _ in range(n_repeats):
        mine.append(ours.do("sampled", model, n))
        theirs.append(peer.do("sampled", model, n))
    row = compared(medians(mine), medians(theirs), BARS["sampled"][model])
    return row | {"ours_with_intervals_s": round(medians(mine)["with_intervals_s"], 3)}


def compared(mine: Row, theirs: Row, bar: float) -> Row:
    return {
        "ours": {kind: round(mine[kind], 3) for kind in ("wall_s", "cpu_s")},
        "peer": {kind: round(theirs[kind], 3) for kind in ("wall_s", "cpu_s")},
        "ratio": round(theirs["wall_s"] / mine["wall_s"], 1),
        "ratio_cpu": round(theirs["cpu_s"] / mine["cpu_s"], 1),
        "bar": bar,
    }


def measure(
    allocator: str, triples: Path, asked: argparse.Namespace, keep: Callable[[Row], None]
) -> None:
    """Measure all with one allocator; `keep` is given the rows whenever there is another."""
    names = ("ours", "pykeen", "plain")
    ours, pykeen, plain = (Contestant(name, allocator, triples) for name in names)
    try:
        one: Row = {}
        result: Row = {"one_query_ms": one, "full": {}, "sampled": {}}
        for model in EVERY:
            seconds = ours.do("one", model, N_TYPES)
            one[model] = {k: round(1000 * v, 1) for k, v in seconds.items()}
            slowest = max(v for k, v in one[model].items() if "wall" in k)
            print(f"one query, {model:10}{slowest:8.1f} ms   bar {ONE_QUERY_MS:.0f}", flush=True)
            keep(result)
        for task, run, peer in (("full", full, pykeen), ("sampled", sampled, plain)):
            for model in BARS[task]:
                row = result[task][model] = run(ours, peer, model, asked.triples, asked.repeats)
                print(
                    f"{task}, {model:10}{row['ours']['wall_s']:9.2f} s, peer "
                    f"{row['peer']['wall_s']:9.2f} s: {row['ratio']:7.1f} x wall "
                    f"{row['ratio_cpu']:7.1f} x CPU   bar {row['bar']:.0f}",
                    flush=True,
                )
                keep(result)
    finally:
        for contestant in (ours, pykeen, plain):
            contestant.stop()


def missed(result: Row) -> list[str]:
    """Return what misses its bar with the allocator as it comes."""
    slow = [
        f"one query {model}"
        for model, row in result["one_query_ms"].items()
        if max(v for k, v in row.items() if "wall" in k) > ONE_QUERY_MS
    ]
    return slow + [
        f"{task} {model}"
        for task in BARS
        for model, row in result[task].items()
        if row["ratio"] < row["bar"]
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--triples", type=int, default=N_TRIPLES)
    parser.add_argument("--repeats", type=int, default=N_REPEATS)
    parser.add_argument("--out", type=Path, default=RESULT)
    asked = parser.parse_args()
    result: Row = {
        "date": today(),
        "processor": processor(),
        "n_threads": N_THREADS,
        "load_before": round(os.getloadavg()[0], 1),
        "commit": commit(),
        "n_triples": asked.triples,
        "pykeen": f"scaled from the difference of {2 * BATCH} and {BATCH} triples",
        "notes": "PyKEEN's RotatE takes another norm: its ranks differ, its work does not.",
        "allocators": {},
    }
    with tempfile.TemporaryDirectory() as folder:
        triples = Path(folder) / "triples.npy"
        np.save(triples, make_triples())
        for allocator in ALLOCATORS:
            print(f"\nAllocator: {allocator}", flush=True)

            def keep(rows: Row, allocator: str = allocator) -> None:
                result["allocators"][allocator] = rows
                asked.out.write_text(json.dumps(result, indent=1) + "\n", "utf-8")

            measure(allocator, triples, asked, keep)
    late = missed(result["allocators"]["default"])
    if late:
        print(f"Missed: {'; '.join(late)}.", file=sys.stderr)
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
