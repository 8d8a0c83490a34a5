"""Tab-separated files: read fast, and blame the exact line when something is wrong.

The fast path (pyarrow) knows nothing of lines, so a file it refuses is read once more, slowly, to
find the first line at fault. Line ends may be Unix or Windows, a byte order mark is ignored.
"""

from __future__ import annotations

import gzip
import logging
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from llador_core.errors import DataFormatError, MissingDataError

log = logging.getLogger(__name__)

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
DAMAGED = (OSError, EOFError, zlib.error)  # what a cut or altered gzip file raises


@dataclass(frozen=True)
class Codes:
    """A column of repeating strings: `labels[code]` is the string of each row.

    Attributes
    ----------
    labels : list of str
        The distinct strings, in order of first appearance.
    codes : int32 array of shape (n_rows,)
    """

    labels: list[str]
    codes: NDArray[np.int32]


def read_text(
    file: Path, required: Sequence[str], optional: Sequence[str] = ()
) -> dict[str, list[str]]:
    """Return the named columns as lists of strings; an optional column that is absent is left out.

    Raises
    ------
    MissingDataError
        The file does not exist.
    DataFormatError
        No header, a column missing, no rows, a row of another length, an empty required cell, or
        bytes that are not UTF-8; the message names file, line, what was expected and found.
    """
    table = _read(file, required, optional, as_codes=False)
    return {name: table[name].to_pylist() for name in table.column_names}


def read_codes(file: Path, required: Sequence[str]) -> dict[str, Codes]:
    """Return the named columns coded by their distinct strings. Raises as `read_text`."""
    table = _read(file, required, (), as_codes=True)
    return {name: codes_of(table[name]) for name in required}


def codes_of(column: Any) -> Codes:
    """Return a dictionary-encoded pyarrow column as numbers and their strings."""
    chunk = column.unify_dictionaries().combine_chunks()
    codes = np.array(np.from_dlpack(chunk.indices), np.int32)  # to_numpy imports pandas
    return Codes(chunk.dictionary.to_pylist(), codes)


def rows(file: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield (line number, cells) of each line that is not blank, the header included: slow.

    Raises
    ------
    DataFormatError
        Bytes that are not UTF-8, or a damaged gzip file.
    """
    with _open(file) as stream:
        try:
            content = stream.read()
        except DAMAGED as error:
            raise DataFormatError(
                f"{file} is damaged or cut short ({error}); get the file again."
            ) from error
    for number, line in enumerate(content.removeprefix(BYTE_ORDER_MARK).splitlines(), start=1):
        if not line:
            continue
        try:
            yield number, line.decode("utf-8").split("\t")
        except UnicodeDecodeError as error:
            raise DataFormatError(
                f"{file}, line {number}: expected UTF-8 text, found the byte "
                f"0x{line[error.start]:02X} at position {error.start + 1}; save the file as UTF-8."
            ) from error


def _open(file: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(file)) if file.suffix == ".gz" else file.open("rb")


def _read(file: Path, required: Sequence[str], optional: Sequence[str], *, as_codes: bool) -> Any:
    import pyarrow as pa
    from pyarrow import compute, csv

    header = _header(file, required)
    wanted = [*required, *(name for name in optional if name in header)]
    ignored = [name for name in header if name not in wanted]
    if ignored:
        log.info("%s: the columns %s are not used.", file, ", ".join(ignored))
    text = pa.dictionary(pa.int32(), pa.string()) if as_codes else pa.string()
    try:
        table = csv.read_csv(
            file,
            read_options=csv.ReadOptions(block_size=1 << 22),
            parse_options=csv.ParseOptions(delimiter="\t", quote_char=False),
            convert_options=csv.ConvertOptions(
                include_columns=wanted, column_types=dict.fromkeys(wanted, text)
            ),
        )
    except (pa.ArrowInvalid, OSError, UnicodeDecodeError) as error:
        _raise_for_first_bad_row(file, header, required)
        raise DataFormatError(f"{file} is not a tab-separated table: {error}.") from error
    if not table.num_rows:
        _raise_for_first_bad_row(file, header, required)
    # Comparing with "" would import pandas, half a second that nobody needs to read a graph.
    has_gap = any(
        compute.min(compute.binary_length(labels)).as_py() == 0
        for name in required
        for labels in ([c.dictionary for c in table[name].chunks] if as_codes else [table[name]])
    )
    if has_gap:
        _raise_for_first_bad_row(file, header, required)
    return table


def _header(file: Path, required: Sequence[str]) -> list[str]:
    """Return the names in the first line, checked to hold `required`, each once."""
    if not file.is_file():
        raise MissingDataError(f"There is no file {file}.")
    expected = f"a header with the columns {', '.join(required)} separated by tabs"
    try:
        with _open(file) as stream:
            first = stream.readline().removeprefix(BYTE_ORDER_MARK).rstrip(b"\r\n")
    except DAMAGED as error:
        raise DataFormatError(
            f"{file} is damaged or cut short ({error}); get the file again."
        ) from error
    if not first:
        found = "an empty file" if not file.stat().st_size else "an empty line"
        raise DataFormatError(f"{file}, line 1: expected {expected}, found {found}.")
    try:
        header = first.decode("utf-8").split("\t")
    except UnicodeDecodeError as error:
        raise DataFormatError(
            f"{file}, line 1: expected {expected}, found bytes that are not UTF-8."
        ) from error
    if any(header.count(name) != 1 for name in required) or len(set(header)) != len(header):
        hint = "; it looks comma-separated" if len(header) == 1 and "," in header[0] else ""
        raise DataFormatError(
            f"{file}, line 1: expected {expected}, "
            f"found {_counted(header)} ({_shown(header)}){hint}."
        )
    return header


def _raise_for_first_bad_row(file: Path, header: list[str], required: Sequence[str]) -> None:
    places = [(name, header.index(name)) for name in required]
    number = 1
    for number, cells in rows(file):
        if len(cells) != len(header):
            raise DataFormatError(
                f"{file}, line {number}: expected {_counted(header)} ({', '.join(header)}) "
                f"separated by tabs, found {_counted(cells)} ({_shown(cells)})."
            )
        for name, place in places:
            if not cells[place]:
                raise DataFormatError(
                    f"{file}, line {number}: expected a value in column '{name}', found none."
                )
    if number == 1:
        raise DataFormatError(
            f"{file}, line 2: expected at least one row ({', '.join(header)}), found none."
        )


def _counted(cells: Sequence[str]) -> str:
    return f"{len(cells)} column{'' if len(cells) == 1 else 's'}"


def _shown(cells: Sequence[str]) -> str:
    text = ", ".join(cells)
    return text if len(text) <= 80 else text[:77] + "..."
