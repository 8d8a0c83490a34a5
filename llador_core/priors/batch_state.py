"""What was handed to a batch endpoint: kept so that it can be collected days later.

A batch is noted before it is made, with a digest of its requests that the service keeps too. So if
this process dies in between, the next one finds it there and does not hand it in again.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from llador_core import database
from llador_core.priors.answers import (
    Definition,
    Reply,
    Request,
    answers_file,
    insert_answers,
    now,
)
from llador_core.priors.answers_format import FORMAT

CREATING = "creating"


@dataclass(frozen=True)
class BatchState:
    """One batch.

    Attributes
    ----------
    id : str
        The service's; the digest while it is being made.
    host, status : str
        Where, and how it stood when it was last looked at.
    definition : Definition
    n_requests : int
    digest : str
        Of its requests.
    created, collected : str
        ISO dates and times; "" until it is collected.
    error : str
    """

    id: str
    host: str
    status: str
    definition: Definition
    n_requests: int
    digest: str
    created: str
    collected: str
    error: str


def list_batches(graph_name: str) -> list[BatchState]:
    """Return every batch about a graph, oldest first."""
    query = (
        "SELECT id, host, status, prompt, version, model, parameters, n_requests, digest, created, "
        "COALESCE(collected, ''), error FROM batches ORDER BY created, id"
    )
    with database.opened(answers_file(graph_name), FORMAT, is_reading=True) as connection:
        rows = [] if connection is None else connection.execute(query).fetchall()
    return [_state(*row) for row in rows]


def _state(batch: str, host: str, status: str, *rest: Any) -> BatchState:
    *asked, n_requests, digest, created, collected, error = rest
    definition = Definition(*asked)
    return BatchState(
        batch, host, status, definition, n_requests, digest, created, collected, error
    )


def open_keys(graph_name: str) -> set[str]:
    """Return the keys of all requests that a batch endpoint is working on."""
    query = "SELECT key FROM batch_requests JOIN batches ON batch = id WHERE collected IS NULL"
    with database.opened(answers_file(graph_name), FORMAT, is_reading=True) as connection:
        return set() if connection is None else {row[0] for row in connection.execute(query)}


def requests_of(graph_name: str, batch: str) -> dict[str, Request]:
    """Return the requests of a batch by key."""
    query = "SELECT entity, key, system, user FROM batch_requests WHERE batch = ?"
    with database.opened(answers_file(graph_name), FORMAT, is_reading=True) as connection:
        rows = [] if connection is None else connection.execute(query, (batch,)).fetchall()
    return {row[1]: Request(*row) for row in rows}


def digest_of(requests: Sequence[Request], attempt: str) -> str:
    """Return what tells one batch from all others."""
    keys = "".join(request.key for request in requests)
    return hashlib.sha256(f"{attempt} {keys}".encode()).hexdigest()[:32]


def note_batch(
    graph_name: str, host: str, definition: Definition, requests: Sequence[Request]
) -> str:
    """Keep that a batch is being made, and return its digest."""
    created = now()
    with database.writing(answers_file(graph_name), FORMAT) as connection:
        n = connection.execute("SELECT COUNT(*) FROM batches").fetchone()[0]
        digest = digest_of(requests, f"{n} {created}")
        connection.execute(
            "INSERT INTO batches VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, '')",
            (
                digest,
                host,
                definition.prompt,
                definition.version,
                definition.model,
                definition.parameters,
                CREATING,
                len(requests),
                digest,
                created,
            ),
        )
        connection.executemany(
            "INSERT INTO batch_requests VALUES (?, ?, ?, ?, ?)",
            [(digest, r.key, r.entity, r.system, r.user) for r in requests],
        )
    return digest


def name_batch(graph_name: str, digest: str, batch: str, status: str) -> None:
    """Keep the service's name of a batch that was being made."""
    with database.writing(answers_file(graph_name), FORMAT) as connection:
        connection.execute(
            "UPDATE batches SET id = ?, status = ? WHERE id = ?", (batch, status, digest)
        )
        connection.execute("UPDATE batch_requests SET batch = ? WHERE batch = ?", (batch, digest))


def note_status(graph_name: str, batch: str, status: str) -> None:
    """Keep how a batch stands."""
    with database.writing(answers_file(graph_name), FORMAT) as connection:
        connection.execute("UPDATE batches SET status = ? WHERE id = ?", (status, batch))


def forget_batch(graph_name: str, batch: str) -> None:
    """Remove a batch that the service never made."""
    with database.writing(answers_file(graph_name), FORMAT) as connection:
        connection.execute("DELETE FROM batch_requests WHERE batch = ?", (batch,))
        connection.execute("DELETE FROM batches WHERE id = ?", (batch,))


def note_collected(
    graph_name: str, state: BatchState, settled: Sequence[tuple[Request, Reply]], error: str
) -> None:
    """Keep all answers of a batch and that it is collected, at once or not at all."""
    with database.writing(answers_file(graph_name), FORMAT) as connection:
        if _is_collected(connection, state.id):  # another process was faster
            return
        insert_answers(connection, settled, state.definition)
        connection.execute(
            "UPDATE batches SET status = ?, collected = ?, error = ? WHERE id = ?",
            (state.status, now(), error, state.id),
        )


def _is_collected(connection: sqlite3.Connection, batch: str) -> bool:
    row = connection.execute("SELECT collected FROM batches WHERE id = ?", (batch,)).fetchone()
    return row is None or row[0] is not None
