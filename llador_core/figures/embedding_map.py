"""Two runs in one map: everybody as a dot, and arrows for those that matter.

Dots are drawn by WebGL, so that 70,000 of them stay fluent, and places are sent as binary numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from llador_core.escape import figure_text
from llador_core.figures import style
from llador_core.figures.map_layers import Layer
from llador_core.figures.map_window import names_beside, window
from llador_core.projection.geometry import UNRELATED

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from llador_core.projection.maps import EmbeddingMap

Kind = Literal["disease", "known", "avoid", "candidate", "picked"]
Places = Literal["run", "base"]

MAX_NAMED = 30_000  # dots that carry their name; those of larger layers are told by the table
CROWDED = 20_000  # more dots than this are drawn smaller and paler
_TRACES_OF_ARROWS = 4
_TOOLBAR = {"bgcolor": "rgba(0,0,0,0)", "color": style.RANDOM, "activecolor": style.PRIOR}
_LOOK: dict[Kind, tuple[str, str, str, int]] = {
    "disease": ("the disease", style.CONTRAINDICATED, "star", 17),
    "known": ("known treatment", style.KNOWN, "square", 11),
    "candidate": ("proposed", style.PRIOR, "diamond", 12),
    "avoid": ("proposed, to avoid", style.CONTRAINDICATED, "x", 11),
    "picked": ("looked for", style.BASE, "hexagon", 15),
}
# A map is there to be moved about in; the toolbar's own download would lack the notice.
MAP_CONFIG: dict[str, Any] = {
    "displayModeBar": True,
    "displaylogo": False,
    "scrollZoom": True,
    "doubleClick": "reset",
    "modeBarButtons": [
        ["pan2d", "lasso2d", "select2d"],
        ["zoomIn2d", "zoomOut2d", "resetScale2d"],
    ],
}


@dataclass(frozen=True)
class Arrow:
    """An entity shown with the way it went.

    Attributes
    ----------
    entity : int
    name : str
    kind : Kind
    note : str
        What the hover says besides, e.g. its rank.
    """

    entity: int
    name: str
    kind: Kind
    note: str = ""


@dataclass(frozen=True, eq=False)
class Scene:
    """What a map shows.

    Attributes
    ----------
    found : EmbeddingMap
    places : "run" or "base"
        Where the dots stand.
    layers : sequence of Layer
    arrows : sequence of Arrow
    names : sequence of str
        Of all entities, already escaped for figures.
    ids : sequence of str
        Of all entities.
    area : float array of shape (n, 2) or None
        The corners of a marked area.
    is_zoomed : bool
        Show the marked area only.
    is_narrow : bool
        Drawn for a phone.
    """

    found: EmbeddingMap
    places: Places
    layers: Sequence[Layer]
    arrows: Sequence[Arrow]
    names: Sequence[str]
    ids: Sequence[str]
    area: NDArray[np.float64] | None = None
    is_zoomed: bool = False
    is_narrow: bool = False

    @property
    def xy(self) -> NDArray[np.float32]:
        """Where the dots stand, shape (n_entities, 2)."""
        return self.found.run_xy if self.places == "run" else self.found.base_xy

    @property
    def n_dots(self) -> int:
        return sum(len(layer.entities) for layer in self.layers)

    @property
    def ordered_layers(self) -> list[Layer]:
        """The layers as they are drawn: small ones last, so that large ones do not hide them."""
        return sorted(self.layers, key=lambda layer: -len(layer.entities))

    @property
    def arrows_by_kind(self) -> list[tuple[Kind, list[Arrow]]]:
        """The arrows as they are drawn, a trace or several for each kind there is."""
        kinds = ((kind, [a for a in self.arrows if a.kind == kind]) for kind in _LOOK)
        return [(kind, some) for kind, some in kinds if some]


def embedding_map_figure(scene: Scene, height: int = 540) -> go.Figure:
    """Return the map: dots, and arrows from the place in the base to that in the run.

    Parameters
    ----------
    scene : Scene
    height : int
        Pixels.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    n_left = scene.n_dots
    for layer in scene.ordered_layers:  # of what is too much to name, the largest layers go first
        figure.add_trace(_dots(scene, layer, is_named=n_left <= MAX_NAMED))
        n_left -= len(layer.entities)
    for kind, some in scene.arrows_by_kind:
        figure.add_traces(_arrows(scene.found, some, kind))
    if scene.area is not None:
        x, y = np.vstack([scene.area, scene.area[:1]]).T
        edge = go.Scattergl(x=x, y=y, mode="lines", hoverinfo="skip", name="marked area")
        edge.line = {"color": style.BASE, "width": 2, "dash": "dash"}
        figure.add_trace(edge)
    x_range, y_range = window(scene)
    labels, x_range = names_beside(scene, x_range, y_range)
    hidden = {"visible": False, "zeroline": False}
    figure.update_layout(
        style.layout(
            height,
            dragmode="pan",
            showlegend=True,
            legend={
                "orientation": "h",
                "yanchor": "top",
                "y": 0,
                "x": 0,
                "itemclick": False,
                "itemdoubleclick": False,
                "itemsizing": "constant",
                "font": {"size": 12},
            },
            margin={"l": 0, "r": 0, "t": 0, "b": 0},
            xaxis=hidden | {"range": x_range},
            yaxis=hidden | {"range": y_range, "scaleanchor": "x", "scaleratio": 1},
            annotations=labels,
            modebar=_TOOLBAR,
        )
    )
    return figure


