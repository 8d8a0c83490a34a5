"""The file under the shortlist: opened, brought to the present version, and its errors in words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from llador_core.errors import DataFormatError, LladorError, StorageError
from llador_core.paths import home, make_folder, storage_errors

WAIT_S = 5.0  # for another tab or process to end its own change

# Each migration takes the file one version on; its place + 1 is the version it leads to.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE entries (
            graph TEXT NOT NULL, run TEXT NOT NULL, disease TEXT NOT NULL, drug TEXT NOT NULL,
            verdict TEXT, note TEXT NOT NULL, rank REAL, starred TEXT NOT NULL,
            changed TEXT NOT NULL,
            PRIMARY KEY (graph, run, disease, drug)
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE history (
            graph TEXT NOT NULL, run TEXT NOT NULL, disease TEXT NOT NULL, step INTEGER NOT NULL,
            drug TEXT NOT NULL, action TEXT NOT NULL, at TEXT NOT NULL, before TEXT,
            PRIMARY KEY (graph, run, disease, step, drug)
        ) WITHOUT ROWID
        """,
    ),
)


def file() -> Path:
    """Return where the shortlist is kept; the file may not exist."""
    return home() / "shortlist.sqlite"


@contextmanager
def writing() -> Iterator[sqlite3.Connection]:
    """Open the file and hold it for one change: written whole or not at all."""
    with opened(is_reading=False) as database:
        assert database is not None
        database.execute("BEGIN IMMEDIATE")
        try:
            yield database
        except BaseException:
            if database.in_transaction:  # a full disk has ended it already
                database.execute("ROLLBACK")
            raise
        database.execute("COMMIT")


@contextmanager
def opened(is_reading: bool) -> Iterator[sqlite3.Connection | None]:
    """Open the file in the present version; None for reading a file that does not exist."""
    path = file()
    with storage_errors(path):
        is_there = path.exists()
    if is_reading and not is_there:
        yield None
        return
    make_folder(path.parent)
    try:
        with closing(_connect(path, is_reading)) as database:
            yield database
    except sqlite3.Error as error:
        raise _sentence(error, path) from error


def _connect(path: Path, is_reading: bool) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=WAIT_S, isolation_level=None)
    try:
        _prepare(database, path)
        return database
    except BaseException as error:
        database.close()
        if not (is_reading and _is_read_only(error)):
            raise
        # On a read-only disk the file can still be read, only not with its log beside it.
        uri = f"{path.resolve().as_uri()}?immutable=1"
        database = sqlite3.connect(uri, uri=True, isolation_level=None)
        if _version(database) != len(MIGRATIONS):
            database.close()
            raise
        return database


def _is_read_only(error: BaseException) -> bool:
    codes = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)
    return isinstance(error, sqlite3.OperationalError) and _code(error) in codes


def _prepare(database: sqlite3.Connection, path: Path) -> None:
    """Bring the file to the present version. Raises DataFormatError for a newer one."""
    version = _version(database)
    if version > len(MIGRATIONS):
        raise DataFormatError(
            f"Your shortlist {path} was written by a newer version of LLaDoR (format {version}, "
            f"this one knows {len(MIGRATIONS)}). Update LLaDoR; the file is left as it is."
        )
    if version == len(MIGRATIONS):
        return
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("BEGIN IMMEDIATE")
    try:
        for number in range(_version(database), len(MIGRATIONS)):  # another may have been faster
            for statement in MIGRATIONS[number]:
                database.execute(statement)
        database.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


def _version(database: sqlite3.Connection) -> int:
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF  # the extended code says more than we need


def _sentence(error: sqlite3.Error, path: Path) -> LladorError | sqlite3.Error:
    """Return what went wrong as a sentence; an error that is a bug as it is."""
    code = _code(error)
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return DataFormatError(
            f"Your shortlist {path} is damaged ({error}). It is left as it is: move it away to "
            "begin a new one, into which a shortlist that you exported can be imported."
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
        f"Your shortlist {path} could not be used: {reasons[code]}. What was saved before is "
        "untouched."
    )
