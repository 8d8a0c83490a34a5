"""Does the LLM's text of one side name the other? Then the prior may simply restate the answer."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from llador_core.graph import Bools, Graph, Ints
from llador_core.priors.texts import TEXT_FIELDS, TextField, Texts

ACRONYM_LENGTH = 5
HYPHENS = "-‐‑–"
POSSESSIVE = re.compile(r"['’]s\b")
# A word, or one sign that stands between words; hyphens, slashes and apostrophes only separate.
TOKEN = re.compile(r"[^\W_]+|[^\w\s'’/\-‐‑–]")
# What ends a sentence: a semicolon, or a stop (and closing quotes) before a capital or digit.
SENTENCE_END = re.compile(r";\s+|[.!?][\"'”’)\]]*\s+(?=[\"'“‘(\[]?[A-Z0-9])")

Words = tuple[str, ...]
Span = tuple[int, int, frozenset[int]]


@dataclass(frozen=True)
class Sentence:
    """A sentence of a text, and the entities it names."""

    text: str
    named: frozenset[int]


def names_other_side(
    graph: Graph,
    texts: Texts,
    drugs: Ints,
    disease: int,
    fields: Sequence[TextField] = TEXT_FIELDS,
) -> Bools:
    """Return for each drug whether its text names the disease or the disease's text names it.

    Names and synonyms count as whole words in any case; short acronyms ("AD", "5-FU") only as they
    are written. Where names overlap the longest counts: "pulmonary hypertension" does not name
    hypertension if the graph knows both.

    Parameters
    ----------
    graph : Graph
    texts : Texts
        Of this graph. The first call reads them; later ones with the same object look up.
    drugs : int array of shape (n,)
        Entity numbers. The two sides may be exchanged: what counts is the pair.
    disease : int
    fields : sequence of TextField
        The texts to look at, e.g. those that a prior uses (`PriorSpec.text_fields`).

    Returns
    -------
    bool array of shape (n,)
    """
    reader = _reader(graph, texts)
    in_disease = reader.mentions(disease, fields)
    return np.array(
        [
            drug in in_disease or disease in reader.mentions(drug, fields)
            for drug in np.asarray(drugs).tolist()
        ],
        dtype=np.bool_,
    )


def mentions(
    graph: Graph, texts: Texts, entities: Ints, fields: Sequence[TextField] = TEXT_FIELDS
) -> list[frozenset[int]]:
    """Return for each entity the entities that its own text names, by the rules above."""
    reader = _reader(graph, texts)
    return [reader.mentions(entity, fields) for entity in np.asarray(entities).tolist()]


def sentences(graph: Graph, texts: Texts, entity: int, field: TextField) -> list[Sentence]:
    """Return one text on an entity sentence by sentence, each with the entities it names.

    A text is cut at full stops and at semicolons, but not within a name ("St. John's wort"). Put
    together the sentences are the text but for the blanks between them, and they name the same
    entities as the whole.
    """
    return _reader(graph, texts).sentences(entity, field)


def sentences_naming(
    graph: Graph, texts: Texts, entity: int, field: TextField, others: Iterable[int]
) -> list[tuple[str, frozenset[int]]]:
    """Return the sentences of an entity's text that name any of `others`, and whom they name."""
    wanted = frozenset(others)
    found = [(s.text, s.named & wanted) for s in sentences(graph, texts, entity, field)]
    return [(text, named) for text, named in found if named]


def spans(graph: Graph, texts: Texts, entity: int, field: TextField) -> list[Span]:
    """Return where a text on an entity names entities: start, end, and whom."""
    return _reader(graph, texts).spans(entity, field)


def bounds(text: str, named: Iterable[Span] = ()) -> list[tuple[int, int]]:
    """Return start and end of each sentence of a text; `named` are places not to cut within."""
    ends = [found.end() for found in SENTENCE_END.finditer(text)]
    ends = [end for end in ends if not any(a < end < b for a, b, _ in named)]
    cuts = zip([0, *ends], [*ends, len(text)], strict=True)
    return [(start, end) for start, end in cuts if text[start:end].strip()]


class _Reader:
    """Finds the entities that texts name, reading each text once."""

    def __init__(self, graph: Graph, texts: Texts) -> None:
        self._columns = {field: texts.of(field) for field in TEXT_FIELDS}
        self._found: dict[tuple[int, TextField], frozenset[int]] = {}
        self._labels = _Labels(graph)

    def mentions(self, entity: int, fields: Sequence[TextField]) -> frozenset[int]:
        """Return the entities that the texts of `entity` name."""
        return frozenset().union(*(self._mentions_in(int(entity), field) for field in fields))

    def _mentions_in(self, entity: int, field: TextField) -> frozenset[int]:
        key = (entity, field)
        if key not in self._found:
            named = self._labels.find(plain_text(self._columns[field][entity]))
            self._found[key] = frozenset(owner for _, _, owners in named for owner in owners)
        return self._found[key]

    def sentences(self, entity: int, field: TextField) -> list[Sentence]:
        """Return a text sentence by sentence, each with the entities it names."""
        text, named = self._columns[field][entity], self.spans(entity, field)
        found = []
        for start, end in bounds(text, named):
            inside = (owners for a, b, owners in named if a < end and b > start)
            found.append(Sentence(text[start:end].strip(), frozenset().union(*inside)))
        return found

    def spans(self, entity: int, field: TextField) -> list[Span]:
        """Return the places in a text that name entities."""
        plain, places = plain_with_places(self._columns[field][entity])
        return [(places[a], places[b - 1] + 1, owners) for a, b, owners in self._labels.find(plain)]


