"""Training steps a second: ours beside PyKEEN's sLCWA loop and a plain loop, on DRKG's shape.

    python benchmarks/train_speed.py [MODEL ...]

Batches of 512 with 128 negatives, dim 400, a drawn graph of 68,471 entities, 3.9 M triples and 107
relations. Every contestant is a fresh process with two threads, once with the system's allocator as
it comes and once with glibc told to keep its memory; only one of them trains at a time, in turns.
Prints a table and writes benchmarks/results/train_speed.json; returns 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))  # run as a script, from any folder

from benchmarks.machine import commit, processor, today  # noqa: E402
from benchmarks.peers.synthetic import make_triples  # noqa: E402
from benchmarks.peers.worker import CONTESTANTS  # noqa: E402

RESULT = REPOSITORY / "benchmarks" / "results" / "train_speed.json"
N_THREADS, N_TURNS, TURN_S, WARM_UP_S = 2, 4, 1.0, 0.5
ALLOCATORS: dict[str, dict[str, str]] = {
    "default": {},
    "kept": {
        "MALLOC_MMAP_THRESHOLD_": str(1 << 32),
        "MALLOC_TRIM_THRESHOLD_": str(1 << 34),
        "MALLOC_TOP_PAD_": str(1 << 28),
    },
}
BARS = {
    "pykeen": {"transe": 40.0, "distmult": 60.0, "rotate": 30.0},
    "plain": {"transe": 35.0, "distmult": 50.0, "rotate": 60.0},
}
MODELS = ("transe", "distmult", "rotate", "complex")
Key = tuple[str, str]  # contestant, allocator


class Contestant:
    """A worker process, waiting to be told to train."""

    def __init__(self, name: str, allocator: str, model: str, triples: Path) -> None:
        threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(N_THREADS))
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("MALLOC_")}
        self.process = subprocess.Popen(
            [sys.executable, "benchmarks/peers/worker.py", name, model, str(triples)],
            cwd=REPOSITORY,
            env={**inherited, **threads, **ALLOCATORS[allocator]},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.wall: list[float] = []
        self.cpu: list[float] = []
        self.peak_mb = 0.0

    def train(self, seconds: float, counts: bool = True) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args} ended early")
        answer = json.loads(line)
        self.peak_mb = answer["peak_mb"]
        if counts:
            self.wall += answer["wall_s"]
            self.cpu.append(answer["cpu_s"])

    def stop(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def measure(model: str, triples: Path) -> dict[Key, dict[str, float]]:
    """Return milliseconds of a step of every contestant, the medians over all turns."""
    keys = [(name, allocator) for name in CONTESTANTS for allocator in ALLOCATORS]
    contestants = {key: Contestant(*key, model, triples) for key in keys}
    try:
        for contestant in contestants.values():
            contestant.train(WARM_UP_S, counts=False)
        for _ in range(N_TURNS):
            for contestant in contestants.values():
                contestant.train(TURN_S)
    finally:
        for contestant in contestants.values():
            contestant.stop()
    return {
        key: {
            "ms": round(1000 * statistics.median(contestant.wall), 2),
            "cpu_ms": round(1000 * statistics.median(contestant.cpu), 2),
            "n_steps": len(contestant.wall),
        }
        for key, contestant in contestants.items()
    }


def ratios(model: str, steps: dict[Key, dict[str, float]]) -> dict[str, Any]:
    """Return how many of our steps fit into one of each peer, and the bars."""
    rows: dict[str, Any] = {}
    for allocator in ALLOCATORS:
        for peer in ("pykeen", "plain"):
            for ours in ("ours", "ours anchored"):
                mine, theirs = steps[ours, allocator], steps[peer, allocator]
                is_judged = (allocator, ours) == ("default", "ours")
                rows[f"{ours} / {peer}, allocator {allocator}"] = {
                    "wall": round(theirs["ms"] / mine["ms"], 1),
                    "cpu": round(theirs["cpu_ms"] / mine["cpu_ms"], 1),
                    "bar": BARS[peer].get(model) if is_judged else None,
                }
    return rows


def is_missed(row: dict[str, Any]) -> bool:
    return row["bar"] is not None and row["wall"] < row["bar"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="*", default=list(MODELS))
    asked = parser.parse_args()
    result: dict[str, Any] = {
        "date": today(),
        "processor": processor(),
        "n_threads": N_THREADS,
        "commit": commit(),
        "models": {},
    }
    missed = []
    with tempfile.TemporaryDirectory() as folder:
        triples = Path(folder) / "triples.npy"
        np.save(triples, make_triples())
        for model in asked.models:
            steps = measure(model, triples)
            compared = ratios(model, steps)
            result["models"][model] = {
                "steps": {", ".join(key): row for key, row in steps.items()},
                "ratios": compared,
            }
            _print(model, steps, compared)
            missed += [
                f"{model} {n}" for n, r in compared.items() if r["bar"] and r["wall"] < r["bar"]
            ]
            RESULT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    if missed:
        print(f"Missed: {'; '.join(missed)}.", file=sys.stderr)
    return 1 if missed else 0


def _print(model: str, steps: dict[Key, dict[str, float]], compared: dict[str, Any]) -> None:
    print(f"\n{model:34}{'ms a step':>12}{'CPU ms':>12}{'steps':>8}")
    for (name, allocator), row in steps.items():
        print(
            f"{f'{name}, {allocator}':34}{row['ms']:12.1f}{row['cpu_ms']:12.1f}{row['n_steps']:8}"
        )
    for name, row in compared.items():
        bar = f"   bar {row['bar']:.0f}" if row["bar"] else ""
        print(f"{name:46}{row['wall']:8.1f} x wall {row['cpu']:8.1f} x CPU{bar}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
