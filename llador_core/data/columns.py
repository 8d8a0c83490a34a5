"""Which column is what: guessed from names and values, chosen by the user."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from types import MappingProxyType

from llador_core.data import roles
from llador_core.errors import ConfigError, join_names, nearest_names

HEAD: tuple[str, ...] = (
    *("head", "h", "subject", "subj", "s", "source", "src", "from", "start", "node1", "entity1"),
    *("head_id", "subject_id", "source_id", "x_id", "start_id", "x", "e1", "drug", "compound"),
)
TAIL: tuple[str, ...] = (
    *("tail", "t", "object", "obj", "o", "target", "dst", "to", "end", "node2", "entity2"),
    *("tail_id", "object_id", "target_id", "y_id", "end_id", "y", "e2", "dest", "disease"),
)
RELATION: tuple[str, ...] = (
    *("relation", "rel", "r", "predicate", "p", "metaedge", "relationship", "edge_type", "edge"),
    *("relation_type", "rel_type", "edge_label", "interaction", "association", "label", "type"),
)
TYPE_ENDS = ("type", "kind", "category", "class", "label")
NAME_ENDS = ("name", "label")
ID = ("id", "identifier", "node", "node_id", "entity", "entity_id", "curie", ":id")
NAME = ("name", "label", "node_name", "entity_name", "title")
TYPE = ("type", "kind", "category", "node_type", "entity_type", "class", ":label")
SYNONYMS = ("synonyms", "synonym", "aliases", "alias")
DESCRIPTION = ("description", "definition", "desc", "summary", "text")
HEADER_WORDS = frozenset((*HEAD, *TAIL, *RELATION, *ID, *NAME, *TYPE, *SYNONYMS, *DESCRIPTION))

# What a type is called where it is the drug or the disease.
DRUG_WORDS = ("compound", "drug", "medication", "medicine", "small molecule", "chemical")
DISEASE_WORDS = ("disease", "disorder", "condition", "illness", "syndrome")


@dataclass(frozen=True)
class Columns:
    """The columns of a table of triples by what they hold; "" for what it has not.

    Attributes
    ----------
    head, relation, tail : str
    head_type, tail_type, head_name, tail_name : str
    """

    head: str
    relation: str
    tail: str
    head_type: str = ""
    tail_type: str = ""
    head_name: str = ""
    tail_name: str = ""

    def used(self) -> list[str]:
        """Return the columns that are read, each once."""
        found = (getattr(self, field.name) for field in fields(self))
        return list(dict.fromkeys(name for name in found if name))


@dataclass(frozen=True)
class EntityColumns:
    """The columns of a table of entities; "" for what it has not."""

    id: str
    name: str = ""
    type: str = ""
    synonyms: str = ""
    description: str = ""

    def used(self) -> list[str]:
        """Return the columns that are read, each once."""
        found = (getattr(self, field.name) for field in fields(self))
        return list(dict.fromkeys(name for name in found if name))


def guess(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    head: str = "",
    relation: str = "",
    tail: str = "",
) -> Columns:
    """Return which column is what, by their names, else by their values.

    Where no name says so, the relation is the column most of whose values are known relations, else
    the one with fewest distinct values; head and tail are the first two others.

    Parameters
    ----------
    columns : sequence of str
    rows : sequence of sequences of str
        The first ones.
    head, relation, tail : str
        What is known already; "" to guess.
    """
    plain = {_plain(name): name for name in reversed(columns)}
    relation = relation or _first(plain, RELATION, (head, tail))
    head = head or _first(plain, HEAD, (relation, tail))
    tail = tail or _first(plain, TAIL, (relation, head))
    relation = relation or _relation_by_values(columns, rows, (head, tail))
    rest = [name for name in columns if name not in (relation, head, tail)]
    head = head or (rest.pop(0) if rest else "")
    tail = tail or (rest.pop(0) if rest else "")
    taken = (head, relation, tail)
    return Columns(
        head,
        relation,
        tail,
        head_type=_beside(plain, head, TYPE_ENDS, taken),
        tail_type=_beside(plain, tail, TYPE_ENDS, taken),
        head_name=_beside(plain, head, NAME_ENDS, taken),
        tail_name=_beside(plain, tail, NAME_ENDS, taken),
    )


def _relation_by_values(
    columns: Sequence[str], rows: Sequence[Sequence[str]], taken: Sequence[str]
) -> str:
    """Return the column that holds relations, "" where none is left."""
    free = [i for i, name in enumerate(columns) if name not in taken]
    values = {i: {row[i] for row in rows} for i in free}

    def rank(i: int) -> tuple[bool, int, int]:
        known = sum(roles.infer(value).role is not None for value in values[i])
        return known * 2 < len(values[i]) or not known, len(values[i]), abs(i - 1)

    return columns[min(free, key=rank)] if free else ""


def guess_entities(columns: Sequence[str]) -> EntityColumns:
    """Return which column of a table of entities is what; where none is the id, the first is."""
    plain = {_plain(name): name for name in reversed(columns)}
    entity = _first(plain, ID, ()) or columns[0]
    name = _first(plain, NAME, (entity,))
    kind = _first(plain, TYPE, (entity, name))
    taken = (entity, name, kind)
    return EntityColumns(
        entity, name, kind, _first(plain, SYNONYMS, taken), _first(plain, DESCRIPTION, taken)
    )


def chosen(given: str, columns: Sequence[str], what: str) -> str:
    """Return the column that a name or a number from 1 means; "" for "".

    Raises ConfigError for one that is not there.
    """
    if not given or given in columns:
        return given
    if given.isdigit() and 1 <= int(given) <= len(columns):
        return columns[int(given) - 1]
    near = join_names(nearest_names(given, columns, n=3))
    raise ConfigError(
        f"There is no column '{given}' for the {what}; the table has {len(columns)} columns. "
        f"Did you mean {near}?"
    )


def check(found: Columns, columns: Sequence[str]) -> None:
    """Raise ConfigError unless head, relation and tail are three columns that occur once."""
    needed = {"head": found.head, "relation": found.relation, "tail": found.tail}
    for what, name in needed.items():
        if not name:
            raise ConfigError(f"No column is chosen for the {what}.")
        if list(columns).count(name) > 1:
            raise ConfigError(f"The column '{name}' stands twice in the table; rename one of them.")
    if len(set(needed.values())) < 3:
        raise ConfigError(
            "Head, relation and tail must be three different columns, found "
            f"{', '.join(needed.values())}."
        )


def looks_like(type_name: str, words: Sequence[str]) -> bool:
    """Return whether a type is called like one of `words`."""
    return any(word in type_name.casefold().replace("_", " ") for word in words)


def guess_types(type_names: Sequence[str]) -> Mapping[str, str]:
    """Return the types that are the drug and the disease, by their names: "drug", "disease"."""
    found: dict[str, str] = {}
    for what, words in (("drug", DRUG_WORDS), ("disease", DISEASE_WORDS)):
        fits = [name for name in type_names if looks_like(name, words)]
        exact = [name for name in fits if name.casefold() in words]
        if fits:
            found[what] = min(exact or fits, key=len)
    return MappingProxyType(found)


def _plain(name: str) -> str:
    return re.sub(r"[\s.-]+", "_", name.strip().casefold().lstrip("#"))


def _first(plain: Mapping[str, str], words: Sequence[str], taken: Sequence[str]) -> str:
    return next((plain[w] for w in words if w in plain and plain[w] not in taken), "")


def _beside(
    plain: Mapping[str, str], column: str, ends: Sequence[str], taken: Sequence[str]
) -> str:
    """Return the column that tells more of `column`: "x_id" -> "x_type", "head" -> "head_type"."""
    if not column:
        return ""
    stem = re.sub(r"_(id|index|key|curie|identifier)$", "", _plain(column))
    words = [joined for end in ends for joined in (f"{stem}_{end}", f"{stem}{end}")]
    return _first(plain, words, taken)
