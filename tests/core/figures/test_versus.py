"""The figures of two runs show what the comparison holds."""

from __future__ import annotations

import numpy as np
import pytest

from llador_core.evaluation.compare import Comparison, paired_differences
from llador_core.figures import versus
from llador_core.graph import Graph


@pytest.fixture
def found(starter: Graph) -> Comparison:
    draw = np.random.default_rng(0)
    n = 40
    ranks, base = draw.integers(1, 30, n) * 1.0, draw.integers(1, 60, n) * 1.0
    return Comparison(
        "drug-ranking",
        starter.drugs[:n],
        starter.diseases[:n],
        ranks,
        base,
        paired_differences(ranks, base, np.full(n, 636), 0),
    )


def test_the_bars_are_the_intervals(found: Comparison) -> None:
    figure = versus.difference_figure([("A <b>", found), ("B", found)])
    assert len(figure.data) == 2
    for trace in figure.data:
        for i, name in enumerate(versus.SHOWN):
            part = found.differences[name]
            assert trace.x[i] == part.value
            assert trace.x[i] + trace.error_x.array[i] == pytest.approx(part.high)
            assert trace.x[i] - trace.error_x.arrayminus[i] == pytest.approx(part.low)
    assert figure.data[0].marker.symbol != figure.data[1].marker.symbol
    assert "<b>" not in figure.data[0].name
    assert len(versus.difference_rows([("A", found)])) == len(found.differences)
    assert "Beside A: MRR" in versus.difference_alt([("A", found)])


def test_each_pair_is_a_dot_on_its_side_of_the_line(starter: Graph, found: Comparison) -> None:
    figure = versus.pairs_figure(starter, found, "A", "B")
    kinds = {trace.name.split(" ")[0]: trace for trace in figure.data if trace.name}
    assert sum(len(trace.x) for trace in kinds.values()) == found.n_pairs
    assert all(y < x for x, y in zip(kinds["better"].x, kinds["better"].y, strict=True))
    assert all(y > x for x, y in zip(kinds["worse"].x, kinds["worse"].y, strict=True))
    rows = versus.pairs_rows(starter, found)
    gains = [row["Places gained"] for row in rows]
    assert gains == sorted(gains, reverse=True)
    assert len(rows) == found.n_pairs
    n_better = len(kinds["better"].x)
    assert f"A ranks {n_better} nearer the top than B" in versus.pairs_alt(found, "A", "B")


def test_many_pairs_are_thinned_and_the_words_tell_all(starter: Graph, found: Comparison) -> None:
    many = Comparison(
        found.protocol,
        np.tile(found.drugs, 200),
        np.tile(found.diseases, 200),
        np.tile(found.ranks, 200),
        np.tile(found.base_ranks, 200),
        found.differences,
    )
    figure = versus.pairs_figure(starter, many, "A", "B")
    assert sum(len(t.x) for t in figure.data if t.name) <= versus.MAX_DOTS
    assert "Of 8,000 hidden pairs" in versus.pairs_alt(many, "A", "B")
