"""The best paths from a drug to a disease, read from left to right."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

from llador_core.escape import figure_text, plain
from llador_core.explain import Explanation, Path, PathGroup, Step
from llador_core.figures import style
from llador_core.graph import Graph

if TYPE_CHECKING:
    import plotly.graph_objects as go

COLUMNS = 5  # both ends and three between, as many as the longest path needs
ROW_HEIGHT = 55
MAX_PER_COLUMN = 9
NAME_WIDTH, END_WIDTH = 18, 13  # characters of a line; a name has two lines, an end's three
BEND = 0.2
Node = int | tuple[int, int, int]  # an entity, or where an edge (its ends) passes a column
Place = tuple[float, float]
EdgeKind = Literal["best", "mechanism", "likeness"]
# Type of entity -> colour, mark and word for the legend; both ends stand in the first lines.
_LOOK: dict[str, tuple[str, str, str]] = {
    "drug": (style.PRIOR, "square", "drug"),
    "disease": (style.BASE, "diamond", "disease"),
    "Gene": (style.POPULARITY, "circle", "protein"),
    "Biological Process": (style.MECHANISM, "triangle-up", "process or pathway"),
    "Pathway": (style.MECHANISM, "triangle-up", "process or pathway"),
    "Pharmacologic Class": (style.TEXT_ALONE, "hexagon", "drug class"),
    "Symptom": (style.CONTRAINDICATED, "pentagon", "symptom or side effect"),
    "Side Effect": (style.CONTRAINDICATED, "pentagon", "symptom or side effect"),
}
# Kind of edge -> colour, width, dash, words for the legend.
_EDGES: dict[EdgeKind, tuple[str, float, str, str]] = {
    "best": (style.PRIOR, 3, "solid", "best path"),
    "mechanism": (style.RANDOM, 1.5, "solid", "other mechanisms"),
    "likeness": (style.RANDOM, 1.5, "dot", "by likeness"),
}
_OTHER = (style.RANDOM, "cross", "other")


def best_paths(explanation: Explanation, n: int = 10) -> list[tuple[PathGroup, Path]]:
    """Return the best paths, each with its kind: mechanisms first, likeness for what is left of n.

    Where there are both, each has at least a third of the places it can fill. Paths are left out
    once a column of the figure would hold more than can be told apart.
    """
    every = [(group, path) for group in explanation.groups for path in group.paths]
    every.sort(key=lambda pair: (not pair[0].is_mechanism, -pair[1].score))
    n_alike = sum(not group.is_mechanism for group, _ in every)
    n_mechanisms = n - min(n_alike, n // 3)
    kept: list[tuple[PathGroup, Path]] = []
    for group, path in every:
        room = n_mechanisms if group.is_mechanism else n
        columns = _columns([*(p for _, p in kept), path])
        if len(kept) < room and max(map(len, columns.values())) <= MAX_PER_COLUMN:
            kept.append((group, path))
    return kept


def paths_figure(graph: Graph, paths: Sequence[tuple[PathGroup, Path]]) -> go.Figure:
    """Return the entities of the paths in columns, the drug at the left, the disease at the right.

    Parameters
    ----------
    graph : Graph
    paths : sequence of (PathGroup, Path)
        Of one pair, as `best_paths` gives them. The first is drawn in colour, its relations in
        words; what argues by likeness alone is dotted.
    """
    import plotly.graph_objects as go

    only = [path for _, path in paths]
    places = _places(only)
    kinds: dict[tuple[int, int], EdgeKind] = {}
    for place, (group, path) in enumerate(paths):
        kind: EdgeKind = "best" if not place else "mechanism" if group.is_mechanism else "likeness"
        for step in path.steps:
            kinds.setdefault(_ends(step), kind)
    steps = {_ends(step): step for path in reversed(only) for step in path.steps}
    figure = go.Figure()
    for drawn in reversed(_EDGES):
        _add_edges(figure, places, [s for e, s in steps.items() if kinds[e] == drawn], drawn)
    _add_hover(figure, graph, places, list(steps.values()))
    _add_entities(figure, graph, places)
    n_rows = max((len(rows) for rows in _columns(only).values()), default=1)
    hidden = {"visible": False, "fixedrange": True}
    figure.update_layout(
        style.layout(
            86 + ROW_HEIGHT * max(n_rows, 2),
            showlegend=True,
            legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom"},
            annotations=[_words(places, step) for step in (only[0].steps if only else ())],
            xaxis=hidden | {"range": [-0.75, COLUMNS - 1 + 0.75]},
            yaxis=hidden | {"range": [-0.62, 0.55]},
        )
    )
    return figure


def _column(place: int, length: int) -> int:
    """Return the column of the entity at `place` on a path of `length` edges."""
    return round(place * (COLUMNS - 1) / length)


def _columns(paths: Sequence[Path]) -> dict[int, list[Node]]:
    """Return the entities of each column, in the order the paths bring them in.

    An entity on several paths stands where the best of them puts it. An edge that skips a column
    holds a place of its own there, so that it passes between the entities and not through one.
    """
    at: dict[Node, int] = {}
    for path in paths:
        for place, entity in enumerate(path.entities):
            at.setdefault(entity, _column(place, len(path.steps)))
    for step in (step for path in paths for step in path.steps):
        ends = _ends(step)
        low, high = sorted(at[end] for end in ends)
        for column in range(low + 1, high):
            at[*ends, column] = column
    columns: dict[int, list[Node]] = defaultdict(list)
    for node, column in at.items():
        columns[column].append(node)
    return columns


def _places(paths: Sequence[Path]) -> dict[Node, Place]:
    """Return x (column) and y (-0.5 to 0.5, the first at the top) of each entity and passage.

    Within a column they stand in the order of what they are tied to, so that few edges cross.
    """
    columns = _columns(paths)
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
    left, right = sorted(_ends(step), key=lambda end: at[end])
    between = range(at[left] + 1, at[right])
    return [left, *((*_ends(step), column) for column in between), right]


def _height(place: int, n: int) -> float:
    return 0.5 - (place + 0.5) / n


def _ends(step: Step) -> tuple[int, int]:
    return min(step.source, step.target), max(step.source, step.target)


def _line(places: dict[Node, Place], step: Step) -> list[Place]:
    """Return the points that an edge is drawn through; within a column it bends to the side."""
    left, right = sorted(_ends(step), key=lambda end: places[end][0])
    (x, y), (end_x, end_y) = places[left], places[right]
    if x == end_x:
        return [(x, y), (x + BEND, (y + end_y) / 2), (end_x, end_y)]
    between = [places[*_ends(step), column] for column in range(int(x) + 1, int(end_x))]
    return [(x, y), *between, (end_x, end_y)]


def _add_edges(
    figure: Any, places: dict[Node, Place], steps: Sequence[Step], kind: EdgeKind
) -> None:
    colour, width, dash, name = _EDGES[kind]
    lines = [_line(places, step) for step in steps]
    figure.add_scatter(
        x=[x for line in lines for x in (*(x for x, _ in line), None)],
        y=[y for line in lines for y in (*(y for _, y in line), None)],
        mode="lines",
        line={"color": colour, "width": width, "dash": dash, "shape": "spline", "smoothing": 0.6},
        opacity=0.9 if kind == "best" else 0.6,
        hoverinfo="skip",
        name=name,
        showlegend=bool(steps),
    )


def _add_hover(figure: Any, graph: Graph, places: dict[Node, Place], steps: Sequence[Step]) -> None:
    """Let the middle of every edge say what it is and where it comes from."""
    middles = [_middle(places, step) for step in steps]
    figure.add_scatter(
        x=[x for x, _ in middles],
        y=[y for _, y in middles],
        mode="markers",
        marker={"size": 16, "opacity": 0},
        hovertext=[
            f"{figure_text(graph.entity_names[s.source])} <b>{figure_text(s.words)}</b> "
            f"{figure_text(graph.entity_names[s.target])}<br>{figure_text(s.origin)}"
            for s in steps
        ],
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=False,
    )


def _add_entities(figure: Any, graph: Graph, places: dict[Node, Place]) -> None:
    looks: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for node in places:
        if isinstance(node, int):
            looks[_look(graph, node)].append(node)
    for (colour, symbol, word), entities in looks.items():
        figure.add_scatter(
            x=[places[e][0] for e in entities],
            y=[places[e][1] for e in entities],
            mode="markers+text",
            marker={"color": colour, "symbol": symbol, "size": 15},
            text=[_name(graph, e, places[e][0]) for e in entities],
            textposition=[_beside(places[e][0]) for e in entities],
            hovertext=[figure_text(graph.entity_names[e]) for e in entities],
            hovertemplate=f"%{{hovertext}}<extra>{word}</extra>",
            cliponaxis=False,
            name=word,
        )


def _beside(column: float) -> str:
    """Return where a name stands: those of the two ends beside the edges that meet there."""
    return {0: "middle left", COLUMNS - 1: "middle right"}.get(int(column), "bottom center")


def _name(graph: Graph, entity: int, column: float) -> str:
    is_end = int(column) in (0, COLUMNS - 1)
    width, n_lines = (END_WIDTH, 3) if is_end else (NAME_WIDTH, 2)
    lines = textwrap.wrap(plain(graph.entity_names[entity]), width)
    if len(lines) > n_lines:
        lines = [*lines[: n_lines - 1], f"{lines[n_lines - 1]}…"]
    return "<br>".join(figure_text(line, width + 1) for line in lines)


def _look(graph: Graph, entity: int) -> tuple[str, str, str]:
    kind = graph.type_of(entity)
    if kind in (graph.drug_type, graph.disease_type):
        return _LOOK["drug" if kind == graph.drug_type else "disease"]
    return _LOOK.get(kind, _OTHER)


def _middle(places: dict[Node, Place], step: Step) -> Place:
    """Return the middle of an edge's first part that stands clear of every entity."""
    (x, y), (other_x, other_y), *_ = _line(places, step)
    return (x + other_x) / 2, (y + other_y) / 2


