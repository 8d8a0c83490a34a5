"""What part of a map is in view, and the names beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llador_core.escape import figure_text
from llador_core.figures import style

if TYPE_CHECKING:
    from llador_core.figures.embedding_map import Scene

MAX_LABELS = 16


@dataclass(frozen=True)
class Column:
    """How the names beside a map are set, in shares of the part of the map that is in view.

    Attributes
    ----------
    room : float
        Width of a column of names.
    gap : float
        From name to name.
    reach : float
        How far they may stand above and below the dots.
    letters : int
        Of a name, at most.
    size : float
        Of the font, pixels.
    """

    room: float
    gap: float
    reach: float
    letters: int
    size: float


WIDE = Column(room=0.3, gap=0.05, reach=0.0, letters=22, size=12.5)
NARROW = Column(room=0.42, gap=0.09, reach=0.3, letters=14, size=11)  # a phone


def window(scene: Scene) -> tuple[list[float], list[float]]:
    """Return the ranges of the marked area, or those that show nearly all dots and all arrows."""
    if scene.is_zoomed and scene.area is not None:
        low, high = scene.area.min(axis=0), scene.area.max(axis=0)
    else:
        entities = np.array([e for layer in scene.layers for e in layer.entities.tolist()], int)
        arrows = [arrow.entity for arrow in scene.arrows]
        ends = np.vstack([scene.found.run_xy[arrows], scene.found.base_xy[arrows]])
        dots = scene.xy[entities]
        if not len(dots):
            dots = ends if len(ends) else np.array([[-1.0, -1.0], [1.0, 1.0]])
        # A few strays stay outside, or all others would be a blot.
        low = np.vstack([np.quantile(dots, 0.01, axis=0)[None], ends]).min(axis=0)
        high = np.vstack([np.quantile(dots, 0.99, axis=0)[None], ends]).max(axis=0)
    margin = 0.06 * np.maximum(high - low, 1e-3)
    x, y = zip((low - margin).tolist(), (high + margin).tolist(), strict=True)
    return list(x), list(y)


def names_beside(
    scene: Scene, x_range: list[float], y_range: list[float]
) -> tuple[list[dict[str, object]], list[float]]:
    """Return names in a column on either side, led to the ends of arrows, and the wider range."""
    first = ("disease", "picked", "known", "candidate", "avoid")
    column = NARROW if scene.is_narrow else WIDE
    wide, (low, high) = x_range[1] - x_range[0], y_range
    tall = high - low
    places = scene.found.run_xy.astype(float)
    chosen = [
        arrow
        for arrow in sorted(scene.arrows, key=lambda arrow: first.index(arrow.kind))
        if x_range[0] <= places[arrow.entity][0] <= x_range[1]
        and low <= places[arrow.entity][1] <= high
    ][:MAX_LABELS]
    ends = places[[arrow.entity for arrow in chosen]]
    is_right = ends[:, 0] >= (x_range[0] + x_range[1]) / 2
    labels: list[dict[str, object]] = []
    for side, anchor, at in ((True, "left", x_range[1]), (False, "right", x_range[0])):
        some = np.flatnonzero(is_right == side)
        gap, reach = column.gap * tall, column.reach * tall
        heights = style.spread(
            ends[some, 1].tolist(), gap, low + gap - reach, high - 1.6 * gap + reach
        )
        for i, height in zip(some.tolist(), heights, strict=True):
            name = figure_text(chosen[i].name, column.letters)
            is_bold = chosen[i].kind in ("disease", "picked")
            labels.append(
                {
                    **{"x": float(ends[i, 0]), "y": float(ends[i, 1]), "ax": at, "ay": height},
                    **{"axref": "x", "ayref": "y", "showarrow": True, "arrowhead": 0},
                    **{"arrowwidth": 1, "arrowcolor": style.RANDOM, "standoff": 6},
                    **{"text": f"<b>{name}</b>" if is_bold else name, "xanchor": anchor},
                    **{"font": {"size": column.size}, "captureevents": False},
                }
            )
    room = [
        column.room * wide * (not is_right.all()),
        column.room * wide * bool(is_right.any()),
    ]
    return labels, [x_range[0] - room[0], x_range[1] + room[1]]
