"""Seconds and peak memory to load the large graphs: cold (parsing) and from our cache.

    python benchmarks/load_speed.py

Each load is a fresh process, timed from before the import of `llador_core` until the graph is
there. Needs the upstream files (LLADOR_RAW); writes benchmarks/results/load_speed.json.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
RESULT = REPOSITORY / "benchmarks" / "results" / "load_speed.json"
N_REPEATS = 3
BARS = {
    "hetionet": {"cold_s": 5.0, "cached_s": 1.0, "peak_mb": 1000.0},
    "drkg": {"cold_s": 4.0, "cached_s": 0.4, "peak_mb": 600.0},
}
LOAD = """
import json, resource, sys, time
start = time.perf_counter()
from llador_core.data import load_graph
graph = load_graph(sys.argv[1])
seconds = time.perf_counter() - start
unit = 2**20 if sys.platform == "darwin" else 2**10
peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
print(json.dumps({"s": seconds, "mb": peak_mb, "n": [graph.n_entities, graph.n_triples]}))
"""


def load(graph: str, home: Path, raw: Path) -> dict[str, Any]:
    """Return seconds, peak memory and counts of one load in a fresh process."""
    environment = {**os.environ, "LLADOR_HOME": str(home), "LLADOR_RAW": str(raw)}
    done = subprocess.run(
        [sys.executable, "-c", LOAD, graph],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def processor() -> str:
    """Return the processor's model, as the system names it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def commit() -> str:
    """Return the commit that was measured, marked where files differ from it."""
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    return described.stdout.strip() or "unknown"


def measure(graph: str, raw: Path) -> dict[str, Any]:
    """Return the medians of a graph's loads, and its bars."""
    cold, cached = [], []
    for _ in range(N_REPEATS):
        with tempfile.TemporaryDirectory() as home:
            cold.append(load(graph, Path(home), raw))
            cached.append(load(graph, Path(home), raw))
    return {
        "n_entities": cold[0]["n"][0],
        "n_triples": cold[0]["n"][1],
        "cold_s": round(statistics.median(run["s"] for run in cold), 2),
        "cached_s": round(statistics.median(run["s"] for run in cached), 2),
        "peak_mb": round(max(run["mb"] for run in cold + cached)),
        "bars": BARS[graph],
    }


def main() -> int:
    """Measure, write the result and return 1 when a bar is missed."""
    raw = Path(os.environ.get("LLADOR_RAW") or REPOSITORY.parent / "shared" / "data")
    graphs = {graph: measure(graph, raw) for graph in BARS}
    result = {
        "graphs": graphs,
        "n_repeats": N_REPEATS,
        "date": datetime.now(UTC).date().isoformat(),
        "processor": processor(),
        "n_cores": os.cpu_count(),
        "commit": commit(),
    }
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    print(json.dumps(result, indent=2))
    missed = [
        f"{graph} {name}"
        for graph, bars in BARS.items()
        for name, bar in bars.items()
        if graphs[graph][name] > bar
    ]
    if missed:
        print(f"Missed: {', '.join(missed)}.", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
