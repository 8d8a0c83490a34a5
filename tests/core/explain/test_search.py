"""The search against an enumerator a child could check, and against laws."""

import numpy as np
import pytest

from llador_core.explain.network import Network, network
from llador_core.explain.search import Wanted, find_paths
from llador_core.graph import Graph
from tests.builders import renumbered
from tests.core.explain.conftest import dense_graph

Scored = dict[tuple[int, ...], float]


def starts_with_action(net: Network, source: int) -> np.ndarray:
    return net.is_action[net.start[source] : net.start[source + 1]]


def enumerated(
    net: Network, source: int, target: int, max_length: int, through: tuple[int, ...] = ()
) -> Scored:
    """Return every simple path with its score, by walking them all.

    A path is no path where it takes the direct edge, or passes a target on which the drugs before
    and after it act in opposite ways. Its score is its weight times the share of weight that goes
    through its first stop, among first stops that are targets or among those that are not.
    """
    found: Scored = {}

    def walk(path: tuple[int, ...], weight: float, sign: int) -> None:
        for edge in range(net.start[path[-1]], net.start[path[-1] + 1]):
            other = int(net.other[edge])
            if sign * net.leaving[edge] < 0:
                continue
            if other == target and len(path) > 1:
                found[(*path, other)] = weight * net.weight[edge]
            elif other != target and other not in path and len(path) < max_length:
                walk((*path, other), weight * net.weight[edge], int(net.arriving[edge]))

    walk((source,), 1.0, 0)
    first: dict[int, float] = {}
    total = {True: 0.0, False: 0.0}
    targets = set(
        net.other[slice(*net.start[source : source + 2])][starts_with_action(net, source)]
    )
    for path, weight in found.items():
        first[path[1]] = first.get(path[1], 0.0) + weight
        total[path[1] in targets] += weight
    first = {stop: weight / total[stop in targets] for stop, weight in first.items()}
    scored = {path: weight * first[path[1]] for path, weight in found.items()}
    return {path: score for path, score in scored.items() if set(through) <= set(path)}


def searched(
    net: Network, source: int, target: int, max_length: int, through: tuple[int, ...] = ()
) -> Scored:
    found = find_paths(net, source, target, Wanted(max_length, 10_000, through))
    for kind in found:
        assert kind.scores == sorted(kind.scores, reverse=True)
        assert kind.n_paths == len(kind.entities)
        assert kind.total == pytest.approx(sum(kind.scores))
    pairs = [p for kind in found for p in zip(kind.entities, kind.scores, strict=True)]
    assert len(dict(pairs)) == len(pairs), "a path stands in two kinds"
    return dict(pairs)


@pytest.mark.parametrize("max_length", [1, 2, 3, 4])
def test_every_path_is_found_once_with_its_score(dense: Graph, max_length: int) -> None:
    net = network(dense)
    for drug in dense.drugs[:3].tolist():
        for disease in dense.diseases[:3].tolist():
            expected = enumerated(net, drug, disease, max_length)
            assert searched(net, drug, disease, max_length) == pytest.approx(expected)


def test_through_leaves_exactly_the_paths_that_hold_them(dense: Graph) -> None:
    net = network(dense)
    drug, disease = int(dense.drugs[0]), int(dense.diseases[0])
    genes = dense.entities_of_type("Gene").tolist()
    for through in [(genes[0],), (genes[1],), (genes[0], genes[1]), (int(dense.drugs[1]),)]:
        every = searched(net, drug, disease, 4)
        kept = {path: score for path, score in every.items() if set(through) <= set(path)}
        assert searched(net, drug, disease, 4, through) == pytest.approx(kept)


def test_more_stops_than_a_path_can_make_leave_none(dense: Graph) -> None:
    genes = tuple(dense.entities_of_type("Gene")[:4].tolist())
    drug, disease = int(dense.drugs[0]), int(dense.diseases[0])
    assert searched(network(dense), drug, disease, 4, genes) == {}


def test_the_best_few_are_the_first_of_all(dense: Graph) -> None:
    net = network(dense)
    drug, disease = int(dense.drugs[1]), int(dense.diseases[1])
    few = find_paths(net, drug, disease, Wanted(4, 2))
    every = find_paths(net, drug, disease, Wanted(4, 10_000))
    assert [kind.scores for kind in few] == [pytest.approx(kind.scores[:2]) for kind in every]
    assert [kind.n_paths for kind in few] == [kind.n_paths for kind in every]
    assert [kind.total for kind in few] == pytest.approx([kind.total for kind in every])


def test_numbering_changes_nothing(dense: Graph) -> None:
    order = np.random.default_rng(3).permutation(dense.n_entities)
    other = renumbered(dense, order)
    drug, disease = int(dense.drugs[2]), int(dense.diseases[2])

    def labeled(graph: Graph, found: Scored) -> dict[tuple[str, ...], float]:
        return {tuple(graph.entity_ids[e] for e in path): s for path, s in found.items()}

    there = [other.mapped(dense.entity_ids[e]) for e in (drug, disease)]
    here = labeled(dense, searched(network(dense), drug, disease, 4))
    assert labeled(other, searched(network(other), *there, 4)) == pytest.approx(here)


def test_barred_edges_are_not_walked() -> None:
    graph = dense_graph(0)
    net = network(graph)
    drug, disease = int(graph.drugs[0]), int(graph.diseases[0])
    every = enumerated(net, drug, disease, 4)
    gene = next(e for path in every for e in path[1:-1] if graph.type_of(e) == "Gene")
    barred = net.other == gene
    found = find_paths(net, drug, disease, Wanted(4, 100), barred)
    paths = {path for kind in found for path in kind.entities}
    assert paths == {path for path in every if gene not in path}
