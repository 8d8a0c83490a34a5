"""What the graph knows of one entity: its neighbours, grouped by what ties them to it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llador_core.escape import figure_text
from llador_core.figures import style
from llador_core.graph import Graph, Relation, Role

if TYPE_CHECKING:
    import plotly.graph_objects as go

FIRST_RING, RING_GAP, DOT_GAP = 0.62, 0.135, 0.105  # of the figure's half width
CLEAR = 0.52  # the part of each spoke left out around the name in the middle
MAX_DOTS = 300  # more cannot be told apart, and the browser has to draw each
MAX_RINGS = 4  # the next one would leave the figure


@dataclass(frozen=True)
class Group:
    """Neighbours that stand in the same relation to the entity.

    Attributes
    ----------
    role : Role or None
    one, many : str
        What one of them is and what they are, in plain words: "drug to avoid", "drugs to avoid".
    names : tuple of str
        Best-connected first.
    """

    role: Role | None
    one: str
    many: str
    names: tuple[str, ...]

    @property
    def words(self) -> str:
        """What the neighbours are, in the number they are."""
        return self.one if len(self.names) == 1 else self.many


# Role and whether the entity asked for is the head -> one and many, in plain words.
_WORDS: dict[tuple[Role | None, bool], tuple[str, str]] = {
    ("treats", False): ("treatment", "treatments"),
    ("palliates", False): ("drug that eases it", "drugs that ease it"),
    ("contraindicated", False): ("drug to avoid", "drugs to avoid"),
    ("associates", True): ("linked gene", "linked genes"),
    ("participates", True): ("process or pathway", "processes and pathways"),
    ("presents", True): ("symptom", "symptoms"),
    ("localizes", True): ("body part", "body parts"),
    ("resembles", True): ("similar disease", "similar diseases"),
    ("treats", True): ("disease it treats", "diseases it treats"),
    ("palliates", True): ("disease it eases", "diseases it eases"),
    ("contraindicated", True): ("disease to avoid it in", "diseases to avoid it in"),
    ("causes", True): ("side effect", "side effects"),
    ("includes", False): ("drug class", "drug classes"),
    ("inhibits", True): ("protein it inhibits", "proteins it inhibits"),
    ("activates", True): ("protein it activates", "proteins it activates"),
    ("binds", True): ("protein it binds", "proteins it binds"),
    ("targets", True): ("protein it acts on", "proteins it acts on"),
    ("interacts", True): ("interacting protein", "interacting proteins"),
    ("inhibits", False): ("drug that inhibits it", "drugs that inhibit it"),
    ("activates", False): ("drug that activates it", "drugs that activate it"),
    ("binds", False): ("drug that binds it", "drugs that bind it"),
    ("targets", False): ("drug that acts on it", "drugs that act on it"),
    ("causes", False): ("drug that can cause it", "drugs that can cause it"),
    ("presents", False): ("disease it is a symptom of", "diseases it is a symptom of"),
    ("localizes", False): ("disease that occurs in it", "diseases that occur in it"),
}
# The same where the other end may be of several types: "linked disease", "linked compound".
_WORDS_OF_KIND: dict[tuple[Role | None, bool], tuple[str, str]] = {
    ("associates", False): ("linked {kind}", "linked {kind}s"),
    ("participates", False): ("{kind} that takes part in it", "{kind}s that take part in it"),
    ("includes", True): ("{kind} that belongs to it", "{kind}s that belong to it"),
}
_ORDER = tuple(role for role, _ in _WORDS)
_LOOK: dict[Role | None, tuple[str, str]] = {
    "treats": (style.PRIOR, "square"),
    "palliates": (style.PRIOR, "diamond"),
    "contraindicated": (style.CONTRAINDICATED, "x"),
    "associates": (style.POPULARITY, "circle"),
    "participates": (style.MECHANISM, "triangle-up"),
    "presents": (style.BASE, "circle-open-dot"),
    "localizes": (style.KNOWN, "pentagon"),
    "resembles": (style.TEXT_ALONE, "hexagon"),
}


def neighbour_groups(graph: Graph, entity: int) -> list[Group]:
    """Return the neighbours of an entity by role and direction, treatment first."""
    edges = graph.neighbours(entity)
    members: dict[tuple[Role | None, tuple[str, str]], set[int]] = {}
    for other, relation, is_out in zip(
        edges.entity.tolist(), edges.relation.tolist(), edges.is_outgoing.tolist(), strict=True
    ):
        spec = graph.relations[relation]
        # A role whose two ends are of one type reads the same from both.
        both_ways = spec.is_symmetric or graph.type_of(other) == graph.type_of(entity)
        words = _group_words(graph, other, spec, is_out, both_ways)
        if spec.role == "resembles" and graph.type_of(other) == graph.drug_type:
            words = ("similar drug", "similar drugs")
        members.setdefault((spec.role, words), set()).add(other)
    groups = [
        Group(role, *words, tuple(graph.entity_names[i] for i in _by_degree(graph, found)))
        for (role, words), found in members.items()
    ]
    return sorted(groups, key=_place)


def _kinds(one: str) -> tuple[str, str]:
    return one, f"{one}s"


def _group_words(
    graph: Graph, other: int, spec: Relation, is_out: bool, both_ways: bool
) -> tuple[str, str]:
    """Return what one neighbour is to the entity, and what several are."""
    kind = graph.type_of(other).lower()
    said = f"{kind}: {spec.words if is_out else spec.inverse_words}"
    key = (spec.role, is_out or both_ways)
    if spec.role == "includes" and both_ways:
        # The hierarchy of diseases: from which side it is read matters.
        return _kinds(f"{'narrower' if said.endswith(': includes') else 'broader'} {kind}")
    if key in _WORDS:
        return _WORDS[key]
    if key in _WORDS_OF_KIND:
        one, many = _WORDS_OF_KIND[key]
        return one.format(kind=kind), many.format(kind=kind)
    return said, said


def _by_degree(graph: Graph, entities: set[int]) -> list[int]:
    return sorted(entities, key=lambda i: (-int(graph.degree[i]), graph.entity_names[i]))


def _place(group: Group) -> tuple[int, str]:
    known = group.role in _ORDER
    return (_ORDER.index(group.role) if known else len(_ORDER), group.many)


def neighbourhood_figure(name: str, groups: Sequence[Group], height: int = 470) -> go.Figure:
    """Return the entity in the middle and every neighbour as a dot in the sector of its group.

    Parameters
    ----------
    name : str
        The entity in the middle.
    groups : sequence of Group
        As `neighbour_groups` gives them. Where they hold more than 300 neighbours, or a group more
        than its sector has room for, the best-connected ones are shown and the label says how many
        there are.
    height : int
        Pixels.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    spokes_x: list[float | None] = []
    spokes_y: list[float | None] = []
    labels = []
    for group, (start, end), shown in _sectors(groups):
        dots = _dots(shown, start, end)
        for x, y in dots:
            spokes_x += [x * CLEAR, x, None]
            spokes_y += [y * CLEAR, y, None]
        colour, symbol = _LOOK.get(group.role, (style.RANDOM, "circle"))
        figure.add_scatter(
            x=[x for x, _ in dots],
            y=[y for _, y in dots],
            mode="markers",
            marker={"color": colour, "symbol": symbol, "size": 11},
            hovertext=[figure_text(n) for n in group.names[:shown]],
            hovertemplate=f"%{{hovertext}}<extra>{figure_text(group.words)}</extra>",
        )
        labels.append(_label(group, (start + end) / 2, max(math.hypot(x, y) for x, y in dots)))
    spokes = go.Scatter(x=spokes_x, y=spokes_y, mode="lines", hoverinfo="skip")
    spokes.line = {"color": style.GRID, "width": 1}
    figure.add_trace(spokes)
    figure.data = (figure.data[-1], *figure.data[:-1])
    middle = {"text": f"<b>{_wrapped(name, 16)}</b>", "x": 0, "y": 0, "font": {"size": 16}}
    hidden = {"visible": False, "fixedrange": True}
    figure.update_layout(
        style.layout(
            height,
            annotations=[*labels, middle | {"showarrow": False}],
            xaxis=hidden | {"range": [-1.8, 1.8]},
            yaxis=hidden | {"range": [-1.18, 1.18]},
        )
    )
    return figure


