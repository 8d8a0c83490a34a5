"""Which neighbours are shown: by a loop a child could check, then by laws on random graphs."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llador_core.errors import ConfigError
from llador_core.explain.neighbourhood import (
    DAMPING,
    EXPAND_BY,
    MAX_MEMBERS,
    MAX_TIES,
    Choice,
    Surroundings,
    fact_words,
    neighbours_in_order,
    relevance,
    surroundings,
    tie_words,
)
from llador_core.graph import Graph
from tests.builders import graph_of, random_graph, renumbered

SEEDS = st.integers(0, 10_000)


def ids(graph: Graph, entities: list[int]) -> list[str]:
    return [graph.entity_ids[e] for e in entities]


def around(graph: Graph, focus: str, anchor: str = "", **more: Any) -> Surroundings:
    at = graph.mapped(focus)
    return surroundings(graph, at, graph.mapped(anchor) if anchor else at, **more)


def star(n_genes: int, n_drugs: int = 1) -> Graph:
    """A disease with many genes and few drugs; the drugs are tied to further genes."""
    types = {"flu": "Disease"} | {f"g{i:03}": "Gene" for i in range(n_genes)}
    types |= {f"d{i}": "Compound" for i in range(n_drugs)} | {f"h{i:02}": "Gene" for i in range(30)}
    triples = [("flu", "associates", f"g{i:03}") for i in range(n_genes)]
    triples += [(f"d{i}", "treats", "flu") for i in range(n_drugs)]
    triples += [(f"d{i}", "binds", f"h{j:02}") for i in range(n_drugs) for j in range(30)]
    return graph_of(triples, types)


@given(SEEDS)
def test_relevance_is_the_sum_a_child_would_make(seed: int) -> None:
    graph = random_graph(seed)
    anchor = int(graph.diseases[0])
    found = relevance(graph, anchor)
    near = set(graph.neighbours(anchor).entity.tolist())
    damping = DAMPING * 2 * graph.n_triples / graph.n_entities
    for entity in range(graph.n_entities):
        if entity == anchor:
            continue
        total = 0.0
        for other in graph.neighbours(entity).entity.tolist():
            if other == anchor:
                total += 1
            elif other in near:
                total += 1 / math.sqrt(graph.degree[other])
        expected = total / math.sqrt(graph.degree[entity] + damping)
        assert found[entity] == pytest.approx(expected)
    assert found.argmax() == anchor


def test_a_shared_hub_counts_less_than_a_shared_rarity() -> None:
    types = {"flu": "Disease", "hub": "Gene", "rare": "Gene", "a": "Compound", "b": "Compound"}
    types |= {f"x{i}": "Compound" for i in range(30)}
    triples = [("flu", "associates", "hub"), ("flu", "associates", "rare")]
    triples += [("a", "binds", "hub"), ("b", "binds", "rare")]
    triples += [(f"x{i}", "binds", "hub") for i in range(30)]
    graph = graph_of(triples, types)
    found = relevance(graph, graph.mapped("flu"))
    assert found[graph.mapped("b")] > found[graph.mapped("a")] > 0


@given(SEEDS, st.integers(1, 40))
def test_the_cap_takes_a_prefix_of_one_order(seed: int, n: int) -> None:
    graph = random_graph(seed)
    focus, anchor = int(graph.drugs[0]), int(graph.diseases[0])
    shown = surroundings(graph, focus, anchor, Choice(n))
    everyone = set(graph.neighbours(focus).entity.tolist()) - {focus}
    assert shown.n_passing == shown.n_neighbours == len(everyone)
    assert shown.n_shown == min(n, len(everyone))
    more = surroundings(graph, focus, anchor, Choice(n + 7))
    assert more.entities[: n + 1] == shown.entities
    assert set(surroundings(graph, focus, anchor, Choice(299)).entities) == everyone | {focus}


@given(SEEDS)
def test_within_a_type_the_more_relevant_comes_first(seed: int) -> None:
    graph = random_graph(seed)
    focus, anchor = int(graph.diseases[1]), int(graph.diseases[0])
    relevant = relevance(graph, anchor)
    order = neighbours_in_order(graph, focus, relevant, Choice())
    for kind in range(len(graph.type_names)):
        own = [e for e in order.tolist() if graph.entity_types[e] == kind]
        assert all(relevant[a] >= relevant[b] for a, b in pairwise(own))


@given(SEEDS)
def test_renumbering_changes_nothing(seed: int) -> None:
    graph = random_graph(seed)
    other = renumbered(graph, np.random.default_rng(seed).permutation(graph.n_entities))
    focus, anchor = graph.entity_ids[graph.drugs[0]], graph.entity_ids[graph.diseases[0]]
    one, two = around(graph, focus, anchor), around(other, focus, anchor)
    assert ids(graph, one.entities) == ids(other, two.entities)
    assert [m.relevance for m in one.members] == pytest.approx([m.relevance for m in two.members])
    told = [sorted(fact_words(graph, f) for t in one.ties for f in t.facts)]
    assert told == [sorted(fact_words(other, f) for t in two.ties for f in t.facts)]


def test_a_type_of_one_stays_visible_beside_a_type_of_hundreds() -> None:
    graph = star(400)
    shown = around(graph, "flu", choice=Choice(20))
    assert "d0" in ids(graph, shown.entities)
    assert (shown.n_shown, shown.n_passing) == (20, 401)


@given(SEEDS, st.sampled_from(["treats", "binds", "mentioned"]))
def test_filters_keep_what_they_name_and_nothing_else(seed: int, word: str) -> None:
    graph = random_graph(seed)
    word = next(w for w in tie_words(graph) if word in w)
    focus = int(graph.drugs[0])
    only = surroundings(graph, focus, focus, Choice(299, ("Disease", "Gene"), (word,)))
    expected = {
        int(t if h == focus else h)
        for h, r, t in graph.triples.tolist()
        if focus in (h, t)
        and h != t
        and (graph.relations[r].words or graph.relations[r].name) == word
    }
    expected = {e for e in expected if graph.type_of(e) in ("Disease", "Gene")}
    assert set(only.entities) == expected | {focus}
    for tie in only.ties:
        assert all(
            (graph.relations[r].words or graph.relations[r].name) == word for _, r, _ in tie.facts
        )


def test_a_filter_that_nothing_passes_leaves_the_focus_alone() -> None:
    graph = star(5)
    shown = around(graph, "flu", choice=Choice(60, ("Anatomy",)))
    assert ids(graph, shown.entities) == ["flu"]
    assert (shown.n_passing, shown.n_neighbours) == (0, 6)


def test_an_entity_without_edges_stands_alone() -> None:
    graph = graph_of([("a", "treats", "b")], {"a": "Compound", "b": "Disease", "c": "Gene"})
    shown = around(graph, "c")
    assert (shown.entities, shown.ties, shown.n_neighbours) == ([graph.mapped("c")], (), 0)


@given(SEEDS)
def test_the_ties_are_the_graph_among_the_members(seed: int) -> None:
    graph = random_graph(seed)
    shown = surroundings(graph, int(graph.drugs[0]), int(graph.drugs[0]), Choice(9))
    members = set(shown.entities)
    expected = {(h, r, t) for h, r, t in graph.triples.tolist() if {h, t} <= members and h != t}
    assert {fact for tie in shown.ties for fact in tie.facts} == expected
    assert shown.n_ties == len({frozenset((h, t)) for h, _, t in expected})
    place = {e: i for i, e in enumerate(shown.entities)}
    assert all(place[tie.a] < place[tie.b] for tie in shown.ties)


def test_a_symmetric_relation_is_told_once() -> None:
    graph = graph_of(
        [("a", "resembles", "b"), ("b", "resembles", "a"), ("a", "resembles", "a")],
        {"a": "Disease", "b": "Disease"},
    )
    [relation] = graph.relations
    graph = replace(graph, relations=(replace(relation, is_symmetric=True),))
    shown = around(graph, "a")
    assert [len(tie.facts) for tie in shown.ties] == [1]
    assert (shown.n_neighbours, shown.n_passing) == (1, 1)  # nobody is a neighbour of itself


def test_expanding_appends_the_most_relevant_and_moves_nobody() -> None:
    graph = star(60, n_drugs=3)
    before = around(graph, "flu", choice=Choice(20))
    drug = graph.mapped("d1")
    after = around(graph, "flu", choice=Choice(20), expanded=[drug])
    assert after.members[: len(before.members)] == before.members
    new = after.members[len(before.members) :]
    assert len(new) == EXPAND_BY
    assert {m.via for m in new} == {drug}
    relevant = relevance(graph, graph.mapped("flu"))
    own = [
        e for e in neighbours_in_order(graph, drug, relevant, Choice()) if e not in before.entities
    ]
    assert [m.entity for m in new] == own[:EXPAND_BY]
    assert set(before.ties) <= set(after.ties)


def test_a_full_picture_counts_whom_it_leaves_out() -> None:
    graph = star(400)
    full = around(graph, "flu", choice=Choice(295), expanded=[graph.mapped("d0")])
    assert len(full.members) == MAX_MEMBERS
    assert full.n_left_out == EXPAND_BY - (MAX_MEMBERS - 296)


def test_who_is_brought_in_is_there_whatever_the_filters_say() -> None:
    graph = star(30)
    far = graph.mapped("h07")
    shown = around(graph, "flu", choice=Choice(5, ("Disease",)), brought=[far, graph.mapped("d0")])
    assert ids(graph, shown.entities) == ["flu", "h07", "d0"]
    assert len(shown.ties) == 2


def test_the_cap_on_ties_keeps_those_that_hold_the_picture() -> None:
    n = 60
    types = {f"g{i:02}": "Gene" for i in range(n)}
    pairs = [(f"g{i:02}", "interacts", f"g{j:02}") for i in range(n) for j in range(i + 1, n)]
    graph = graph_of(pairs, types)
    shown = around(graph, "g00", choice=Choice(59))
    assert shown.n_ties == n * (n - 1) // 2
    assert len(shown.ties) == n - 1 + MAX_TIES
    assert sum(tie.a == graph.mapped("g00") for tie in shown.ties) == n - 1


@pytest.mark.parametrize("n", [0, -1, MAX_MEMBERS])
def test_a_number_out_of_range_is_an_error_with_the_range(n: int) -> None:
    with pytest.raises(ConfigError, match=f"1 to {MAX_MEMBERS - 1} neighbours, not {n}"):
        Choice(n)


def test_alzheimers_neighbourhood_starts_with_what_a_reader_expects(starter: Graph) -> None:
    shown = around(starter, "Disease::DOID:10652", choice=Choice(20))
    names = {starter.entity_names[e] for e in shown.entities}
    assert {"APP", "dementia", "Memory Disorders"} <= names
    from_a_drug = around(starter, "Compound::DB00843", "Disease::DOID:10652", choice=Choice(10))
    assert "Alzheimer's disease" in {starter.entity_names[e] for e in from_a_drug.entities}
