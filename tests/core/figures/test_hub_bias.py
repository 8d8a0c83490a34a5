"""The hub-bias figure shows every drug, says who is near the top, and shows names literally."""

from __future__ import annotations

import json

import pytest

from llador_core.figures import hub_bias
from llador_core.figures.hub_bias import Place

NASTY = "<b>Evil</b> & <script>x</script>"


def places(n: int = 40) -> list[Place]:
    """Drug i has i + 1 edges, stands at rank n - i, and is corrected to rank i + 1."""
    return [Place(f"Drug {i}", i + 1, float(n - i), float(i + 1), i / n) for i in range(n)]


def test_every_drug_is_a_dot_in_both_panels() -> None:
    figure = hub_bias.hub_figure(places())
    dots = [trace for trace in figure.data if trace.type == "scattergl"]
    assert [len(trace.x) for trace in dots] == [40, 40]
    assert set(zip(dots[0].x, dots[0].y, strict=True)) == {
        (place.degree, place.corrected) for place in places()
    }
    assert list(dots[1].x) == pytest.approx([place.share * 100 for place in places()])
    assert list(dots[1].y) == list(dots[0].y)
    low, high = figure.layout.yaxis.range
    assert low > high, "the first place is on top"


def test_the_most_frequent_have_an_arrow_from_rank_to_corrected() -> None:
    arrows = hub_bias.hub_figure(places()).layout.annotations
    first = hub_bias.most_frequent(places())[: hub_bias.N_HUBS]
    assert [(a.ay, a.y) for a in arrows] == [(p.rank, p.corrected) for p in first]
    assert first[0].name == "Drug 39"


def test_the_medians_tell_the_bias_and_its_end() -> None:
    values, ranks = hub_bias.running_median([1, 1, 1, 1, 5, 6, 7, 8], [4, 2, 9, 3, 1, 1, 1, 1])
    assert values[0] == 1
    assert ranks[0] == 3.5  # equal values stay together, though a group is one drug long
    assert values[1:] == [5, 6, 7, 8]
    assert hub_bias.running_median([3], [1]) == ([3], [1])


def test_the_words_and_the_table_hold_the_numbers() -> None:
    alt = hub_bias.hub_alt(places())
    assert "Rank of 40 drugs" in alt
    assert "Drug 39 (in the top 50 of 98% of diseases, here 1st, corrected 40th)" in alt
    rows = hub_bias.hub_rows(places())
    assert len(rows) == 40
    assert rows[0] == {
        "Drug": "Drug 39",
        "Top 50 of": 98,
        "Edges": 40,
        "Rank": 1.0,
        "Corrected": 40.0,
    }


def test_a_drug_without_edges_and_a_list_of_one_are_drawn() -> None:
    figure = hub_bias.hub_figure([Place("Alone", 0, 1.0, 1.0, 0.0)])
    assert min(figure.data[0].x) > 0  # a logarithm of 0 would be lost


def test_names_are_shown_literally() -> None:
    figure = hub_bias.hub_figure([*places(5), Place(NASTY, 3, 1.0, 2.0, 1.0)])
    told = json.dumps(figure.to_plotly_json(), default=str)
    assert "&lt;script&gt;" in told
    assert "<script" not in told


def test_a_long_list_is_drawn_in_part_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_bias, "MAX_DOTS", 10)
    whole, part = places(), hub_bias.hub_figure(places())
    assert [len(t.x) for t in part.data if t.type == "scattergl"] == [10, 10]
    assert part.data[0].name == "a drug, corrected (10 of 40)"
    lines = [t for t in part.data if t.mode == "lines"]
    assert (
        list(lines[0].y)
        == hub_bias.running_median(
            [place.degree for place in whole], [place.rank for place in whole]
        )[1]
    )
