"""How the dots of a map look: by type, by drug class, or by how far they moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llador_core.figures import style
from llador_core.figures.looks import looks
from llador_core.graph import Graph, Ints

N_CLASSES = 7
_COLOURS = (
    style.PRIOR,
    style.BASE,
    style.MECHANISM,
    style.POPULARITY,
    style.TEXT_ALONE,
    style.CONTRAINDICATED,
)
_SYMBOLS = ("circle", "diamond", "triangle-up", "square", "triangle-down", "cross", "star", "x")
_QUIET = "rgba(128,140,146,0.55)"


@dataclass(frozen=True, eq=False)
class Layer:
    """Dots of one look, with their line in the legend.

    Attributes
    ----------
    label : str
    entities : int array
    colour, symbol : str
    size : float
        Pixels.
    """

    label: str
    entities: Ints
    colour: str
    symbol: str = "circle"
    size: float = 5.0


def layers_by_type(graph: Graph, shown: Sequence[str]) -> list[Layer]:
    """Return a layer for each type in `shown`, the largest first, so that it hides nobody."""
    layers = [(name, graph.entities_of_type(name)) for name in graph.type_names]
    layers.sort(key=lambda layer: -len(layer[1]))
    look = looks(graph.type_names)
    return [
        Layer(name, entities, look[name].colour, look[name].mark)
        for name, entities in layers
        if name in shown and len(entities)
    ]


def layers_by_class(
    graph: Graph, classes: Mapping[int, Sequence[str]], shown: Sequence[str]
) -> list[Layer]:
    """Return a layer for each of the seven largest drug classes, one for other drugs, one for all.

    A drug of several classes stands with the largest of them.
    """
    members: dict[str, list[int]] = {}
    for drug, names in classes.items():
        for name in names:
            members.setdefault(name, []).append(drug)
    largest = sorted(members, key=lambda name: (-len(members[name]), name))[:N_CLASSES]
    drugs = graph.drugs if graph.drug_type in shown else np.empty(0, np.int64)
    taken: set[int] = set()
    layers = []
    for i, name in enumerate(largest):
        own = [drug for drug in members[name] if drug not in taken]
        taken.update(own)
        layers.append(Layer(name, np.intersect1d(own, drugs), *_look(i), size=8))
    others = np.setdiff1d(drugs, np.array(sorted(taken), np.int64))
    rest = np.flatnonzero(_is_shown(graph, [t for t in shown if t != graph.drug_type]))
    quiet = [
        Layer("not a drug", rest, _QUIET, "circle", 3),
        Layer("other drugs", others, style.RANDOM, "circle-open", 6),
    ]
    return [layer for layer in (*quiet, *layers) if len(layer.entities)]


def layers_by_shift(graph: Graph, shift: NDArray[np.floating], shown: Sequence[str]) -> list[Layer]:
    """Return four layers, from the quarter that stayed to the tenth that moved farthest.

    Marks grow with the shift and have another shape, so that colour does not tell it alone.
    """
    entities = np.flatnonzero(_is_shown(graph, shown))
    if not len(entities):
        return []
    cuts = np.quantile(shift[entities], [0.25, 0.75, 0.9])
    group = np.searchsorted(cuts, shift[entities], side="right")
    quarters: tuple[tuple[str, str, str, float], ...] = (
        (f"least moved quarter (below {cuts[0]:.2f})", _QUIET, "circle", 3),
        ("middle half", style.PRIOR, "circle", 4),
        (f"far (above {cuts[1]:.2f})", style.POPULARITY, "diamond", 6),
        (f"farthest tenth (above {cuts[2]:.2f})", style.BASE, "triangle-up", 8),
    )
    layers = [
        Layer(label, entities[group == i], colour, symbol, size)
        for i, (label, colour, symbol, size) in enumerate(quarters)
    ]
    return [layer for layer in layers if len(layer.entities)]


def _look(i: int) -> tuple[str, str]:
    return _COLOURS[i % len(_COLOURS)], _SYMBOLS[i % len(_SYMBOLS)]


def _is_shown(graph: Graph, shown: Sequence[str]) -> NDArray[np.bool_]:
    wanted = [i for i, name in enumerate(graph.type_names) if name in shown]
    return np.isin(graph.entity_types, wanted)
