"""Graphs a person can check by hand, and one of every kind of edge to be searched at random."""

import numpy as np
import pytest

from llador_core.graph import Graph
from tests.builders import graph_of

TYPES = {
    **{f"drug_{i}": "Compound" for i in range(7)},
    **{f"disease_{i}": "Disease" for i in range(6)},
    **{f"gene_{i}": "Gene" for i in range(9)},
    **{f"process_{i}": "Biological Process" for i in range(4)},
    **{f"class_{i}": "Pharmacologic Class" for i in range(2)},
    **{f"effect_{i}": "Side Effect" for i in range(3)},
}
PLAN = (
    ("drug", "treats", "disease", 10),
    ("drug", "palliates", "disease", 4),
    ("drug", "contraindicated_in", "disease", 4),
    ("drug", "mentioned_with", "disease", 4),
    ("drug", "inhibits", "gene", 9),
    ("drug", "activates", "gene", 8),
    ("drug", "binds", "gene", 9),
    ("disease", "associates", "gene", 14),
    ("gene", "interacts", "gene", 14),
    ("gene", "participates", "process", 12),
    ("class", "includes", "drug", 6),
    ("disease", "resembles", "disease", 5),
    ("disease", "includes", "disease", 3),
    ("drug", "causes", "effect", 6),
)


def dense_graph(seed: int) -> Graph:
    """Return a graph in which most pairs have paths of every length and parallel edges."""
    draw = np.random.default_rng(seed)
    members = {
        kind: [e for e in TYPES if e.startswith(kind)]
        for kind in {p for a, _, b, _ in PLAN for p in (a, b)}
    }
    triples = [
        (str(draw.choice(members[head])), relation, str(draw.choice(members[tail])))
        for head, relation, tail, n in PLAN
        for _ in range(n)
    ]
    order = list(TYPES)
    draw.shuffle(order)
    return graph_of(
        list(dict.fromkeys(triples)), {e: TYPES[e] for e in order}, name=f"dense-{seed}"
    )


@pytest.fixture(params=range(8))
def dense(request: pytest.FixtureRequest) -> Graph:
    return dense_graph(request.param)
