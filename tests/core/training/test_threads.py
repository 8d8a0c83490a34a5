"""A run is the same with any number of cores, and small tables do not wait for threads."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import torch

from llador_core.graph import Graph
from llador_core.paths import REPOSITORY
from llador_core.training import threads
from llador_core.training.config import make_config

WEIGHTS = """
import sys, tempfile
from pathlib import Path
from llador_core.data import load_graph
from llador_core.training.config import make_config
from llador_core.training.loop import Trainer
from llador_core.training.train import make_anchors_for, make_split
from llador_core.priors.vectors import load_vectors
graph = load_graph("starter")
config = make_config(graph, "distmult", "full", settings=["steps=20", "dim=64"])
anchors = make_anchors_for(load_vectors(graph), config)
trainer = Trainer(graph, make_split(graph, config), config, anchors)
with tempfile.TemporaryDirectory() as folder:
    trainer.train(Path(folder))
sys.stdout.buffer.write(trainer.model.to_scorer().entities.tobytes())
"""


def trained(n_threads: int) -> bytes:
    """Return the entities of a short training with so many threads."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(n_threads)}
    done = subprocess.run(
        [sys.executable, "-c", WEIGHTS],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        check=True,
    )
    return done.stdout


def test_weights_are_the_same_with_any_number_of_threads() -> None:
    one = trained(1)
    assert len(one) == 4 * 64 * 4203
    assert one == trained(3)


@pytest.fixture
def four_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("four_threads")
def test_whole_tables_take_the_threads_they_are_worth(
    small: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = make_config(small, "distmult", "none", settings=["dim=64"])
    with threads.fitting_threads(small, config):
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 4
    for worth, expected in ((0.5, 1), (2.5, 2), (99, 4)):
        monkeypatch.setattr(threads, "PER_THREAD", small.n_entities * 64 / worth)
        assert threads.threads_for(small, config) == expected


@pytest.mark.usefixtures("four_threads")
def test_rows_of_a_batch_take_all(small: Graph) -> None:
    config = make_config(small, "distmult", "none", settings=["dim=64", "optimizer=adagrad"])
    assert threads.threads_for(small, config) == 4
