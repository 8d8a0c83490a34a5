"""PrimeKG's `kg.csv`: every edge in both directions, with names, types and sources in each row.

It is read in pieces, so that its gigabyte never lies in memory: rows become three numbers at once,
and the words of an entity are kept where it is first met.

References
----------
Chandak, Huang and Zitnik, Scientific Data 10:67 (2023). doi:10.1038/s41597-023-01960-3
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llador_core.data import csv_lines
from llador_core.data.primekg_relations import HEAD_TYPES, SPLIT, TYPES
from llador_core.data.tables import Tables, number_types
from llador_core.errors import DataFormatError

KG = "kg.csv"
COLUMNS = (
    "relation",
    "display_relation",
    *(f"{side}_{what}" for side in "xy" for what in ("index", "id", "type", "name", "source")),
)
BLOCK_BYTES = 8 << 20
LARGEST_INDEX = 50_000_000  # of a row; above it the file is not PrimeKG's
# Source -> (its prefix, digits of an id): ids stand in the file as bare numbers.
PREFIXES = {
    "MONDO": ("MONDO:", 7),
    "MONDO_grouped": ("MONDO:", 7),
    "HPO": ("HP:", 7),
    "GO": ("GO:", 7),
    "UBERON": ("UBERON:", 7),
    "CTD": ("MESH:", 0),
}

Ints = NDArray[np.int32]


@dataclass
class _Entities:
    """What is told of each entity where it is first met, by its index in the file."""

    place: Ints = field(default_factory=lambda: np.full(1 << 18, -1, np.int32))
    told: list[tuple[str, str, str, str]] = field(default_factory=list)  # id, type, name, source

    def number(self, index: NDArray[np.int64], batch: Any, side: str) -> Ints:
        """Return our number of each row's entity at one end; new ones are numbered as they come."""
        if len(index) and int(index.max()) >= len(self.place):
            grown = np.full(max(2 * len(self.place), int(index.max()) + 1), -1, np.int32)
            grown[: len(self.place)] = self.place
            self.place = grown
        unseen = np.flatnonzero(self.place[index] < 0)
        if len(unseen):
            new, first = np.unique(index[unseen], return_index=True)
            order = np.argsort(first)
            rows = unseen[first[order]]
            self.place[new[order]] = np.arange(len(self.told), len(self.told) + len(new))
            names = [f"{side}_{what}" for what in ("id", "type", "name", "source")]
            self.told += zip(*(batch[name].take(rows).to_pylist() for name in names), strict=True)
        return self.place[index]


def parse(paths: tuple[Path, ...], known_relations: tuple[str, ...]) -> Tables:
    """Return the tables of `kg.csv`, each edge once.

    Of the two rows of an edge the one that runs from the relation's head type is kept; where both
    ends have one type, the one that comes first in the file (a parent before its child).

    Parameters
    ----------
    paths : tuple of Path
        The file.
    known_relations : tuple of str
        Those that occur are numbered first, in this order; others follow by name.

    Raises
    ------
    DataFormatError
        File, line, expected and found, for anything the file should not hold.
    """
    [file] = paths
    entities, relation_names = _Entities(), dict[str, int]()
    parts = [_mapped(batch, entities, relation_names, file) for batch in _batches(file)]
    if not parts:
        raise DataFormatError(f"{file}, line 2: expected at least one row, found none.")
    rows = np.concatenate(parts)  # (n_rows, 3): head, relation, tail
    del parts
    rows, names = _renumbered(rows, relation_names, known_relations)
    n_rows = len(rows)
    triples, n_repeated = _folded(rows, len(entities.told))
    del rows
    types = [kind for _, kind, _, _ in entities.told]
    _turn(triples, names, types)
    triples.flags.writeable = False
    type_names, entity_types = number_types([TYPES.get(kind, kind) for kind in types])
    ids, synonyms = _ids(file, entities.told)
    n_reversed = n_rows - n_repeated - len(triples)
    note = (
        f"The file lists edges in both directions: of {n_rows:,} rows, {n_reversed:,} were the "
        f"other direction of an edge and {n_repeated:,} were repeats; {len(triples):,} remain."
    )
    return Tables(
        entity_ids=ids,
        entity_names=[name for _, _, name, _ in entities.told],
        synonyms=synonyms,
        descriptions=[],
        type_names=type_names,
        entity_types=entity_types,
        relation_names=names,
        triples=triples,
        n_duplicates=n_repeated,
        notes=(note,),
    )


def _batches(file: Path) -> Iterator[Any]:
    """Yield the rows in pieces. Raises DataFormatError naming the line at fault."""
    import pyarrow as pa

    small = pa.dictionary(pa.int32(), pa.string())
    kinds = {"x_index": pa.int64(), "y_index": pa.int64(), "relation": small}
    kinds["display_relation"] = small
    types = {name: kinds.get(name, pa.string()) for name in COLUMNS}
    yield from csv_lines.batches(file, types, BLOCK_BYTES)


