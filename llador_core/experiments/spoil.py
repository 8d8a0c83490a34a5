"""What the robustness tables do: facts left out, false ones added, words lost from texts.

References
----------
LLaDR Tables 11 and 12. The paper does not say how false facts are drawn; ours take their ends from
the relation's own heads and tails, so that types stay right, and none is a held-out treatment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from llador_core.config import check_range
from llador_core.data.splits import Split, Triples

_ROUNDS = 20  # of redrawing what turned out to be a known fact


@dataclass(frozen=True)
class Noise:
    """What is done to the training triples.

    Attributes
    ----------
    kind : "delete" or "add"
    share : float in [0, 1]
        Of the number of training triples.
    """

    kind: Literal["delete", "add"]
    share: float

    def __post_init__(self) -> None:
        check_range("Noise", "share", self.share, 0, 1)


def with_noise(split: Split, noise: Noise, seed: int) -> Split:
    """Return a split whose training triples are spoiled; what it is judged by stays the same.

    Parameters
    ----------
    split : Split
    noise : Noise
    seed : int
        Of which triples are left out or added.
    """
    generator = np.random.default_rng(seed)
    n = round(noise.share * len(split.train))
    if noise.kind == "delete":
        kept = np.sort(generator.permutation(len(split.train))[n:])
        return replace(split, train=split.train[kept])
    return replace(split, train=np.concatenate([split.train, _false_facts(split, n, generator)]))


def _false_facts(split: Split, n: int, generator: np.random.Generator) -> Triples:
    """Return about n triples, relations as often as in training, none of them known or held out."""
    train = split.train
    judged = (split.valid, split.test, split.caution_valid, split.caution_test)
    held_out = _pairs(np.concatenate(judged))
    known = {(h, r, t) for h, r, t in train.tolist()}
    by_relation = {r: train[train[:, 1] == r] for r in np.unique(train[:, 1]).tolist()}
    wanted = generator.choice(train[:, 1], n)
    found: list[tuple[int, int, int]] = []
    for _ in range(_ROUNDS):
        if not len(wanted):
            break
        drawn = np.empty((len(wanted), 3), train.dtype)
        for r in np.unique(wanted).tolist():
            rows = np.flatnonzero(wanted == r)
            own = by_relation[r]
            drawn[rows, 0] = generator.choice(own[:, 0], len(rows))
            drawn[rows, 1] = r
            drawn[rows, 2] = generator.choice(own[:, 2], len(rows))
        is_held_out = np.isin(_pairs(drawn), held_out) | np.isin(_pairs(drawn[:, ::-1]), held_out)
        again = []
        for (h, r, t), is_bad in zip(drawn.tolist(), is_held_out.tolist(), strict=True):
            if is_bad or (h, r, t) in known or h == t:
                again.append(r)
            else:
                known.add((h, r, t))
                found.append((h, r, t))
        wanted = np.array(again, train.dtype)
    return np.array(found, train.dtype).reshape(-1, 3)


def _pairs(triples: Triples) -> NDArray[np.int64]:
    h, t = triples[:, 0].astype(np.int64), triples[:, 2].astype(np.int64)
    return np.asarray(h << 32 | t)


def mask_words(texts: Sequence[str], share: float, seed: int) -> list[str]:
    """Return texts with a share of their words left out at random, at least one word kept.

    Parameters
    ----------
    texts : sequence of str
        An empty text stays empty.
    share : float in [0, 1]
    seed : int
        A larger share of the same seed leaves out what a smaller one does, and more.
    """
    check_range("mask_words", "share", share, 0, 1)
    generator = np.random.default_rng(seed)
    masked = []
    for text in texts:
        words = text.split()
        order = generator.permutation(len(words))
        n_kept = max(len(words) - round(share * len(words)), 1)
        masked.append(" ".join(words[i] for i in sorted(order[:n_kept].tolist())))
    return masked
