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
from llador_core.priors.embedders import (
    DEFAULT_EMBEDDER,
    Choice,
    Progress,
    cache_name,
    choose,
    embedder_version,
)
from llador_core.priors.embedders import embed_cached as embed
from llador_core.priors.places import (
    TEXTS_FILE,
    VECTORS_FILE,
    no_folder,
    set_folder,
    slug,
    split_texts,
    vectors_files,
    vectors_place,
)
from llador_core.priors.texts import TEXT_FIELDS, load_texts

Field = Literal["name", "background", "treatment", "caution"]
FIELDS: tuple[Field, ...] = get_args(Field)
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
    embedder: str | Choice = DEFAULT_EMBEDDER,
    progress: Progress | None = None,
    texts: str = "",
) -> Path:
    """Compute the text vectors of a graph and return the file they were written to.

    Parameters
    ----------
    graph : Graph
    folder : Path or None
        Where to write `vectors.safetensors`; None means where `load_vectors` finds them.
    embedder : str or Choice
        As `embedders.choose` reads it.
    texts : str
        The text set, "" for the graph's own.
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

    choice = choose(embedder) if isinstance(embedder, str) else embedder
    package = embedder_version(choice)
    name = split_texts(texts)[0]
    is_default = choice.name == DEFAULT_EMBEDDER
    path = (
        vectors_place(graph, name, choice.name, is_default)
        if folder is None
        else folder / VECTORS_FILE
    )
    words = written(graph, name)
    fields = [field for field in FIELDS if any(words[field])]
    every = [text for field in fields for text in words[field]]
    stacked = embed(every, choice, progress).astype(np.float16)
    blocks = np.split(stacked, len(fields))
    tensors = {
        field: np.ascontiguousarray(block) for field, block in zip(fields, blocks, strict=True)
    }
    metadata = {
        "format": FORMAT,
        "embedder": choice.name,
        "package": package,
        "graph": graph.name,
        "graph_checksum": graph.checksum,
        "texts_checksum": _texts_checksum(graph, name),
        "fields": ",".join(fields),
    }
    write_atomically(path, save(tensors, metadata))
    return path


def note_stored(graph: Graph, texts: str = "") -> int:
    """Let the cache know the vectors that a set has, and return how many texts that added.

    Texts of another set that are the same need not be computed again, as where vectors ship with
    a graph. Nothing is noted where there are none, or none of the default embedder's version here.
    """
    from llador_core.priors import embed_cache

    try:
        choice = choose(DEFAULT_EMBEDDER)
        path = _find(graph, split_texts(texts)[0], choice.name)
        tensors, metadata = _read(path, graph, "")
        stored = load_vectors(graph, texts, choice.name)
        is_same = metadata.get("package") == embedder_version(choice)
    except MissingDataError:
        return 0
    if not is_same or stored.embedder != choice.name:
        return 0
    words = written(graph, split_texts(texts)[0])
    named = cache_name(choice)
    return sum(
        embed_cache.note(named, words[field], tensors[field].astype(np.float32))
        for field in FIELDS
        if field in tensors
    )


def written(graph: Graph, name: str) -> dict[Field, Sequence[str]]:
    """Return what is embedded of a text set, in entity order.

    Among a graph's own texts, a curated description stands in where no LLM wrote a background. A
    named set is only what it holds, so that two sets can be compared.
    """
    texts = load_texts(graph, name)
    nothing = [""] * graph.n_entities
    words: dict[Field, Sequence[str]] = {"name": list(graph.entity_names)}
    for field in TEXT_FIELDS:
        words[field] = nothing if texts is None else texts.of(field)
    if graph.descriptions and not name:
        both = zip(words["background"], graph.descriptions, strict=True)
        words["background"] = [text or description for text, description in both]
    return words


def load_vectors(graph: Graph, texts: str = "", embedder: str | None = None) -> FieldVectors:
    """Return the stored text vectors of a graph.

    Parameters
    ----------
    graph : Graph
    texts : str
        The text set, "" for the graph's own; "SET@EMBEDDER" names the embedder too.
    embedder : str or None
        Whose vectors; None means the default embedder's where the set has them, else the newest.

    Raises
    ------
    UnknownNameError
        The graph has no such set.
    MissingDataError
        There are none, or they belong to another version of the graph or of its texts.
    DataFormatError
        The file is damaged or has another number of rows than the graph has entities.
    """
    name, named = split_texts(texts)
    path = _find(graph, name, embedder or named)
    remedy = _remedy(graph, name)
    tensors, metadata = _read(path, graph, remedy)
    if metadata.get("graph_checksum") != graph.checksum:
        raise MissingDataError(
            f"The text vectors of graph '{graph.name}' belong to another version of it (checksum "
            f"{metadata.get('graph_checksum', '')[:12] or 'missing'}, the graph has "
            f"{graph.checksum[:12]}). {remedy}"
        )
    if metadata.get("texts_checksum") != _texts_checksum(graph, name):
        raise MissingDataError(
            f"The texts of graph '{graph.name}' changed after their vectors were computed. {remedy}"
        )
    vectors: dict[Field, NDArray[np.float32]] = {}
    for field in FIELDS:
        vectors[field] = _unit_rows(tensors.get(field, np.zeros_like(tensors["name"])))
    has = {field: np.asarray(vectors[field].any(axis=1)) for field in FIELDS}
    return FieldVectors(vectors, has, metadata["embedder"], graph.checksum)


def vectors_if_any(graph: Graph, texts: str = "") -> FieldVectors | None:
    """Return the stored text vectors of a graph, None where it has none that fit."""
    try:
        return load_vectors(graph, texts)
    except MissingDataError:
        return None


def stored_embedders(graph: Graph, texts: str = "") -> list[str]:
    """Return the embedders whose vectors of a set are stored, in the order they are preferred.

    What cannot be read is left out; whether they fit the texts of today is told by `load_vectors`.
    """
    from safetensors import SafetensorError, safe_open

    found = []
    for file in _preferred(graph, split_texts(texts)[0]):
        try:
            with safe_open(file, framework="numpy") as opened:
                found.append(str((opened.metadata() or {})["embedder"]))
        except (SafetensorError, OSError, KeyError):
            continue
    return found


def _preferred(graph: Graph, name: str) -> list[Path]:
    """Return the vectors files of a set, the default embedder's first, then the newest."""
    default = (VECTORS_FILE, f"vectors-{slug(DEFAULT_EMBEDDER)}.safetensors")
    return sorted(vectors_files(graph, name), key=lambda file: file.name not in default)


