"""The graph as explanations walk it: one weighted edge for each pair of entities, both ways."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from llador_core.explain.kinds import BOTH_WAYS, FAMILIES, FAMILY_NAMES, is_turned, trust
from llador_core.graph import Bools, Graph, Ints, Role

Reals = NDArray[np.float64]

Signs = NDArray[np.int8]

HUB_PENALTY = 0.2  # the exponent w of degree-weighted path counts
PRIOR = 0.01  # trust in an edge before any relation speaks for it
_SIGNS: dict[Role | None, int] = {"activates": 1, "inhibits": -1}


@dataclass(frozen=True, eq=False)
class Network:
    """Every walked edge in both directions, ordered by the entity it leaves (CSR).

    Attributes
    ----------
    start : int array of shape (n_entities + 1,)
        The edges of entity `e` are `start[e]:start[e + 1]`.
    other : int array of shape (n_edges,)
        Where each edge leads, ascending within an entity.
    relation : int array
        The one to show of the parallel relations between the two: see `_places`.
    is_forward : bool array
        The edge leaves the head of the stored triple.
    kind : int array
        Family, direction and type of the other end in one number.
    weight : float array
        Above 0 and below 1: trust in the edge, times (degree * degree) ** -hub_penalty, where a
        degree counts the edges of the same kind at either end.
    n_kinds : int
    is_action : bool array of shape (n_edges,)
        The edge leads from a drug to what it acts on.
    arriving, leaving : int8 array
        Of an edge that arrives at (leaves) the target of a drug's action: 1 where the drug
        activates it, -1 where it inhibits it; else 0.
    parallel, parallel_start : int array
        All walked relations of edge `i`, the one to show first, are
        `parallel[parallel_start[i]:parallel_start[i + 1]]`.
    """

    start: Ints
    other: Ints
    relation: Ints
    is_forward: Bools
    kind: Ints
    weight: Reals
    n_kinds: int
    is_action: Bools
    arriving: Signs
    leaving: Signs
    parallel: Ints
    parallel_start: Ints

    def edges_of(self, entities: Ints) -> tuple[Ints, Ints]:
        """Return (place in `entities`, edge) of every edge that leaves one of them."""
        n = self.start[entities + 1] - self.start[entities]
        place = np.repeat(np.arange(len(entities)), n)
        first = np.repeat(self.start[entities] - (np.cumsum(n) - n), n)
        return place, first + np.arange(len(place))

    def relations_of(self, edge: int) -> list[int]:
        """Return the walked relations between the ends of an edge, the one to show first."""
        span = slice(self.parallel_start[edge], self.parallel_start[edge + 1])
        return list(dict.fromkeys(self.parallel[span].tolist()))

    def find(self, source: int, target: int) -> int | None:
        """Return the edge from one entity to another, None where there is none."""
        low, high = int(self.start[source]), int(self.start[source + 1])
        edge = low + int(np.searchsorted(self.other[low:high], target))
        return edge if edge < high and self.other[edge] == target else None


_networks: WeakKeyDictionary[Graph, dict[bool, Network]] = WeakKeyDictionary()
_UNTRUSTED = 0.05  # for relations that explain nothing, where every edge is walked


def network(graph: Graph, *, is_whole: bool = False) -> Network:
    """Return the walked edges of a graph; built once for each graph.

    Parameters
    ----------
    graph : Graph
    is_whole : bool
        Walk every relation, also contraindications and relations without a role.
    """
    built = _networks.setdefault(graph, {})
    if is_whole not in built:
        floor = _UNTRUSTED if is_whole else 0.0
        trusts = np.array([trust(relation) or floor for relation in graph.relations])
        built[is_whole] = build_network(graph, trusts)
    return built[is_whole]


def build_network(graph: Graph, trusts: Reals, hub_penalty: float = HUB_PENALTY) -> Network:
    """Return the edges of the relations that are trusted.

    Parameters
    ----------
    graph : Graph
    trusts : float array of shape (n_relations,)
        In each relation alone, below 1; a relation of trust 0 is not walked.
    hub_penalty : float
        The exponent of the degrees; 0 counts every edge alike.
    """
    h, r, t = (graph.triples[:, c].astype(np.int64) for c in range(3))
    walked = (trusts[r] > 0) & (h != t)
    h, r, t = h[walked], r[walked], t[walked]
    n, place = graph.n_entities, _places(graph, trusts)
    # One sort puts parallel relations side by side, the one to be shown first.
    forward = (((h * n + t) * graph.n_relations) + place[r]) * 2
    backward = (((t * n + h) * graph.n_relations) + place[r]) * 2 + 1
    keys = np.concatenate([forward, backward])
    keys.sort()
    is_new = np.diff(keys >> 1, prepend=-1) > 0  # a relation stored both ways is one witness
    keys = keys[is_new]
    pair, rest = np.divmod(keys >> 1, graph.n_relations)
    relation = np.argsort(place)[rest]
    first = np.flatnonzero(np.diff(pair, prepend=-1))
    source, other = np.divmod(pair[first], n)
    is_forward = (keys[first] & 1) == 0
    kind, n_kinds = _kinds(graph, other, relation[first], is_forward)
    degree = np.bincount(source * n_kinds + kind, minlength=n * n_kinds)
    back = np.searchsorted(pair[first], other * n + source)  # the same edge, walked back
    here = degree[source * n_kinds + kind]
    degrees = (here * here[back]).astype(np.float64)
    arriving, leaving = _signs(graph, relation, (keys & 1) == 0, first)
    return Network(
        start=np.searchsorted(source, np.arange(n + 1)),
        other=other,
        relation=relation[first],
        is_forward=is_forward,
        kind=kind,
        weight=_combined(trusts[relation], first) * degrees**-hub_penalty,
        n_kinds=n_kinds,
        is_action=kind // len(graph.type_names) == 2 * FAMILY_NAMES.index("acts"),
        arriving=arriving,
        leaving=leaving,
        parallel=relation,
        parallel_start=np.append(first, len(relation)),
    )


def _combined(trusts: Reals, first: Ints) -> Reals:
    """Return the trust in each edge, its relations taken as independent witnesses.

    A relation of trust p multiplies the odds of the edge, `PRIOR` before it is heard, by the factor
    that would bring them to p if it were alone.
    """
    if not len(first):
        return np.empty(0)
    prior = np.log(PRIOR / (1 - PRIOR))
    gains = np.log(trusts / (1 - trusts)) - prior
    return np.asarray(1 / (1 + np.exp(-prior - np.add.reduceat(gains, first))), np.float64)


def _places(graph: Graph, trusts: Reals) -> Ints:
    """Return the place of each relation: those that tell inhibition from activation first."""
    is_vague = np.array([relation.role not in _SIGNS for relation in graph.relations])
    place = np.empty(len(trusts), np.int64)
    place[np.lexsort((np.arange(len(trusts)), -trusts, is_vague))] = np.arange(len(trusts))
    return place


def _signs(graph: Graph, relation: Ints, is_forward: Bools, first: Ints) -> tuple[Signs, Signs]:
    """Return the sign of each edge where it arrives at a target, and where it leaves one."""
    if not len(first):
        return np.empty(0, np.int8), np.empty(0, np.int8)
    signs = np.array([_SIGNS.get(spec.role, 0) for spec in graph.relations], np.int8)
    turned = np.array([is_turned(spec) for spec in graph.relations])
    lowest = np.minimum.reduceat(signs[relation], first)
    highest = np.maximum.reduceat(signs[relation], first)
    sign = np.where(lowest * highest < 0, 0, lowest + highest)
    sign = np.sign(sign).astype(np.int8)
    arrives = is_forward[first] != turned[relation[first]]
    return np.where(arrives, sign, 0).astype(np.int8), np.where(arrives, 0, sign).astype(np.int8)


def _kinds(graph: Graph, other: Ints, relation: Ints, is_forward: Bools) -> tuple[Ints, int]:
    """Return the kind of each edge as it is walked, and how many kinds there are."""
    families = [FAMILIES.get(spec.role) if spec.role else None for spec in graph.relations]
    n_families = len(FAMILY_NAMES) + 1  # the last is for relations that explain nothing
    code = np.array([FAMILY_NAMES.index(f) if f else n_families - 1 for f in families], np.int64)
    one_way = np.array([f is not None and f not in BOTH_WAYS for f in families])
    turned = np.array([is_turned(spec) for spec in graph.relations])
    is_back = one_way[relation] & (is_forward == turned[relation])
    n_types = len(graph.type_names)
    kind = (code[relation] * 2 + is_back) * n_types + graph.entity_types[other].astype(np.int64)
    return kind, n_families * 2 * n_types
