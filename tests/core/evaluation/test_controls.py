from __future__ import annotations

import json

import numpy as np
import pytest

from llador_core.data.splits import split_by_pair
from llador_core.evaluation.controls import (
    popularity_scores,
    random_scores,
    report_with_controls,
    text_scores,
)
from llador_core.evaluation.protocols import PROTOCOLS, evaluate
from llador_core.priors.vectors import FIELDS, FieldVectors

WIDTH = 6


@pytest.fixture
def vectors(graph):
    generator = np.random.default_rng(6)
    rows, has = {}, {}
    for field in FIELDS:
        has[field] = generator.random(graph.n_entities) < 0.7
        block = generator.standard_normal((graph.n_entities, WIDTH))
        block /= np.linalg.norm(block, axis=1, keepdims=True)
        rows[field] = (block * has[field][:, None]).astype(np.float32)
    return FieldVectors(rows, has, "fake", graph.checksum)


def hand_count(graph, split):
    """Return (treatments, edges) in training of each entity, by a loop."""
    treats, edges = [0] * graph.n_entities, [0] * graph.n_entities
    for h, r, t in split.train.tolist():
        for end in (h, t):
            edges[end] += 1
            treats[end] += graph.relations[r].role == "treats"
    return list(zip(treats, edges, strict=True))


def test_popularity_orders_drugs_and_diseases_by_a_hand_count(graph, split):
    scores, counts = popularity_scores(graph, split), hand_count(graph, split)
    for members, line in ((graph.drugs, scores[:, 5]), (graph.diseases, scores[5])):
        for a, count_a in enumerate(members):
            for b, count_b in enumerate(members):
                expected = counts[count_a] > counts[count_b]
                assert (line[a] > line[b]) == expected
                assert (line[a] == line[b]) == (counts[count_a] == counts[count_b])


def test_popularity_sees_training_only(graph, split):
    other = split_by_pair(graph, seed=5)
    assert (popularity_scores(graph, split) != popularity_scores(graph, other)).any()


def test_text_is_the_cosine_of_the_mean_text(graph, vectors):
    scores = text_scores(graph, vectors)
    assert scores.shape == (len(graph.drugs), len(graph.diseases))
    for row, column in ((0, 0), (3, 17), (39, 69)):
        ends = graph.drugs[row], graph.diseases[column]
        means = [
            np.mean([vectors.vectors[f][e] for f in FIELDS if vectors.has[f][e]], axis=0)
            for e in ends
            if any(vectors.has[f][e] for f in FIELDS)
        ]
        expected = 0.0
        if len(means) == 2:
            expected = means[0] @ means[1] / np.linalg.norm(means[0]) / np.linalg.norm(means[1])
        assert scores[row, column] == pytest.approx(expected, abs=1e-6)
    assert np.isfinite(scores).all()


def test_text_mechanism_knows_nothing_of_treatment_and_caution(graph, vectors):
    blank = {f: vectors.vectors[f] * (f in ("name", "background")) for f in FIELDS}
    expected = text_scores(graph, FieldVectors(blank, vectors.has, "fake", ""))
    np.testing.assert_allclose(text_scores(graph, vectors, "mechanism"), expected, atol=1e-6)


def test_random_is_seeded_both_ways_and_no_better_than_chance(graph, split):
    np.testing.assert_array_equal(random_scores(graph, 1), random_scores(graph, 1))
    assert (random_scores(graph, 1) != random_scores(graph, 2)).any()
    reports = [evaluate(graph, split, random_scores(graph, s), "drug-ranking") for s in range(20)]
    assert np.mean([r.metrics["AUC"].value for r in reports]) == pytest.approx(0.5, abs=0.03)


def test_the_report_holds_run_controls_and_split_as_plain_json(graph, split, scores, vectors):
    report = report_with_controls(graph, split, scores, vectors, seed=2)
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert set(report["baselines"]) == {"popularity", "random", "text", "text-mechanism"}
    for protocol in PROTOCOLS:
        assert report["run"][protocol] == evaluate(graph, split, scores, protocol, 2).to_json()
        judged = evaluate(graph, split, text_scores(graph, vectors), protocol, 2).to_json()
        assert report["baselines"]["text"][protocol] == judged
    assert report["split"] == {
        "kind": "pair",
        "seed": 0,
        "n_train": len(split.train),
        "n_valid": len(split.valid),
        "n_test": len(split.test),
        "n_removed": split.n_removed,
    }


def test_without_vectors_there_is_no_text_baseline(graph, split, scores):
    report = report_with_controls(graph, split, scores, None, seed=0)
    assert set(report["baselines"]) == {"popularity", "random"}
