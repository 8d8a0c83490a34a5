"""Paths between two entities, best first by kind, without listing the millions there may be.

A path of up to four edges is two halves of up to two edges that meet. Halves are summed and
ranked where they meet, so that only the best paths of the best kinds are ever written out.
"""

from __future__ import annotations

from dataclasses import dataclass

from llador_core.explain.halves import evidence, one_edge, two_edges
from llador_core.explain.joins import Kind, join
from llador_core.explain.network import Network
from llador_core.graph import Bools


@dataclass(frozen=True, eq=False)
class Found:
    """The paths of one meta-path.

    Attributes
    ----------
    entities : list of tuples of int
        The best paths, best first, both ends included; none where the kind is not written out.
    scores : list of float
    best : float
        Score of the best path.
    total : float
        Sum of the scores of all paths.
    n_paths : int
        How many there are in all.
    is_mechanism : bool
        The first edge leads from a drug to what it acts on.
    """

    entities: list[tuple[int, ...]]
    scores: list[float]
    best: float
    total: float
    n_paths: int
    is_mechanism: bool


@dataclass(frozen=True)
class Wanted:
    """Which paths to find, and how many to write out.

    Parameters
    ----------
    max_length : int
        Edges of the longest path, 1 to 4.
    n_best : int
        Paths to write out for each kind.
    through : tuple of int
        Entities that every path must hold.
    n_kinds : tuple of int, or None
        How many kinds to write out of mechanisms and of others; None for all.
    is_weighed : bool
        Multiply the weight of each path by the share of its first stop (`halves.evidence`): a
        target that much speaks for lends credit to each path through it.
    """

    max_length: int
    n_best: int
    through: tuple[int, ...] = ()
    n_kinds: tuple[int, int] | None = None
    is_weighed: bool = True


def find_paths(
    net: Network, source: int, target: int, wanted: Wanted, barred: Bools | None = None
) -> list[Found]:
    """Return the simple paths from `source` to `target` by kind, the kind with the best path first.

    The edge between the two is never walked.

    Parameters
    ----------
    net : Network
    source, target : int
    wanted : Wanted
    barred : bool array of shape (n_edges,) or None
        Edges never walked.
    """
    max_length, through = wanted.max_length, wanted.through
    if len(through) > max_length - 1:
        return []
    ends = (source, target)
    near = one_edge(net, source, target, barred)
    near_back = one_edge(net, target, source, barred)
    far = two_edges(net, near, ends, through, barred) if max_length > 2 else None
    far_back = two_edges(net, near_back, ends, through, barred) if max_length > 3 else None
    if wanted.is_weighed:
        shares = evidence(net, near, near_back, far, far_back)
        near, far = near.scaled(shares), None if far is None else far.scaled(shares)
    kinds: list[Kind] = []
    if max_length > 1:
        kinds += join(net, near, near_back, through)
    if far is not None:
        kinds += join(net, far, near_back, through)
    if far is not None and far_back is not None:
        kinds += join(net, far, far_back, through)
    left = {True: len(kinds), False: len(kinds)}
    if wanted.n_kinds is not None:
        left = {True: wanted.n_kinds[0], False: wanted.n_kinds[1]}
    found = []
    for kind in sorted(kinds, key=lambda kind: -kind.best):
        left[kind.is_mechanism] -= 1
        found.append(_found(kind, ends, wanted.n_best if left[kind.is_mechanism] >= 0 else 0))
    return found


def _found(kind: Kind, ends: tuple[int, int], n_best: int) -> Found:
    paths = kind.best_paths(n_best)
    return Found(
        [(ends[0], *between, ends[1]) for _, between in paths],
        [score for score, _ in paths],
        kind.best,
        kind.total,
        kind.n_paths,
        kind.is_mechanism,
    )
