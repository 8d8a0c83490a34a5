"""Where the entities of a network picture stand: the same entity, the same picture.

Places follow from identifiers, types and ties alone. Members are placed in stages (the first
neighbours, more of them, each expansion) and each stage leaves those before it where they are.

References
----------
Fruchterman and Reingold, Software: Practice and Experience 21:1129 (1991), as networkx has it in
`spring_layout`; here only the members of a stage move, which costs a fraction for an expansion.
"""

from __future__ import annotations

import math
import zlib

import numpy as np
from numpy.typing import NDArray

from llador_core.explain.neighbourhood import Surroundings
from llador_core.graph import Bools, Graph, Ints

STAGES = (30, 60, 100, 150, 200, 300)  # so many neighbours are laid out together
N_STEPS = 60
SPOKE, TIE = 0.25, 0.5  # pull of the tie that took a member in, and of any other between two leaves
GAP = 0.92  # smallest distance of two entities, where their usual one is 1
N_PARTINGS = 40

Places = dict[int, tuple[float, float]]
Reals = NDArray[np.float64]


def network_places(graph: Graph, shown: Surroundings, known: Places | None = None) -> Places:
    """Return the place of each member; the focus is at (0, 0), neighbours about 1 apart.

    Parameters
    ----------
    graph : Graph
    shown : Surroundings
    known : dict of entity to (x, y), or None
        Places of the same picture before its last expansions; saves finding them again.
    """
    places: Places = dict(known or {shown.focus: (0.0, 0.0)})
    ties = _tied(shown)
    for stage in _stages(shown):
        if stage[0] not in places:
            _settle(graph, shown, stage, places, ties)
    return places


def _stages(shown: Surroundings) -> list[list[int]]:
    """Return the members but the focus, in the groups that are laid out together."""
    first, last = 1 + shown.n_shown, 1 + shown.n_shown + shown.n_brought
    neighbours = shown.entities[1:first]
    starts = (0, *STAGES)
    stages = [neighbours[a:b] for a, b in zip(starts, STAGES, strict=False)]
    stages.append(shown.entities[first:last])
    before = None
    for member in shown.members[last:]:
        if member.via is None or member.via != before:
            stages.append([])
        stages[-1].append(member.entity)
        before = member.via
    return [stage for stage in stages if stage]


def _tied(shown: Surroundings) -> tuple[Bools, Bools]:
    """Return who is tied to whom, and which of these ties took a member in, both (n, n)."""
    place = {entity: i for i, entity in enumerate(shown.entities)}
    via = [place.get(-1 if m.via is None else m.via, -1) for m in shown.members]
    tied = np.zeros((len(via), len(via)), np.bool_)
    ends = np.array([(place[tie.a], place[tie.b]) for tie in shown.ties], np.int64).reshape(-1, 2)
    tied[ends[:, 0], ends[:, 1]] = tied[ends[:, 1], ends[:, 0]] = True
    holds = np.array(via)[:, None] == np.arange(len(via))[None]
    return tied, tied & (holds | holds.T)


def _pull(tied: Bools, holds: Bools) -> Reals:
    """Return how strongly each two pull at each other: those with few ties most."""
    n_ties = tied.sum(1)
    fewer = np.maximum(np.minimum(n_ties[:, None], n_ties[None]), 1)
    return np.where(holds, SPOKE, tied * TIE / np.sqrt(fewer))


def _settle(
    graph: Graph,
    shown: Surroundings,
    stage: list[int],
    places: Places,
    ties: tuple[Bools, Bools],
) -> None:
    """Add the places of `stage`: a guess by type, then springs, then room for each."""
    rows = {entity: i for i, entity in enumerate(shown.entities)}
    via = {m.entity: m.via for m in shown.members}
    guesses = [_guess(graph, entity, via[entity], stage, places) for entity in stage]
    n_before = len(places)
    xy = np.array([*places.values(), *guesses])  # (n, 2), those of the stage last
    order = [rows[entity] for entity in (*places, *stage)]
    free = np.arange(n_before, len(xy))
    here = np.ix_(order, order)  # what comes later has no say
    _relax(xy, _pull(ties[0][here], ties[1][here])[free], free)
    _draw_in(xy, free)
    _part(xy, free)
    places.update(zip(stage, map(tuple, xy[free].tolist()), strict=True))


def _guess(
    graph: Graph, entity: int, via: int | None, stage: list[int], places: Places
) -> tuple[float, float]:
    """Return where an entity starts: in the direction of its type, or beyond who brought it in."""
    jitter = zlib.crc32(graph.entity_ids[entity].encode()) / 2**32
    if via is None or places[via] == (0.0, 0.0):
        kind, n_kinds = int(graph.entity_types[entity]), len(graph.type_names)
        angle = 2 * math.pi * (kind + 0.8 * jitter) / n_kinds
        # Beyond those that are there already.
        far = max(math.hypot(*place) for place in places.values())
        reach = max(math.sqrt(len(stage) / math.pi), far) * (0.7 + 0.3 * jitter)
        return reach * math.cos(angle), reach * math.sin(angle)
    x, y = places[via]
    angle = math.atan2(y, x) + math.pi * (jitter - 0.5)
    return x + 1.5 * math.cos(angle), y + 1.5 * math.sin(angle)


def _relax(xy: Reals, pull: Reals, free: Ints) -> None:
    """Move the free ones as springs do: all push each other away, ties pull.

    Shapes: xy (n, 2), pull (n_free, n).
    """
    reach = 0.1 * max(float(np.ptp(xy[:, 0])), float(np.ptp(xy[:, 1])), 1.0)
    for step in range(N_STEPS):
        apart = xy[free, None] - xy[None]  # (n_free, n, 2)
        distance = np.maximum(np.hypot(apart[..., 0], apart[..., 1]), 0.01)
        force = 1 / distance**2 - pull * distance
        moves = (apart * force[..., None]).sum(1)
        length = np.maximum(np.hypot(moves[:, 0], moves[:, 1]), 0.01)
        xy[free] += moves * (reach * (1 - step / (N_STEPS + 1)) / length)[:, None]


def _draw_in(xy: Reals, free: Ints) -> None:
    """Bring the free ones nearer to a disk filled evenly: springs throw a loose few far out."""
    far = np.hypot(xy[free, 0], xy[free, 1])
    order = np.argsort(far, kind="stable")
    even = np.sqrt((free[0] + np.arange(len(free)) + 1) / math.pi)
    share = np.minimum(1.0, (0.4 * far[order] + 0.6 * even) / np.maximum(far[order], 1e-9))
    xy[free[order]] *= share[:, None]


def _part(xy: Reals, free: Ints) -> None:
    """Move the free ones away from whoever stands nearer than `GAP`."""
    itself = np.arange(len(xy))[None] == free[:, None]
    after = np.arange(len(xy))[None] > free[:, None]
    for _ in range(N_PARTINGS):
        apart = xy[free, None] - xy[None]  # (n_free, n, 2)
        distance = np.hypot(apart[..., 0], apart[..., 1])
        overlap = np.where(itself, 0.0, np.clip(GAP - distance, 0, None))
        if not overlap.any():
            break
        # Two at the very same place part sideways, the earlier one to the right.
        same = (distance < 1e-9) & ~itself
        direction = apart / np.maximum(distance, 1e-9)[..., None]
        direction[same] = np.where(after[same][:, None], (1.0, 0.0), (-1.0, 0.0))
        xy[free] += 0.5 * (direction * overlap[..., None]).sum(1)
