from __future__ import annotations

import pytest

from llador_core.figures import texts

WORDS = {"background": {"Drug": [10, 20, 30], "<b>Gene</b>": [5]}, "caution": {"Drug": [7, 9]}}
TITLES = {"background": "How it works", "caution": "Cautions"}


def test_lengths_are_the_quartiles_of_each_type() -> None:
    rows = texts.lengths_rows(WORDS, TITLES)
    assert [(row["text"], row["type"]) for row in rows] == [
        ("How it works", "Drug"),
        ("How it works", "<b>Gene</b>"),
        ("Cautions", "Drug"),
    ]
    first = rows[0]
    assert (first["shortest"], first["median"], first["longest"], first["texts"]) == (10, 20, 30, 3)
    figure = texts.lengths_figure(rows)
    assert list(figure.data[-1].x) == [20, 5, 8]
    assert "<b>" not in str(figure.data[-1].y)  # names are data
    assert "median 20 words" in texts.lengths_alt(rows)


def share_rows() -> list[dict[str, object]]:
    return [
        {"label": "Drug: Cautions", "field": "caution", "n_named": 1, "n_pairs": 4, "share": 0.25},
        {"label": "Either side", "field": "any", "n_named": 2, "n_pairs": 4, "share": 0.5},
    ]


def test_the_sum_is_told_by_a_pattern_too() -> None:
    figure = texts.share_figure(share_rows())
    [bars] = figure.data
    assert list(bars.x) == [0.25, 0.5]
    assert list(bars.marker.pattern.shape) == ["", "/"]
    assert "25%" in texts.share_alt(share_rows())


@pytest.mark.parametrize("top", [None, 1.0])
def test_runs_beside_each_other_show_both_sets_of_pairs(top: float | None) -> None:
    both = {"value": 0.5, "low": 0.4, "high": 0.7}
    rows = [
        {"run": "no prior", "all": both, "not named": both | {"value": 0.45}},
        {"run": "full", "all": both | {"value": 0.6}, "not named": None},
    ]
    figure = texts.beside_figure(rows, "MRR", top)
    everything, unnamed = figure.data
    assert list(everything.x) == [0.5, 0.6]
    assert list(unnamed.x) == [0.45]
    assert everything.marker.symbol != unnamed.marker.symbol
    assert list(everything.error_x.arrayminus) == pytest.approx([0.1, 0.2])
    assert list(figure.layout.yaxis.ticktext) == ["no prior", "full"]
    alt = texts.beside_alt(rows, "MRR")
    assert "no prior 0.50 over all pairs, 0.45 not named" in alt
