"""The text vectors of a graph: computed once, kept as float16 beside its texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from llador_core.errors import DataFormatError, MissingDataError
from llador_core.graph import Bools, Graph
from llador_core.paths import checksum, texts_folder, write_atomically
from llador_core.priors.embedders import DEFAULT_EMBEDDER, Progress, embed, embedder_version
from llador_core.priors.texts import TEXT_FIELDS, TEXTS_FILE, load_texts

Field = Literal["name", "background", "treatment", "caution"]
FIELDS: tuple[Field, ...] = get_args(Field)
VECTORS_FILE = "vectors.safetensors"
FORMAT = "1"


@dataclass(frozen=True, eq=False)
class FieldVectors:
    """One vector per entity and field.

    Attributes
    ----------
    vectors : mapping from field to float32 array of shape (n_entities, width)
        Unit rows; zeros where the entity has no such text.
    has : mapping from field to bool array of shape (n_entities,)
    embedder : str
        The sentence model, e.g. "all-MiniLM-L6-v2".
    checksum : str
        Of the graph they were computed for.
    """

    vectors: Mapping[Field, NDArray[np.float32]]
    has: Mapping[Field, Bools]
    embedder: str
    checksum: str

    @property
    def n_entities(self) -> int:
        return len(self.vectors["name"])

    @property
    def width(self) -> int:
        return int(self.vectors["name"].shape[1])


def make_vectors(
    graph: Graph,
    folder: Path | None = None,
    embedder: str = DEFAULT_EMBEDDER,
    progress: Progress | None = None,
) -> Path:
    """Compute the text vectors of a graph and return the file they were written to.

    Parameters
    ----------
    graph : Graph
    folder : Path or None
        Where to write; None means beside the graph's texts.
    embedder : str
        A key of `EMBEDDERS`.
    progress : callable(n_done, n_texts) or None
        Called after each batch, over all fields together.

    Raises
    ------
    MissingDataError
        The graph has no folder for texts, or a package is not installed.
    DataFormatError, StorageError
        The texts cannot be read, or nothing can be written.
    """
    from safetensors.numpy import save

    package = embedder_version(embedder)
    folder = folder or _texts_folder(graph)
    words = _words(graph)
    fields = [field for field in FIELDS if any(words[field])]
    every = [text for field in fields for text in words[field]]
    stacked = embed(every, embedder, progress).astype(np.float16)
    blocks = np.split(stacked, len(fields))
    tensors = {
        field: np.ascontiguousarray(block) for field, block in zip(fields, blocks, strict=True)
    }
    metadata = {
        "format": FORMAT,
        "embedder": embedder,
        "package": package,
        "graph": graph.name,
        "graph_checksum": graph.checksum,
        "texts_checksum": _texts_checksum(graph),
        "fields": ",".join(fields),
    }
    path = folder / VECTORS_FILE
    write_atomically(path, save(tensors, metadata))
    return path


def _words(graph: Graph) -> dict[Field, Sequence[str]]:
    """Return what is embedded. A curated description stands in where no LLM wrote a background."""
    texts = load_texts(graph)
    nothing = [""] * graph.n_entities
    words: dict[Field, Sequence[str]] = {"name": list(graph.entity_names)}
    for field in TEXT_FIELDS:
        words[field] = nothing if texts is None else texts.of(field)
    if graph.descriptions:
        both = zip(words["background"], graph.descriptions, strict=True)
        words["background"] = [text or description for text, description in both]
    return words


def load_vectors(graph: Graph) -> FieldVectors:
    """Return the stored text vectors of a graph.

    Raises
    ------
    MissingDataError
        There are none, or they belong to another version of the graph or of its texts.
    DataFormatError
        The file is damaged or has another number of rows than the graph has entities.
    """
    path = _texts_folder(graph) / VECTORS_FILE
    if not path.is_file():
        raise MissingDataError(f"Graph '{graph.name}' has no text vectors yet. {_remedy(graph)}")
    tensors, metadata = _read(path, graph)
    if metadata.get("graph_checksum") != graph.checksum:
        raise MissingDataError(
            f"The text vectors of graph '{graph.name}' belong to another version of it (checksum "
            f"{metadata.get('graph_checksum', '')[:12] or 'missing'}, the graph has "
            f"{graph.checksum[:12]}). {_remedy(graph)}"
        )
    if metadata.get("texts_checksum") != _texts_checksum(graph):
        raise MissingDataError(
            f"The texts of graph '{graph.name}' changed after their vectors were computed. "
            f"{_remedy(graph)}"
        )
    vectors: dict[Field, NDArray[np.float32]] = {}
    for field in FIELDS:
        vectors[field] = _unit_rows(tensors.get(field, np.zeros_like(tensors["name"])))
    has = {field: np.asarray(vectors[field].any(axis=1)) for field in FIELDS}
    return FieldVectors(vectors, has, metadata["embedder"], graph.checksum)


def vectors_if_any(graph: Graph) -> FieldVectors | None:
    """Return the stored text vectors of a graph, None where it has none that fit."""
    try:
        return load_vectors(graph)
    except MissingDataError:
        return None


def _texts_folder(graph: Graph) -> Path:
    if graph.texts_folder is None:
        raise MissingDataError(
            f"Graph '{graph.name}' has no folder for texts, so it has no text vectors. "
            "Use a graph that has texts, or train with the prior 'none'."
        )
    return graph.texts_folder


def _remedy(graph: Graph) -> str:
    if graph.name == "starter":
        return "Run `make vectors`."
    is_registered = graph.texts_folder == texts_folder(graph.name)
    where = graph.name if is_registered else graph.texts_folder or graph.name
    return f"Run `python -m llador_core embed --graph {where}`."


def _texts_checksum(graph: Graph) -> str:
    """Return the SHA-256 of the graph's texts file; "" where it has none."""
    path = _texts_folder(graph) / TEXTS_FILE
    return checksum(path) if path.is_file() else ""


def _read(path: Path, graph: Graph) -> tuple[dict[str, NDArray[np.float16]], dict[str, str]]:
    """Return the tensors and metadata of a vectors file whose shapes have been checked."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            metadata = dict(file.metadata() or {})
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise DataFormatError(f"{path.name} is damaged ({error}). {_remedy(graph)}") from error
    if metadata.get("format") != FORMAT or "name" not in tensors or "embedder" not in metadata:
        raise DataFormatError(
            f"{path.name} is not a vectors file of format {FORMAT} (it says "
            f"'{metadata.get('format', 'nothing')}'). {_remedy(graph)}"
        )
    width = tensors["name"].shape[-1]
    for field, rows in tensors.items():
        if rows.shape != (graph.n_entities, width):
            raise DataFormatError(
                f"{path.name}: '{field}' has shape {rows.shape}, expected "
                f"({graph.n_entities}, {width}), one row per entity. {_remedy(graph)}"
            )
        if not np.isfinite(rows).all():
            raise DataFormatError(f"{path.name}: '{field}' holds numbers that are not finite.")
    return tensors, metadata


def _unit_rows(rows: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return rows of length one; zero rows stay zero. float16 alone is off by up to 5e-4."""
    wide = rows.astype(np.float32)
    length = np.linalg.norm(wide, axis=1, keepdims=True)
    return np.asarray(wide / np.where(length > 0, length, 1), dtype=np.float32)