def _words(places: dict[Node, Place], step: Step) -> dict[str, Any]:
    x, y = _middle(places, step)
    return {
        "x": x,
        "y": y,
        "text": figure_text(step.words),
        "showarrow": False,
        "yshift": 11,
        "font": {"size": 12, "color": style.PRIOR},
    }


def chain(graph: Graph, path: Path) -> str:
    """Return a path in words, not escaped: "Memantine —inhibits→ GRIN2B —is linked to→ ..."."""
    parts = [f"—{step.words}→ {graph.entity_names[step.target]}" for step in path.steps]
    return " ".join([graph.entity_names[path.entities[0]], *parts])


def paths_alt(graph: Graph, paths: Sequence[Path]) -> str:
    """Return the figure in one sentence."""
    if not paths:
        return "No path to show."
    shown = "; ".join(chain(graph, path) for path in paths[:3])
    rest = len(paths) - 3
    more = f"; {rest} more in the table" if rest > 0 else ""
    return f"The best paths, best first: {shown}{more}."


def paths_rows(graph: Graph, paths: Sequence[tuple[PathGroup, Path]]) -> list[dict[str, object]]:
    """Return one row for each path: what it is, its kind, its strength, its sources."""
    best: dict[bool, float] = {}
    for group, path in paths:
        best.setdefault(group.is_mechanism, path.score)
    return [
        {
            "Path": chain(graph, path),
            "Kind": group.title,
            "Argues from": "mechanism" if group.is_mechanism else "likeness",
            "Strength": 100 * path.score / best[group.is_mechanism],
            "Sources": "; ".join(dict.fromkeys(step.origin for step in path.steps)),
        }
        for group, path in paths
    ]
