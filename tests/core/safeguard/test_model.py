"""Heads, folds, and the stored safeguard: fitted right, kept whole, refused when damaged."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llador_core.data.splits import check_no_leak, split_by_disease, split_by_drug, split_by_pair
from llador_core.errors import DataFormatError
from llador_core.graph import Graph
from llador_core.models.scorer import Scorer
from llador_core.safeguard import level
from llador_core.safeguard.features import Reading
from llador_core.safeguard.fit import calibrate, can_guard, fit_safeguard, set_aside
from llador_core.safeguard.heads import fit_head, sigmoid
from llador_core.safeguard.model import FILE, SETTINGS, Safeguard, load, save
from tests.builders import random_graph


def test_a_head_finds_the_odds_of_a_table() -> None:
    """One feature, 0 or 1: the fitted chances are the shares among the labels."""
    feature = np.array([0, 0, 0, 0, 1, 1, 1, 1, 1, 1], float).reshape(5, 2)
    labels = np.array([1, 0, 0, 0, 1, 1, 1, 1, 0, 0], float)
    head = fit_head({"f": feature}, np.arange(10), labels, np.ones(10), penalty=1e-9)
    chance = sigmoid(head.logits({"f": feature})).ravel()
    assert chance[:4] == pytest.approx(1 / 4, abs=1e-5)
    assert chance[4:] == pytest.approx(4 / 6, abs=1e-5)


def test_a_weight_counts_as_so_many_pairs() -> None:
    draw = np.random.default_rng(0)
    feature, labels = draw.standard_normal((4, 3)), draw.integers(0, 2, 12).astype(float)
    twice = np.where(np.arange(12) < 5, 2.0, 1.0)
    rows = np.concatenate([np.arange(12), np.arange(5)])
    weighed = fit_head({"f": feature}, np.arange(12), labels, twice, penalty=1e-6)
    repeated = fit_head({"f": feature}, rows, labels[rows], np.ones(17), penalty=1e-6)
    np.testing.assert_allclose(
        weighed.logits({"f": feature}), repeated.logits({"f": feature}), atol=1e-3
    )


@pytest.mark.parametrize("splitter", [split_by_pair, split_by_disease, split_by_drug])
def test_a_fold_is_nowhere_in_what_the_second_model_learns(starter: Graph, splitter) -> None:
    split = splitter(starter, 1, is_caution_held_out=True)
    fold = set_aside(starter, split, seed=1)
    check_no_leak(starter, fold.split)

    def pairs(triples: np.ndarray) -> set[frozenset[int]]:
        return {frozenset((h, t)) for h, _, t in triples.tolist()}

    assert not pairs(fold.split.train) & pairs(fold.triples)
    assert not pairs(fold.triples) & pairs(split.held_out)
    roles = {starter.relations[r].role for r in fold.triples[:, 1]}
    assert roles == {"treats", "palliates", "contraindicated"}
    if split.kind != "pair":
        end = 0 if split.kind == "drug" else 2
        answers = starter.relations_with_role("treats", "palliates", "contraindicated")
        left = fold.split.train[np.isin(fold.split.train[:, 1], answers)]
        assert not set(left[:, end].tolist()) & set(fold.triples[:, end].tolist())


def fitted(graph: Graph) -> tuple[Safeguard, np.ndarray]:
    split = split_by_pair(graph, 0, is_caution_held_out=True)
    draw = np.random.default_rng(0)
    shapes = (graph.n_entities, 8), (graph.n_relations, 8)
    inner, outer = (
        Scorer("distmult", *(draw.standard_normal(s).astype(np.float32) for s in shapes))
        for _ in range(2)
    )
    fold = set_aside(graph, split, 0)
    return fit_safeguard(graph, split, fold, inner, outer, Reading({}, {})), split.train


def test_a_known_contraindication_is_certain_and_order_follows_both_logits() -> None:
    graph = random_graph(3, n_drugs=30, n_diseases=20, n_avoided=160)
    guard, train = fitted(graph)
    avoided = train[np.isin(train[:, 1], graph.relations_with_role("contraindicated"))]
    drugs, diseases = graph.drugs.tolist(), graph.diseases.tolist()
    for h, _, t in avoided.tolist():
        assert guard.caution[drugs.index(h), diseases.index(t)] > 0.999
    np.testing.assert_allclose(guard.combined, guard.treat - guard.caution_logits, rtol=1e-6)
    more = Safeguard(guard.treat, guard.caution_logits + 1, guard.settings)
    assert (more.combined < guard.combined).all()
    assert (more.caution >= guard.caution).all()


def test_calibration_says_how_often_it_is_so(starter: Graph) -> None:
    """Contraindications drawn by known chances: whatever bends the logits is bent back."""
    draw = np.random.default_rng(0)
    split = split_by_pair(starter, 0, is_caution_held_out=True)
    shape = len(starter.drugs), len(starter.diseases)
    logits = draw.normal(-3, 2, shape)
    drawn = np.argwhere(draw.random(shape) < sigmoid(logits))
    avoids = int(starter.relations_with_role("contraindicated")[0])
    rows = np.column_stack(
        [starter.drugs[drawn[:, 0]], np.full(len(drawn), avoids), starter.diseases[drawn[:, 1]]]
    ).astype(np.int32)
    rows = draw.permutation(rows)
    half = len(rows) // 2
    alone = replace(split, train=rows[:half], caution_valid=rows[half:])
    bent = np.sign(logits) * np.abs(logits) ** 1.5
    knots = calibrate(starter, alone, bent)
    assert list(knots) == sorted(knots)
    assert [chance for _, chance in knots] == sorted(chance for _, chance in knots)
    tables = (np.zeros(shape, np.float32), bent.astype(np.float32))
    told = Safeguard(*tables, {}, knots).caution
    # half of them are known to training, so the others are half as common
    odds = 0.5 * np.exp(logits)
    expected = odds / (1 + odds)
    assert np.abs(told - expected).mean() < 0.01
    likely = (expected > 0.2) & (expected < 0.5)
    assert told[likely].mean() == pytest.approx(expected[likely].mean(), abs=0.03)
    none = replace(split, caution_valid=split.caution_valid[:0])
    assert calibrate(starter, none, logits) == ()


def test_few_contraindications_or_too_many_pairs_are_not_guarded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    few, enough = random_graph(3), random_graph(3, n_avoided=120)
    assert not can_guard(few, split_by_pair(few, 0))
    split = split_by_pair(enough, 0, is_caution_held_out=True)
    assert can_guard(enough, split)
    monkeypatch.setattr("llador_core.safeguard.fit.LARGEST", 10)
    assert not can_guard(enough, split)


@given(st.floats(0, 1), st.floats(0, 1))
def test_levels_rise_with_the_chance(one: float, other: float) -> None:
    words = ["no sign", "some", "strong"]
    low, high = sorted((one, other))
    assert words.index(level(low)) <= words.index(level(high))
    assert [level(0.05), level(0.1), level(0.49), level(0.5)] == [
        "no sign",
        "some",
        "some",
        "strong",
    ]


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    draw = np.random.default_rng(0)
    tables = (draw.standard_normal((4, 3)).astype(np.float32) for _ in range(2))
    save(Safeguard(*tables, {"fitted_on": {"treats": 3}}), tmp_path)
    return tmp_path


@pytest.mark.parametrize("kind", [np.float32, np.float16])
def test_what_is_saved_is_what_is_loaded(tmp_path: Path, kind: type) -> None:
    draw = np.random.default_rng(0)
    tables = (draw.standard_normal((4, 3)).astype(np.float32) for _ in range(2))
    kept = save(
        Safeguard(*tables, {"fitted_on": {"treats": 3}}, ((-5.0, 0.01), (1.5, 0.8))), tmp_path, kind
    )
    read = load(tmp_path)
    assert read is not None
    np.testing.assert_array_equal(read.combined, kept.combined)
    np.testing.assert_array_equal(read.caution, kept.caution)
    assert read.settings == {"fitted_on": {"treats": 3}}
    assert read.knots == ((-5.0, 0.01), (1.5, 0.8))


def test_a_run_from_before_the_safeguard_has_none(tmp_path: Path) -> None:
    assert load(tmp_path) is None


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / FILE).unlink(), "is damaged"),
        (lambda f: (f / SETTINGS).unlink(), "is damaged"),
        (lambda f: (f / FILE).write_bytes(b"half"), "is damaged"),
        (lambda f: (f / SETTINGS).write_text("[]"), "is damaged"),
        (lambda f: (f / SETTINGS).write_text(json.dumps({"format": 9})), "Update LLaDoR"),
    ],
)
def test_damage_is_a_sentence(stored: Path, damage, message: str) -> None:
    damage(stored)
    with pytest.raises(DataFormatError, match=message):
        load(stored)
