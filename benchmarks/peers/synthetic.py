"""A graph of DRKG's shape: as many entities, triples and relations as are trained on, and hubs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

N_ENTITIES, N_TRIPLES, N_RELATIONS = 68_471, 3_900_000, 107
TYPES = ("Compound", "Disease", "Gene")
N_COMPOUNDS, N_DISEASES = 20_000, 5_000
FLATTENED = 20.0  # added to the place of an entity: the largest hub has 1 to 2% of all ends


def make_triples(seed: int = 0) -> NDArray[np.int32]:
    """Return distinct triples whose ends and relations are as unequal as Zipf's law has it.

    Returns
    -------
    int32 array of shape (N_TRIPLES, 3)
    """
    generator = np.random.default_rng(seed)
    n = N_TRIPLES + N_TRIPLES // 4  # some are drawn twice
    ends = [_zipf(N_ENTITIES, n, generator) for _ in range(2)]
    relations = _zipf(N_RELATIONS, n, generator)
    keys = np.unique((ends[0] * N_RELATIONS + relations) * N_ENTITIES + ends[1])
    keys = generator.permutation(keys)[:N_TRIPLES]
    rest, t = np.divmod(keys, N_ENTITIES)
    h, r = np.divmod(rest, N_RELATIONS)
    return np.stack([h, r, t], 1).astype(np.int32)


def _zipf(n_items: int, n: int, generator: np.random.Generator) -> NDArray[np.int64]:
    share = np.cumsum(1 / (np.arange(n_items) + FLATTENED))
    drawn = np.searchsorted(share / share[-1], generator.random(n))
    return generator.permutation(n_items)[drawn.clip(max=n_items - 1)]


def make_graph(triples: NDArray[np.int32]) -> tuple[Any, Any]:
    """Return the triples as a graph of ours, and a split that trains on all of them."""
    from llador_core.data.splits import Split
    from llador_core.graph import Graph, Relation

    ids = [f"e{i}" for i in range(N_ENTITIES)]
    types = np.full(N_ENTITIES, 2)
    types[: N_COMPOUNDS + N_DISEASES] = 1
    types[:N_COMPOUNDS] = 0
    treats = Relation("treats", "treats")
    graph = Graph(
        name="drkg-shaped",
        entity_ids=ids,
        entity_names=ids,
        synonyms=[()] * N_ENTITIES,
        type_names=TYPES,
        entity_types=types,
        relations=(treats, *(Relation(f"r{i}") for i in range(1, N_RELATIONS))),
        triples=triples,
        checksum="drkg-shaped",
    )
    none = np.empty((0, 3), np.int32)
    return graph, Split("pair", 0, triples, none, none, 0, np.empty(0, np.int64))
