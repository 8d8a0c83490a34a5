"""The text vectors that a row of a study needs: the graph's own, masked or another embedder's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from llador_core import paths
from llador_core.errors import MissingDataError
from llador_core.experiments.specs import Setting
from llador_core.experiments.spoil import mask_words
from llador_core.graph import Graph
from llador_core.priors.embedders import EMBEDDERS, TFIDF, best_installed, embed
from llador_core.priors.places import TEXTS_FILE, set_folder
from llador_core.priors.sets import list_sets
from llador_core.priors.texts import TEXT_FIELDS, described, load_texts
from llador_core.priors.vectors import FIELDS, Field, FieldVectors, load_vectors

DEFAULT_TEMPERATURE = 0.7  # of the paper; a definition that does not say has it
MASK_SEED = 0  # one draw for all seeds: embedding takes longer than training


def set_for(graph: Graph, setting: Setting) -> str:
    """Return the text set that a row asks for by prompt and temperature, "" for the graph's own.

    Raises
    ------
    MissingDataError
        The graph was not described so; names the command that does it.
    """
    if not setting.prompt:
        return ""
    for found in list_sets(graph):
        made_of = found.definition
        if made_of is None or not found.is_published or made_of.prompt != setting.prompt:
            continue
        temperature = json.loads(made_of.parameters).get("temperature", DEFAULT_TEMPERATURE)
        if setting.temperature in (None, temperature):
            return found.name
    options = "" if setting.temperature is None else f" --temperature {setting.temperature}"
    raise MissingDataError(
        f"Graph '{graph.name}' was not described with the prompt '{setting.prompt}'"
        f"{f' at temperature {setting.temperature}' if options else ''} yet. Run `python -m "
        f"llador_core describe --graph {graph.name} --prompt {setting.prompt}{options}`."
    )


def inputs_stamp(graph: Graph, setting: Setting) -> str:
    """Return what changes when the texts behind a row change, "" for a row without texts.

    Raises as `set_for`.
    """
    folder = set_folder(graph, set_for(graph, setting)) if setting.prior != "none" else None
    path = None if folder is None else folder / TEXTS_FILE
    if path is None or not path.is_file():
        return ""
    return _checksum(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=16)
def _checksum(path: Path, _changed: int) -> str:
    return paths.checksum(path)


def vectors_for(graph: Graph, setting: Setting) -> FieldVectors | None:
    """Return the text vectors of a row, None for one without a prior.

    Raises
    ------
    MissingDataError
        The texts or vectors are not here; names what makes them.
    """
    if setting.prior == "none":
        return None
    texts = set_for(graph, setting)
    if setting.mask:
        return _embedded(graph, setting.embedder or best_installed(), setting.mask)
    if not setting.embedder:
        return load_vectors(graph, texts)
    try:
        return load_vectors(graph, texts, setting.embedder)
    except MissingDataError:
        if setting.embedder not in (*EMBEDDERS, TFIDF):  # those alone need no network and no key
            raise
    return _embedded(graph, setting.embedder, 0.0)


def _embedded(graph: Graph, embedder: str, mask: float) -> FieldVectors:
    """Return vectors of the graph's texts, embedded once and kept."""
    words = _words(graph)
    digest = hashlib.sha256(json.dumps([embedder, mask, MASK_SEED, words]).encode()).hexdigest()
    folder = paths.home() / "experiments" / f"{graph.name}-{graph.checksum[:12]}" / "vectors"
    path = folder / f"{digest[:24]}.safetensors"
    tensors = _read(path)
    if tensors is None:
        texts = {
            field: mask_words(words[field], mask, MASK_SEED + number)
            if field != "name" and mask
            else words[field]
            for number, field in enumerate(FIELDS)
        }
        fields = [field for field in FIELDS if any(texts[field])]
        # All at once: TF-IDF would else give every field a space of its own.
        stacked = embed([text for field in fields for text in texts[field]], embedder)
        blocks = np.split(stacked.astype(np.float16), len(fields))
        tensors = dict(zip(map(str, fields), map(np.ascontiguousarray, blocks), strict=True))
        _write(path, tensors)
    width = tensors["name"].shape[1]
    nothing = np.zeros((graph.n_entities, width), np.float32)
    vectors: dict[Field, np.ndarray] = {
        field: tensors[field].astype(np.float32) if field in tensors else nothing
        for field in FIELDS
    }
    has = {field: np.asarray(vectors[field].any(axis=1)) for field in FIELDS}
    return FieldVectors(vectors, has, embedder, graph.checksum)


def _words(graph: Graph) -> Mapping[Field, Sequence[str]]:
    texts = load_texts(graph) or described(graph)
    if texts is None:
        raise MissingDataError(
            f"Graph '{graph.name}' has no texts to embed anew. Describe it first: "
            f"`python -m llador_core describe --graph {graph.name}`."
        )
    words: dict[Field, Sequence[str]] = {"name": list(graph.entity_names)}
    for field in TEXT_FIELDS:
        words[field] = list(texts.of(field))
    return words


def _read(path: Path) -> dict[str, np.ndarray] | None:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return dict(load_file(path))
    except (SafetensorError, OSError):  # not there, or cut: made again
        return None


def _write(path: Path, tensors: Mapping[str, np.ndarray]) -> None:
    from safetensors.numpy import save

    paths.write_atomically(path, save(dict(tensors)))
