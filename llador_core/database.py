"""SQLite files of ours: opened, brought to the present version, and their errors in words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from llador_core.errors import DataFormatError, LladorError, StorageError
from llador_core.paths import make_folder, storage_errors

WAIT_S = 5.0  # for another tab or process to end its own change


@dataclass(frozen=True)
class Format:
    """What a kind of file holds.

    Attributes
    ----------
    what : str
        As a sentence begins about it: "Your shortlist".
    migrations : tuple of tuples of str
        Each takes a file one version on; its place + 1 is the version it leads to.
    if_damaged : str
        What to do with a damaged file, after "It is left as it is: ".
    """

    what: str
    migrations: tuple[tuple[str, ...], ...]
    if_damaged: str

    @property
    def version(self) -> int:
        return len(self.migrations)


@contextmanager
def writing(path: Path, kind: Format) -> Iterator[sqlite3.Connection]:
    """Open the file and hold it for one change: written whole or not at all."""
    with opened(path, kind, is_reading=False) as database:
        assert database is not None
        with transaction(database):
            yield database


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """Do what is in the block whole or not at all."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if database.in_transaction:  # a full disk has ended it already
            database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")


@contextmanager
def opened(path: Path, kind: Format, is_reading: bool) -> Iterator[sqlite3.Connection | None]:
    """Open the file in the present version; None for reading a file that does not exist.

    Raises
    ------
    DataFormatError
        The file is damaged or was written by a newer version of LLaDoR.
    StorageError
        It cannot be read or written.
    """
    with storage_errors(path):
        is_there = path.exists()
    if is_reading and not is_there:
        yield None
        return
    make_folder(path.parent)
    try:
        with closing(_connect(path, kind, is_reading)) as database:
            yield database
    except sqlite3.Error as error:
        raise _sentence(error, path, kind) from error


def _connect(path: Path, kind: Format, is_reading: bool) -> sqlite3.Connection:
    # One thread at a time uses a connection, but not always the one that opened it.
    database = sqlite3.connect(path, timeout=WAIT_S, isolation_level=None, check_same_thread=False)
    try:
        _prepare(database, path, kind)
        return database
    except BaseException as error:
        database.close()
        if not (is_reading and _is_read_only(error)):
            raise
        # On a read-only disk the file can still be read, only not with its log beside it.
        uri = f"{path.resolve().as_uri()}?immutable=1"
        database = sqlite3.connect(uri, uri=True, isolation_level=None)
        if _version(database) != kind.version:
            database.close()
            raise
        return database


def _is_read_only(error: BaseException) -> bool:
    codes = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)
    return isinstance(error, sqlite3.OperationalError) and _code(error) in codes


def _prepare(database: sqlite3.Connection, path: Path, kind: Format) -> None:
    """Bring the file to the present version. Raises DataFormatError for a newer one."""
    version = _version(database)
    if version > kind.version:
        raise DataFormatError(
            f"{kind.what} {path} was written by a newer version of LLaDoR (format {version}, "
            f"this one knows {kind.version}). Update LLaDoR; the file is left as it is."
        )
    database.execute("PRAGMA synchronous = FULL")  # in WAL mode, what is committed is on the disk
    if version == kind.version:
        return
    database.execute("PRAGMA journal_mode = WAL")
    with transaction(database):
        for number in range(_version(database), kind.version):  # another may have been faster
            for statement in kind.migrations[number]:
                database.execute(statement)
        database.execute(f"PRAGMA user_version = {kind.version}")


def _version(database: sqlite3.Connection) -> int:
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF  # the extended code says more than we need


def _sentence(error: sqlite3.Error, path: Path, kind: Format) -> LladorError | sqlite3.Error:
    """Return what went wrong as a sentence; an error that is a bug as it is."""
    code = _code(error)
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return DataFormatError(
            f"{kind.what} {path} is damaged ({error}). It is left as it is: {kind.if_damaged}"
        )
    reasons = {
        sqlite3.SQLITE_FULL: "the disk is full; free some space",
        sqlite3.SQLITE_READONLY: "the disk is read-only; set LLADOR_HOME to another folder",
        sqlite3.SQLITE_CANTOPEN: "it cannot be opened; set LLADOR_HOME to a folder of your own",
        sqlite3.SQLITE_IOERR: "the disk reports an error; look after it, or set LLADOR_HOME",
        sqlite3.SQLITE_BUSY: "another program holds the file; try again in a moment",
        sqlite3.SQLITE_LOCKED: "another program holds the file; try again in a moment",
    }
    if code not in reasons:
        return error
    return StorageError(
        f"{kind.what} {path} could not be used: {reasons[code]}. What was saved before is "
        "untouched."
    )
