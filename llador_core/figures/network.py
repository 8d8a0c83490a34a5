"""The picture of a network: entities as marks by type, ties as lines, in ECharts' own options.

Not to be confused with `neighbourhood.py`, the sectors of the case study.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from llador_core.escape import canvas_text, tooltip_html
from llador_core.explain.neighbourhood import Surroundings, Tie, tie_sentences
from llador_core.figures import style
from llador_core.figures.looks import looks
from llador_core.figures.network_layout import Places
from llador_core.graph import Graph

NARROW_PX = 520
STRETCH, STRETCH_OF_CROWD = (1.7, 1.0), (1.25, 1.0)  # a picture is wide
STRETCH_NARROW = (0.95, 1.4)  # on a phone it is tall
CROWD = 120  # neighbours
MAX_LABEL = 22
N_FACTS = 6  # in a tooltip


def is_crowd(shown: Surroundings) -> bool:
    """Return whether a picture needs a taller frame; expanding does not change that."""
    return shown.n_shown > CROWD


def network_options(
    graph: Graph,
    shown: Surroundings,
    places: Places,
    *,
    caption: str,
    is_dark: bool = False,
    selected: int | None = None,
    marked: Collection[int] = (),
    path: Collection[tuple[int, int]] = (),
) -> dict[str, Any]:
    """Return the ECharts options of the picture.

    Parameters
    ----------
    graph : Graph
    shown : Surroundings
    places : dict of entity to (x, y)
        As `network_places` gives them.
    caption : str
        Below the picture, so that a saved image says what it is and for what.
    is_dark : bool
    selected : int or None
        Drawn with a thick ring.
    marked : collection of int
        Drawn with a ring, as the focus and what is expanded are.
    path : collection of (entity, entity)
        Ties to draw strongly, either way round.
    """
    present = {graph.type_of(e) for e in shown.entities}
    types = [name for name in graph.type_names if name in present]
    look = looks(graph.type_names)
    ink = "#E3EAEC" if is_dark else "#0F1B22"
    rings = {*marked, *shown.expanded, shown.focus}
    nodes = _nodes(graph, shown, types, ink, selected, rings)
    spots = [places[entity] for entity in shown.entities]
    series: dict[str, Any] = {
        "type": "graph",
        "layout": "none",
        "roam": True,
        "scaleLimit": {"min": 0.5, "max": 6},
        "selectedMode": "single",
        "top": 46,
        "bottom": 66,
        "left": "6%",
        "right": "6%",
        "categories": [
            {
                "name": canvas_text(name),
                "symbol": look[name].symbol,
                "itemStyle": {"color": look[name].colour},
            }
            for name in types
        ],
        "data": _placed(nodes, spots, STRETCH_OF_CROWD if is_crowd(shown) else STRETCH),
        "links": _links(graph, shown, ink, path),
        "label": {"show": True, "position": "bottom", "distance": 3, "fontSize": 11, "color": ink},
        "labelLayout": {"hideOverlap": True},
        "emphasis": {"focus": "adjacency", "label": {"show": True, "fontWeight": "bold"}},
        "blur": {"itemStyle": {"opacity": 0.2}, "lineStyle": {"opacity": 0.05}},
        "select": {"itemStyle": {}, "label": {"show": True}},
        "preserveAspect": True,
        "animation": False,
    }
    # A finger that drags must scroll the page of a phone, not the picture.
    narrow: dict[str, Any] = {
        "data": _placed(nodes, spots, STRETCH_NARROW),
        "roam": "scale",
        "top": 84,
        "bottom": 92,
        "left": "11%",
        "right": "11%",
    }
    legend: dict[str, Any] = {
        "top": 0,
        "left": "center",
        "selectedMode": False,
        "itemGap": 14,
        "itemWidth": 14,
    }
    names = [
        {"name": canvas_text(name), "icon": look[name].symbol, "textStyle": {"color": ink}}
        for name in types
    ]
    footer: dict[str, Any] = {"text": canvas_text(caption), "left": "center", "bottom": 0}
    footer["textStyle"] = {
        "fontSize": 11,
        "fontWeight": "normal",
        "fontFamily": "sans-serif",
        "color": "#9DB0B8" if is_dark else style.KNOWN,
        "width": 780,
        "overflow": "break",
        "lineHeight": 15,
    }
    return {
        "baseOption": {
            "tooltip": {"confine": True, "enterable": False},
            "legend": legend | {"data": names, "itemGap": 14},
            "title": footer,
            "series": [series],
        },
        "media": [
            {
                "query": {"maxWidth": NARROW_PX},
                "option": {
                    "series": [narrow],
                    "title": {"textStyle": {"width": 330, "fontSize": 10, "lineHeight": 14}},
                    "legend": {"itemGap": 8},
                },
            }
        ],
    }


def _nodes(
    graph: Graph,
    shown: Surroundings,
    types: list[str],
    ink: str,
    selected: int | None,
    rings: Collection[int],
) -> list[dict[str, Any]]:
    """Return the marks without their places."""
    nodes = []
    for i, member in enumerate(shown.members):
        entity = member.entity
        is_focus, has_ring = entity == shown.focus, entity in rings
        stands_out = has_ring or entity == selected
        size = 30 if is_focus else 21 if stands_out else max(11, 17 - i // 10)
        node: dict[str, Any] = {
            "id": str(i),
            "name": canvas_text(graph.entity_names[entity], MAX_LABEL),
            "category": types.index(graph.type_of(entity)),
            "symbolSize": size,
            "tooltip": {"formatter": _node_html(graph, entity)},
        }
        if stands_out:
            width = 4 if entity == selected else 2
            node["itemStyle"] = {"borderColor": ink, "borderWidth": width}
            node["label"] = {"fontSize": 13 if is_focus else 12, "fontWeight": "bold"}
        nodes.append(node)
    return nodes


def _node_html(graph: Graph, entity: int) -> str:
    name, kind = graph.entity_names[entity], graph.type_of(entity)
    ties = style.count(int(graph.degree[entity]), "fact")
    return f"<b>{tooltip_html(name)}</b><br>{tooltip_html(kind)}, {ties}"


def _placed(
    marks: list[dict[str, Any]],
    spots: Sequence[tuple[float, float]],
    stretch: tuple[float, float],
) -> list[dict[str, Any]]:
    return [
        mark | {"x": round(x * stretch[0] * 100, 1), "y": round(y * stretch[1] * 100, 1)}
        for mark, (x, y) in zip(marks, spots, strict=True)
    ]


def _links(
    graph: Graph, shown: Surroundings, ink: str, path: Collection[tuple[int, int]]
) -> list[dict[str, Any]]:
    place = {entity: i for i, entity in enumerate(shown.entities)}
    on_path = {frozenset(ends) for ends in path}
    links = []
    for tie in shown.ties:
        link: dict[str, Any] = {
            "source": place[tie.a],
            "target": place[tie.b],
            "tooltip": {"formatter": _tie_html(graph, tie)},
            "lineStyle": _line(graph, tie),
        }
        if frozenset((tie.a, tie.b)) in on_path:
            link["lineStyle"] = {"color": ink, "width": 3.5, "opacity": 0.9}
        links.append(link)
    return links


def _line(graph: Graph, tie: Tie) -> dict[str, Any]:
    """Return how a tie is drawn: treatments thick, contraindications dashed, the rest thin."""
    roles = {graph.relations[r].role for _, r, _ in tie.facts}
    if "contraindicated" in roles:
        colour = style.CONTRAINDICATED
        return {"color": colour, "width": 1.6, "type": "dashed", "opacity": 0.8}
    if roles & {"treats", "palliates"}:
        return {"color": style.PRIOR, "width": 2.2, "opacity": 0.75}
    return {"color": style.RANDOM, "width": 1, "opacity": 0.3}


def _tie_html(graph: Graph, tie: Tie) -> str:
    told = [tooltip_html(sentence) for sentence in tie_sentences(graph, tie)]
    more = [f"and {len(told) - N_FACTS} more"] * (len(told) > N_FACTS)
    return "<br>".join([*told[:N_FACTS], *more])


def network_alt(graph: Graph, shown: Surroundings) -> str:
    """Return the picture in one sentence."""
    name = graph.entity_names[shown.focus]
    if len(shown.members) == 1:
        return f"{name} stands alone: nothing is tied to it here."
    counts: dict[str, int] = {}
    for member in shown.members[1:]:
        kind = graph.type_of(member.entity)
        counts[kind] = counts.get(kind, 0) + 1
    parts = [f"{n:,} of type {kind}" for kind, n in sorted(counts.items(), key=lambda k: -k[1])]
    return (
        f"{name} and {style.count(len(shown.members) - 1, 'entity', 'entities')} around it "
        f"({style.listed(parts, len(parts))}), held together by "
        f"{style.count(len(shown.ties), 'tie')}."
    )


def network_rows(graph: Graph, shown: Surroundings) -> list[dict[str, Any]]:
    """Return one row for each entity of the picture but the focus, in the order of showing."""
    ties = {(tie.a, tie.b): tie for tie in shown.ties}
    rows = []
    for i, member in enumerate(shown.members[1:], start=1):
        via = shown.focus if member.via is None else member.via
        tie = ties.get((via, member.entity))
        told = tie_sentences(graph, tie) if tie else []
        rows.append(
            {
                "Order": i,
                "Name": graph.entity_names[member.entity],
                "Type": graph.type_of(member.entity),
                "Tied to": graph.entity_names[via] if told else "",
                "How": "; ".join(told),
                "Relevance": member.relevance,
                "Facts": int(graph.degree[member.entity]),
                "Id": graph.entity_ids[member.entity],
            }
        )
    return rows
