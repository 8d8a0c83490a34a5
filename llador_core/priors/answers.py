"""Every answer of a language model about a graph's entities: one SQLite file for each graph.

An answer is kept under what was asked: the SHA-256 of the rendered prompt, its version, the model
and the parameters. Nothing in the file is ever overwritten: a repeated request is a further
attempt, and the latest attempt counts. The API key is not among what is kept.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from llador_core import database, paths
from llador_core.priors.answers_format import FORMAT

Status = Literal[
    "answered", "refused", "empty", "too_long", "wrong_language", "malformed", "failed"
]
STATUSES: tuple[Status, ...] = get_args(Status)
ANSWERS_FILE = "answers.sqlite"


@dataclass(frozen=True)
class Definition:
    """What every request of a text set has in common.

    Attributes
    ----------
    prompt, version : str
        Of the prompt.
    model : str
        As the endpoint calls it.
    parameters : str
        JSON with sorted keys, e.g. '{"max_tokens": 400, "temperature": 0.7}'.
    """

    prompt: str
    version: str
    model: str
    parameters: str = "{}"

    @staticmethod
    def of(prompt: str, version: str, model: str, parameters: Mapping[str, Any]) -> Definition:
        return Definition(prompt, version, model, json.dumps(dict(parameters), sort_keys=True))

    def key(self, system: str, user: str) -> str:
        """Return the 64 hex digits under which the answer to a rendered prompt is kept."""
        asked = [self.prompt, self.version, self.model, self.parameters, system, user]
        return hashlib.sha256(json.dumps(asked).encode()).hexdigest()


@dataclass(frozen=True)
class Request:
    """One question about one entity. Entities of the same name and type share a key and answer."""

    entity: str
    key: str
    system: str
    user: str


@dataclass(frozen=True)
class Reply:
    """What came back, judged.

    Attributes
    ----------
    status : Status
    raw : str
        The answer as it came.
    fields : mapping from text field to str
        What was read from it; empty unless answered.
    tokens_in, tokens_out : int or None
        As the endpoint counted them.
    cost_usd : float or None
        By the price table; None where the model has no price.
    latency_s : float
    error : str
        Why it is not a text for the set, "" for an answer.
    host : str
        Of the endpoint, without credentials.
    """

    status: Status
    raw: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost_usd: float | None = None
    latency_s: float = 0.0
    error: str = ""
    host: str = ""


@dataclass(frozen=True)
class Answer:
    """A reply with what was asked and when: what a reader needs to judge a text.

    Attributes
    ----------
    id : int
        Grows with time.
    entity : str
    definition : Definition
    key, system, user : str
    attempt : int
        1 for the first.
    reply : Reply
    date : str
        ISO date and time in UTC.
    """

    id: int
    entity: str
    definition: Definition
    key: str
    system: str
    user: str
    attempt: int
    reply: Reply
    date: str


def answers_file(graph_name: str) -> Path:
    """Return where the answers about a graph are kept; the file may not exist."""
    return paths.texts_folder(graph_name) / ANSWERS_FILE


class Store:
    """The answers about one graph, held open for asking. Made by `open_store`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._database = connection

    def note_asked(self, requests: Sequence[Request]) -> None:
        """Keep which request stands for which entity, so that answers can be found by entity."""
        rows = [(r.entity, r.key) for r in requests]
        with database.transaction(self._database):
            self._database.executemany("INSERT OR IGNORE INTO asked VALUES (?, ?)", rows)

    def record(self, request: Request, definition: Definition, reply: Reply) -> None:
        """Add an attempt. It is on the disk when this returns."""
        self.record_all([(request, reply)], definition)

    def record_all(self, settled: Sequence[tuple[Request, Reply]], definition: Definition) -> None:
        """Add attempts in one transaction. All are on the disk when this returns."""
        with database.transaction(self._database):
            insert_answers(self._database, settled, definition)

    @property
    def connection(self) -> sqlite3.Connection:
        return self._database


def insert_answers(
    connection: sqlite3.Connection,
    settled: Sequence[tuple[Request, Reply]],
    definition: Definition,
) -> None:
    """Add attempts inside a transaction of the caller's."""
    rows = [(*_values(request, definition, reply), request.key) for request, reply in settled]
    connection.executemany(
        "INSERT INTO answers (attempt, key, prompt, version, model, parameters, system, "
        "user, host, status, raw, fields, tokens_in, tokens_out, cost_usd, latency_s, "
        "error, date) SELECT 1 + COALESCE(MAX(attempt), 0), "
        "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM answers WHERE key = ?",
        rows,
    )


def _values(request: Request, definition: Definition, reply: Reply) -> tuple[Any, ...]:
    return (
        request.key,
        definition.prompt,
        definition.version,
        definition.model,
        definition.parameters,
        request.system,
        request.user,
        reply.host,
        reply.status,
        reply.raw,
        json.dumps(dict(reply.fields), ensure_ascii=False),
        reply.tokens_in,
        reply.tokens_out,
        reply.cost_usd,
        round(reply.latency_s, 3),
        reply.error,
        now(),
    )


@contextmanager
def open_store(graph_name: str) -> Iterator[Store]:
    """Hold the answers about a graph open. Raises as `database.opened`."""
    with database.opened(answers_file(graph_name), FORMAT, is_reading=False) as connection:
        assert connection is not None
        yield Store(connection)


def statuses(graph_name: str) -> dict[str, Status]:
    """Return the status of the latest attempt of every key."""
    with database.opened(answers_file(graph_name), FORMAT, is_reading=True) as connection:
        return (
            {} if connection is None else dict(connection.execute("SELECT key, status FROM latest"))
        )


def answers_of(
    graph_name: str,
    entity: str | None = None,
    definition: Definition | None = None,
    statuses: Sequence[Status] | None = None,
    is_latest: bool = True,
) -> list[Answer]:
    """Return answers, oldest first.

    Parameters
    ----------
    graph_name : str
    entity : str or None
        The id of one entity; None means all.
    definition : Definition or None
        Of one text set; None means all.
    statuses : sequence of Status or None
        None means any.
    is_latest : bool
        Leave out all but the latest attempt of each request.
    """
    where, values = ["1"], list[Any]()
    if entity is not None:
        where.append("entity = ?")
        values.append(entity)
    if definition is not None:
        where.append("prompt = ? AND version = ? AND model = ? AND parameters = ?")
        values += [definition.prompt, definition.version, definition.model, definition.parameters]
    if statuses is not None:
        where.append(f"status IN ({', '.join('?' * len(statuses))})")
        values += statuses
    table = "latest" if is_latest else "answers"
    query = (
        "SELECT id, entity, prompt, version, model, parameters, key, system, user, attempt, "
        "status, raw, fields, tokens_in, tokens_out, cost_usd, latency_s, error, host, date "
        f"FROM asked JOIN {table} USING (key) WHERE {' AND '.join(where)} ORDER BY id"
    )
    with database.opened(answers_file(graph_name), FORMAT, is_reading=True) as connection:
        rows = [] if connection is None else connection.execute(query, values).fetchall()
    return [_answer(row) for row in rows]


def _answer(row: tuple[Any, ...]) -> Answer:
    number, entity, prompt, version, model, parameters, key, system, user, attempt = row[:10]
    status, raw, fields, tokens_in, tokens_out, cost, latency, error, host, date = row[10:]
    reply = Reply(
        status, raw, json.loads(fields), tokens_in, tokens_out, cost, latency, error, host
    )
    definition = Definition(prompt, version, model, parameters)
    return Answer(number, entity, definition, key, system, user, attempt, reply, date)


def now() -> str:
    """Return the ISO date and time in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")
