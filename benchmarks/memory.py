"""Peak memory of training: ours beside PyKEEN's sLCWA loop and a plain loop, and our estimate.

    python benchmarks/memory.py [MODEL ...]

The graph and the sizes are those of train_speed.py. Every contestant is a fresh process that trains
for a few steps; the peak is what the system says was resident, libraries included. Prints a table
and writes benchmarks/results/memory.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))  # run as a script, from any folder

from benchmarks.machine import commit, processor, today  # noqa: E402
from benchmarks.peers.synthetic import make_graph, make_triples  # noqa: E402
from benchmarks.peers.worker import CONTESTANTS, our_config  # noqa: E402
from benchmarks.train_speed import Contestant  # noqa: E402

RESULT = REPOSITORY / "benchmarks" / "results" / "memory.json"
MODELS = ("transe", "distmult")
TRAIN_S = 1.0


def measure(model: str, triples: Path) -> dict[str, float]:
    """Return the peak of every contestant, in MB; one after the other."""
    peaks = {}
    for name in CONTESTANTS:
        contestant = Contestant(name, "default", model, triples)
        try:
            contestant.train(TRAIN_S)
        finally:
            contestant.stop()
        peaks[name] = round(contestant.peak_mb)
    return peaks


def estimated(model: str, graph: Any) -> dict[str, float]:
    """Return what we say before the training starts, without what judging the run takes."""
    import torch

    from llador_core.training.estimate import LIBRARIES_MB, estimate_memory

    out = {}
    for name in ("ours", "ours anchored"):
        config = our_config(graph, model, name == "ours anchored")
        told = estimate_memory(graph, config, torch.device("cpu"))
        out[name] = round(LIBRARIES_MB + told.graph_mb + told.tables_mb + told.batch_mb)
    return out


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="*", default=list(MODELS))
    asked = parser.parse_args()
    result: dict[str, Any] = {
        "date": today(),
        "processor": processor(),
        "commit": commit(),
        "unit": "MB",
        "note": "estimates leave out checkpoints and judging, which a few steps do not reach",
        "models": {},
    }
    drawn = make_triples()
    graph, _ = make_graph(drawn)
    with tempfile.TemporaryDirectory() as folder:
        triples = Path(folder) / "triples.npy"
        np.save(triples, drawn)
        for model in asked.models:
            row = {"peak": measure(model, triples), "estimated": estimated(model, graph)}
            result["models"][model] = row
            RESULT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
            for name, peak in row["peak"].items():
                told = row["estimated"].get(name)
                print(f"{model:10}{name:16}{peak:8} MB" + (f"   estimated {told}" if told else ""))
    return 0


if __name__ == "__main__":
    sys.exit(main())
