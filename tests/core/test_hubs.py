"""Hub bias: shares by a loop, laws of the correction, and what it does on the shipped runs."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from llador_core import hubs
from llador_core.errors import ConfigError
from llador_core.graph import Graph
from llador_core.ranking import mean_ranks
from llador_core.safeguard import Safeguard
from llador_core.training.runs import Run, default_run, load_run
from tests.builders import graph_of

N_DRUGS, N_DISEASES = 12, 7


@pytest.fixture(scope="module")
def small() -> Graph:
    drugs = {f"drug{i:02}": "Compound" for i in range(N_DRUGS)}
    diseases = {f"disease{i}": "Disease" for i in range(N_DISEASES)}
    triples = [(drug, "treats", f"disease{i % N_DISEASES}") for i, drug in enumerate(drugs)]
    return graph_of(triples, drugs | diseases)


@pytest.fixture
def scores() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(N_DRUGS, N_DISEASES))


@pytest.fixture(scope="module")
def run() -> Run:
    return load_run(default_run("starter").name)


def measured(graph: Graph, scores: np.ndarray, k: int = 3) -> hubs.Hubs:
    at = {disease: column for column, disease in enumerate(graph.diseases.tolist())}
    return hubs.measure(graph, lambda ds: scores[:, [at[d] for d in ds.tolist()]], k)


def test_the_share_by_a_loop(small: Graph, scores: np.ndarray) -> None:
    shares = measured(small, scores, k=3).share
    for drug in range(N_DRUGS):
        n = sum(mean_ranks(scores[:, j])[drug] <= 3 for j in range(N_DISEASES))
        assert shares[drug] == pytest.approx(n / N_DISEASES)


@pytest.mark.parametrize("k", [1, 5, N_DRUGS, 50])
def test_the_places_handed_out_are_as_many_as_there_are(small: Graph, k: int) -> None:
    tied = np.random.default_rng(2).integers(0, 3, (N_DRUGS, N_DISEASES)).astype(float)
    shares = measured(small, tied, k).share
    assert shares.sum() == pytest.approx(min(k, N_DRUGS))
    assert ((shares >= 0) & (shares <= 1)).all()


def test_equals_share_the_places_evenly(small: Graph) -> None:
    shares = measured(small, np.zeros((N_DRUGS, N_DISEASES)), k=3).share
    assert shares == pytest.approx(np.full(N_DRUGS, 3 / N_DRUGS))


def test_another_order_of_drugs_is_the_same_share(small: Graph, scores: np.ndarray) -> None:
    order = np.random.default_rng(3).permutation(N_DRUGS)
    turned = measured(small, scores[order], k=4)
    assert turned.share == pytest.approx(measured(small, scores, k=4).share[order])


def test_what_is_no_list_is_told(small: Graph, scores: np.ndarray) -> None:
    with pytest.raises(ConfigError, match="at least 1"):
        measured(small, scores, k=0)


def test_a_run_is_its_score_matrix(starter: Graph, run: Run) -> None:
    matrix = run.pair_scores(starter)
    found = hubs.measure(starter, hubs.score_of(starter, run), k=10)
    assert found.share == pytest.approx(measured(starter, matrix, k=10).share)
    assert found.share.sum() == pytest.approx(10)


def test_the_order_decides_what_is_corrected(starter: Graph, run: Run) -> None:
    """With a safeguard it is what the list is ordered by, without one the model's score."""
    drawn = np.random.default_rng(4).normal(size=(2, len(starter.drugs), len(starter.diseases)))
    treat, caution = drawn.astype(np.float32)
    guarded = dataclasses.replace(run, safeguard=Safeguard(treat, caution, {}))
    some = starter.diseases[[5, 2]]
    assert np.array_equal(
        hubs.score_of(starter, guarded)(some), guarded.pair_scores(starter)[:, [5, 2]]
    )
    raw = run.scorer.treatment_scores(starter)[:, [5, 2]]
    assert hubs.score_of(starter, guarded, "raw")(some) == pytest.approx(raw, abs=1e-5)
    unguarded = dataclasses.replace(run, safeguard=None)
    assert hubs.score_of(starter, unguarded)(some) == pytest.approx(raw, abs=1e-5)


def test_a_planted_hub_leaves_the_top(small: Graph, scores: np.ndarray) -> None:
    planted = scores.copy()
    planted[4] += 100
    found = measured(small, planted)
    assert found.share[4] == 1
    ranks = np.stack([hubs.corrected_ranks(column, found) for column in planted.T])
    without = measured(small, scores)
    assert ranks == pytest.approx(
        np.stack([hubs.corrected_ranks(column, without) for column in scores.T])
    )
    assert found.corrected_share == pytest.approx(without.corrected_share)


