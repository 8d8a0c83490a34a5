from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from llador_core.data.splits import split_by_disease, split_by_pair
from llador_core.errors import ConfigError, MissingDataError, UnknownNameError
from llador_core.evaluation.metrics import METRICS
from llador_core.evaluation.pairs import known_pairs, positions
from llador_core.evaluation.protocols import PROTOCOLS, evaluate

EVERY = pytest.mark.parametrize("protocol", PROTOCOLS)
SAMPLED = pytest.mark.parametrize("protocol", ["sampled-50", "sampled-50-as-published"])
FULL = pytest.mark.parametrize("protocol", ["drug-ranking", "disease-ranking"])


def by_hand(graph, split, scores, ranks_drugs):
    """Return the rank of each test pair by loops over triples, keyed by the pair."""
    score = {
        (d, s): scores[i, j]
        for i, d in enumerate(graph.drugs.tolist())
        for j, s in enumerate(graph.diseases.tolist())
    }
    known = set()
    for triples in (split.train, split.valid, split.test):
        known |= {(h, t) for h, r, t in triples.tolist() if graph.relations[r].role == "treats"}
    ranks = {}
    for h, _, t in split.test.tolist():
        others = [(d, t) for d in graph.drugs.tolist()] if ranks_drugs else []
        others = others or [(h, s) for s in graph.diseases.tolist()]
        others = [pair for pair in others if pair not in known]
        better = sum(score[pair] > score[h, t] for pair in others)
        ties = sum(score[pair] == score[h, t] for pair in others)
        ranks[h, t] = 1 + better + ties / 2
    return ranks


def pairs_of(report):
    return list(zip(report.drugs.tolist(), report.diseases.tolist(), strict=True))


@FULL
def test_full_ranking_is_what_loops_give(graph, split, scores, protocol):
    report = evaluate(graph, split, scores, protocol)
    expected = by_hand(graph, split, scores, protocol == "drug-ranking")
    assert dict(zip(pairs_of(report), report.ranks.tolist(), strict=True)) == expected
    assert report.metrics["MRR"].value == pytest.approx(np.mean(1 / report.ranks))


@EVERY
def test_every_test_pair_is_judged_once(graph, split, scores, protocol):
    report = evaluate(graph, split, scores, protocol)
    assert len(set(pairs_of(report))) == report.n_pairs
    assert set(pairs_of(report)) == {(h, t) for h, _, t in split.test.tolist()}
    valid = evaluate(graph, split, scores, protocol, pairs="valid")
    assert set(pairs_of(valid)) == {(h, t) for h, _, t in split.valid.tolist()}


@EVERY
def test_a_constant_scorer_stands_in_the_middle(graph, split, scores, protocol):
    report = evaluate(graph, split, np.zeros_like(scores), protocol)
    np.testing.assert_array_equal(report.ranks, (report.n_candidates + 1) / 2)
    assert report.metrics["AUC"].value == 0.5


FILTERED = pytest.mark.parametrize("protocol", [p for p, s in PROTOCOLS.items() if s.is_filtered])


@FILTERED
def test_a_perfect_scorer_gets_one(graph, split, protocol):
    perfect = known_pairs(graph, split).astype(np.float32)
    report = evaluate(graph, split, perfect, protocol)
    assert {report.metrics[m].value for m in METRICS} == {1.0}


@FILTERED
def test_the_worst_scorer_stands_last(graph, split, protocol):
    worst = -known_pairs(graph, split).astype(np.float32)
    report = evaluate(graph, split, worst, protocol)
    np.testing.assert_array_equal(report.ranks, report.n_candidates)
    assert report.metrics["AUC"].value == 0


@SAMPLED
@pytest.mark.parametrize("seed", range(3))
def test_always_exactly_fifty_candidates(graph, split, scores, protocol, seed):
    report = evaluate(graph, split, scores, protocol, seed)
    assert set(report.n_candidates.tolist()) == {50}
    assert report.to_json()["n_candidates"] == {"min": 50, "max": 50}


@SAMPLED
def test_a_graph_with_fewer_diseases_takes_all_and_says_so(make_graph, protocol):
    small = make_graph(n_diseases=30)
    split = split_by_pair(small, seed=0)
    scores = np.random.default_rng(0).random((len(small.drugs), 30), np.float32)
    report = evaluate(small, split, scores, protocol)
    assert report.n_candidates.max() <= 30
    if protocol == "sampled-50":
        whole = evaluate(small, split, scores, "disease-ranking")
        np.testing.assert_array_equal(report.ranks, whole.ranks)
        assert report.to_json()["n_candidates"] == whole.to_json()["n_candidates"]
    else:
        assert set(report.n_candidates.tolist()) == {30}


def test_sampled_candidates_are_never_other_known_diseases_when_filtered(graph, split):
    """All known pairs share the highest score: a known candidate would tie with the true one."""
    known = known_pairs(graph, split)
    report = evaluate(graph, split, known.astype(np.float32), "sampled-50")
    assert (report.ranks == 1).all()
    published = evaluate(graph, split, known.astype(np.float32), "sampled-50-as-published")
    assert (published.ranks > 1).any()


