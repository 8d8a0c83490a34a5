"""Ranks among all entities against a loop that a child could check, then against laws."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from llador_core.errors import ConfigError, MissingDataError
from llador_core.evaluation import exact
from llador_core.evaluation.exact import exact_ranks, others_known
from llador_core.evaluation.link_prediction import link_metrics, predict_links
from llador_core.models.blocks import Queries
from llador_core.models.interactions import INTERACTIONS
from llador_core.models.scorer import Scorer

EVERY = pytest.mark.parametrize("model", [*INTERACTIONS, "transe/2", "rotate/2"])
SIDES = pytest.mark.parametrize("side", ["head", "tail"])
N, N_RELATIONS, DIM = 60, 3, 8


def make_scorer(model, n=N, dim=DIM, n_relations=N_RELATIONS):
    """Return a scorer with whole numbers as weights, so that scores tie and nearly tie."""
    model, _, norm = model.partition("/")  # "/2": with a Euclidean distance
    draw = np.random.default_rng(1)
    width = INTERACTIONS[model].relation_width(dim)
    entities = draw.integers(-1, 2, (n, dim)).astype(np.float32)
    entities[n // 2 :] = entities[: n - n // 2]  # every entity has a twin
    relations = draw.integers(-1, 2, (n_relations, width)).astype(np.float32)
    constants = {name: np.ones(shape, np.float32) for name, shape in INTERACTIONS[model].constants}
    constants |= {"norm": np.asarray(2, np.float32)} if norm else {}
    return Scorer(model, entities, relations, 0.0, constants)


@pytest.fixture
def triples():
    draw = np.random.default_rng(2)
    rows = [
        draw.integers(N, size=400),
        draw.integers(N_RELATIONS, size=400),
        draw.integers(N, size=400),
    ]
    return np.stack(rows, axis=1).astype(np.int32)


def by_hand(scorer, triples, side, known):
    """Return rank and number of candidates of each triple by loops."""
    rows, relations = scorer.rows.astype(float), scorer.relations.astype(float)
    true = {tuple(row) for row in known.tolist()}
    ranks, counts = [], []
    for h, r, t in triples.tolist():
        own, better, ties, n = None, 0, 0, 1
        ends = [(h, e) if side == "tail" else (e, t) for e in range(len(rows))]
        formula = INTERACTIONS[scorer.model].score
        scores = {
            (a, b): float(formula(rows[a], relations[r], rows[b], **scorer.constants))
            for a, b in ends
        }
        own = scores[h, t]
        for (a, b), score in scores.items():
            if (a, b) == (h, t) or (a, r, b) in true:
                continue
            n += 1
            better += score > own
            ties += score == own
        ranks.append(1 + better + ties / 2)
        counts.append(n)
    return ranks, counts


@EVERY
@SIDES
def test_ranks_are_what_loops_give(model, side, triples):
    scorer, test = make_scorer(model), triples[:25]
    for known in (triples, triples[:0]):
        ranks, counts = exact_ranks(scorer, test, side, [known])
        assert (ranks.tolist(), counts.tolist()) == by_hand(scorer, test, side, known)
    assert (ranks % 1 == 0.5).any()  # twins tie


@EVERY
@SIDES
def test_kernels_and_blocks_of_any_size_give_the_same_ranks(model, side, triples, monkeypatch):
    scorer, test = make_scorer(model), triples[:50]
    whole, n_whole = exact_ranks(scorer, test, side, [triples])
    monkeypatch.setattr(exact, "WORTH_COMPILING", 0)
    monkeypatch.setattr(exact, "PAIRS_AT_ONCE", 7)
    for block in ((1, 1), (7, 13), (50, 9), (3, 1_000)):
        ranks, n = exact_ranks(scorer, test, side, [triples], block)
        np.testing.assert_array_equal(ranks, whole)
        np.testing.assert_array_equal(n, n_whole)


def test_compiled_or_not_scores_that_are_not_finite_are_refused(monkeypatch):
    low, high = np.zeros(2, np.float32), np.ones(2, np.float32)
    for bad in (np.nan, np.inf):
        scores = np.array([[0, 1, 2], [0, bad, 2]], np.float32)
        for is_compiled in (False, True):
            with pytest.raises(ConfigError, match="not finite"):
                exact._settle(scores, low, high, is_compiled)


@EVERY
@SIDES
def test_renumbering_changes_no_rank(model, side, triples):
    scorer, order = make_scorer(model), np.random.default_rng(3).permutation(N)
    place = np.argsort(order)
    moved = replace(scorer, entities=scorer.entities[order])
    renamed = np.stack([place[triples[:, 0]], triples[:, 1], place[triples[:, 2]]], axis=1)
    before = exact_ranks(scorer, triples[:30], side, [triples])[0]
    np.testing.assert_array_equal(before, exact_ranks(moved, renamed[:30], side, [renamed])[0])


@EVERY
@SIDES
def test_a_constant_scorer_stands_in_the_middle(model, side, triples):
    scorer = make_scorer(model)
    flat = replace(scorer, entities=np.ones_like(scorer.entities))
    ranks, n = exact_ranks(flat, triples[:20], side, [triples])
    np.testing.assert_array_equal(ranks, (n + 1) / 2)


@EVERY
@SIDES
def test_filtered_is_never_worse_than_raw(model, side, triples):
    scorer = make_scorer(model)
    filtered, n_filtered = exact_ranks(scorer, triples[:60], side, [triples])
    raw, n_raw = exact_ranks(scorer, triples[:60], side)
    assert (filtered <= raw).all() and (filtered < raw).any()
    assert (n_raw == N).all() and (n_filtered < N).any()


def test_other_known_answers_are_each_told_once(triples):
    test, twice = triples[:10], [triples, triples[::-1]]
    query, entity = others_known(test, "tail", twice, N)
    expected = [
        (i, t)
        for i, (h, r, own) in enumerate(test.tolist())
        for t in sorted({row[2] for row in triples.tolist() if row[:2] == [h, r]} - {own})
    ]
    assert list(zip(query.tolist(), entity.tolist(), strict=True)) == expected


def test_nothing_larger_than_blocks_is_held():
    """Written out, the scores would be 64 MB and what they are computed from 2 GB."""
    n, draw = 40_000, np.random.default_rng(0)
    scorer = make_scorer("distmult", n=n, dim=32)
    scorer = replace(scorer, entities=draw.standard_normal((n, 32)).astype(np.float32))
    rows = [
        draw.integers(n, size=400),
        draw.integers(N_RELATIONS, size=400),
        draw.integers(n, size=400),
    ]
    triples = np.stack(rows, axis=1)
    assert scorer.rows is scorer.entities
    tracemalloc.start()
    exact_ranks(scorer, triples, "tail", [triples], block=(100, 1_000))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * 2**20


def test_scores_that_are_not_finite_are_refused(triples):
    scorer = make_scorer("distmult")
    huge = scorer.entities * np.float32(1e38)
    with (
        pytest.raises(ConfigError, match="not finite, so nothing can be ranked"),
        np.errstate(all="ignore"),
    ):
        exact_ranks(
            replace(scorer, entities=huge, relations=scorer.relations * np.float32(1e38)),
            triples[:9],
            "tail",
        )


def test_only_near_ties_are_scored_twice(triples, monkeypatch):
    """The bound settles most candidates: what is left is a small share."""
    draw, counted = np.random.default_rng(0), []
    scorer = make_scorer("rotate", n=2_000, dim=64)
    scorer = replace(scorer, entities=draw.standard_normal((2_000, 64)).astype(np.float32))
    original = Queries.exact
    monkeypatch.setattr(
        Queries,
        "exact",
        lambda self, which, e: counted.append(len(which)) or original(self, which, e),
    )
    exact_ranks(scorer, triples[:50], "tail")
    assert sum(counted) < 0.01 * 50 * 2_000


def graph_scorer(graph, seed=0):
    draw = np.random.default_rng(seed)
    entities = draw.standard_normal((graph.n_entities, DIM)).astype(np.float32)
    relations = draw.standard_normal((graph.n_relations, DIM)).astype(np.float32)
    return Scorer("distmult", entities, relations)


def test_link_prediction_judges_each_held_out_triple_at_both_ends(graph, split):
    scorer = graph_scorer(graph)
    report = predict_links(graph, split, scorer)
    assert {tuple(t) for t in report.triples.tolist()} == {tuple(t) for t in split.test.tolist()}
    for i, side in enumerate(("head", "tail")):
        ranks, n = by_hand(scorer, report.triples, side, graph.triples)
        assert report.ranks[:, i].tolist() == ranks
        assert report.n_candidates[:, i].tolist() == n
        assert report.by_side[side]["MR"].value == pytest.approx(np.mean(ranks))
    assert report.metrics["MRR"].value == pytest.approx((1 / report.ranks).mean())
    assert list(report.by_role) == ["treats"]
    expected = (report.n_candidates.mean() + 1) / 2
    amri = 1 - (report.ranks.mean() - 1) / (expected - 1)
    assert report.metrics["AMRI"].value == pytest.approx(amri)
    raw = predict_links(graph, split, scorer, is_filtered=False)
    for name, metric in report.metrics.items():
        better = metric.value - raw.metrics[name].value
        assert better <= 0 if name == "MR" else better >= 0 or name == "AMRI", name


def test_contraindications_are_judged_apart(graph, split):
    rows = graph.triples[graph.triples[:, 1] == 1][:4]  # "eases"
    both = replace(split, caution_test=rows)
    report = predict_links(graph, both, graph_scorer(graph))
    assert list(report.by_role) == ["palliates", "treats"]
    alone = predict_links(graph, split, graph_scorer(graph))
    assert report.by_role["treats"] == alone.metrics != report.metrics


def test_a_guessing_scorer_has_an_amri_of_zero_and_a_perfect_one_of_one():
    n = np.full((5, 2), 11)
    assert link_metrics((n + 1) / 2, n, 0)["AMRI"].value == 0
    assert link_metrics(np.ones((5, 2)), n, 0)["AMRI"].value == 1
    assert link_metrics(np.ones((5, 2)), np.ones((5, 2), int), 0)["AMRI"].value == 0


def test_renumbering_a_graph_changes_no_link_metric(graph, split, make_graph):
    order = np.random.default_rng(8).permutation(graph.n_entities)
    other, place = make_graph(order), np.argsort(order)
    test = np.stack([place[split.test[:, 0]], split.test[:, 1], place[split.test[:, 2]]], axis=1)
    scorer = graph_scorer(graph)
    moved = replace(scorer, entities=scorer.entities[order])
    before = predict_links(graph, split, scorer).to_json()
    assert before == predict_links(other, replace(split, test=test[::-1]), moved).to_json()


def test_a_model_of_another_graph_is_refused(graph, split):
    scorer = graph_scorer(graph)
    with pytest.raises(ConfigError, match="119 entities and 3 relations"):
        predict_links(graph, split, replace(scorer, entities=scorer.entities[1:]))


def test_a_split_without_triples_is_refused(graph, split):
    with pytest.raises(MissingDataError, match="no valid triples"):
        predict_links(
            graph, replace(split, valid=split.valid[:0]), graph_scorer(graph), pairs="valid"
        )
