"""The best paths from a drug to a disease, read from left to right."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from llador_core.escape import figure_text, plain
from llador_core.explain import Explanation, Path, PathGroup, Step
from llador_core.figures import style
from llador_core.graph import Graph

if TYPE_CHECKING:
    import plotly.graph_objects as go

COLUMNS = 5  # both ends and three between, as many as the longest path needs
ROW_HEIGHT = 50
MAX_PER_COLUMN = 9
NAME_WIDTH, END_WIDTH = 18, 13  # characters of a line; a name has two lines, an end's three
BEND = 0.2
Node = int | tuple[int, int, int]  # an entity, or where an edge (its ends) passes a column
Place = tuple[float, float]
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
_OTHER = (style.RANDOM, "cross", "other")


def best_paths(explanation: Explanation, n: int = 10) -> list[tuple[PathGroup, Path]]:
    """Return the paths with the highest scores of all kinds, best first, each with its kind.

    Paths are left out once a column of the figure would hold more than can be told apart.
    """
    every = [(group, path) for group in explanation.groups for path in group.paths]
    every.sort(key=lambda pair: -pair[1].score)
    kept: list[tuple[PathGroup, Path]] = []
    for group, path in every:
        if len(kept) == n:
            break
        columns = _columns([*(p for _, p in kept), path])
        if max(map(len, columns.values())) <= MAX_PER_COLUMN:
            kept.append((group, path))
    return kept


def paths_figure(graph: Graph, paths: Sequence[Path]) -> go.Figure:
    """Return the entities of the paths in columns, the drug at the left, the disease at the right.

    Parameters
    ----------
    graph : Graph
    paths : sequence of Path
        Of one pair, best first. The first is drawn in colour, its relations in words.
    """
    import plotly.graph_objects as go

    places = _places(paths)
    figure = go.Figure()
    first = {_ends(step) for step in paths[0].steps} if paths else set()
    steps = {_ends(step): step for path in reversed(paths) for step in path.steps}
    for is_first in (False, True):
        some = [step for ends, step in steps.items() if (ends in first) is is_first]
        _add_edges(figure, places, some, is_first)
    _add_hover(figure, graph, places, list(steps.values()))
    _add_entities(figure, graph, places)
    n_rows = max((len(rows) for rows in _columns(paths).values()), default=1)
    hidden = {"visible": False, "fixedrange": True}
    figure.update_layout(
        style.layout(
            86 + ROW_HEIGHT * max(n_rows, 2),
            showlegend=True,
            legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom"},
            annotations=[_words(places, step) for step in (paths[0].steps if paths else ())],
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
    figure: Any, places: dict[Node, Place], steps: Sequence[Step], is_first: bool
) -> None:
    lines = [_line(places, step) for step in steps]
    figure.add_scatter(
        x=[x for line in lines for x in (*(x for x, _ in line), None)],
        y=[y for line in lines for y in (*(y for _, y in line), None)],
        mode="lines",
        line={
            "color": style.PRIOR if is_first else style.RANDOM,
            "width": 3 if is_first else 1.5,
            "shape": "spline",
            "smoothing": 0.6,
        },
        opacity=0.9 if is_first else 0.5,
        hoverinfo="skip",
        name="best path" if is_first else "other paths",
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
    best = paths[0][1].score if paths else 1.0
    return [
        {
            "Path": chain(graph, path),
            "Kind": group.title,
            "Strength": 100 * path.score / best,
            "Sources": "; ".join(dict.fromkeys(step.origin for step in path.steps)),
        }
        for group, path in paths
    ]
