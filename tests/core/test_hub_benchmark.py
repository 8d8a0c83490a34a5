"""The benchmark of the hub correction tells what the core measured."""

from __future__ import annotations

import pytest

from benchmarks import hub_correction
from llador_core import hubs
from llador_core.graph import Graph
from llador_core.training.runs import default_run, load_run


@pytest.mark.parametrize("order", ["combined", "raw"])
def test_a_row_holds_before_and_after(order: str, starter: Graph) -> None:
    info = default_run("starter")
    found = hub_correction.measured(starter, info, order)  # type: ignore[arg-type]
    run = load_run(info.name)
    bias = hubs.measure(starter, hubs.score_of(starter, run, order))  # type: ignore[arg-type]
    head, _, row, popular = hub_correction.rows([found]).splitlines()
    assert head.count("|") == row.count("|") == popular.count("|")
    assert row.startswith(f"| {info.model}, {info.prior} |")
    assert f"{bias.correlation:+.2f} → {bias.corrected_correlation:+.2f}" in row
    assert f"{bias.share.max():.0%} → {bias.corrected_share.max():.0%}" in row
    assert popular.startswith("| by number of uses |")
