"""What a relation is good for in an explanation: its family, how far it is trusted, its source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from weakref import WeakKeyDictionary

import numpy as np

from llador_core.graph import Graph, Relation, Role

Family = Literal[
    "treats",
    "acts",
    "linked",
    "interacts",
    "participates",
    "includes",
    "resembles",
    "presents",
    "localizes",
    "causes",
]

# Contraindications speak against a use, and a relation without a role says nothing that could be
# put into words: neither is walked.
FAMILIES: Mapping[Role, Family] = {
    "treats": "treats",
    "palliates": "treats",
    "targets": "acts",
    "inhibits": "acts",
    "activates": "acts",
    "binds": "acts",
    "associates": "linked",
    "interacts": "interacts",
    "participates": "participates",
    "includes": "includes",
    "resembles": "resembles",
    "presents": "presents",
    "localizes": "localizes",
    "causes": "causes",
}
FAMILY_NAMES: tuple[Family, ...] = tuple(dict.fromkeys(FAMILIES.values()))
BOTH_WAYS: frozenset[Family] = frozenset({"linked", "interacts", "resembles"})

# How far one relation alone carries a mechanism, above 0 and below 1. Agreement of several counts
# for much more (`network.PRIOR`), so there must be room for it above what one source says.
TRUST: Mapping[Role, float] = {
    "treats": 0.9,
    "palliates": 0.6,
    "inhibits": 0.3,
    "activates": 0.3,
    "targets": 0.3,
    "binds": 0.1,
    "associates": 0.6,
    "interacts": 0.3,
    "participates": 0.4,
    "includes": 0.5,
    "resembles": 0.5,
    "presents": 0.3,
    "localizes": 0.1,
    "causes": 0.1,
}
# Parts of a relation's name that say more than its role: collections read by machine or put
# together from many lists, and what is no meeting of molecules.
TRUST_BY_NAME: Mapping[str, float] = {
    "dgidb": 0.03,
    "gnbr": 0.03,
    "gr>g": 0.05,
    "dug": 0.05,
    "ddg": 0.05,
    "gpcc": 0.1,
    "gpmf": 0.1,
}


def trust(relation: Relation) -> float:
    """Return how far an edge of `relation` carries an explanation; 0 if it is not walked."""
    if relation.role is None or relation.role not in FAMILIES:
        return 0.0
    for part in relation.name.casefold().split("::"):
        if part in TRUST_BY_NAME:
            return TRUST_BY_NAME[part]
    return TRUST[relation.role]


_recorded: WeakKeyDictionary[Graph, tuple[Relation, ...]] = WeakKeyDictionary()


def recorded(graph: Graph) -> tuple[Relation, ...]:
    """Return the relations of a graph that have a triple; counted once for each graph."""
    if graph not in _recorded:
        n_triples = np.bincount(graph.triples[:, 1], minlength=graph.n_relations)
        pairs = zip(graph.relations, n_triples.tolist(), strict=True)
        _recorded[graph] = tuple(relation for relation, n in pairs if n)
    return _recorded[graph]


def is_turned(relation: Relation) -> bool:
    """Return whether the stored triples of a relation run against what its role says.

    A drug acts on a gene and a class includes a drug, but DGIdb's triples run from the gene to the
    drug ("is inhibited by") and MeSH's from the narrower disease to the broader ("is a kind of").
    """
    family = FAMILIES.get(relation.role) if relation.role else None
    if family == "acts":
        return "by" in relation.words.split() and "by" not in relation.inverse_words.split()
    return family == "includes" and relation.inverse_words == "includes"


def origin(graph: Graph, relation: int) -> str:
    """Return where the edges of a relation come from, in words for the reader."""
    return graph.relations[relation].origin or graph.title or graph.name
