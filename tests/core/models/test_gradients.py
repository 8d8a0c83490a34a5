"""Gradients written out by hand, against automatic differentiation of the score functions."""

import functools

import numpy as np
import pytest
import torch

from llador_core.models import pairwise
from llador_core.models.candidate_scores import CandidateScores
from llador_core.models.interactions import INTERACTIONS
from llador_core.models.queries import make_query, query_gradients

B, DIM, ROWS = 12, 20, 30


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def indices(n_chunks: int, n: int) -> torch.Tensor:
    index = torch.randint(ROWS, (n_chunks, n), generator=torch.Generator().manual_seed(3))
    index[0, 1] = index[0, 0]  # drawn twice: both count
    return index


def constants_of(model: str) -> dict[str, torch.Tensor]:
    return {
        name: torch.full(shape, 0.7) + 0.2 * torch.arange(max(1, sum(shape))).reshape(shape)
        for name, shape in INTERACTIONS[model].constants
    }


def by_autograd(model, side, arrays, index, constants, g, margin):
    """Return scores and gradients with every pair written out."""
    known, r, table = arrays
    leaves = [x.clone().requires_grad_() for x in (known, r, table, *constants.values())]
    k, relation, rows, *numbers = leaves
    named = dict(zip(constants, numbers, strict=True))
    own = index.repeat_interleave(len(known) // len(index), 0)  # (batch, n)
    here, relation, there = k[:, None], relation[:, None], rows[own]
    ends = (here, relation, there) if side == "tail" else (there, relation, here)
    scores = margin + INTERACTIONS[model].score(*ends, **named)
    return scores.detach(), torch.autograd.grad((scores * g).sum(), leaves)


@pytest.fixture(params=["loops", "blocks"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """With numba's loops, and without numba in blocks so small that there are several."""
    if request.param == "blocks":
        monkeypatch.setattr(pairwise, "compiled_loops", lambda: None)
        monkeypatch.setattr(pairwise, "_BLOCK", 300)
    return request.param


@pytest.mark.parametrize("model", INTERACTIONS)
@pytest.mark.parametrize("side", ["head", "tail"])
@pytest.mark.parametrize(("n_chunks", "n"), [(1, 7), (3, 5), (B, 4), (1, ROWS)])
def test_scores_and_gradients_are_those_of_the_formula(model, side, n_chunks, n, way) -> None:
    spec = INTERACTIONS[model]
    known, table = draw(B, DIM, seed=1), draw(ROWS, DIM, seed=2)
    r = draw(B, spec.relation_width(DIM), seed=4)
    index, constants, g = indices(n_chunks, n), constants_of(model), draw(B, n, seed=5)
    margin = 3.0 if spec.is_distance else 0.0
    expected, gradients = by_autograd(model, side, (known, r, table), index, constants, g, margin)
    before = [x.clone() for x in (known, r, table, g)]
    query = make_query(model, known, r, side)
    scores = CandidateScores(spec, margin, constants, query, table, index)
    torch.testing.assert_close(scores.values(), expected, rtol=1e-4, atol=1e-4)
    to_table = torch.ones_like(table)
    to_query, to_constants = scores.gradients(g, to_table)
    to_known, to_r = query_gradients(model, known, r, side, to_query.q, to_query.scale)
    found = [to_known, to_r, to_table - 1, *(to_constants[name] for name in constants)]
    for mine, theirs in zip(found, gradients, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=2e-3, atol=2e-4)
    for x, same in zip((known, r, table, g), before, strict=True):
        assert torch.equal(x, same)


@pytest.mark.parametrize("kind", ["l1", "moduli", "sines"])
def test_results_do_not_depend_on_the_number_of_threads(kind: str) -> None:
    q, table, index, g = draw(B, 70), draw(ROWS, 70, seed=1), indices(3, 9), draw(B, 9, seed=2)
    results = []
    n_threads = torch.get_num_threads()
    try:
        for threads in (1, 2, 5):
            torch.set_num_threads(threads)
            to_table = torch.zeros_like(table)
            to_q = pairwise.distance_gradients(kind, q, table, index, g, to_table)
            results.append((pairwise.distances(kind, q, table, index), to_q, to_table))
    finally:
        torch.set_num_threads(n_threads)
    for other in results[1:]:
        for mine, theirs in zip(results[0], other, strict=True):
            assert torch.equal(mine, theirs)


@pytest.mark.parametrize("compiler", ["traced", "missing"])
@pytest.mark.parametrize("kind", ["l1", "moduli", "sines"])
def test_fused_kernels_are_the_plain_ones(kind: str, compiler: str, monkeypatch) -> None:
    """As on a GPU: traced by PyTorch's compiler, or without one."""
    real = torch.compile

    def missing(function, **_):
        def fails(*_):
            raise RuntimeError("no C compiler")

        return fails

    traced = functools.partial(real, backend="aot_eager")
    monkeypatch.setattr(torch, "compile", traced if compiler == "traced" else missing)
    pairwise._fused.cache_clear()
    q, c, g = draw(2, 3, 8), draw(2, 5, 8, seed=1), draw(2, 3, 5, seed=2)
    for part, arguments in (
        ("value", (q, c)),
        ("to_query", (q, c, g)),
        ("to_candidates", (q, c, g)),
    ):
        fused, plain = pairwise._fused(kind, part, "cuda"), pairwise._fused(kind, part, "cpu")
        torch.testing.assert_close(fused(*arguments), plain(*arguments))
    pairwise._fused.cache_clear()


@pytest.mark.parametrize("kind", ["l1", "moduli", "sines"])
def test_a_number_that_is_none_stays_seen(kind: str) -> None:
    q = draw(4, 8)
    q[2, 3] = float("nan")
    seen = pairwise.distances(kind, q, draw(5, 8, seed=1), torch.arange(5)[None])
    assert np.array_equal(seen.isnan().any(1).numpy(), [False, False, True, False])


def test_products_can_be_rounded() -> None:
    q, table, index = draw(B, DIM), draw(ROWS, DIM, seed=1), indices(1, 7)
    whole = pairwise.products(q, table, index)
    rounded = pairwise.products(q, table, index, torch.bfloat16)
    assert rounded.dtype == torch.float32
    assert not torch.equal(whole, rounded)
    torch.testing.assert_close(whole, rounded, rtol=0.05, atol=0.2)
