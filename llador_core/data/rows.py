"""A table of triples of any size as numbers: read in pieces, every row that is left out counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llador_core.data import csv_lines
from llador_core.data.columns import Columns
from llador_core.data.csv_lines import BadRows
from llador_core.data.sniff import Look
from llador_core.errors import DataFormatError

BLOCK_BYTES = 8 << 20
BATCH_ROWS = 1 << 17
MISSING = 0  # the number of an empty cell

Ints = NDArray[np.int32]
Report = Callable[[int], None]  # rows read


class Labels:
    """Distinct strings and their numbers from 1, in order of appearance; 0 is an empty cell."""

    def __init__(self) -> None:
        self.number_of: dict[str, int] = {"": MISSING}

    def __len__(self) -> int:
        return len(self.number_of)

    def codes(self, column: Any) -> Ints:
        """Return the number of each row's string, new strings numbered as they come."""
        found = np.empty(len(column.dictionary) + 1, np.int32)
        found[-1] = MISSING
        for i, label in enumerate(column.dictionary.to_pylist()):
            found[i] = self.number_of.setdefault(cleaned(label or ""), len(self.number_of))
        indices = column.indices.fill_null(len(found) - 1)
        return found[np.asarray(np.from_dlpack(indices))]

    def names(self) -> list[str]:
        """Return the strings in the order of their numbers, the empty one first."""
        return list(self.number_of)


@dataclass
class Told:
    """What a column tells of each entity; the first row that tells anything counts.

    Attributes
    ----------
    labels : Labels
        The distinct values.
    of : int32 array
        The number of each entity's value, 0 where none was told.
    differing : set of int
        Entities of which another row tells something else.
    """

    labels: Labels = field(default_factory=Labels)
    of: Ints = field(default_factory=lambda: np.zeros(1 << 16, np.int32))
    differing: set[int] = field(default_factory=set)

    def add(self, entities: Ints, values: Ints) -> None:
        """Take what rows tell of their entities."""
        top = int(entities.max(initial=0))
        if top >= len(self.of):
            self.of = np.concatenate([self.of, np.zeros(max(len(self.of), top + 1), np.int32)])
        new = np.flatnonzero((values != MISSING) & (self.of[entities] == MISSING))
        # Of several values for an entity the last one written stays: write the first one last.
        self.of[entities[new[::-1]]] = values[new[::-1]]
        is_other = (values != MISSING) & (self.of[entities] != values)
        self.differing.update(np.unique(entities[is_other]).tolist())


@dataclass
class Triples:
    """What a table of triples holds.

    Attributes
    ----------
    entities, relations : Labels
    mapped : int32 array of shape (n, 3)
        Head, relation, tail; numbers of the labels.
    types, names : Told
    n_rows : int
        Read, those left out included.
    dropped : dict of str to int
        Why rows were left out, and how many.
    bad : BadRows
        Rows with another number of columns.
    """

    entities: Labels = field(default_factory=Labels)
    relations: Labels = field(default_factory=Labels)
    mapped: Ints = field(default_factory=lambda: np.empty((0, 3), np.int32))
    types: Told = field(default_factory=Told)
    names: Told = field(default_factory=Told)
    n_rows: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    bad: BadRows = field(default_factory=BadRows)

    def drop(self, why: str, count: int) -> None:
        if count:
            self.dropped[why] = self.dropped.get(why, 0) + count


def read(
    found: Look, columns: Columns, *, skips_bad: bool = False, report: Report | None = None
) -> Triples:
    """Return the triples of a table.

    Parameters
    ----------
    found : Look
    columns : Columns
    skips_bad : bool
        Leave out rows with another number of columns, counted; else they are refused.
    report : callable or None
        Called with the number of rows read so far.

    Raises
    ------
    DataFormatError
        The table is damaged, not UTF-8, without a row that can be used, or has rows of another
        length; the message names the lines.
    """
    triples, parts = Triples(), list[Ints]()
    for batch in _batches(found, columns, triples.bad):
        parts.append(_mapped(batch, columns, triples))
        triples.n_rows += batch.num_rows
        if report:
            report(triples.n_rows)
    triples.n_rows += triples.bad.count
    triples.drop("another number of columns", triples.bad.count)
    if triples.bad.count and not skips_bad:
        raise DataFormatError(_bad_words(found, triples.bad))
    triples.mapped = np.concatenate(parts) if parts else triples.mapped
    if not len(triples.mapped):
        why = ", ".join(f"{n:,} with {reason}" for reason, n in triples.dropped.items())
        raise DataFormatError(
            f"{found.file} has no row that can be used ({why or 'no rows'}); expected head, "
            "relation and tail in each row."
        )
    return triples


@dataclass
class Sample:
    """What the first part of a table holds.

    Attributes
    ----------
    relations : dict of str to int
        Rows of each relation.
    types : dict of str to int
        Mentions of each type, as a column tells it or as ids begin with it.
    is_all : bool
        The first part is the whole.
    """

    relations: dict[str, int] = field(default_factory=dict)
    types: dict[str, int] = field(default_factory=dict)
    is_all: bool = True