def _find(graph: Graph, name: str, embedder: str | None) -> Path:
    """Return the vectors file that is asked for. Raises MissingDataError where it is not there."""
    if not name and graph.texts_folder is None:
        raise no_folder(graph)
    files = _preferred(graph, name)
    if embedder is not None:
        wanted = slug(embedder)
        # The vectors beside a graph do not carry their embedder in the name.
        is_own = wanted == slug(DEFAULT_EMBEDDER)
        valid = (f"vectors-{wanted}.safetensors", *([VECTORS_FILE] if is_own else []))
        files = [file for file in files if file.name in valid]
    if files:
        return files[0]
    of = f" for the text set '{name}'" if name else ""
    by = f" by '{embedder}'" if embedder else ""
    raise MissingDataError(
        f"Graph '{graph.name}' has no text vectors{by}{of} yet. {_remedy(graph, name, embedder)}"
    )


def _remedy(graph: Graph, name: str = "", embedder: str | None = None) -> str:
    if graph.name == "starter" and not name and embedder is None:
        return "Run `make vectors`."
    is_registered = graph.texts_folder == texts_folder(graph.name)
    where = graph.name if is_registered or graph.name == "starter" else graph.texts_folder
    options = f" --texts {name}" if name else ""
    options += f" --embedder {embedder}" if embedder else ""
    return f"Run `python -m llador_core embed --graph {where or graph.name}{options}`."


def _texts_checksum(graph: Graph, name: str) -> str:
    """Return the SHA-256 of the texts file of a set; "" where there is none."""
    folder = set_folder(graph, name)
    if folder is None:
        raise no_folder(graph)
    path = folder / TEXTS_FILE
    return checksum(path) if path.is_file() else ""


def _read(
    path: Path, graph: Graph, remedy: str
) -> tuple[dict[str, NDArray[np.float16]], dict[str, str]]:
    """Return the tensors and metadata of a vectors file whose shapes have been checked."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            metadata = dict(file.metadata() or {})
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise DataFormatError(f"{path.name} is damaged ({error}). {remedy}") from error
    if metadata.get("format") != FORMAT or "name" not in tensors or "embedder" not in metadata:
        raise DataFormatError(
            f"{path.name} is not a vectors file of format {FORMAT} (it says "
            f"'{metadata.get('format', 'nothing')}'). {remedy}"
        )
    width = tensors["name"].shape[-1]
    for field, rows in tensors.items():
        if rows.shape != (graph.n_entities, width):
            raise DataFormatError(
                f"{path.name}: '{field}' has shape {rows.shape}, expected "
                f"({graph.n_entities}, {width}), one row per entity. {remedy}"
            )
        if not np.isfinite(rows).all():
            raise DataFormatError(f"{path.name}: '{field}' holds numbers that are not finite.")
    return tensors, metadata


def _unit_rows(rows: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return rows of length one; zero rows stay zero. float16 alone is off by up to 5e-4."""
    wide = rows.astype(np.float32)
    length = np.linalg.norm(wide, axis=1, keepdims=True)
    return np.asarray(wide / np.where(length > 0, length, 1), dtype=np.float32)
