from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from llador_core.data.splits import Split, split_by_pair
from llador_core.graph import Graph, Relation

N_DRUGS, N_DISEASES, N_GENES = 40, 70, 10
N = N_DRUGS + N_DISEASES + N_GENES


def graph_of(order: np.ndarray | None = None, n_diseases: int = N_DISEASES) -> Graph:
    """Return a random graph; `order` renumbers its entities."""
    kinds = ["Compound"] * N_DRUGS + ["Disease"] * n_diseases + ["Gene"] * N_GENES
    generator = np.random.default_rng(11)
    n = len(kinds)
    drugs, diseases = np.arange(N_DRUGS), np.arange(N_DRUGS, N_DRUGS + n_diseases)
    genes = np.arange(N_DRUGS + n_diseases, n)
    treats = [generator.choice(drugs, 300), np.zeros(300), generator.choice(diseases, 300)]
    eases = [generator.choice(drugs, 60), np.ones(60), generator.choice(diseases, 60)]
    binds = [generator.choice(drugs, 80), np.full(80, 2), generator.choice(genes, 80)]
    triples = np.concatenate([np.stack(t, axis=1) for t in (treats, eases, binds)]).astype(np.int32)
    triples = np.unique(triples, axis=0)
    order = np.arange(n) if order is None else order
    new = np.empty(n, np.int64)
    new[order] = np.arange(n)
    types = ("Compound", "Disease", "Gene")
    return Graph(
        name="toy",
        # Ids in another order than numbers, so that sorting by one is not sorting by the other.
        entity_ids=[f"E{(old * 37) % n:03d}" for old in order],
        entity_names=[f"entity {old}" for old in order],
        synonyms=[()] * n,
        type_names=types,
        entity_types=np.array([types.index(kinds[old]) for old in order]),
        relations=(
            Relation("treats", "treats"),
            Relation("eases", "palliates"),
            Relation("binds", "binds"),
        ),
        triples=np.stack([new[triples[:, 0]], triples[:, 1], new[triples[:, 2]]], 1).astype("i4"),
        checksum="0" * 64,
    )


@pytest.fixture(scope="session")
def make_graph() -> Callable[..., Graph]:
    return graph_of


@pytest.fixture(scope="session")
def graph() -> Graph:
    return graph_of()


@pytest.fixture(scope="session")
def split(graph: Graph) -> Split:
    return split_by_pair(graph, seed=0)


@pytest.fixture
def scores(graph: Graph) -> np.ndarray:
    """Scores with many ties."""
    shape = (len(graph.drugs), len(graph.diseases))
    return np.random.default_rng(4).integers(0, 12, shape).astype(np.float32)
