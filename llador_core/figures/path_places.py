"""Where the entities of paths stand, and which way their edges run: columns from left to right."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from llador_core.explain import Path, Step

COLUMNS = 5  # both ends and three between, as many as the longest path needs
BEND = 0.2
Node = int | tuple[int, int, int]  # an entity, or where an edge (its ends) passes a column
Place = tuple[float, float]


def _column(place: int, length: int) -> int:
    """Return the column of the entity at `place` on a path of `length` edges."""
    return round(place * (COLUMNS - 1) / length)


def columns_of(paths: Sequence[Path]) -> dict[int, list[Node]]:
    """Return the entities of each column, in the order the paths bring them in.

    An entity on several paths stands where the best of them puts it. An edge that skips a column
    holds a place of its own there, so that it passes between the entities and not through one.
    """
    at: dict[Node, int] = {}
    for path in paths:
        for place, entity in enumerate(path.entities):
            at.setdefault(entity, _column(place, len(path.steps)))
    for step in (step for path in paths for step in path.steps):
        ends = ends_of(step)
        low, high = sorted(at[end] for end in ends)
        for column in range(low + 1, high):
            at[*ends, column] = column
    columns: dict[int, list[Node]] = defaultdict(list)
    for node, column in at.items():
        columns[column].append(node)
    return columns


def places_of(paths: Sequence[Path]) -> dict[Node, Place]:
    """Return x (column) and y (-0.5 to 0.5, the first at the top) of each entity and passage.

    Within a column they stand in the order of what they are tied to, so that few edges cross.
    """
    columns = columns_of(paths)
    tied: dict[Node, set[Node]] = defaultdict(set)
    for step in (step for path in paths for step in path.steps):
        for one, other in pairwise(_route(columns, step)):
            tied[one].add(other)
            tied[other].add(one)
    y = {node: _height(i, len(rows)) for rows in columns.values() for i, node in enumerate(rows)}
    for column in [*sorted(columns), *sorted(columns, reverse=True)]:
        rows = columns[column]
        rows.sort(key=lambda node: -sum(y[other] for other in tied[node]) / len(tied[node]))
        y |= {node: _height(i, len(rows)) for i, node in enumerate(rows)}
    return {node: (column, y[node]) for column, rows in columns.items() for node in rows}


def _route(columns: dict[int, list[Node]], step: Step) -> list[Node]:
    """Return the nodes that an edge is drawn through, both ends included, from left to right."""
    at = {node: column for column, rows in columns.items() for node in rows}
    left, right = sorted(ends_of(step), key=lambda end: at[end])
    between = range(at[left] + 1, at[right])
    return [left, *((*ends_of(step), column) for column in between), right]


def _height(place: int, n: int) -> float:
    return 0.5 - (place + 0.5) / n


def ends_of(step: Step) -> tuple[int, int]:
    return min(step.source, step.target), max(step.source, step.target)


def line_of(places: dict[Node, Place], step: Step) -> list[Place]:
    """Return the points that an edge is drawn through; within a column it bends to the side."""
    left, right = sorted(ends_of(step), key=lambda end: places[end][0])
    (x, y), (end_x, end_y) = places[left], places[right]
    if x == end_x:
        return [(x, y), (x + BEND, (y + end_y) / 2), (end_x, end_y)]
    between = [places[*ends_of(step), column] for column in range(int(x) + 1, int(end_x))]
    return [(x, y), *between, (end_x, end_y)]


def middle_of(places: dict[Node, Place], step: Step) -> Place:
    """Return the middle of an edge's first part that stands clear of every entity."""
    (x, y), (other_x, other_y), *_ = line_of(places, step)
    return (x + other_x) / 2, (y + other_y) / 2
