"""Which row is which entity: the tables beside a checkpoint, in either order of columns."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from llador_core.errors import DataFormatError, MissingDataError

MAX_BYTES = 1 << 30
NAMES = {
    "entity": (
        "entities.tsv",
        "entity_to_id.tsv.gz",
        "entity_to_id.tsv",
        "training_triples/entity_to_id.tsv.gz",
        "entities.dict",
    ),
    "relation": (
        "relations.tsv",
        "relation_to_id.tsv.gz",
        "relation_to_id.tsv",
        "training_triples/relation_to_id.tsv.gz",
        "relations.dict",
    ),
}


def find_table(folder: Path, kind: str, given: Path | None) -> Path:
    """Return the table of entity or relation ids: the one given, else the one in the folder.

    Parameters
    ----------
    kind : "entity" or "relation"

    Raises
    ------
    MissingDataError
        There is none; names what is looked for.
    """
    if given is not None:
        if not given.is_file():
            raise MissingDataError(f"There is no file {given}.")
        return given
    for name in NAMES[kind]:
        if (folder / name).is_file():
            return folder / name
    raise MissingDataError(
        f"Nothing in {folder} says which row is which {kind}: put {NAMES[kind][0]} (two columns, "
        f"id and row number) beside the weights, or name it with --{kind}-ids."
    )


def read_ids(path: Path) -> tuple[str, ...]:
    """Return the id of each row, from a table with a column of ids and one of row numbers.

    The columns may stand in either order, with or without a header; a table with one column has
    the ids in the order of the rows.

    Raises
    ------
    DataFormatError
        No column numbers the rows from 0, or an id stands twice.
    """
    rows = [line.split("\t") for line in _text(path).split("\n") if line.strip()]
    rows = [[cell.strip() for cell in row] for row in rows]
    if not rows:
        raise DataFormatError(f"{path.name} is empty; expected a row for each id.")
    if all(len(row) == 1 for row in rows):
        return _distinct(path, [row[0] for row in rows])
    short = next((i for i, row in enumerate(rows, start=1) if len(row) < 2), None)
    if short:
        raise DataFormatError(
            f"{path.name}, row {short}: found 1 column, expected 2 (id and row number, separated "
            "by a tab)."
        )
    if not any(cell.isascii() and cell.isdigit() for cell in rows[0][:2]):
        rows = rows[1:]  # a header
    numbers = [_numbers([row[column] for row in rows]) for column in (0, 1)]
    columns = [column for column in (0, 1) if numbers[column] is not None]
    if not columns:
        raise DataFormatError(
            f"{path.name}: neither of the first two columns numbers its {len(rows):,} rows from 0 "
            "to the last without a gap. Check that it belongs to these weights."
        )
    if len(columns) == 2 and numbers[0] != numbers[1]:
        raise DataFormatError(
            f"{path.name}: both columns number the rows, differently, so it cannot be told which "
            "is the id. Leave a single column: the ids in the order of the rows."
        )
    ids = [""] * len(rows)
    at = numbers[columns[0]]
    assert at is not None
    for row, number in zip(rows, at, strict=True):
        ids[number] = row[1 - columns[0]]
    return _distinct(path, ids)


def _numbers(cells: list[str]) -> list[int] | None:
    """Return a column as numbers where it is 0, 1, 2, ... in some order, else None."""
    if not all(cell.isascii() and cell.isdigit() and len(cell) < 12 for cell in cells):
        return None
    numbers = [int(cell) for cell in cells]
    return numbers if sorted(numbers) == list(range(len(cells))) else None


def _distinct(path: Path, ids: list[str]) -> tuple[str, ...]:
    if len(set(ids)) < len(ids):
        seen: set[str] = set()
        twice = next(i for i in ids if i in seen or seen.add(i))  # type: ignore[func-returns-value]
        raise DataFormatError(f"{path.name}: the id '{twice}' stands for more than one row.")
    return tuple(ids)


def _text(path: Path) -> str:
    """Return the text of a file, unpacked where it is .gz, never more than a gigabyte."""
    try:
        if path.suffix == ".gz":
            with gzip.open(path) as file:
                content = file.read(MAX_BYTES + 1)
        else:
            with path.open("rb") as plain:
                content = plain.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise DataFormatError(
                f"{path.name} holds more than a gigabyte; a table of ids has less."
            )
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise DataFormatError(f"{path.name} cannot be read as a table of ids ({error}).") from error