def _mapped(batch: Any, entities: _Entities, relations: dict[str, int], file: Path) -> Ints:
    """Return head, relation and tail of a piece as numbers, shape (n, 3)."""
    out = np.empty((batch.num_rows, 3), np.int32)
    for column, side in ((0, "x"), (2, "y")):
        index = np.asarray(np.from_dlpack(batch[f"{side}_index"]))
        if len(index) and not 0 <= int(index.min()) <= int(index.max()) < LARGEST_INDEX:
            raise DataFormatError(
                f"{file}: expected {side}_index from 0 to {LARGEST_INDEX:,}, found "
                f"{int(index.min()):,} to {int(index.max()):,}."
            )
        out[:, column] = entities.number(index, batch, side)
    out[:, 1] = _relations(batch, relations)
    return out


def _relations(batch: Any, numbers: dict[str, int]) -> Ints:
    """Return the number of each row's relation; those told apart by their display are several."""
    names, shown = (batch[name] for name in ("relation", "display_relation"))
    labels, displays = names.dictionary.to_pylist(), shown.dictionary.to_pylist()
    codes = np.asarray(np.from_dlpack(names.indices)).astype(np.int64)
    other = np.asarray(np.from_dlpack(shown.indices)).astype(np.int64)
    pairs, inverse = np.unique(codes * len(displays) + other, return_inverse=True)
    found = np.empty(len(pairs), np.int32)
    for i, pair in enumerate(pairs.tolist()):
        name, display = labels[pair // len(displays)], displays[pair % len(displays)]
        label = f"{name}::{display}" if name == SPLIT else name
        found[i] = numbers.setdefault(label, len(numbers))
    return found[inverse]


def _renumbered(
    rows: Ints, numbers: dict[str, int], known: tuple[str, ...]
) -> tuple[Ints, tuple[str, ...]]:
    """Return the rows with relations numbered as asked for, and the relations' names."""
    names = (
        *(name for name in known if name in numbers),
        *sorted(set(numbers).difference(known)),
    )
    new = np.empty(len(numbers), np.int32)
    for number, name in enumerate(names):
        new[numbers[name]] = number
    rows[:, 1] = new[rows[:, 1]]
    return rows, names


def _folded(rows: Ints, n_entities: int) -> tuple[Ints, int]:
    """Return one row of each edge, the first in the file, and the number of exact repeats."""
    h, r, t = (rows[:, c].astype(np.int64) for c in range(3))
    low, high = np.minimum(h, t), np.maximum(h, t)
    key = (r * n_entities + low) * n_entities + high
    _, first = np.unique(key, return_index=True)
    # Of the rows of an edge, those that run as the first one does but are not it are repeats.
    del low, high
    key *= 2
    key += h > t
    key.sort()
    n_directions = int(np.count_nonzero(np.diff(key))) + (len(key) > 0)
    return rows[np.sort(first)], len(rows) - n_directions


def _turn(triples: Ints, names: tuple[str, ...], types: list[str]) -> None:
    """Turn, in place, the edges that do not run from their relation's head type."""
    numbers = {kind: i for i, kind in enumerate(dict.fromkeys(types))}
    kinds = np.array([numbers[kind] for kind in types], np.int32)
    wanted = np.array([numbers.get(HEAD_TYPES.get(name, ""), -1) for name in names], np.int32)
    asked = wanted[triples[:, 1]]
    is_turned = (asked >= 0) & (kinds[triples[:, 0]] != asked) & (kinds[triples[:, 2]] == asked)
    triples[is_turned] = triples[is_turned][:, [2, 1, 0]]


def _ids(
    file: Path, told: list[tuple[str, str, str, str]]
) -> tuple[list[str], list[tuple[str, ...]]]:
    """Return our id of each entity, and what else it is known by.

    The file's ids are unique only with type and source. Diseases that PrimeKG has grouped carry
    the ids of all members, joined by `_`; the first names the group, all are searchable.
    """
    ids: list[str] = []
    synonyms: list[tuple[str, ...]] = []
    taken: dict[str, int] = {}
    for number, (own, kind, name, source) in enumerate(told):
        members = own.split("_") if source == "MONDO_grouped" else [own]
        curies = [_curie(member, source) for member in members]
        entity = f"{TYPES.get(kind, kind)}::{curies[0]}"
        if entity in taken:
            entity = f"{entity} ({source})"
        if entity in taken:
            other = told[taken[entity]]
            raise DataFormatError(
                f"{file}: the entities '{other[2]}' and '{name}' have the same id {own} of "
                f"{source} but different indices; expected PrimeKG's kg.csv as published."
            )
        taken[entity] = number
        ids.append(entity)
        synonyms.append(tuple(curies) if len(curies) > 1 else ())
    return ids, synonyms


def _curie(own: str, source: str) -> str:
    prefix, n_digits = PREFIXES.get(source, ("", 0))
    return f"{prefix}{own.zfill(n_digits) if own.isdigit() else own}"
