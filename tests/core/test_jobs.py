"""Jobs: one process for all who ask, followed, cancelled, killed, and never a half file."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from llador_core import jobs
from llador_core.errors import ConfigError, DataFormatError, StorageError
from llador_core.projection import maps
from llador_core.projection.layout import PCA, MapConfig
from llador_core.projection.maps import Pair
from llador_core.training import runs

PATIENCE_S = 90  # the machine may be busy


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home of the test's own; what still runs in it at the end is cancelled."""
    monkeypatch.setenv("LLADOR_HOME", str(tmp_path))
    yield tmp_path
    for folder in tmp_path.glob("jobs/*"):
        jobs.cancel(folder.name)


@pytest.fixture
def pair() -> Pair:
    """Two shipped runs whose map does not ship."""
    run = runs.default_run("starter")
    base = runs.partner(run, "mechanism")
    assert base is not None
    return Pair(run.name, base.name, *(runs.content_checksum(one) for one in (run, base)))


def until(is_so: Callable[[], object]) -> None:
    """Wait until something holds."""
    end = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def start(pair: Pair, config: MapConfig) -> str:
    name = maps.name_of(pair, config)
    arguments = [f"--run={pair.run}", f"--base={pair.base}", f"--method={config.method}"]
    jobs.start(name, ["project", *arguments])
    return name


def pid_of(home: Path, name: str) -> int:
    return int((home / "jobs" / name / jobs.LOCK).read_text())


def test_a_job_runs_to_its_end_and_is_found(own_home: Path, pair: Pair) -> None:
    assert jobs.follow(maps.name_of(pair, PCA)).state == "none"
    name = start(pair, PCA)
    assert jobs.follow(name).state in ("running", "done")
    until(lambda: jobs.follow(name).state != "running")
    job = jobs.follow(name)
    assert (job.state, job.share, job.problem) == ("done", 1, "")
    assert job.seconds > 0
    path = maps.find(pair, PCA)
    assert path is not None
    assert path.parent == own_home / "projections"
    assert len(maps.load(path).shift) == 4203


@pytest.mark.parametrize("end", ["cancel", "kill"])
def test_an_ended_job_is_told_and_leaves_no_half_file(own_home: Path, pair: Pair, end: str) -> None:
    config = MapConfig()
    name = start(pair, config)
    second = start(pair, config)  # another visitor
    assert second == name
    pid = pid_of(own_home, name)
    until(lambda: jobs.follow(name).words == "Preparing UMAP")
    assert pid_of(own_home, name) == pid
    assert maps.find(pair, PCA) is not None, "the PCA map can be looked at meanwhile"
    if end == "cancel":
        jobs.cancel(name)
    else:
        os.kill(pid, signal.SIGKILL)
        until(lambda: not jobs.is_running(name))
    job = jobs.follow(name)
    assert job.state == "stopped"
    assert ("was cancelled" if end == "cancel" else "it was killed, or memory") in job.problem
    assert maps.find(pair, config) is None
    for file in (own_home / "projections").iterdir():
        maps.load(file)
    assert not jobs.is_running(name)
    jobs.cancel(name)  # nothing to do


def test_a_job_that_fails_says_why(own_home: Path) -> None:
    jobs.start("fails", ["project", "--run=nonsense", "--base=nonsense"])
    until(lambda: not jobs.is_running("fails"))
    job = jobs.follow("fails")
    assert job.state == "stopped"
    assert job.problem.startswith("There is no run named 'nonsense'")


def test_an_error_inside_reaches_the_page(own_home: Path) -> None:
    with pytest.raises(DataFormatError), jobs.reporting("inner") as report:
        report(0.4, "Working")
        raise DataFormatError("The runs do not fit.")
    job = jobs.follow("inner")
    assert (job.state, job.share, job.problem) == ("stopped", 0.4, "The runs do not fit.")


def test_too_little_memory_is_a_sentence(own_home: Path) -> None:
    with pytest.raises(StorageError, match="memory"), jobs.reporting("big"):
        raise MemoryError
    assert "memory" in jobs.follow("big").problem


def test_only_one_process_is_a_job(own_home: Path) -> None:
    with jobs.reporting("one") as report:
        report(0.2, "Working")
        assert jobs.follow("one").state == "running"
        with pytest.raises(ConfigError, match="computing this already"), jobs.reporting("one"):
            pytest.fail("two processes hold one lock")
        jobs.start("one", ["--version"])  # does nothing: it is running
        assert jobs.follow("one").share == 0.2
    assert jobs.follow("one").state == "done"


def test_a_machine_is_not_filled_with_jobs(own_home: Path) -> None:
    with jobs.reporting("a"), jobs.reporting("b"):
        with pytest.raises(ConfigError, match="2 computations are running already"):
            jobs.start("c", ["--version"])
        assert not jobs.is_running("c")


def test_a_system_without_such_locks_is_a_sentence(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    with pytest.raises(ConfigError, match="Linux and macOS"):
        jobs.start("x", ["--version"])
    assert jobs.follow("x").state == "none"


def test_a_home_that_cannot_be_written_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file")
    monkeypatch.setenv("LLADOR_HOME", str(blocked))
    with pytest.raises(StorageError, match="set LLADOR_HOME"):
        jobs.start("x", ["--version"])
    assert jobs.follow("x").state == "none"


@pytest.mark.parametrize("name", ["../x", "", "a/b", ".hidden"])
def test_a_name_is_no_path(own_home: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="cannot be the name"):
        jobs.start(name, ["--version"])
    assert not jobs.is_running(name)


def test_damaged_progress_is_passed_over(own_home: Path) -> None:
    with jobs.reporting("x") as report:
        report(0.3, "Working")
        file = own_home / "jobs" / "x" / jobs.PROGRESS
        file.write_text(file.read_text() + "{\n[1]\n" + json.dumps({"share": "many"}) + "\n{cut")
        assert jobs.follow("x").share == 0.3
