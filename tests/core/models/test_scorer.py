"""Scores from every path against the published formula in double precision."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from llador_core.models import distances
from llador_core.models.blocks import Queries
from llador_core.models.interactions import INTERACTIONS
from llador_core.models.scorer import Scorer
from llador_core.models.threads import for_each, n_threads, spans

EUCLIDEAN = ("transe/2", "rotate/2")  # trained elsewhere, with another norm
EVERY = pytest.mark.parametrize("model", [*INTERACTIONS, *EUCLIDEAN])
SIDES = pytest.mark.parametrize("side", ["head", "tail"])
N, DIM = 70, 24


def make_scorer(model, n=N, dim=DIM, seed=0, n_relations=3):
    model, _, norm = model.partition("/")
    draw = np.random.default_rng(seed)
    width = INTERACTIONS[model].relation_width(dim)
    constants = {
        name: np.asarray(draw.random(shape) + 0.5, np.float32)
        for name, shape in INTERACTIONS[model].constants
    }
    constants |= {"norm": np.asarray(2, np.float32)} if norm else {}
    entities = draw.standard_normal((n, dim)).astype(np.float32)
    relations = draw.standard_normal((n_relations, width)).astype(np.float32)
    return Scorer(model, entities, relations, 0.5, constants)


def by_formula(scorer, h, r, t):
    """Return one score without margin in double precision."""
    rows, relations = scorer.rows.astype(float), scorer.relations.astype(float)
    return float(
        INTERACTIONS[scorer.model].score(rows[h], relations[r], rows[t], **scorer.constants)
    )


@EVERY
@SIDES
@pytest.mark.parametrize(
    "candidates", [np.arange(N), np.arange(5, 9), np.array([40, 3, 3, 69]), np.empty(0, int)]
)
def test_one_query_scores_any_candidates_as_the_formula_does(model, side, candidates):
    scorer = make_scorer(model)
    found = scorer.score_candidates(7, 2, candidates, side)
    ends = [(7, c) if side == "tail" else (c, 7) for c in candidates.tolist()]
    expected = [0.5 + by_formula(scorer, h, 2, t) for h, t in ends]
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-5)


@EVERY
def test_threads_and_blocks_change_no_score(model, monkeypatch):
    scorer, every = make_scorer(model, n=3_000), np.arange(3_000)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    alone = scorer.score_candidates(1, 0, every, "tail")
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    np.testing.assert_array_equal(alone, scorer.score_candidates(1, 0, every, "tail"))
    back = every[::-1].copy()  # gathered instead of read in place
    np.testing.assert_array_equal(alone[::-1], scorer.score_candidates(1, 0, back, "tail"))


@EVERY
@SIDES
@pytest.mark.parametrize("is_compiled", [False, True])
def test_blocks_keep_within_their_bound(model, side, is_compiled, monkeypatch):
    """Also as plain Python, which is what numba translates."""
    monkeypatch.setattr(distances, "compiled", lambda kernel: kernel)
    scorer, known = make_scorer(model, n=40), np.array([3, 0, 9, 9, 21])
    queries = Queries(scorer, known, np.array([0, 1, 2, 0, 1]), side, is_compiled=is_compiled)
    block = queries.block(slice(5, 40))
    scores = queries.scores(block)
    assert scores.shape == (5, 35)
    which, column = np.divmod(np.arange(5 * 35), 35)
    exact = queries.exact(which, column + 5).reshape(5, 35)
    for j in range(35):
        error = queries.error(exact[:, j], block)
        assert (np.abs(scores[:, j] - exact[:, j]) <= error).all()
        assert (error < 1e-3 * np.abs(exact).mean()).all()  # a bound that excludes something
    h, t = (3, 6) if side == "tail" else (6, 3)
    assert exact[0, 1] == pytest.approx(by_formula(scorer, h, 0, t), rel=1e-12)


def test_machine_code_says_what_the_python_says():
    draw = np.random.default_rng(0)
    q, c, w = (draw.standard_normal((n, 16)).astype(np.float32) for n in (8, 70, 8))
    factor = np.float32(0.7)
    for kernel, arrays in (
        (distances.l1, (q, c)),
        (distances.moduli, (q, c)),
        (distances.sines, (q, c, factor)),
        (distances.add_norms, (q, w, c, factor)),
    ):
        slow, fast = np.zeros((8, 70), np.float32), np.zeros((8, 70), np.float32)
        kernel(*arrays, slow)
        distances.compiled(kernel)(*arrays, fast)
        np.testing.assert_allclose(fast, slow, rtol=2e-6)
        assert np.abs(slow).min() > 0


def test_scores_are_settled_as_numpy_settles_them():
    draw = np.random.default_rng(0)
    scores = draw.integers(0, 30, (6, 600)).astype(np.float32)
    low, high = np.full(6, 9, np.float32), np.full(6, 11, np.float32)
    low[2], high[2] = 40, 41  # a row without near ones
    expected = np.flatnonzero((scores >= low[:, None]) & (scores <= high[:, None]))
    for settle in (distances.settle, distances.compiled(distances.settle)):
        n_better, near = np.ones(6, np.int64), np.empty(scores.size, np.int32)
        n_near = settle(scores, low, high, n_better, near)
        np.testing.assert_array_equal(near[:n_near], expected)
        np.testing.assert_array_equal(n_better, 1 + (scores > high[:, None]).sum(1))
        for bad in (np.nan, np.inf, -np.inf):
            damaged = scores.copy()
            damaged[5, 599] = bad
            with np.errstate(invalid="ignore"):
                assert settle(damaged, low, high, n_better, near) == -1


@EVERY
def test_pairs_and_lists_agree_with_single_triples(model):
    scorer = make_scorer(model)
    drugs, diseases = np.arange(20), np.arange(20, 70)
    table = scorer.score_pairs(drugs, 1, diseases)
    single = scorer.score(drugs[:, None], np.array(1), diseases[None])
    np.testing.assert_allclose(table, single, rtol=2e-5, atol=2e-5)
    some = np.random.default_rng(0).permuted(np.tile(diseases, (20, 3)), axis=1)
    each = scorer.score_each(drugs, 1, some, "tail")  # more of them than are done at once
    expected = np.take_along_axis(single, some - 20, axis=1)
    np.testing.assert_allclose(each, expected, rtol=2e-5, atol=2e-5)
    turned = scorer.score_each(diseases[:5], 1, np.tile(drugs, (5, 1)), "head")
    np.testing.assert_allclose(turned, single[:, :5].T, rtol=2e-5, atol=2e-5)


def test_the_first_error_of_a_thread_is_raised(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert n_threads() == 2

    def work(part):
        if part.start == 4:
            raise ValueError("part 4")

    with pytest.raises(ValueError, match="part 4"):
        for_each(work, spans(10, 2))


def test_a_page_that_ranks_loads_neither_torch_nor_numba():
    code = (
        "import sys, numpy as np\n"
        "from llador_core.models.scorer import Scorer\n"
        "rows = np.ones((9, 4), np.float32)\n"
        "for model in ('transe', 'distmult'):\n"
        "    Scorer(model, rows, rows, 1.0).score_candidates(0, 1, np.arange(9), 'tail')\n"
        "    Scorer(model, rows, rows, 1.0).score_pairs(np.arange(4), 1, np.arange(4, 9))\n"
        "print(sorted({'torch', 'numba'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
