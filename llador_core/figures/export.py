"""Figures as pieces of one HTML page that needs nothing from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llador_core.figures.style import CONFIG

if TYPE_CHECKING:
    import plotly.graph_objects as go

INK, PAPER = "#33414A", "#FFFFFF"


def library() -> str:
    """Return the script that draws the pieces, to stand once in the page: 4.8 MB."""
    from plotly.offline import get_plotlyjs

    script: str = get_plotlyjs()
    return script


def piece(figure: go.Figure, key: str) -> str:
    """Return a figure as a `div` and the script that fills it, on white, to follow `library`.

    Parameters
    ----------
    figure : Figure
        Left as it is.
    key : str
        The element's id, once in a page; it keeps the page the same each time it is made.
    """
    import plotly.graph_objects as go
    from plotly.io import to_html

    drawn = go.Figure(figure)
    drawn.update_layout(
        template="plotly_white",
        paper_bgcolor=PAPER,
        plot_bgcolor=PAPER,
        font_color=INK,
        autosize=True,
    )
    piece: str = to_html(
        drawn,
        config=CONFIG | {"responsive": True},
        include_plotlyjs=False,
        full_html=False,
        div_id=key,
        default_height=f"{figure.layout.height or 400}px",
    )
    return piece
