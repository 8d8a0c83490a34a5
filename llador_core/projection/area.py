"""A marked area of a map: as text for an address, and who is inside."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MAX_CORNERS = 40  # an address must stay short; a lasso has hundreds


def area_text(corners: Sequence[tuple[float, float]]) -> str:
    """Return the corners of an area as 'x,y;x,y;...', at most 40 of them."""
    step = max(1, -(-len(corners) // MAX_CORNERS))
    return ";".join(f"{x:.3f},{y:.3f}" for x, y in corners[::step])


def read_area(text: str) -> NDArray[np.float64] | None:
    """Return the corners in a text, shape (n, 2); None where it is no area."""
    try:
        corners = [[float(number) for number in corner.split(",")] for corner in text.split(";")]
        found = np.array(corners, np.float64)
    except ValueError:
        return None
    is_area = found.ndim == 2 and found.shape[1] == 2 and 3 <= len(found) <= MAX_CORNERS
    return found if is_area and np.isfinite(found).all() else None


def inside(corners: NDArray[np.floating], points: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Return which points lie in the polygon: those whose ray to the right crosses it oddly often.

    Shapes (n_corners, 2), (n, 2) -> (n,)
    """
    x, y = points[:, 0], points[:, 1]
    is_in = np.zeros(len(points), np.bool_)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if y0 == y1:
            continue
        crosses = (y0 > y) != (y1 > y)
        is_in ^= crosses & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    return is_in
