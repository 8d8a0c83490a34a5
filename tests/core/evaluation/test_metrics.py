from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llador_core.evaluation.metrics import METRICS, per_pair, recall_curve, spread, with_intervals

RANKS = st.lists(st.integers(2, 100).map(lambda twice: twice / 2), min_size=1, max_size=40)
N_CANDIDATES = 50


def values_of(ranks, n_candidates=N_CANDIDATES):
    return per_pair(np.array(ranks, float), np.full(len(ranks), n_candidates))


def test_metrics_by_hand():
    means = {name: column.mean() for name, column in values_of([1, 2.5, 4, 50]).items()}
    assert tuple(means) == METRICS
    assert means["MR"] == pytest.approx((1 + 2.5 + 4 + 50) / 4)
    assert means["MRR"] == pytest.approx((1 + 1 / 2.5 + 1 / 4 + 1 / 50) / 4)
    hits = [means[f"Hits@{k}"] for k in (1, 3, 10, 50)]
    assert hits == [0.25, 0.5, 0.75, 1]
    # 49, 47.5, 46 and 0 of 49 other candidates stand below the true one.
    assert means["AUC"] == pytest.approx((49 + 47.5 + 46 + 0) / (4 * 49))


def test_auc_is_the_share_of_other_candidates_below_with_ties_half():
    generator = np.random.default_rng(0)
    scores = generator.integers(0, 5, 30)
    below = np.mean([1 if s < scores[0] else 0.5 if s == scores[0] else 0 for s in scores[1:]])
    rank = 1 + (scores[1:] > scores[0]).sum() + (scores[1:] == scores[0]).sum() / 2
    assert per_pair(np.array([rank]), np.array([30]))["AUC"][0] == pytest.approx(below)


def test_a_lone_candidate_says_nothing():
    assert values_of([1], n_candidates=1)["AUC"] == 0.5


@settings(max_examples=50)
@given(RANKS, st.integers(0, 2**32 - 1))
def test_an_interval_holds_its_value_and_stays_within_the_observed(ranks, seed):
    values = values_of(ranks)
    for name, interval in with_intervals(values, seed).items():
        assert interval.value == pytest.approx(values[name].mean())
        assert interval.low <= interval.value <= interval.high
        assert interval.low >= values[name].min() - 1e-9
        assert interval.high <= values[name].max() + 1e-9


def test_intervals_agree_with_a_plain_bootstrap():
    ranks = np.random.default_rng(2).integers(1, 51, 80).astype(float)
    values = values_of(ranks)
    ours = with_intervals(values, seed=0)["MRR"]
    generator = np.random.default_rng(9)
    plain = [values["MRR"][generator.integers(0, 80, 80)].mean() for _ in range(4000)]
    low, high = np.quantile(plain, [0.025, 0.975])
    assert ours.low == pytest.approx(low, abs=0.01)
    assert ours.high == pytest.approx(high, abs=0.01)


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    generator = np.random.default_rng(5)
    truth, n_covered = 0.3, 0
    for seed in range(200):
        interval = with_intervals({"x": (generator.random(100) < truth).astype(float)}, seed)["x"]
        n_covered += interval.low <= truth <= interval.high
    assert 0.88 <= n_covered / 200 <= 0.99


def test_intervals_narrow_with_more_pairs():
    few, many = values_of([1, 5, 20, 45]), values_of([1, 5, 20, 45] * 25)
    one, other = (with_intervals(values, 0)["MRR"] for values in (few, many))
    assert one.high - one.low > 3 * (other.high - other.low)


def test_the_seed_decides_the_resamples_both_ways():
    values = values_of(np.arange(1, 51))
    assert with_intervals(values, 1) == with_intervals(values, 1)
    assert with_intervals(values, 1)["MRR"].low != with_intervals(values, 2)["MRR"].low


@given(RANKS)
def test_recall_curve_counts_and_rises_to_one(ranks):
    ks, recall = recall_curve(np.array(ranks), N_CANDIDATES)
    assert ks[0] == 1
    assert ks[-1] == N_CANDIDATES
    assert recall == [pytest.approx(sum(r <= k for r in ranks) / len(ranks)) for k in ks]
    assert recall[-1] == 1


def test_recall_curve_reaches_the_end_of_a_long_list():
    ks, recall = recall_curve(np.array([1.0, 636.0]), 636)
    assert ks[-2:] == [100, 636]
    assert recall[-2:] == [0.5, 1]


def test_spread_over_seeds_by_hand():
    reports = [{"metrics": {"MRR": {"value": v, "low": 0, "high": 1}}} for v in (0.2, 0.4, 0.9)]
    result = spread(reports)["MRR"]
    assert result.mean == pytest.approx(0.5)
    assert result.sd == pytest.approx((((0.3**2) + 0.1**2 + 0.4**2) / 2) ** 0.5)
    assert np.isnan(spread(reports[:1])["MRR"].sd)