def test_sampled_candidates_are_a_fair_draw(graph, split):
    """Over many seeds each allowed disease is drawn equally often: the rank of a pair under fixed
    scores averages to what full ranking says, scaled to 50 candidates."""
    scores = np.random.default_rng(3).random((len(graph.drugs), len(graph.diseases)), np.float32)
    full = evaluate(graph, split, scores, "disease-ranking")
    drawn = np.mean([evaluate(graph, split, scores, "sampled-50", s).ranks for s in range(60)], 0)
    expected = 1 + (full.ranks - 1) * 49 / (full.n_candidates - 1)
    assert np.abs(drawn - expected).mean() < 0.4
    assert abs((drawn - expected).mean()) < 0.1


@EVERY
def test_renumbering_entities_changes_no_metric(graph, split, scores, make_graph, protocol):
    order = np.random.default_rng(8).permutation(graph.n_entities)
    other = make_graph(order)
    new = np.empty_like(order)
    new[order] = np.arange(len(order))

    def renumber(triples):
        return np.stack([new[triples[:, 0]], triples[:, 1], new[triples[:, 2]]], 1).astype(np.int32)

    shuffled = np.random.default_rng(9).permutation(len(split.test))
    moved = replace(
        split,
        train=renumber(split.train),
        valid=renumber(split.valid),
        test=renumber(split.test)[shuffled],
    )
    rows = positions(graph.drugs, order[other.drugs])
    columns = positions(graph.diseases, order[other.diseases])
    before = evaluate(graph, split, scores, protocol, seed=3)
    after = evaluate(other, moved, scores[rows][:, columns], protocol, seed=3)
    np.testing.assert_array_equal(before.ranks, after.ranks)
    assert before.to_json() == after.to_json()


@FULL
def test_filtered_is_never_worse_than_raw(graph, split, scores, protocol, monkeypatch):
    filtered = evaluate(graph, split, scores, protocol)
    raw_spec = replace(PROTOCOLS[protocol], is_filtered=False)
    monkeypatch.setattr("llador_core.evaluation.protocols.PROTOCOLS", {protocol: raw_spec})
    raw = evaluate(graph, split, scores, protocol)
    assert (filtered.ranks <= raw.ranks).all()
    assert (filtered.ranks < raw.ranks).any()
    assert filtered.metrics["MRR"].value > raw.metrics["MRR"].value


@SAMPLED
def test_the_seed_decides_the_candidates_both_ways(graph, split, scores, protocol):
    one, same, other = (evaluate(graph, split, scores, protocol, seed) for seed in (1, 1, 2))
    assert one.to_json() == same.to_json()
    assert (one.ranks != other.ranks).any()


@FULL
def test_full_rankings_draw_nothing_but_the_bootstrap(graph, split, scores, protocol):
    one, other = (evaluate(graph, split, scores, protocol, seed) for seed in (1, 2))
    np.testing.assert_array_equal(one.ranks, other.ranks)
    assert one.metrics["MRR"].low != other.metrics["MRR"].low


@EVERY
def test_blocks_change_nothing(graph, split, scores, protocol, monkeypatch):
    whole = evaluate(graph, split, scores, protocol)
    monkeypatch.setattr("llador_core.evaluation.protocols.ROWS_AT_ONCE", 7)
    np.testing.assert_array_equal(whole.ranks, evaluate(graph, split, scores, protocol).ranks)


@EVERY
def test_a_zero_shot_split_is_judged_alike(graph, scores, protocol):
    split = split_by_disease(graph, seed=1)
    report = evaluate(graph, split, scores, protocol)
    assert report.n_pairs == len(np.unique(split.test[:, [0, 2]], axis=0))
    assert set(report.diseases.tolist()) <= set(split.held_out_diseases.tolist())


@EVERY
def test_scores_are_left_as_they_were(graph, split, scores, protocol):
    before = scores.copy()
    evaluate(graph, split, scores, protocol)
    np.testing.assert_array_equal(before, scores)


def test_a_pair_under_two_relations_counts_once(graph, split, scores):
    twice = replace(split, test=np.concatenate([split.test, split.test[:5]]))
    one, other = (evaluate(graph, s, scores, "drug-ranking").to_json() for s in (split, twice))
    assert one == other


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_scores_that_are_not_finite_are_refused(graph, split, scores, bad):
    scores[3, 4] = bad
    with pytest.raises(ConfigError, match="1 of 2,800 scores are not finite"):
        evaluate(graph, split, scores, "drug-ranking")


def test_scores_of_another_shape_are_refused(graph, split, scores):
    with pytest.raises(ConfigError, match=r"shape \(70, 40\), expected \(40, 70\)"):
        evaluate(graph, split, scores.T, "drug-ranking")


def test_a_split_without_pairs_is_refused(graph, split, scores):
    empty = replace(split, valid=np.empty((0, 3), np.int32))
    with pytest.raises(MissingDataError, match="no valid pairs"):
        evaluate(graph, empty, scores, "drug-ranking", pairs="valid")


def test_a_split_of_another_graph_is_refused(graph, split, scores):
    foreign = replace(split, test=split.test[:, [2, 1, 0]])
    with pytest.raises(ConfigError, match="belongs to another graph"):
        evaluate(graph, foreign, scores, "drug-ranking")


def test_an_unknown_protocol_gets_the_nearest_name(graph, split, scores):
    with pytest.raises(UnknownNameError, match="'sampled-50'"):
        evaluate(graph, split, scores, "sampled50")
