"""Splits: nothing leaks, nothing is lost, seeds mean what they say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llador_core.data.split_file import load_split, save_split
from llador_core.data.splits import (
    Split,
    check_no_leak,
    split_by_disease,
    split_by_pair,
)
from llador_core.errors import ConfigError, DataFormatError, LeakError, MissingDataError
from llador_core.graph import Graph
from tests.builders import graph_of, random_graph, renumbered

Splitter = Callable[..., Split]
BOTH = pytest.mark.parametrize("splitter", [split_by_pair, split_by_disease])
ANY_SEED = st.integers(0, 2**31 - 1)


def labeled(graph: Graph, triples: np.ndarray) -> set[tuple[str, str, str]]:
    ids, relations = graph.entity_ids, graph.relations
    return {(ids[h], relations[r].name, ids[t]) for h, r, t in triples.tolist()}


def pairs(graph: Graph, triples: np.ndarray) -> set[frozenset[str]]:
    return {frozenset((h, t)) for h, _, t in labeled(graph, triples)}


def treats(graph: Graph, triples: np.ndarray) -> set[tuple[str, str]]:
    roles = {r.name: r.role for r in graph.relations}
    return {(h, t) for h, r, t in labeled(graph, triples) if roles[r] == "treats"}


@BOTH
@settings(max_examples=25)
@given(graph_seed=ANY_SEED, seed=ANY_SEED)
def test_no_held_out_pair_is_in_training_under_any_relation(
    splitter: Splitter, graph_seed: int, seed: int
) -> None:
    graph = random_graph(graph_seed)
    split = splitter(graph, seed)
    train, valid, test = (pairs(graph, part) for part in (split.train, split.valid, split.test))
    assert test and valid
    assert not train & (test | valid)
    assert not test & valid
    check_no_leak(graph, split)


@BOTH
@settings(max_examples=25)
@given(graph_seed=ANY_SEED, seed=ANY_SEED)
def test_every_triple_is_accounted_for(splitter: Splitter, graph_seed: int, seed: int) -> None:
    graph = random_graph(graph_seed)
    split = splitter(graph, seed)
    parts = [labeled(graph, part) for part in (split.train, split.valid, split.test)]
    together = set().union(*parts)
    assert sum(len(part) for part in parts) == len(together)
    assert together <= labeled(graph, graph.triples)
    assert len(together) + split.n_removed == graph.n_triples


@BOTH
@settings(max_examples=15)
@given(graph_seed=ANY_SEED, seed=ANY_SEED)
def test_only_treatments_of_a_disease_by_a_drug_are_judged(
    splitter: Splitter, graph_seed: int, seed: int
) -> None:
    graph = random_graph(graph_seed)
    split = splitter(graph, seed)
    for part in (split.valid, split.test):
        assert {graph.relations[r].role for r in part[:, 1]} == {"treats"}
        assert {graph.type_of(h) for h in part[:, 0]} == {"Compound"}
        assert {graph.type_of(t) for t in part[:, 2]} == {"Disease"}


@settings(max_examples=25)
@given(graph_seed=ANY_SEED, seed=ANY_SEED)
def test_a_held_out_disease_has_no_treatment_in_training(graph_seed: int, seed: int) -> None:
    graph = random_graph(graph_seed)
    split = split_by_disease(graph, seed)
    held_out = {graph.entity_ids[d] for d in split.held_out_diseases}
    assert held_out
    assert not {disease for _, disease in treats(graph, split.train)} & held_out
    judged = np.concatenate([split.valid, split.test])
    assert {graph.entity_ids[t] for t in judged[:, 2]} == held_out
    every = {(h, t) for h, t in treats(graph, graph.triples) if t in held_out and "drug" in h}
    assert every == treats(graph, judged)


@BOTH
def test_a_seed_draws_the_same_and_another_seed_draws_another(
    splitter: Splitter, starter: Graph
) -> None:
    first, again, other = splitter(starter, 3), splitter(starter, 3), splitter(starter, 4)
    for part in ("train", "valid", "test"):
        np.testing.assert_array_equal(getattr(first, part), getattr(again, part))
    assert labeled(starter, first.test) != labeled(starter, other.test)
    assert labeled(starter, first.valid) != labeled(starter, other.valid)


@pytest.mark.parametrize(("test_share", "valid_share"), [(0.2, 0.05), (0.5, 0.1), (0.01, 0.3)])
def test_shares_are_shares_of_the_distinct_pairs(
    starter: Graph, test_share: float, valid_share: float
) -> None:
    split = split_by_pair(starter, 0, test_share, valid_share)
    n = len(pairs(starter, starter.triples_with_role("treats")))
    assert len(pairs(starter, split.test)) == round(test_share * n)
    assert len(pairs(starter, split.valid)) == round(valid_share * n)


def test_shares_by_disease_are_shares_of_the_treated_diseases(starter: Graph) -> None:
    split = split_by_disease(starter, 0, 0.3, 0.1)
    n = len(set(starter.triples_with_role("treats")[:, 2].tolist()))
    assert len(set(split.test[:, 2].tolist())) == round(0.3 * n)
    assert len(set(split.valid[:, 2].tolist())) == round(0.1 * n)


def test_a_pair_under_two_treatment_relations_is_judged_whole() -> None:
    drugs = {f"drug_{i}": "Compound" for i in range(12)}
    types = {**drugs, "flu": "Disease"}
    rows = [(d, r, "flu") for d in drugs for r in ("treats", "indication", "palliates")]
    rows += [("flu", "mentioned_with", d) for d in drugs]
    graph = graph_of(rows, types)
    split = split_by_pair(graph, 0, test_share=0.25, valid_share=0.25)
    assert (len(split.test), len(split.valid)) == (6, 6)  # 3 pairs, 2 treatment relations each
    assert split.n_removed == 12  # 6 pairs, palliates and mentioned_with
    assert len(split.train) == 24


@BOTH
def test_renumbering_the_entities_keeps_the_split_valid(splitter: Splitter) -> None:
    graph = random_graph(5)
    moved = renumbered(graph, np.random.default_rng(0).permutation(graph.n_entities))
    before, after = splitter(graph, 1), splitter(moved, 1)
    check_no_leak(moved, after)
    assert labeled(graph, graph.triples) == labeled(moved, moved.triples)
    if splitter is split_by_pair:
        assert len(pairs(graph, before.test)) == len(pairs(moved, after.test))
    else:
        assert len(before.held_out_diseases) == len(after.held_out_diseases)


@BOTH
def test_the_graph_is_left_as_it_was(splitter: Splitter) -> None:
    graph = random_graph(6)
    before = graph.triples.copy()
    splitter(graph, 0)
    np.testing.assert_array_equal(graph.triples, before)


def test_a_leak_under_another_relation_is_refused_by_name() -> None:
    graph = random_graph(1)
    split = split_by_pair(graph, 0)
    h, _, t = split.test[0]
    for triple in ([h, 2, t], [t, 3, h]):  # another relation, and the other way round
        leaking = replace(split, train=np.vstack([split.train, np.array([triple], np.int32)]))
        with pytest.raises(LeakError, match=r"1 held-out pairs") as error:
            check_no_leak(graph, leaking)
        assert graph.entity_names[h] in str(error.value)
        assert graph.entity_names[t] in str(error.value)


def test_a_pair_in_test_and_validation_is_refused() -> None:
    graph = random_graph(1)
    split = split_by_pair(graph, 0)
    with pytest.raises(LeakError, match="validation pairs too"):
        check_no_leak(graph, replace(split, valid=np.vstack([split.valid, split.test[:1]])))


def test_a_treatment_of_a_held_out_disease_in_training_is_refused() -> None:
    graph = random_graph(1)
    split = split_by_disease(graph, 0)
    gene = graph.entities_of_type("Gene")[0]
    extra = np.array([[gene, graph.treatment_relation, split.held_out_diseases[0]]], np.int32)
    with pytest.raises(LeakError, match="held-out diseases"):
        check_no_leak(graph, replace(split, train=np.vstack([split.train, extra])))


@pytest.mark.parametrize("shares", [(0.0, 0.1), (1.0, 0.1), (0.5, 0.5), (0.2, -0.1), (0.2, 0.0)])
@BOTH
def test_shares_out_of_range_are_refused(
    splitter: Splitter, shares: tuple[float, float], starter: Graph
) -> None:
    with pytest.raises(ConfigError, match="share"):
        splitter(starter, 0, *shares)


@BOTH
def test_too_few_treatments_are_refused_with_the_count(splitter: Splitter) -> None:
    graph = graph_of([("a", "treats", "b")], {"a": "Compound", "b": "Disease"})
    with pytest.raises(MissingDataError, match="has 1 treated"):
        splitter(graph, 0)


@BOTH
def test_a_saved_split_is_the_same_when_loaded(
    splitter: Splitter, starter: Graph, tmp_path: Path
) -> None:
    split = splitter(starter, 11)
    save_split(split, starter, tmp_path / "splits.npz")
    loaded = load_split(tmp_path / "splits.npz", starter)
    assert (loaded.kind, loaded.seed, loaded.n_removed) == (split.kind, 11, split.n_removed)
    for part in ("train", "valid", "test", "held_out_diseases"):
        np.testing.assert_array_equal(getattr(loaded, part), getattr(split, part))


def test_a_damaged_or_foreign_split_is_refused(starter: Graph, tmp_path: Path) -> None:
    file = tmp_path / "splits.npz"
    with pytest.raises(MissingDataError, match=r"splits\.npz"):
        load_split(file, starter)
    save_split(split_by_pair(starter, 0), starter, file)
    whole = file.read_bytes()
    with pytest.raises(DataFormatError, match="another version of the graph"):
        load_split(file, random_graph(0))
    for damage in (b"", b"not a zip", whole[: len(whole) // 2], whole[:400] + b"\0" * 40):
        file.write_bytes(damage)
        with pytest.raises(DataFormatError, match="damaged"):
            load_split(file, starter)


def test_rows_named_twice_or_out_of_range_are_refused(tmp_path: Path) -> None:
    graph = random_graph(0)
    for rows in ([0, 0], [-1], [graph.n_triples]):
        file = tmp_path / "splits.npz"
        np.savez(
            file,
            train_rows=np.array(rows),
            valid_rows=np.empty(0, int),
            test_rows=np.empty(0, int),
            held_out_diseases=np.empty(0, int),
            n_triples=graph.n_triples,
            seed=0,
            kind="pair",
        )
        with pytest.raises(DataFormatError, match="damaged"):
            load_split(file, graph)