def sample(found: Look, columns: Columns, limit_bytes: int, *, skips_bad: bool = False) -> Sample:
    """Return which relations and types the first `limit_bytes` hold. Raises as `read`."""
    told, bad, n_bytes = Sample(), BadRows(), 0
    for batch in _batches(found, columns, bad):
        _tally(batch[columns.relation], told.relations)
        for end, kind in ((columns.head, columns.head_type), (columns.tail, columns.tail_type)):
            _tally(batch[kind or end], told.types, is_prefix=not kind)
        n_bytes += batch.nbytes if found.kind == "parquet" else BLOCK_BYTES
        if n_bytes >= limit_bytes:
            told.is_all = found.n_bytes <= limit_bytes
            break
    if bad.count and not skips_bad:
        raise DataFormatError(_bad_words(found, bad))
    return told


def _tally(column: Any, counts: dict[str, int], *, is_prefix: bool = False) -> None:
    """Add the number of rows of each string, or of what stands before its `::`."""
    tally = np.bincount(
        np.from_dlpack(column.indices.drop_null()), minlength=len(column.dictionary)
    ).tolist()
    for label, n in zip(column.dictionary.to_pylist(), tally, strict=True):
        name = cleaned(label or "")
        if is_prefix:
            name, mark, _ = name.partition("::")
            name = name if mark else ""
        if n and name:
            counts[name] = counts.get(name, 0) + n


def read_texts(found: Look, wanted: list[str]) -> dict[str, list[str]]:
    """Return columns of a table that fits into memory, cells cleaned. Raises as `read`."""
    columns: dict[str, list[str]] = {name: [] for name in wanted}
    bad = BadRows()
    for batch in _coded(found, wanted, bad):
        for name in wanted:
            labels = [cleaned(label or "") for label in batch[name].dictionary.to_pylist()]
            codes = batch[name].indices.to_pylist()
            columns[name] += ["" if code is None else labels[code] for code in codes]
    if bad.count:
        raise DataFormatError(_bad_words(found, bad))
    return columns


def cleaned(label: str) -> str:
    """Return a label on one line, without spaces at its ends: our files part cells by tabs."""
    if label.isprintable():
        return label.strip()
    return " ".join(label.split())


def _mapped(batch: Any, columns: Columns, triples: Triples) -> Ints:
    """Return the usable rows of a piece as numbers, and count the others."""
    h = triples.entities.codes(batch[columns.head])
    r = triples.relations.codes(batch[columns.relation])
    t = triples.entities.codes(batch[columns.tail])
    is_used = np.ones(len(h), np.bool_)
    for what, values in (("head", h), ("relation", r), ("tail", t)):
        is_gap = (values == MISSING) & is_used
        triples.drop(f"no {what}", int(is_gap.sum()))
        is_used &= ~is_gap
    mapped = np.stack([h, r, t], axis=1)[is_used]  # (n_used, 3)
    for told, ends in (
        (triples.types, (columns.head_type, columns.tail_type)),
        (triples.names, (columns.head_name, columns.tail_name)),
    ):
        for column, end in zip(ends, (0, 2), strict=True):
            if column:
                told.add(mapped[:, end], told.labels.codes(batch[column])[is_used])
    return mapped


def _batches(found: Look, columns: Columns, bad: BadRows) -> Iterator[Any]:
    yield from _coded(found, columns.used(), bad)


def _coded(found: Look, wanted: list[str], bad: BadRows) -> Iterator[Any]:
    """Yield record batches whose columns are strings coded by their distinct values."""
    import pyarrow as pa

    coded = pa.dictionary(pa.int32(), pa.string())
    if found.kind == "text":
        yield from csv_lines.batches(
            found.file,
            dict.fromkeys(wanted, coded),
            BLOCK_BYTES,
            separator=found.separator,
            column_names=found.column_names,
            bad=bad,
        )
        return
    from pyarrow import compute, parquet

    try:
        table = parquet.ParquetFile(found.file)
        for batch in table.iter_batches(batch_size=BATCH_ROWS, columns=wanted):
            arrays = [compute.cast(batch[name], pa.string()) for name in wanted]
            yield pa.record_batch([array.dictionary_encode() for array in arrays], names=wanted)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        raise DataFormatError(
            f"{found.file} cannot be read: {error}. Head, relation and tail must be plain text or "
            "numbers."
        ) from error


def _bad_words(found: Look, bad: BadRows) -> str:
    from llador_core.data.sniff import lines_words

    separated = csv_lines.SEPARATORS.get(found.separator, f"'{found.separator}'")
    return (
        f"{found.file}, line {bad.lines[0]:,}: expected {len(found.columns)} columns separated by "
        f"{separated}, found {bad.found} ({bad.first}). {lines_words(bad.lines, bad.count)} Mend "
        "them, or import with bad rows left out."
    )
