"""Renaming and deleting the user's runs; what is deleted can be brought back.

A deleted run is moved to `trash/runs/` in one step, and stays there until the trash is emptied.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from llador_core import jobs
from llador_core.errors import ConfigError, UnknownNameError, nearest_names
from llador_core.paths import home, make_folder, storage_errors
from llador_core.training.exchange.install import check_free
from llador_core.training.info import NAME, RunInfo, find_folder, read_info

_MARK = "--deleted-"
BUSY_S = 60  # a folder written to so recently belongs to a training that is running


@dataclass(frozen=True)
class Deleted:
    """A run in the trash.

    Attributes
    ----------
    key : str
        Its folder in the trash.
    name : str
        What it was called.
    deleted : str
        ISO date and time in UTC.
    size_mb : float
    """

    key: str
    name: str
    deleted: str
    size_mb: float


def rename_run(name: str, new: str) -> RunInfo:
    """Give a run of the user's another name and return it. Its weights stay as they are.

    Raises
    ------
    UnknownNameError
        No such run.
    ConfigError
        It ships with the app, is being trained, or the new name is taken or cannot be one.
    StorageError
    """
    folder = _own(name, "renamed")
    check_free(new)
    target = folder.with_name(new)
    with storage_errors(target):
        folder.rename(target)
    return read_info(target)


def delete_run(name: str) -> Deleted:
    """Move a run of the user's to the trash. Raises as `rename_run`."""
    folder = _own(name, "deleted")
    trash = make_folder(trash_folder())
    at = time.time()
    target = trash / f"{folder.name}{_MARK}{int(at * 1000)}"
    with storage_errors(target):
        folder.rename(target)
    return _deleted(target)


def restore_run(key: str) -> RunInfo:
    """Bring a deleted run back under its name.

    Raises
    ------
    UnknownNameError
        It is not in the trash.
    ConfigError
        Its name has been taken meanwhile.
    """
    found = {one.key: one for one in list_deleted()}
    if key not in found:
        by_name = {one.name: one for one in reversed(list_deleted())}  # the latest of a name wins
        if key not in by_name:
            raise UnknownNameError("deleted run", key, nearest_names(key, by_name))
        key = by_name[key].key
    name = key.rpartition(_MARK)[0]
    check_free(name)
    target = make_folder(home() / "runs") / name
    with storage_errors(target):
        (trash_folder() / key).rename(target)
    return read_info(target)


def list_deleted() -> list[Deleted]:
    """Return what is in the trash, latest first."""
    folder = trash_folder()
    if not folder.is_dir():
        return []
    found = [_deleted(one) for one in folder.iterdir() if one.is_dir() and _MARK in one.name]
    return sorted(found, key=lambda one: one.key.rpartition(_MARK)[2], reverse=True)


def empty_trash() -> int:
    """Remove for good what was deleted; return how many runs."""
    found = list_deleted()
    for one in found:
        with storage_errors(trash_folder()):
            shutil.rmtree(trash_folder() / one.key)
    return len(found)


def trash_folder() -> Path:
    return home() / "trash" / "runs"


def size_mb(folder: Path) -> float:
    """Return what a folder takes on the disk, in megabytes."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def _own(name: str, what: str) -> Path:
    """Return the folder of one of the user's runs that nobody is writing to."""
    if not NAME.fullmatch(name):
        raise UnknownNameError("run", name, ())
    folder = find_folder(name)
    if folder.parent != home() / "runs":
        raise ConfigError(f"Run '{name}' ships with LLaDoR and cannot be {what}.")
    if _is_busy(folder):
        raise ConfigError(
            f"Run '{name}' is being trained and cannot be {what}. Wait until it is done, or cancel "
            "its training."
        )
    return folder


def _is_busy(folder: Path) -> bool:
    """Return whether an unfinished run is being written to: by a job, or by hand a moment ago."""
    if (folder / "run.json").is_file():
        return False
    if jobs.is_running(f"train-{folder.name}"):
        return True
    latest = max((file.stat().st_mtime for file in folder.rglob("*")), default=0.0)
    return time.time() - latest < BUSY_S


def _deleted(folder: Path) -> Deleted:
    name, _, stamp = folder.name.rpartition(_MARK)
    at = int(stamp) / 1000 if stamp.isdigit() else folder.stat().st_mtime
    when = datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
    return Deleted(folder.name, name, when, size_mb(folder))