def _sectors(groups: Sequence[Group]) -> list[tuple[Group, tuple[float, float], int]]:
    """Return each group with its angles (radians, clockwise from the top) and its dots."""
    most = MAX_DOTS  # of one group: the largest give way first, so that small ones stay whole
    while most > 1 and sum(min(len(g.names), most) for g in groups) > MAX_DOTS:
        most -= 1
    shown = [min(len(g.names), most) for g in groups]
    # The root keeps a group of one visible beside a group of a hundred.
    weights = np.sqrt(np.array(shown, dtype=float)) + 0.8
    ends = np.cumsum(weights / weights.sum()) * 2 * math.pi
    sectors = []
    for group, n, end, width in zip(groups, shown, ends, np.diff(ends, prepend=0.0), strict=True):
        gap = min(0.09, width / 4)
        start, stop = float(end - width + gap), float(end - gap)
        room = sum(_room(ring, start, stop) for ring in range(MAX_RINGS))
        sectors.append((group, (start, stop), min(n, room)))
    return sectors


def _dots(n: int, start: float, end: float) -> list[tuple[float, float]]:
    """Return `n` places in a sector, on as few rings as hold them, evenly filled."""
    n_rings, room = 0, 0
    while room < n:
        room += _room(n_rings, start, end)
        n_rings += 1
    places: list[tuple[float, float]] = []
    for ring in range(n_rings):
        share = _room(ring, start, end) / room
        here = n - len(places) if ring == n_rings - 1 else max(1, round(n * share))
        here = min(here, n - len(places))
        radius = FIRST_RING + ring * RING_GAP
        for i in range(here):
            angle = start + (end - start) * (i + 0.5) / here
            places.append((radius * math.sin(angle), radius * math.cos(angle)))
    return places


