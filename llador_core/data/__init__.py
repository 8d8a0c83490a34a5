"""Graphs by name or by folder, and their splits."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from llador_core import paths
from llador_core.data import cache, local_tsv, roles
from llador_core.data.specs import GRAPHS, GraphSpec, Parser
from llador_core.data.tables import Tables
from llador_core.errors import MissingDataError
from llador_core.graph import Graph
from llador_core.registry import lookup

log = logging.getLogger(__name__)

META = "graph.json"  # title, licence, citation and notes of a user's own graph, all optional
OWN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

__all__ = ["GraphInfo", "graph_names", "list_graphs", "load_graph", "own_folder", "source_files"]


@dataclass(frozen=True)
class GraphInfo:
    """What can be told about a registered graph without reading it.

    Attributes
    ----------
    name, title, licence : str
    is_here : bool
        Its files were found, so it can be loaded.
    where : str
        The folder of its files; if they are not here, how to get them.
    n_entities, n_triples : int or None
        As published; None for a graph of the user's own.
    is_own : bool
        It lies in the home folder and may be deleted.
    """

    name: str
    title: str
    is_here: bool
    where: str
    licence: str
    n_entities: int | None
    n_triples: int | None
    is_own: bool = False


def load_graph(name_or_folder: str) -> Graph:
    """Return a graph by name, or from a folder with entities.tsv and triples.tsv.

    A name is a registered one or that of a folder in `paths.graphs_folder()`.

    Raises
    ------
    UnknownNameError
        Neither a registered name nor a folder; the message lists the nearest names.
    MissingDataError
        The graph's files are not here.
    DataFormatError
        A file is not what it should be; the message names file, line, expected and found.
    """
    own = own_folder(name_or_folder)
    if own is not None:
        return _load_folder(own)
    if name_or_folder not in GRAPHS:
        folder = Path(name_or_folder).expanduser()
        if folder.is_dir():
            return _load_folder(folder.resolve())
        if len(folder.parts) > 1:
            raise MissingDataError(
                f"There is no folder {folder}; give a folder with {local_tsv.ENTITIES} and "
                f"{local_tsv.TRIPLES}, or one of the graphs {', '.join(GRAPHS)}."
            )
    spec = _registered(name_or_folder)
    files, missing = find_files(spec)
    if missing:
        raise MissingDataError(how_to_get(spec, missing))
    checksum = cache.checksum(files)
    names = tuple(relation.name for relation in spec.relations)
    tables = _tables(spec.name, files, checksum, names, spec.parse)
    built_in = paths.assets() / spec.name
    return _graph(
        tables, spec, checksum, built_in if spec.is_built_in else paths.texts_folder(spec.name)
    )


def list_graphs() -> list[GraphInfo]:
    """Return every registered graph and the user's own: whether its files are here, and where."""
    infos = []
    for spec in GRAPHS.values():
        files, missing = find_files(spec)
        where = how_to_get(spec, missing) if missing else str(files[0].parent)
        infos.append(
            GraphInfo(
                spec.name,
                spec.title,
                not missing,
                where,
                spec.licence,
                spec.n_entities,
                spec.n_triples,
            )
        )
    for name in graph_names()[len(GRAPHS) :]:
        folder = paths.graphs_folder() / name
        told = _meta(folder)
        licence = told.get("licence", "not stated")
        title = told.get("title", name)
        counts = _own_counts(folder)
        infos.append(GraphInfo(name, title, True, str(folder), licence, *counts, is_own=True))
    return infos


def graph_names() -> list[str]:
    """Return the names that `load_graph` knows: the registered ones, then the user's own."""
    folder = paths.graphs_folder()
    found = sorted(f.name for f in folder.iterdir()) if folder.is_dir() else []
    return [*GRAPHS, *(name for name in found if own_folder(name) is not None)]


def own_folder(name: str) -> Path | None:
    """Return the folder of a graph of the user's own, None where there is none of that name."""
    if name in GRAPHS or not OWN_NAME.fullmatch(name):
        return None
    folder = paths.graphs_folder() / name
    return folder if (folder / local_tsv.TRIPLES).is_file() else None


def source_files(name: str) -> tuple[Path, ...]:
    """Return the files a graph is read from, as far as they are here.

    Raises UnknownNameError for a name that `load_graph` does not know.
    """
    own = own_folder(name)
    if own is not None:
        return (*local_tsv.files(own), *(f for f in (own / META,) if f.is_file()))
    return find_files(_registered(name))[0]


def _registered(name: str) -> GraphSpec:
    """Return a registered graph's spec; the error for another name lists the user's own too."""
    if name not in GRAPHS:
        lookup("graph", dict.fromkeys(graph_names()), name)
    return GRAPHS[name]


