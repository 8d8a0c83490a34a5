"""Where files live, and the only way they are written: whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import get_ident

from llador_core.errors import StorageError

REPOSITORY = Path(__file__).resolve().parent.parent


def assets() -> Path:
    """Return the folder of what ships with the app: the starter graph and the pretrained runs."""
    return REPOSITORY / "assets"


def home() -> Path:
    """Return the folder of all user state: `LLADOR_HOME`, else `~/.llador`. It may not exist."""
    return Path(os.environ.get("LLADOR_HOME") or Path.home() / ".llador").expanduser()


def raw_folders() -> list[Path]:
    """Return the folders searched for upstream files, first hit wins: `LLADOR_RAW`, then ours."""
    given = os.environ.get("LLADOR_RAW")
    return ([Path(given).expanduser()] if given else []) + [home() / "raw"]


def texts_folder(graph: str) -> Path:
    """Return the folder for texts and text vectors of a graph that does not ship with the app."""
    return home() / "texts" / graph


def graphs_folder() -> Path:
    """Return the folder of the user's own graphs, a folder each, loaded by its name."""
    return home() / "graphs"


def runs_folders() -> list[Path]:
    """Return the folders that hold runs: the user's, then the pretrained ones."""
    return [home() / "runs", assets() / "runs"]


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn an operating-system refusal to write at `path` into one sentence.

    Raises
    ------
    StorageError
        No space, no permission, a read-only disk, or a file where a folder should be.
    """
    try:
        yield
    except OSError as error:
        reasons = {
            errno.ENOSPC: "the disk is full",
            errno.EDQUOT: "the disk quota is used up",
            errno.EACCES: "there is no permission to write there",
            errno.EPERM: "there is no permission to write there",
            errno.EROFS: "the disk is read-only",
            errno.ENOENT: "no folder can be made there",
            errno.ENOTDIR: "part of the path is a file, not a folder",
            errno.EEXIST: "a file stands where a folder should be",
        }
        reason = reasons.get(error.errno or 0)
        if reason is None:
            raise
        raise StorageError(
            f"Could not write {path}: {reason}; mend that or set LLADOR_HOME to a folder "
            "you can write to."
        ) from error


def make_folder(folder: Path) -> Path:
    """Create `folder` with its parents and return it. Raises StorageError as `storage_errors`."""
    with storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` to `path` so that a reader sees the old file or the new one, never a part.

    Raises StorageError as `storage_errors`; the old file is then untouched.
    """
    make_folder(path.parent)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{get_ident()}.tmp")
    try:
        with storage_errors(path):
            with temporary.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def checksum(*files: Path) -> str:
    """Return the SHA-256 (64 hex digits) over the contents of `files` in the order given."""
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
