"""Evidence by a solver a child could check, and the law that no answer speaks for itself."""

from __future__ import annotations

import numpy as np
import pytest

from llador_core.graph import Graph
from llador_core.safeguard.evidence import (
    Similarity,
    answers_of,
    evidence,
    similarities,
)
from tests.builders import random_graph

N_DRUGS, N_DISEASES, RIDGE = 6, 5, 0.7


@pytest.fixture
def similarity() -> Similarity:
    draw = np.random.default_rng(0)
    drugs, diseases = draw.standard_normal((N_DRUGS, 9)), draw.standard_normal((N_DISEASES, 4))
    return Similarity(drugs @ drugs.T, diseases @ diseases.T)


@pytest.fixture
def answers() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 2, (N_DRUGS, N_DISEASES)).astype(float)


def by_solving(similarity: Similarity, answers: np.ndarray, left_out: str, i: int, j: int) -> float:
    """Solve the ridge regression anew without the pair, its drug or its disease."""
    kernel = np.kron(similarity.drugs, similarity.diseases)
    place = np.arange(answers.size).reshape(answers.shape)
    keep = np.ones(answers.shape, bool)
    keep[{"pair": (i, j), "drug": (i, slice(None)), "disease": (slice(None), j)}[left_out]] = False
    kept = place[keep]
    inner = kernel[np.ix_(kept, kept)] + RIDGE * np.eye(len(kept))
    return float(kernel[place[i, j], kept] @ np.linalg.solve(inner, answers.ravel()[kept]))


@pytest.mark.parametrize("left_out", ["pair", "drug", "disease"])
def test_the_closed_form_is_the_solution_without_what_is_left_out(
    similarity: Similarity, answers: np.ndarray, left_out: str
) -> None:
    table = evidence(similarity, answers, left_out, RIDGE)
    for i in range(N_DRUGS):
        for j in range(N_DISEASES):
            expected = by_solving(similarity, answers, left_out, i, j)
            assert table[i, j] == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("left_out", ["pair", "drug", "disease"])
def test_an_answer_never_enters_its_own_evidence(
    similarity: Similarity, answers: np.ndarray, left_out: str
) -> None:
    table = evidence(similarity, answers, left_out, RIDGE)
    for i, j in ((0, 0), (3, 2), (5, 4)):
        turned = answers.copy()
        turned[i, j] = 1 - turned[i, j]
        changed = evidence(similarity, turned, left_out, RIDGE)
        assert changed[i, j] == pytest.approx(table[i, j], abs=1e-9)
        assert not np.allclose(changed, table)


def test_similarity_counts_shared_neighbours_and_no_answers() -> None:
    graph = random_graph(4, n_avoided=40)
    found = similarities(graph, graph.triples, {})["graph"]
    np.testing.assert_allclose(found.drugs, found.drugs.T)
    assert np.linalg.eigvalsh(found.drugs).min() > -1e-9
    assert set(np.round(np.diag(found.drugs), 9)) <= {0.0, 1.0}
    is_drug, is_disease = (
        np.isin(np.arange(graph.n_entities), s) for s in (graph.drugs, graph.diseases)
    )
    h, t = graph.triples[:, 0], graph.triples[:, 2]
    joins = (is_drug[h] & is_disease[t]) | (is_disease[h] & is_drug[t])
    without = similarities(graph, graph.triples[~joins], {})["graph"]
    np.testing.assert_array_equal(without.drugs, found.drugs)
    np.testing.assert_array_equal(without.diseases, found.diseases)


def test_answers_by_a_loop(starter: Graph) -> None:
    table = answers_of(starter, starter.triples, "contraindicated")
    rows = starter.triples_with_role("contraindicated")
    assert table.sum() == len({(h, t) for h, _, t in rows.tolist()})
    drugs, diseases = starter.drugs.tolist(), starter.diseases.tolist()
    for h, _, t in rows[:20].tolist():
        assert table[drugs.index(h), diseases.index(t)] == 1
