"""What is in a graph, against counts a child could make."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from llador_core.data.statistics import at_least, statistics
from llador_core.figures.degrees import MAX_POINTS, degree_alt, degree_figure, degree_rows
from llador_core.graph import Graph
from tests.builders import graph_of, random_graph, renumbered

GRAPHS = [random_graph(seed) for seed in range(5)]


@pytest.mark.parametrize("graph", GRAPHS, ids=lambda g: g.name)
def test_counts_are_those_of_a_loop(graph: Graph) -> None:
    found = statistics(graph, written={0, 1})
    triples = graph.triples.tolist()
    for one in found.relations:
        own = [(h, t) for h, r, t in triples if graph.relations[r].name == one.name]
        assert (one.n_triples, one.n_heads, one.n_tails) == (
            len(own),
            len({h for h, _ in own}),
            len({t for _, t in own}),
        )
        heads = [graph.type_of(h) for h, _ in own]
        assert heads.count(one.head_type) == max(heads.count(name) for name in heads)
    assert sum(one.n_triples for one in found.relations) == graph.n_triples
    for kind in found.types:
        members = [i for i in range(graph.n_entities) if graph.type_of(i) == kind.name]
        assert kind.n_entities == len(members)
        assert kind.n_edges == sum((h in members) + (t in members) for h, _, t in triples)
        assert kind.n_written == len({0, 1} & set(members))
    treated = {(h, t) for h, r, t in triples if graph.relations[r].role == "treats"}
    assert found.n_treated_pairs == len(treated)
    assert found.hubs[0][1] == graph.degree.max()
    assert found.mean_degree == pytest.approx(2 * graph.n_triples / graph.n_entities)


def test_numbering_changes_nothing() -> None:
    graph = GRAPHS[0]
    order = np.random.default_rng(0).permutation(graph.n_entities)
    one, other = statistics(graph), statistics(renumbered(graph, order))
    assert one.types == other.types
    assert one.relations == other.relations
    assert [d for _, d in one.hubs] == [d for _, d in other.hubs]


def test_a_graph_without_treatments_has_no_drugs_but_counts() -> None:
    graph = graph_of([("a", "knows", "b")], {"a": "X", "b": "X", "alone": "X"})
    found = statistics(graph)
    assert (found.n_treated_pairs, found.n_isolated) == (0, 1)
    assert list(found.degrees) == ["all"]
    assert not any(kind.is_drug or kind.is_disease for kind in found.types)
    assert found.types[0].n_written is None


def test_names_that_are_ids_are_no_names() -> None:
    graph = graph_of([("a", "knows", "b")], {"a": "X", "b": "X"})
    assert statistics(graph).types[0].n_named == 0
    named = dataclasses.replace(graph, entity_names=["Anna", "b"], descriptions=["Tall.", ""])
    assert statistics(named).types[0].n_named == 1
    assert statistics(named).types[0].n_described == 1


def test_the_figure_falls_from_all_that_have_an_edge_to_the_largest_hub() -> None:
    graph = GRAPHS[1]
    found = statistics(graph)
    degrees, left = at_least(found.degrees["all"])
    assert left[0] == (graph.degree > 0).sum()
    assert (np.diff(left) < 0).all()
    for degree, n in zip(degrees.tolist(), left.tolist(), strict=True):
        assert n == (graph.degree >= degree).sum()
    figure = degree_figure(found.degrees)
    assert [line.name for line in figure.data] == ["all entities", "Compound", "Disease"]
    assert len({line.line.dash for line in figure.data}) == 3  # nothing is told by colour alone
    rows = degree_rows(found.degrees)
    assert sum(row["All"] for row in rows) == graph.n_entities
    assert sum(row["Compound"] for row in rows) == len(graph.drugs)
    assert f"the most {graph.degree.max():,}" in degree_alt(found.degrees)


def test_a_long_line_is_thinned_but_keeps_its_ends() -> None:
    values = np.arange(1, 5_001)
    figure = degree_figure({"all": (values, np.ones(5_000, np.int64))})
    assert len(figure.data[0].x) <= MAX_POINTS
    assert (figure.data[0].x[0], figure.data[0].x[-1]) == (1, 5_000)


def test_names_of_types_are_harmless_in_the_figure() -> None:
    figure = degree_figure({"all": (np.array([1]), np.array([2])), "<b>x": (np.array([1]),) * 2})
    assert figure.data[1].name == "&lt;b&gt;x"
