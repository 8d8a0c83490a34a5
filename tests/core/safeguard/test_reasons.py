"""Reasons are edges and sentences that can be looked up, the pair's own first."""

from __future__ import annotations

import numpy as np

from llador_core.graph import Graph
from llador_core.names import resolve
from llador_core.priors.texts import load_texts
from llador_core.safeguard import CautionReason, caution_reasons
from llador_core.safeguard.reasons import MOST_OF_A_KIND


def reasons(graph: Graph, drug: str, disease: str, with_texts: bool = True) -> list[CautionReason]:
    texts = load_texts(graph) if with_texts else None
    pair = resolve(graph, drug, "drug"), resolve(graph, disease, "disease")
    return caution_reasons(graph, texts, *pair)


def test_the_edge_the_class_mates_and_the_sentence(starter: Graph) -> None:
    found = reasons(starter, "propranolol", "asthma")
    assert found[0].kind == "edge"
    similar = [r for r in found if r.kind == "similar"]
    assert similar
    asthma = resolve(starter, "asthma", "disease")
    for one in similar:
        assert asthma in starter.neighbours_with_role(one.entity, "contraindicated")
        assert one.shared
    sentence = next(r for r in found if r.kind == "text")
    texts = load_texts(starter)
    assert texts is not None
    assert sentence.text in texts.caution[sentence.entity]
    assert "asthma" in sentence.shared


def test_a_resembling_disease_is_named_and_resembles(starter: Graph) -> None:
    found = reasons(starter, "diphenhydramine", "Alzheimer's disease")
    resembling = [r for r in found if r.kind == "resembling"]
    alzheimer = resolve(starter, "Alzheimer's disease", "disease")
    drug = resolve(starter, "diphenhydramine", "drug")
    assert {r.entity for r in resembling} <= set(
        starter.neighbours_with_role(alzheimer, "resembles").tolist()
    )
    assert {r.entity for r in resembling} <= set(
        starter.neighbours_with_role(drug, "contraindicated").tolist()
    )
    assert "dementia" in {r.name for r in resembling}


def test_without_texts_no_sentence_and_never_more_than_a_few(starter: Graph) -> None:
    found = reasons(starter, "ibuprofen", "peptic ulcer disease", with_texts=False)
    assert not [r for r in found if r.kind == "text"]
    for kind in ("edge", "resembling", "similar"):
        assert len([r for r in found if r.kind == kind]) <= MOST_OF_A_KIND


def test_only_the_given_triples_are_looked_at(starter: Graph) -> None:
    pair = resolve(starter, "propranolol", "drug"), resolve(starter, "asthma", "disease")
    is_pair = (starter.triples[:, 0] == pair[0]) & (starter.triples[:, 2] == pair[1])
    found = caution_reasons(starter, None, *pair, train=starter.triples[~is_pair])
    assert "edge" not in {r.kind for r in found}
    nothing = np.empty((0, 3), np.int32)
    assert caution_reasons(starter, None, *pair, train=nothing) == []
