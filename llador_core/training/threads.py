"""How many threads a training computes with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from llador_core.graph import Graph
from llador_core.training.config import TrainConfig

# Numbers of a table that are worth a thread. With less, threads wait for each other as long as they
# compute: two were 1.3 times as fast as one on an idle machine, and far slower on a busy one.
PER_THREAD = 2_000_000


def threads_for(graph: Graph, config: TrainConfig) -> int:
    """Return with how many of torch's threads a training computes.

    Where whole tables are updated, sums depend on how many threads share them. Small tables take
    one, so that a run comes out the same with any number of cores. Where the rows of a batch alone
    are updated, results do not depend on it, and all threads are taken.
    """
    allowed = torch.get_num_threads()
    if config.is_sparse:
        return allowed
    return min(allowed, max(1, int(graph.n_entities * config.dim / PER_THREAD)))


@contextmanager
def fitting_threads(graph: Graph, config: TrainConfig) -> Iterator[None]:
    """Let torch compute with as many threads as fit, and with as many as before afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads_for(graph, config))
    try:
        yield
    finally:
        torch.set_num_threads(before)
