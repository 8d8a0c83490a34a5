"""On a phone no word of a figure is cut off."""

from __future__ import annotations

import pytest

from tests.e2e.browser import settle
from tests.e2e.conftest import Visit

pytestmark = pytest.mark.e2e
WIDTH = 390
CUT_OFF = """
() => {
  const out = []
  for (const text of document.querySelectorAll(".js-plotly-plot text")) {
    const place = text.getBoundingClientRect()
    const plot = text.closest(".main-svg").getBoundingClientRect()
    if (place.width && (place.left < plot.left - 1 || place.right > plot.right + 1))
      out.push(text.textContent)
  }
  return out
}
"""


@pytest.mark.parametrize(
    "path",
    ["/?step=2", "/?step=3", "/?step=4", "/?step=5", "/pair", "/embedding_shift?layout=PCA"],
)
def test_every_word_of_a_figure_is_on_the_screen(address: str, visit: Visit, path: str) -> None:
    page = visit(f"{address}{path}", width=WIDTH, height=844)
    page.wait_for_selector(".js-plotly-plot text")
    settle(page)
    page.wait_for_timeout(500)  # figures take their width after the page has run
    assert page.locator(".js-plotly-plot text").count() > 5
    assert page.evaluate(CUT_OFF) == []
