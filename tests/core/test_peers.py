"""What benchmarks compare us with: the plain loop's scores are ours, and its judge ranks right."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from benchmarks.peers.link_mrr import link_mrr
from benchmarks.peers.plain_loop import CorruptedTriples, PlainLoop, PlainModel, TrueEnds
from llador_core.models.interactions import INTERACTIONS
from llador_core.training.negatives import KnownTriples

MODELS = ("transe", "distmult", "complex", "rotate")
N_ENTITIES, N_RELATIONS, DIM = 20, 3, 8


@pytest.fixture
def triples() -> np.ndarray:
    draw = np.random.default_rng(0)
    rows = draw.integers(0, [N_ENTITIES, N_RELATIONS, N_ENTITIES], (60, 3))
    return np.unique(rows, axis=0).astype(np.int32)


def tables(model: PlainModel, name: str) -> tuple[np.ndarray, np.ndarray]:
    relations = model.angles() if name == "rotate" else model.relations
    return model.entities.detach().numpy(), relations.detach().numpy()


@pytest.mark.parametrize("name", MODELS)
def test_both_sides_of_the_plain_score_are_our_score(name: str, triples: np.ndarray) -> None:
    torch.manual_seed(0)
    model = PlainModel(name, N_ENTITIES, N_RELATIONS, DIM, 12.0)
    entities, relations = tables(model, name)
    h, r, t = triples.T
    ours = INTERACTIONS[name].score(entities[h], relations[r], entities[t])
    ours = ours + (12.0 if INTERACTIONS[name].is_distance else 0.0)
    rows = [torch.from_numpy(column.astype(np.int64))[:, None] for column in (h, r, t)]
    for side in ("head", "tail"):
        ends = model.entities[rows[0]], model.relations[rows[1]], model.entities[rows[2]]
        scores = model(*ends, side).detach().numpy()[:, 0]
        np.testing.assert_allclose(scores, ours, atol=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_the_judge_ranks_as_a_loop_does(name: str, triples: np.ndarray) -> None:
    torch.manual_seed(0)
    model = PlainModel(name, N_ENTITIES, N_RELATIONS, DIM, 12.0)
    entities, relations = tables(model, name)
    score, known = INTERACTIONS[name].score, {tuple(row) for row in triples.tolist()}
    reciprocal = []
    for h, r, t in triples[:15].tolist():
        own = score(entities[h], relations[r], entities[t])
        for others in (
            [(h, r, x) for x in range(N_ENTITIES)],
            [(x, r, t) for x in range(N_ENTITIES)],
        ):
            scores = [score(entities[a], relations[b], entities[c]) for a, b, c in others]
            wrong = [s for s, o in zip(scores, others, strict=True) if o not in known]
            reciprocal.append(1 / (1 + sum(s > own for s in wrong)))
    found = link_mrr(
        name,
        torch.from_numpy(entities),
        torch.from_numpy(relations),
        triples[:15],
        KnownTriples(triples, N_ENTITIES, N_RELATIONS),
    )
    assert found == pytest.approx(np.mean(reciprocal), abs=1e-6)


@pytest.mark.parametrize("side", ["head", "tail"])
def test_no_drawn_negative_is_true(triples: np.ndarray, side: str) -> None:
    ends = {s: TrueEnds(triples, s) for s in ("tail", "head")}
    items = CorruptedTriples(triples, ends, N_ENTITIES, 30, side, np.random.default_rng(0))
    known = {tuple(row) for row in triples.tolist()}
    for place in range(len(items)):
        (h, r, t), negatives, weight = items[place]
        assert len(negatives) == 30 and 0 < weight < 1
        for x in negatives.tolist():
            triple = (int(h), int(r), x) if side == "tail" else (x, int(r), int(t))
            assert triple not in known


@pytest.mark.parametrize("name", MODELS)
def test_the_plain_loop_learns(name: str, triples: np.ndarray) -> None:
    loop = PlainLoop(
        name, triples, N_ENTITIES, N_RELATIONS, dim=DIM, batch_size=16, n_negatives=8, lr=0.05
    )
    losses = [loop.step() for _ in range(60)]
    assert np.mean(losses[-10:]) < np.mean(losses[:10])
