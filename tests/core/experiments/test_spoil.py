"""What the robustness tables do to a graph and to its texts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llador_core.data.splits import Split, split_by_pair
from llador_core.errors import ConfigError
from llador_core.experiments.spoil import Noise, mask_words, with_noise
from llador_core.graph import Graph


@pytest.fixture(scope="module")
def split(starter: Graph) -> Split:
    return split_by_pair(starter, 0, is_caution_held_out=True)


def rows(triples: np.ndarray) -> set[tuple[int, ...]]:
    return set(map(tuple, triples.tolist()))


@pytest.mark.parametrize("share", [0.0, 0.2, 0.6, 1.0])
def test_deleting_keeps_a_part_of_the_training_triples_and_nothing_else(
    split: Split, share: float
) -> None:
    spoiled = with_noise(split, Noise("delete", share), seed=1)
    assert len(spoiled.train) == len(split.train) - round(share * len(split.train))
    assert rows(spoiled.train) <= rows(split.train)
    assert spoiled.test is split.test and spoiled.valid is split.valid


def test_added_facts_are_new_of_the_right_types_and_give_no_answer_away(
    starter: Graph, split: Split
) -> None:
    spoiled = with_noise(split, Noise("add", 0.4), seed=1)
    n = round(0.4 * len(split.train))
    assert np.array_equal(spoiled.train[: len(split.train)], split.train)
    added = spoiled.train[len(split.train) :]
    assert 0.98 * n <= len(added) <= n
    assert len(rows(added)) == len(added)
    assert not rows(added) & rows(split.train)
    judged = np.concatenate([split.valid, split.test, split.caution_valid, split.caution_test])
    pairs = {frozenset((h, t)) for h, _, t in judged.tolist()}
    assert not [1 for h, _, t in added.tolist() if frozenset((h, t)) in pairs]
    types = starter.entity_types
    seen = {(types[h], r, types[t]) for h, r, t in split.train.tolist()}
    heads = {(a, r) for a, r, _ in seen}
    tails = {(r, b) for _, r, b in seen}
    assert all((types[h], r) in heads and (r, types[t]) in tails for h, r, t in added.tolist())


@pytest.mark.parametrize("kind", ["delete", "add"])
def test_the_seed_decides_what_is_spoiled(split: Split, kind: str) -> None:
    noise = Noise(kind, 0.2)  # type: ignore[arg-type]
    one, same, other = (with_noise(split, noise, seed).train for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_a_share_above_one_is_refused() -> None:
    with pytest.raises(ConfigError, match="share must be from 0 to 1"):
        Noise("add", 1.5)
    with pytest.raises(ConfigError, match="share must be from 0 to 1"):
        mask_words(["a"], -0.1, 0)


@given(st.lists(st.text("ab ", max_size=40), max_size=4), st.integers(0, 5))
def test_masking_leaves_out_words_in_order_and_never_all(texts: list[str], seed: int) -> None:
    light, heavy = (mask_words(texts, share, seed) for share in (0.2, 0.6))
    for text, some, few in zip(texts, light, heavy, strict=True):
        words = text.split()
        assert len(few.split()) == (max(len(words) - round(0.6 * len(words)), 1) if words else 0)
        rest = iter(words)
        assert all(word in rest for word in some.split())  # in their order
        assert len(few.split()) <= len(some.split())
    assert mask_words(texts, 0, seed) == [" ".join(text.split()) for text in texts]
