"""DRKG's archive: one table of triples whose ids and relations say their types, and side files.

The archive tells no names, so they are taken from tables beside it where those are here. An entity
that none of them names keeps its id as its name.

References
----------
Ioannidis et al., DRKG - Drug Repurposing Knowledge Graph for Covid-19,
https://github.com/gnn4dr/DRKG (2020).
"""

from __future__ import annotations

import html
import re
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from llador_core.data import hetionet, tsv
from llador_core.data.tables import Tables, number_codes, number_types
from llador_core.errors import DataFormatError

ARCHIVE = "drkg.tar.gz"
MEMBER = "drkg.tsv"
ENTITIES = "entities.tsv.gz"  # id, name, type[, description, synonyms]
NAMES = "drkg_names.tsv.gz"  # id, name, type
SIDE_FILES: tuple[tuple[str, ...], ...] = ((ENTITIES,), (NAMES, hetionet.NODES))
COLUMNS = ("head", "relation", "tail")
EXPECTED = f"3 columns ({', '.join(COLUMNS)}) separated by tabs, without a header"
BLOCK_BYTES = 1 << 22
MAX_SHOWN = 80
TAGS = re.compile(r"</?(?:sub|sup|i|em|b|strong|p|br)\s*/?>", re.IGNORECASE)
NO_NAMES = frozenset({"", "nothing"})  # what the tables write where they know no name


def parse(paths: tuple[Path, ...], known_relations: tuple[str, ...]) -> Tables:
    """Return the tables of the archive and of the side files that are here.

    Parameters
    ----------
    paths : tuple of Path
        The archive, then any of the side files, the better names first.
    known_relations : tuple of str
        Those that occur are numbered first, in this order; others follow by name.

    Raises
    ------
    DataFormatError
        The archive is damaged or holds no drkg.tsv; a row has not three cells, an empty one, or an
        id without its type; a side file is not the table it should be.
    """
    archive, *side_files = paths
    head, relation, tail = _read_triples(archive)
    ids = sorted({*head.labels, *tail.labels})
    types = [_type_of(archive, entity) for entity in ids]
    occurring = set(relation.labels)
    relation_names = (
        *(name for name in known_relations if name in occurring),
        *sorted(occurring.difference(known_relations)),
    )
    triples, n_duplicates = number_codes(
        (head, relation, tail),
        {entity: i for i, entity in enumerate(ids)},
        {name: i for i, name in enumerate(relation_names)},
    )
    type_names, entity_types = number_types(types)
    names, synonyms, descriptions = _told(ids, side_files)
    return Tables(
        entity_ids=ids,
        entity_names=names,
        synonyms=synonyms,
        descriptions=descriptions if any(descriptions) else [],
        type_names=type_names,
        entity_types=entity_types,
        relation_names=relation_names,
        triples=triples,
        n_duplicates=n_duplicates,
    )


def _read_triples(archive: Path) -> tuple[tsv.Codes, tsv.Codes, tsv.Codes]:
    """Return head, relation and tail of each row, coded by their distinct strings."""
    import pyarrow as pa
    from pyarrow import csv

    coded = pa.dictionary(pa.int32(), pa.string())
    with _member(archive) as stream:
        try:
            table = csv.read_csv(
                stream,
                read_options=csv.ReadOptions(
                    column_names=list(COLUMNS), block_size=BLOCK_BYTES, use_threads=False
                ),
                parse_options=csv.ParseOptions(delimiter="\t", quote_char=False),
                convert_options=csv.ConvertOptions(column_types=dict.fromkeys(COLUMNS, coded)),
            )
        except pa.ArrowInvalid as error:
            _raise_for_first_bad_row(archive)
            raise DataFormatError(f"{MEMBER} in {archive} cannot be read: {error}.") from error
    if not table.num_rows:
        _raise_for_first_bad_row(archive)
    columns = [tsv.codes_of(table[name]) for name in COLUMNS]
    if any("" in column.labels for column in columns):
        _raise_for_first_bad_row(archive)
    head, relation, tail = columns
    return head, relation, tail


