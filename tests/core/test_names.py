"""From what a person types to an entity."""

from __future__ import annotations

from dataclasses import replace

import pytest

from llador_core.errors import UnknownNameError
from llador_core.graph import Graph
from llador_core.names import resolve, search
from tests.builders import graph_of

TINY = replace(
    graph_of(
        [
            ("D1", "treats", "E1"),
            ("D1", "treats", "E2"),
            ("D2", "treats", "E1"),
            ("D2", "binds", "G1"),
        ],
        {"D1": "Compound", "D2": "Compound", "E1": "Disease", "E2": "Disease", "G1": "Gene"},
    ),
    entity_names=["Aspirin", "Cold", "Common cold", "Cold", "COLD1"],
    synonyms=[("ASA",), (), ("Cold", "Acute rhinitis"), (), ()],
)


@pytest.mark.parametrize("query", ["D1", "d1", "Aspirin", " aspirin ", "ASPIRIN", "asa"])
def test_id_name_and_synonym_name_an_entity_in_any_case(query: str) -> None:
    assert TINY.entity_ids[resolve(TINY, query, "drug")] == "D1"


def test_the_kind_decides_between_equal_names() -> None:
    assert TINY.entity_ids[resolve(TINY, "cold", "drug")] == "D2"
    assert TINY.entity_ids[resolve(TINY, "cold1", "entity")] == "G1"


def test_an_own_name_goes_before_another_ones_synonym() -> None:
    assert TINY.entity_ids[resolve(TINY, "Cold", "disease")] == "E2"  # E1 has more edges


def test_an_id_of_the_other_kind_is_unknown() -> None:
    with pytest.raises(UnknownNameError, match="no disease in graph 'tiny' named 'D1'"):
        resolve(TINY, "D1", "disease")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("alzheimers", "Alzheimer's disease"),
        ("alzhiemer's disease", "Alzheimer's disease"),
        ("disease alzheimer", "Alzheimer's disease"),
        ("Alz", "Alzheimer's disease"),
        ("parkinson", "Parkinson's disease"),
        ("hypertenson", "hypertension"),
    ],
)
def test_typing_errors_word_order_and_beginnings_are_understood(
    starter: Graph, typed: str, meant: str
) -> None:
    names = [match.label for match in search(starter, typed, "disease", limit=3)]
    assert meant in names


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("alzheimer", "Alzheimer's disease"),
        ("alzhiemer's disease", "Alzheimer's disease"),
        ("disease alzheimer's", "Alzheimer's disease"),
        ("Alz", "Alzheimer's disease"),
        ("donepzil", "Donepezil"),
        ("lewy", "dementia with Lewy bodies"),
        ("apoe", "APOE"),
    ],
)
def test_a_large_graph_is_searched_by_quicker_means_to_the_same_end(
    starter: Graph, typed: str, meant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("llador_core.names.MANY_LABELS", 1_000)
    assert meant in [match.label for match in search(starter, typed, "entity", limit=3)]


def test_an_exact_name_is_first_and_nothing_comes_twice(starter: Graph) -> None:
    for disease in starter.diseases[::8].tolist():
        found = search(starter, starter.entity_names[disease], "disease")
        assert found[0].entity == disease
        assert len({match.entity for match in found}) == len(found) <= 10
        scores = [match.similarity for match in found]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= score <= 100 for score in scores)


def test_a_kind_finds_only_its_own(starter: Graph) -> None:
    for kind, own in (("drug", starter.drugs), ("disease", starter.diseases)):
        found = search(starter, "acid", kind, limit=50)
        assert {match.entity for match in found} <= set(own.tolist())


@pytest.mark.parametrize("query", ["", "   "])
def test_nothing_typed_finds_nothing(query: str) -> None:
    assert search(TINY, query, "drug") == []
    with pytest.raises(UnknownNameError):
        resolve(TINY, query, "drug")


def test_an_unknown_name_lists_the_nearest_first(starter: Graph) -> None:
    with pytest.raises(UnknownNameError) as error:
        resolve(starter, "Donepezill", "drug")
    assert error.value.nearest[0] == "Donepezil"
    assert len(error.value.nearest) <= 5
    assert "Did you mean 'Donepezil'" in str(error.value)


def test_nonsense_is_refused_with_a_whole_sentence(starter: Graph) -> None:
    with pytest.raises(UnknownNameError, match=r"no drug .* named 'zzqqxxw'\."):
        resolve(starter, "zzqqxxw", "drug")


def test_beside_a_good_match_nothing_far_off_is_suggested(starter: Graph) -> None:
    with pytest.raises(UnknownNameError) as caught:
        resolve(starter, "migrane", "disease")
    assert caught.value.nearest == ("migraine",)
