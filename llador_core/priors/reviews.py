"""What people said about a model's texts: every version is kept, the latest counts."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal, get_args

from llador_core import database
from llador_core.errors import ConfigError
from llador_core.priors.answers import answers_file, now
from llador_core.priors.answers_format import FORMAT
from llador_core.priors.texts import TEXT_FIELDS, TextField

Verdict = Literal["approved", "edited", "rejected"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
MAX_TEXT, MAX_NOTE = 20_000, 2_000
_COLUMNS = "id, text_set, entity, field, verdict, before, text, note, reviewer, date, parent"


@dataclass(frozen=True)
class TextPlace:
    """Which text: of a set ("" for the graph's own), an entity's id and a field."""

    text_set: str
    entity: str
    field: TextField


@dataclass(frozen=True)
class Review:
    """One version of a text.

    Attributes
    ----------
    id : int
        Grows with time.
    text_set : str
        "" for the graph's own texts.
    entity : str
        Its id.
    field : TextField
    verdict : "approved", "edited" or "rejected"
    before, text : str
        The text the reviewer saw, and what it is from now on; the same unless edited.
    note, reviewer, date : str
    parent : int or None
        The review that this one supersedes.
    """

    id: int
    text_set: str
    entity: str
    field: TextField
    verdict: Verdict
    before: str
    text: str
    note: str
    reviewer: str
    date: str
    parent: int | None


def review(
    graph_name: str,
    place: TextPlace,
    verdict: Verdict,
    before: str,
    text: str | None = None,
    *,
    note: str = "",
    reviewer: str = "",
) -> int:
    """Add a version of a text and return its number. Earlier versions and the original stay.

    Parameters
    ----------
    graph_name : str
    place : TextPlace
    verdict : "approved", "edited" or "rejected"
    before : str
        The text the reviewer sees.
    text : str or None
        What it is from now on, for an edit.
    note, reviewer : str

    Raises
    ------
    ConfigError
        An edit without a text, a text or note that is too long, an unknown verdict or field.
    DataFormatError, StorageError
        The file cannot be used.
    """
    if verdict not in VERDICTS or place.field not in TEXT_FIELDS:
        raise ConfigError(
            f"A review needs a verdict ({', '.join(VERDICTS)}) and a field "
            f"({', '.join(TEXT_FIELDS)}), found '{verdict}' and '{place.field}'."
        )
    after = before if text is None or verdict != "edited" else text.strip()
    if verdict == "edited" and not after:
        raise ConfigError("The edited text is empty. Write a text, or reject the old one.")
    for what, value, most in (("text", after, MAX_TEXT), ("note", note, MAX_NOTE)):
        if len(value) > most:
            raise ConfigError(
                f"The {what} has {len(value):,} characters, at most {most:,} are kept."
            )
    with database.writing(answers_file(graph_name), FORMAT) as connection:
        parent = connection.execute(
            "SELECT MAX(id) FROM reviews WHERE text_set = ? AND entity = ? AND field = ?",
            dataclasses.astuple(place),
        ).fetchone()[0]
        values = (
            *dataclasses.astuple(place),
            verdict,
            before,
            after,
            note,
            reviewer,
            now(),
            parent,
        )
        added = connection.execute(
            f"INSERT INTO reviews ({_COLUMNS.removeprefix('id, ')}) "
            f"VALUES ({', '.join('?' * len(values))})",
            values,
        )
        return int(added.lastrowid or 0)


def reviews_of(graph_name: str, text_set: str, entity: str | None = None) -> list[Review]:
    """Return every version of a set's texts, oldest first; of one entity where given."""
    where, values = "text_set = ?", [text_set]
    if entity is not None:
        where, values = f"{where} AND entity = ?", [text_set, entity]
    with database.opened(answers_file(graph_name), FORMAT, is_reading=True) as connection:
        if connection is None:
            return []
        query = f"SELECT {_COLUMNS} FROM reviews WHERE {where} ORDER BY id"
        rows: list[tuple[Any, ...]] = connection.execute(query, values).fetchall()
    return [Review(*row) for row in rows]


def current_reviews(graph_name: str, text_set: str) -> dict[tuple[str, TextField], Review]:
    """Return the version that counts of each (entity id, field) that was reviewed."""
    return {(r.entity, r.field): r for r in reviews_of(graph_name, text_set)}
