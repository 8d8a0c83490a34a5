"""The GraphML file opens in networkx and holds what is shown, whatever the names are."""

from __future__ import annotations

import io
from dataclasses import replace

import networkx as nx
import pytest

from llador_core.explain.graphml import to_graphml
from llador_core.explain.neighbourhood import Choice, surroundings
from llador_core.graph import Graph

ALZHEIMER = "Disease::DOID:10652"
NASTY = [
    '<script>x</script> & "q" ]]>',
    "a | b\nc\td",
    "\u202eevil\u202c",
    "nul \x00 bell \x07",
    "no \ufffe \uffff such",
    "lone \ud800 half",
]


def read(content: bytes) -> nx.MultiDiGraph:
    return nx.read_graphml(io.BytesIO(content), force_multigraph=True)


def test_the_file_holds_every_member_and_fact(starter: Graph) -> None:
    focus = starter.mapped(ALZHEIMER)
    donepezil = starter.mapped("Compound::DB00843")
    shown = surroundings(starter, focus, focus, Choice(40), expanded=[donepezil])
    network = read(to_graphml(starter, shown, [("notice", "For research only."), ("a b", "c")]))
    assert network.graph["notice"] == "For research only."
    assert network.graph["a b"] == "c"
    assert list(network) == [starter.entity_ids[e] for e in shown.entities]
    facts = [
        (starter.entity_ids[h], starter.entity_ids[t], starter.relations[r].name)
        for tie in shown.ties
        for h, r, t in tie.facts
    ]
    assert sorted(network.edges(data="relation")) == sorted(facts)
    drug = network.nodes["Compound::DB00843"]
    assert (drug["name"], drug["type"], drug["is_expanded"]) == ("Donepezil", "Compound", True)
    assert drug["degree"] == starter.degree[donepezil]
    assert network.nodes[ALZHEIMER]["is_focus"] is True


@pytest.mark.parametrize("name", NASTY)
def test_foreign_names_make_no_broken_file(name: str, starter: Graph) -> None:
    evil = replace(starter, entity_names=[name] * starter.n_entities, title=name)
    focus = evil.mapped(ALZHEIMER)
    content = to_graphml(evil, surroundings(evil, focus, focus, Choice(5)), [("graph", name)])
    network = read(content)
    assert len(network) == 6
    shown = network.nodes[ALZHEIMER]["name"]
    assert not set(shown) & {"\x00", "\ufffe", "\uffff", "\ud800", "\u202e", "\n"}
    assert b"<script" not in content
