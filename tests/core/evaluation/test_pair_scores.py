"""A trained model is judged as its table of scores is, and only where it is looked at."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from llador_core.errors import ConfigError
from llador_core.evaluation.protocols import PROTOCOLS, evaluate, rank_pairs
from llador_core.evaluation.sampling import draw
from llador_core.models.scorer import Scorer

EVERY = pytest.mark.parametrize("protocol", PROTOCOLS)


@pytest.fixture
def scorer(graph):
    generator = np.random.default_rng(0)
    entities = generator.standard_normal((graph.n_entities, 12)).astype(np.float32)
    return Scorer("transe", entities, entities[: graph.n_relations], 3.0)


@EVERY
def test_a_model_ranks_as_its_table_does(graph, split, scorer, protocol):
    table = scorer.score_pairs(graph.drugs, graph.treatment_relation, graph.diseases)
    by_table, by_model = (evaluate(graph, split, s, protocol, 3) for s in (table, scorer))
    assert by_model.to_json() == by_table.to_json()
    rows, columns, ranks, n = rank_pairs(graph, split, scorer, protocol, 3)
    np.testing.assert_array_equal(ranks, by_table.ranks)
    np.testing.assert_array_equal(n, by_table.n_candidates)
    np.testing.assert_array_equal(graph.drugs[rows], by_table.drugs)
    np.testing.assert_array_equal(graph.diseases[columns], by_table.diseases)


def test_a_sample_scores_only_its_candidates(graph, split, scorer, monkeypatch):
    monkeypatch.setattr(Scorer, "score_pairs", None)
    assert evaluate(graph, split, scorer, "sampled-50").n_candidates.max() == 50


@EVERY
def test_a_model_whose_scores_are_not_finite_is_refused(graph, split, scorer, protocol):
    huge = replace(scorer, entities=scorer.entities * np.float32(5e37))
    with pytest.raises(ConfigError, match="not finite"), np.errstate(all="ignore"):
        evaluate(graph, split, huge, protocol)


@pytest.mark.parametrize("n_columns", [12, 400])
def test_a_draw_takes_the_smallest_keys_of_those_allowed(n_columns):
    """By hand, also where nearly all of a row may not be drawn."""
    generator, n, k = np.random.default_rng(5), 30, 10
    true, order = generator.integers(n_columns, size=n), generator.permutation(n_columns)
    row, column = np.nonzero(generator.random((n, n_columns)) < np.linspace(0, 1, n)[:, None])
    is_other = column != true[row]
    no = row[is_other], column[is_other]
    columns, is_candidate = draw(true, no, k - 1, order, np.random.default_rng(1))
    keys = np.random.default_rng(1).random((n, n_columns))
    for i in range(n):
        forbidden = {true[i], *no[1][no[0] == i].tolist()}
        allowed = [c for c in range(n_columns) if c not in forbidden]
        allowed.sort(key=lambda c: keys[i, order[c]])
        assert columns[i, 0] == true[i] and is_candidate[i, 0]
        assert columns[i, 1:][is_candidate[i, 1:]].tolist() == allowed[: k - 1]
