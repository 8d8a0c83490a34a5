"""Which drug-disease pairs are known, and which held-out ones are judged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from llador_core.data.splits import Split
from llador_core.errors import ConfigError, MissingDataError
from llador_core.graph import Bools, Graph, Ints

Pairs = Literal["test", "valid"]
UNKNOWN_SPLIT = (
    "This model was trained elsewhere on pairs nobody here knows: it may have seen every known "
    "treatment, so none can be used to judge it. If it was trained without the hidden pairs of a "
    "run here, import it again and name that run (--split-of)."
)


def known_pairs(graph: Graph, split: Split) -> Bools:
    """Return which drug-disease pairs stand under `treats` in train, valid or test.

    Returns
    -------
    bool array of shape (n_drugs, n_diseases)
    """
    known = np.zeros((len(graph.drugs), len(graph.diseases)), np.bool_)
    known[_known(graph, split)] = True
    return known


def _known(graph: Graph, split: Split) -> tuple[Ints, Ints]:
    """Return row and column of the known pairs, with repeats."""
    treats = graph.relations_with_role("treats")
    parts = (split.train, split.valid, split.test)
    known = np.concatenate([some[np.isin(some[:, 1], treats)] for some in parts])
    rows, columns = positions(graph.drugs, known[:, 0]), positions(graph.diseases, known[:, 2])
    is_inside = (rows >= 0) & (columns >= 0)
    return rows[is_inside], columns[is_inside]


def answers(graph: Graph, split: Split, is_of_drugs: bool) -> Ints:
    """Return query * n_columns + column of the known pairs, ascending."""
    rows, columns = _known(graph, split)
    if is_of_drugs:
        return np.unique(columns * len(graph.drugs) + rows)
    return np.unique(rows * len(graph.diseases) + columns)


def positions(members: Ints, entities: NDArray[np.integer]) -> Ints:
    """Return where each entity stands in the ascending `members`; -1 for one that does not."""
    at = np.searchsorted(members, entities).clip(max=max(len(members) - 1, 0))
    return np.where(members[at] == entities, at, -1).astype(np.int64)


def judged(graph: Graph, split: Split, pairs: Pairs) -> tuple[Ints, Ints]:
    """Return row and column of each distinct held-out pair, ordered by drug id, then disease id."""
    triples = split.test if pairs == "test" else split.valid
    if split.kind == "unknown":
        raise MissingDataError(UNKNOWN_SPLIT)
    if not len(triples):
        raise MissingDataError(
            f"The split of graph '{graph.name}' has no {pairs} pairs to judge by. "
            "Use a graph with more 'treats' edges, or hold out a larger share."
        )
    distinct = np.unique(triples[:, [0, 2]], axis=0)
    rows, columns = (
        positions(graph.drugs, distinct[:, 0]),
        positions(graph.diseases, distinct[:, 1]),
    )
    if (rows < 0).any() or (columns < 0).any():
        raise ConfigError(
            f"The split judges {int(((rows < 0) | (columns < 0)).sum())} pairs that are not a drug "
            f"and a disease of graph '{graph.name}'. It belongs to another graph; split it anew."
        )
    by_id = np.lexsort(
        (
            ranks_of_ids(graph, graph.diseases)[columns],
            ranks_of_ids(graph, graph.drugs)[rows],
        )
    )
    return rows[by_id], columns[by_id]


def ranks_of_ids(graph: Graph, entities: Ints) -> Ints:
    """Return the place of each entity among `entities` when their ids are sorted."""
    ids: Sequence[str] = [graph.entity_ids[entity] for entity in entities]
    place = np.empty(len(ids), np.int64)
    place[np.array(sorted(range(len(ids)), key=ids.__getitem__), np.int64)] = np.arange(len(ids))
    return place
