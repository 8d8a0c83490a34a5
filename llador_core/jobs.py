"""A computation in a process of its own, that any page can start, follow and cancel.

`jobs/<name>/` holds `lock`, `progress.jsonl` and `job.log`. The process holds the lock as long as
it lives, so whether it lives is asked of the system: nothing is left to clean up when it is killed
or the machine restarts. It outlives the page, the tab and the server that started it, and whoever
asks for the same name meanwhile follows the same process.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any, Literal

from llador_core import paths
from llador_core.errors import ConfigError, LladorError, StorageError

LOCK, PROGRESS, LOG = "lock", "progress.jsonl", "job.log"
ERROR_MARK = "llador: "  # how the command line begins an error
KILLED = "The computation ended before it was done: it was killed, or memory or disk space ran out."
MAX_RUNNING = 2  # a reader who tries many settings must not fill the machine
GRACE_S = 2.0
_WRITE_EVERY_S = 0.3
_TRIES = 10
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,250}")


@dataclass(frozen=True)
class Job:
    """Where a job stands.

    Attributes
    ----------
    state : "none", "running", "done" or "stopped"
        "stopped": cancelled, failed or killed; `problem` says which.
    share : float
        Done, from 0 to 1.
    words : str
        What is being done.
    seconds : float
        Since it started.
    problem : str
        One sentence, "" without one.
    """

    state: Literal["none", "running", "done", "stopped"]
    share: float = 0.0
    words: str = ""
    seconds: float = 0.0
    problem: str = ""


def folder_of(name: str) -> Path:
    """Return the folder of a job. Raises ConfigError for a name that is none."""
    if not _NAME.fullmatch(name):
        raise ConfigError(f"'{name}' cannot be the name of a job.")
    return paths.home() / "jobs" / name


def start(name: str, arguments: Sequence[str]) -> None:
    """Run `python -m llador_core ARGUMENTS` as the job `name`, unless it is running already.

    The command must report through `reporting(name)`; it inherits the lock, so that no moment
    passes in which the job seems dead.

    Raises
    ------
    ConfigError
        As many jobs as allowed are running.
    StorageError
        The job's folder cannot be written.
    """
    folder = paths.make_folder(folder_of(name))
    lock = _take(folder / LOCK)
    if lock is None:
        return
    try:
        n_running = sum(is_running(other.name) for other in folder.parent.iterdir()) - 1
        if n_running >= MAX_RUNNING:
            raise ConfigError(
                f"{n_running} computations are running already. Wait until one of them is done, "
                "or cancel it."
            )
        with paths.storage_errors(folder):
            (folder / PROGRESS).write_text(_line(0.0, "Starting"), "utf-8")
            with (folder / LOG).open("wb") as log:
                child = subprocess.Popen(
                    [sys.executable, "-m", "llador_core", *arguments, f"--lock={lock}"],
                    cwd=paths.REPOSITORY,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=(lock,),
                    start_new_session=True,
                )
            os.pwrite(lock, f"{child.pid}\n".encode(), 0)
    finally:
        os.close(lock)
    Thread(target=child.wait, daemon=True).start()  # or it would stay a zombie


def is_running(name: str) -> bool:
    """Return whether a process holds the job's lock."""
    try:
        import fcntl
    except ImportError:  # Windows, where no job can be started either
        return False
    try:
        lock = os.open(folder_of(name) / LOCK, os.O_RDONLY)
    except (OSError, ConfigError):
        return False
    try:  # shared, so that two who ask do not take each other for the process
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def follow(name: str) -> Job:
    """Return where a job stands; never raises for what is in its folder."""
    running = is_running(name)  # before the last line is read, or its end could be missed
    lines = _read(folder_of(name) / PROGRESS)
    if not lines:
        return Job("running", words="Starting") if running else Job("none")
    last = lines[-1]
    seconds = (time.time() if running else last["time"]) - lines[0]["time"]
    job = Job("running", last["share"], last["words"], max(seconds, 0.0), last.get("problem", ""))
    if running:
        return job
    if job.share >= 1:
        return Job("done", 1.0, job.words, job.seconds)
    problem = job.problem or _last_sentence(folder_of(name) / LOG) or KILLED
    return Job("stopped", job.share, job.words, job.seconds, problem)


