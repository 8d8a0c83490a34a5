"""Paths between two entities, best first by kind, without listing the millions there may be.

A path of up to four edges is two halves of up to two edges that meet. Halves are summed and
ranked where they meet, so that only the best paths of each kind are ever written out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from llador_core.explain.halves import Halves, bits, evidence, one_edge, same_way, two_edges
from llador_core.explain.network import Network, Reals
from llador_core.graph import Bools, Ints


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
    is_weighed: bool = True,
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
    is_weighed : bool
        Multiply the weight of each path by the share of all paths' weight that goes through the
        first entity on its way: a target that much speaks for lends credit to each of its paths.
    """
    if len(through) > max_length - 1:
        return []
    ends = (source, target)
    near = one_edge(net, source, target, barred)
    near_back = one_edge(net, target, source, barred)
    far = two_edges(net, near, ends, through, barred) if max_length > 2 else None
    far_back = two_edges(net, near_back, ends, through, barred) if max_length > 3 else None
    if is_weighed:
        shares = evidence(net, near, near_back, far, far_back)
        near, far = near.scaled(shares), None if far is None else far.scaled(shares)
    found: list[Found] = []
    if max_length > 1:
        found += _join(net, near, near_back, ends, through, n_best)
    if far is not None:
        found += _join(net, far, near_back, ends, through, n_best)
    if far is not None and far_back is not None:
        found += _join(net, far, far_back, ends, through, n_best)
    return sorted(found, key=lambda kind: (-kind.scores[0], kind.entities[0]))


def _meetings(halves: Halves, n_has: int, n_kinds: int) -> Meetings:
    """Return the halves summed by where they meet, their kind, what they hold and their sign."""
    n_marks = 3 * n_has
    code = halves.kind * n_marks + (halves.sign.astype(np.int64) + 1) * n_has + halves.has
    span = (n_kinds + 1) * n_kinds * n_marks
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
    held = bits(one.meet, through)[left] | one.code[left] % n_has | two.code[right] % n_has
    sign_one, sign_two = one.code // n_has % 3 - 1, two.code // n_has % 3 - 1
    kept = (held == n_has - 1) & (sign_one[left] * sign_two[right] >= 0)
    left, right = left[kept], right[kept]
    if not len(left):
        return []
    kinds_one, kind_one = np.unique(one.code // (3 * n_has), return_inverse=True)
    kinds_two, kind_two = np.unique(two.code // (3 * n_has), return_inverse=True)
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
    a, b = same_way(one.halves, two.halves)
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
