"""A computation in a process of its own, that any page can start, follow and cancel.

`jobs/<name>/` holds what `job_files` says. The process holds the lock as long as it lives, so
whether it lives is asked of the system: nothing is left to clean up when it is killed or the
machine restarts. It outlives the page, the tab and the server that started it, and whoever asks for
the same name meanwhile follows the same process.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Thread
from typing import Any

from llador_core import locks, paths
from llador_core.errors import ConfigError, LladorError, MissingDataError, StorageError
from llador_core.job_files import (
    CANCELLED,
    KILLED,
    LOCK,
    LOG,
    PROGRESS,
    REQUEST,
    STARTING,
    Job,
    Progress,
    append,
    ends,
    explain_error,
    folder_of,
    line,
    log_tail,
    request_of,
    told,
)

__all__ = [
    "KILLED",
    "LOCK",
    "LOG",
    "PROGRESS",
    "STARTING",
    "Job",
    "cancel",
    "folder_of",
    "follow",
    "is_running",
    "last_lines",
    "names",
    "remove",
    "reporting",
    "request",
    "resume",
    "start",
]

# A reader who tries many settings must not fill the machine. A training waits until its device is
# free, so many may stand in line; a name whose first word is none of these counts as "".
AT_MOST: Mapping[str, int] = {
    "train": 30,
    "experiment": 4,
    "fetch": 3,
    "import": 2,
    "describe": 2,
    "embed": 2,
    "measure": 2,
    "": 2,
}
KEPT_DAYS = 14
NICENESS = 19  # a server on the same cores comes first
GRACE_S = 2.0
_CANCELLED = 128 + signal.SIGTERM


def start(
    name: str,
    arguments: Sequence[str],
    noted: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
) -> bool:
    """Run `python -m llador_core ARGUMENTS` as the job `name`, unless it is running already.

    The command must report through `reporting(name)`; it inherits the lock, so that no moment
    passes in which the job seems dead. Who asks second changes nothing.

    Parameters
    ----------
    noted : mapping or None
        What `request(name)` shall tell besides the arguments, JSON alone.
    environment : mapping or None
        Variables for the process alone, such as a key: nothing of it is written anywhere.

    Returns
    -------
    bool
        False where the job was running already.

    Raises
    ------
    ConfigError
        As many jobs of the kind as allowed are running.
    StorageError
        The job's folder cannot be written.
    """
    _clean()
    folder = paths.make_folder(folder_of(name))
    lock = locks.take(folder / LOCK)
    if lock is None:
        return False
    try:
        _check_room(name)
        asked = {**(noted or {}), "arguments": [*arguments], "asked": round(time.time(), 3)}
        paths.write_atomically(folder / REQUEST, json.dumps(asked).encode())
        with paths.storage_errors(folder):
            (folder / PROGRESS).write_text(line(0.0, STARTING), "utf-8")
            with (folder / LOG).open("wb") as log:
                child = subprocess.Popen(
                    [sys.executable, "-m", "llador_core", *arguments, f"--lock={lock}"],
                    cwd=paths.REPOSITORY,
                    env={
                        "OMP_NUM_THREADS": str(max(1, _n_cores() - 1)),
                        **os.environ,
                        **(environment or {}),
                    },
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=(lock,),
                    start_new_session=True,  # not ended with the server or its terminal
                )
            os.pwrite(lock, f"{child.pid}\n".encode(), 0)
    finally:
        os.close(lock)
    Thread(target=child.wait, daemon=True).start()  # or it would stay a zombie
    return True


def names(kind: str = "") -> list[str]:
    """Return the names of the jobs that have a folder, of one kind or of all."""
    folder = paths.home() / "jobs"
    found = sorted(f.name for f in folder.iterdir()) if folder.is_dir() else []
    return [name for name in found if not kind or name.startswith(f"{kind}-")]


def request(name: str) -> dict[str, Any]:
    """Return what a job was started with: "arguments", "asked" (seconds) and what was noted."""
    return request_of(folder_of(name))


def resume(name: str) -> bool:
    """Start a job again with the arguments it had; False where it is running already.

    Raises MissingDataError where nobody noted them, and as `start`.
    """
    asked = request(name)
    arguments = asked.pop("arguments", None)
    if not isinstance(arguments, list):
        raise MissingDataError(f"There is no job '{name}' that could go on. List them with `jobs`.")
    return start(name, [str(argument) for argument in arguments], asked)


def remove(name: str) -> bool:
    """Delete the folder of a job that is not running; False where it is."""
    folder = folder_of(name)
    if not folder.is_dir():
        return True
    lock = locks.take(folder / LOCK)
    if lock is None:
        return False
    try:
        with paths.storage_errors(folder):
            shutil.rmtree(folder)
    finally:
        os.close(lock)
    return True


def last_lines(name: str, n_lines: int = 12) -> list[str]:
    """Return the last lines that a job printed."""
    return log_tail(folder_of(name), n_lines)


def is_running(name: str) -> bool:
    """Return whether a process holds the job's lock."""
    try:
        return locks.is_held(folder_of(name) / LOCK)
    except ConfigError:
        return False


