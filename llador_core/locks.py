"""Locks of the file system, held by a process as long as it lives, whatever ends it."""

from __future__ import annotations

import os
import time
from pathlib import Path

from llador_core import paths
from llador_core.errors import ConfigError

_TRIES = 10


def take(path: Path) -> int | None:
    """Return the lock at `path`, taken, as a file descriptor; None where another process holds it.

    Closing the descriptor gives it back; a child that inherits it holds it, too.

    Raises StorageError where the file cannot be made, ConfigError on a system without such locks.
    """
    try:
        import fcntl
    except ImportError as error:
        raise ConfigError("Computations in the background run on Linux and macOS only.") from error
    for _ in range(_TRIES):
        with paths.storage_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            time.sleep(0.01)  # somebody may only be asking whether it is held
            continue
        if _is_same(lock, path):
            return lock
        os.close(lock)  # its folder was deleted meanwhile: that lock keeps nobody out
    return None


def is_held(path: Path) -> bool:
    """Return whether a process holds the lock at `path`."""
    try:
        import fcntl
    except ImportError:  # Windows, where nobody can take it either
        return False
    try:
        lock = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:  # shared, so that two who ask do not take each other for the holder
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def _is_same(lock: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(lock), path.stat())
    except OSError:
        return False
