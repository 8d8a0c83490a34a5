"""Where the entities of a network picture stand: the same entity, the same picture.

Places follow from identifiers and ties alone. Members are placed in stages (the first neighbours,
more of them, each expansion) and each stage leaves those before it where they are.
"""

from __future__ import annotations

import math
import zlib
from typing import Any

from llador_core.explain.neighbourhood import Surroundings
from llador_core.graph import Graph

STAGES = (30, 60, 100, 150, 200, 300)  # so many neighbours are laid out together
ITERATIONS = 60
GAP = 0.92  # smallest distance of two entities, where their usual one is 1
N_PARTINGS = 40

Places = dict[int, tuple[float, float]]


def network_places(graph: Graph, shown: Surroundings) -> Places:
    """Return the place of each member; the focus is at (0, 0), neighbours about 1 apart."""
    places: Places = {shown.focus: (0.0, 0.0)}
    for stage in _stages(shown):
        _settle(graph, shown, stage, places)
    return places


def _stages(shown: Surroundings) -> list[list[int]]:
    """Return the members but the focus, in the groups that are laid out together."""
    neighbours = shown.entities[1 : shown.n_shown + 1]
    starts = (0, *STAGES)
    stages = [neighbours[a:b] for a, b in zip(starts, STAGES, strict=False)]
    via: dict[int | None, list[int]] = {}
    for member in shown.members[shown.n_shown + 1 :]:
        via.setdefault(member.via, []).append(member.entity)
    return [stage for stage in (*stages, *via.values()) if stage]


def _settle(graph: Graph, shown: Surroundings, stage: list[int], places: Places) -> None:
    """Add the places of `stage`: a guess by type, then springs, then room for each."""
    import networkx as nx

    via = {m.entity: m.via for m in shown.members}
    fixed = list(places)
    guess = dict(places)
    for entity in stage:
        guess[entity] = _guess(graph, entity, via[entity], stage, places)
    network = nx.Graph()
    network.add_nodes_from(guess)
    for tie in shown.ties:
        if tie.a in guess and tie.b in guess:
            holds = via[tie.b] == tie.a
            network.add_edge(tie.a, tie.b, weight=0.25 if holds else 0.5)
    n_ties = dict(network.degree())
    for a, b, tied in network.edges(data=True):
        if via[b] != a and via[a] != b:
            tied["weight"] /= math.sqrt(min(n_ties[a], n_ties[b]))
    found: dict[int, Any] = nx.spring_layout(
        network, k=1.0, pos=guess, fixed=fixed, iterations=ITERATIONS, seed=0
    )
    drawn_in = _drawn_in({e: (float(found[e][0]), float(found[e][1])) for e in stage}, len(places))
    places.update(drawn_in)
    _part(places, stage)


def _drawn_in(free: Places, n_before: int) -> Places:
    """Return places nearer to a disk filled evenly: springs throw a loose few far out."""
    by_distance = sorted(free, key=lambda e: (math.hypot(*free[e]), free[e]))
    drawn: Places = {}
    for rank, entity in enumerate(by_distance, start=n_before):
        x, y = free[entity]
        far = math.hypot(x, y)
        even = math.sqrt((rank + 1) / math.pi)
        share = min(1.0, (0.4 * far + 0.6 * max(even, 1.0)) / far) if far else 1.0
        drawn[entity] = (x * share, y * share)
    return drawn


def _guess(
    graph: Graph, entity: int, via: int | None, stage: list[int], places: Places
) -> tuple[float, float]:
    """Return where an entity starts: in the direction of its type, or beyond who brought it in."""
    jitter = zlib.crc32(graph.entity_ids[entity].encode()) / 2**32
    if via is None or places[via] == (0.0, 0.0):
        kind, n_kinds = int(graph.entity_types[entity]), len(graph.type_names)
        angle = 2 * math.pi * (kind + 0.8 * jitter) / n_kinds
        # Beyond those that are there already.
        far = max((math.hypot(*place) for place in places.values()), default=0.0)
        reach = max(math.sqrt(len(stage) / math.pi), far) * (0.7 + 0.3 * jitter)
        return reach * math.cos(angle), reach * math.sin(angle)
    x, y = places[via]
    angle = math.atan2(y, x) + math.pi * (jitter - 0.5)
    return x + 1.5 * math.cos(angle), y + 1.5 * math.sin(angle)


def _part(places: Places, free: list[int]) -> None:
    """Move the free ones away from whoever stands nearer than `GAP`."""
    import numpy as np

    entities = list(places)
    xy = np.array([places[e] for e in entities])
    is_free = np.isin(entities, free)
    for _ in range(N_PARTINGS):
        apart = xy[:, None] - xy[None]  # (n, n, 2)
        distance = np.sqrt((apart**2).sum(-1))
        np.fill_diagonal(distance, np.inf)
        overlap = np.clip(GAP - distance, 0, None)
        if not overlap[is_free].any():
            break
        # Two at the very same place part along their order, which is stable.
        direction = apart / np.maximum(distance, 1e-9)[..., None]
        same = distance < 1e-9
        direction[same] = (1.0, 0.0)
        direction[same & np.tri(len(xy), dtype=bool)] = (-1.0, 0.0)
        moves = (direction * overlap[..., None]).sum(1) * 0.5
        xy[is_free] += moves[is_free]
    places.update({e: (float(x), float(y)) for e, (x, y) in zip(entities, xy, strict=True)})