class _Labels:
    """All names and synonyms of a graph, and how many words those with a first word may have."""

    def __init__(self, graph: Graph) -> None:
        owners: dict[tuple[Words, Words | None], set[int]] = defaultdict(set)
        for entity in range(graph.n_entities):
            for label in (graph.entity_names[entity], *graph.synonyms[entity]):
                words = tuple(token.group() for token in tokens_of(plain_text(label)))
                if sum(map(len, words)) < 2 or "".join(words).isdigit():
                    continue  # a lone letter or number names nothing
                exact = words if is_acronym(label) else None
                owners[_folded(words), exact].add(entity)
        self._labels: dict[Words, list[tuple[Words | None, frozenset[int]]]] = defaultdict(list)
        lengths: dict[str, set[int]] = defaultdict(set)
        for (folded, exact), entities in owners.items():
            self._labels[folded].append((exact, frozenset(entities)))
            lengths[folded[0]].add(len(folded))
        self._lengths = {first: sorted(some, reverse=True) for first, some in lengths.items()}

    def find(self, plain: str) -> Iterator[tuple[int, int, frozenset[int]]]:
        """Yield start, end and owners of the names in a text as `plain_text` gives it.

        Of overlapping names only the longest counts.
        """
        tokens = tokens_of(plain)
        words = tuple(token.group() for token in tokens)
        folded = _folded(words)
        at = 0
        while at < len(words):
            matched = 1
            for length in self._lengths.get(folded[at], ()):
                end = at + length
                if end > len(words):
                    continue
                found = [
                    entities
                    for exact, entities in self._labels.get(folded[at:end], ())
                    if exact is None
                    or (
                        words[at:end] == exact
                        and not _is_part_of_a_code(plain, tokens[at].start(), tokens[end - 1].end())
                    )
                ]
                for entities in found:
                    yield tokens[at].start(), tokens[end - 1].end(), entities
                if found:
                    matched = length
                    break
            at += matched


_readers: WeakKeyDictionary[Texts, WeakKeyDictionary[Graph, _Reader]] = WeakKeyDictionary()


def _reader(graph: Graph, texts: Texts) -> _Reader:
    of_texts = _readers.setdefault(texts, WeakKeyDictionary())
    if graph not in of_texts:
        of_texts[graph] = _Reader(graph, texts)
    return of_texts[graph]


def plain_text(text: str) -> str:
    """Return the text without accents and possessives, so that "Sjögren's" is "Sjogren"."""
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        text = "".join(c for c in decomposed if not unicodedata.combining(c))
    return POSSESSIVE.sub("", text)


def plain_with_places(text: str) -> tuple[str, list[int]]:
    """Return what `plain_text` does, and for each of its characters the place it has in `text`."""
    places, chars = [], []
    for place, char in enumerate(text):
        for c in unicodedata.normalize("NFKD", char):
            if not unicodedata.combining(c):
                places.append(place)
                chars.append(c)
    decomposed = "".join(chars)
    for found in reversed(list(POSSESSIVE.finditer(decomposed))):
        del places[found.start() : found.end()]
    return POSSESSIVE.sub("", decomposed), places


def tokens_of(plain: str) -> list[re.Match[str]]:
    """Return the words and signs of a text as `plain_text` gives it, with their places."""
    return list(TOKEN.finditer(plain))


def _folded(words: Words) -> Words:
    return tuple(word.casefold() for word in words)


def is_acronym(label: str) -> bool:
    """Return whether a label is short with capitals after its first letter: AD, T2DM, CsA, 5-FU."""
    is_short = len(label) <= ACRONYM_LENGTH and " " not in label
    return is_short and any(char.isupper() for char in label[1:])


def _is_part_of_a_code(plain: str, start: int, end: int) -> bool:
    """Return whether a hyphen ties plain[start:end] to a capital or digit, as in PD-1 or HLA-DR."""
    before = plain[max(start - 2, 0) : start]
    after = plain[end : end + 2]
    return any(
        len(tie) == 2 and hyphen in HYPHENS and (char.isupper() or char.isdigit())
        for tie, hyphen, char in ((before, before[1:], before[:1]), (after, after[:1], after[1:]))
    )
