"""What is in a graph, in numbers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llador_core.graph import Graph

N_HUBS = 25
MOST_FLAGS = 200_000_000  # bytes


@dataclass(frozen=True)
class TypeCount:
    """The entities of a type.

    Attributes
    ----------
    name : str
    n_entities : int
    n_edges : int
        Ends of edges at them.
    n_named : int
        With a name of their own, not only an id.
    n_described : int
        With a text of the graph's source.
    n_written : int or None
        With a text of an LLM; None where nobody looked.
    is_drug, is_disease : bool
        What is ranked, and for what.
    """

    name: str
    n_entities: int
    n_edges: int
    n_named: int
    n_described: int
    n_written: int | None
    is_drug: bool = False
    is_disease: bool = False


@dataclass(frozen=True)
class RelationCount:
    """The triples of a relation.

    Attributes
    ----------
    name, words, inverse_words, origin : str
    role : str or None
    n_triples, n_heads, n_tails : int
        Triples, distinct heads and distinct tails.
    head_type, tail_type : str
        Those of most triples.
    """

    name: str
    role: str | None
    words: str
    inverse_words: str
    origin: str
    n_triples: int
    n_heads: int
    n_tails: int
    head_type: str
    tail_type: str


@dataclass(frozen=True, eq=False)
class Statistics:
    """What is in a graph.

    Attributes
    ----------
    types : tuple of TypeCount, most entities first
    relations : tuple of RelationCount, most triples first
    degrees : dict of str to (degrees, counts)
        Of "all", and of drugs and diseases where the graph has treatments under the names of their
        types: the degrees that occur, ascending, and the number of entities with each.
    hubs : tuple of (entity, degree), largest first
    n_entities, n_triples, n_duplicates, n_isolated, n_treated_pairs : int
        Repeats dropped; entities without an edge; distinct pairs of drug and disease that any
        relation with the role `treats` joins.
    median_degree, mean_degree : float
    """

    types: tuple[TypeCount, ...]
    relations: tuple[RelationCount, ...]
    degrees: dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]]
    hubs: tuple[tuple[int, int], ...]
    n_entities: int
    n_triples: int
    n_duplicates: int
    n_isolated: int
    n_treated_pairs: int
    median_degree: float
    mean_degree: float


def statistics(graph: Graph, written: Collection[int] | None = None) -> Statistics:
    """Return what is in a graph.

    Parameters
    ----------
    graph : Graph
    written : collection of int or None
        The entities of which an LLM has written; None where nobody looked.
    """
    degree = graph.degree
    treats = graph.triples_with_role("treats")
    has_treatments = len(treats) > 0
    drug, disease = (graph.drug_type, graph.disease_type) if has_treatments else ("", "")
    degrees = {"all": _counted(degree)}
    for name in dict.fromkeys(n for n in (drug, disease) if n):
        degrees[name] = _counted(degree[graph.entities_of_type(name)])
    hubs = np.argsort(-degree, kind="stable")[:N_HUBS]
    pairs = treats[:, 0].astype(np.int64) * graph.n_entities + treats[:, 2]
    return Statistics(
        types=_types(graph, written, drug, disease),
        relations=_relations(graph),
        degrees=degrees,
        hubs=tuple((int(e), int(degree[e])) for e in hubs.tolist()),
        n_entities=graph.n_entities,
        n_triples=graph.n_triples,
        n_duplicates=graph.n_duplicates,
        n_isolated=int((degree == 0).sum()),
        n_treated_pairs=len(np.unique(pairs)),
        median_degree=float(np.median(degree)) if len(degree) else 0.0,
        mean_degree=float(degree.mean()) if len(degree) else 0.0,
    )


def at_least(
    counted: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the degrees above 0 that occur, and how many entities have at least each."""
    degrees, counts = counted
    is_tied = degrees > 0
    return degrees[is_tied], np.cumsum(counts[is_tied][::-1])[::-1]


def _counted(degree: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    values, counts = np.unique(degree, return_counts=True)
    return values.astype(np.int64), counts.astype(np.int64)


def _types(
    graph: Graph, written: Collection[int] | None, drug: str, disease: str
) -> tuple[TypeCount, ...]:
    n_types = len(graph.type_names)
    types = np.asarray(graph.entity_types, np.int64)

    def tally(flags: NDArray[np.bool_]) -> list[int]:
        counts: list[int] = np.bincount(types[flags], minlength=n_types).tolist()
        return counts

    n = graph.n_entities
    is_named = np.fromiter(
        (a != b for a, b in zip(graph.entity_names, graph.entity_ids, strict=True)), np.bool_, n
    )
    is_told = np.zeros(n, np.bool_)
    if graph.descriptions:
        is_told = np.fromiter((bool(text) for text in graph.descriptions), np.bool_, n)
    n_written: list[int] | None = None
    if written is not None:
        is_written = np.zeros(n, np.bool_)
        is_written[list(written)] = True
        n_written = tally(is_written)
    everyone = tally(np.ones(n, np.bool_))
    n_edges = np.bincount(types, weights=graph.degree, minlength=n_types).astype(np.int64)
    named, told = tally(is_named), tally(is_told)
    found = [
        TypeCount(
            name,
            everyone[i],
            int(n_edges[i]),
            named[i],
            told[i],
            n_written[i] if n_written is not None else None,
            name == drug,
            name == disease,
        )
        for i, name in enumerate(graph.type_names)
    ]
    return tuple(sorted(found, key=lambda one: -one.n_entities))


def _relations(graph: Graph) -> tuple[RelationCount, ...]:
    n_types, n_relations = len(graph.type_names), graph.n_relations
    h, r, t = (graph.triples[:, c].astype(np.int64) for c in range(3))
    counts = np.bincount(r, minlength=n_relations)
    ends = []
    for side in (h, t):
        kinds = np.bincount(
            r * n_types + graph.entity_types[side], minlength=n_relations * n_types
        ).reshape(n_relations, n_types)
        ends.append((kinds.argmax(1).tolist(), _distinct(r, side, n_relations, graph.n_entities)))
    (head_types, n_heads), (tail_types, n_tails) = ends
    found = [
        RelationCount(
            relation.name,
            relation.role,
            relation.words,
            relation.inverse_words,
            relation.origin,
            int(counts[i]),
            n_heads[i],
            n_tails[i],
            graph.type_names[head_types[i]],
            graph.type_names[tail_types[i]],
        )
        for i, relation in enumerate(graph.relations)
        if counts[i]
    ]
    return tuple(sorted(found, key=lambda one: -one.n_triples))


def _distinct(
    relation: NDArray[np.int64], entity: NDArray[np.int64], n_relations: int, n_entities: int
) -> list[int]:
    """Return the number of distinct entities of each relation."""
    keys = relation * n_entities + entity
    if n_relations * n_entities <= MOST_FLAGS:  # many times as fast as sorting
        is_seen = np.zeros(n_relations * n_entities, np.bool_)
        is_seen[keys] = True
        counts: list[int] = is_seen.reshape(n_relations, n_entities).sum(1).tolist()
        return counts
    found: list[int] = np.bincount(np.unique(keys) // n_entities, minlength=n_relations).tolist()
    return found
