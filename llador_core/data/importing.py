"""From somebody's table to a graph of the user's own: read, typed, written whole or not at all."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from llador_core import paths
from llador_core.data import META, cache, load_graph, local_tsv, rows
from llador_core.data.entity_types import Types, oriented, typed
from llador_core.data.plan import Plan, check_name, check_roles, check_room
from llador_core.data.tables import Tables, number_types, without_repeats
from llador_core.errors import DataFormatError
from llador_core.graph import Graph

Report = Callable[[float, str], None]
READ_SHARE = 0.6  # of the time, about
CHUNK_ROWS = 1 << 20


@dataclass(frozen=True)
class Imported:
    """What became of a table.

    Attributes
    ----------
    graph : Graph
        As it loads from now on.
    folder : Path
    n_rows : int
        Read.
    dropped : dict of str to int
        Why rows were left out, and how many.
    notes : tuple of str
        Sentences on what was guessed or changed.
    """

    graph: Graph
    folder: Path
    n_rows: int
    dropped: dict[str, int]
    notes: tuple[str, ...]


@dataclass
class _Entities:
    """The entities of the graph, in order."""

    ids: list[str]
    names: list[str]
    types: list[str]
    synonyms: list[str]
    descriptions: list[str]
    notes: list[str] = field(default_factory=list)


def import_table(plan: Plan, report: Report | None = None) -> Imported:
    """Make a graph of the user's own from a table, and load it once.

    Parameters
    ----------
    plan : Plan
    report : callable or None
        Called with the share that is done and what is being done.

    Raises
    ------
    ConfigError
        The name is taken or none, a role does not exist.
    DataFormatError
        The table is not what it should be; the message names the lines.
    StorageError
        Memory or disk do not suffice, or nothing can be written.
    """
    tell = report or (lambda _share, _words: None)
    check_name(plan.name)
    check_roles(plan.roles)
    check_room(plan.found)
    total = max(plan.found.n_rows, 1)
    tell(0.0, "Reading the table")
    triples = rows.read(
        plan.found,
        plan.columns,
        skips_bad=plan.skips_bad,
        report=lambda n: tell(READ_SHARE * min(n / total, 1), "Reading the table"),
    )
    tell(READ_SHARE, "Sorting entities and relations")
    relation_names, mapped, used = _compacted(triples)
    entities, types = _entities(plan, triples, used, relation_names, mapped)
    mapped, turned = oriented(mapped, relation_names, types, plan.roles)
    kept = without_repeats(mapped, len(used), len(relation_names))
    triples.drop("repeats of another row", len(mapped) - len(kept))
    notes = (*types.notes, *entities.notes, *turned)
    tell(0.75, "Writing the graph")
    folder = paths.graphs_folder() / plan.name
    tables = _tables(entities, relation_names, kept)
    _write(plan, folder, tables, triples, notes)
    tell(0.9, "Loading the graph")
    checksum = cache.checksum(local_tsv.files(folder))
    cache.parsed(plan.name, checksum, (), lambda: tables)
    return Imported(load_graph(plan.name), folder, triples.n_rows, triples.dropped, notes)


def _compacted(triples: rows.Triples) -> tuple[tuple[str, ...], rows.Ints, rows.Ints]:
    """Return the relations that occur, the triples numbered from 0, and the entities that occur."""
    labels = triples.relations.names()
    occurring = np.unique(triples.mapped[:, 1])
    used = np.unique(triples.mapped[:, [0, 2]])
    place = np.zeros(len(triples.entities), np.int32)
    place[used] = np.arange(len(used), dtype=np.int32)
    relation_place = np.zeros(len(labels), np.int32)
    relation_place[occurring] = np.arange(len(occurring), dtype=np.int32)
    mapped = np.empty_like(triples.mapped)
    mapped[:, 0], mapped[:, 2] = place[triples.mapped[:, 0]], place[triples.mapped[:, 2]]
    mapped[:, 1] = relation_place[triples.mapped[:, 1]]
    triples.mapped = mapped  # the old numbers are of no more use
    return tuple(labels[i] for i in occurring.tolist()), mapped, used


def _entities(
    plan: Plan,
    triples: rows.Triples,
    used: rows.Ints,
    relation_names: tuple[str, ...],
    mapped: rows.Ints,
) -> tuple[_Entities, Types]:
    """Return all that is known of the entities that occur, and their types."""
    labels = triples.entities.names()
    ids = [labels[i] for i in used.tolist()]
    told_types, told_names = (_values(told, used) for told in (triples.types, triples.names))
    found = _Entities(ids, told_names, told_types, [""] * len(ids), [""] * len(ids))
    if plan.entities and plan.entity_columns:
        _add_table(plan, found)
    types = typed(ids, found.types, relation_names, mapped, plan)
    found.types = types.of
    found.names = [name or entity for name, entity in zip(found.names, ids, strict=True)]
    for what, told in (("type", triples.types), ("name", triples.names)):
        if told.differing:
            examples = ", ".join(labels[i] for i in sorted(told.differing)[:3])
            found.notes.append(
                f"{len(told.differing):,} entities have more than one {what} ({examples}); the "
                "first one counts."
            )
    return found, types


def _values(told: rows.Told, used: rows.Ints) -> list[str]:
    """Return what is told of each entity, "" where nothing is."""
    labels = told.labels.names()
    of = told.of if len(told.of) > int(used.max(initial=0)) else np.zeros(used.max() + 1, np.int32)
    return [labels[i] for i in of[used].tolist()]


def _add_table(plan: Plan, found: _Entities) -> None:
    """Take what the table of entities tells; it counts before what the triples tell."""
    assert plan.entities is not None
    assert plan.entity_columns is not None
    columns = plan.entity_columns
    told = rows.read_texts(plan.entities, columns.used())
    place: dict[str, int] = {}
    first_line = 2 if plan.entities.has_header else 1
    for i, entity in enumerate(told[columns.id]):
        if not entity:
            continue
        if entity in place and any(told[c][i] != told[c][place[entity]] for c in columns.used()):
            raise DataFormatError(
                f"{plan.entities.file}: '{entity}' stands twice with different content, in rows "
                f"{place[entity] + first_line:,} and {i + first_line:,}; keep one of them."
            )
        place.setdefault(entity, i)
    rows_of = [place.get(entity) for entity in found.ids]
    for column, values in (
        (columns.name, found.names),
        (columns.type, found.types),
        (columns.synonyms, found.synonyms),
        (columns.description, found.descriptions),
    ):
        if column:
            for number, row in enumerate(rows_of):
                if row is not None and told[column][row]:
                    values[number] = told[column][row]
    n_known = sum(row is not None for row in rows_of)
    found.notes.append(
        f"The table of entities tells of {n_known:,} of {len(found.ids):,} entities; "
        f"{len(place) - n_known:,} of its rows have no triple and are left out."
    )


def _tables(entities: _Entities, relation_names: tuple[str, ...], kept: rows.Ints) -> Tables:
    """Return what the folder will hold, as its parser would read it."""
    occurring, first = np.unique(kept[:, 1], return_index=True)
    order = occurring[np.argsort(first)]  # the parser numbers relations as they appear
    place = np.zeros(len(relation_names), np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    triples = kept.copy()
    triples[:, 1] = place[kept[:, 1]]
    triples.flags.writeable = False
    type_names, entity_types = number_types(entities.types)
    has_descriptions = any(entities.descriptions)
    return Tables(
        entity_ids=entities.ids,
        entity_names=entities.names,
        synonyms=[tuple(s for s in cell.split("|") if s) for cell in entities.synonyms],
        descriptions=entities.descriptions if has_descriptions else [],
        type_names=type_names,
        entity_types=entity_types,
        relation_names=tuple(relation_names[i] for i in order.tolist()),
        triples=triples,
        n_duplicates=0,
    )


def _write(
    plan: Plan, folder: Path, tables: Tables, triples: rows.Triples, notes: tuple[str, ...]
) -> None:
    """Write the folder beside its place, then put it there in one step."""
    parent = paths.make_folder(folder.parent)
    with paths.storage_errors(folder):
        building = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", suffix=".tmp", dir=parent))
        try:
            _write_entities(building / local_tsv.ENTITIES, tables)
            _write_triples(building / local_tsv.TRIPLES, tables)
            lines = ["relation\trole"]
            lines += [
                f"{name}\t{plan.roles[name]}"
                for name in tables.relation_names
                if name in plan.roles
            ]
            if len(lines) > 1:
                text = "\n".join(lines) + "\n"
                (building / local_tsv.RELATIONS).write_text(text, "utf-8")
            meta = _meta(plan, tables, triples, notes)
            (building / META).write_text(json.dumps(meta, indent=1, ensure_ascii=False), "utf-8")
            check_name(plan.name)  # somebody may have been faster
            building.replace(folder)
        finally:
            shutil.rmtree(building, ignore_errors=True)


def _write_entities(file: Path, tables: Tables) -> None:
    columns: dict[str, list[str]] = {
        "id": tables.entity_ids,
        "name": tables.entity_names,
        "type": [tables.type_names[i] for i in tables.entity_types.tolist()],
    }
    if any(tables.synonyms):
        columns["synonyms"] = ["|".join(names) for names in tables.synonyms]
    if tables.descriptions:
        columns["description"] = tables.descriptions
    with file.open("w", encoding="utf-8", newline="\n") as out:
        out.write("\t".join(columns) + "\n")
        out.writelines("\t".join(cells) + "\n" for cells in zip(*columns.values(), strict=True))


def _write_triples(file: Path, tables: Tables) -> None:
    """Write the triples, a million lines at a time joined outside Python."""
    import pyarrow as pa
    from pyarrow import compute

    ids = pa.array(tables.entity_ids, pa.large_string())
    names = pa.array(tables.relation_names, pa.large_string())
    ends = pa.array([f"{entity}\n" for entity in tables.entity_ids], pa.large_string())
    with file.open("wb") as out:
        out.write(b"head\trelation\ttail\n")
        for start in range(0, len(tables.triples), CHUNK_ROWS):
            part = tables.triples[start : start + CHUNK_ROWS]
            cells = [
                labels.take(pa.array(np.ascontiguousarray(part[:, column])))
                for column, labels in enumerate((ids, names, ends))
            ]
            tab = pa.scalar("\t", pa.large_string())
            lines = compute.binary_join_element_wise(*cells, tab)
            out.write(memoryview(lines.buffers()[2])[: _length(lines)])


def _length(lines: Any) -> int:
    """Return the number of bytes of all strings of an array that begins at 0."""
    offsets = np.frombuffer(lines.buffers()[1], np.int64)
    return int(offsets[len(lines)])


def _meta(
    plan: Plan, tables: Tables, triples: rows.Triples, notes: tuple[str, ...]
) -> dict[str, Any]:
    """Return what `graph.json` tells: of the graph, and of how it came to be."""
    dropped = ", ".join(f"{n:,} ({why})" for why, n in triples.dropped.items())
    told = (
        f"Imported from {plan.found.file.name}: {triples.n_rows:,} rows read, "
        f"{len(tables.triples):,} kept, "
        + (f"left out: {dropped}." if dropped else "none left out.")
    )
    return {
        "title": plan.title or plan.name,
        "licence": plan.licence or "not stated",
        "citation": plan.citation,
        "notes": [told, *notes],
        "import": {
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "file": plan.found.file.name,
            "sha256": paths.checksum(plan.found.file),
            "entities_file": plan.entities.file.name if plan.entities else None,
            "columns": vars(plan.columns),
            "entities": len(tables.entity_ids),
            "rows": triples.n_rows,
            "kept": len(tables.triples),
            "left_out": triples.dropped,
        },
    }