def test_what_a_disease_adds_to_all_moves_nobody(small: Graph, scores: np.ndarray) -> None:
    moved = scores + np.arange(N_DISEASES) * 10
    before, after = measured(small, scores), measured(small, moved)
    for j in range(N_DISEASES):
        assert hubs.corrected_ranks(moved[:, j], after) == pytest.approx(
            hubs.corrected_ranks(scores[:, j], before)
        )


def test_a_few_extremes_are_not_what_a_drug_usually_scores(small: Graph) -> None:
    """A certain contraindication in one of thirty lists must not lift a drug in the others."""
    table = np.random.default_rng(5).normal(size=(N_DRUGS, 30))
    hit = table.copy()
    hit[2, 7] = -1000
    before, after = hubs._usual(table), hubs._usual(hit)
    assert after - after.mean() == pytest.approx(before - before.mean(), abs=0.2)
    by_loop = [
        np.mean(sorted(row[j] - table[:, j].mean() for j in range(30))[3:27]) for row in table
    ]
    assert before == pytest.approx(by_loop)


def test_drugs_that_never_differ_stay_tied(small: Graph) -> None:
    constant = np.repeat(np.arange(N_DRUGS, dtype=float)[:, None], N_DISEASES, axis=1)
    found = measured(small, constant)
    assert set(hubs.corrected_ranks(constant[:, 0], found)) == {(N_DRUGS + 1) / 2}
    assert found.corrected_correlation == 0


def test_the_correlation_is_one_for_a_list_by_degree() -> None:
    degree = np.array([3, 1, 9, 4, 4])
    by_degree = np.repeat(degree[:, None], 2, axis=1).astype(float)
    assert hubs.degree_correlation(by_degree, degree) == pytest.approx(1)
    assert hubs.degree_correlation(-by_degree, degree) == pytest.approx(-1)
    assert hubs.degree_correlation(np.zeros((5, 2)), degree) == 0


def test_a_large_graph_is_looked_at_in_part_whatever_its_numbering(
    small: Graph, scores: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubs, "MAX_DISEASES", 3)
    names = [small.entity_ids[d] for d in hubs.reference_diseases(small)]
    assert names == ["disease0", "disease3", "disease6"]
    assert measured(small, scores).n_diseases == 3


def test_on_the_shipped_runs_hubs_go_and_degree_with_them(starter: Graph, run: Run) -> None:
    found = hubs.measure(starter, hubs.score_of(starter, run))
    assert found.n_diseases == len(starter.diseases)
    assert found.corrected_share.max() < found.share.max()
    assert abs(found.corrected_correlation) <= 0.05


def test_the_effect_is_judged_as_the_run_was(starter: Graph, run: Run) -> None:
    scores = hubs.score_of(starter, run, "raw")
    found = hubs.measure(starter, scores)
    told = hubs.effect(starter, run, scores, found)
    written = run.metrics["run"]["drug-ranking"]
    assert told.n_pairs == written["n_pairs"]
    for name in hubs.METRICS:
        assert told.before[name].value == pytest.approx(written["metrics"][name]["value"], abs=1e-6)
        change = told.after[name].value - told.before[name].value
        assert told.change[name].value == pytest.approx(change)
        assert told.change[name].low <= change <= told.change[name].high
        assert told.popularity[name].value < told.after[name].value
    assert told.popularity_correlation > 0.2
    matrix = run.scorer.treatment_scores(starter)
    judged = [j for j, d in enumerate(starter.diseases) if d in run.split(starter).test[:, 2]]
    n_avoid = 0
    for j in judged:
        first = starter.drugs[mean_ranks(matrix[:, j]) <= 20]
        avoid = starter.neighbours_with_role(int(starter.diseases[j]), "contraindicated")
        n_avoid += len(set(first.tolist()) & set(avoid.tolist()))
    assert told.to_avoid is not None
    assert told.to_avoid[0] == pytest.approx(n_avoid / (20 * len(judged)))


def test_a_graph_without_contraindications_tells_no_share_of_them(starter: Graph, run: Run) -> None:
    relations = tuple(
        dataclasses.replace(r, role=None) if r.role == "contraindicated" else r
        for r in starter.relations
    )
    silent = dataclasses.replace(starter, relations=relations)
    scores = hubs.score_of(silent, run)
    assert hubs.effect(silent, run, scores, hubs.measure(silent, scores)).to_avoid is None


def test_without_hubs_the_correction_changes_nothing(starter: Graph, run: Run) -> None:
    scores = hubs.score_of(starter, run)
    found = hubs.measure(starter, scores)
    flat = dataclasses.replace(found, usual=np.full_like(found.usual, 2.0))
    told = hubs.effect(starter, run, scores, flat)
    assert told.after["MRR"].value == pytest.approx(told.before["MRR"].value, abs=1e-3)
    assert told.change["Hits@50"].value == pytest.approx(0, abs=5e-3)
