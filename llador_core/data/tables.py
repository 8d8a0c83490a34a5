"""The tables every parser fills, and the numbering of triples that all parsers share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from llador_core.data import tsv
from llador_core.errors import DataFormatError


@dataclass(frozen=True, eq=False)
class Tables:
    """What is read from a graph's files; with a spec it becomes a `Graph`.

    Attributes
    ----------
    entity_ids, entity_names : list of str, length n_entities
    synonyms : list of tuples of str, length n_entities
    descriptions : list of str, length n_entities, or empty
        Empty when the source has none.
    type_names : tuple of str
    entity_types : int16 array of shape (n_entities,)
    relation_names : tuple of str
    triples : int32 array of shape (n_triples, 3)
        No duplicates, in the order of the file; read-only.
    n_duplicates : int
        Repeated rows that were dropped.
    notes : tuple of str
        Sentences on what was done to the rows, for the reader.
    """

    entity_ids: list[str]
    entity_names: list[str]
    synonyms: list[tuple[str, ...]]
    descriptions: list[str]
    type_names: tuple[str, ...]
    entity_types: NDArray[np.int16]
    relation_names: tuple[str, ...]
    triples: NDArray[np.int32]
    n_duplicates: int
    notes: tuple[str, ...] = ()


def number_types(types: Sequence[str]) -> tuple[tuple[str, ...], NDArray[np.int16]]:
    """Return the distinct types in alphabetical order and the number of each row's type."""
    names, numbers = np.unique(np.asarray(types, dtype=np.str_), return_inverse=True)
    return tuple(names.tolist()), numbers.astype(np.int16)


def check_unique(ids: Sequence[str], file: Path, column: str) -> None:
    """Raise DataFormatError when an id stands twice, naming the id and both lines."""
    if len(set(ids)) == len(ids):
        return
    place = -1
    seen: dict[str, int] = {}
    for number, cells in tsv.rows(file):
        if place < 0:
            place = cells.index(column)
        elif (first := seen.setdefault(cells[place], number)) != number:
            raise DataFormatError(
                f"{file}, line {number}: expected each {column} once, found '{cells[place]}' "
                f"again (first in line {first}); remove or rename one of them."
            )


def number_triples(
    file: Path,
    columns: tuple[str, str, str],
    entity_ids: Sequence[str],
    known_relations: Sequence[str] = (),
    *,
    only_known: bool = False,
) -> tuple[NDArray[np.int32], tuple[str, ...], int]:
    """Read a file of triples and number its entities and relations.

    Parameters
    ----------
    file : Path
    columns : tuple of str
        The header's words for head, relation and tail.
    entity_ids : sequence of str
    known_relations : sequence of str
        These are numbered first; the others follow in order of appearance.
    only_known : bool
        Refuse a relation that is not in `known_relations`.

    Returns
    -------
    triples : int32 array of shape (n_triples, 3)
        In the order of the file, the first of equal rows kept.
    relation_names : tuple of str
    n_duplicates : int

    Raises
    ------
    DataFormatError
        As `tsv.read_text`, or an entity or relation that is not known.
    """
    coded = tsv.read_codes(file, columns)
    head, relation, tail = (coded[name] for name in columns)
    number_of = {entity: i for i, entity in enumerate(entity_ids)}
    relation_number = {name: i for i, name in enumerate(known_relations)}
    if not only_known:
        for name in relation.labels:
            relation_number.setdefault(name, len(relation_number))
    try:
        triples, n_duplicates = number_codes((head, relation, tail), number_of, relation_number)
    except KeyError:
        _raise_for_unknown(file, columns, number_of, relation_number)
        raise
    return triples, tuple(relation_number), n_duplicates


def number_codes(
    columns: tuple[tsv.Codes, tsv.Codes, tsv.Codes],
    number_of: dict[str, int],
    relation_number: dict[str, int],
) -> tuple[NDArray[np.int32], int]:
    """Return the mapped triples without repeats, and the number of rows that were repeats.

    Parameters
    ----------
    columns : three Codes
        Head, relation and tail of each row.
    number_of, relation_number : dict from str to int
        The number of each entity and of each relation.

    Raises
    ------
    KeyError
        A label has no number.
    """
    head, relation, tail = columns
    mapped = np.stack(
        [_numbers(head, number_of), _numbers(relation, relation_number), _numbers(tail, number_of)],
        axis=1,
    )  # (n_rows, 3)
    triples = without_repeats(mapped, len(number_of), len(relation_number))
    return triples, len(mapped) - len(triples)


def _numbers(column: tsv.Codes, number_of: dict[str, int]) -> NDArray[np.int32]:
    """Return the number of each row's label. Raises KeyError where a label has none."""
    return np.array([number_of[label] for label in column.labels], np.int32)[column.codes]


def without_repeats(
    mapped: NDArray[np.int32], n_entities: int, n_relations: int
) -> NDArray[np.int32]:
    """Return the triples, read-only, in their order, of equal ones only the first."""
    h, r, t = (mapped[:, c].astype(np.int64) for c in range(3))
    keys = (h * n_relations + r) * n_entities + t
    _, first = np.unique(keys, return_index=True)
    kept = mapped if len(first) == len(mapped) else mapped[np.sort(first)]
    kept.flags.writeable = False  # as the memory-mapped triples of a cached graph are
    return kept


def _raise_for_unknown(
    file: Path,
    columns: tuple[str, str, str],
    number_of: dict[str, int],
    relation_number: dict[str, int],
) -> None:
    places: list[int] = []
    for number, cells in tsv.rows(file):
        if not places:
            places = [cells.index(name) for name in columns]
            continue
        h, r, t = (cells[place] for place in places)
        unknown = next((entity for entity in (h, t) if entity not in number_of), None)
        if unknown is not None:
            raise DataFormatError(
                f"{file}, line {number}: expected ids of the {len(number_of):,} entities in the "
                f"table of entities, found '{unknown}'; add it there or remove the triple."
            )
        if r not in relation_number:
            raise DataFormatError(
                f"{file}, line {number}: expected one of the {len(relation_number)} known "
                f"relations ({', '.join(relation_number)}), found '{r}'."
            )