def _room(ring: int, start: float, end: float) -> int:
    """Return how many dots a ring of a sector holds."""
    return max(1, int((end - start) * (FIRST_RING + ring * RING_GAP) / DOT_GAP))


def _label(group: Group, angle: float, reach: float) -> dict[str, object]:
    x, y = math.sin(angle), math.cos(angle)
    side = "center" if abs(x) < 0.35 else "left" if x > 0 else "right"
    return {
        "x": x * (reach + 0.1),
        "y": y * (reach + 0.1),
        "text": f"<b>{len(group.names):,}</b> " + _wrapped(group.words),
        "showarrow": False,
        "xanchor": side,
        "yanchor": "middle" if abs(y) < 0.8 else "bottom" if y > 0 else "top",
        "align": side,
        "font": {"size": 13},
    }


def _wrapped(words: str, width: int = 13) -> str:
    import textwrap

    return "<br>".join(figure_text(line) for line in textwrap.wrap(words, width))


def neighbourhood_alt(name: str, groups: Sequence[Group]) -> str:
    """Return the figure in one sentence."""
    parts = [f"{len(g.names):,} {g.words}" for g in groups]
    if not parts:
        return f"{name} has no neighbours in the graph."
    total = style.count(sum(len(g.names) for g in groups), "neighbour")
    return f"{name} and its {total} in the graph: {style.listed(parts, len(parts))}."


def neighbourhood_rows(groups: Sequence[Group]) -> list[dict[str, str]]:
    """Return one row for each neighbour: what it is to the entity, and its name."""
    return [{"Tie": g.words, "Name": name} for g in groups for name in g.names]
