"""Parsed graphs kept in the home folder, so that a large graph loads in a fraction of a second.

`cache/graphs/<name>-<checksum>/` holds `entities.arrow` (whose metadata tell what it was made
from), `triples.npy` (memory-mapped) and `content.sha256` over both: a file that was altered or cut
is seen and built again. A home that cannot be written costs time, nothing else.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from llador_core import paths
from llador_core.data.tables import Tables
from llador_core.errors import StorageError

log = logging.getLogger(__name__)

FORMAT = 2
WORTH_CACHING_BYTES = 4 << 20  # below this, parsing is as fast as reading back
WORTH_REMEMBERING_BYTES = 64 << 20  # below this, a checksum is quick
ENTITIES, TRIPLES, CHECKSUM = "entities.arrow", "triples.npy", "content.sha256"


def folder() -> Path:
    """Return the folder of the cached graphs. It may not exist."""
    return paths.home() / "cache" / "graphs"


def safe(name: str) -> str:
    """Return the name of a graph as the folders of its copies begin."""
    return re.sub(r"[^\w.-]", "_", name)


def checksum(files: Sequence[Path]) -> str:
    """Return the SHA-256 over large files as `paths.checksum` does, remembered by their stamps.

    Reading a gigabyte takes longer than loading the graph made of it. A file whose size and time
    of change are as they were is taken to be as it was.
    """
    if sum(file.stat().st_size for file in files) < WORTH_REMEMBERING_BYTES:
        return paths.checksum(*files)
    stamps = [[str(f.resolve()), f.stat().st_size, f.stat().st_mtime_ns] for f in files]
    key = hashlib.sha256(json.dumps(stamps).encode()).hexdigest()
    memo = folder() / "checksums" / key
    try:
        found = memo.read_text("ascii")
        if re.fullmatch(r"[0-9a-f]{64}", found):
            return found
    except (OSError, UnicodeDecodeError):
        pass  # not remembered yet
    found = paths.checksum(*files)
    try:
        paths.write_atomically(memo, found.encode("ascii"))
    except (StorageError, OSError) as error:
        log.warning("A checksum is not remembered, loading stays slow: %s", error)
    return found


def parsed(
    name: str, source_checksum: str, known_relations: tuple[str, ...], parse: Callable[[], Tables]
) -> Tables:
    """Return the tables kept for these sources; parse and keep them when there are none.

    Parameters
    ----------
    name : str
        For the folder's name only.
    source_checksum : str
        SHA-256 of the source files.
    known_relations : tuple of str
        The numbering asked for; tables with another numbering are built again.
    parse : callable
        Called without arguments when nothing usable is kept; its errors pass through.
    """
    place = folder() / f"{safe(name)}-{source_checksum[:16]}"
    if place.exists():
        try:
            return _read(place, source_checksum, known_relations)
        except Exception as error:  # noqa: BLE001  damage has no end of shapes; all are mended alike
            log.warning("The cached graph in %s is unusable (%s); reading again.", place, error)
    tables = parse()
    try:
        _write(place, tables, source_checksum, known_relations)
    except (StorageError, OSError) as error:
        log.warning("Graph '%s' is not cached, loading stays slow: %s", name, error)
    return tables


def _read(folder: Path, source_checksum: str, known_relations: tuple[str, ...]) -> Tables:
    """Return the tables in `folder`. Raises whatever comes when they are not as written."""
    import pyarrow as pa

    content = paths.checksum(folder / ENTITIES, folder / TRIPLES)
    if (folder / CHECKSUM).read_text("ascii") != content:
        raise ValueError("its content was altered")
    with pa.memory_map(str(folder / ENTITIES)) as source:
        entities = pa.ipc.open_file(source).read_all()
        meta = json.loads(entities.schema.metadata[b"llador"])
        asked = [FORMAT, source_checksum, list(known_relations)]
        if [meta["format"], meta["source"], meta["known_relations"]] != asked:
            raise ValueError("it was written for another version")
        columns = {c: entities[c].to_pylist() for c in ("id", "name", "synonyms", "description")}
        # to_numpy imports pandas, which takes longer than reading all the rest
        types = [np.from_dlpack(chunk) for chunk in entities["type"].chunks]
        entity_types = np.concatenate([*types, np.empty(0, np.int16)]).astype(np.int16)
    return Tables(
        entity_ids=columns["id"],
        entity_names=columns["name"],
        synonyms=[tuple(found) if found else () for found in columns["synonyms"]],
        descriptions=columns["description"] if meta["has_descriptions"] else [],
        type_names=tuple(meta["type_names"]),
        entity_types=entity_types,
        relation_names=tuple(meta["relation_names"]),
        triples=np.load(folder / TRIPLES, mmap_mode="r", allow_pickle=False).view(np.ndarray),
        n_duplicates=meta["n_duplicates"],
        notes=tuple(meta["notes"]),
    )


def _write(
    folder: Path, tables: Tables, source_checksum: str, known_relations: tuple[str, ...]
) -> None:
    """Write the tables beside `folder`, then put them in its place in one step."""
    parent = paths.make_folder(folder.parent)
    with paths.storage_errors(parent):
        building = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", suffix=".tmp", dir=parent))
        try:
            _write_files(building, tables, source_checksum, known_relations)
            _put_in_place(building, folder)
        finally:
            shutil.rmtree(building, ignore_errors=True)


def _write_files(
    folder: Path, tables: Tables, source_checksum: str, known_relations: tuple[str, ...]
) -> None:
    import pyarrow as pa

    meta = {
        "format": FORMAT,
        "source": source_checksum,
        "known_relations": known_relations,
        "relation_names": tables.relation_names,
        "type_names": tables.type_names,
        "has_descriptions": bool(tables.descriptions),
        "n_duplicates": tables.n_duplicates,
        "notes": tables.notes,
    }
    texts = pa.list_(pa.string())
    entities = pa.table(
        {
            "id": tables.entity_ids,
            "name": tables.entity_names,
            "type": tables.entity_types,
            "synonyms": pa.array([list(s) if s else None for s in tables.synonyms], texts),
            "description": tables.descriptions or [""] * len(tables.entity_ids),
        }
    ).replace_schema_metadata({"llador": json.dumps(meta)})
    with pa.ipc.new_file(str(folder / ENTITIES), entities.schema) as sink:
        sink.write_table(entities)
    np.save(folder / TRIPLES, tables.triples, allow_pickle=False)
    content = paths.checksum(folder / ENTITIES, folder / TRIPLES)
    (folder / CHECKSUM).write_text(content, "ascii")


def _put_in_place(building: Path, folder: Path) -> None:
    """Rename `building` to `folder`; what stood there was found unusable and goes."""
    if folder.exists():
        unusable = building / "unusable"
        folder.replace(unusable)
        shutil.rmtree(unusable, ignore_errors=True)
    try:
        building.replace(folder)
    except OSError:
        if not folder.exists():  # another process was faster, and wrote the same
            raise
