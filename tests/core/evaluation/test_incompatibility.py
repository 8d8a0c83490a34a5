"""Where contraindicated drugs stand, against a loop a child could check."""

from __future__ import annotations

import numpy as np
import pytest

from llador_core.data.splits import Split, split_by_pair
from llador_core.errors import MissingDataError
from llador_core.evaluation.incompatibility import incompatibility
from llador_core.graph import Graph
from tests.builders import random_graph


@pytest.fixture(scope="module")
def graph() -> Graph:
    return random_graph(2, n_drugs=40, n_diseases=12, n_avoided=90)


@pytest.fixture(scope="module")
def split(graph: Graph) -> Split:
    return split_by_pair(graph, 0, is_caution_held_out=True)


def value(report: dict, metric: str) -> float:
    return report["metrics"][metric]["value"]


def test_ranks_by_a_loop(graph: Graph, split: Split) -> None:
    drugs, diseases = graph.drugs.tolist(), graph.diseases.tolist()
    scores = np.random.default_rng(0).standard_normal((len(drugs), len(diseases)))
    treats = {(h, t) for h, _, t in graph.triples_with_role("treats").tolist()}
    places, lengths = [], []
    for h, _, t in split.caution_test.tolist():
        column = scores[:, diseases.index(t)]
        listed = [d for d in drugs if (d, t) not in treats]
        own = column[drugs.index(h)]
        places.append(1 + sum(column[drugs.index(d)] > own for d in listed if d != h))
        lengths.append(len(listed))
    report = incompatibility(graph, split, scores)
    assert report["n_contraindicated"] == len(places)
    expected = np.mean([p <= 0.05 * n for p, n in zip(places, lengths, strict=True)])
    assert value(report, "top 5%") == pytest.approx(expected, abs=1e-6)
    assert value(report, "top 20") == pytest.approx(np.mean(np.array(places) <= 20), abs=1e-6)
    percentile = [100 * (n - p) / (n - 1) for p, n in zip(places, lengths, strict=True)]
    assert value(report, "percentile") == pytest.approx(np.median(percentile), abs=1e-6)
    treated = [
        scores[drugs.index(h), diseases.index(t)]
        for h, t in {(h, t) for h, _, t in split.test.tolist()}
    ]
    avoided = [scores[drugs.index(h), diseases.index(t)] for h, _, t in split.caution_test.tolist()]
    auc = np.mean([a > b for a in treated for b in avoided])
    assert value(report, "AUC") == pytest.approx(auc, abs=1e-6)


def test_the_perfect_the_worst_and_the_constant_order(graph: Graph, split: Split) -> None:
    scores = np.zeros((len(graph.drugs), len(graph.diseases)))
    assert value(incompatibility(graph, split, scores), "AUC") == 0.5
    rows = np.searchsorted(graph.drugs, split.test[:, 0])
    columns = np.searchsorted(graph.diseases, split.test[:, 2])
    scores[rows, columns] = 1
    rows = np.searchsorted(graph.drugs, split.caution_test[:, 0])
    columns = np.searchsorted(graph.diseases, split.caution_test[:, 2])
    scores[rows, columns] = -1
    best, worst = (incompatibility(graph, split, s) for s in (scores, -scores))
    assert (value(best, "AUC"), value(worst, "AUC")) == (1, 0)
    assert (value(best, "top 5%"), value(best, "Hits@10")) == (0, 1)
    assert value(worst, "top 20") == 1
    for metric in best["metrics"].values():
        assert metric["low"] <= metric["value"] <= metric["high"]


def test_a_right_prediction_is_calibrated_and_a_bold_one_is_not(graph: Graph, split: Split) -> None:
    """Predicting everywhere how common contraindications are in training errs little."""
    shape = (len(graph.drugs), len(graph.diseases))
    avoids = graph.relations_with_role("contraindicated")
    trained = split.train[np.isin(split.train[:, 1], avoids)]
    known = np.zeros(shape, bool)
    for part in (split.train, split.valid, split.caution_valid):
        i, j = np.searchsorted(graph.drugs, part[:, 0]), np.searchsorted(graph.diseases, part[:, 2])
        inside = np.isin(part[:, 0], graph.drugs) & np.isin(part[:, 2], graph.diseases)
        known[i[inside], j[inside]] = True
    n = len({(h, t) for h, _, t in trained.tolist()})
    n_test = len({(h, t) for h, _, t in split.caution_test.tolist()})
    share = n / (n + (~known).sum() - n_test)
    modest = incompatibility(graph, split, np.zeros(shape), caution=np.full(shape, share))
    assert modest["calibration"]["expected_calibration_error"] < 1e-6
    assert modest["calibration"]["brier"] == pytest.approx(modest["calibration"]["brier_constant"])
    bold = incompatibility(graph, split, np.zeros(shape), caution=np.full(shape, 0.95))
    assert bold["calibration"]["expected_calibration_error"] > 0.5


def test_parts_are_judged_on_their_own(graph: Graph, split: Split) -> None:
    shape = (len(graph.drugs), len(graph.diseases))
    half = np.zeros(shape, bool)
    half[: shape[0] // 2] = True
    none = np.zeros(shape, bool)
    scores = np.random.default_rng(1).standard_normal(shape)
    report = incompatibility(graph, split, scores, groups={"a": half, "b": ~half, "c": none})
    assert set(report["groups"]) == {"a", "b"}
    assert sum(g["n_treated"] for g in report["groups"].values()) == report["n_treated"]


def test_without_held_out_contraindications_it_says_how_to_get_them(graph: Graph) -> None:
    with pytest.raises(MissingDataError, match="is_caution_held_out"):
        incompatibility(graph, split_by_pair(graph, 0), np.zeros((1, 1)))
