"""The knowledge graph: ids assigned once, everything in NumPy and CSR arrays.

A `Graph` is read-only. Entities and relations are numbered by their place in the graph's tables
("mapped"); their identifiers ("labeled") are strings such as `Disease::DOID:10652`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from llador_core.errors import MissingDataError, UnknownNameError, nearest_names

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

Role = Literal[
    "treats",
    "palliates",
    "contraindicated",
    "not_indicated",
    "targets",
    "inhibits",
    "activates",
    "binds",
    "causes",
    "associates",
    "interacts",
    "participates",
    "presents",
    "localizes",
    "resembles",
    "includes",
]
ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True)
class Relation:
    """A relation of a graph and how people say it.

    Parameters
    ----------
    name : str
        As in the triples file, e.g. "CtD".
    role : Role or None
        What it means across graphs; None where no role fits.
    words, inverse_words : str
        Plain words from head to tail ("treats") and back ("is treated with").
    is_symmetric : bool
        Each edge holds both ways although it is stored once.
    origin : str
        Where its edges come from, in words: "DrugBank", "Hetionet (SIDER)"; "" where not known.
    """

    name: str
    role: Role | None = None
    words: str = ""
    inverse_words: str = ""
    is_symmetric: bool = False
    origin: str = ""


@dataclass(frozen=True)
class Neighbours:
    """The edges at one entity, as arrays of the same length, ordered by relation.

    Attributes
    ----------
    entity : int array
        The other end of each edge.
    relation : int array
    is_outgoing : bool array
        The entity asked for is the head.
    """

    entity: Ints
    relation: Ints
    is_outgoing: Bools


@dataclass(frozen=True, eq=False)
class Graph:
    """A typed, directed multigraph with names.

    Parameters
    ----------
    name : str
        Registered name, or the folder's name.
    entity_ids, entity_names : sequence of str, length n_entities
    synonyms : sequence of tuples of str, length n_entities
    type_names : tuple of str
        E.g. ("Anatomy", "Compound", ...).
    entity_types : int array of shape (n_entities,)
        Index into `type_names`.
    relations : tuple of Relation, length n_relations
    triples : int32 array of shape (n_triples, 3)
        Columns head, relation, tail; no duplicates.
    checksum : str
        SHA-256 of the source files; a run belongs to one checksum.
    title, licence, citation : str
        For the reader.
    texts_folder : Path or None
        Where descriptions and text vectors of this graph lie.
    n_duplicates : int
        Repeated rows that were dropped when parsing.
    descriptions : sequence of str, length n_entities, or empty
        The source's own text about each entity; "" where it has none.
    notes : tuple of str
        Sentences the reader should see, e.g. a count that differs from the published one.
    """

    name: str
    entity_ids: Sequence[str]
    entity_names: Sequence[str]
    synonyms: Sequence[tuple[str, ...]]
    type_names: tuple[str, ...]
    entity_types: NDArray[np.integer]
    relations: tuple[Relation, ...]
    triples: NDArray[np.int32]
    checksum: str
    title: str = ""
    licence: str = ""
    citation: str = ""
    texts_folder: Path | None = None
    n_duplicates: int = 0
    descriptions: Sequence[str] = ()
    notes: tuple[str, ...] = ()

    @property
    def n_entities(self) -> int:
        return len(self.entity_ids)

    @property
    def n_relations(self) -> int:
        return len(self.relations)

    @property
    def n_triples(self) -> int:
        return len(self.triples)

    @cached_property
    def _index(self) -> dict[str, int]:
        return {entity: i for i, entity in enumerate(self.entity_ids)}

    def has(self, entity_id: str) -> bool:
        return entity_id in self._index

    def mapped(self, entity_id: str) -> int:
        """Return the number of an entity. Raises UnknownNameError with the nearest ids."""
        number = self._index.get(entity_id)
        if number is None:
            raise UnknownNameError("entity", entity_id, nearest_names(entity_id, self._index))
        return number

    def type_of(self, entity: int) -> str:
        return self.type_names[int(self.entity_types[entity])]

    def entities_of_type(self, type_name: str) -> Ints:
        """Return the entities of a type, ascending; empty for a type the graph lacks."""
        if type_name not in self.type_names:
            return np.empty(0, dtype=np.int64)
        return np.flatnonzero(self.entity_types == self.type_names.index(type_name))

    def relations_with_role(self, *roles: Role) -> Ints:
        """Return the relations that carry one of `roles`, ascending."""
        return np.array([i for i, r in enumerate(self.relations) if r.role in roles], np.int64)

    def triples_with_role(self, *roles: Role) -> NDArray[np.int32]:
        """Return the triples whose relation carries one of `roles`, shape (n, 3)."""
        return self.triples[np.isin(self.triples[:, 1], self.relations_with_role(*roles))]

    @cached_property
    def treatment_relation(self) -> int:
        """The relation with role `treats` that has most triples.

        Raises
        ------
        MissingDataError
            No relation has that role, so there is nothing to repurpose.
        """
        candidates = self.relations_with_role("treats")
        if not len(candidates) or not len(self.triples_with_role("treats")):
            raise MissingDataError(
                f"Graph '{self.name}' has no edge whose relation has the role 'treats'. Name the "
                "relation 'treats', or add relations.tsv (relation, role) to its folder."
            )
        counts = np.bincount(self.triples[:, 1], minlength=self.n_relations)
        return int(candidates[np.argmax(counts[candidates])])

    @cached_property
    def drug_type(self) -> str:
        """The type that most heads of `treats` have."""
        return self._most_common_type(0)

    @cached_property
    def disease_type(self) -> str:
        """The type that most tails of `treats` have."""
        return self._most_common_type(2)

    def _most_common_type(self, column: int) -> str:
        ends = self.triples[self.triples[:, 1] == self.treatment_relation, column]
        return self.type_names[int(np.bincount(self.entity_types[ends]).argmax())]

    @cached_property
    def drugs(self) -> Ints:
        """All entities of the drug type, ascending."""
        return self.entities_of_type(self.drug_type)

    @cached_property
    def diseases(self) -> Ints:
        """All entities of the disease type, ascending."""
        return self.entities_of_type(self.disease_type)

    @cached_property
    def degree(self) -> Ints:
        """The number of triples at each entity, shape (n_entities,)."""
        ends = self.triples[:, [0, 2]].ravel()
        return np.bincount(ends, minlength=self.n_entities).astype(np.int64)

    @cached_property
    def _adjacency(self) -> tuple[Ints, Ints, Ints, Bools]:
        """Both directions of every triple in CSR form, ordered by entity, then relation."""
        h, r, t = (self.triples[:, c].astype(np.int64) for c in range(3))
        outgoing = ((h * self.n_relations + r) * self.n_entities + t) * 2 + 1
        incoming = ((t * self.n_relations + r) * self.n_entities + h) * 2
        keys = np.concatenate([outgoing, incoming])
        keys.sort()  # one sort of whole numbers is three times as fast as a lexsort of columns
        rest, other = np.divmod(keys >> 1, self.n_entities)
        at, relation = np.divmod(rest, self.n_relations)
        start = np.searchsorted(at, np.arange(self.n_entities + 1))
        return start, other, relation, (keys & 1).astype(np.bool_)

    def neighbours(self, entity: int) -> Neighbours:
        """Return the edges at an entity, in both directions."""
        start, other, relation, is_outgoing = self._adjacency
        span = slice(start[entity], start[entity + 1])
        return Neighbours(other[span], relation[span], is_outgoing[span])

    def neighbours_with_role(self, entity: int, *roles: Role) -> Ints:
        """Return the distinct other ends of the edges with one of `roles`, ascending."""
        edges = self.neighbours(entity)
        wanted = np.isin(edges.relation, self.relations_with_role(*roles))
        return np.unique(edges.entity[wanted])


def pair_keys(pairs: NDArray[np.integer], n_entities: int) -> Ints:
    """Return one number for each unordered pair, so that (a, b) and (b, a) are the same.

    Parameters
    ----------
    pairs : int array of shape (n, 2)
    n_entities : int

    Returns
    -------
    int64 array of shape (n,)
    """
    ordered = np.sort(pairs.astype(np.int64), axis=1)
    return ordered[:, 0] * n_entities + ordered[:, 1]
