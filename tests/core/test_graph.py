"""The graph's arrays against loops a child could check."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llador_core.errors import MissingDataError, UnknownNameError
from llador_core.graph import ROLES, Graph, pair_keys
from tests.builders import graph_of, random_graph, renumbered

TINY = graph_of(
    [
        ("aspirin", "treats", "fever"),
        ("aspirin", "indication", "pain"),
        ("ibuprofen", "indication", "pain"),
        ("ibuprofen", "indication", "fever"),
        ("warfarin", "contraindicated_in", "fever"),
        ("aspirin", "inhibits", "PTGS2"),
        ("fever", "resembles", "pain"),
    ],
    {
        "aspirin": "Compound",
        "ibuprofen": "Compound",
        "warfarin": "Compound",
        "fever": "Disease",
        "pain": "Disease",
        "PTGS2": "Gene",
    },
)


@settings(max_examples=10)
@given(seed=st.integers(0, 10_000))
def test_neighbours_are_what_a_loop_over_the_triples_finds(seed: int) -> None:
    graph = random_graph(seed)
    for entity in range(graph.n_entities):
        expected = sorted(
            [(r, t, True) for h, r, t in graph.triples.tolist() if h == entity]
            + [(r, h, False) for h, r, t in graph.triples.tolist() if t == entity]
        )
        edges = graph.neighbours(entity)
        rows = zip(edges.relation, edges.entity, edges.is_outgoing, strict=True)
        found = [(int(r), int(e), bool(out)) for r, e, out in rows]
        assert sorted(found) == expected
        assert [r for r, _, _ in found] == sorted(r for r, _, _ in found)
        assert len(expected) == graph.degree[entity]


def test_degrees_count_both_ends() -> None:
    graph = random_graph(3)
    assert graph.degree.sum() == 2 * graph.n_triples
    assert len(graph.degree) == graph.n_entities


def test_neighbours_with_a_role_are_distinct_and_both_ways() -> None:
    fever = TINY.mapped("fever")
    treated_by = [TINY.entity_ids[i] for i in TINY.neighbours_with_role(fever, "treats")]
    assert treated_by == ["aspirin", "ibuprofen"]
    assert TINY.neighbours_with_role(fever, "presents").tolist() == []
    two_roles = TINY.neighbours_with_role(fever, "contraindicated", "resembles")
    assert [TINY.entity_ids[i] for i in two_roles] == ["warfarin", "pain"]


def test_renumbering_moves_neither_degree_nor_neighbours() -> None:
    graph = random_graph(2)
    moved = renumbered(graph, np.random.default_rng(1).permutation(graph.n_entities))
    for entity_id in graph.entity_ids:
        here, there = graph.mapped(entity_id), moved.mapped(entity_id)
        assert graph.degree[here] == moved.degree[there]
        assert graph.type_of(here) == moved.type_of(there)
        before = {graph.entity_ids[e] for e in graph.neighbours(here).entity}
        assert before == {moved.entity_ids[e] for e in moved.neighbours(there).entity}


def test_the_treatment_relation_is_the_one_with_most_triples() -> None:
    assert TINY.relations[TINY.treatment_relation].name == "indication"
    assert len(TINY.triples_with_role("treats")) == 4
    assert (TINY.drug_type, TINY.disease_type) == ("Compound", "Disease")
    assert [TINY.entity_ids[i] for i in TINY.drugs] == ["aspirin", "ibuprofen", "warfarin"]
    assert [TINY.entity_ids[i] for i in TINY.diseases] == ["fever", "pain"]
    assert TINY.entities_of_type("Planet").tolist() == []


@pytest.mark.parametrize("relation", ["knows", "palliates"])
def test_a_graph_without_treatments_says_what_to_add(relation: str) -> None:
    graph = graph_of([("a", relation, "b")], {"a": "Compound", "b": "Disease"})
    with pytest.raises(MissingDataError, match=r"'treats'.*relations\.tsv"):
        _ = graph.drugs


def test_a_role_without_any_triple_is_no_treatment() -> None:
    whole = graph_of([("a", "treats", "b")], {"a": "Compound", "b": "Disease"})
    emptied = Graph(**{**vars(whole), "triples": np.empty((0, 3), np.int32)})
    with pytest.raises(MissingDataError, match="'treats'"):
        _ = emptied.treatment_relation


def test_an_unknown_id_gives_the_nearest() -> None:
    assert TINY.has("aspirin")
    assert not TINY.has("Aspirin")
    with pytest.raises(UnknownNameError) as error:
        TINY.mapped("asprin")
    assert error.value.nearest[0] == "aspirin"


@settings(max_examples=50)
@given(
    pairs=st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=30),
)
def test_pair_keys_are_equal_exactly_for_the_same_two_ends(pairs: list[tuple[int, int]]) -> None:
    keys = pair_keys(np.array(pairs, np.int32), 100)
    for i, one in enumerate(pairs):
        for j, other in enumerate(pairs):
            assert (keys[i] == keys[j]) == (set(one) == set(other))


def test_pair_keys_hold_for_numbers_beyond_32_bits() -> None:
    n = 3_000_000
    keys = pair_keys(np.array([[n - 1, n - 2], [n - 2, n - 1], [n - 1, n - 1]], np.int32), n)
    assert keys[0] == keys[1] == (n - 2) * n + n - 1
    assert keys[2] == n * n - 1


def test_the_starter_graph_uses_only_roles_that_exist(starter: Graph) -> None:
    assert {relation.role for relation in starter.relations} <= set(ROLES)
    assert starter.degree.min() > 0
