"""What a job leaves: read without reading it all, told in sentences, deleted when it is old."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from llador_core import job_files, jobs, locks, paths
from llador_core.errors import MissingDataError


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home of the test's own; what still runs in it at the end is cancelled."""
    monkeypatch.setenv("LLADOR_HOME", str(tmp_path))
    yield tmp_path
    for name in jobs.names():
        jobs.cancel(name)


def leave(name: str, *, log: str = "", age_s: float = 0.0, **last: object) -> None:
    """Make the folder of a job that ended without a word."""
    folder = paths.make_folder(job_files.folder_of(name))
    said = {"time": time.time() - age_s, "share": 0.4, "words": "Working"} | last
    (folder / jobs.PROGRESS).write_text(json.dumps(said) + "\n")
    (folder / jobs.LOG).write_text(log)
    os.utime(folder / jobs.PROGRESS, (said["time"], said["time"]))  # type: ignore[arg-type]


def test_of_a_long_progress_file_only_the_ends_are_read(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = paths.make_folder(job_files.folder_of("train-long"))
    first, last = ({"time": t, "share": t / 1000, "words": "Training"} for t in (0, 900))
    middle = "not even JSON\n" * 200_000
    last["problem"] = "It failed."
    text = f"{json.dumps(first)}\n{middle}{json.dumps(last)}\n" + '{"time": 950, "sha'
    (folder / jobs.PROGRESS).write_text(text)
    monkeypatch.setattr(Path, "read_text", lambda *_a, **_k: pytest.fail("it was read whole"))
    job = job_files.told(folder, is_running=False)
    assert (job.share, job.words, job.seconds, job.time) == (0.9, "Training", 900, 900)


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        ("step 1\nllador: The loss is not a finite number. Lower lr.\n", "Lower lr"),
        (
            "Traceback (most recent)\ntorch.OutOfMemoryError: CUDA out of memory. Tried",
            "of the GPU",
        ),
        ("RuntimeError: DefaultCPUAllocator: can't allocate memory", "memory of this machine"),
        ("Traceback (most recent)\nOSError: [Errno 28] No space left on device", "disk is full"),
        ("Traceback (most recent)\n  File x\nKeyError: 'x'", "an error of LLaDoR: KeyError: 'x'"),
        ("", "was killed, or memory or disk space ran out"),
    ],
)
def test_an_end_without_a_word_is_explained_by_its_log(log: str, expected: str) -> None:
    leave("train-a", log=log)
    job = jobs.follow("train-a")
    assert job.state == "stopped"
    assert expected in job.problem


def test_a_kill_is_put_down_to_memory_where_there_was_none_left() -> None:
    leave("train-a", used_gb=14.0, free_gb=0.3)
    assert "14.0 GB, and 0.3 GB were free" in jobs.follow("train-a").problem
    leave("train-a", used_gb=1.0, free_gb=9.0)
    assert jobs.follow("train-a").problem == jobs.KILLED


def test_a_restart_of_the_machine_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    leave("train-a", age_s=100)
    monkeypatch.setattr(job_files, "_booted", lambda: time.time() - 50)
    assert jobs.follow("train-a").problem == job_files.RESTARTED


@pytest.mark.parametrize(
    ("error", "expected"),
    [(OSError(28, "No space left on device"), "disk is full"), (KeyError("x"), "KeyError: 'x'")],
)
def test_an_error_of_the_program_reaches_the_page(error: Exception, expected: str) -> None:
    with pytest.raises(type(error)), jobs.reporting("train-a"):
        raise error
    assert expected in jobs.follow("train-a").problem


def test_a_job_goes_on_with_the_arguments_it_had() -> None:
    assert jobs.start("fails", ["project", "--run=nonsense"], {"graph": "starter"})
    end = time.monotonic() + 60
    while jobs.is_running("fails"):
        assert time.monotonic() < end
        time.sleep(0.05)
    asked = jobs.request("fails")
    assert (asked["arguments"], asked["graph"]) == (["project", "--run=nonsense"], "starter")
    assert jobs.resume("fails")
    assert jobs.request("fails")["graph"] == "starter"
    assert jobs.request("fails")["asked"] > asked["asked"]
    with pytest.raises(MissingDataError, match="no job 'unknown'"):
        jobs.resume("unknown")


def test_a_cancelled_job_says_so_whoever_ended_it() -> None:
    code = (
        "import time\nfrom llador_core import jobs\n"
        "with jobs.reporting('mine') as report:\n    report(0.3, 'Working')\n    time.sleep(60)"
    )
    child = subprocess.Popen([sys.executable, "-c", code], cwd=paths.REPOSITORY)
    end = time.monotonic() + 60
    while jobs.follow("mine").words != "Working":
        assert time.monotonic() < end
        time.sleep(0.02)
    assert not jobs.remove("mine"), "it is running"
    child.send_signal(signal.SIGTERM)  # by hand, not from a page
    child.wait(30)
    job = jobs.follow("mine")
    assert (job.state, job.is_cancelled, job.problem) == ("stopped", True, job_files.CANCELLED)
    assert jobs.remove("mine")
    assert jobs.follow("mine").state == "none"


def test_old_jobs_are_deleted_when_a_new_one_starts() -> None:
    leave("train-old", age_s=(jobs.KEPT_DAYS + 1) * 86_400)
    leave("train-new", age_s=(jobs.KEPT_DAYS - 1) * 86_400)
    jobs.start("x", ["--version"])
    assert jobs.names() == ["train-new", "x"]


def test_each_kind_has_its_own_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(jobs.AT_MOST, "train", 1)  # type: ignore[index]
    with jobs.reporting("a"), jobs.reporting("train-a"):
        with pytest.raises(jobs.ConfigError, match="1 computations of this kind"):
            jobs.start("train-b", ["--version"])
        assert jobs.start("b", ["--version"])
        assert not jobs.start("train-a", ["--version"]), "it is running already"


def test_a_lock_whose_folder_was_deleted_keeps_nobody_out(own_home: Path) -> None:
    path = own_home / "jobs" / "x" / "lock"
    first = locks.take(path)
    assert first is not None
    assert locks.take(path) is None
    path.unlink()
    second = locks.take(path)
    assert second is not None
    for lock in (first, second):
        os.close(lock)
    assert not locks.is_held(path)
