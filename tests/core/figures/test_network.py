"""The picture of a network: places that stay, marks by type, and foreign text shown literally."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llador_core.escape import WORD_JOINER
from llador_core.explain.neighbourhood import (
    Choice,
    Surroundings,
    fact_words,
    surroundings,
)
from llador_core.figures import style
from llador_core.figures.looks import looks
from llador_core.figures.network import network_alt, network_options, network_rows
from llador_core.figures.network_layout import GAP, Places, network_places
from llador_core.graph import Graph
from tests.builders import graph_of, random_graph, renumbered
from tests.core.figures.test_style import GROUNDS, contrast

ALZHEIMER = "Disease::DOID:10652"
NASTY = "<script>x</script> {b} {@[1]} \"q\" 'r' & \u202eZ"


def around(graph: Graph, n: int = 60, expanded: tuple[str, ...] = ()) -> Surroundings:
    focus = graph.mapped(ALZHEIMER)
    members = [graph.mapped(e) for e in expanded]
    return surroundings(graph, focus, focus, Choice(n), expanded=members)


def labeled(graph: Graph, places: Places) -> dict[str, tuple[float, float]]:
    return {graph.entity_ids[e]: place for e, place in places.items()}


def test_the_same_entity_gives_the_same_picture(starter: Graph) -> None:
    shown = around(starter)
    places = network_places(starter, shown)
    assert set(places) == set(shown.entities)
    assert places[shown.focus] == (0.0, 0.0)
    assert places == network_places(starter, shown)
    assert all(math.isfinite(x) and math.isfinite(y) for x, y in places.values())


def test_expanding_and_showing_more_move_nobody(starter: Graph) -> None:
    before = network_places(starter, around(starter))
    one = around(starter, 60, ("Compound::DB00843",))
    two = around(starter, 60, ("Compound::DB00843", "Gene::351"))
    after_one, after_two = network_places(starter, one), network_places(starter, two)
    assert len(before) < len(after_one) < len(after_two)
    assert after_one == {e: after_two[e] for e in after_one}
    assert before == {e: after_one[e] for e in before}
    assert network_places(starter, two, known=after_one) == after_two
    fewer = network_places(starter, around(starter, 30))
    assert fewer == {e: before[e] for e in fewer}


def test_expanding_who_was_brought_in_or_is_no_member_moves_nobody(starter: Graph) -> None:
    focus = starter.mapped("Compound::DB00843")
    brought = [starter.mapped(e) for e in ("Gene::7124", "Disease::DOID:14330")]
    known: Places | None = None
    for n in range(4):
        expanded = [starter.mapped("Gene::351"), brought[0], starter.mapped("Gene::5663")][:n]
        shown = surroundings(starter, focus, focus, brought=brought, expanded=expanded)
        fresh = network_places(starter, shown)
        assert set(fresh) == set(shown.entities)
        assert network_places(starter, shown, known) == fresh
        assert known is None or known == {e: fresh[e] for e in known}
        known = fresh


@settings(max_examples=20)
@given(st.integers(0, 10_000))
def test_the_numbers_of_entities_have_no_say(seed: int) -> None:
    graph = random_graph(seed)
    other = renumbered(graph, np.random.default_rng(seed).permutation(graph.n_entities))
    places = []
    for g in (graph, other):
        focus = g.mapped("drug_0")
        shown = surroundings(g, focus, focus, Choice(30), expanded=[g.mapped("disease_1")])
        places.append(labeled(g, network_places(g, shown)))
    assert places[0].keys() == places[1].keys()
    for entity, place in places[0].items():
        assert place == pytest.approx(places[1][entity], abs=1e-6)


@pytest.mark.parametrize("n", [20, 60, 69])
def test_nobody_stands_on_another(n: int, starter: Graph) -> None:
    places = network_places(starter, around(starter, n))
    near = [math.dist(a, b) for a, b in combinations(places.values(), 2)]
    assert min(near) > GAP / 2
    assert sum(d < 0.8 * GAP for d in near) <= 0.02 * len(places)


def test_a_crowd_of_one_type_finds_room() -> None:
    genes = {f"g{i:03}": "Gene" for i in range(299)}
    graph = graph_of([("flu", "associates", g) for g in genes], {"flu": "Disease", **genes})
    focus = graph.mapped("flu")
    places = network_places(graph, surroundings(graph, focus, focus, Choice(299)))
    assert len(places) == 300
    assert min(math.dist(a, b) for a, b in combinations(places.values(), 2)) > GAP / 3
    assert max(math.hypot(*p) for p in places.values()) < 30


def test_every_type_of_every_graph_has_a_shape_of_its_own() -> None:
    drkg = ("Anatomy", "Atc", "Biological Process", "Cellular Component", "Compound", "Disease")
    drkg += ("Gene", "Molecular Function", "Pathway", "Pharmacologic Class", "Side Effect")
    drkg += ("Symptom", "Tax")
    primekg = ("anatomy", "biological_process", "cellular_component", "disease", "drug")
    primekg += ("effect/phenotype", "exposure", "gene/protein", "molecular_function", "pathway")
    for types in (drkg, primekg, ("X", "Y", "Z", "drug")):
        found = looks(types)
        assert list(found) and set(found) == set(types)
        assert len({look.symbol for look in found.values()}) == len(types)
        assert len({look.mark for look in found.values()}) == len(types)
        for look in found.values():
            for ground in GROUNDS.values():
                assert contrast(look.colour, ground) >= 3
    assert len(looks([f"t{i}" for i in range(40)])) == 40
    assert looks(drkg)["Gene"] == looks(primekg)["gene/protein"]


def options_of(graph: Graph, shown: Surroundings, **more: Any) -> Any:
    places = network_places(graph, shown)
    return network_options(graph, shown, places, caption="Notice", **more)


def test_the_options_draw_every_member_and_tie(starter: Graph) -> None:
    shown = around(starter)
    options = options_of(starter, shown)
    json.dumps(options, allow_nan=False)
    series = options["baseOption"]["series"][0]
    narrow = options["media"][0]["option"]["series"][0]
    assert len(series["data"]) == len(narrow["data"]) == len(shown.members)
    assert len(series["links"]) == len(shown.ties)
    for link, tie in zip(series["links"], shown.ties, strict=True):
        assert shown.entities[link["source"]] == tie.a
        assert shown.entities[link["target"]] == tie.b
        assert (
            fact_words(starter, tie.facts[0]).replace("'", "&#x27;") in link["tooltip"]["formatter"]
        )
    types = [category["name"] for category in series["categories"]]
    for node, entity in zip(series["data"], shown.entities, strict=True):
        assert types[node["category"]] == starter.type_of(entity)
    legend = options["baseOption"]["legend"]
    assert [entry["name"] for entry in legend["data"]] == types
    assert [entry["icon"] for entry in legend["data"]] == [
        category["symbol"] for category in series["categories"]
    ]
    assert legend["selectedMode"] is False  # it would hide entities outside the address
    assert options["baseOption"]["title"]["text"] == "Notice"


def test_treatments_and_contraindications_differ_by_more_than_colour(starter: Graph) -> None:
    shown = around(starter)
    series = options_of(starter, shown)["baseOption"]["series"][0]
    looks_of: dict[str, set[str]] = {}
    for link, tie in zip(series["links"], shown.ties, strict=True):
        line = link["lineStyle"]
        roles = {starter.relations[r].role for _, r, _ in tie.facts}
        shape = f"{line['width']} {line.get('type', 'solid')}"
        helps = roles & {"treats", "palliates"}
        name = "avoid" if "contraindicated" in roles else "helps" if helps else "rest"
        looks_of.setdefault(name, set()).add(shape)
    assert set(looks_of) == {"avoid", "helps", "rest"}
    assert all(not a & b for a, b in combinations(looks_of.values(), 2))


def test_paths_rings_and_the_chosen_one_stand_out(starter: Graph) -> None:
    shown = around(starter, expanded=("Gene::351",))
    tie = shown.ties[3]
    one, other = shown.entities[5], shown.entities[6]
    plain = options_of(starter, shown)["baseOption"]["series"][0]
    marked = options_of(
        starter, shown, selected=one, marked=[other], path=[(tie.b, tie.a)], is_dark=True
    )["baseOption"]["series"][0]
    assert marked["links"][3]["lineStyle"]["width"] > plain["links"][3]["lineStyle"]["width"]
    assert (
        marked["data"][5]["itemStyle"]["borderWidth"]
        > marked["data"][6]["itemStyle"]["borderWidth"]
    )
    assert "itemStyle" not in plain["data"][5]
    assert "itemStyle" in plain["data"][shown.entities.index(starter.mapped("Gene::351"))]
    assert marked["label"]["color"] != plain["label"]["color"]


def test_foreign_text_is_neither_markup_nor_template(starter: Graph) -> None:
    names = [f"{NASTY} {i}" for i in range(starter.n_entities)]
    types = tuple(f"{NASTY} {name}" for name in starter.type_names)
    relations = tuple(replace(r, words=NASTY, inverse_words=NASTY) for r in starter.relations)
    evil = replace(starter, entity_names=names, type_names=types, relations=relations)
    shown = around(evil)
    tie = shown.ties[0]
    options = network_options(
        evil, shown, network_places(evil, shown), caption=NASTY, path=[(tie.a, tie.b)]
    )
    series = options["baseOption"]["series"][0]
    for part in (*series["data"], *series["links"]):
        html = part["tooltip"]["formatter"]
        assert "&lt;script&gt;" in html
        assert not re.search(r"<(?!/?b>|br>)", html)
        assert not set(html) & {"{", "}", "\u202e", '"'}
    drawn = [node["name"] for node in series["data"]]
    drawn += [options["baseOption"]["title"]["text"]]
    drawn += [category["name"] for category in series["categories"]]
    for text in drawn:
        assert "\u202e" not in text
        assert not re.search(r"\{[^" + WORD_JOINER + "]", text)


def test_words_and_rows_say_what_is_drawn(starter: Graph) -> None:
    shown = around(starter, expanded=("Compound::DB00843",))
    alt = network_alt(starter, shown)
    assert alt.startswith("Alzheimer's disease and ")
    assert f"held together by {style.count(len(shown.ties), 'tie')}." in alt
    rows = network_rows(starter, shown)
    assert [row["Id"] for row in rows] == [starter.entity_ids[e] for e in shown.entities[1:]]
    assert [row["Order"] for row in rows] == list(range(1, len(shown.members)))
    by_id = {row["Id"]: row for row in rows}
    assert by_id["Compound::DB00843"]["How"] == "Donepezil treats Alzheimer's disease"
    added = [row for row in rows if row["Tied to"] == "Donepezil"]
    assert len(added) == len(shown.members) - 61


def test_one_who_stands_alone_is_told_so() -> None:
    graph = graph_of([("a", "treats", "b")], {"a": "Compound", "b": "Disease", "c": "Gene"})
    alone = surroundings(graph, graph.mapped("c"), graph.mapped("c"))
    assert network_alt(graph, alone) == "c stands alone: nothing is tied to it here."
    assert network_rows(graph, alone) == []
    assert network_places(graph, alone) == {graph.mapped("c"): (0.0, 0.0)}
