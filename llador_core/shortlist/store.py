"""Where the shortlist is kept: one SQLite file in the user's home, with its history.

Every write is one transaction and one step of the history, so that it can be taken back. Nothing
here reads a graph: entities are ids, as they stand in the graph's files.
"""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from llador_core.errors import ConfigError
from llador_core.shortlist.database import opened, writing

Verdict = Literal["pursue", "need_data", "drop"]
Action = Literal["star", "remove", "verdict", "note", "import"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
MAX_NOTE = 500
MAX_STEPS = 200  # of each list; older changes can no longer be taken back


@dataclass(frozen=True)
class Place:
    """Which list: of one graph, one run and one disease, by their names and id."""

    graph: str
    run: str
    disease: str


@dataclass(frozen=True)
class Entry:
    """A starred candidate.

    Attributes
    ----------
    place : Place
    drug : str
        Its id.
    verdict : "pursue", "need_data", "drop" or None
    note : str
        Up to 500 characters of the reader's own.
    rank : float or None
        Where it stood when it was starred.
    starred, changed : str
        ISO dates and times in UTC.
    """

    place: Place
    drug: str
    verdict: Verdict | None = None
    note: str = ""
    rank: float | None = None
    starred: str = ""
    changed: str = ""

    @property
    def key(self) -> tuple[str, str, str, str]:
        return (self.place.graph, self.place.run, self.place.disease, self.drug)


@dataclass(frozen=True)
class Step:
    """One change of a list: what was done, when, and to which drugs (ids)."""

    number: int
    action: Action
    at: str
    drugs: tuple[str, ...]


def entries(graph: str, run: str | None = None, disease: str | None = None) -> tuple[Entry, ...]:
    """Return what is starred of a graph, of one run or one disease if given, oldest first.

    Raises
    ------
    StorageError
        The file cannot be opened.
    DataFormatError
        The file is damaged, or a newer version of the app wrote it.
    """
    wanted = {"graph": graph, "run": run, "disease": disease}
    given = {name: value for name, value in wanted.items() if value is not None}
    where = " AND ".join(f"{name} = :{name}" for name in given)
    with opened(is_reading=True) as database:
        if database is None:
            return ()
        rows = database.execute(
            f"SELECT * FROM entries WHERE {where} ORDER BY starred, disease, drug",
            given,
        )
        return tuple(_entry(row) for row in rows)


def star(place: Place, drug: str, rank: float | None = None) -> None:
    """Put a drug on a list; one that is there stays as it is. Raises as `put`."""
    with writing() as database:
        if _current(database, Entry(place, drug)) is None:
            now = _now()
            _put(database, [Entry(place, drug, None, "", rank, now, now)], "star")


def mark(place: Place, drug: str, *, verdict: Verdict | None) -> None:
    """Set the verdict on a drug, None for none yet; stars the drug if need be. Raises as `put`."""
    _change(place, drug, "verdict", verdict=verdict)


def annotate(place: Place, drug: str, note: str) -> None:
    """Set the note on a drug; stars the drug if need be. Raises as `put`."""
    _change(place, drug, "note", note=clean_note(note))


def remove(place: Place, drug: str) -> None:
    """Take a drug off a list; nothing happens where it is not on it. Raises as `put`."""
    with writing() as database:
        old = _current(database, Entry(place, drug))
        if old is not None:
            _remember(database, [(old, old)], "remove")
            _delete(database, old)


def put(added: Sequence[Entry]) -> None:
    """Put entries on their lists as they are, in place of those there: all of them or none.

    Raises
    ------
    ConfigError
        A verdict is unknown.
    StorageError
        Nothing could be written: no space, no permission, or another program holds the file.
    DataFormatError
        The file is damaged, or a newer version of the app wrote it.
    """
    with writing() as database:
        _put(database, added, "import")


def last_step(place: Place) -> Step | None:
    """Return the last change of a list, None where there is none to take back."""
    with opened(is_reading=True) as database:
        return None if database is None else _last_step(database, place)


def undo(place: Place) -> Step | None:
    """Take back the last change of a list and return it; None where there is none.

    Called again it takes back the one before, to the beginning. Raises as `put`.
    """
    with writing() as database:
        step = _last_step(database, place)
        if step is None:
            return None
        where = (place.graph, place.run, place.disease, step.number)
        for drug, before in database.execute(
            "SELECT drug, before FROM history WHERE graph = ? AND run = ? AND disease = ? "
            "AND step = ?",
            where,
        ).fetchall():
            if before is None:
                _delete(database, Entry(place, drug))
            else:
                _write(database, Entry(place, drug, **json.loads(before)))
        database.execute(
            "DELETE FROM history WHERE graph = ? AND run = ? AND disease = ? AND step = ?", where
        )
        return step


def rename_run(graph: str, run: str, new: str) -> int:
    """Let the lists of a run go on under its new name; return how many drugs they hold.

    Raises StorageError, DataFormatError where the shortlist cannot be written.
    """
    with opened(is_reading=True) as database:
        if database is None:
            return 0
    with writing() as database:
        for table in ("history", "entries"):
            where = (new, graph, run)
            found = database.execute(
                f"UPDATE OR REPLACE {table} SET run = ? WHERE graph = ? AND run = ?",
                where,
            )
        return int(found.rowcount)


def clean_note(note: str) -> str:
    """Return a note without control characters, cut to 500 characters; line breaks stay."""
    lines = note.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(c for c in lines if c == "\n" or c.isprintable())
    return kept.strip()[:MAX_NOTE]


def _change(place: Place, drug: str, action: Action, **changes: Any) -> None:
    with writing() as database:
        now = _now()
        old = _current(database, Entry(place, drug)) or Entry(place, drug, starred=now)
        new = dataclasses.replace(old, **changes)
        if new != old or not old.changed:
            _put(database, [dataclasses.replace(new, changed=now)], action)


def _put(database: sqlite3.Connection, added: Sequence[Entry], action: Action) -> None:
    for entry in added:
        if entry.verdict is not None and entry.verdict not in VERDICTS:
            raise ConfigError(
                f"There is no verdict '{entry.verdict}'; it is one of {', '.join(VERDICTS)}."
            )
    _remember(database, [(entry, _current(database, entry)) for entry in added], action)
    for entry in added:
        _write(database, entry)


def _remember(
    database: sqlite3.Connection, changes: Sequence[tuple[Entry, Entry | None]], action: Action
) -> None:
    """Write to the history what each entry was, as one step of each list."""
    (step,) = database.execute("SELECT coalesce(max(step), 0) + 1 FROM history").fetchone()
    now = _now()
    for entry, old in changes:
        before = None if old is None else json.dumps(_values(old))
        database.execute(
            "INSERT INTO history (graph, run, disease, drug, step, action, at, before) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*entry.key, step, action, now, before),
        )
    for place in {entry.place for entry, _ in changes}:
        _forget(database, place)


def _forget(database: sqlite3.Connection, place: Place) -> None:
    where = (place.graph, place.run, place.disease)
    database.execute(
        "DELETE FROM history WHERE graph = ? AND run = ? AND disease = ? AND step NOT IN (SELECT "
        "DISTINCT step FROM history WHERE graph = ? AND run = ? AND disease = ? ORDER BY step DESC "
        "LIMIT ?)",
        (*where, *where, MAX_STEPS),
    )


def _last_step(database: sqlite3.Connection, place: Place) -> Step | None:
    rows = database.execute(
        "SELECT step, action, at, drug FROM history WHERE graph = ? AND run = ? AND disease = ? "
        "ORDER BY step DESC, drug",
        (place.graph, place.run, place.disease),
    ).fetchall()
    if not rows:
        return None
    number, action, at, _ = rows[0]
    return Step(number, action, at, tuple(row[3] for row in rows if row[0] == number))


def _current(database: sqlite3.Connection, entry: Entry) -> Entry | None:
    row = database.execute(
        "SELECT * FROM entries WHERE graph = ? AND run = ? AND disease = ? AND drug = ?", entry.key
    ).fetchone()
    return None if row is None else _entry(row)


def _write(database: sqlite3.Connection, entry: Entry) -> None:
    values = _values(entry)
    database.execute(
        "INSERT OR REPLACE INTO entries (graph, run, disease, drug, verdict, note, rank, starred, "
        "changed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*entry.key, *values.values()),
    )


def _delete(database: sqlite3.Connection, entry: Entry) -> None:
    database.execute(
        "DELETE FROM entries WHERE graph = ? AND run = ? AND disease = ? AND drug = ?", entry.key
    )


def _values(entry: Entry) -> dict[str, Any]:
    names = ("verdict", "note", "rank", "starred", "changed")
    return {name: getattr(entry, name) for name in names}


def _entry(row: tuple[Any, ...]) -> Entry:
    return Entry(Place(*row[:3]), *row[3:9])


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
