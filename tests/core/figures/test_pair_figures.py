"""The figures of a pair: every run and every path is there, in words too, and nothing is markup."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path as FilePath

import pytest

from llador_core.agreement import Agreement, Standing, agree
from llador_core.explain import Explanation, explain
from llador_core.figures import agreement as strip
from llador_core.figures import path_places
from llador_core.figures import paths as figure
from llador_core.graph import Graph
from llador_core.names import resolve
from llador_core.training.runs import RunInfo
from tests.core.figures.test_figures import NASTY

PAIRS = (("memantine", "Alzheimer's disease"), ("haloperidol", "Parkinson's disease"))


def standing(i: int, rank: float, prior: str, *, knew: bool = False) -> Standing:
    info = RunInfo(f"run{i}", FilePath(), model="rotate", prior=prior, seed=i, is_finished=True)
    return Standing(info, rank, knew)


@pytest.fixture
def agreed() -> Agreement:
    ranks = [(2.0, "full"), (31.0, "none"), (7.0, "mechanism"), (5.5, "full"), (9.0, "name")]
    return agree([standing(i, rank, p, knew=i == 0) for i, (rank, p) in enumerate(ranks)], 600)


def test_the_strip_has_a_mark_for_each_run_and_a_ring_at_the_chosen(agreed: Agreement) -> None:
    drawn = strip.agreement_figure(agreed, "run2")
    rings = [t for t in drawn.data if t.marker.symbol == "circle-open"]
    marks = [t for t in drawn.data if t.marker.symbol != "circle-open"]
    assert sorted(x for t in marks for x in t.x) == [s.rank for s in agreed.standings]
    assert [tuple(t.x) for t in rings] == [(7.0,)]
    assert len({t.marker.symbol for t in marks}) == len({t.marker.color for t in marks}) == 4
    assert set(drawn.layout.yaxis.ticktext) == set(strip.PRIOR_LABELS.values())


def test_the_strip_is_said_in_words_and_rows(agreed: Agreement) -> None:
    assert strip.agreement_words(agreed) == "2nd to 31st in 5 runs, median 7th"
    assert "31st by RotatE with no prior" in strip.agreement_alt(agreed)
    rows = strip.agreement_rows(agreed)
    assert [row["Rank"] for row in rows] == [2, 5.5, 7, 9, 31]
    assert [row["Trained on this pair"] for row in rows] == ["yes", "no", "no", "no", "no"]
    same = agree([standing(0, 4, "full"), standing(1, 4, "none")], 600)
    assert strip.agreement_words(same) == "4th in 2 runs"


def explained(graph: Graph, drug: str, disease: str) -> Explanation:
    return explain(graph, resolve(graph, drug, "drug"), resolve(graph, disease, "disease"))


@pytest.mark.parametrize("pair", PAIRS)
def test_the_best_paths_are_the_best_of_either_part(starter: Graph, pair: tuple[str, str]) -> None:
    found = explained(starter, *pair)
    best = figure.best_paths(found)
    assert best[0][1] == found.groups[0].paths[0]
    assert len(best) <= 10
    assert (
        max(map(len, path_places.columns_of([p for _, p in best]).values()))
        <= figure.MAX_PER_COLUMN
    )
    parts = [[p.score for g, p in best if g.is_mechanism is part] for part in (True, False)]
    assert all(parts)
    assert [g.is_mechanism for g, _ in best] == [True] * len(parts[0]) + [False] * len(parts[1])
    for scores, part in zip(parts, (True, False), strict=True):
        every = [p.score for g in found.groups for p in g.paths if g.is_mechanism is part]
        assert scores[0] == max(every)
        assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("pair", PAIRS)
def test_every_entity_has_a_place_of_its_own(starter: Graph, pair: tuple[str, str]) -> None:
    best = [path for _, path in figure.best_paths(explained(starter, *pair))]
    places = path_places.places_of(best)
    entities = {entity for path in best for entity in path.entities}
    assert {node for node in places if isinstance(node, int)} == entities
    for one, other in combinations(places.values(), 2):
        assert one[0] != other[0] or abs(one[1] - other[1]) > 1e-9
    assert {places[path.entities[0]][0] for path in best} == {0}
    assert {places[path.entities[-1]][0] for path in best} == {figure.COLUMNS - 1}


@pytest.mark.parametrize("pair", PAIRS)
def test_no_edge_passes_through_an_entity(starter: Graph, pair: tuple[str, str]) -> None:
    best = [path for _, path in figure.best_paths(explained(starter, *pair))]
    places = path_places.places_of(best)
    at = {place for node, place in places.items() if isinstance(node, int)}
    for step in (step for path in best for step in path.steps):
        first, *between, last = path_places.line_of(places, step)
        assert {first, last} == {places[step.source], places[step.target]}
        assert not at & set(between)
        assert all(b[0] - a[0] <= 1 for a, b in pairwise([first, *between, last]))


def test_the_figure_draws_every_entity_and_the_words_of_the_best(starter: Graph) -> None:
    pairs = figure.best_paths(explained(starter, *PAIRS[0]))
    best = [path for _, path in pairs]
    drawn = figure.paths_figure(starter, pairs)
    assert {t.name: t.line.dash for t in drawn.data if t.mode == "lines"} == {
        "best path": "solid",
        "other mechanisms": "solid",
        "by likeness": "dot",
    }
    entities = {entity for path in best for entity in path.entities}
    assert sum(len(t.x) for t in drawn.data if t.mode == "markers+text") == len(entities)
    assert [a.text for a in drawn.layout.annotations] == [s.words for s in best[0].steps]
    hovers = next(t.hovertext for t in drawn.data if t.marker.opacity == 0)
    edges = {frozenset((s.source, s.target)) for path in best for s in path.steps}
    assert len(hovers) == len(edges)


def test_on_a_phone_fewer_paths_run_from_top_to_bottom(starter: Graph) -> None:
    pairs = figure.best_paths(explained(starter, *PAIRS[0]), is_narrow=True)
    assert pairs[0] == figure.best_paths(explained(starter, *PAIRS[0]))[0]
    assert len(pairs) <= figure.N_UPRIGHT
    assert {group.is_mechanism for group, _ in pairs} == {True, False}
    drawn = figure.paths_figure(starter, pairs, is_narrow=True)
    (drug, disease), steps = pairs[0][1].entities[:: len(pairs[0][1].steps)], pairs[0][1].steps
    at = {
        name: (x, y)
        for trace in drawn.data
        if trace.mode == "markers+text"
        for name, x, y in zip(trace.hovertext, trace.x, trace.y, strict=True)
    }
    (x, y), (end_x, end_y) = at[starter.entity_names[drug]], at[starter.entity_names[disease]]
    assert (x, end_x) == (0, 0)
    assert y == max(y for _, y in at.values()) == 0
    assert end_y == min(y for _, y in at.values())
    low, high = drawn.layout.xaxis.range
    assert all(low < x < high for x, _ in at.values())
    assert [a.text for a in drawn.layout.annotations] == [s.words for s in steps]
    assert all(low < a.x < high and end_y < a.y < y for a in drawn.layout.annotations)


def test_paths_are_said_in_words_and_rows(starter: Graph) -> None:
    best = figure.best_paths(explained(starter, *PAIRS[0]))
    said = figure.paths_alt(starter, [path for _, path in best])
    assert "; Memantine —" in said
    assert said.startswith(f"The best paths, best first: {figure.chain(starter, best[0][1])};")
    rows = figure.paths_rows(starter, best)
    assert len(rows) == len(best)
    for part in ("mechanism", "likeness"):
        strengths = [row["Strength"] for row in rows if row["Argues from"] == part]
        assert strengths[0] == max(strengths) == 100
    assert {row["Kind"] for row in rows} <= {group.title for group, _ in best}


def test_without_a_path_there_is_a_sentence_and_an_empty_figure(starter: Graph) -> None:
    assert figure.paths_alt(starter, []) == "No path to show."
    assert not figure.paths_figure(starter, []).layout.annotations
    assert figure.paths_rows(starter, []) == []


def test_names_are_literal_in_both_figures(starter: Graph, agreed: Agreement) -> None:
    evil = replace(starter, entity_names=[NASTY] * starter.n_entities)
    found = explain(
        evil, resolve(starter, "memantine", "drug"), starter.mapped("Disease::DOID:10652")
    )
    drawn = figure.paths_figure(evil, figure.best_paths(found))
    named = replace(
        agreed,
        standings=tuple(replace(s, run=replace(s.run, model=NASTY)) for s in agreed.standings),
    )
    for spec in (drawn.to_json(), strip.agreement_figure(named, "run0").to_json()):
        assert "<script" not in spec
        assert "\\u003cscript" not in spec
        assert "<b>Evil" not in spec
        assert "\\u003cb\\u003eEvil" not in spec


def test_a_run_from_elsewhere_has_a_row_of_its_own() -> None:
    runs = [standing(0, 3.0, "none"), standing(1, 5.0, "none")]
    runs[1] = replace(runs[1], run=replace(runs[1].run, is_imported=True))
    drawn = strip.agreement_figure(agree(runs, 50), "run1")
    assert list(drawn.layout.yaxis.ticktext) == ["no prior", "trained elsewhere"]
    assert {trace.marker.symbol for trace in drawn.data} == {"diamond", "x", "circle-open"}
    assert "trained elsewhere" in str(strip.agreement_rows(agree(runs, 50))[1])
