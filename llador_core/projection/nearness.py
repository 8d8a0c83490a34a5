"""Who moved towards an entity and who away from it, by distance in the full space."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llador_core.graph import Ints
from llador_core.projection.geometry import Floats

NEAR_SHARE, NEAR_AT_LEAST = 0.1, 40


@dataclass(frozen=True)
class Move:
    """How near an entity is to the target in two runs.

    Attributes
    ----------
    entity : int
    rank_before, rank_after : int
        By distance, among the entities asked for, in the base and in the run; 1 is the nearest.
    distance_before, distance_after : float
        1 is how far a typical entity stands from the middle of its run.
    """

    entity: int
    rank_before: int
    rank_after: int
    distance_before: float
    distance_after: float

    @property
    def nearer_by(self) -> int:
        """Places gained; negative for places lost."""
        return self.rank_before - self.rank_after

    @property
    def factor(self) -> float:
        """Places gained as a factor, on the log scale: from 200th to 20th is as 20th to 2nd."""
        return math.log(self.rank_before / self.rank_after)


def distances(rows: Floats, target: int, entities: Ints) -> tuple[NDArray[np.float64], Ints]:
    """Return the distance of each of `entities` from `target`, and its rank among them.

    Parameters
    ----------
    rows : float array of shape (n_entities, dim)
        As `geometry.centred` gives them, so that distances of two runs have one unit.
    target : int
    entities : int array of shape (n,)

    Returns
    -------
    distance : float64 array of shape (n,)
    rank : int64 array of shape (n,)
        1 for the nearest: one more than there are nearer ones.
    """
    away = np.sqrt(((rows[entities] - rows[target]) ** 2).sum(axis=1, dtype=np.float64))
    return away, 1 + np.searchsorted(np.sort(away), away, side="left").astype(np.int64)


def moves(base: Floats, run: Floats, target: int, entities: Ints) -> list[Move]:
    """Return how near each of `entities` is to `target` in two runs, nearest in the run first.

    Parameters
    ----------
    base, run : float arrays of shape (n_entities, dim)
        As `geometry.centred` gives them; a turn changes no distance, so they need no alignment.
    target : int
        Left out where it is among the entities.
    entities : int array
    """
    others = entities[entities != target]
    before, rank_before = distances(base, target, others)
    after, rank_after = distances(run, target, others)
    columns = (others, rank_before, rank_after, before, after)
    found = [Move(*row) for row in zip(*(c.tolist() for c in columns), strict=True)]
    return sorted(found, key=lambda move: (move.rank_after, move.entity))


def pick_moves(found: Sequence[Move], n: int) -> tuple[list[Move], list[Move]]:
    """Return up to `n` who moved towards the target and up to `n` who moved away, farthest first.

    Only those that matter: who came ends among the nearest tenth (at least 40), who left started
    there. Far is counted in factors of the rank.
    """
    near = max(NEAR_AT_LEAST, round(NEAR_SHARE * len(found)))
    came = [move for move in found if move.nearer_by > 0 and move.rank_after <= near]
    left = [move for move in found if move.nearer_by < 0 and move.rank_before <= near]
    by_distance = [sorted(some, key=lambda m: (-abs(m.factor), m.entity)) for some in (came, left)]
    return by_distance[0][:n], by_distance[1][:n]
