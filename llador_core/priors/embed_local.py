"""Embedders on this machine: sentence models, and TF-IDF where there is none."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from llador_core.errors import MissingDataError
from llador_core.priors import embedders
from llador_core.priors.embedders import Choice, Vectors, not_installed

BATCH_SIZE = 64
TFIDF_WIDTH = 256


def embed_by_sentences(texts: Sequence[str], choice: Choice) -> Iterator[tuple[list[int], Vectors]]:
    """Yield unit vectors by a sentence model. Raises MissingDataError as `embedders.embed`."""
    model = _load_model(choice)
    # Neighbours in length share a batch, so that little is padded.
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    for start in range(0, len(order), BATCH_SIZE):
        places = order[start : start + BATCH_SIZE]
        vectors = model.encode(
            [texts[i] for i in places],
            batch_size=BATCH_SIZE,
            normalize_embeddings=True,
            show_progress_bar=False,
        )
        yield places, np.asarray(vectors, np.float32)


def embed_by_tfidf(texts: Sequence[str], choice: Choice) -> Iterator[tuple[list[int], Vectors]]:
    """Yield unit vectors of which words a text has: TF-IDF brought to few dimensions by SVD.

    The same texts give the same vectors. A text of only very rare or very common words gets zeros.
    """
    if not len(texts):
        return
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    rare = 2 if len(texts) > 200 else 1
    pattern = r"(?u)\b\w[\w-]*\b"  # keeps "il-6" and "5-ht" whole
    try:
        counted = TfidfVectorizer(
            sublinear_tf=True, min_df=rare, ngram_range=(1, 2), token_pattern=pattern
        ).fit_transform(texts)
    except ValueError as error:  # no word at all
        raise MissingDataError(
            "TF-IDF found no word that two texts share. Use another embedder for so few texts."
        ) from error
    width = min(choice.dimensions or TFIDF_WIDTH, *(n - 1 for n in counted.shape))
    if width < 1:
        dense = np.asarray(counted.todense(), np.float32)
    else:
        dense = TruncatedSVD(width, random_state=0).fit_transform(counted).astype(np.float32)
    length = np.linalg.norm(dense, axis=1, keepdims=True)
    unit = dense / np.where(length > 1e-6, length, 1)
    yield list(range(len(texts))), unit.astype(np.float32)


def _load_model(choice: Choice):  # type: ignore[no-untyped-def]  # heavy, untyped package
    is_built_in = choice.kind == "built-in"
    folder = _built_in_folder(choice) if is_built_in else None
    if folder or Path(choice.model).is_dir():
        # The libraries would otherwise ask a server about a model that lies on the disk.
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    try:
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as transformers_logging
    except ImportError as error:
        raise not_installed(choice.name, "sentence-transformers") from error
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    if folder:
        return SentenceTransformer(folder, device="cpu", local_files_only=True)
    try:
        return SentenceTransformer(
            choice.model,
            truncate_dim=choice.dimensions,
            model_kwargs={"use_safetensors": True},  # weights in other formats are pickles
        )
    except (OSError, ValueError) as error:
        first = str(error).strip().split("\n")[0][:200]
        raise MissingDataError(
            f"The sentence model '{choice.model}' cannot be loaded ({first}). Check the name and "
            "the network, or name a folder that holds it with its weights as safetensors."
        ) from error


def _built_in_folder(choice: Choice) -> str:
    spec = embedders.EMBEDDERS[choice.model]
    module = importlib.util.find_spec(spec.module)
    if module is None or module.origin is None:
        raise not_installed(spec.name, spec.package)
    return str(Path(module.origin).parent / spec.folder)
