"""Every other pair of steps learns treatments alone, against drugs or diseases."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from llador_core.data.splits import Split, split_by_pair
from llador_core.graph import Graph
from llador_core.training import treat_batches as module
from llador_core.training.batches import Batches
from llador_core.training.config import TrainConfig
from llador_core.training.loop import Trainer
from llador_core.training.negatives import KnownTriples
from llador_core.training.treat_batches import TreatBatches
from tests.builders import random_graph

CONFIG = TrainConfig(
    prior="none", optimizer="rowwise-adagrad", dim=8, batch_size=32, n_negatives=9, treat_batch=5
)


@pytest.fixture
def graph() -> Graph:
    return random_graph(seed=4)


@pytest.fixture
def split(graph: Graph) -> Split:
    return split_by_pair(graph, 0)


def batches_of(graph: Graph, split: Split, seed: int = 0) -> tuple[Batches, TreatBatches]:
    known = KnownTriples(split.train, graph.n_entities, graph.n_relations)
    treats = graph.relations_with_role("treats")
    plain = Batches(split.train, known, treats, CONFIG, torch.device("cpu"))
    return plain, TreatBatches(plain, graph, split, CONFIG.treat_batch, seed)


def test_pairs_of_steps_take_turns(graph: Graph, split: Split) -> None:
    plain, both = batches_of(graph, split)
    treats = graph.relations_with_role("treats")
    for step, own in ((0, 0), (1, 1), (4, 2), (5, 3)):
        torch.testing.assert_close(both.batch(step).known, plain.batch(own).known)
    train = {tuple(row) for row in split.train.tolist()}
    for step, side in ((2, "tail"), (3, "head"), (6, "tail"), (7, "head")):
        batch = both.batch(step)
        assert batch.side == side and len(batch.known) == CONFIG.treat_batch
        assert np.isin(batch.relation, treats).all()
        members = graph.diseases if side == "tail" else graph.drugs
        np.testing.assert_array_equal(np.sort(batch.drawn[0]), members)
        for i, (known, relation) in enumerate(zip(batch.known, batch.relation, strict=True)):
            for entity, is_known in zip(batch.drawn[0], batch.is_known[i], strict=True):
                ends = (known, entity) if side == "tail" else (entity, known)
                triple = (int(ends[0]), int(relation), int(ends[1]))
                assert bool(is_known) == (triple in train)


def test_draws_differ_by_step_and_seed_alone(graph: Graph, split: Split) -> None:
    one, other = batches_of(graph, split)[1], batches_of(graph, split, seed=1)[1]
    first = one.batch(2).known
    torch.testing.assert_close(batches_of(graph, split)[1].batch(2).known, first)
    assert not torch.equal(other.batch(2).known, first)
    assert not torch.equal(one.batch(6).known, first)


def test_of_many_drugs_some_are_drawn(
    graph: Graph, split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "N_CANDIDATES", 3)
    drawn = batches_of(graph, split)[1].batch(3).drawn
    assert drawn.shape == (1, 3) and np.isin(drawn, graph.drugs).all()


def test_a_run_learns_treatments_sooner_so(graph: Graph, split: Split) -> None:
    import dataclasses

    gaps = []
    for n in (0, 32):
        config = dataclasses.replace(CONFIG, treat_batch=n, loss="cross_entropy", lr=0.1, steps=60)
        trainer = Trainer(graph, split, config, None)
        for step in range(60):
            trainer._step(step)
        scores = trainer.model.to_scorer().treatment_scores(graph)
        treats = np.isin(split.train[:, 1], graph.treatment_relation)
        h, _, t = split.train[treats].T
        own = scores[np.searchsorted(graph.drugs, h), np.searchsorted(graph.diseases, t)]
        gaps.append((own.mean() - scores.mean()) / scores.std())
    assert gaps[1] > gaps[0]
