"""From what a person types to an entity: exact id, name or synonym, else a typo-tolerant search."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal
from weakref import WeakKeyDictionary

from llador_core.errors import UnknownNameError
from llador_core.graph import Graph

Kind = Literal["disease", "drug", "entity"]
MANY_LABELS = 50_000
_NEAR = 15  # beside a good match, one this much worse is no suggestion but noise


@dataclass(frozen=True)
class Match:
    """An entity found by name.

    Attributes
    ----------
    entity : int
    label : str
        The entity's name.
    matched : str
        The name, synonym or id that resembles the query.
    similarity : float
        0 to 100.
    """

    entity: int
    label: str
    matched: str
    similarity: float


_labels: WeakKeyDictionary[Graph, dict[Kind, tuple[list[str], list[int]]]] = WeakKeyDictionary()


def _searchable(graph: Graph, kind: Kind) -> tuple[list[str], list[int]]:
    """Return every lower-case name, synonym and id of a kind, and the entity each belongs to."""
    tables = _labels.setdefault(graph, {})
    if kind not in tables:
        if kind == "entity":
            entities = range(graph.n_entities)
        else:
            entities = (graph.diseases if kind == "disease" else graph.drugs).tolist()
        labels: list[str] = []
        owners: list[int] = []
        for entity in entities:
            own = (graph.entity_names[entity], *graph.synonyms[entity], graph.entity_ids[entity])
            labels.extend(label.casefold() for label in own)
            owners.extend([entity] * len(own))
        tables[kind] = (labels, owners)
    return tables[kind]


def search(graph: Graph, query: str, kind: Kind, limit: int = 10) -> list[Match]:
    """Return the entities whose name, synonym or id resembles `query`, best first.

    Tolerates typos, missing words and word order. An exact match always comes first; an entity
    appears once, with its best-matching label. Ties go to the better-connected entity.
    """
    labels, owners = _searchable(graph, kind)
    wanted = query.strip().casefold()
    if not wanted:
        return []
    best: dict[int, Match] = {}
    found = _resembling(wanted, labels, 6 * limit)
    prefixed = [(label, 95.0, i) for i, label in enumerate(labels) if label.startswith(wanted)]
    exact = [(label, 101.0, i) for i, label in enumerate(labels) if label == wanted]
    # A fuzzy score finds "pah" in "parkinsn": an acronym is no misspelling of a longer word.
    close = [(label, s, i) for label, s, i in found if len(label) >= 0.6 * len(wanted)]
    for label, similarity, i in [*close, *prefixed, *exact]:
        entity = owners[i]
        if entity not in best or best[entity].similarity < similarity:
            best[entity] = Match(entity, graph.entity_names[entity], label, similarity)
    ranked = sorted(best.values(), key=lambda m: (-m.similarity, -graph.degree[m.entity]))
    return [replace(m, similarity=min(m.similarity, 100.0)) for m in ranked[:limit]]


def _resembling(wanted: str, labels: list[str], limit: int) -> list[tuple[str, float, int]]:
    """Return (label, similarity, place) of the labels that resemble `wanted`, best first.

    Among hundreds of thousands the scorer that looks for a part of a word takes a second for each
    letter typed; there, words that start alike are found as they are, and typos in whole names.
    """
    from rapidfuzz import fuzz, process

    if len(labels) <= MANY_LABELS:
        return process.extract(wanted, labels, scorer=fuzz.WRatio, limit=limit, score_cutoff=55)
    found = process.extract(wanted, labels, scorer=fuzz.ratio, limit=limit, score_cutoff=60)
    if " " in wanted:
        found += process.extract(
            wanted, labels, scorer=fuzz.token_sort_ratio, limit=limit, score_cutoff=60
        )
    word = f" {wanted}"
    return found + [(label, 90.0, i) for i, label in enumerate(labels) if word in label]


def resolve(graph: Graph, query: str, kind: Kind) -> int:
    """Return the entity that `query` names exactly, by id, name or synonym (any case).

    Raises
    ------
    UnknownNameError
        Nothing carries that name; the message lists the nearest names.
    """
    if graph.has(query):
        entity = graph.mapped(query)
        if kind == "entity" or graph.type_of(entity) == _type_name(graph, kind):
            return entity
    labels, owners = _searchable(graph, kind)
    wanted = query.strip().casefold()
    exact = [owners[i] for i, label in enumerate(labels) if label == wanted]
    by_name = [e for e in exact if graph.entity_names[e].casefold() == wanted]
    if exact:
        return max(by_name or exact, key=lambda e: int(graph.degree[e]))
    matches = search(graph, query, kind, limit=5)
    close = [m for m in matches if m.similarity > matches[0].similarity - _NEAR]
    nearest = [match.label for match in close]
    raise UnknownNameError(f"{kind} in graph '{graph.name}'", query, nearest)


def _type_name(graph: Graph, kind: Kind) -> str:
    return graph.disease_type if kind == "disease" else graph.drug_type