def follow(name: str) -> Job:
    """Return where a job stands; never raises for what is in its folder."""
    running = is_running(name)  # before the last line is read, or its end could be missed
    return told(folder_of(name), is_running=running)


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
    _, last = ends(folder / PROGRESS)
    share, words = (last["share"], last["words"]) if last else (0.0, STARTING)
    if share < 1 and not (last and last.get("is_cancelled")):
        append(folder, line(share, words, problem=CANCELLED, is_cancelled=True))


@contextmanager
def reporting(
    name: str, lock: int | None = None, noted: Mapping[str, Any] | None = None
) -> Iterator[Callable[[float, str], None]]:
    """Be the job `name` inside the block; yield what to report progress with.

    Parameters
    ----------
    name : str
    lock : int or None
        The lock inherited from `start`; None takes it here, as for a command typed by hand.
    noted : mapping or None
        For a command typed by hand: what `request(name)` shall tell, "arguments" among it.

    Raises
    ------
    ConfigError
        Another process is this job.
    """
    folder = paths.make_folder(folder_of(name))
    if lock is None:
        lock = locks.take(folder / LOCK)
        if lock is None:
            raise ConfigError(
                "Another process is computing this already. Wait until it is done, or cancel it "
                f"with `python -m llador_core jobs --cancel {name}`."
            )
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        with paths.storage_errors(folder):
            (folder / LOG).unlink(missing_ok=True)  # of an earlier process: it tells nothing of us
            (folder / PROGRESS).write_text(line(0.0, STARTING), "utf-8")
        asked = {**(noted or {}), "asked": round(time.time(), 3)}
        paths.write_atomically(folder / REQUEST, json.dumps(asked).encode())
    else:
        os.nice(NICENESS)
    progress = Progress(folder)
    # so that half-written files are removed, and the last word is that it was cancelled
    before = signal.signal(signal.SIGTERM, _leave)
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
    except (SystemExit, KeyboardInterrupt) as end:
        if isinstance(end, KeyboardInterrupt) or end.code == _CANCELLED:
            progress.fail(CANCELLED, is_cancelled=True)
        raise
    except Exception as error:
        progress.fail(explain_error(error))
        raise
    finally:
        signal.signal(signal.SIGTERM, before)
        os.close(lock)


def _leave(*_: Any) -> None:
    sys.exit(_CANCELLED)


def _n_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _kind(name: str) -> str:
    first = name.partition("-")[0]
    return first if first in AT_MOST else ""


def _check_room(name: str) -> None:
    """Raise ConfigError where as many jobs of the kind of `name` run as are allowed."""
    kind = _kind(name)
    others = [other for other in names() if other != name and _kind(other) == kind]
    n_running = sum(is_running(other) for other in others)
    if n_running >= AT_MOST[kind]:
        raise ConfigError(
            f"{n_running} computations {'of this kind ' if kind else ''}are running already. Wait "
            "until one of them is done, or cancel it."
        )


def _clean() -> None:
    """Delete the folders of jobs that ended more than `KEPT_DAYS` ago."""
    for name in names():
        try:
            folder = folder_of(name)
            age_s = time.time() - (folder / PROGRESS).stat().st_mtime
            if age_s > KEPT_DAYS * 86_400:
                remove(name)
        except (OSError, LladorError):
            continue  # it stays until it can be deleted; nothing depends on that
