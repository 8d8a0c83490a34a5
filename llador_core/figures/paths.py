"""The best paths from a drug to a disease, read from left to right."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from llador_core.escape import figure_text, plain
from llador_core.explain import Explanation, Path, PathGroup, Step
from llador_core.figures import style
from llador_core.figures.path_places import (
    COLUMNS,
    Node,
    Place,
    columns_of,
    ends_of,
    line_of,
    middle_of,
    places_of,
)
from llador_core.graph import Graph

if TYPE_CHECKING:
    import plotly.graph_objects as go

ROW_HEIGHT, STOREY = 55, 92  # from name to name, and from column to column where it stands up
MAX_PER_COLUMN, MAX_UPRIGHT = 9, 4
N_PATHS, N_UPRIGHT = 10, 4
NAME_WIDTH, END_WIDTH = 18, 13  # characters of a line; a name has two lines, an end's three
UPRIGHT_WIDTH = 12
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


def best_paths(explanation: Explanation, is_narrow: bool = False) -> list[tuple[PathGroup, Path]]:
    """Return the best paths, each with its kind: mechanisms first, likeness for what is left.

    At most `N_PATHS`, or `N_UPRIGHT` for a phone. Where there are both, each has at least a third
    of the places it can fill. Paths are left out once a column of the figure would hold more than
    can be told apart.
    """
    n, most = (N_UPRIGHT, MAX_UPRIGHT) if is_narrow else (N_PATHS, MAX_PER_COLUMN)
    every = [(group, path) for group in explanation.groups for path in group.paths]
    every.sort(key=lambda pair: (not pair[0].is_mechanism, -pair[1].score))
    n_alike = sum(not group.is_mechanism for group, _ in every)
    n_mechanisms = n - min(n_alike, n // 3)
    kept: list[tuple[PathGroup, Path]] = []
    for group, path in every:
        room = n_mechanisms if group.is_mechanism else n
        columns = columns_of([*(p for _, p in kept), path])
        if len(kept) < room and max(map(len, columns.values())) <= most:
            kept.append((group, path))
    return kept


def paths_figure(
    graph: Graph, paths: Sequence[tuple[PathGroup, Path]], is_narrow: bool = False
) -> go.Figure:
    """Return the entities of the paths in columns, the drug at the left, the disease at the right.

    On a phone the drug stands at the top and the disease at the bottom.

    Parameters
    ----------
    graph : Graph
    paths : sequence of (PathGroup, Path)
        Of one pair, as `best_paths` gives them. The first is drawn in colour, its relations in
        words; what argues by likeness alone is dotted.
    is_narrow : bool
        For a phone.
    """
    import plotly.graph_objects as go

    only = [path for _, path in paths]
    places = places_of(only)
    kinds: dict[tuple[int, int], EdgeKind] = {}
    for place, (group, path) in enumerate(paths):
        kind: EdgeKind = "best" if not place else "mechanism" if group.is_mechanism else "likeness"
        for step in path.steps:
            kinds.setdefault(ends_of(step), kind)
    steps = {ends_of(step): step for path in reversed(only) for step in path.steps}
    figure = go.Figure()
    for drawn in reversed(_EDGES):
        _add_edges(figure, places, [s for e, s in steps.items() if kinds[e] == drawn], drawn)
    _add_hover(figure, graph, places, list(steps.values()))
    _add_entities(figure, graph, places, UPRIGHT_WIDTH if is_narrow else NAME_WIDTH)
    n_rows = max((len(rows) for rows in columns_of(only).values()), default=1)
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
    if is_narrow:
        _stand_up(figure)
    return figure


def _stand_up(figure: go.Figure) -> None:
    """Turn the figure: from left to right becomes from top to bottom."""
    for trace in figure.data:
        across = [None if y is None else -y for y in trace.y]
        down = [None if x is None else -x for x in trace.x]
        trace.x, trace.y = across, down
        if trace.mode == "markers+text":
            trace.textposition = ["top center" if not y else "bottom center" for y in down]
    for words in figure.layout.annotations:
        words.x, words.y, words.yshift, words.xshift = -words.y, -words.x, 0, 6
        words.xanchor = "left"
    figure.update_layout(
        height=135 + STOREY * COLUMNS,
        xaxis_range=[-0.5, 0.5],
        yaxis_range=[-(COLUMNS - 1) - 0.65, 0.75],
    )


def _add_edges(
    figure: Any, places: dict[Node, Place], steps: Sequence[Step], kind: EdgeKind
) -> None:
    colour, width, dash, name = _EDGES[kind]
    lines = [line_of(places, step) for step in steps]
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
    middles = [middle_of(places, step) for step in steps]
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


def _add_entities(figure: Any, graph: Graph, places: dict[Node, Place], width: int) -> None:
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
            text=[_name(graph, e, places[e][0], width) for e in entities],
            textposition=[_beside(places[e][0]) for e in entities],
            hovertext=[figure_text(graph.entity_names[e]) for e in entities],
            hovertemplate=f"%{{hovertext}}<extra>{word}</extra>",
            cliponaxis=False,
            name=word,
        )


def _beside(column: float) -> str:
    """Return where a name stands: those of the two ends beside the edges that meet there."""
    return {0: "middle left", COLUMNS - 1: "middle right"}.get(int(column), "bottom center")


def _name(graph: Graph, entity: int, column: float, width: int) -> str:
    is_end = int(column) in (0, COLUMNS - 1)
    width, n_lines = (END_WIDTH, 3) if is_end else (width, 2)
    lines = textwrap.wrap(plain(graph.entity_names[entity]), width, break_long_words=False)
    if len(lines) > n_lines:
        lines = [*lines[: n_lines - 1], f"{lines[n_lines - 1]}…"]
    return "<br>".join(figure_text(line, width + 2) for line in lines)


def _look(graph: Graph, entity: int) -> tuple[str, str, str]:
    kind = graph.type_of(entity)
    if kind in (graph.drug_type, graph.disease_type):
        return _LOOK["drug" if kind == graph.drug_type else "disease"]
    return _LOOK.get(kind, _OTHER)


def _words(places: dict[Node, Place], step: Step) -> dict[str, Any]:
    x, y = middle_of(places, step)
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
