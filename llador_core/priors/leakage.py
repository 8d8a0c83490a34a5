"""Does the LLM's text of one side name the other? Then the prior may simply restate the answer."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from weakref import WeakKeyDictionary

import numpy as np

from llador_core.graph import Bools, Graph, Ints
from llador_core.priors.texts import TEXT_FIELDS, TextField, Texts

ACRONYM_LENGTH = 5
HYPHENS = "-‐‑–"
POSSESSIVE = re.compile(r"['’]s\b")
# A word, or one sign that stands between words; hyphens, slashes and apostrophes only separate.
CLAUSE_END = re.compile(r"(?<=[.;])\s+")
TOKEN = re.compile(r"[^\W_]+|[^\w\s'’/\-‐‑–]")

Words = tuple[str, ...]


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


def sentences_naming(
    graph: Graph, texts: Texts, entity: int, field: TextField, others: Iterable[int]
) -> list[tuple[str, frozenset[int]]]:
    """Return the sentences of an entity's text that name any of `others`, and whom they name.

    A text is cut at full stops and semicolons that end a clause.
    """
    wanted = frozenset(others)
    labels = _reader(graph, texts).labels
    found = []
    for sentence in CLAUSE_END.split(texts.of(field)[entity]):
        named = wanted & frozenset(labels.find(sentence))
        if named:
            found.append((sentence.strip(), named))
    return found


class _Reader:
    """Finds the entities that texts name, reading each text once."""

    def __init__(self, graph: Graph, texts: Texts) -> None:
        self._columns = {field: texts.of(field) for field in TEXT_FIELDS}
        self._found: dict[tuple[int, TextField], frozenset[int]] = {}
        self.labels = _Labels(graph)

    def mentions(self, entity: int, fields: Sequence[TextField]) -> frozenset[int]:
        """Return the entities that the texts of `entity` name."""
        return frozenset().union(*(self._mentions_in(int(entity), field) for field in fields))

    def _mentions_in(self, entity: int, field: TextField) -> frozenset[int]:
        key = (entity, field)
        if key not in self._found:
            self._found[key] = frozenset(self.labels.find(self._columns[field][entity]))
        return self._found[key]


class _Labels:
    """All names and synonyms of a graph, by their first word, the longest first."""

    def __init__(self, graph: Graph) -> None:
        owners: dict[tuple[Words, Words | None], set[int]] = defaultdict(set)
        for entity in range(graph.n_entities):
            for label in (graph.entity_names[entity], *graph.synonyms[entity]):
                words = tuple(token.group() for token in _tokens(_plain(label)))
                if sum(map(len, words)) < 2 or "".join(words).isdigit():
                    continue  # a lone letter or number names nothing
                exact = words if _is_acronym(label) else None
                owners[_folded(words), exact].add(entity)
        self._by_first: dict[str, list[tuple[Words, Words | None, frozenset[int]]]] = {}
        for (folded, exact), entities in owners.items():
            self._by_first.setdefault(folded[0], []).append((folded, exact, frozenset(entities)))
        for labels in self._by_first.values():
            labels.sort(key=lambda label: -len(label[0]))

    def find(self, text: str) -> Iterator[int]:
        """Yield the entities named in a text; of overlapping names only the longest counts."""
        plain = _plain(text)
        tokens = _tokens(plain)
        words = tuple(token.group() for token in tokens)
        folded = _folded(words)
        at = 0
        while at < len(words):
            length = 0
            for label, exact, entities in self._by_first.get(folded[at], ()):
                end = at + len(label)
                if len(label) < length:
                    break
                if folded[at:end] != label:
                    continue
                if exact is not None and (
                    words[at:end] != exact
                    or _is_part_of_a_code(plain, tokens[at].start(), tokens[end - 1].end())
                ):
                    continue
                length = len(label)
                yield from entities
            at += max(length, 1)


_readers: WeakKeyDictionary[Texts, WeakKeyDictionary[Graph, _Reader]] = WeakKeyDictionary()


def _reader(graph: Graph, texts: Texts) -> _Reader:
    of_texts = _readers.setdefault(texts, WeakKeyDictionary())
    if graph not in of_texts:
        of_texts[graph] = _Reader(graph, texts)
    return of_texts[graph]


def _plain(text: str) -> str:
    """Return the text without accents and possessives, so that "Sjögren's" is "Sjogren"."""
    decomposed = unicodedata.normalize("NFKD", text)
    return POSSESSIVE.sub("", "".join(c for c in decomposed if not unicodedata.combining(c)))


def _tokens(plain: str) -> list[re.Match[str]]:
    return list(TOKEN.finditer(plain))


def _folded(words: Words) -> Words:
    return tuple(word.casefold() for word in words)


def _is_acronym(label: str) -> bool:
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
