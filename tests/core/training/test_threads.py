"""A run is the same with any number of cores, and small tables do not wait for threads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from llador_core.graph import Graph
from llador_core.paths import REPOSITORY
from llador_core.training import threads
from llador_core.training.config import make_config


def trained(home: Path, n_threads: int) -> dict[str, bytes]:
    """Return the files of a short training with so many threads, by name."""
    settings = ["--set", "steps=20", "--set", "dim=64", "--set", "validate_every=20"]
    subprocess.run(
        [
            *(sys.executable, "-m", "llador_core", "train", "--graph", "starter"),
            *("--model", "distmult", "--prior", "full", *settings),
        ],
        cwd=REPOSITORY,
        env={**os.environ, "LLADOR_HOME": str(home), "OMP_NUM_THREADS": str(n_threads)},
        capture_output=True,
        check=True,
    )
    [folder] = (home / "runs").iterdir()
    return {file.name: file.read_bytes() for file in folder.glob("*.safetensors")}


def test_a_run_is_the_same_with_any_number_of_threads(tmp_path: Path) -> None:
    one, three = trained(tmp_path / "one", 1), trained(tmp_path / "three", 3)
    assert set(one) == {"weights.safetensors", "safeguard.safetensors"}
    assert one == three


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