def cancel(name: str) -> None:
    """End a running job, and return once it is gone."""
    folder = folder_of(name)
    if not is_running(name):
        return
    try:
        pid = int((folder / LOCK).read_text("ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return  # it is only just starting
    for what in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(pid, what)
        except ProcessLookupError:
            break
        end = time.monotonic() + GRACE_S
        while is_running(name) and time.monotonic() < end:
            time.sleep(0.02)
        if not is_running(name):
            break
    last = (_read(folder / PROGRESS) or [{"share": 0.0, "words": ""}])[-1]
    if last["share"] < 1:
        _append(folder, _line(last["share"], last["words"], "The computation was cancelled."))


@contextmanager
def reporting(name: str, lock: int | None = None) -> Iterator[Callable[[float, str], None]]:
    """Be the job `name` inside the block; yield what to report progress with.

    Parameters
    ----------
    name : str
    lock : int or None
        The lock inherited from `start`; None takes it here, as for a command typed by hand.

    Raises
    ------
    ConfigError
        Another process is this job.
    """
    folder = paths.make_folder(folder_of(name))
    if lock is None:
        lock = _take(folder / LOCK)
        if lock is None:
            raise ConfigError(
                "Another process is computing this already. Wait until it is done, or cancel it "
                "on the page."
            )
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        with paths.storage_errors(folder):
            (folder / PROGRESS).write_text(_line(0.0, "Starting"), "utf-8")
    before = signal.signal(signal.SIGTERM, _leave)  # so that half-written files are removed
    progress = _Progress(folder)
    try:
        yield progress.report
        progress.report(1.0, "Done")
    except LladorError as error:
        progress.fail(str(error))
        raise
    except MemoryError as error:
        words = "The memory of this machine does not suffice for this computation."
        progress.fail(words)
        raise StorageError(words) from error
    finally:
        signal.signal(signal.SIGTERM, before)
        os.close(lock)


class _Progress:
    """Writes progress lines, a few a second at most."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.share, self.words, self.at = 0.0, "Starting", 0.0

    def report(self, share: float, words: str) -> None:
        is_due = time.monotonic() - self.at >= _WRITE_EVERY_S
        if is_due or words != self.words or share >= 1:
            _append(self.folder, _line(share, words))
            self.at = time.monotonic()
        self.share, self.words = share, words

    def fail(self, problem: str) -> None:
        _append(self.folder, _line(self.share, self.words, problem))


def _leave(*_: Any) -> None:
    sys.exit(143)


def _take(path: Path) -> int | None:
    """Return the lock, taken, as a file descriptor; None where another process holds it.

    Raises StorageError where the file cannot be made, ConfigError on a system without such locks.
    """
    try:
        import fcntl
    except ImportError as error:
        raise ConfigError("Computations in the background run on Linux and macOS only.") from error
    with paths.storage_errors(path):
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    for _ in range(_TRIES):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.01)  # somebody may only be asking whether it is held
        else:
            return lock
    os.close(lock)
    return None


def _last_sentence(log: Path) -> str:
    """Return the error that the command printed last, "" where it printed none."""
    try:
        lines = log.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    told = [line.removeprefix(ERROR_MARK) for line in lines if line.startswith(ERROR_MARK)]
    return told[-1] if told else ""


def _line(share: float, words: str, problem: str = "") -> str:
    told: dict[str, Any] = {"time": round(time.time(), 2), "share": round(share, 4), "words": words}
    return json.dumps(told | ({"problem": problem} if problem else {})) + "\n"


def _append(folder: Path, line: str) -> None:
    """Add a progress line; a disk that has no room for it has worse to tell than this."""
    try:
        with (folder / PROGRESS).open("a", encoding="utf-8") as file:
            file.write(line)
    except OSError:
        return


def _read(path: Path) -> list[dict[str, Any]]:
    """Return the sound lines of a progress file; a line cut by a kill is left out."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return []
    found: list[dict[str, Any]] = []
    for line in text.splitlines():
        try:
            told = json.loads(line)
            found.append(told | {"time": float(told["time"]), "share": float(told["share"])})
        except (ValueError, TypeError, KeyError):
            continue
    return found
