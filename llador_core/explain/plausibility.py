"""How plausible a run's model finds the edges of a path, beside edges that could stand there."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np

from llador_core.graph import Graph, Ints
from llador_core.training.runs import Run

N_ALTERNATIVES = 256
_BLOCK = 16  # triples scored at once, so that their vectors stay in a core's cache

Edge = tuple[int, int, int]

_alternatives: WeakKeyDictionary[Graph, dict[int, Ints]] = WeakKeyDictionary()


def percentiles(graph: Graph, run: Run, triples: list[Edge]) -> dict[Edge, float]:
    """Return for each triple the share of alternative tails that the model scores lower, 0 to 100.

    The alternatives are the entities of the tail's type, at most `N_ALTERNATIVES` of them taken
    evenly in the order of their ids; a tie counts half.

    Parameters
    ----------
    graph : Graph
    run : Run
        Trained on this version of the graph.
    triples : list of (head, relation, tail)
    """
    groups: dict[int, list[Edge]] = {}
    for triple in dict.fromkeys(triples):
        groups.setdefault(int(graph.entity_types[triple[2]]), []).append(triple)
    result: dict[Edge, float] = {}
    for type_number, edges in groups.items():
        others = _of_type(graph, type_number)
        for start in range(0, len(edges), _BLOCK):
            block = edges[start : start + _BLOCK]
            result.update(zip(block, _shares(run, np.array(block, np.int64), others), strict=True))
    return result


def _shares(run: Run, triples: Ints, others: Ints) -> list[float]:
    h, r, t = triples.T
    own = run.scorer.score(h, r, t)[:, None]  # (n_triples, 1)
    scores = run.scorer.score(h[:, None], r[:, None], others[None, :])  # (n_triples, n_others)
    is_other = others[None, :] != t[:, None]
    lower = ((scores < own) & is_other).sum(1) + 0.5 * ((scores == own) & is_other).sum(1)
    n_others = is_other.sum(1)
    shares = np.where(n_others > 0, 100.0 * lower / np.maximum(1, n_others), 100.0)
    return [float(share) for share in shares]


def _of_type(graph: Graph, type_number: int) -> Ints:
    """Return the alternatives of a type: the same ones however entities are numbered."""
    table = _alternatives.setdefault(graph, {})
    if type_number not in table:
        members = np.flatnonzero(graph.entity_types == type_number).tolist()
        members.sort(key=lambda entity: graph.entity_ids[entity])
        step = max(1, -(-len(members) // N_ALTERNATIVES))
        table[type_number] = np.array(members[::step], np.int64)
    return table[type_number]
