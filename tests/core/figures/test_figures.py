"""Every figure shows all it was given, says it in words, and shows foreign text literally."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

import numpy as np
import pytest

from llador_core.figures import caution, neighbourhood, proposals, recall, shift
from llador_core.graph import Graph, Relation
from llador_core.ranking import Candidate
from tests.builders import graph_of

NASTY = "<b>Evil</b> & <script>x</script>"


def candidate(rank: float, name: str = "", **more: Any) -> Candidate:
    fields: dict[str, Any] = {
        "rank": rank,
        "entity": int(rank),
        "id": f"d{rank:g}",
        "name": name or f"Drug {rank:g}",
        "score": -rank,
        "percentile": 100 - rank,
        "status": "new",
        "degree": 3,
        "prior_names_it": False,
        "is_contraindicated": False,
    }
    return Candidate(**fields | more)


@pytest.fixture
def small() -> Graph:
    types = {"aspirin": "Compound", "beta": "Compound", "flu": "Disease", "cold": "Disease"}
    types |= {"g1": "Gene", "g2": "Gene"}
    triples = [
        ("aspirin", "treats", "flu"),
        ("beta", "contraindicated_in", "flu"),
        ("flu", "associates", "g1"),
        ("flu", "associates", "g2"),
        ("cold", "resembles", "flu"),
        ("aspirin", "binds", "g1"),
    ]
    return graph_of(triples, types)


def points(figure: Any) -> int:
    return sum(len(t.x) for t in figure.data if t.mode == "markers")


def test_every_neighbour_is_in_one_group(small: Graph) -> None:
    flu = small.mapped("flu")
    groups = neighbourhood.neighbour_groups(small, flu)
    assert {g.words: g.names for g in groups} == {
        "treatment": ("aspirin",),
        "drug to avoid": ("beta",),
        "linked genes": ("g1", "g2"),  # g1 has more edges
        "similar disease": ("cold",),
    }
    assert [g.role for g in groups][:2] == ["treats", "contraindicated"]
    assert sum(len(g.names) for g in groups) == len(np.unique(small.neighbours(flu).entity))


def test_the_drug_reads_its_own_side_of_a_relation(small: Graph) -> None:
    groups = neighbourhood.neighbour_groups(small, small.mapped("aspirin"))
    assert [g.words for g in groups] == ["disease it treats", "protein it binds"]


def test_drugs_resemble_drugs() -> None:
    triples = [("aspirin", "treats", "flu"), ("aspirin", "resembles", "beta")]
    graph = graph_of(triples, {"aspirin": "Compound", "beta": "Compound", "flu": "Disease"})
    groups = neighbourhood.neighbour_groups(graph, graph.mapped("beta"))
    assert [(g.words, g.names) for g in groups] == [("similar drug", ("aspirin",))]


def test_the_real_graph_has_words_for_every_tie(starter: Graph) -> None:
    for entity in [*starter.diseases[:20], *starter.drugs[:20], *range(0, starter.n_entities, 30)]:
        for group in neighbourhood.neighbour_groups(starter, int(entity)):
            assert ":" not in group.words  # the fallback for a relation without words of ours


def test_a_dot_for_each_neighbour(small: Graph) -> None:
    groups = neighbourhood.neighbour_groups(small, small.mapped("flu"))
    figure = neighbourhood.neighbourhood_figure("flu", groups)
    assert points(figure) == 5
    assert len(neighbourhood.neighbourhood_rows(groups)) == 5
    said = neighbourhood.neighbourhood_alt("flu", groups)
    assert "5 neighbours" in said
    assert "2 linked genes" in said


def test_a_hub_is_thinned_but_its_numbers_stay() -> None:
    names = tuple(f"g{i}" for i in range(900))
    groups = [
        neighbourhood.Group("associates", "linked gene", "linked genes", names),
        neighbourhood.Group("treats", "treatment", "treatments", ("a",)),
    ]
    figure = neighbourhood.neighbourhood_figure("hub", groups)
    assert 150 < points(figure) <= neighbourhood.MAX_DOTS
    assert any("900" in a.text for a in figure.layout.annotations)
    assert len(neighbourhood.neighbourhood_rows(groups)) == 901


def test_dots_of_a_group_do_not_coincide() -> None:
    dots = neighbourhood._dots(60, 0.2, 1.4)
    gaps = [math.dist(a, b) for i, a in enumerate(dots) for b in dots[:i]]
    assert min(gaps) > 0.08


def test_an_entity_without_neighbours_is_a_state() -> None:
    assert points(neighbourhood.neighbourhood_figure("alone", [])) == 0
    assert "no neighbours" in neighbourhood.neighbourhood_alt("alone", [])


CURVE = recall.RecallCurve("prior", "with the prior", (1, 2, 5, 10), (0.1, 0.2, 0.5, 0.6))
CHANCE = recall.RecallCurve("random", "chance", (1, 2, 5, 10), (0.1, 0.2, 0.5, 0.7))


@pytest.mark.parametrize(("k", "share"), [(0, 0), (1, 0.1), (4, 0.2), (5, 0.5), (99, 0.6)])
def test_recall_between_stored_lengths_is_that_of_the_shorter(k: int, share: float) -> None:
    assert CURVE.at(k) == share


def test_the_best_list_is_told_first() -> None:
    told = recall.recall_alt([CURVE, CHANCE], 10)
    assert told.index("chance 70%") < told.index("with the prior 60%")


def test_a_line_for_each_list_and_a_row() -> None:
    figure = recall.recall_figure([CURVE, CHANCE], 10)
    assert [t.name for t in figure.data] == ["with the prior", "chance"]
    assert len({t.line.dash for t in figure.data}) == 2
    assert recall.recall_rows([CURVE], (2, 10)) == [
        {"List": "with the prior", "First 2": 0.2, "First 10": 0.6}
    ]


def test_proposals_stand_at_both_their_ranks() -> None:
    some = [candidate(2, base_rank=40.0), candidate(5, base_rank=3.0, is_contraindicated=True)]
    figure = proposals.proposals_figure(some, 100)
    by_name = {t.name: t for t in figure.data if t.mode == "markers"}
    assert list(by_name["without the prior"].x) == [40, 3]
    assert list(by_name["with the prior"].x) == [2]
    assert list(by_name["with it, to avoid"].x) == [5]
    assert by_name["with it, to avoid"].marker.symbol != by_name["with the prior"].marker.symbol
    told = proposals.proposals_alt(some)
    assert "Drug 2 (2nd, 40th without the prior)" in told
    assert "contraindicated" in told


def test_proposals_without_a_twin_have_no_rings() -> None:
    figure = proposals.proposals_figure([candidate(1)], 10)
    assert "without the prior" not in {t.name for t in figure.data}
    assert proposals.proposals_alt([]) == "No candidate to show."


def shifts() -> list[shift.Shift]:
    return [
        shift.Shift("up far", 300, 3, 30),
        shift.Shift("up near", 12, 6, 9, names_it=True),
        shift.Shift("down far", 2, 400, 50),
        shift.Shift("out of sight", 500, 200, 300),
        shift.Shift("still", 8, 8, 8),
    ]


def test_movers_are_those_that_enter_or_leave_the_top() -> None:
    assert [s.name for s in shift.pick_movers(shifts())] == ["up far", "up near", "down far"]
    assert [s.name for s in shift.pick_movers(shifts(), n=1)] == ["up far", "down far"]
    assert [s.name for s in shift.pick_movers(shifts(), top=2)] == ["down far"]


def test_the_share_that_mechanisms_keep() -> None:
    assert shift.Shift("half", 100, 1, 10).kept_share == pytest.approx(0.5)
    assert shift.Shift("all", 100, 1, 1).kept_share == pytest.approx(1)
    assert shift.Shift("none", 100, 1, 100).kept_share == pytest.approx(0)
    assert shift.Shift("no run", 100, 1).kept_share is None
    assert shift.Shift("unmoved", 5, 5, 9).kept_share is None


def test_a_line_for_each_mover_over_three_stops() -> None:
    figure = shift.shift_figure(shift.pick_movers(shifts()), 636)
    lines = [t for t in figure.data if t.mode == "lines+markers"]
    assert [list(t.y) for t in lines] == [[300, 30, 3], [12, 9, 6], [2, 50, 400]]
    assert lines[0].line.dash != lines[2].line.dash
    assert lines[0].line.color != lines[2].line.color
    marked = [a.text for a in figure.layout.annotations if shift.NAMED_MARK in a.text]
    assert marked == ["6th up near ✱"]
    told = shift.shift_alt(shift.pick_movers(shifts()))
    assert "up far from 300th to 3rd" in told
    assert "down far from 2nd to 400th" in told


def test_a_known_drug_is_marked_whether_training_saw_it_or_not() -> None:
    some = [shift.Shift("a", 9, 3, status="known"), shift.Shift("b", 9, 4, status="held_out")]
    texts = [a.text for a in shift.shift_figure(some, 50).layout.annotations]
    assert texts == ["3rd a ■", "4th b ◆"]
    assert [r["Status"] for r in shift.shift_rows(some)] == ["known", "known, hidden from training"]


def test_curves_are_drawn_as_far_as_they_are_dense() -> None:
    curve = recall.RecallCurve("base", "x", (1, 10, 100, 636), (0.1, 0.2, 0.3, 1.0))
    figure = recall.recall_figure([curve], 636)
    assert list(figure.data[0].x) == [1, 10, 100]
    assert 10 ** figure.layout.xaxis.range[1] == pytest.approx(100)


def test_without_a_mechanism_run_there_are_two_stops() -> None:
    figure = shift.shift_figure([shift.Shift("x", 9, 3)], 50)
    assert list(figure.data[0].y) == [9, 3]
    assert len(figure.layout.xaxis.ticktext) == 2


def test_the_top_of_a_list_is_five_percent() -> None:
    assert [caution.top_places(n) for n in (1, 10, 636)] == [1, 1, 32]


def test_drugs_to_avoid_are_counted_in_the_top() -> None:
    some = [candidate(r, is_contraindicated=True) for r in (3.0, 32.0, 33.0)]
    some += [candidate(1, status="known"), candidate(2)]
    told = caution.caution_alt(some, 636)
    assert told.startswith("2 of 3 drugs to avoid stand in the top 5% (the first 32)")
    figure = caution.caution_figure(some, 636)
    assert [list(t.x) for t in figure.data] == [[1], [3, 32, 33]]
    assert "no drug to avoid" in caution.caution_alt([candidate(1)], 636)


def test_where_caution_moved_them_the_old_ranks_stand_below() -> None:
    some = [
        candidate(400, "far", is_contraindicated=True, raw_rank=2.0),
        candidate(500, "farther", is_contraindicated=True, raw_rank=7.0),
        candidate(1, status="known", raw_rank=1.0),
    ]
    figure = caution.caution_figure(some, 636)
    assert [list(t.x) for t in figure.data] == [[1], [400, 500], [2, 7]]
    assert "score alone" in figure.layout.yaxis.ticktext[0]
    assert [note.text for note in figure.layout.annotations] == ["far", "farther"]


def test_marks_of_the_same_rank_stand_side_by_side() -> None:
    assert len(set(caution._swarm([100.0, 100.0, 101.0, 101.0, 102.0]))) == 5
    assert caution._swarm([1.0, 600.0]) == [0.0, 0.0]


def texts_of(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [t for v in value.values() for t in texts_of(v)]
    if isinstance(value, list):
        return [t for v in value for t in texts_of(v)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize(
    "figure",
    [
        neighbourhood.neighbourhood_figure(
            NASTY, [neighbourhood.Group("treats", "treatment", "treatments", (NASTY,))]
        ),
        proposals.proposals_figure([candidate(1, NASTY, base_rank=2.0)], 9),
        shift.shift_figure([shift.Shift(NASTY, 9, 3)], 50),
        caution.caution_figure([candidate(1, NASTY, is_contraindicated=True)], 9),
        recall.recall_figure([recall.RecallCurve("base", NASTY, (1,), (1.0,))], 9),
    ],
    ids=["neighbourhood", "proposals", "shift", "caution", "recall"],
)
def test_foreign_markup_reaches_no_figure(figure: Any) -> None:
    told = texts_of(json.loads(figure.to_json()))
    assert any("Evil" in text for text in told)
    assert not any("<script" in text or "<b>Evil" in text for text in told)


def test_a_group_of_hundreds_stays_inside_the_picture() -> None:
    many = neighbourhood.Group("associates", "gene", "genes", tuple(f"g{i}" for i in range(700)))
    few = neighbourhood.Group("treats", "treatment", "treatments", ("a", "b"))
    figure = neighbourhood.neighbourhood_figure("x", [few, many])
    dots = [trace for trace in figure.data if trace.mode == "markers"]
    assert len(dots[0].x) == 2
    assert 30 < len(dots[1].x) < 700
    assert max(abs(y) for trace in dots for y in trace.y) < 1.1
    assert any("700" in note.text for note in figure.layout.annotations)


def test_the_hierarchy_of_diseases_is_read_from_the_side_one_stands_on() -> None:
    types = dict.fromkeys(("broad", "middle", "narrow"), "Disease") | {"drug": "Compound"}
    triples = [
        ("middle", "is_a", "broad"),
        ("narrow", "is_a", "middle"),
        ("drug", "treats", "middle"),
    ]
    graph = graph_of(triples, types)
    is_a = Relation("is_a", "includes", "is a kind of", "includes")
    graph = dataclasses.replace(graph, relations=(is_a, *graph.relations[1:]))
    groups = neighbourhood.neighbour_groups(graph, graph.mapped("middle"))
    named = {group.words: group.names for group in groups}
    assert named["broader disease"] == ("broad",)
    assert named["narrower disease"] == ("narrow",)
