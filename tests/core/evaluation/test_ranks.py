from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from llador_core.evaluation.ranks import mean_tie_ranks

SHAPE = (5, 9)
TIED = hnp.arrays(np.float32, SHAPE, elements=st.integers(-2, 2).map(float))
MASKS = hnp.arrays(np.bool_, SHAPE)
TRUE = hnp.arrays(np.int64, SHAPE[0], elements=st.integers(0, SHAPE[1] - 1))


def with_true(mask, true):
    mask = mask.copy()
    mask[np.arange(len(mask)), true] = True
    return mask


@given(TIED, TRUE, MASKS)
def test_rank_is_what_counting_one_by_one_gives(scores, true, mask):
    mask = with_true(mask, true)
    ranks, n_candidates = mean_tie_ranks(scores, true, mask)
    for row in range(len(scores)):
        better = ties = 0
        for column in range(scores.shape[1]):
            if not mask[row, column] or column == true[row]:
                continue
            if scores[row, column] > scores[row, true[row]]:
                better += 1
            elif scores[row, column] == scores[row, true[row]]:
                ties += 1
        assert ranks[row] == 1 + better + ties / 2
        assert n_candidates[row] == mask[row].sum()


@given(TRUE, MASKS, st.floats(-1e6, 1e6, width=32))
def test_a_scorer_that_cannot_tell_gets_the_middle(true, mask, constant):
    mask = with_true(mask, true)
    ranks, n_candidates = mean_tie_ranks(np.full(SHAPE, constant, np.float32), true, mask)
    np.testing.assert_array_equal(ranks, (n_candidates + 1) / 2)


@given(TIED, TRUE, MASKS, MASKS)
def test_more_candidates_never_improve_a_rank(scores, true, mask, more):
    few, many = with_true(mask, true), with_true(mask | more, true)
    assert (mean_tie_ranks(scores, true, few)[0] <= mean_tie_ranks(scores, true, many)[0]).all()


@given(TIED, TRUE, MASKS, st.permutations(range(SHAPE[1])))
def test_renumbering_columns_changes_no_rank(scores, true, mask, order):
    mask, order = with_true(mask, true), np.array(order)
    before = mean_tie_ranks(scores, true, mask)
    after = mean_tie_ranks(scores[:, order], np.argsort(order)[true], mask[:, order])
    np.testing.assert_array_equal(before[0], after[0])


@given(TIED)
def test_ranks_of_all_candidates_add_up(scores):
    """Ties share their places, so the ranks of n candidates always sum to n(n+1)/2."""
    n = SHAPE[1]
    every = np.ones((n, n), np.bool_)
    ranks, _ = mean_tie_ranks(np.tile(scores[0], (n, 1)), np.arange(n), every)
    assert ranks.sum() == n * (n + 1) / 2


@settings(max_examples=20)
@given(TIED, TRUE, MASKS)
def test_inputs_are_left_as_they_were(scores, true, mask):
    mask = with_true(mask, true)
    before = scores.copy(), true.copy(), mask.copy()
    mean_tie_ranks(scores, true, mask)
    for old, new in zip(before, (scores, true, mask), strict=True):
        np.testing.assert_array_equal(old, new)
