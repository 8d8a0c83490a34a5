"""The edges as they are walked: merged, weighed, and told apart by direction."""

import numpy as np
import pytest

from llador_core.data.drkg_relations import RELATIONS
from llador_core.data.roles import relation
from llador_core.explain.kinds import TRUST, is_turned, origin, trust
from llador_core.explain.network import PRIOR, build_network, network
from llador_core.graph import Graph, Relation
from tests.builders import graph_of

TYPES = {"drug": "Compound", "gene": "Gene", "ill": "Disease", "other": "Gene"}


def weights(graph: Graph, source: str, target: str) -> tuple[float, float]:
    """Return the weight of an edge walked there and back."""
    net = build_network(graph, np.array([trust(r) for r in graph.relations]), hub_penalty=0.0)
    ends = graph.mapped(source), graph.mapped(target)
    there, back = net.find(*ends), net.find(*reversed(ends))
    assert there is not None
    assert back is not None
    return float(net.weight[there]), float(net.weight[back])


def test_one_relation_is_trusted_as_the_table_says() -> None:
    graph = graph_of([("drug", "targets", "gene"), ("ill", "associates", "gene")], TYPES)
    assert weights(graph, "drug", "gene") == pytest.approx((TRUST["targets"],) * 2)
    assert weights(graph, "ill", "gene") == pytest.approx((TRUST["associates"],) * 2)


def test_agreement_multiplies_the_odds() -> None:
    graph = graph_of([("drug", "targets", "gene"), ("drug", "binds", "gene")], TYPES)

    def odds(p: float) -> float:
        return p / (1 - p)

    both = odds(TRUST["targets"]) * odds(TRUST["binds"]) / odds(PRIOR)
    assert odds(weights(graph, "drug", "gene")[0]) == pytest.approx(both)


def test_an_edge_stored_both_ways_is_one_witness() -> None:
    once = graph_of([("gene", "interacts", "other")], TYPES)
    twice = graph_of([("gene", "interacts", "other"), ("other", "interacts", "gene")], TYPES)
    assert weights(twice, "gene", "other") == pytest.approx(weights(once, "gene", "other"))


def test_degrees_of_the_same_kind_lower_the_weight() -> None:
    triples = [("drug", "binds", "gene"), ("drug", "binds", "other"), ("drug", "treats", "ill")]
    graph = graph_of(triples, TYPES)
    even = np.full(graph.n_relations, 0.5)
    net = build_network(graph, even, hub_penalty=0.5)
    drug, gene, ill = (graph.mapped(name) for name in ("drug", "gene", "ill"))
    assert net.weight[net.find(drug, gene)] == pytest.approx(0.5 * (2 * 1) ** -0.5)
    assert net.weight[net.find(gene, drug)] == pytest.approx(0.5 * (2 * 1) ** -0.5)
    assert net.weight[net.find(drug, ill)] == pytest.approx(0.5)


def test_walked_edges_are_symmetric_in_weight(dense: Graph) -> None:
    net = network(dense)
    for source in range(dense.n_entities):
        for edge in range(net.start[source], net.start[source + 1]):
            back = net.find(int(net.other[edge]), source)
            assert back is not None
            assert net.weight[back] == pytest.approx(net.weight[edge])
            assert net.relations_of(back) == net.relations_of(edge)


def test_what_explains_nothing_is_walked_only_in_the_whole_network() -> None:
    triples = [("drug", "contraindicated_in", "ill"), ("drug", "mentions", "gene")]
    graph = graph_of(triples, TYPES)
    assert len(network(graph).other) == 0
    assert len(network(graph, is_whole=True).other) == 4


@pytest.mark.parametrize(
    ("found", "turned"),
    [
        (relation("binds", "binds"), False),
        (relation("x", "inhibits", "is inhibited by", "inhibits"), True),
        (relation("includes", "includes"), False),
        (relation("is_a", "includes", "is a kind of", "includes"), True),
        (relation("GpCC", "participates", "is found in", "contains"), False),
        (Relation("nothing"), False),
    ],
)
def test_relations_stored_against_their_role_are_recognised(found: Relation, turned: bool) -> None:
    assert is_turned(found) == turned


def test_every_relation_of_the_drkg_format_that_points_at_drugs_is_turned() -> None:
    for found in RELATIONS:
        if found.role in ("inhibits", "activates", "targets", "binds"):
            assert is_turned(found) == found.name.endswith("Gene:Compound"), found.name


def test_origin_falls_back_to_the_graph() -> None:
    graph = graph_of([("drug", "binds", "gene")], TYPES, name="mine")
    assert origin(graph, 0) == "mine"
