"""A paired bootstrap against a loop, against its laws, and on runs where the answer is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llador_core import comparison
from llador_core.errors import ConfigError
from llador_core.evaluation.compare import METRICS, compare, paired_differences
from llador_core.evaluation.metrics import LEVEL, N_RESAMPLES
from llador_core.evaluation.protocols import evaluate
from llador_core.graph import Graph
from llador_core.training.runs import load_run

FULL, NONE = "starter-distmult-full-62e765ac", "starter-distmult-none-ea823796"


def draw_ranks(seed: int, n: int = 60) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    return draw.integers(1, 100, n) * 1.0, draw.integers(1, 100, n) * 1.0, np.full(n, 100)


def test_equals_a_loop_over_resamples() -> None:
    ranks, base, n_candidates = draw_ranks(0)
    found = paired_differences(ranks, base, n_candidates, seed=3)["MRR"]
    generator = np.random.default_rng(3)
    n = len(ranks)
    means = []
    for times in generator.multinomial(n, np.full(n, 1 / n), size=N_RESAMPLES):
        chosen = [i for i, count in enumerate(times) for _ in range(count)]
        assert len(chosen) == n
        means.append(sum(1 / ranks[i] - 1 / base[i] for i in chosen) / n)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    assert found.value == pytest.approx(np.mean(1 / ranks - 1 / base))
    assert (found.low, found.high) == pytest.approx((low, high))


@settings(max_examples=20)
@given(st.integers(0, 1000))
def test_swapping_sides_flips_the_sign(seed: int) -> None:
    ranks, base, n = draw_ranks(seed)
    forth, back = paired_differences(ranks, base, n, 1), paired_differences(base, ranks, n, 1)
    for name in METRICS:
        there = np.array([back[name].value, back[name].high, back[name].low])
        here = np.array([forth[name].value, forth[name].low, forth[name].high])
        np.testing.assert_allclose(here, -there, atol=1e-12)


def test_a_run_beside_itself_differs_by_nothing() -> None:
    ranks, _, n = draw_ranks(1)
    for one in paired_differences(ranks, ranks, n, 0).values():
        assert (one.value, one.low, one.high) == (0, 0, 0)


def test_pairing_narrows_the_interval() -> None:
    """Hard pairs are hard for both: the difference is surer than either figure."""
    draw = np.random.default_rng(2)
    base = draw.integers(1, 100, 200) * 1.0
    ranks = np.maximum(1, base - draw.integers(0, 3, 200))
    n = np.full(200, 100)
    paired = paired_differences(ranks, base, n, 0)["AUC"]
    apart = paired_differences(ranks, draw.permutation(base), n, 0)["AUC"]
    assert paired.low > 0
    assert paired.high - paired.low < 0.2 * (apart.high - apart.low)


def test_the_prior_ranks_hidden_drugs_better_and_its_figures_are_the_reports(
    starter: Graph,
) -> None:
    run, base = load_run(FULL), load_run(NONE)
    split = run.split(starter)
    scores = [one.pair_scores(starter, "raw") for one in (run, base)]
    found = compare(starter, split, scores[0], scores[1])
    reports = [evaluate(starter, split, one, "drug-ranking") for one in scores]
    for name in METRICS:
        apart = reports[0].metrics[name].value - reports[1].metrics[name].value
        assert found.differences[name].value == pytest.approx(apart)
    assert found.differences["MRR"].low > 0
    told = found.to_json()
    assert told["n_better"] + told["n_worse"] <= found.n_pairs == told["n_pairs"]


def test_each_pair_counts_once_by_disease(starter: Graph) -> None:
    run, base = load_run(FULL), load_run(NONE)
    found = comparison.compare_runs(starter, run, base)
    rows = found.by_disease()
    assert sum(r.n_better + r.n_worse + r.n_equal for r in rows) == found.n_pairs
    assert sum(r.n_better for r in rows) == found.to_json()["n_better"]
    assert len({r.disease for r in rows}) == len(rows) == len(np.unique(found.diseases))
    gains = [r.n_better - r.n_worse for r in rows]
    assert gains == sorted(gains, reverse=True)


def test_the_sentence_says_what_the_interval_does(starter: Graph) -> None:
    run, base = load_run(FULL), load_run(NONE)
    better = comparison.compare_runs(starter, run, base)
    assert "A ranks the hidden pairs better than B: +0." in comparison.verdict(better, "A", "B")
    worse = comparison.compare_runs(starter, base, run)
    assert "A ranks the hidden pairs worse than B: −0." in comparison.verdict(worse, "A", "B")
    same = comparison.compare_runs(starter, run, run)
    assert "rank all 208 hidden pairs alike" in comparison.verdict(same, "A", "B")
    other = comparison.compare_runs(starter, run, load_run("starter-transe-full-07804543"))
    assert "do not decide" in comparison.verdict(other, "A", "B")


def test_runs_with_other_hidden_pairs_are_not_compared(
    starter: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    from llador_core.data.splits import split_by_pair

    run, base = load_run(FULL), load_run(NONE)
    other = split_by_pair(starter, 7)
    real = type(run).split
    monkeypatch.setattr(
        type(run), "split", lambda self, graph: other if self is base else real(self, graph)
    )
    with pytest.raises(ConfigError, match="hid different pairs"):
        comparison.compare_runs(starter, run, base)


def test_settings_that_differ() -> None:
    rows = comparison.differing_settings([load_run(FULL), load_run(NONE)])
    assert rows == {"prior": ["full", "none"], "start": [0.1, 1.0]}
