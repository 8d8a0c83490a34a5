"""Vectors of texts that were embedded before: kept by the text and the embedder, as float16."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from llador_core import database, paths
from llador_core.errors import DataFormatError

Vectors = NDArray[np.float32]
Batches = Callable[[Sequence[str]], Iterable[tuple[list[int], Vectors]]]
_AT_ONCE = 500

FORMAT = database.Format(
    what="The cache of text vectors",
    if_damaged="delete it; it is made anew.",
    migrations=(
        (
            """
            CREATE TABLE vectors (
                embedder TEXT NOT NULL, text BLOB NOT NULL, vector BLOB NOT NULL,
                PRIMARY KEY (embedder, text)
            ) WITHOUT ROWID
            """,
        ),
    ),
)


def cache_file() -> Path:
    """Return where vectors are kept; the file may not exist."""
    return paths.home() / "cache" / "text-vectors.sqlite"


def through(
    embedder: str,
    texts: Sequence[str],
    compute: Batches,
    progress: Callable[[int, int], None] | None = None,
) -> Vectors:
    """Return one unit vector per text, computing only those that were never computed.

    Each batch is kept before the next is computed, so an interruption pays nothing twice. An empty
    text gets zeros.

    Parameters
    ----------
    embedder : str
        Everything that the vector of a text depends on.
    texts : sequence of str, length n
    compute : callable
        Yields vectors of distinct texts in batches, with their places.
    progress : callable(n_done, n_texts) or None

    Returns
    -------
    float32 array of shape (n, width), rounded to float16
    """
    distinct = list(dict.fromkeys(text for text in texts if text))
    keys = [hashlib.sha256(text.encode("utf-8", "replace")).digest() for text in distinct]
    with database.opened(cache_file(), FORMAT, is_reading=False) as connection:
        assert connection is not None
        found = _look_up(connection, embedder, keys)
        missing = [i for i, key in enumerate(keys) if key not in found]
        n_done = len(distinct) - len(missing)
        for places, vectors in compute([distinct[i] for i in missing]) if missing else ():
            halves = np.asarray(vectors, np.float16)
            rows = [
                (embedder, keys[missing[place]], half.tobytes())
                for place, half in zip(places, halves, strict=True)
            ]
            with database.transaction(connection):
                connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", rows)
            found.update((key, half) for (_, key, _), half in zip(rows, halves, strict=True))
            n_done += len(places)
            if progress is not None:
                progress(n_done, len(distinct))
    if progress is not None and not missing:
        progress(len(distinct), len(distinct))
    return _rows(texts, dict(zip(distinct, (found[key] for key in keys), strict=True)))


def note(embedder: str, texts: Sequence[str], vectors: Vectors) -> int:
    """Keep vectors that lie in a file already, and return how many texts were new.

    Parameters
    ----------
    embedder : str
        As in `through`.
    texts : sequence of str, length n
        Empty ones are passed over.
    vectors : float32 array of shape (n, width)
    """
    keys = [hashlib.sha256(text.encode("utf-8", "replace")).digest() for text in texts]
    halves = np.asarray(vectors, np.float16)
    rows = [
        (embedder, key, half.tobytes())
        for text, key, half in zip(texts, keys, halves, strict=True)
        if text
    ]
    with database.writing(cache_file(), FORMAT) as connection:
        before = connection.total_changes
        connection.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?, ?)", rows)
        return connection.total_changes - before


def _look_up(
    connection: sqlite3.Connection, embedder: str, keys: Sequence[bytes]
) -> dict[bytes, NDArray[np.float16]]:
    found: dict[bytes, NDArray[np.float16]] = {}
    for start in range(0, len(keys), _AT_ONCE):
        some = keys[start : start + _AT_ONCE]
        marks = ", ".join("?" * len(some))
        query = f"SELECT text, vector FROM vectors WHERE embedder = ? AND text IN ({marks})"
        for text, vector in connection.execute(query, (embedder, *some)):
            found[text] = np.frombuffer(vector, np.float16)
    return found


def _rows(texts: Sequence[str], by_text: dict[str, NDArray[np.float16]]) -> Vectors:
    widths = {len(vector) for vector in by_text.values()}
    if len(widths) > 1:
        raise DataFormatError(
            f"The cache {cache_file()} has vectors of {sorted(widths)} dimensions for one "
            "embedder: its service changed the model. Delete the cache and repeat the command."
        )
    out = np.zeros((len(texts), *(widths or {1})), np.float32)
    for i, text in enumerate(texts):
        if text:
            out[i] = by_text[text]
    return out
