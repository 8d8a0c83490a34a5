"""The surroundings of an entity: which neighbours are worth showing, and what ties them together.

Relevance to an anchor (a disease, or the entity itself) is a degree-penalised count of connections:

    relevance(n) = sum over ties n-m of w(m) / sqrt(degree(n) + damping)

where w(anchor) = 1 and w(m) = 1 / sqrt(degree(m)) for the neighbours m of the anchor. So a direct
tie to the anchor counts as much as a shared neighbour that nobody else has, a shared hub counts
little, and an entity tied to everything is held back; the damping, twice the mean degree, keeps an
entity with a single edge from winning by having no other. The penalty is the one of degree-weighted
path counts.

References
----------
Himmelstein et al., eLife 6:e26726 (2017), degree-weighted path counts with exponent 0.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llador_core.errors import ConfigError
from llador_core.graph import Bools, Graph, Ints

DAMPING = 2.0  # mean degrees
MAX_MEMBERS = 300  # more cannot be told apart, and the browser has to draw each
MAX_TIES = 1_000  # beside those that took a member in
EXPAND_BY = 12


@dataclass(frozen=True)
class Choice:
    """Which neighbours to consider, and how many to show.

    Attributes
    ----------
    n_shown : int
        Neighbours of the focus, at most; 1 to 299.
    types : tuple of str
        Names of entity types; empty for all.
    ties : tuple of str
        Plain words of relations as `tie_words` gives them; empty for all.
    """

    n_shown: int = 60
    types: tuple[str, ...] = ()
    ties: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= self.n_shown < MAX_MEMBERS:
            raise ConfigError(
                f"A neighbourhood shows 1 to {MAX_MEMBERS - 1} neighbours, not {self.n_shown}."
            )


@dataclass(frozen=True)
class Member:
    """An entity of the picture.

    Attributes
    ----------
    entity : int
    via : int or None
        The member whose neighbour it was taken in as; None for the focus and for entities that
        the reader brought in.
    relevance : float
        To the anchor; 0 without any connection, comparable within one anchor only.
    """

    entity: int
    via: int | None
    relevance: float


@dataclass(frozen=True)
class Tie:
    """Everything the graph states between two members.

    Attributes
    ----------
    a, b : int
        The two ends, the one that came into the picture earlier first.
    facts : tuple of (head, relation, tail)
        A symmetric relation once.
    """

    a: int
    b: int
    facts: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True)
class Surroundings:
    """What is shown around an entity.

    Attributes
    ----------
    focus, anchor : int
    members : tuple of Member
        The focus, its neighbours in the order of showing, entities brought in, then what each
        expansion added. Expanding appends, so the place of a member never changes by it.
    ties : tuple of Tie
        Among the members; those that took a member in, and at most `MAX_TIES` others.
    n_ties : int
        Pairs of members that are tied, drawn or not.
    n_brought : int
        Members after the neighbours that were brought in.
    n_shown, n_passing, n_neighbours : int
        Neighbours of the focus that are shown, that pass the filters, and all there are.
    expanded : tuple of int
    n_left_out : int
        Neighbours that an expansion would have added, had the picture room.
    """

    focus: int
    anchor: int
    members: tuple[Member, ...]
    ties: tuple[Tie, ...]
    n_ties: int
    n_brought: int
    n_shown: int
    n_passing: int
    n_neighbours: int
    expanded: tuple[int, ...]
    n_left_out: int

    @property
    def entities(self) -> list[int]:
        return [member.entity for member in self.members]


def tie_words(graph: Graph) -> list[str]:
    """Return the plain words of all relations, as filters offer them, each once."""
    used = np.unique(graph.triples[:, 1]).tolist()
    return list(dict.fromkeys(relation_words(graph, relation) for relation in used))


def relation_words(graph: Graph, relation: int) -> str:
    """Return a relation in plain words, from head to tail; its name where it has none."""
    return graph.relations[relation].words or graph.relations[relation].name


def relevance(graph: Graph, anchor: int) -> NDArray[np.float64]:
    """Return how closely each entity is connected to `anchor`, shape (n_entities,).

    The anchor itself gets more than any other, so that it is seen wherever it is a neighbour.
    """
    near = graph.neighbours(anchor).entity
    weight = np.zeros(graph.n_entities)
    weight[near] = 1 / np.sqrt(graph.degree[near])
    weight[anchor] = 1.0
    h, t = graph.triples[:, 0], graph.triples[:, 2]
    # One pass over all triples, 30 ms for 1.5 million, instead of one over each neighbour's own.
    n = graph.n_entities
    reached = np.bincount(t, weight[h], n) + np.bincount(h, weight[t], n)
    damping = DAMPING * graph.degree.mean()
    found: NDArray[np.float64] = reached / np.sqrt(graph.degree + damping)
    found[anchor] = 1.0 + found.max()
    return found


def neighbours_in_order(
    graph: Graph, entity: int, relevant: NDArray[np.float64], choice: Choice
) -> Ints:
    """Return the distinct neighbours that pass the filters, in the order of showing.

    Within a type the more relevant comes first (then the better-connected, then the smaller id).
    The types take turns: a type of `c` neighbours takes its j-th place (from 0) with priority
    sqrt(c) / (2j + 1), so that a type of one stays visible beside a type of thousands, and showing
    more never takes away what was there.
    """
    edges = graph.neighbours(entity)
    found = np.unique(edges.entity[_allowed(graph, choice)[edges.relation]])
    found = found[found != entity]
    if choice.types:
        wanted = [i for i, name in enumerate(graph.type_names) if name in choice.types]
        found = found[np.isin(graph.entity_types[found], wanted)]
    ids = np.array([graph.entity_ids[e] for e in found.tolist()], dtype=str)
    found = found[np.lexsort((ids, -graph.degree[found], -relevant[found]))]
    kinds = graph.entity_types[found]
    priority = np.empty(len(found))
    for kind in np.unique(kinds):
        members = np.flatnonzero(kinds == kind)
        priority[members] = np.sqrt(len(members)) / (2 * np.arange(len(members)) + 1)
    order: Ints = found[np.argsort(-priority, kind="stable")]
    return order


def _allowed(graph: Graph, choice: Choice) -> Bools:
    """Return whether each relation passes the filter, shape (n_relations,)."""
    if not choice.ties:
        return np.ones(graph.n_relations, dtype=np.bool_)
    return np.array(
        [relation_words(graph, r) in choice.ties for r in range(graph.n_relations)], np.bool_
    )


def surroundings(
    graph: Graph,
    focus: int,
    anchor: int,
    choice: Choice | None = None,
    *,
    brought: Sequence[int] = (),
    expanded: Sequence[int] = (),
    relevant: NDArray[np.float64] | None = None,
) -> Surroundings:
    """Return what to show around `focus`.

    Parameters
    ----------
    graph : Graph
    focus, anchor : int
        Whose surroundings, and relevance to whom.
    choice : Choice or None
        None for all types and ties, 60 neighbours.
    brought : sequence of int
        Entities to show as well, whatever the filters say: a path, the ends of a connection.
    expanded : sequence of int
        Members whose own `EXPAND_BY` most relevant neighbours are added, in this order. One that
        is no member becomes one.
    relevant : float array of shape (n_entities,) or None
        `relevance(graph, anchor)` where the caller keeps it.
    """
    choice = choice or Choice()
    if relevant is None:
        relevant = relevance(graph, anchor)
    passing = neighbours_in_order(graph, focus, relevant, choice)
    via: dict[int, int | None] = {focus: None}
    via.update(dict.fromkeys(passing[: choice.n_shown].tolist(), focus))
    n_shown = len(via) - 1
    for entity in brought:
        if len(via) < MAX_MEMBERS:
            via.setdefault(entity, None)
    n_brought = len(via) - 1 - n_shown
    done, n_left_out = [], 0
    for entity in dict.fromkeys(expanded):
        if entity not in via and len(via) >= MAX_MEMBERS:
            n_left_out += 1
            continue
        via.setdefault(entity, None)
        new = [
            e for e in neighbours_in_order(graph, entity, relevant, choice).tolist() if e not in via
        ][:EXPAND_BY]
        room = MAX_MEMBERS - len(via)
        via.update(dict.fromkeys(new[:room], entity))
        n_left_out += max(0, len(new) - room)
        done.append(entity)
    ties, n_ties = _ties(graph, via, _allowed(graph, choice))
    return Surroundings(
        focus=focus,
        anchor=anchor,
        members=tuple(Member(e, v, float(relevant[e])) for e, v in via.items()),
        ties=ties,
        n_ties=n_ties,
        n_brought=n_brought,
        n_shown=n_shown,
        n_passing=len(passing),
        n_neighbours=len(set(graph.neighbours(focus).entity.tolist()) - {focus}),
        expanded=tuple(done),
        n_left_out=n_left_out,
    )


def _ties(graph: Graph, via: dict[int, int | None], allowed: Bools) -> tuple[tuple[Tie, ...], int]:
    """Return the ties among members, and how many there are before the cap.

    All that took a member in, then of the rest those whose later end came in earliest: what an
    expansion adds never takes away a tie that was drawn.
    """
    place = {entity: i for i, entity in enumerate(via)}
    is_member = np.zeros(graph.n_entities, dtype=np.bool_)
    is_member[list(via)] = True
    facts: dict[tuple[int, int], list[tuple[int, int, int]]] = {}
    for head in via:
        edges = graph.neighbours(head)
        keep = edges.is_outgoing & is_member[edges.entity] & allowed[edges.relation]
        found = zip(edges.relation[keep].tolist(), edges.entity[keep].tolist(), strict=True)
        for relation, tail in found:
            if tail == head:
                continue
            ends = (head, tail) if place[head] < place[tail] else (tail, head)
            told = facts.setdefault(ends, [])
            is_symmetric = graph.relations[relation].is_symmetric
            if not (is_symmetric and (tail, relation, head) in told):
                told.append((head, relation, tail))

    def rank(ends: tuple[int, int]) -> tuple[int, int]:
        return place[ends[1]], place[ends[0]]

    holding = sorted((ends for ends in facts if via[ends[1]] == ends[0]), key=rank)
    others = sorted(facts.keys() - set(holding), key=rank)[:MAX_TIES]
    kept = [*holding, *others]
    return tuple(Tie(*ends, tuple(facts[ends])) for ends in kept), len(facts)


def fact_words(graph: Graph, fact: tuple[int, int, int]) -> str:
    """Return a fact as a sentence without its stop: 'Donepezil inhibits ACHE'."""
    head, relation, tail = fact
    return (
        f"{graph.entity_names[head]} {relation_words(graph, relation)} {graph.entity_names[tail]}"
    )


def tie_sentences(graph: Graph, tie: Tie) -> list[str]:
    """Return a tie's facts as sentences; relations that are said alike are told once."""
    return list(dict.fromkeys(fact_words(graph, fact) for fact in tie.facts))
