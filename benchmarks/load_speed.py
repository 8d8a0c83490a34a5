"""Seconds and peak memory to load the large graphs: cold (parsing) and from our cache.

    python benchmarks/load_speed.py

Each load is a fresh process, timed from before the import of `llador_core` until the graph is
there. "own" is the DRKG-format graph as a table of somebody's, imported by `import-graph`. Needs
the upstream files (LLADOR_RAW); writes benchmarks/results/load_speed.json.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))  # run as a script, from any folder

from benchmarks.machine import commit, processor, today  # noqa: E402

RESULT = REPOSITORY / "benchmarks" / "results" / "load_speed.json"
N_REPEATS = 3
BARS = {
    "hetionet": {"cold_s": 5.0, "cached_s": 1.0, "peak_mb": 1000.0},
    "drkg": {"cold_s": 4.0, "cached_s": 0.4, "peak_mb": 600.0},
    "own": {"cold_s": 4.0, "cached_s": 0.4, "peak_mb": 600.0},
}
LOAD = """
import json, resource, sys, time
start, busy = time.perf_counter(), time.process_time()
from llador_core.data import load_graph
graph = load_graph(sys.argv[1])
seconds, busy = time.perf_counter() - start, time.process_time() - busy
unit = 2**20 if sys.platform == "darwin" else 2**10
peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
told = {"s": seconds, "cpu_s": busy, "mb": peak_mb}
print(json.dumps(told | {"n": [graph.n_entities, graph.n_triples]}))
"""
IMPORT = """
import json, resource, sys, time
start, busy = time.perf_counter(), time.process_time()
from llador_core.__main__ import main
done = main(["import-graph", "{table}", "--name=own", "--entities={entities}", "--json"])
unit = 2**20 if sys.platform == "darwin" else 2**10
peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
told = {{"s": time.perf_counter() - start, "cpu_s": time.process_time() - busy, "mb": peak_mb}}
print()
print(json.dumps(told))
sys.exit(done)
"""
ENTITIES = "drkg/entities.tsv.gz"


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


def bring_own(home: Path, raw: Path) -> dict[str, float]:
    """Import the DRKG-format graph as a table; return seconds and peak memory of the import."""
    with tarfile.open(raw / "drkg" / "drkg.tar.gz") as archive:
        stream = archive.extractfile("./drkg.tsv")
        assert stream is not None
        (home / "table.tsv").write_bytes(stream.read())
    code = IMPORT.format(table=str(home / "table.tsv"), entities=str(raw / ENTITIES))
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPOSITORY,
        env={**os.environ, "LLADOR_HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    shutil.rmtree(home / "cache")  # so that the first load is a cold one
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def measure(graph: str, raw: Path) -> dict[str, Any]:
    """Return the medians of a graph's loads, and its bars."""
    cold, cached, imports = [], [], []
    for _ in range(N_REPEATS):
        with tempfile.TemporaryDirectory() as home:
            if graph == "own":
                imports.append(bring_own(Path(home), raw))
            cold.append(load(graph, Path(home), raw))
            cached.append(load(graph, Path(home), raw))
    importing = {
        f"import_{name}": round(statistics.median(run[name] for run in imports), 2)
        for name in (imports[0] if imports else ())
    }
    return {
        **importing,
        "n_entities": cold[0]["n"][0],
        "n_triples": cold[0]["n"][1],
        "cold_s": round(statistics.median(run["s"] for run in cold), 2),
        "cached_s": round(statistics.median(run["s"] for run in cached), 2),
        "cold_cpu_s": round(statistics.median(run["cpu_s"] for run in cold), 2),
        "cached_cpu_s": round(statistics.median(run["cpu_s"] for run in cached), 2),
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
        "date": today(),
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
