"""What the safeguard knows of a pair: never its own answer, and only texts of the model's prior."""

from __future__ import annotations

import numpy as np
import pytest

from llador_core.graph import Graph
from llador_core.models.scorer import Scorer
from llador_core.names import resolve
from llador_core.priors.texts import load_texts
from llador_core.priors.vectors import load_vectors
from llador_core.safeguard.features import Reading, embedding, read, text_and_evidence


@pytest.fixture(scope="module")
def full(starter: Graph) -> Reading:
    return read(starter, "full", load_vectors(starter), load_texts(starter), seed=0)


def place(graph: Graph, drug: str, disease: str) -> tuple[int, int]:
    i = graph.drugs.tolist().index(resolve(graph, drug, "drug"))
    return i, graph.diseases.tolist().index(resolve(graph, disease, "disease"))


def test_no_feature_of_a_pair_changes_with_its_own_answer(starter: Graph, full: Reading) -> None:
    triples = starter.triples
    avoided = starter.triples_with_role("contraindicated")[[5, 700]]
    treated = starter.triples_with_role("treats")[[3]]
    before = text_and_evidence(starter, triples, full)
    for h, _, t in np.concatenate([avoided, treated]).tolist():
        is_pair = (triples[:, 0] == h) & (triples[:, 2] == t)
        after = text_and_evidence(starter, triples[~is_pair], full)
        at = starter.drugs.tolist().index(h), starter.diseases.tolist().index(t)
        assert set(after) == set(before)
        for name, table in before.items():
            assert after[name][at] == pytest.approx(table[at], abs=1e-9), name
        changed = "evidence of contraindicated, similar by both"
        if not np.isin(h, treated[:, 0]):
            assert not np.array_equal(after[changed], before[changed])


def test_naming_tells_polarity_apart(starter: Graph, full: Reading) -> None:
    found = text_and_evidence(starter, starter.triples, full)
    at = place(starter, "propranolol", "asthma")
    assert found["drug's caution names the disease"][at] == 1
    assert found["drug's treatment names the disease"][at] == 0
    at = place(starter, "diphenhydramine", "Alzheimer's disease")
    assert found["drug's caution names the disease"][at] == 0
    assert found["drug's caution names a resembling disease"][at] == 1


@pytest.mark.parametrize(
    ("prior", "texts"),
    [
        ("none", set()),
        ("random", set()),
        ("mechanism", {"background"}),
        ("caution", {"caution"}),
        ("no-indication", {"background", "caution"}),
        ("full", {"background", "treatment", "caution"}),
    ],
)
def test_only_the_texts_of_the_prior_are_read(starter: Graph, prior: str, texts: set[str]) -> None:
    reading = read(starter, prior, load_vectors(starter), load_texts(starter), seed=0)
    assert set(reading.named) == texts
    assert set(reading.vectors) == (texts | {"name"} if texts else set())


def test_shuffled_texts_are_those_of_others(starter: Graph, full: Reading) -> None:
    dealt = read(starter, "shuffled", load_vectors(starter), load_texts(starter), seed=3)
    order = np.random.default_rng(3).permutation(starter.n_entities)
    drug = int(starter.drugs[7])
    texts = load_texts(starter)
    assert texts is not None
    assert dealt.named["caution"][drug] != full.named["caution"][drug] or not texts.caution[drug]
    vectors = load_vectors(starter).vectors["caution"]
    has = [d for d in starter.drugs.tolist() if vectors[order[d]].any()]
    mean = vectors[order[has]].mean(axis=0)
    expected = vectors[order[has[0]]] - mean
    np.testing.assert_allclose(
        dealt.vectors["caution"][has[0]], expected / np.linalg.norm(expected), atol=1e-4
    )


def test_the_embedding_is_standardised_both_ways(starter: Graph) -> None:
    draw = np.random.default_rng(0)
    shape = (starter.n_entities, 8), (starter.n_relations, 8)
    scorer = Scorer("distmult", *(draw.standard_normal(s).astype(np.float32) for s in shape))
    for name, table in embedding(starter, scorer).items():
        axis = 0 if name.endswith("among drugs") else 1
        np.testing.assert_allclose(table.mean(axis=axis), 0, atol=1e-6)
        np.testing.assert_allclose(table.std(axis=axis), 1, atol=1e-6)
