"""What a job leaves in its folder, and what can be told from it.

    jobs/<name>/ lock request.json progress.jsonl job.log

Reading never fails for what is in a folder, and reads no more than the first line and the end of a
progress file: a training of many hours leaves a long one, and pages look every second.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from llador_core import paths
from llador_core.errors import ConfigError

LOCK, PROGRESS, LOG, REQUEST = "lock", "progress.jsonl", "job.log", "request.json"
STARTING = "Starting"
ERROR_MARK = "llador: "  # how the command line begins an error
CANCELLED = "The computation was cancelled."
KILLED = "The computation ended before it was done: it was killed, or memory or disk space ran out."
KILLED_WITHOUT_MEMORY = (
    "The computation was killed, most likely because memory ran out: it used {used:,.1f} GB, and "
    "{free:,.1f} GB were free, when it last reported. Try a smaller setting (dim, batch_size, "
    "n_negatives), or close other programs."
)
FAILED = "The program failed, which is an error of LLaDoR: {}"
RESTARTED = "The machine was restarted before the computation was done."
SHORT_OF_MEMORY = 0.15  # free, as a share of what the job uses
_WRITE_EVERY_S = 0.3
_TAIL_BYTES = 16_384
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,250}")
# What the last lines of a log mean, the more telling first, and what to do.
_SIGNS: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("CUDA out of memory", "CUDA error: out of memory", "MPS backend out of memory"),
        "The memory of the GPU does not suffice. Lower batch_size, n_negatives or dim, or train "
        "on the CPU.",
    ),
    (
        ("MemoryError", "can't allocate memory", "Cannot allocate memory", "std::bad_alloc"),
        "The memory of this machine does not suffice. Lower batch_size, n_negatives or dim.",
    ),
    (
        ("No space left on device", "Disk quota exceeded", "File too large"),
        "The disk is full. Make room, or set LLADOR_HOME to a folder on another disk, and go on.",
    ),
)


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
    is_cancelled : bool
        It was stopped by a person.
    time : float
        Of its last report, in seconds since 1970; 0 for none.
    """

    state: Literal["none", "running", "done", "stopped"]
    share: float = 0.0
    words: str = ""
    seconds: float = 0.0
    problem: str = ""
    is_cancelled: bool = False
    time: float = 0.0


def folder_of(name: str) -> Path:
    """Return the folder of a job. Raises ConfigError for a name that is none."""
    if not _NAME.fullmatch(name):
        raise ConfigError(f"'{name}' cannot be the name of a job.")
    return paths.home() / "jobs" / name


def told(folder: Path, *, is_running: bool) -> Job:
    """Return where a job stands by its files; never raises for what is in them.

    Parameters
    ----------
    is_running : bool
        Asked before the files are read, or the end of the job could be missed.
    """
    first, last = ends(folder / PROGRESS)
    if first is None or last is None:
        return Job("running", words=STARTING) if is_running else Job("none")
    share, words, at = last["share"], str(last.get("words", "")), last["time"]
    seconds = max((time.time() if is_running else at) - first["time"], 0.0)
    problem = str(last.get("problem", ""))
    if is_running:
        return Job("running", share, words, seconds, problem, time=at)
    if share >= 1:
        return Job("done", 1.0, words, seconds, time=at)
    problem = problem or explain_end(folder, last)
    is_cancelled = bool(last.get("is_cancelled"))
    return Job("stopped", share, words, seconds, problem, is_cancelled, at)


def explain_end(folder: Path, last: dict[str, Any]) -> str:
    """Return why a job that reported no problem ended, and what to do, in one sentence or two."""
    lines = log_tail(folder, 40)
    said = [line.removeprefix(ERROR_MARK) for line in lines if line.startswith(ERROR_MARK)]
    if said:
        return said[-1]
    if any(line.startswith("Traceback") for line in lines) or _meaning("\n".join(lines)):
        return _meaning("\n".join(lines)) or FAILED.format(lines[-1])
    if _booted() > last["time"]:
        return RESTARTED
    used, free = last.get("used_gb"), last.get("free_gb")
    if isinstance(used, int | float) and isinstance(free, int | float):
        is_short = free < SHORT_OF_MEMORY * used
        return KILLED_WITHOUT_MEMORY.format(used=used, free=free) if is_short else KILLED
    return KILLED


def explain_error(error: Exception) -> str:
    """Return what an error that is none of ours means, and what to do."""
    text = f"{type(error).__name__}: {error}"
    return _meaning(text) or FAILED.format(text.partition("\n")[0][:300])


def _meaning(text: str) -> str:
    return next((words for signs, words in _SIGNS if any(sign in text for sign in signs)), "")


def log_tail(folder: Path, n_lines: int) -> list[str]:
    """Return the last lines that a job printed, without empty ones."""
    text = _tail(folder / LOG)
    # a bar that redraws its line leaves carriage returns: what it showed last is what counts
    lines = (line.rstrip().rsplit("\r", 1)[-1] for line in text.split("\n"))
    return [line for line in lines if line.strip()][-n_lines:]


def request_of(folder: Path) -> dict[str, Any]:
    """Return what a job was asked for: its arguments and what its starter noted; {} without."""
    try:
        content = json.loads((folder / REQUEST).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def line(share: float, words: str, **more: Any) -> str:
    """Return a line of a progress file."""
    said: dict[str, Any] = {"time": round(time.time(), 2), "share": round(share, 4), "words": words}
    return json.dumps(said | more) + "\n"


def append(folder: Path, text: str) -> None:
    """Add a progress line; a disk that has no room for it has worse to tell than this."""
    try:
        with (folder / PROGRESS).open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError:
        return


def ends(path: Path) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Return the first and the last sound line of a progress file; a cut line is passed over."""
    try:
        with path.open("rb") as file:
            head = file.readline(_TAIL_BYTES).decode("utf-8", "replace")
    except OSError:
        return None, None
    sound = [found for found in map(_parsed, _tail(path).split("\n")) if found is not None]
    first = _parsed(head) or (sound[0] if sound else None)
    return first, sound[-1] if sound else first


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        said = json.loads(text)
        return dict(said) | {"time": float(said["time"]), "share": float(said["share"])}
    except (ValueError, TypeError, KeyError):
        return None


def _tail(path: Path) -> str:
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _TAIL_BYTES))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""


def memory() -> dict[str, float]:
    """Return the memory this process uses and what is free, in GB; {} where Linux is not."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
        told_free = re.search(r"MemAvailable:\s+(\d+)", Path("/proc/meminfo").read_text("ascii"))
    except (OSError, ValueError, IndexError):
        return {}
    if told_free is None:
        return {}
    return {"used_gb": round(pages * 4096 / 1e9, 2), "free_gb": round(int(told_free[1]) / 1e6, 2)}


def _booted() -> float:
    """Return when the machine started, in seconds since 1970; 0 where that cannot be told."""
    try:
        return time.time() - float(Path("/proc/uptime").read_text("ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return 0.0


class Progress:
    """Writes progress lines, a few a second at most."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.share, self.words, self.at = 0.0, STARTING, 0.0

    def report(self, share: float, words: str) -> None:
        """Note where the job is, unless the last note is recent and says the same."""
        is_due = time.monotonic() - self.at >= _WRITE_EVERY_S
        if is_due or words != self.words or share >= 1:
            append(self.folder, line(share, words, **memory()))
            self.at = time.monotonic()
        self.share, self.words = share, words

    def fail(self, problem: str, **more: Any) -> None:
        """Note why the job ends before it is done."""
        append(self.folder, line(self.share, self.words, problem=problem, **more))
