"""The text vectors that a row of a study needs: the graph's own, masked or another embedder's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from llador_core import paths
from llador_core.errors import MissingDataError
from llador_core.experiments.specs import Setting
from llador_core.experiments.spoil import mask_words
from llador_core.graph import Graph
from llador_core.priors.embedders import DEFAULT_EMBEDDER, embed
from llador_core.priors.texts import TEXT_FIELDS, described, load_texts
from llador_core.priors.vectors import FIELDS, Field, FieldVectors, load_vectors

MASK_SEED = 0  # one draw for all seeds: embedding takes longer than training


def vectors_for(graph: Graph, setting: Setting) -> FieldVectors | None:
    """Return the text vectors of a row, None for one without a prior.

    Raises
    ------
    MissingDataError
        The texts or vectors are not here; names what makes them.
    """
    if setting.prior == "none":
        return None
    if not setting.mask and not setting.embedder:
        return load_vectors(graph)
    return _embedded(graph, setting.embedder or DEFAULT_EMBEDDER, setting.mask)


def _embedded(graph: Graph, embedder: str, mask: float) -> FieldVectors:
    """Return vectors of the graph's texts, embedded once and kept."""
    words = _words(graph)
    digest = hashlib.sha256(json.dumps([embedder, mask, MASK_SEED, words]).encode()).hexdigest()
    folder = paths.home() / "experiments" / f"{graph.name}-{graph.checksum[:12]}" / "vectors"
    path = folder / f"{digest[:24]}.safetensors"
    tensors = _read(path)
    if tensors is None:
        tensors = {}
        for number, field in enumerate(FIELDS):
            texts = words[field]
            if field != "name" and mask:
                texts = mask_words(texts, mask, MASK_SEED + number)
            if any(texts):
                tensors[field] = embed(texts, embedder).astype(np.float16)
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
