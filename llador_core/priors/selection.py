"""Which entities are described: some types, the surroundings of a disease, the first so many."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from llador_core.errors import ConfigError, MissingDataError, UnknownNameError, nearest_names
from llador_core.graph import Graph, Ints
from llador_core.names import resolve


def select(
    graph: Graph,
    types: Sequence[str] = (),
    around: str | None = None,
    hops: int = 1,
    limit: int | None = None,
) -> Ints:
    """Return the entities to describe, those that matter most first.

    Nearest to the disease first where one is given, then drugs and diseases before all others, then
    by the number of edges: a small budget or a limit meets what is looked at most.

    Parameters
    ----------
    graph : Graph
    types : sequence of str
        Names of types, in any case; empty means all.
    around : str or None
        A disease by id, name or synonym.
    hops : int, 0 or more
        How far from it.
    limit : int or None
        The first so many.

    Raises
    ------
    UnknownNameError
        No such type or disease.
    ConfigError
        Nothing is left to describe.
    """
    wanted = np.ones(graph.n_entities, bool)
    if types:
        wanted = np.isin(graph.entity_types, [_type_number(graph, name) for name in types])
    distance = np.zeros(graph.n_entities, np.int64)
    if around is not None:
        distance = _distances(graph, resolve(graph, around, "disease"), hops)
        wanted &= distance >= 0
    chosen = np.flatnonzero(wanted)
    if not len(chosen):
        raise ConfigError("No entity is of these types and within these surroundings.")
    is_asked_for = np.isin(chosen, _both_ends(graph))
    order = np.lexsort((chosen, -graph.degree[chosen], ~is_asked_for, distance[chosen]))
    return chosen[order][:limit]


def _type_number(graph: Graph, name: str) -> int:
    known = {t.casefold(): number for number, t in enumerate(graph.type_names)}
    if name.casefold() not in known:
        raise UnknownNameError(
            f"type in graph '{graph.name}'", name, nearest_names(name, graph.type_names)
        )
    return known[name.casefold()]


def _both_ends(graph: Graph) -> Ints:
    """Return the drugs and diseases; nothing for a graph without treatments."""
    try:
        return np.concatenate([graph.drugs, graph.diseases])
    except MissingDataError:
        return np.empty(0, np.int64)


def _distances(graph: Graph, start: int, hops: int) -> Ints:
    """Return how many edges each entity is away, -1 where it is farther than `hops`."""
    distance = np.full(graph.n_entities, -1, np.int64)
    distance[start] = 0
    heads, tails = graph.triples[:, 0], graph.triples[:, 2]
    for step in range(1, hops + 1):
        is_edge = distance == step - 1
        reached = np.concatenate([tails[is_edge[heads]], heads[is_edge[tails]]])
        new = reached[distance[reached] < 0]
        if not len(new):
            break
        distance[new] = step
    return distance
