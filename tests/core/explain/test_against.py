"""Each objection planted alone in a graph, and none where there is nothing."""

import pytest

from llador_core.explain.against import Objection, ObjectionGroup, objections
from llador_core.graph import Graph
from tests.builders import graph_of

TYPES = {
    "drug": "Compound",
    "rival": "Compound",
    "other": "Compound",
    "third": "Compound",
    "ill": "Disease",
    "kin": "Disease",
    "kind_of_ill": "Disease",
    "far": "Disease",
    "gene": "Gene",
    "rash": "Side Effect",
    "Sore_Throat": "Side Effect",
    "sore_throat!": "Symptom",
    "fever": "Symptom",
}
BASE = [
    ("rival", "treats", "ill"),
    ("other", "treats", "ill"),
    ("drug", "treats", "far"),
    ("kin", "resembles", "ill"),
    ("ill", "presents", "sore_throat!"),
    ("drug", "causes", "rash"),
    ("other", "contraindicated_in", "far"),
    ("other", "inhibits", "gene"),
    ("other", "activates", "gene"),
    ("third", "not_indicated", "far"),
]


def graph_with(*planted: tuple[str, str, str]) -> Graph:
    return graph_of([*BASE, *planted], TYPES)


def found(graph: Graph) -> dict[str, ObjectionGroup]:
    groups = objections(graph, graph.mapped("drug"), graph.mapped("ill"))
    assert [g.kind for g in groups] == [
        "contraindicated",
        "contraindicated_resembling",
        "side_effect_symptom",
        "opposite_action",
        "not_indicated",
    ]
    for group in groups:
        assert bool(group.objections) != bool(group.nothing)
        assert all(o.kind == group.kind and o.steps for o in group.objections)
    return {group.kind: group for group in groups}


def only(graph: Graph, kind: str) -> Objection:
    """Return the one objection there is, which is of this kind."""
    groups = found(graph)
    assert [k for k, group in groups.items() if group.objections] == [kind]
    (objection,) = groups[kind].objections
    return objection


def named(graph: Graph, objection: Objection) -> list[str]:
    return [graph.entity_ids[entity] for entity in objection.entities]


def test_nothing_found_is_said_for_every_kind() -> None:
    for group in found(graph_with()).values():
        assert group.objections == ()
        assert group.nothing == "Nothing found in this graph."


def test_what_a_graph_cannot_know_is_told_from_what_it_does_not_say() -> None:
    graph = graph_of([("rival", "treats", "ill"), ("drug", "binds", "gene")], TYPES)
    sentences = {kind: group.nothing for kind, group in found(graph).items()}
    assert sentences["contraindicated"] == (
        "This graph records no contraindications, so it cannot tell."
    )
    assert "no side effects" in sentences["side_effect_symptom"]
    assert "no direction of action" in sentences["opposite_action"]
    assert "no non-indications" in sentences["not_indicated"]


def test_contraindicated() -> None:
    graph = graph_with(("drug", "contraindicated_in", "ill"))
    objection = only(graph, "contraindicated")
    assert objection.sentence == "drug is contraindicated in ill."
    assert [step.words for step in objection.steps] == ["is contraindicated in"]


@pytest.mark.parametrize(
    ("tie", "words"),
    [
        (("kin", "resembles", "ill"), "kin, which resembles ill."),
        (("ill", "includes", "kind_of_ill"), "kind of ill, which belongs to ill."),
        (("kind_of_ill", "includes", "ill"), "kind of ill, which includes ill."),
    ],
)
def test_contraindicated_in_a_resembling_disease(tie: tuple[str, str, str], words: str) -> None:
    other = tie[0] if tie[0] != "ill" else tie[2]
    planted = [("drug", "contraindicated_in", other), *([tie] if tie not in BASE else [])]
    graph = graph_with(*planted)
    objection = only(graph, "contraindicated_resembling")
    assert objection.sentence == f"drug is contraindicated in {words}"
    assert named(graph, objection) == ["drug", other, "ill"]


