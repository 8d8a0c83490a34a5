"""Where half paths from both ends meet: summed, counted and ranked without writing paths out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from llador_core.explain.halves import Halves, bits, same_way
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
class Kind:
    """All paths of one meta-path, not written out yet.

    Attributes
    ----------
    one, two : Meetings
        Of the halves from the source and from the target.
    left, right : int arrays of the same length
        Rows of `one` and `two` that meet, the pair with the best path first.
    best, total : float
        The best score and the sum of all.
    n_paths : int
    is_mechanism : bool
        The first edge leads from a drug to what it acts on.
    """

    one: Meetings
    two: Meetings
    left: Ints
    right: Ints
    best: float
    total: float
    n_paths: int
    is_mechanism: bool

    def best_paths(self, n_best: int) -> list[tuple[float, tuple[int, ...]]]:
        """Return (score, entities between the ends) of the best paths, best first.

        Of the `n_best` best paths each meets in one of the first `n_best` rows.
        """
        rows = zip(self.left[:n_best].tolist(), self.right[:n_best].tolist(), strict=True)
        paths = [path for i, j in rows for path in _written_out(self.one, self.two, i, j, n_best)]
        return sorted(paths, key=lambda path: (-path[0], path[1]))[:n_best]


def join(net: Network, ahead: Halves, behind: Halves, through: tuple[int, ...]) -> list[Kind]:
    """Return the paths made of a half from each end, by kind."""
    reached = np.zeros((2, len(net.start) - 1), np.bool_)
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
    return _kinds(one, two, left[kept], right[kept], 3 * n_has)


def _kinds(one: Meetings, two: Meetings, left: Ints, right: Ints, n_marks: int) -> list[Kind]:
    kinds_one, kind_one = np.unique(one.code // n_marks, return_inverse=True)
    kinds_two, kind_two = np.unique(two.code // n_marks, return_inverse=True)
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
    order = np.lexsort((-best, group))
    order = order[best[order] > 0]
    found = []
    for rows in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        if len(rows):
            code, first = group[rows[0]], one.first[left[rows[0]]]
            found.append(
                Kind(
                    one,
                    two,
                    left[rows],
                    right[rows],
                    best=float(best[rows[0]]),
                    total=float(total[code]),
                    n_paths=round(float(count[code])),
                    is_mechanism=bool(one.halves.is_action[first]),
                )
            )
    return found


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
    """Return (score, entities between the ends) of the best paths that meet in one match."""
    meet = int(one.meet[i])
    ahead, behind = _best_halves(one, i, n_best + 1), _best_halves(two, j, n_best + 1)
    paths = []
    for a, (weight, inner) in enumerate(ahead, start=1):
        for b, (back_weight, back_inner) in enumerate(behind, start=1):
            # At least this many paths are as good: a * b without this one and the turning ones.
            if a * b - min(a, b) - 1 >= n_best:
                break
            if inner < 0 or inner != back_inner:
                middle = (inner, meet, back_inner)
                paths.append((weight * back_weight, tuple(e for e in middle if e >= 0)))
    return paths


def _best_halves(meetings: Meetings, i: int, n_best: int) -> list[tuple[float, int]]:
    span = slice(int(meetings.first[i]), int(meetings.first[i + 1]))
    weight, inner = meetings.halves.weight[span], meetings.halves.inner[span]
    order = np.lexsort((inner, -weight))[:n_best]
    return list(zip(weight[order].tolist(), inner[order].tolist(), strict=True))
