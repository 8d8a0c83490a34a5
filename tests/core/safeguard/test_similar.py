"""Evidence in narrow tables is the ridge regression written out, and is read as it was saved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from llador_core.data.splits import Split, split_by_pair
from llador_core.errors import DataFormatError
from llador_core.graph import Graph
from llador_core.safeguard import similar as module
from llador_core.safeguard.evidence import answers_of, similarities
from llador_core.safeguard.features import Reading
from llador_core.safeguard.similar import RIDGE, SimilarPairs, fit_similar, load, save
from tests.builders import random_graph


@pytest.fixture
def graph() -> Graph:
    return random_graph(seed=3)


@pytest.fixture
def split(graph: Graph) -> Split:
    return split_by_pair(graph, 0, test_share=0.1, valid_share=0.4)


def scores_of(graph: Graph, seed: int = 0) -> np.ndarray:
    shape = (len(graph.drugs), len(graph.diseases))
    return np.random.default_rng(seed).standard_normal(shape, np.float32)


def texts_of(graph: Graph) -> Reading:
    draw = np.random.default_rng(5)
    rows = {field: draw.standard_normal((graph.n_entities, 4)) for field in ("name", "background")}
    unit = {f: r / np.linalg.norm(r, axis=1, keepdims=True) for f, r in rows.items()}
    return Reading({**unit, "caution": np.zeros((graph.n_entities, 4))}, {})


@pytest.mark.parametrize("has_texts", [False, True])
def test_the_evidence_is_the_ridge_regression_written_out(
    graph: Graph, split: Split, has_texts: bool
) -> None:
    reading = texts_of(graph) if has_texts else Reading({}, {})
    answers = answers_of(graph, split.train, "treats")
    drugs, diseases = np.flatnonzero(answers.any(1)), np.flatnonzero(answers.any(0))
    told = {k: v for k, v in reading.vectors.items() if v.any()}
    kind = similarities(graph, split.train, told)["both" if has_texts else "graph"]
    inner = np.kron(kind.drugs[np.ix_(drugs, drugs)], kind.diseases[np.ix_(diseases, diseases)])
    known = answers[np.ix_(drugs, diseases)]
    weights = np.linalg.solve(inner + RIDGE * np.eye(len(inner)), known.ravel())
    expected = kind.drugs[:, drugs] @ weights.reshape(known.shape) @ kind.diseases[diseases]
    sides = tuple(
        module._side(graph, split, reading, members, answers.sum(axis=axis))
        for members, axis in ((graph.drugs, 1), (graph.diseases, 0))
    )
    a, b = module._evidence(sides, answers.astype(np.float32))
    assert np.abs(expected).max() > 0.01
    np.testing.assert_allclose(a @ b.T, expected, atol=2e-4)


def test_lines_are_rows_and_columns_of_the_table(graph: Graph, split: Split) -> None:
    scores = scores_of(graph)
    found = fit_similar(graph, split, scores, texts_of(graph))
    assert found is not None
    table = found.combined(scores)
    np.testing.assert_allclose(found.line(scores[:, 1], 1, True), table[:, 1], atol=1e-5)
    np.testing.assert_allclose(found.line(scores[2], 2, False), table[2], atol=1e-5)
    places = np.array([2, 0])
    np.testing.assert_allclose(
        found.combined(scores[:, places], places), table[:, places], atol=1e-5
    )


def test_a_score_that_knows_the_answers_weighs_more_than_one_that_knows_nothing(
    graph: Graph, split: Split
) -> None:
    knows = answers_of(graph, split.valid, "treats").astype(np.float32)
    weights = [
        fit_similar(graph, split, scores, Reading({}, {})).settings["weights"]["model"]  # type: ignore[union-attr]
        for scores in (knows, scores_of(graph), -knows)
    ]
    assert weights[0] > 2 * weights[1]
    assert weights[2] == 0  # nothing speaks against a pair because the model is for it


def test_test_pairs_change_nothing(graph: Graph, split: Split) -> None:
    scores = scores_of(graph)
    found = fit_similar(graph, split, scores, Reading({}, {}))
    other = Split(**{**vars(split), "test": split.test[:1]})
    again = fit_similar(graph, other, scores, Reading({}, {}))
    assert found is not None and again is not None
    np.testing.assert_array_equal(found.combined(scores), again.combined(scores))


def test_few_validation_pairs_give_nothing(graph: Graph, split: Split) -> None:
    few = Split(**{**vars(split), "valid": split.valid[:2]})
    assert fit_similar(graph, few, scores_of(graph), Reading({}, {})) is None


def test_what_is_saved_is_what_is_read(graph: Graph, split: Split, tmp_path: Path) -> None:
    scores = scores_of(graph)
    found = fit_similar(graph, split, scores, texts_of(graph))
    assert found is not None
    assert load(tmp_path) is None
    kept, read = save(found, tmp_path), load(tmp_path)
    assert read is not None
    np.testing.assert_array_equal(kept.combined(scores), read.combined(scores))
    np.testing.assert_allclose(kept.combined(scores), found.combined(scores), atol=0.05)


@pytest.mark.parametrize("damage", ["lost", "format", "nan", "narrow"])
def test_damage_is_told(tmp_path: Path, damage: str) -> None:
    table = np.ones((3, 2), np.float32)
    if damage == "nan":
        table = table * np.nan
    other = np.ones((4, 1 if damage == "narrow" else 2), np.float32)
    save(SimilarPairs(table, other, 1.0, {}), tmp_path)
    if damage == "lost":
        (tmp_path / module.FILE).unlink()
    if damage == "format":
        (tmp_path / module.SETTINGS).write_text('{"format": 99, "weight": 1}')
    with pytest.raises(DataFormatError, match="similar pairs of run"):
        load(tmp_path)
