"""Paths between two entities, best first by kind, without listing the millions there may be.

A path of up to four edges is two halves of up to two edges that meet. Halves are summed and
ranked where they meet, so that only the best paths of each kind are ever written out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from llador_core.explain.network import Network, Reals
from llador_core.graph import Bools, Ints


@dataclass(frozen=True, eq=False)
class Halves:
    """Half paths from one end, as arrays of the same length.

    Attributes
    ----------
    meet : int array
        Where each half ends.
    inner : int array
        The entity between the end and `meet`, -1 where the half is one edge.
    weight : float array
        Product of the edges' weights.
    kind : int array
        The kinds of its edges in one number.
    has : int array
        Which of the demanded entities it holds as `inner`, a bit for each.
    """

    meet: Ints
    inner: Ints
    weight: Reals
    kind: Ints
    has: Ints

    def select(self, rows: Bools | Ints) -> Halves:
        """Return some of the halves."""
        return Halves(
            self.meet[rows], self.inner[rows], self.weight[rows], self.kind[rows], self.has[rows]
        )


@dataclass(frozen=True, eq=False)
class Meetings:
    """The halves of each (meet, kind, has), summed; ordered by `meet`."""

    meet: Ints
    code: Ints
    total: Reals
    count: Ints
    best: Reals
    best_inner: Ints
    second: Reals
    halves: Halves  # ordered as the meetings
    first: Ints  # the halves of meeting i are first[i]:first[i + 1]


@dataclass(frozen=True, eq=False)
class Found:
    """The paths of one meta-path.

    Attributes
    ----------
    entities : list of tuples of int
        The best paths, best first, both ends included.
    scores : list of float
    n_paths : int
        How many there are in all.
    total : float
        Sum of the scores of all of them.
    """

    entities: list[tuple[int, ...]]
    scores: list[float]
    n_paths: int
    total: float


def find_paths(
    net: Network,
    source: int,
    target: int,
    *,
    max_length: int,
    n_best: int,
    through: tuple[int, ...] = (),
    barred: Bools | None = None,
) -> list[Found]:
    """Return the simple paths from `source` to `target` by kind, the kind with the best path first.

    The edge between the two is never walked.

    Parameters
    ----------
    net : Network
    source, target : int
    max_length : int
        1 to 4 edges.
    n_best : int
        Paths to write out for each kind.
    through : tuple of int
        Entities that every path must hold.
    barred : bool array of shape (n_edges,) or None
        Edges never walked.
    """
    if len(through) > max_length - 1:
        return []
    ends = (source, target)
    near = _one_edge(net, source, target, barred)
    near_back = _one_edge(net, target, source, barred)
    far = _two_edges(net, near, ends, through, barred) if max_length > 2 else None
    far_back = _two_edges(net, near_back, ends, through, barred) if max_length > 3 else None
    found: list[Found] = []
    if max_length > 1:
        found += _join(net, near, near_back, ends, through, n_best)
    if far is not None:
        found += _join(net, far, near_back, ends, through, n_best)
    if far is not None and far_back is not None:
        found += _join(net, far, far_back, ends, through, n_best)
    return sorted(found, key=lambda kind: (-kind.scores[0], kind.entities[0]))


def _bits(entities: Ints, through: tuple[int, ...]) -> Ints:
    """Return for each entity the bit of the demanded entity that it is, 0 for another."""
    bits = np.zeros(len(entities), np.int64)
    for i, wanted in enumerate(through):
        bits[entities == wanted] = 1 << i
    return bits


def _one_edge(net: Network, end: int, other_end: int, barred: Bools | None) -> Halves:
    edges = np.arange(net.start[end], net.start[end + 1])
    kept = net.other[edges] != other_end
    if barred is not None:
        kept &= ~barred[edges]
    edges = edges[kept]
    nothing = np.full(len(edges), -1, np.int64)
    return Halves(
        net.other[edges],
        nothing,
        net.weight[edges],
        net.kind[edges],
        np.zeros(len(edges), np.int64),
    )


def _two_edges(
    net: Network,
    near: Halves,
    ends: tuple[int, int],
    through: tuple[int, ...],
    barred: Bools | None,
) -> Halves:
    place, edges = net.edges_of(near.meet)
    meet = net.other[edges]
    kept = (meet != ends[0]) & (meet != ends[1])
    if barred is not None:
        kept &= ~barred[edges]
    place, edges, meet = place[kept], edges[kept], meet[kept]
    inner = near.meet[place]
    return Halves(
        meet,
        inner,
        near.weight[place] * net.weight[edges],
        (near.kind[place] + 1) * net.n_kinds + net.kind[edges],
        _bits(near.meet, through)[place],
    )


def _meetings(halves: Halves, n_has: int, n_kinds: int) -> Meetings:
    """Return the halves summed by where they meet, their kind and what they hold."""
    code = halves.kind * n_has + halves.has
    span = (n_kinds + 1) * n_kinds * n_has
    keys = halves.meet * span + code
    order = np.argsort(keys, kind="stable")
    keys, halves = keys[order], halves.select(order)
    first = np.flatnonzero(np.diff(keys, prepend=-1))
    count = np.diff(first, append=len(keys))
    group = np.repeat(np.arange(len(first)), count)
    best = np.maximum.reduceat(halves.weight, first)
    at_best = np.flatnonzero(halves.weight == best[group])
    top = at_best[np.searchsorted(group[at_best], np.arange(len(first)))]
    others = halves.weight.copy()
    others[top] = 0.0
    return Meetings(
        meet=halves.meet[first],
        code=(keys[first] % span),
        total=np.add.reduceat(halves.weight, first),
        count=count,
        best=best,
        best_inner=halves.inner[top],
        second=np.maximum.reduceat(others, first),
        halves=halves,
        first=np.append(first, len(keys)),
    )


def _join(
    net: Network,
    ahead: Halves,
    behind: Halves,
    ends: tuple[int, int],
    through: tuple[int, ...],
    n_best: int,
) -> list[Found]:
    """Return the paths made of a half from each end, by kind."""
    n_entities = len(net.start) - 1
    reached = np.zeros((2, n_entities), np.bool_)
    reached[0, ahead.meet], reached[1, behind.meet] = True, True
    both: Bools = reached[0] & reached[1]
    ahead, behind = ahead.select(both[ahead.meet]), behind.select(both[behind.meet])
    if not len(ahead.meet):
        return []
    n_has = 1 << len(through)
    one, two = _meetings(ahead, n_has, net.n_kinds), _meetings(behind, n_has, net.n_kinds)
    left, right = _matches(one.meet, two.meet)
    held = _bits(one.meet, through)[left] | one.code[left] % n_has | two.code[right] % n_has
    kept = held == n_has - 1
    left, right = left[kept], right[kept]
    if not len(left):
        return []
    kinds_one, kind_one = np.unique(one.code // n_has, return_inverse=True)
    kinds_two, kind_two = np.unique(two.code // n_has, return_inverse=True)
    group = kind_one[left] * len(kinds_two) + kind_two[right]
    n_groups = len(kinds_one) * len(kinds_two)
    # A path that leaves the middle the way it came is none: take those sums away again.
    lost_count, lost_total = _turning_back(one, two, left, right)
    count = np.bincount(group, one.count[left] * two.count[right] - lost_count, n_groups)
    total = np.bincount(group, one.total[left] * two.total[right] - lost_total, n_groups)
    best = np.where(
        (one.best_inner[left] == two.best_inner[right]) & (one.best_inner[left] >= 0),
        np.maximum(one.best[left] * two.second[right], one.second[left] * two.best[right]),
        one.best[left] * two.best[right],
    )
    found = []
    kept = best > 0
    left, right, group, best = left[kept], right[kept], group[kept], best[kept]
    if not len(best):
        return []
    order = np.lexsort((-best, group))
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    for begin, end in zip(starts, np.append(starts[1:], len(order)), strict=True):
        rows = order[begin : min(end, begin + n_best)]
        paths = [
            path
            for i in rows.tolist()
            for path in _written_out(one, two, int(left[i]), int(right[i]), n_best)
        ]
        paths.sort(key=lambda path: (-path[0], path[1]))
        code = group[order[begin]]
        found.append(
            Found(
                [(ends[0], *inner, ends[1]) for _, inner in paths[:n_best]],
                [score for score, _ in paths[:n_best]],
                round(float(count[code])),
                float(total[code]),
            )
        )
    return found


def _matches(one: Ints, two: Ints) -> tuple[Ints, Ints]:
    """Return every pair of rows (i, j) with one[i] == two[j]; both are ascending."""
    low, high = np.searchsorted(two, one, "left"), np.searchsorted(two, one, "right")
    n = high - low
    left = np.repeat(np.arange(len(one)), n)
    right = np.arange(len(left)) - np.repeat(np.cumsum(n) - n, n) + np.repeat(low, n)
    return left, right


def _turning_back(one: Meetings, two: Meetings, left: Ints, right: Ints) -> tuple[Ints, Reals]:
    """Return how many of each match's paths pass one entity twice, and the sum of their scores."""
    lost_count = np.zeros(len(left), np.int64)
    lost_total = np.zeros(len(left))
    if one.halves.inner[0] < 0 or two.halves.inner[0] < 0:
        return lost_count, lost_total
    common = np.intersect1d(one.halves.inner, two.halves.inner)
    a = np.flatnonzero(np.isin(one.halves.inner, common))
    b = np.flatnonzero(np.isin(two.halves.inner, common))
    n = int(max(one.halves.inner.max(), two.halves.inner.max())) + 1
    key_a = one.halves.meet[a] * n + one.halves.inner[a]
    key_b = two.halves.meet[b] * n + two.halves.inner[b]
    _, in_a, in_b = np.intersect1d(key_a, key_b, assume_unique=True, return_indices=True)
    a, b = a[in_a], b[in_b]
    row_a = np.searchsorted(one.first, a, "right") - 1
    row_b = np.searchsorted(two.first, b, "right") - 1
    keys = left * len(two.meet) + right  # ascending, as matches are made
    match = np.searchsorted(keys, row_a * len(two.meet) + row_b)
    match_key = row_a * len(two.meet) + row_b
    inside = match < len(keys)
    inside[inside] = keys[match[inside]] == match_key[inside]
    np.add.at(lost_count, match[inside], 1)
    weights = one.halves.weight[a] * two.halves.weight[b]
    np.add.at(lost_total, match[inside], weights[inside])
    return lost_count, lost_total


def _written_out(
    one: Meetings, two: Meetings, i: int, j: int, n_best: int
) -> list[tuple[float, tuple[int, ...]]]:
    """Return (score, inner entities) of the best paths that meet in one match."""
    meet = int(one.meet[i])
    paths = []
    ahead, behind = _best_halves(one, i, n_best + 1), _best_halves(two, j, n_best + 1)
    for weight, inner in ahead:
        for back_weight, back_inner in behind:
            if inner < 0 or inner != back_inner:
                middle = (inner, meet, back_inner)
                paths.append((weight * back_weight, tuple(e for e in middle if e >= 0)))
    return paths


def _best_halves(meetings: Meetings, i: int, n_best: int) -> list[tuple[float, int]]:
    span = slice(int(meetings.first[i]), int(meetings.first[i + 1]))
    weight, inner = meetings.halves.weight[span], meetings.halves.inner[span]
    order = np.lexsort((inner, -weight))[:n_best]
    return list(zip(weight[order].tolist(), inner[order].tolist(), strict=True))
