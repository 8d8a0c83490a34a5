"""Contraindications held out beside treatments: nothing leaks, the old splits stay as they were."""

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
    n_contraindicated_pairs,
    split_by_disease,
    split_by_drug,
    split_by_pair,
)
from llador_core.errors import LeakError, MissingDataError
from llador_core.graph import Graph
from tests.builders import random_graph

Splitter = Callable[..., Split]
ALL = pytest.mark.parametrize("splitter", [split_by_pair, split_by_disease, split_by_drug])
ANY_SEED = st.integers(0, 2**31 - 1)


def pairs(triples: np.ndarray) -> set[frozenset[int]]:
    return {frozenset((h, t)) for h, _, t in triples.tolist()}


def with_avoided(seed: int) -> Graph:
    return random_graph(seed, n_avoided=60)


@ALL
@settings(max_examples=25)
@given(graph_seed=ANY_SEED, seed=ANY_SEED)
def test_no_held_out_pair_is_in_training_under_any_relation(
    splitter: Splitter, graph_seed: int, seed: int
) -> None:
    graph = with_avoided(graph_seed)
    split = splitter(graph, seed, is_caution_held_out=True)
    train, test = pairs(split.train), pairs(np.concatenate([split.test, split.caution_test]))
    valid = pairs(np.concatenate([split.valid, split.caution_valid]))
    assert not train & (test | valid)
    assert not test & valid
    assert not pairs(split.test) & pairs(split.caution_test)
    roles = {graph.relations[r].role for r in split.caution_test[:, 1]}
    assert roles <= {"contraindicated"}
    counted = len(split.train) + len(split.held_out) + split.n_removed
    assert counted == graph.n_triples


@settings(max_examples=15)
@given(graph_seed=ANY_SEED, seed=ANY_SEED)
def test_a_held_out_drug_has_no_answer_in_training(graph_seed: int, seed: int) -> None:
    graph = with_avoided(graph_seed)
    split = split_by_drug(graph, seed, is_caution_held_out=True)
    answers = graph.relations_with_role("treats", "palliates", "contraindicated")
    told = split.train[np.isin(split.train[:, 1], answers)]
    assert len(split.held_out_drugs)
    assert not set(told[:, 0].tolist()) & set(split.held_out_drugs.tolist())
    assert set(split.test[:, 0].tolist()) <= set(split.held_out_drugs.tolist())


@ALL
def test_the_held_out_treatments_do_not_depend_on_the_contraindications(
    splitter: Splitter, starter: Graph
) -> None:
    """Splits of older runs stay reproducible, and figures of old and new runs comparable."""
    without, beside = splitter(starter, 3), splitter(starter, 3, is_caution_held_out=True)
    np.testing.assert_array_equal(without.test, beside.test)
    np.testing.assert_array_equal(without.valid, beside.valid)
    assert len(without.caution_test) == 0
    assert len(beside.caution_test) > 0


def test_the_shares_are_those_of_the_treatments(starter: Graph) -> None:
    split = split_by_pair(starter, 0, is_caution_held_out=True)
    n = n_contraindicated_pairs(starter)
    assert len(pairs(split.caution_test)) == round(0.2 * n)
    assert len(pairs(split.caution_valid)) == round(0.05 * n)


def test_a_leaked_contraindication_or_drug_is_refused_by_name() -> None:
    graph = with_avoided(1)
    split = split_by_pair(graph, 0, is_caution_held_out=True)
    h, _, t = split.caution_test[0]
    leaking = np.vstack([split.train, np.array([[h, 0, t]], np.int32)])
    with pytest.raises(LeakError, match=r"1 held-out pairs") as error:
        check_no_leak(graph, replace(split, train=leaking))
    assert graph.entity_names[h] in str(error.value)
    by_drug = split_by_drug(graph, 0)
    gene = graph.entities_of_type("Gene")[0]
    extra = np.array([[by_drug.held_out_drugs[0], graph.treatment_relation, gene]], np.int32)
    with pytest.raises(LeakError, match="held-out drugs"):
        check_no_leak(graph, replace(by_drug, train=np.vstack([by_drug.train, extra])))


def test_too_few_contraindications_are_refused_with_the_count() -> None:
    with pytest.raises(MissingDataError, match="has 0 contraindicated"):
        split_by_pair(random_graph(0), 0, is_caution_held_out=True)


@ALL
def test_a_saved_split_keeps_what_was_held_out(
    splitter: Splitter, starter: Graph, tmp_path: Path
) -> None:
    split = splitter(starter, 2, is_caution_held_out=True)
    save_split(split, starter, tmp_path / "splits.npz")
    loaded = load_split(tmp_path / "splits.npz", starter)
    for part in ("caution_test", "caution_valid", "held_out_drugs", "held_out_diseases", "train"):
        np.testing.assert_array_equal(getattr(loaded, part), getattr(split, part))
    assert loaded.n_removed == split.n_removed
    assert loaded.kind == split.kind
