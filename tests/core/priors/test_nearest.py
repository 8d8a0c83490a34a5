from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llador_core.graph import Graph
from llador_core.priors import difference as diff
from llador_core.priors.difference import difference, n_changed
from llador_core.priors.nearest import duplicates, has_text, n_words, nearest_by_text
from llador_core.priors.texts import Provenance, Texts
from llador_core.priors.vectors import load_vectors


def test_the_nearest_are_those_of_a_loop(starter: Graph) -> None:
    vectors = load_vectors(starter)
    entity, rows = int(starter.diseases[3]), vectors.vectors["background"]
    cosines = {
        i: sum(float(a) * float(b) for a, b in zip(rows[i], rows[entity], strict=True))
        for i in starter.diseases.tolist()
        if i != entity and vectors.has["background"][i]
    }
    best = sorted(cosines, key=lambda i: -cosines[i])[:5]
    found = nearest_by_text(vectors, entity, "background", 5, starter.diseases)
    assert [near.entity for near in found] == best
    for near in found:
        assert near.cosine == pytest.approx(cosines[near.entity], abs=1e-5)
    among_all = nearest_by_text(vectors, entity, "background", 5)
    assert among_all[0].cosine >= found[0].cosine


def test_without_a_text_nobody_is_near(starter: Graph) -> None:
    vectors = load_vectors(starter)
    bare = int(np.flatnonzero(~vectors.has["caution"])[0])
    assert nearest_by_text(vectors, bare, "caution") == []


def test_lengths_gaps_and_duplicates(graph: Graph) -> None:
    texts = Texts(["One two.", "", "one  TWO."], ["", "", ""], ["x", "", ""], Provenance())
    assert n_words(texts, "background").tolist() == [2, 0, 2]
    assert has_text(texts).tolist() == [True, False, True]
    assert duplicates(graph, texts) == [("background", (0, 2))]


@given(st.text(alphabet="ab c.\n-é'", max_size=40), st.text(alphabet="ab c.\n-é'", max_size=40))
def test_the_pieces_are_both_texts(before: str, after: str) -> None:
    pieces = difference(before, after)
    assert "".join(p.text for p in pieces if p.what != "added") == before
    assert "".join(p.text for p in pieces if p.what != "removed") == after
    assert all(p.text for p in pieces)
    assert (n_changed(pieces) == 0) or before != after


def test_one_word_changed_is_one_word_shown() -> None:
    pieces = difference("It blocks the D2 receptor.", "It opens the D2 receptor.")
    assert [(p.what, p.text) for p in pieces] == [
        ("same", "It "),
        ("removed", "blocks"),
        ("added", "opens"),
        ("same", " the D2 receptor."),
    ]
    assert n_changed(pieces) == 2


def test_endless_texts_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diff, "MOST_PIECES", 5)
    assert [p.what for p in difference("a b c", "a b d")] == ["removed", "added"]
