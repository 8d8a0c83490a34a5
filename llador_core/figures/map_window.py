"""What part of a map is in view, and the names beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llador_core.escape import figure_text
from llador_core.figures import style

if TYPE_CHECKING:
    from llador_core.figures.embedding_map import Scene

MAX_LABELS = 16


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
    wide, (low, high) = x_range[1] - x_range[0], y_range
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
        gap = 0.05 * (high - low)
        heights = style.spread(ends[some, 1].tolist(), gap, low + gap, high - 1.6 * gap)
        for i, height in zip(some.tolist(), heights, strict=True):
            name = figure_text(chosen[i].name, 22)
            is_bold = chosen[i].kind in ("disease", "picked")
            labels.append(
                {
                    **{"x": float(ends[i, 0]), "y": float(ends[i, 1]), "ax": at, "ay": height},
                    **{"axref": "x", "ayref": "y", "showarrow": True, "arrowhead": 0},
                    **{"arrowwidth": 1, "arrowcolor": style.RANDOM, "standoff": 6},
                    **{"text": f"<b>{name}</b>" if is_bold else name, "xanchor": anchor},
                    **{"font": {"size": 12.5}, "captureevents": False},
                }
            )
    room = [0.3 * wide * (not is_right.all()), 0.3 * wide * bool(is_right.any())]
    return labels, [x_range[0] - room[0], x_range[1] + room[1]]
