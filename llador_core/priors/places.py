"""Where the texts of a graph and their vectors lie: beside the graph, or in a named set.

A graph's own texts are the set "". Any number of further sets lie in the user's home, a folder
each: `LLADOR_HOME/texts/<graph>/sets/<set>/`. "SET@EMBEDDER" asks for the vectors of one embedder
where a set has several, so that a run's settings say all that its anchors depend on.
"""

from __future__ import annotations

import re
from pathlib import Path

from llador_core import paths
from llador_core.errors import ConfigError, MissingDataError, UnknownNameError, nearest_names
from llador_core.graph import Graph

TEXTS_FILE = "priors.jsonl"
PROVENANCE_FILE = "provenance.json"
VECTORS_FILE = "vectors.safetensors"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


def check_set_name(name: str) -> str:
    """Return `name`. Raises ConfigError where it cannot be the name of a text set."""
    if not _NAME.fullmatch(name) or ".." in name:
        raise ConfigError(
            f"'{name}' cannot be the name of a text set. Use up to 80 letters, digits, dots, "
            "hyphens and underscores, beginning with a letter or digit."
        )
    return name


def slug(name: str) -> str:
    """Return `name` as part of a file name: all but letters, digits, dots and underscores as -."""
    return re.sub(r"[^A-Za-z0-9._]+", "-", name).strip("-.")[-80:] or "unnamed"


def split_texts(texts: str) -> tuple[str, str | None]:
    """Return the set and the embedder that "SET", "SET@EMBEDDER" or "@EMBEDDER" ask for."""
    name, _, embedder = texts.partition("@")
    return name, embedder or None


def sets_folder(graph: Graph) -> Path:
    """Return the folder of a graph's named sets. It may not exist."""
    return paths.texts_folder(graph.name) / "sets"


def set_names(graph: Graph) -> list[str]:
    """Return the names of a graph's sets that have texts, sorted; its own ("") is not among them.

    A set without a single text (names only) still has its texts file, which is then empty.
    """
    folder = sets_folder(graph)
    found = folder.iterdir() if folder.is_dir() else iter(())
    return sorted(f.name for f in found if (f / TEXTS_FILE).is_file())


def set_folder(graph: Graph, name: str) -> Path | None:
    """Return where the texts of a set lie; None for the own texts of a graph that has no folder.

    Raises
    ------
    ConfigError
        No set can be named so.
    UnknownNameError
        The graph has no such set; the message lists the nearest.
    """
    if not name:
        return graph.texts_folder
    folder = sets_folder(graph) / check_set_name(name)
    if (folder / TEXTS_FILE).is_file():
        return folder
    valid = set_names(graph)
    remedy = "" if valid else f"It has none yet: run `{_PROGRAM} describe --graph {graph.name}`."
    raise UnknownNameError(
        f"text set of graph '{graph.name}'", name, nearest_names(name, valid), remedy
    )


def vectors_place(graph: Graph, name: str, embedder: str, is_default: bool) -> Path:
    """Return the file for the vectors of a set by an embedder. It may not exist.

    The default embedder's vectors of a graph's own texts lie beside those texts, as they ship with
    the starter graph; all others lie in the user's home.

    Raises
    ------
    MissingDataError
        The graph has no folder for texts.
    """
    if name:
        folder = set_folder(graph, name)
        assert folder is not None
        return folder / f"vectors-{slug(embedder)}.safetensors"
    if graph.texts_folder is None:
        raise no_folder(graph)
    if is_default:
        return graph.texts_folder / VECTORS_FILE
    return paths.texts_folder(graph.name) / f"vectors-{slug(embedder)}.safetensors"


def vectors_files(graph: Graph, name: str) -> list[Path]:
    """Return every vectors file of a set: the one beside a graph first, then the newest."""
    own = set_folder(graph, name)
    home = paths.texts_folder(graph.name) if not name else own
    beside = [own / VECTORS_FILE] if own is not None and not name else []
    others = home.glob("vectors-*.safetensors") if home is not None else ()
    newest = sorted(others, key=lambda f: (-f.stat().st_mtime_ns, f.name))
    return [*(f for f in beside if f.is_file()), *newest]


def no_folder(graph: Graph) -> MissingDataError:
    """Return the error for a graph without a folder for texts."""
    return MissingDataError(
        f"Graph '{graph.name}' has no folder for texts, so it has no text vectors. "
        "Use a graph that has texts, or train with the prior 'none'."
    )


_PROGRAM = "python -m llador_core"
