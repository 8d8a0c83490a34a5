"""The engine that touches only its rows learns as much of the built-in graph as the dense one."""

from __future__ import annotations

from pathlib import Path

import pytest

from llador_core.data.splits import split_by_pair
from llador_core.graph import Graph
from llador_core.priors.vectors import load_vectors
from llador_core.training.config import make_config
from llador_core.training.loop import Trainer
from llador_core.training.train import make_anchors_for


@pytest.mark.parametrize("prior", ["none", "full"])
def test_row_by_row_adagrad_validates_like_dense_adam(
    starter: Graph, tmp_path: Path, prior: str
) -> None:
    split, vectors = split_by_pair(starter, 0), load_vectors(starter)
    found = {}
    for optimizer in ("adam", "adagrad"):
        settings = ["dim=64", "steps=300", "validate_every=100", f"optimizer={optimizer}"]
        config = make_config(starter, "distmult", prior, settings=settings)
        trainer = Trainer(starter, split, config, make_anchors_for(vectors, config))
        folder = tmp_path / optimizer
        folder.mkdir()
        trainer.train(folder)
        found[optimizer] = trainer.progress.best_metric
    assert found["adagrad"] > 0.8 * found["adam"] > 0