def test_a_contraindication_in_an_unlike_disease_is_none() -> None:
    groups = found(graph_with(("drug", "contraindicated_in", "far")))
    assert not any(group.objections for group in groups.values())


def test_side_effect_that_is_a_symptom_under_the_same_id() -> None:
    graph = graph_with(("drug", "causes", "fever"), ("ill", "presents", "fever"))
    objection = only(graph, "side_effect_symptom")
    assert objection.sentence == "drug can cause fever, a symptom of ill."
    assert named(graph, objection) == ["drug", "fever", "ill"]


def test_side_effect_that_is_a_symptom_by_name() -> None:
    graph = graph_with(("drug", "causes", "Sore_Throat"))
    objection = only(graph, "side_effect_symptom")
    assert objection.sentence == "drug can cause Sore Throat, a symptom of ill."
    assert named(graph, objection) == ["drug", "Sore_Throat", "sore_throat!", "ill"]
    assert [step.words for step in objection.steps] == ["can cause", "is a symptom of"]


def test_side_effect_that_is_the_disease_itself() -> None:
    graph = graph_of([*BASE, ("drug", "causes", "ILL")], {**TYPES, "ILL": "Side Effect"})
    assert only(graph, "side_effect_symptom").sentence == "drug can cause ILL, the disease itself."


def test_opposite_action() -> None:
    graph = graph_with(("drug", "activates", "gene"), ("rival", "inhibits", "gene"))
    objection = only(graph, "opposite_action")
    assert objection.sentence == (
        "drug activates gene, which other and rival, known to treat ill, inhibit; another "
        "treatment activates it too."
    )
    assert named(graph, objection) == ["drug", "gene", "other", "rival"]


def test_the_same_action_is_no_objection() -> None:
    graph = graph_of(
        [("rival", "treats", "ill"), ("rival", "inhibits", "gene"), ("drug", "inhibits", "gene")],
        TYPES,
    )
    assert found(graph)["opposite_action"].objections == ()


def test_both_actions_on_one_target_are_no_objection() -> None:
    both = [("drug", "activates", "gene"), ("drug", "inhibits", "gene")]
    graph = graph_with(*both, ("rival", "inhibits", "gene"))
    assert found(graph)["opposite_action"].objections == ()


def test_a_target_most_treatments_oppose_stands_first() -> None:
    types = {**TYPES, **{f"cure_{i}": "Compound" for i in range(5)}, "mixed": "Gene"}
    planted = [(f"cure_{i}", "treats", "ill") for i in range(5)]
    planted += [(f"cure_{i}", "inhibits", "mixed") for i in range(2)]
    planted += [(f"cure_{i}", "activates", "mixed") for i in range(2, 5)]
    planted += [(f"cure_{i}", "inhibits", "gene") for i in range(5)]
    planted += [("drug", "activates", "gene"), ("drug", "activates", "mixed")]
    graph = graph_of([("rival", "treats", "ill"), *planted], types)
    first, second = found(graph)["opposite_action"].objections
    assert first.sentence == (
        "drug activates gene, which cure 0, cure 1, cure 2 and 2 more, known to treat ill, inhibit."
    )
    assert second.sentence.endswith("; 3 other treatments activate it too.")


def test_judged_not_to_be_indicated() -> None:
    objection = only(graph_with(("drug", "not_indicated", "ill")), "not_indicated")
    assert objection.sentence == "drug was judged not to be indicated in ill."


def test_the_starter_graph_objects_to_propranolol_in_asthma(starter: Graph) -> None:
    drug, disease = starter.mapped("Compound::DB00571"), starter.mapped("Disease::DOID:2841")
    groups = {group.kind: group for group in objections(starter, drug, disease)}
    assert len(groups["contraindicated"].objections) == 1
    assert "ADRB2" in groups["opposite_action"].objections[0].sentence
