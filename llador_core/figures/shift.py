"""What the prior moved: the rank of a candidate without the prior, with part of it, with all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llador_core.escape import figure_text
from llador_core.figures import style

if TYPE_CHECKING:
    import plotly.graph_objects as go

NAMED_MARK = "✱"
_STOPS = ("without<br>the prior", "mechanism<br>texts only", "with the<br>full prior")
_TWO_STOPS = ("without<br>the prior", "with<br>the prior")


@dataclass(frozen=True)
class Shift:
    """Where a candidate stands as more of the LLM's text comes in.

    Attributes
    ----------
    name : str
    without, full : float
        Ranks without the prior and with all of it; 1 is best.
    mechanism : float or None
        Rank with the prior made of names and mechanisms only; None without such a run.
    names_it : bool
        The LLM's text names the disease (or that of the disease the drug).
    status : "new", "held_out" or "known"
    """

    name: str
    without: float
    full: float
    mechanism: float | None = None
    names_it: bool = False
    status: str = "new"

    @property
    def rose_by(self) -> float:
        """Places gained; negative for places lost."""
        return self.without - self.full

    @property
    def kept_share(self) -> float | None:
        """Share of the move that mechanisms alone bring, on the log scale; None if unknown."""
        if self.mechanism is None or self.without == self.full:
            return None
        whole = math.log(self.without / self.full)
        return math.log(self.without / self.mechanism) / whole


def pick_movers(shifts: Sequence[Shift], n: int = 7, top: int = 40) -> list[Shift]:
    """Return up to `n` risers and up to `n` fallers, farthest first, that matter to a reader.

    A riser ends among the first `top`, a faller started there. Distance is counted in factors
    (from 200th to 20th is as far as from 20th to 2nd), as the figure shows it.
    """

    def factor(s: Shift) -> float:
        return abs(math.log(s.without / s.full))

    risers = [s for s in shifts if s.rose_by > 0 and s.full <= top]
    fallers = [s for s in shifts if s.rose_by < 0 and s.without <= top]
    by_distance = [sorted(some, key=factor, reverse=True)[:n] for some in (risers, fallers)]
    return by_distance[0] + by_distance[1]


def shift_figure(shifts: Sequence[Shift], n_candidates: int, height: int = 520) -> go.Figure:
    """Return one line for each candidate over two or three stops, rank 1 at the top.

    Risers are full lines ending in a triangle up, fallers dashed ones ending in a triangle down;
    `✱` after a name says that the LLM's text names the answer, `■` that the pair is known, `◆` that
    it is known but was hidden from training.

    Parameters
    ----------
    shifts : sequence of Shift
        As `pick_movers` gives them.
    n_candidates : int
        Length of the full list.
    height : int
        Pixels.
    """
    import plotly.graph_objects as go

    has_middle = all(s.mechanism is not None for s in shifts)
    stops = _STOPS if has_middle else _TWO_STOPS
    last = len(stops) - 1
    figure = go.Figure()
    for shift in shifts:
        ranks = [shift.without, shift.mechanism, shift.full] if has_middle else []
        ranks = ranks or [shift.without, shift.full]
        rises = shift.rose_by > 0
        colour = style.PRIOR if rises else style.BASE
        figure.add_scatter(
            x=list(range(len(ranks))),
            y=ranks,
            mode="lines+markers",
            line={"color": colour, "width": 2.2, "dash": "solid" if rises else "dash"},
            marker={
                "symbol": ["circle"] * last + ["triangle-up" if rises else "triangle-down"],
                "size": [7] * last + [11],
                "color": colour,
            },
            hovertext=[_hover(shift)] * len(ranks),
            hovertemplate="%{hovertext}<extra></extra>",
        )
    axis = style.rank_axis(n_candidates, "Rank (log scale, 1 is best)")
    low, high = axis["range"]
    axis |= {"range": [high, low], "showgrid": False}
    for tick in axis["tickvals"]:  # the grid of the axis would run through the names
        figure.add_shape(
            x0=0, x1=last, y0=tick, y1=tick, line={"color": style.GRID, "width": 1}, layer="below"
        )
    figure.update_layout(
        style.layout(
            height,
            annotations=_labels(shifts, last, (low, high), height),
            yaxis=axis,
            xaxis={
                "tickmode": "array",
                "tickvals": list(range(last + 1)),
                "ticktext": list(stops),
                "side": "top",
                "range": [-0.12 * last, last * 2.0],
                "gridcolor": style.GRID,
                "zeroline": False,
                "fixedrange": True,
            },
        )
    )
    return figure


def _labels(
    shifts: Sequence[Shift], last: int, span: tuple[float, float], height: int
) -> list[dict[str, object]]:
    low, high = span
    ends = [math.log10(s.full) for s in shifts]
    gap = 17 * (high - low) / max(height - 70, 1)  # 17 px a line
    return [
        {
            "x": last * 1.07,
            "y": y,
            "xanchor": "left",
            "text": f"{style.ordinal(s.full)} {figure_text(s.name, 18)}"
            + {"known": " ■", "held_out": " ◆"}.get(s.status, "")
            + (f" {NAMED_MARK}" if s.names_it else ""),
            "showarrow": False,
            "font": {"size": 12.5},
        }
        for s, y in zip(shifts, style.spread(ends, gap, low, high), strict=True)
    ]


def _hover(shift: Shift) -> str:
    lines = [
        f"<b>{figure_text(shift.name)}</b>",
        f"without the prior {style.ordinal(shift.without)}",
    ]
    if shift.mechanism is not None:
        lines.append(f"mechanism texts only {style.ordinal(shift.mechanism)}")
    lines.append(f"with the prior {style.ordinal(shift.full)}")
    if shift.names_it:
        lines.append("the LLM text names the answer")
    return "<br>".join(lines)


def shift_alt(shifts: Sequence[Shift]) -> str:
    """Return the figure in two sentences: who rose, who fell."""

    def told(some: Sequence[Shift]) -> str:
        moves = [
            f"{s.name} from {style.ordinal(s.without)} to {style.ordinal(s.full)}" for s in some
        ]
        return style.listed(moves, 4) if moves else "none"

    risers = [s for s in shifts if s.rose_by > 0]
    fallers = [s for s in shifts if s.rose_by < 0]
    return f"Moved up by the prior: {told(risers)}. Moved down: {told(fallers)}."


def shift_rows(shifts: Sequence[Shift]) -> list[dict[str, str | float | bool | None]]:
    """Return one row for each candidate, in the order given."""
    return [
        {
            "Drug": s.name,
            "Without the prior": s.without,
            "Mechanism texts only": s.mechanism,
            "With the prior": s.full,
            "Moved up by": s.rose_by,
            "LLM text names it": s.names_it,
            "Status": style.STATUS_WORDS[s.status],
        }
        for s in shifts
    ]
