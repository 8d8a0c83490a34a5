"""Trainings in line: one at a time, in order; killed at any moment, none is lost."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from llador_core import jobs, locks, paths
from llador_core.data import load_graph
from llador_core.errors import ConfigError, UnknownNameError
from llador_core.graph import Graph
from llador_core.training import queue, runs, subgraph
from llador_core.training.queue import Asked
from llador_core.training.train import train

PATIENCE_S = 240  # the machine may be busy
# Small, but with every part of a training: checkpoints, a second training, a safeguard.
SMALL = ("dim=16", "steps=60", "validate_every=20", "batch_size=64", "n_negatives=8")


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home of the test's own; what still runs in it at the end is cancelled."""
    monkeypatch.setenv("LLADOR_HOME", str(tmp_path))
    yield tmp_path
    for name in jobs.names():
        jobs.cancel(name)


@pytest.fixture
def part(starter: Graph) -> Graph:
    """A small graph of the home's own."""
    disease = starter.mapped("Disease::DOID:10652")
    return load_graph(subgraph.make_subgraph(starter, disease, 1500, "part"))


def until(is_so: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def states() -> dict[str, str]:
    return {job.prior: job.state for job in queue.list_jobs()}


def asked(prior: str, *settings: str) -> Asked:
    return Asked("part", prior=prior, settings=(*SMALL, *settings), device="cpu")


def pid_of(name: str) -> int:
    return int((jobs.folder_of(name) / jobs.LOCK).read_text())


def test_they_wait_for_the_device_and_go_in_the_order_asked_for(part: Graph) -> None:
    held = locks.take(paths.home() / "devices" / "cpu.lock")  # somebody else's training
    assert held is not None
    names = [queue.enqueue(part, asked(prior)) for prior in ("none", "full", "name")]
    assert queue.enqueue(part, asked("full")) == names[1], "two who ask for one run get one job"
    until(lambda: [j.job.words for j in queue.list_jobs()] == [queue.WAITING] * 3)
    assert [(j.name, j.state, j.place) for j in queue.list_jobs()] == [
        (name, "waiting", i) for i, name in enumerate(names, start=1)
    ]
    queue.cancel(names[2])
    assert jobs.names() == sorted(names[:2]), "out of the line, and forgotten"
    os.close(held)
    until(lambda: states().get("none") == "running")
    assert states()["full"] == "waiting"
    os.kill(pid_of(names[0]), signal.SIGKILL)
    until(lambda: states().get("full") == "running")  # nobody had to look
    assert states()["none"] == "failed"
    until(lambda: states().get("full") == "done")
    assert runs.load_run(names[1].removeprefix("train-")).safeguard is not None
    with pytest.raises(ConfigError, match="finished with these very settings"):
        queue.enqueue(part, asked("full"))


def in_a_child(graph: Graph, wanted: Asked, out: Path) -> int:
    """Train in a process of its own, forked so that nothing need be loaded again; return its id."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            config = wanted.config(graph)
            train(graph, config, out=out, is_resumed=True, checkpoint_every=7)
            status = 0
        finally:
            os._exit(status)
    return child


def test_kills_at_any_moment_lose_nothing_and_change_no_number(part: Graph, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    wanted, draw = asked("full"), random.Random(3)
    whole, pieces = tmp_path / "whole", tmp_path / "pieces"
    start = time.monotonic()
    assert os.waitpid(in_a_child(part, wanted, whole), 0)[1] == 0
    took = time.monotonic() - start
    [run] = [folder.name for folder in whole.iterdir()]
    n_unfinished = 0
    for i in range(12):
        if i == 2:  # killed while it wrote
            half = paths.make_folder(pieces / run) / ".weights.safetensors.1-1.tmp"
            half.write_bytes(b"half")
        child = in_a_child(part, wanted, pieces)
        time.sleep(0.6 * took * draw.random())
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        info = runs.read_info(pieces / run)
        if info.is_finished:
            break
        n_unfinished += 1
        is_begun = (pieces / run / "config.json").is_file()
        assert not is_begun or "unfinished" in info.problem, "never a half-readable one"
    assert n_unfinished, "it was never killed in time, so this shows nothing"
    if not runs.read_info(pieces / run).is_finished:
        assert os.waitpid(in_a_child(part, wanted, pieces), 0)[1] == 0
    left = [{file.name for file in (home / run).iterdir()} for home in (whole, pieces)]
    assert left[0] == left[1], "nothing half-written is left"
    first, second = (runs.load_run(str(home / run)) for home in (whole, pieces))
    assert np.array_equal(first.scorer.entities, second.scorer.entities)
    assert np.array_equal(first.scorer.relations, second.scorer.relations)
    assert first.metrics == second.metrics
    assert first.safeguard is not None
    assert second.safeguard is not None
    assert np.array_equal(first.safeguard.combined, second.safeguard.combined)


def test_a_full_disk_is_a_sentence_and_leaves_no_readable_run(part: Graph) -> None:
    code = (
        "import resource, signal, sys\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))\n"
        "from llador_core.__main__ import main\nsys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, *asked("none").arguments(), "--device=cpu"]
    done = subprocess.run(
        command, cwd=paths.REPOSITORY, capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode != 0
    [job] = queue.list_jobs()
    assert job.state == "failed"
    assert "disk is full" in job.job.problem
    [info] = [info for info in runs.list_runs("part") if not info.is_pretrained]
    assert not info.is_finished
    folder = paths.home() / "runs" / job.run
    assert [f.name for f in folder.iterdir() if f.name.endswith(".tmp")] == []


def test_a_training_typed_by_hand_makes_others_wait(part: Graph, own_home: Path) -> None:
    with queue.at_once("cpu") as is_free:
        assert is_free
        queue.enqueue(part, asked("none"))
        until(lambda: [j.job.words for j in queue.list_jobs()] == [queue.WAITING])
        with queue.at_once("cpu") as is_free_again:
            assert not is_free_again
    command = [sys.executable, "-m", "llador_core", "jobs"]
    name = queue.list_jobs()[0].name
    told = subprocess.run(
        [*command, "--cancel", name, "--json"],
        cwd=paths.REPOSITORY,
        capture_output=True,
        check=True,
    )
    assert [row["name"] for row in json.loads(told.stdout) if row["state"] == "waiting"] == []


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (Asked("part", "rotat"), "no model named 'rotat'"),
        (Asked("part", prior="ful"), "no prior named 'ful'"),
        (Asked("part", settings=("dim=3",)), "dim must be from 8"),
        (Asked("part", device="../gpu"), "no device '../gpu'"),
    ],
)
def test_what_cannot_be_trained_starts_no_job(part: Graph, wrong: Asked, expected: str) -> None:
    with pytest.raises((UnknownNameError, ConfigError), match=expected.replace(".", r"\.")):
        queue.enqueue(part, wrong)
    assert jobs.names() == []


def test_a_device_is_told_without_torch() -> None:
    assert queue.device_of("auto") in ("cpu", "cuda", "mps")
    assert queue.device_of("cuda:1") == "cuda:1"
