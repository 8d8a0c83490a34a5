"""Texts and text vectors of some entities of a graph, for a graph made of these entities alone."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np

from llador_core.errors import MissingDataError
from llador_core.graph import Graph, Ints
from llador_core.paths import checksum, texts_folder, write_atomically
from llador_core.priors.embedders import DEFAULT_EMBEDDER
from llador_core.priors.places import PROVENANCE_FILE, TEXTS_FILE, VECTORS_FILE, set_names, slug
from llador_core.priors.texts import TEXT_FIELDS, load_texts
from llador_core.priors.vectors import FORMAT, FieldVectors, load_vectors, stored_embedders


def slice_texts(graph: Graph, kept: Ints, into: Graph) -> int:
    """Write the texts and vectors of some entities beside a graph made of them.

    Nothing is embedded anew. The graph's own texts go beside `into`, its named sets among the sets
    of that graph.

    Parameters
    ----------
    graph : Graph
    kept : int array of shape (into.n_entities,)
        The entity of `graph` that each entity of `into` is.
    into : Graph

    Returns
    -------
    int
        Vectors files written; those that do not fit the graph or its texts are left behind.

    Raises
    ------
    StorageError
        A file cannot be written.
    """
    n_written = 0
    for texts in ("", *set_names(graph)):
        folder = into.texts_folder if not texts else texts_folder(into.name) / "sets" / texts
        assert folder is not None
        _write_texts(graph, texts, kept, folder)
        for embedder in stored_embedders(graph, texts):
            is_default = embedder == DEFAULT_EMBEDDER and not texts
            name = VECTORS_FILE if is_default else f"vectors-{slug(embedder)}.safetensors"
            home = folder if texts or is_default else texts_folder(into.name)
            try:
                vectors = load_vectors(graph, texts, embedder)
            except MissingDataError:
                continue
            told = checksum(folder / TEXTS_FILE) if (folder / TEXTS_FILE).is_file() else ""
            write_vectors(home / name, vectors, kept, into, told)
            n_written += 1
    return n_written


def _write_texts(graph: Graph, texts: str, kept: Ints, folder: Path) -> None:
    found = load_texts(graph, texts)
    if found is None:
        return
    lines = []
    for entity in kept.tolist():
        row: dict[str, str] = {name: found.of(name)[entity] for name in TEXT_FIELDS}
        row = {name: text for name, text in row.items() if text}
        if row:
            row = {"id": graph.entity_ids[entity]} | row
            lines.append(json.dumps(row, ensure_ascii=False) + "\n")
    provenance = json.dumps(dataclasses.asdict(found.provenance), ensure_ascii=False, indent=1)
    write_atomically(folder / PROVENANCE_FILE, provenance.encode())
    write_atomically(folder / TEXTS_FILE, "".join(lines).encode())


def write_vectors(
    path: Path, vectors: FieldVectors, kept: Ints, into: Graph, texts_checksum: str
) -> None:
    """Write the vectors of some entities; `texts_checksum` is that of the texts beside `into`."""
    from safetensors.numpy import save

    tensors: dict[str, np.ndarray] = {
        field: np.ascontiguousarray(rows[kept], np.float16)
        for field, rows in vectors.vectors.items()
        if vectors.has[field].any()
    }
    metadata = {
        "format": FORMAT,
        "embedder": vectors.embedder,
        "graph": into.name,
        "graph_checksum": into.checksum,
        "texts_checksum": texts_checksum,
        "fields": ",".join(tensors),
    }
    write_atomically(path, save(tensors, metadata))
