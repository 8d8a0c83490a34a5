"""Negative sampling against loops a child could check."""

import numpy as np
import pytest
import torch

from llador_core.training.negatives import KnownTriples, draw_per_triple, draw_shared

N, M = 12, 3


def triples(seed: int = 0, n: int = 60) -> np.ndarray:
    draw = np.random.default_rng(seed)
    rows = np.column_stack(
        [draw.integers(N, size=n), draw.integers(M, size=n), draw.integers(N, size=n)]
    )
    return np.unique(rows, axis=0).astype(np.int32)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("side", ["head", "tail"])
def test_answers_and_counts_are_those_of_a_loop(side: str) -> None:
    rows = triples()
    known = KnownTriples(rows, N, M)
    batch = rows[::3]
    found: list[set[int]] = [set() for _ in batch]
    for row, entity in zip(*known.true_ends(batch, side), strict=True):
        found[row].add(int(entity))
    for i, (h, r, t) in enumerate(batch):
        if side == "tail":
            expected = {int(c) for a, b, c in rows if a == h and b == r}
        else:
            expected = {int(a) for a, b, c in rows if c == t and b == r}
        assert found[i] == expected
        assert known.count(batch, side)[i] == len(expected)


@pytest.mark.parametrize("side", ["head", "tail"])
def test_a_known_triple_never_counts_as_negative(side: str) -> None:
    rows = triples()
    true = {tuple(row) for row in rows.tolist()}
    known = KnownTriples(rows, N, M)
    shared, shared_known = draw_shared(rows, side, known, 10, 0.5, generator())
    assert len(set(shared.tolist())) == len(shared) <= 10
    own, own_known = draw_per_triple(rows, side, known, 6, generator(), n_redraws=2)
    for i, (h, r, t) in enumerate(rows.tolist()):
        for entities, flags in ((shared, shared_known[i]), (own[i], own_known[i])):
            for entity, flag in zip(entities.tolist(), flags.tolist(), strict=True):
                corrupted = (h, r, entity) if side == "tail" else (entity, r, t)
                assert flag is (corrupted in true)


def test_redrawing_leaves_hardly_any_known_triple() -> None:
    rows = triples()
    known = KnownTriples(rows, N, M)
    _, before = draw_per_triple(rows, "tail", known, 6, generator(), n_redraws=0)
    _, after = draw_per_triple(rows, "tail", known, 6, generator())
    assert before.sum() > 0
    assert after.sum() == 0


def test_typed_negatives_come_from_the_ends_of_the_batch() -> None:
    rows = triples()
    rows[:, 2] = rows[:, 2] % 4
    rows = np.unique(rows, axis=0)
    known = KnownTriples(rows, N, M)
    typed, _ = draw_shared(rows, "tail", known, 200, 1.0, generator())
    uniform, _ = draw_shared(rows, "tail", known, 200, 0.0, generator())
    assert set(typed.tolist()) == set(rows[:, 2].tolist())
    assert set(uniform.tolist()) == set(range(N))


def test_weights_have_mean_one_and_favour_the_rare() -> None:
    rows = triples()
    known = KnownTriples(rows, N, M)
    weights = known.weights(rows)
    assert weights.mean() == pytest.approx(1, abs=1e-6)
    total = known.count(rows, "tail") + known.count(rows, "head")
    assert weights[np.argmin(total)] == weights.max()
    assert weights[0] / weights[1] == pytest.approx(
        np.sqrt((total[1] + 8) / (total[0] + 8)), rel=1e-5
    )


def test_draws_are_seeded_both_ways() -> None:
    rows = triples()
    known = KnownTriples(rows, N, M)

    def draw(seed: int) -> list[int]:
        return draw_shared(rows, "tail", known, 8, 0.5, generator(seed))[0].tolist()

    assert draw(1) == draw(1)
    assert draw(1) != draw(2)
