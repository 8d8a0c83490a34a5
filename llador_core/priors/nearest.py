"""What a set of texts looks like from afar: who is near whom, who has none, how long, how alike."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from llador_core.graph import Bools, Graph, Ints
from llador_core.priors.texts import TEXT_FIELDS, TextField, Texts
from llador_core.priors.vectors import Field, FieldVectors


@dataclass(frozen=True)
class Near:
    """An entity whose text resembles another's.

    Attributes
    ----------
    entity : int
    cosine : float
        From -1 to 1, of the vectors of one field.
    """

    entity: int
    cosine: float


def nearest_by_text(
    vectors: FieldVectors, entity: int, field: Field, n: int = 10, among: Ints | None = None
) -> list[Near]:
    """Return the entities whose text is most like that of one, nearest first, without itself.

    Empty where the entity has no such text.

    Parameters
    ----------
    vectors : FieldVectors
    entity : int
    field : Field
        "name", or one of the texts.
    n : int
        At most so many.
    among : int array or None
        The entities to look among; None means all.
    """
    rows, has = vectors.vectors[field], vectors.has[field]
    if not has[entity]:
        return []
    others = np.flatnonzero(has) if among is None else among[has[among]]
    others = others[others != entity]
    cosines = rows[others] @ rows[entity]
    best = np.argsort(-cosines, kind="stable")[:n]
    return [Near(int(others[i]), float(cosines[i])) for i in best]


def has_text(texts: Texts) -> Bools:
    """Return which entities have at least one text, shape (n_entities,)."""
    columns = [texts.of(field) for field in TEXT_FIELDS]
    return np.array([any(fields) for fields in zip(*columns, strict=True)], np.bool_)


def n_words(texts: Texts, field: TextField) -> Ints:
    """Return the number of words of each text of a field, shape (n_entities,); 0 for none."""
    return np.array([len(text.split()) for text in texts.of(field)], np.int64)


def duplicates(graph: Graph, texts: Texts) -> list[tuple[TextField, tuple[int, ...]]]:
    """Return the groups of entities that share a text word for word, the largest first.

    Case and blanks do not count. A model that writes the same about two entities knows neither,
    and their anchors are the same.
    """
    found: list[tuple[TextField, tuple[int, ...]]] = []
    for field in TEXT_FIELDS:
        owners: dict[str, list[int]] = defaultdict(list)
        for entity, text in enumerate(texts.of(field)):
            if text:
                owners[" ".join(text.casefold().split())].append(entity)
        found += [(field, tuple(group)) for group in owners.values() if len(group) > 1]
    return sorted(found, key=lambda one: (-len(one[1]), one[0], graph.entity_ids[one[1][0]]))
