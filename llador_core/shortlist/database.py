"""The file under the shortlist."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from llador_core import database
from llador_core.paths import home

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


def _format() -> database.Format:
    return database.Format(
        what="Your shortlist",
        migrations=MIGRATIONS,
        if_damaged=(
            "move it away to begin a new one, into which a shortlist that you exported can be "
            "imported."
        ),
    )


@contextmanager
def writing() -> Iterator[sqlite3.Connection]:
    """Open the file and hold it for one change: written whole or not at all."""
    with database.writing(file(), _format()) as connection:
        yield connection


@contextmanager
def opened(is_reading: bool) -> Iterator[sqlite3.Connection | None]:
    """Open the file in the present version; None for reading a file that does not exist."""
    with database.opened(file(), _format(), is_reading) as connection:
        yield connection
