"""How trainings go: validation and loss over steps, several runs in one picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llador_core.escape import figure_text
from llador_core.figures import style
from llador_core.training.follow import Point

if TYPE_CHECKING:
    import plotly.graph_objects as go

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
_DASHES = ("solid", "dash", "dot", "dashdot")
_MARKS = ("circle", "square", "diamond", "triangle-up")


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


def validation_figure(series: Sequence[Series], height: int = 270) -> go.Figure:
    """Return the mean reciprocal rank of the validation pairs over steps."""
    figure = _figure(series, "Validation MRR", lambda p: p.valid_mrr, height, "%{y:.3f}")
    top = max((p.valid_mrr or 0 for s in series for p in s.points), default=0)
    figure.update_yaxes(range=[0, max(0.1, 1.15 * top)])
    return figure


def loss_figure(series: Sequence[Series], height: int = 270) -> go.Figure:
    """Return the loss over steps. Losses of different settings cannot be compared."""

    def loss(point: Point) -> float | None:
        return point.loss if math.isfinite(point.loss) else None

    return _figure(series, "Loss", loss, height, "%{y:.3f}")


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
    height: int,
    hover: str,
) -> go.Figure:
    import plotly.graph_objects as go

    figure = go.Figure()
    taken: set[str] = set()
    for i, one in enumerate(series):
        wished = (_COLOURS.get(one.prior, style.KNOWN), *_SPARE)
        colour = next((c for c in wished if c not in taken), style.KNOWN)
        taken.add(colour)
        drawn = [(point.step, y) for point in one.points if (y := value(point)) is not None]
        figure.add_scatter(
            x=[step for step, _ in drawn],
            y=[y for _, y in drawn],
            mode="lines+markers" if len(drawn) <= 40 else "lines",
            line={"color": colour, "dash": _DASHES[i % len(_DASHES)], "width": 2.5},
            marker={"symbol": _MARKS[i % len(_MARKS)], "size": 7},
            name=figure_text(one.label, 40),
            hovertemplate=f"step %{{x}}: {hover}",
        )
    longest = max((one.n_steps for one in series), default=0)
    figure.update_layout(
        style.layout(
            height,
            margin={"l": 8, "r": 16, "t": 8, "b": 8},
            hovermode="x unified",
            showlegend=True,
            legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
            uirevision="training",  # what a reader hides stays hidden while new steps come in
            xaxis={
                "title": {"text": "Step"},
                "range": [0, 1.02 * (longest or 1)],
                "gridcolor": style.GRID,
                "zeroline": False,
                "fixedrange": True,
            },
            yaxis={
                "title": {"text": title},
                "gridcolor": style.GRID,
                "zeroline": False,
                "fixedrange": True,
                "rangemode": "tozero",
            },
        )
    )
    return figure


def _told(one: Series) -> str:
    last = one.points[-1]
    words = f"{one.label}: step {last.step:,} of {max(last.steps, last.step):,}"
    if math.isfinite(last.loss):
        words += f", loss {last.loss:.3f}"
    validated = [p.valid_mrr for p in one.points if p.valid_mrr is not None]
    if validated:
        words += f", validation MRR {validated[-1]:.3f} (best {max(validated):.3f})"
    return f"{words}."