def _meta(folder: Path) -> dict[str, str]:
    """Return what a graph's own folder tells of it; what cannot be read counts as not told."""
    try:
        told = json.loads((folder / META).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(told, dict):
        return {}
    return {key: value for key, value in told.items() if isinstance(value, str)}


def _own_notes(folder: Path) -> tuple[str, ...]:
    """Return the sentences that a graph's own folder tells, e.g. of its import."""
    told = _told(folder, "notes")
    return tuple(note for note in told if isinstance(note, str)) if isinstance(told, list) else ()


def _own_counts(folder: Path) -> tuple[int | None, int | None]:
    """Return how many entities and triples an import has written, None where it does not tell."""
    told = _told(folder, "import")
    found = [told.get(name) if isinstance(told, dict) else None for name in ("entities", "kept")]
    n_entities, n_triples = (n if isinstance(n, int) else None for n in found)
    return n_entities, n_triples


def _told(folder: Path, name: str) -> Any:
    """Return one entry of a graph's own `graph.json`, None where it has none."""
    try:
        return json.loads((folder / META).read_text("utf-8"))[name]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def find_files(spec: GraphSpec) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Return the paths of a graph's files in the order of the spec, and the names not found.

    A file of a graph that does not ship with the app is taken from the first raw folder that has
    it, at the top or in a folder named as the graph. The optional files that are here follow; they
    may also lie in the folder of another graph.
    """
    if spec.is_built_in:
        folders = [paths.assets() / spec.name]
    else:
        folders = [f for raw in paths.raw_folders() for f in (raw, raw / spec.name)]
    found = {name: _first(folders, name) for name in spec.files}
    missing = tuple(name for name, file in found.items() if file is None)
    files = [file for file in found.values() if file is not None]
    if spec.optional_files and files:
        beside = [files[0].parent, *folders]
        beside += [raw / other for raw in paths.raw_folders() for other in GRAPHS]
        for names in spec.optional_files:
            files += [f for f in (_first(beside, name) for name in names) if f is not None][:1]
    return tuple(files), missing


def _first(folders: Sequence[Path], name: str) -> Path | None:
    return next((folder / name for folder in folders if (folder / name).is_file()), None)


def how_to_get(spec: GraphSpec, missing: tuple[str, ...]) -> str:
    """Return a sentence on where the missing files come from and where to put them."""
    if spec.is_built_in:
        folder = paths.assets() / spec.name
        return f"{' and '.join(missing)} of graph '{spec.name}' should be in {folder}."
    return (
        f"Graph '{spec.name}' needs {' and '.join(missing)} from {spec.homepage}; put the files "
        f"into {paths.home() / 'raw'}, or set LLADOR_RAW to the folder that holds them."
    )


def _tables(
    name: str,
    files: tuple[Path, ...],
    checksum: str,
    relation_names: tuple[str, ...],
    parse: Parser,
) -> Tables:
    """Return the parsed files, from the cache where they are large enough to be worth it."""
    if sum(file.stat().st_size for file in files) < cache.WORTH_CACHING_BYTES:
        return parse(files, relation_names)
    return cache.parsed(name, checksum, relation_names, lambda: parse(files, relation_names))


def _load_folder(folder: Path) -> Graph:
    files = local_tsv.files(folder)
    checksum = cache.checksum(files)
    tables = _tables(folder.name, files, checksum, (), local_tsv.parse)
    told = _meta(folder)
    spec = GraphSpec(
        name=folder.name,
        title=told.get("title", folder.name),
        licence=told.get("licence", "not stated"),
        citation=told.get("citation", ""),
        homepage="",
        files=tuple(file.name for file in files),
        n_entities=len(tables.entity_ids),
        n_triples=len(tables.triples),
        relations=local_tsv.read_relations(folder, tables.relation_names),
        parse=local_tsv.parse,
    )
    tables = replace(tables, notes=(*tables.notes, *_own_notes(folder)))
    return _graph(tables, spec, checksum, texts_folder=folder)


def _graph(tables: Tables, spec: GraphSpec, checksum: str, texts_folder: Path | None) -> Graph:
    counts = _count_notes(spec, tables)
    for note in counts:
        log.warning(note)
    told = {relation.name: relation for relation in spec.relations}
    return Graph(
        name=spec.name,
        entity_ids=tables.entity_ids,
        entity_names=tables.entity_names,
        synonyms=tables.synonyms,
        type_names=tables.type_names,
        entity_types=tables.entity_types,
        relations=tuple(told.get(name) or roles.infer(name) for name in tables.relation_names),
        triples=tables.triples,
        checksum=checksum,
        title=spec.title,
        licence=spec.licence,
        citation=spec.citation,
        texts_folder=texts_folder,
        n_duplicates=tables.n_duplicates,
        descriptions=tables.descriptions,
        notes=(*tables.notes, *counts),
    )


def _count_notes(spec: GraphSpec, tables: Tables) -> tuple[str, ...]:
    """Return a sentence for each count that differs from the published one."""
    counts = (
        ("entities", len(tables.entity_ids), spec.n_entities),
        ("triples", len(tables.triples), spec.n_triples),
    )
    return tuple(
        f"Graph '{spec.name}' has {found:,} {what} here, {published:,} as published."
        for what, found, published in counts
        if found != published
    )
