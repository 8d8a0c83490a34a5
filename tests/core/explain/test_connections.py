"""Shortest connections against a breadth-first search that walks every edge."""

from itertools import combinations

import pytest

from llador_core.errors import ConfigError
from llador_core.explain.connections import shortest_connections
from llador_core.graph import Graph
from tests.builders import graph_of


def distance(graph: Graph, source: int, target: int, skip_direct: bool) -> int | None:
    """Return how many edges the shortest path has, up to 4."""
    reached, seen = {source}, {source}
    for length in range(1, 5):
        step = {
            int(other)
            for at in reached
            for other in graph.neighbours(at).entity
            if not (skip_direct and {at, int(other)} == {source, target})
        }
        if target in step:
            return length
        reached = step - seen
        seen |= reached
    return None


@pytest.mark.parametrize("skip_direct", [False, True])
def test_they_are_as_short_as_can_be(dense: Graph, skip_direct: bool) -> None:
    picked = [*dense.drugs[:2].tolist(), *dense.diseases[:2].tolist(), 0]
    picked = list(dict.fromkeys(picked))
    found = shortest_connections(dense, picked, n_max=200, skip_direct=skip_direct)
    for source, target in combinations(picked, 2):
        own = [p for p in found if (p.entities[0], p.entities[-1]) == (source, target)]
        expected = distance(dense, source, target, skip_direct)
        assert {len(path.steps) for path in own} == ({expected} if expected else set())
        assert [path.score for path in own] == sorted((p.score for p in own), reverse=True)
        for path in own:
            for step in path.steps:
                around = dense.neighbours(step.source)
                rows = (around.entity == step.target) & (around.relation == step.relation)
                assert rows.any()
                assert step.is_forward in around.is_outgoing[rows]


TRIPLES = [
    ("a", "treats", "b"),
    ("b", "mentioned_with", "a"),
    ("a", "contraindicated_in", "c"),
    ("c", "resembles", "b"),
]
TYPES = {"a": "Compound", "b": "Disease", "c": "Disease", "alone": "Gene"}


def test_every_relation_counts_and_each_direct_edge_is_told() -> None:
    graph = graph_of(TRIPLES, TYPES)
    direct = shortest_connections(graph, [0, 1])
    assert [path.steps[0].words for path in direct] == [
        "treats",
        "mentioned with (from the other side)",
    ]
    (round_about,) = shortest_connections(graph, [0, 1], skip_direct=True)
    assert [step.words for step in round_about.steps] == ["is contraindicated in", "resembles"]
    assert round_about.share == pytest.approx(1.0)


def test_a_symmetric_relation_is_said_alike_both_ways() -> None:
    graph = graph_of(TRIPLES, TYPES)
    words = [shortest_connections(graph, pair)[0].steps[0].words for pair in ([1, 2], [2, 1])]
    assert words == ["resembles", "resembles"]


def test_no_connection_is_an_empty_list() -> None:
    assert shortest_connections(graph_of(TRIPLES, TYPES), [0, 3]) == []


def test_many_pairs_share_what_is_shown(dense: Graph) -> None:
    found = shortest_connections(dense, list(range(4)), n_max=6, skip_direct=True)
    ends = [(path.entities[0], path.entities[-1]) for path in found]
    assert len(ends) == len(set(ends)) <= 6


def test_wrong_input_is_a_sentence(dense: Graph) -> None:
    with pytest.raises(ConfigError, match="Pick two entities or more"):
        shortest_connections(dense, [3, 3])
    with pytest.raises(ConfigError, match="found 5 edges"):
        shortest_connections(dense, [0, 1], max_length=5)
