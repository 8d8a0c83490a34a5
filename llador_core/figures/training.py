"""How trainings go: validation and loss over steps, several runs in one picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from llador_core.escape import canvas_text
from llador_core.figures import style
from llador_core.training.follow import Point

_COLOURS = {
    "full": style.PRIOR,
    "none": style.BASE,
    "mechanism": style.MECHANISM,
    "name": style.TEXT_ALONE,
    "shuffled": style.POPULARITY,
    "random": style.RANDOM,
}
_SPARE = (style.POPULARITY, style.TEXT_ALONE, style.MECHANISM, style.KNOWN)
# A second way to tell lines apart, and a third.
_DASHES: tuple[str | list[int], ...] = ("solid", "dashed", "dotted", [8, 3, 2, 3])
_MARKS = ("circle", "rect", "diamond", "triangle")
MOST_MARKED = 40  # points of a curve; beyond, marks would hide the line


@dataclass(frozen=True)
class Series:
    """One training's curve.

    Attributes
    ----------
    label : str
        In plain words: "full LLM prior".
    prior : str
        Sets the colour.
    points : sequence of Point
    """

    label: str
    prior: str
    points: Sequence[Point]

    @property
    def n_steps(self) -> int:
        return max((max(point.step, point.steps) for point in self.points), default=0)


def validation_figure(series: Sequence[Series], *, is_dark: bool = False) -> dict[str, Any]:
    """Return the mean reciprocal rank of the validation pairs over steps, as an ECharts option.

    ECharts, because a curve that grows every second is redrawn in place and does not flicker.
    """
    return _figure(series, "Validation MRR", lambda point: point.valid_mrr, is_dark)


def loss_figure(series: Sequence[Series], *, is_dark: bool = False) -> dict[str, Any]:
    """Return the loss over steps. Losses of different settings cannot be compared."""

    def loss(point: Point) -> float | None:
        return point.loss if math.isfinite(point.loss) else None

    return _figure(series, "Loss", loss, is_dark)


def training_alt(series: Sequence[Series]) -> str:
    """Return both figures in a sentence or two."""
    told = [_told(one) for one in series if one.points]
    return " ".join(told) or "No step has been reported yet."


def training_rows(series: Sequence[Series]) -> list[dict[str, str | int | float | None]]:
    """Return a row for each reported step of each training."""
    return [
        {
            "Run": one.label,
            "Step": point.step,
            "Loss": point.loss if math.isfinite(point.loss) else None,
            "Validation MRR": point.valid_mrr,
            "Seconds": round(point.seconds, 1) if math.isfinite(point.seconds) else None,
        }
        for one in series
        for point in one.points
    ]


def _figure(
    series: Sequence[Series],
    title: str,
    value: Callable[[Point], float | None],
    is_dark: bool,
) -> dict[str, Any]:
    ink = "#C9D3D6" if is_dark else "#4A5860"
    words = {"color": ink, "fontSize": 12}
    grid = {"lineStyle": {"color": style.GRID}}
    taken: set[str] = set()
    drawn: list[dict[str, Any]] = []
    for i, one in enumerate(series):
        wished = (_COLOURS.get(one.prior, style.KNOWN), *_SPARE)
        colour = next((c for c in wished if c not in taken), style.KNOWN)
        taken.add(colour)
        found = [(point.step, y) for point in one.points if (y := value(point)) is not None]
        drawn.append(
            {
                "type": "line",
                "name": canvas_text(one.label, 40),
                "data": [[step, round(y, 5)] for step, y in found],
                "symbol": _MARKS[i % len(_MARKS)],
                "symbolSize": 7,
                "showSymbol": len(found) <= MOST_MARKED,
                "itemStyle": {"color": colour},
                "lineStyle": {"color": colour, "width": 2.5, "type": _DASHES[i % len(_DASHES)]},
                "animation": False,
            }
        )
    longest = max((one.n_steps for one in series), default=0)
    return {
        "grid": {
            **{"left": 4, "right": 16, "top": 34, "bottom": 4},
            # the words of the axes lie inside these bounds
            **{"outerBoundsMode": "same", "outerBoundsContain": "all"},
        },
        "legend": {"top": 0, "left": 0, "textStyle": words},
        "tooltip": {"trigger": "axis", "confine": True},
        "xAxis": {
            "type": "value",
            "name": "Step",
            "nameLocation": "middle",
            "nameGap": 28,
            "nameTextStyle": words,
            "min": 0,
            "max": longest or 1,
            "axisLabel": words,
            "splitLine": {"show": False},
        },
        "yAxis": {
            "type": "value",
            "name": title,
            "nameLocation": "middle",
            "nameGap": 36,
            "nameTextStyle": words,
            "min": 0,
            "axisLabel": words,
            "splitLine": grid,
        },
        "series": drawn,
    }


def _told(one: Series) -> str:
    last = one.points[-1]
    words = f"{one.label}: step {last.step:,} of {max(last.steps, last.step):,}"
    if math.isfinite(last.loss):
        words += f", loss {last.loss:.3f}"
    validated = [p.valid_mrr for p in one.points if p.valid_mrr is not None]
    if validated:
        words += f", validation MRR {validated[-1]:.3f} (best {max(validated):.3f})"
    return f"{words}."
