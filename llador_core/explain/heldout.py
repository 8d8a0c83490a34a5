"""What a run must not be shown to have known: the treatments that were held out from it."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np

from llador_core.explain.network import Network
from llador_core.graph import Bools, Graph, Ints, pair_keys
from llador_core.training.runs import Run

_pairs: WeakKeyDictionary[Run, Ints] = WeakKeyDictionary()
_edges: WeakKeyDictionary[Run, Bools] = WeakKeyDictionary()


def held_out_pairs(graph: Graph, run: Run) -> Ints:
    """Return the keys (`graph.pair_keys`) of the pairs held out from a run, ascending."""
    if run not in _pairs:
        split = run.split(graph)
        judged = np.concatenate([split.valid, split.test])
        _pairs[run] = np.unique(pair_keys(judged[:, [0, 2]], graph.n_entities))
    return _pairs[run]


def held_out_edges(graph: Graph, run: Run, net: Network) -> Bools:
    """Return which edges of the graph's network join a held-out pair, under any relation."""
    if run not in _edges:
        source = np.repeat(np.arange(graph.n_entities), np.diff(net.start))
        keys = pair_keys(np.column_stack([source, net.other]), graph.n_entities)
        _edges[run] = np.isin(keys, held_out_pairs(graph, run))
    return _edges[run]