@contextmanager
def _member(archive: Path) -> Iterator[IO[bytes]]:
    """Open drkg.tsv inside the archive, at its top or in a folder."""
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for member in tar:  # in order, so that nothing behind the table is unpacked
                if member.isfile() and Path(member.name).name == MEMBER:
                    stream = tar.extractfile(member)
                    assert stream is not None
                    yield stream
                    return
    except (tarfile.TarError, *tsv.DAMAGED) as error:
        raise DataFormatError(
            f"{archive} is damaged or cut short ({error}); get the file again."
        ) from error
    raise DataFormatError(
        f"{archive} holds no file {MEMBER}; expected DRKG's archive with the table of triples."
    )


def _rows(archive: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield (line number, cells) of each line that is not blank: slow."""
    with _member(archive) as stream:
        for number, line in enumerate(stream, start=1):
            content = line.rstrip(b"\r\n")
            if not content:
                continue
            try:
                yield number, content.decode("utf-8").split("\t")
            except UnicodeDecodeError as error:
                raise DataFormatError(
                    f"{MEMBER} in {archive}, line {number}: expected UTF-8 text, found the byte "
                    f"0x{content[error.start]:02X} at position {error.start + 1}."
                ) from error


def _raise_for_first_bad_row(archive: Path) -> None:
    number = 0
    for number, cells in _rows(archive):
        where = f"{MEMBER} in {archive}, line {number}: expected {EXPECTED}, found"
        if len(cells) != len(COLUMNS):
            hint = "; it looks comma-separated" if len(cells) == 1 and "," in cells[0] else ""
            columns = f"{len(cells)} column{'' if len(cells) == 1 else 's'}"
            raise DataFormatError(f"{where} {columns} ({_shown(cells)}){hint}.")
        if not all(cells):
            name = COLUMNS[cells.index("")]
            raise DataFormatError(f"{where} no value in the column {name} ({_shown(cells)}).")
    if not number:
        raise DataFormatError(f"{MEMBER} in {archive} is empty; expected rows of {EXPECTED}.")


def _shown(cells: Sequence[str]) -> str:
    text = ", ".join(cells)
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 3] + "..."


def _type_of(archive: Path, entity: str) -> str:
    """Return the part of an id before `::`. Raises DataFormatError naming the line without one."""
    type_name, separator, _ = entity.partition("::")
    if separator and type_name:
        return type_name
    number = next(n for n, cells in _rows(archive) if entity in (cells[0], cells[-1]))
    raise DataFormatError(
        f"{MEMBER} in {archive}, line {number}: expected ids that begin with their type, as in "
        f"'Gene::348', found '{entity[:MAX_SHOWN]}'."
    )


def _told(
    ids: Sequence[str], side_files: Iterable[Path]
) -> tuple[list[str], list[tuple[str, ...]], list[str]]:
    """Return name, synonyms and description of each id; the first file that tells one counts."""
    names: dict[str, str] = {}
    synonyms: dict[str, tuple[str, ...]] = {}
    descriptions: dict[str, str] = {}
    for file in side_files:
        columns = tsv.read_text(file, ("id",), ("name", "description", "synonyms"))
        nothing = [""] * len(columns["id"])
        rows: Any = (columns.get(c, nothing) for c in ("id", "name", "description", "synonyms"))
        for entity, name, description, also in zip(*rows, strict=True):
            if name not in NO_NAMES:
                names.setdefault(entity, name)
            if description:
                descriptions.setdefault(entity, _without_markup(description))
            if also:
                synonyms.setdefault(entity, tuple(dict.fromkeys(s for s in also.split("|") if s)))
    own = [synonyms.get(entity, ()) for entity in ids]
    return (
        [
            names.get(entity) or next(iter(also), entity)
            for entity, also in zip(ids, own, strict=True)
        ],
        own,
        [descriptions.get(entity, "") for entity in ids],
    )


def _without_markup(description: str) -> str:
    """Return a description of DrugBank's without its web page's tags and character codes."""
    if "&" not in description and "<" not in description:
        return description
    return html.unescape(TAGS.sub("", description))
