"""A first look at somebody's table: what separates its cells, whether it has a header, its rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from llador_core.data import csv_lines
from llador_core.data.columns import HEADER_WORDS
from llador_core.errors import DataFormatError, MissingDataError

Kind = Literal["text", "parquet"]

ENDINGS = (".tsv", ".csv", ".txt", ".sif", ".tab", ".parquet", ".pq")  # text ones also with .gz
N_LOOKED_AT = 200
SAMPLE_BYTES = 1 << 20
FEWEST_COLUMNS = 3


@dataclass(frozen=True)
class Look:
    """What can be told of a table from its first rows.

    Attributes
    ----------
    file : Path
    kind : "text" or "parquet"
    separator : str
        "" for Parquet.
    has_header : bool
    columns : tuple of str
        As in the header, else "column 1", "column 2", ...
    rows : tuple of tuples of str
        The first rows, the header left out.
    n_rows : int
        Of the whole table: as its foot tells, else reckoned from the length of the first rows.
    is_counted : bool
        `n_rows` is exact.
    n_bytes : int
        Of the text, unpacked where it is gzipped (then reckoned).
    """

    file: Path
    kind: Kind
    separator: str
    has_header: bool
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    n_rows: int
    is_counted: bool
    n_bytes: int

    @property
    def column_names(self) -> tuple[str, ...] | None:
        """The names to read the columns under where the file has no header."""
        return None if self.has_header else self.columns


def look(
    file: Path,
    separator: str = "",
    has_header: bool | None = None,
    *,
    skips_bad: bool = False,
    fewest: int = FEWEST_COLUMNS,
) -> Look:
    """Return what the first rows of a table tell.

    Parameters
    ----------
    file : Path
        TSV, CSV or another separated text, plain or gzipped, or Parquet.
    separator : str
        "" to find it out.
    has_header : bool or None
        None to find it out.
    skips_bad : bool
        Rows with another number of columns are no error.
    fewest : int
        Columns; three for triples, one for entities.

    Raises
    ------
    MissingDataError
        There is no file.
    DataFormatError
        It is no table: empty, not UTF-8, damaged, fewer than three columns, or rows that are
        separated in different ways; the message names the lines.
    """
    if not file.is_file():
        raise MissingDataError(f"There is no file {file}.")
    with file.open("rb") as stream:
        magic = stream.read(4)
    if magic == b"PAR1":
        return _parquet(file, fewest)
    if magic[:2] == b"PK" or magic[:4] == b"%PDF":
        raise DataFormatError(
            f"{file} is a packed or office file, not a table of text. Unpack it, or save the table "
            "as CSV, TSV or Parquet."
        )
    if magic[:2] == b"\x1f\x8b" and file.suffix != ".gz":
        raise DataFormatError(f"{file} is packed with gzip; let its name end in .gz.")
    lines = csv_lines.numbered_lines(file, N_LOOKED_AT, SAMPLE_BYTES)
    if not lines:
        raise DataFormatError(f"{file} is empty; expected rows of triples.")
    separator = separator or _separator(file, lines, fewest)
    cells = [tuple(csv_lines.split(text, separator)) for _, text in lines]
    n_columns = Counter(len(row) for row in cells).most_common(1)[0][0]
    if n_columns < fewest:
        raise DataFormatError(_too_few(file, n_columns, csv_lines.shown(lines[0][1])))
    odd = [n for (n, _), row in zip(lines, cells, strict=True) if len(row) != n_columns]
    if odd and not skips_bad:
        raise DataFormatError(_mixed(file, lines, separator, n_columns, odd))
    first = cells[0]
    has_header = _is_header(first) if has_header is None else has_header
    body = [row for row in cells[1 if has_header else 0 :] if len(row) == n_columns]
    names = first if has_header else tuple(f"column {i}" for i in range(1, len(first) + 1))
    n_bytes = _unpacked_bytes(file)
    is_whole = len(lines) < N_LOOKED_AT and n_bytes <= SAMPLE_BYTES
    per_row = sum(len(text.encode()) + 1 for _, text in lines) / len(lines)
    return Look(
        file,
        "text",
        separator,
        has_header,
        tuple(name.strip() for name in names),
        tuple(body),
        len(body) if is_whole else max(round(n_bytes / per_row) - has_header, len(body)),
        is_whole,
        n_bytes,
    )


def _parquet(file: Path, fewest: int) -> Look:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = parquet.ParquetFile(file)
        schema = table.schema_arrow
        first = next(table.iter_batches(batch_size=N_LOOKED_AT), None)
    except (pa.ArrowInvalid, OSError) as error:
        raise DataFormatError(f"{file} is a damaged Parquet file ({error}).") from error
    columns = tuple(schema.names)
    if len(columns) < fewest:
        raise DataFormatError(_too_few(file, len(columns), ", ".join(columns)))
    if first is None or not first.num_rows:
        raise DataFormatError(f"{file} is empty; expected rows of triples.")
    rows = zip(*(_as_text(first[name].to_pylist()) for name in columns), strict=True)
    meta = table.metadata
    size = sum(meta.row_group(i).total_byte_size for i in range(meta.num_row_groups))
    return Look(file, "parquet", "", True, columns, tuple(rows), meta.num_rows, True, size)


def _as_text(values: Sequence[Any]) -> list[str]:
    return ["" if value is None else str(value) for value in values]


def _separator(file: Path, lines: Sequence[tuple[int, str]], fewest: int) -> str:
    """Return what most consistently parts the lines into enough cells."""
    best, best_key = "", (0.0, False)
    for candidate in csv_lines.SEPARATORS:
        counts = Counter(len(csv_lines.split(text, candidate)) for _, text in lines)
        count, n = counts.most_common(1)[0]
        key = (n / len(lines), count > 1)
        if count >= fewest and key > best_key:
            best, best_key = candidate, key
    if best:
        return best
    first = lines[0][1]
    n = max(len(csv_lines.split(first, candidate)) for candidate in csv_lines.SEPARATORS)
    raise DataFormatError(_too_few(file, n, csv_lines.shown(first)))


def _mixed(
    file: Path, lines: Sequence[tuple[int, str]], separator: str, n_columns: int, odd: list[int]
) -> str:
    text = dict(lines)[odd[0]]
    n = len(csv_lines.split(text, separator))
    other = next(
        (
            f"; it looks separated by {words}"
            for one, words in csv_lines.SEPARATORS.items()
            if one != separator and len(csv_lines.split(text, one)) == n_columns
        ),
        "",
    )
    return (
        f"{file}: most rows have {n_columns} columns separated by "
        f"{csv_lines.SEPARATORS[separator]}, but line {odd[0]} has {n} "
        f"({csv_lines.shown(text)}){other}. {lines_words(odd)} Mend them, or import with bad rows "
        "left out."
    )


def lines_words(numbers: Sequence[int], total: int = 0) -> str:
    """Return which lines are meant: 'Such lines: 3, 7 and 12 more.'"""
    total = total or len(numbers)
    told = ", ".join(f"{n:,}" for n in numbers[:5])
    more = f" and {total - 5:,} more" if total > 5 else ""
    return f"Such lines: {told}{more}."


def _too_few(file: Path, n: int, found: str) -> str:
    return (
        f"{file} has {n} column{'s' * (n != 1)} ({found}); a graph needs at least three: head, "
        "relation and tail, in one row for each edge."
    )


def _is_header(cells: Sequence[str]) -> bool:
    """Return whether the first row names columns: two of its cells are words for that."""
    words = {cell.strip().casefold().replace(" ", "_") for cell in cells}
    return len(words & HEADER_WORDS) >= 2 or any(word.endswith("_type") for word in words)


def _unpacked_bytes(file: Path) -> int:
    """Return the size of a text file; that of a gzipped one is reckoned from its beginning."""
    size = file.stat().st_size
    if file.suffix != ".gz":
        return size
    with file.open("rb") as packed:
        import gzip

        with gzip.open(packed) as stream:
            n_unpacked = len(stream.read(4 * SAMPLE_BYTES))
        read = min(packed.tell(), size)
    return round(size * n_unpacked / read) if read else size
