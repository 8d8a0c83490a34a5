"""Half paths: every way of one or two edges from one end, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from llador_core.explain.network import Network, Reals, Signs
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
    sign : int8 array
        1 or -1 where its last edge says how a drug acts on `meet`.
    is_action : bool array
        Its first edge leads from a drug to what it acts on.
    """

    meet: Ints
    inner: Ints
    weight: Reals
    kind: Ints
    has: Ints
    sign: Signs
    is_action: Bools

    def select(self, rows: Bools | Ints) -> Halves:
        """Return some of the halves."""
        return Halves(
            self.meet[rows],
            self.inner[rows],
            self.weight[rows],
            self.kind[rows],
            self.has[rows],
            self.sign[rows],
            self.is_action[rows],
        )

    def scaled(self, factor: Reals) -> Halves:
        """Return the halves with each weight times the factor of the first entity on its way."""
        return replace(self, weight=self.weight * factor[self.next_to_end])

    @property
    def next_to_end(self) -> Ints:
        """The first entity on the way of each half."""
        return np.where(self.inner >= 0, self.inner, self.meet)


def one_edge(net: Network, end: int, other_end: int, barred: Bools | None) -> Halves:
    """Return the edges at `end`, but for those to `other_end`."""
    edges = np.arange(net.start[end], net.start[end + 1])
    kept = net.other[edges] != other_end
    if barred is not None:
        kept &= ~barred[edges]
    edges = edges[kept]
    return Halves(
        net.other[edges],
        np.full(len(edges), -1, np.int64),
        net.weight[edges],
        net.kind[edges],
        np.zeros(len(edges), np.int64),
        net.arriving[edges],
        net.is_action[edges],
    )


def two_edges(
    net: Network,
    near: Halves,
    ends: tuple[int, int],
    through: tuple[int, ...],
    barred: Bools | None,
) -> Halves:
    """Return the halves that go one edge further, to neither of the ends.

    Two drugs that act on a target in opposite ways do not speak for each other: a half that goes
    from a drug to its target and on to such a drug is left out.
    """
    place, edges = net.edges_of(near.meet)
    meet = net.other[edges]
    kept = (meet != ends[0]) & (meet != ends[1])
    kept &= near.sign[place] * net.leaving[edges] >= 0
    if barred is not None:
        kept &= ~barred[edges]
    place, edges, meet = place[kept], edges[kept], meet[kept]
    return Halves(
        meet,
        near.meet[place],
        near.weight[place] * net.weight[edges],
        (near.kind[place] + 1) * net.n_kinds + net.kind[edges],
        bits(near.meet, through)[place],
        net.arriving[edges],
        near.is_action[place],
    )


def bits(entities: Ints, through: tuple[int, ...]) -> Ints:
    """Return for each entity the bit of the demanded entity that it is, 0 for another."""
    found = np.zeros(len(entities), np.int64)
    for i, wanted in enumerate(through):
        found[entities == wanted] = 1 << i
    return found


def evidence(
    net: Network, near: Halves, near_back: Halves, far: Halves | None, far_back: Halves | None
) -> Reals:
    """Return for each entity next to the source the share of the weight that goes through it.

    Paths that start with an action of the drug share among themselves, and so do all others: how
    likely a target is does not depend on how many drugs are similar.

    Parameters
    ----------
    near, near_back, far, far_back : Halves
        From the source and from the target; None where paths are not to be that long.

    Returns
    -------
    float array of shape (n_entities,)
        Sums to 1 over the targets and to 1 over the others, to 0 where there is no such path.
    """
    n = len(net.start) - 1
    onward = _reach(near_back, n)
    total = _summed(near.meet, near.weight * _at(onward, near), n)
    if far is not None:
        total = total + _summed(far.inner, far.weight * _at(onward, far), n)
    if far is not None and far_back is not None:
        total = total + _summed(far.inner, far.weight * _at(_reach(far_back, n), far), n)
        total = np.maximum(total - _turned_back(far, far_back, n), 0.0)
    is_target = np.zeros(n, np.bool_)
    is_target[near.meet[near.is_action]] = True
    whole = np.where(is_target, total[is_target].sum(), total[~is_target].sum())
    shares = np.zeros(n)
    np.divide(total, whole, out=shares, where=whole > 0)
    return shares


def _summed(place: Ints, weight: Reals, n: int) -> Reals:
    return np.bincount(place, weight, n).astype(np.float64)


def _reach(behind: Halves, n: int) -> Reals:
    """Return the summed weight that goes on from each entity, by the sign it must not oppose."""
    reach = np.empty((3, n))
    for sign in (-1, 0, 1):
        rows = behind.sign * sign >= 0
        reach[sign + 1] = _summed(behind.meet[rows], behind.weight[rows], n)
    return reach


def _at(reach: Reals, ahead: Halves) -> Reals:
    return np.asarray(reach[ahead.sign + 1, ahead.meet])


def _turned_back(far: Halves, far_back: Halves, n: int) -> Reals:
    """Return what was summed for halves that leave the middle the way they came."""
    rows, back_rows = same_way(far, far_back)
    both = far.sign[rows] * far_back.sign[back_rows] >= 0
    rows, back_rows = rows[both], back_rows[both]
    return _summed(far.inner[rows], far.weight[rows] * far_back.weight[back_rows], n)


def same_way(far: Halves, far_back: Halves) -> tuple[Ints, Ints]:
    """Return the rows of two sets of halves that share both `inner` and `meet`."""
    shared = np.intersect1d(far.inner, far_back.inner)
    a = np.flatnonzero(np.isin(far.inner, shared))
    b = np.flatnonzero(np.isin(far_back.inner, shared))
    if not len(a) or not len(b):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    span = int(shared[-1]) + 1
    keys, back_keys = far.meet[a] * span + far.inner[a], far_back.meet[b] * span + far_back.inner[b]
    _, in_a, in_b = np.intersect1d(keys, back_keys, assume_unique=True, return_indices=True)
    return a[in_a], b[in_b]
