"""The texts that the page `priors` shows: which set, what is in it, what people said of it.

Kept as in `cached`: under names and the stamps of files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import streamlit as st

from llador_core.errors import MissingDataError
from llador_core.graph import Graph
from llador_core.priors import nearest
from llador_core.priors.nearest import Near
from llador_core.priors.places import PROVENANCE_FILE, TEXTS_FILE, set_folder, vectors_files
from llador_core.priors.reviews import Review, current_reviews
from llador_core.priors.sets import TextSet, list_sets
from llador_core.priors.texts import TEXT_FIELDS, TextField, Texts, described, load_texts
from llador_core.priors.vectors import Field, FieldVectors, vectors_if_any
from pages._ui import cached, state

Stamp = tuple[int, ...]
Reviews = Mapping[tuple[str, TextField], Review]
N_NEAR = 8
STATES = {
    "unreviewed": "Unreviewed",
    "approved": "Approved",
    "edited": "Edited",
    "rejected": "Rejected",
    "none": "No text",
}


@dataclass(frozen=True)
class Shelf:
    """A set of texts as the page looks at it.

    Attributes
    ----------
    graph : Graph
    name : str
        Of the set, "" for the graph's own.
    texts : Texts
    is_written : bool
        By a model; False for the descriptions of the graph's source, which nobody reviews here.
    reviews : mapping from (entity id, field) to Review
        The versions that count.
    """

    graph: Graph
    name: str
    texts: Texts
    is_written: bool
    reviews: Reviews

    def state_of(self, entity: int, field: TextField) -> str:
        """Return a key of `STATES`."""
        review = self.reviews.get((self.graph.entity_ids[entity], field))
        if review is not None:
            return review.verdict
        return "unreviewed" if self.texts.of(field)[entity] else "none"

    def current(self, entity: int, field: TextField) -> str:
        """Return a text as people left it; the original where nobody edited it."""
        review = self.reviews.get((self.graph.entity_ids[entity], field))
        is_edited = review is not None and review.verdict == "edited"
        return review.text if review is not None and is_edited else self.texts.of(field)[entity]


def sets(graph: Graph) -> list[TextSet]:
    """Return the sets whose texts can be read, the graph's own first."""
    return [one for one in list_sets(graph) if one.is_published]


def set_words(name: str) -> str:
    """Return a set's name for the reader."""
    return name or "The graph's own"


def current_shelf(graph_name: str) -> Shelf:
    """Return the set asked for; else the graph's own, else the first, else its descriptions.

    Raises
    ------
    UnknownNameError
        The graph has no such set.
    MissingDataError
        The graph has no texts of any kind.
    """
    graph = cached.graph(graph_name)
    asked = state.asked("texts")
    if asked is None:
        asked = next((one.name for one in sets(graph)), "")
    return shelf(graph_name, asked)


def shelf(graph_name: str, name: str) -> Shelf:
    """Return a set of texts. Raises as `current_shelf`."""
    graph = cached.graph(graph_name)
    texts = texts_of(graph_name, name)
    if texts is None and (source := described(graph)) is not None:
        return Shelf(graph, "", source, False, {})
    if texts is None:
        raise MissingDataError(
            f"No model has written about graph '{graph.title or graph.name}' yet, and its source "
            "describes no entity. Open the part “Make” to have texts written, or run "
            f"`python -m llador_core describe --graph {graph.name}`."
        )
    return Shelf(graph, name, texts, True, current_reviews(graph.name, name))


def texts_of(graph_name: str, name: str) -> Texts | None:
    """Return the texts of a set, None for the own ones of a graph without."""
    return _texts(graph_name, name, cached.graph_stamp(graph_name), stamp(graph_name, name))


def near(shelf: Shelf, entity: int, field: Field, is_same_type: bool) -> tuple[Near, ...] | None:
    """Return who is nearest by text; None where the set has no vectors that fit."""
    graph = shelf.graph
    vectors = vectors_of(graph.name, shelf.name)
    if vectors is None:
        return None
    among = graph.entities_of_type(graph.type_of(entity)) if is_same_type else None
    return tuple(nearest.nearest_by_text(vectors, entity, field, N_NEAR, among))


def vectors_of(graph_name: str, name: str) -> FieldVectors | None:
    """Return the text vectors of a set, None without any that fit."""
    graph = cached.graph(graph_name)
    if not name and graph.texts_folder is None:
        return None
    files = tuple(file.stat().st_mtime_ns for file in vectors_files(graph, name))
    of_set = (*files, *stamp(graph_name, name))
    return _vectors(graph_name, name, cached.graph_stamp(graph_name), of_set)


@dataclass(frozen=True)
class Overview:
    """What a set is like as a whole.

    Attributes
    ----------
    by_type : list of (type, entities, with text, median words of its longest field)
    bare : tuple of int
        Entities without any text.
    duplicates : list of (field, entities)
    """

    by_type: list[tuple[str, int, int, float]]
    bare: tuple[int, ...]
    duplicates: list[tuple[TextField, tuple[int, ...]]]


def overview(shelf: Shelf) -> Overview:
    """Return coverage, lengths and duplicates of a set."""
    name = shelf.graph.name
    of_set = stamp(name, shelf.name) if shelf.is_written else ()
    return _overview(name, shelf.name, shelf.is_written, cached.graph_stamp(name), of_set)


def words_by_type(shelf: Shelf, field: TextField) -> dict[str, list[int]]:
    """Return the lengths in words of the texts of a field, by type of entity."""
    graph, words = shelf.graph, nearest.n_words(shelf.texts, field)
    found: dict[str, list[int]] = {}
    for name in graph.type_names:
        of_type = words[graph.entities_of_type(name)]
        if (of_type > 0).any():
            found[name] = of_type[of_type > 0].tolist()
    return found


def stamp(graph_name: str, name: str) -> Stamp:
    """Return the stamp of a set's files, a part of the key of whatever is kept of it."""
    folder = set_folder(cached.graph(graph_name), name)
    files = [] if folder is None else [folder / TEXTS_FILE, folder / PROVENANCE_FILE]
    return tuple(file.stat().st_mtime_ns if file.is_file() else 0 for file in files)


@st.cache_resource(max_entries=6, show_spinner="Reading the texts")
def _texts(graph_name: str, name: str, graph: Stamp, of_set: Stamp) -> Texts | None:  # noqa: ARG001
    return load_texts(cached.graph(graph_name), name)


@st.cache_resource(max_entries=3, show_spinner="Reading the text vectors")
def _vectors(
    graph_name: str,
    name: str,
    graph: Stamp,  # noqa: ARG001
    of_set: Stamp,  # noqa: ARG001
) -> FieldVectors | None:
    return vectors_if_any(cached.graph(graph_name), name)


@st.cache_resource(max_entries=6, show_spinner=False)
def _overview(
    graph_name: str,
    name: str,
    is_written: bool,
    of_graph: Stamp,  # noqa: ARG001
    of_set: Stamp,  # noqa: ARG001
) -> Overview:
    graph = cached.graph(graph_name)
    texts = texts_of(graph_name, name) if is_written else described(graph)
    assert texts is not None
    has = nearest.has_text(texts)
    words = np.max([nearest.n_words(texts, field) for field in TEXT_FIELDS], axis=0)
    rows = []
    for type_name in graph.type_names:
        members = graph.entities_of_type(type_name)
        written = words[members][has[members]]
        middle = float(np.median(written)) if len(written) else 0.0
        rows.append((type_name, len(members), len(written), middle))
    bare = tuple(np.flatnonzero(~has).tolist())
    return Overview(rows, bare, nearest.duplicates(graph, texts))
