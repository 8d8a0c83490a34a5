"""Separated values of any kind in pieces, with the line of whatever is wrong.

Unlike `tsv`, which reads the app's own format whole, this reads what others have written: quoted
cells, any separator, files larger than memory.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

from llador_core.data import tsv
from llador_core.errors import DataFormatError, MissingDataError

SEPARATORS = {"\t": "tabs", ",": "commas", ";": "semicolons", "|": "bars", " ": "spaces"}
MAX_SHOWN = 80
MAX_TOLD = 1_000  # bad rows whose line is remembered


@dataclass
class BadRows:
    """Rows with another number of columns than the first.

    Attributes
    ----------
    count : int
    lines : list of int
        Of the first thousand.
    first : str
        What the first one holds, cut short.
    found : int
        Its number of columns.
    """

    count: int = 0
    lines: list[int] = field(default_factory=list)
    first: str = ""
    found: int = 0

    def add(self, line: int, found: int, text: str) -> None:
        if not self.count:
            self.first, self.found = shown(text), found
        self.count += 1
        if len(self.lines) < MAX_TOLD:
            self.lines.append(line)


def batches(
    file: Path,
    types: Mapping[str, Any],
    block_bytes: int,
    *,
    separator: str = ",",
    column_names: Sequence[str] | None = None,
    bad: BadRows | None = None,
) -> Iterator[Any]:
    """Yield record batches with the columns of `types`; empty cells stay empty strings.

    Parameters
    ----------
    file : Path
        Plain or gzipped.
    types : mapping of str to pyarrow type
        The columns wanted.
    block_bytes : int
        Read at a time.
    separator : str
    column_names : sequence of str or None
        For a file without a header.
    bad : BadRows or None
        Collects rows with another number of columns, which are left out; None refuses the first.

    Raises
    ------
    MissingDataError
        There is no file.
    DataFormatError
        Empty, without a column, damaged, not UTF-8, or with a row of another length.
    """
    import pyarrow as pa
    from pyarrow import csv as arrow

    if not file.is_file():
        raise MissingDataError(f"There is no file {file}.")
    seen = BadRows() if bad is None else bad

    def skip(row: Any) -> str:
        # A text file's number of the line; the row itself may span several.
        seen.add(row.number or 0, row.actual_columns, row.text)
        return "skip"

    try:
        reader = arrow.open_csv(
            file,
            read_options=arrow.ReadOptions(
                block_size=block_bytes, use_threads=False, column_names=column_names
            ),
            parse_options=arrow.ParseOptions(
                delimiter=separator,
                quote_char=False if separator == "\t" else '"',
                invalid_row_handler=skip,
            ),
            convert_options=arrow.ConvertOptions(
                include_columns=list(types), column_types=dict(types), strings_can_be_null=False
            ),
        )
        for batch in reader:
            if bad is None and seen.count:
                break
            yield batch
    except pa.ArrowKeyError as error:
        raise DataFormatError(
            f"{file}, line 1: expected the columns {', '.join(types)}, found "
            f"{shown(', '.join(header(file, separator)))}."
        ) from error
    except (pa.ArrowInvalid, OSError, UnicodeDecodeError) as error:
        check_utf8(file)
        if "Empty CSV" in str(error):
            raise DataFormatError(f"{file} is empty; expected rows of triples.") from error
        raise DataFormatError(f"{file} cannot be read as a table: {error}.") from error
    if bad is None and seen.count:
        n_columns = len(column_names or header(file, separator))
        raise DataFormatError(
            f"{file}, line {seen.lines[0]}: expected {n_columns} columns separated by "
            f"{SEPARATORS.get(separator, separator)}, found {seen.found} ({seen.first})."
        )


def header(file: Path, separator: str) -> list[str]:
    """Return the cells of the first line."""
    lines = first_lines(file, 1)
    return split(lines[0], separator) if lines else []


def first_lines(file: Path, n: int, limit_bytes: int = 1 << 20) -> list[str]:
    """Return the first lines that are not blank, as far as they lie in the first bytes.

    Raises
    ------
    MissingDataError
        There is no file.
    DataFormatError
        It is damaged or not UTF-8.
    """
    return [text for _, text in numbered_lines(file, n, limit_bytes)]


def numbered_lines(file: Path, n: int, limit_bytes: int = 1 << 20) -> list[tuple[int, str]]:
    """Return (line number, text) of the first lines that are not blank. Raises as `first_lines`."""
    if not file.is_file():
        raise MissingDataError(f"There is no file {file}.")
    with opened(file) as stream:
        try:
            content = stream.read(limit_bytes + 1)
        except tsv.DAMAGED as error:
            raise DataFormatError(
                f"{file} is damaged or cut short ({error}); get the file again."
            ) from error
    rows = content.removeprefix(tsv.BYTE_ORDER_MARK).splitlines()
    if len(content) > limit_bytes and len(rows) > 1:
        rows = rows[:-1]  # the last one is cut
    found: list[tuple[int, str]] = []
    for number, row in enumerate(rows, start=1):
        if row.strip():
            found.append((number, _decoded(file, number, row)))
        if len(found) == n:
            break
    return found


def split(line: str, separator: str) -> list[str]:
    """Return the cells of one line."""
    if separator == "\t":
        return line.split("\t")
    return next(csv.reader(io.StringIO(line), delimiter=separator), [])


def opened(file: Path) -> IO[bytes]:
    """Open a file for reading, unpacking gzip."""
    return cast(IO[bytes], gzip.open(file)) if file.suffix == ".gz" else file.open("rb")


def check_utf8(file: Path) -> None:
    """Raise DataFormatError naming the first line that is damaged or not UTF-8: slow."""
    number = 0
    with opened(file) as stream:
        try:
            for number, line in enumerate(stream, start=1):
                _decoded(file, number, line.rstrip(b"\r\n"))
        except tsv.DAMAGED as error:
            raise DataFormatError(
                f"{file} is damaged or cut short behind line {number:,} ({error}); get the file "
                "again."
            ) from error


def _decoded(file: Path, number: int, line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataFormatError(
            f"{file}, line {number}: expected UTF-8 text, found the byte "
            f"0x{line[error.start]:02X} at position {error.start + 1}; save the file as UTF-8."
        ) from error


def shown(text: str) -> str:
    """Return text short enough for a sentence."""
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 3] + "..."
