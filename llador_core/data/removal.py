"""What graphs take on disk, and taking it away: the user's own graphs, fetched files, copies."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from llador_core import jobs, paths
from llador_core.data import cache, graph_names, own_folder
from llador_core.data.fetch import SET_ASIDE, SIDECAR
from llador_core.data.specs import GRAPHS
from llador_core.errors import ConfigError, UnknownNameError, nearest_names


@dataclass(frozen=True)
class OnDisk:
    """What a graph takes in our folder; what lies in the user's own raw folder is not counted.

    Attributes
    ----------
    raw_bytes : int
        Fetched files, and parts of files.
    cached_bytes : int
        Copies for fast loading; they are made again when needed.
    own_bytes : int
        A graph of the user's own.
    """

    raw_bytes: int
    cached_bytes: int
    own_bytes: int


def on_disk(name: str) -> OnDisk:
    """Return what a graph takes on disk."""
    own = own_folder(name)
    return OnDisk(_size(_raw(name)), _size(_copies(name)), _size([own] if own else []))


def is_begun(name: str) -> bool:
    """Return whether a part of a registered graph's files has been downloaded."""
    return any(path.suffix == ".part" for path in _raw(name))


def delete_own(name: str) -> int:
    """Delete a graph of the user's own with its copies; return the bytes freed.

    Raises
    ------
    UnknownNameError
        There is no such graph of the user's own.
    ConfigError
        A job is using it.
    StorageError
        It cannot be deleted.
    """
    folder = own_folder(name)
    if folder is None:
        own = [one for one in graph_names() if one not in GRAPHS]
        raise UnknownNameError("graph of your own", name, nearest_names(name, own))
    _check_idle(name)
    return _remove([folder, *_copies(name)])


def remove_files(name: str) -> int:
    """Remove the fetched files and the copies of a registered graph; return the bytes freed.

    What the user has put into a folder of his own (LLADOR_RAW) stays. Raises as `delete_own`.
    """
    _check_idle(name)
    return _remove([*_raw(name), *_copies(name)])


def remove_copies(name: str) -> int:
    """Remove the copies for fast loading; return the bytes freed. Raises as `delete_own`."""
    _check_idle(name)
    return _remove(_copies(name))


def jobs_of(name: str) -> list[str]:
    """Return the running jobs that are about a graph, as far as their names tell."""
    about = re.compile(rf"(^|[-_.]){re.escape(name)}([-_.]|$)")
    return [job for job in jobs.names() if about.search(job) and jobs.is_running(job)]


def _check_idle(name: str) -> None:
    busy = jobs_of(name)
    if busy:
        raise ConfigError(
            f"Graph '{name}' is in use by {', '.join(busy)}. Wait until that is done, or cancel it."
        )


def _raw(name: str) -> list[Path]:
    """Return the fetched files, parts and notes of a registered graph in our own folder."""
    spec = GRAPHS.get(name)
    folder = paths.home() / "raw" / name
    if spec is None or not folder.is_dir():
        return []
    ends = ("", ".part", ".part.json", SIDECAR, SET_ASIDE)
    names = [file.name + end for file in spec.downloads for end in ends]
    return [folder / one for one in names if (folder / one).is_file()]


def _copies(name: str) -> list[Path]:
    folder = cache.folder()
    if not folder.is_dir():
        return []
    own = re.compile(rf"{re.escape(cache.safe(name))}-[0-9a-f]{{16}}")
    return [one for one in sorted(folder.iterdir()) if own.fullmatch(one.name)]


def _remove(found: Sequence[Path]) -> int:
    """Take files and folders away; a folder vanishes in one step, then its files go."""
    freed = _size(found)
    for path in found:
        with paths.storage_errors(path):
            if path.is_dir():
                bin_folder = Path(tempfile.mkdtemp(prefix=".deleted-", dir=path.parent))
                path.replace(bin_folder / "it")
                shutil.rmtree(bin_folder)
            else:
                path.unlink(missing_ok=True)
    return freed


def _size(found: Sequence[Path]) -> int:
    files = (f for one in found for f in (one.rglob("*") if one.is_dir() else [one]))
    return sum(file.stat().st_size for file in files if file.is_file())