def entity_at(scene: Scene, curve: int, point: int) -> int | None:
    """Return the entity that a click on the figure met; None for what stands for nobody."""
    drawn: list[Sequence[int]] = [layer.entities.tolist() for layer in scene.ordered_layers]
    for _, some in scene.arrows_by_kind:
        drawn += [[], *[[arrow.entity for arrow in some]] * (_TRACES_OF_ARROWS - 1)]
    is_there = 0 <= curve < len(drawn) and 0 <= point < len(drawn[curve])
    return drawn[curve][point] if is_there else None


def _dots(scene: Scene, layer: Layer, is_named: bool) -> go.Scattergl:
    """Return a layer as dots; without names it is a third of the size and keeps silent."""
    import plotly.graph_objects as go

    xy, found = scene.xy[layer.entities], scene.found
    label = figure_text(layer.label, 34)
    is_crowded = scene.n_dots > CROWDED
    told: dict[str, Any] = {"hoverinfo": "skip"}
    if is_named:
        measured = np.column_stack([found.shift[layer.entities], found.kept[layer.entities]])
        told = {
            "text": [scene.names[i] for i in layer.entities.tolist()],
            "customdata": measured.astype(np.float32),
            "hovertemplate": "<b>%{text}</b><br>shift %{customdata[0]:.2f}, keeps "
            f"%{{customdata[1]:d}} of {found.n_nearest} neighbours<extra>{label}</extra>",
        }
    return go.Scattergl(
        x=xy[:, 0],
        y=xy[:, 1],
        mode="markers",
        name=label,
        marker={
            "color": layer.colour,
            "symbol": layer.symbol,
            "size": layer.size * (0.65 if is_crowded else 1),
            "opacity": 0.3 if is_crowded else 0.45,
        },
        unselected={"marker": {"opacity": 0.25}},
        **told,
    )


def _arrows(found: EmbeddingMap, some: Sequence[Arrow], kind: Kind) -> list[go.Scattergl]:
    """Return the ways of entities of one kind, a head in the middle of each, and both ends."""
    import plotly.graph_objects as go

    label, colour, symbol, size = _LOOK[kind]
    entities = [arrow.entity for arrow in some]
    start, end = found.base_xy[entities], found.run_xy[entities]
    gap = np.full((len(some), 1, 2), np.nan, np.float32)
    way = np.concatenate([start[:, None], end[:, None], gap], axis=1).reshape(-1, 2)
    middle, step = (start + end) / 2, end - start
    turn = np.degrees(np.arctan2(step[:, 0], step[:, 1]))  # clockwise from the top
    quiet: dict[str, Any] = {"hoverinfo": "skip", "showlegend": False}
    faded = {"unselected": {"marker": {"opacity": 0.9}}}
    line = go.Scattergl(x=way[:, 0], y=way[:, 1], mode="lines", connectgaps=False, **quiet)
    line.line = {"color": colour, "width": 2}
    line.opacity = 0.85
    head = {"symbol": "triangle-up", "size": 9, "color": colour, "angle": turn}
    origin = {"symbol": "circle-open", "size": 6, "color": colour}
    rim = {"width": 1, "color": "rgba(255,255,255,0.85)"}
    mark = {"symbol": symbol, "size": size, "color": colour, "line": rim}
    return [
        line,
        go.Scattergl(x=middle[:, 0], y=middle[:, 1], mode="markers", marker=head, **quiet, **faded),
        go.Scattergl(x=start[:, 0], y=start[:, 1], mode="markers", marker=origin, **quiet, **faded),
        go.Scattergl(
            x=end[:, 0],
            y=end[:, 1],
            mode="markers",
            marker=mark,
            name=label,
            hovertext=[_hover(found, arrow) for arrow in some],
            hovertemplate=f"%{{hovertext}}<extra>{label}</extra>",
            **faded,
        ),
    ]


def _hover(found: EmbeddingMap, arrow: Arrow) -> str:
    shift, kept = found.shift[arrow.entity], found.kept[arrow.entity]
    note = f"{figure_text(arrow.note)}<br>" if arrow.note else ""
    told = f"shift {shift:.2f}, keeps {kept} of {found.n_nearest} neighbours"
    return f"<b>{figure_text(arrow.name)}</b><br>{note}{told}"


def embedding_map_alt(scene: Scene) -> str:
    """Return the map in two sentences: what is shown, and who went farthest."""
    shift = scene.found.shift
    far = sorted(scene.arrows, key=lambda arrow: -float(shift[arrow.entity]))
    told = [f"{arrow.name} ({shift[arrow.entity]:.2f})" for arrow in far]
    arrows = f" Of those with an arrow, farthest went {style.listed(told, 3)}." if told else ""
    return (
        f"Map of {style.count(scene.n_dots, 'entity', 'entities')}; half of all moved by more than "
        f"{float(np.median(shift)):.2f}, where 0 is staying and {UNRELATED:.2f} is having nothing "
        f"in common.{arrows}"
    )


def embedding_map_rows(scene: Scene) -> list[dict[str, str | float | int]]:
    """Return one row for each entity with an arrow, farthest first."""
    found = scene.found
    turnover = found.turnover
    far = sorted(scene.arrows, key=lambda arrow: -float(found.shift[arrow.entity]))
    return [
        {
            "Name": arrow.name,
            "What it is": _LOOK[arrow.kind][0],
            "Size of shift": round(float(found.shift[arrow.entity]), 2),
            f"Neighbours kept of {found.n_nearest}": int(found.kept[arrow.entity]),
            "Turnover": round(float(turnover[arrow.entity]), 2),
            "Note": arrow.note,
        }
        for arrow in far
    ]
