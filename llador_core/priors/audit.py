"""Whether, where and in which words the text of one side of a pair names the other.

Wider than `leakage`, which decides what a list marks and what the safeguard reads: here a name may
also stand in another spelling, number or order, as an adjective, without its salt, in a list whose
last word it shares, or with a typing error. Every find carries its sentence, so that a reader can
check it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

import numpy as np

from llador_core.graph import Bools, Graph, Ints
from llador_core.priors import leakage
from llador_core.priors.leakage import Span, Words
from llador_core.priors.texts import TEXT_FIELDS, TextField, Texts
from llador_core.priors.wording import (
    FormKind,
    forms,
    list_places,
    means_other,
    occurrences,
    plain_words,
)

Kind = FormKind | Literal["list", "typing error"]
KINDS: tuple[str, ...] = (*get_args(FormKind), "list", "typing error")
KIND_WORDS: dict[str, str] = {
    "name": "its name",
    "synonym": "a synonym",
    "spelling": "another spelling",
    "adjective": "an adjective",
    "salt": "the name without its salt",
    "shortened": "the short name",
    "list": "a list that shares a word",
    "typing error": "a typing error",
}
LONG_WORD = 8  # letters; in shorter ones a typing error is another word too often


@dataclass(frozen=True)
class Naming:
    """A place where the text of one entity names another.

    Attributes
    ----------
    entity : int
        Whose text it is.
    field : TextField
    sentence : str
        As it stands in the text.
    words : str
        Those that name, as they stand in the text.
    label : str
        The name or synonym they stand for.
    kind : str
        One of `KINDS`: how they name it.
    start, end : int
        Of the sentence in the text.
    """

    entity: int
    field: TextField
    sentence: str
    words: str
    label: str
    kind: str
    start: int
    end: int


@dataclass(frozen=True, eq=False)
class PairAudit:
    """What the texts give away of pairs.

    Attributes
    ----------
    drugs, diseases : int arrays of shape (n,)
    fields : tuple of TextField
        The texts that were read.
    namings : tuple of tuples of Naming, length n
        Both sides; empty where no text names the other side.
    """

    drugs: Ints
    diseases: Ints
    fields: tuple[TextField, ...]
    namings: tuple[tuple[Naming, ...], ...]

    @property
    def is_named(self) -> Bools:
        """Whether either text names the other side, shape (n,)."""
        return np.array([bool(found) for found in self.namings], np.bool_)

    def is_named_in(self, field: TextField, side: Literal["drug", "disease"]) -> Bools:
        """Return whether one text of one side names the other, shape (n,)."""
        sides = self.drugs if side == "drug" else self.diseases
        return np.array(
            [
                any(one.field == field and one.entity == own for one in found)
                for found, own in zip(self.namings, sides.tolist(), strict=True)
            ],
            np.bool_,
        )

    def n_only_by(self, kind: str) -> int:
        """Return how many pairs are named in no other way than this kind."""
        return sum({one.kind for one in found} == {kind} for found in self.namings)


def audit_pairs(
    graph: Graph,
    texts: Texts,
    drugs: Ints,
    diseases: Ints,
    fields: Sequence[TextField] = TEXT_FIELDS,
) -> PairAudit:
    """Return for each pair where the text of either side names the other.

    Parameters
    ----------
    graph, texts : Graph, Texts
    drugs, diseases : int arrays of shape (n,)
        Pair i is drugs[i] and diseases[i].
    fields : sequence of TextField
        The texts to read, e.g. those that a prior uses (`PriorSpec.text_fields`).
    """
    auditor = Auditor(graph, texts)
    pairs = zip(np.asarray(drugs).tolist(), np.asarray(diseases).tolist(), strict=True)
    found = tuple(
        (*auditor.namings(a, b, fields), *auditor.namings(b, a, fields)) for a, b in pairs
    )
    return PairAudit(np.asarray(drugs), np.asarray(diseases), tuple(fields), found)


@dataclass(frozen=True, eq=False)
class _Read:
    """A text in words: as written, in plain form, and where each stands."""

    text: str
    words: Words
    plain: Words
    places: list[tuple[int, int]]
    named: list[Span]
    sentences: list[tuple[int, int]]


class Auditor:
    """Finds the places where texts of one graph name an entity."""

    def __init__(self, graph: Graph, texts: Texts) -> None:
        self.graph, self.texts = graph, texts
        self._read = lru_cache(maxsize=4096)(self._read_one)
        self._forms = lru_cache(maxsize=4096)(self._forms_of)
        self._common: Counter[str] | None = None

    def namings(
        self, entity: int, other: int, fields: Sequence[TextField] = TEXT_FIELDS
    ) -> list[Naming]:
        """Return where the texts on `entity` name `other`, once for each sentence."""
        found: list[Naming] = []
        for field in fields:
            read = self._read(entity, field)
            if not read.words:
                continue
            for start, end in read.sentences:
                told = next(self._in_sentence(read, start, end, other), None)
                if told is not None:
                    (a, b), label, kind = told
                    words = " ".join(read.text[read.places[a][0] : read.places[b - 1][1]].split())
                    sentence = read.text[start:end].strip()
                    found.append(Naming(entity, field, sentence, words, label, kind, start, end))
        return found

    def _read_one(self, entity: int, field: TextField) -> _Read:
        text = self.texts.of(field)[entity]
        plain, at = leakage.plain_with_places(text)
        tokens = leakage.tokens_of(plain)
        words = tuple(token.group() for token in tokens)
        named = leakage.spans(self.graph, self.texts, entity, field)
        places = [(at[token.start()], at[token.end() - 1] + 1) for token in tokens]
        return _Read(text, words, plain_words(words), places, named, leakage.bounds(text, named))

    def _forms_of(self, entity: int) -> dict[Words, tuple[str, FormKind]]:
        found: dict[Words, tuple[str, FormKind]] = {}
        labels = (self.graph.entity_names[entity], *self.graph.synonyms[entity])
        for place, label in enumerate(labels):
            if leakage.is_acronym(label):
                continue  # as it is written, or not at all: `leakage` finds it
            for form, kind in forms(label, is_name=place == 0).items():
                found.setdefault(form, (label, kind))
        return found

    def _in_sentence(
        self, read: _Read, start: int, end: int, other: int
    ) -> Iterator[tuple[tuple[int, int], str, str]]:
        """Yield words of a sentence that name `other`, the plainest kind first."""
        inside = [i for i, (a, b) in enumerate(read.places) if a >= start and b <= end]
        if not inside:
            return
        first, last = inside[0], inside[-1] + 1
        for a, b, owners in read.named:
            if other in owners and a >= start and b <= end:
                span = _words_at(read, a, b)
                if not means_other(read.plain, span):
                    label, kind = self._label(other, read.words[span[0] : span[1]])
                    yield span, label, kind
        for form, (label, kind) in self._forms(other).items():
            for at in occurrences(read.plain, form, first, last):
                span = (at, at + len(form))
                if not self._is_taken(read, span, other) and not means_other(read.plain, span):
                    yield span, label, kind if kind not in ("name", "synonym") else "spelling"
        for form, (label, kind) in self._forms(other).items():
            if len(form) > 1 and kind in ("name", "synonym", "spelling"):
                for at, reach in list_places(read.plain, form, first, last):
                    if not self._is_taken(read, (at, at + len(form) - 1), other, is_part=True):
                        yield (at, reach), label, "list"
        for at, label in self._mistyped(read, other, first, last):
            yield (at, at + 1), label, "typing error"

    def _label(self, other: int, words: Words) -> tuple[str, Kind]:
        """Return which label of `other` was written, and whether it is the name."""
        folded = tuple(word.casefold() for word in words)
        labels = (self.graph.entity_names[other], *self.graph.synonyms[other])
        for place, label in enumerate(labels):
            own = [t.group().casefold() for t in leakage.tokens_of(leakage.plain_text(label))]
            if tuple(own) == folded:
                return label, "synonym" if place else "name"
        return labels[0], "synonym"

    def _is_taken(
        self, read: _Read, span: tuple[int, int], other: int, *, is_part: bool = False
    ) -> bool:
        """Return whether the words are, or are part of, the name of somebody else.

        With `is_part` only the latter counts: "lung" in a list of cancers is no organ.
        """
        start, end = read.places[span[0]][0], read.places[span[1] - 1][1]
        return any(
            a <= start
            and end <= b
            and other not in who
            and not (is_part and (a, b) == (start, end))
            for a, b, who in read.named
        )

    def _mistyped(
        self, read: _Read, other: int, first: int, last: int
    ) -> Iterator[tuple[int, str]]:
        """Yield long words that no other text has and that are one letter off a name."""
        from rapidfuzz.distance import OSA

        names = [
            (form[0], label)
            for form, (label, kind) in self._forms(other).items()
            if len(form) == 1 and len(form[0]) >= LONG_WORD and kind in ("name", "synonym")
        ]
        for at in range(first, last) if names else ():
            word = read.plain[at]
            for name, label in names:
                if (
                    word[:1] == name[:1]
                    and abs(len(word) - len(name)) < 2
                    and OSA.distance(word, name, score_cutoff=1) == 1
                    and self._frequency()[word] < 2
                ):
                    yield at, label

    def _frequency(self) -> Counter[str]:
        """Return how often each plain word stands in any text; in a name it counts twice."""
        if self._common is None:
            counted: Counter[str] = Counter()
            for field in TEXT_FIELDS:
                for text in self.texts.of(field):
                    counted.update(_plain_tokens(text))
            for entity in range(self.graph.n_entities):
                for label in (self.graph.entity_names[entity], *self.graph.synonyms[entity]):
                    counted.update(dict.fromkeys(_plain_tokens(label), 2))
            self._common = counted
        return self._common


def _plain_tokens(text: str) -> Words:
    tokens = leakage.tokens_of(leakage.plain_text(text))
    return plain_words(tuple(token.group() for token in tokens))


def _words_at(read: _Read, start: int, end: int) -> tuple[int, int]:
    inside = [i for i, (a, b) in enumerate(read.places) if a < end and b > start]
    return inside[0], inside[-1] + 1
