"""A contestant in a process of its own, which trains when told to.

    python benchmarks/peers/worker.py CONTESTANT MODEL TRIPLES.npy

Trains for as many seconds as each line of standard input says, at least one step, and answers with
one line of JSON: the seconds of each step, the processor's seconds of all threads over them, and
the peak memory so far in MB.
"""

from __future__ import annotations

import json
import logging
import resource
import sys
import time
import warnings
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

DIM, BATCH_SIZE, N_NEGATIVES = 400, 512, 128
MANY = 100_000  # steps, of which only the first are made
CONTESTANTS = ("pykeen", "plain", "ours", "ours anchored")


class Told:
    """Waits until told to train; `after_step` is called after every step."""

    def __init__(self) -> None:
        self.until = -1.0
        self.steps: list[float] = []
        self.last = self.cpu = 0.0

    def after_step(self) -> None:
        now = time.perf_counter()
        self.steps.append(now - self.last)
        if now >= self.until:
            if self.until >= 0:
                self._answer()
            self._wait()
        self.last = time.perf_counter()

    def _answer(self) -> None:
        cpu = time.process_time() - self.cpu
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        answer = {"wall_s": self.steps, "cpu_s": cpu / len(self.steps), "peak_mb": peak_mb}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()

    def _wait(self) -> None:
        line = sys.stdin.readline()
        if not line.strip():
            raise SystemExit(0)
        self.steps, self.cpu = [], time.process_time()
        self.until = time.perf_counter() + float(line)


def our_trainer(model: str, triples: Any, is_anchored: bool) -> Any:
    """Return the trainer of a run with our defaults, at the sizes that all contestants have."""
    import numpy as np

    from benchmarks.peers.synthetic import make_graph
    from llador_core.priors.anchors import Anchors
    from llador_core.training.config import make_config
    from llador_core.training.loop import Trainer

    graph, split = make_graph(triples)
    sizes: dict[str, Any] = {"dim": DIM, "batch_size": BATCH_SIZE, "n_negatives": N_NEGATIVES}
    # every step is a whole batch of all relations, as those of the peers are
    sizes |= {"optimizer": "rowwise-adagrad", "treat_batch": 0, "steps": MANY}
    config = make_config(graph, model, "full" if is_anchored else "none", **sizes)
    anchors = None
    if is_anchored:
        drawn = np.random.default_rng(0).standard_normal((graph.n_entities, DIM), np.float32)
        drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
        anchors = Anchors(drawn, np.ones(graph.n_entities, np.bool_))
    return Trainer(graph, split, config, anchors)


def main() -> None:
    import numpy as np

    from benchmarks.peers.synthetic import N_ENTITIES, N_RELATIONS

    warnings.simplefilter("ignore")
    logging.disable()
    contestant, model, path = sys.argv[1:]
    triples = np.load(path)
    told = Told()
    sizes = {"dim": DIM, "batch_size": BATCH_SIZE, "n_negatives": N_NEGATIVES}
    if contestant == "pykeen":
        from benchmarks.peers.pykeen_loop import train

        train(model, triples, N_ENTITIES, N_RELATIONS, told.after_step, **sizes)
    elif contestant == "plain":
        from benchmarks.peers.plain_loop import PlainLoop

        loop = PlainLoop(model, triples, N_ENTITIES, N_RELATIONS, **sizes)
        while True:
            loop.step()
            told.after_step()
    trainer = our_trainer(model, triples, contestant == "ours anchored")
    for step in range(MANY):
        trainer._step(step)
        told.after_step()


if __name__ == "__main__":
    main()
