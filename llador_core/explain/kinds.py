"""What a relation is good for in an explanation: its family, how far it is trusted, its source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

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

# How far one edge of the role carries a mechanism, above 0 and below 1.
TRUST: Mapping[Role, float] = {
    "treats": 0.9,
    "palliates": 0.6,
    "inhibits": 0.9,
    "activates": 0.9,
    "targets": 0.8,
    "binds": 0.6,
    "associates": 0.6,
    "interacts": 0.3,
    "participates": 0.4,
    "includes": 0.6,
    "resembles": 0.5,
    "presents": 0.3,
    "localizes": 0.1,
    "causes": 0.1,
}
# Parts of a relation's name that say more than its role: a protein that carries or breaks down a
# drug is rarely why the drug works.
TRUST_BY_NAME: Mapping[str, float] = {"enzyme": 0.1, "carrier": 0.05, "transporter": 0.1}

SOURCES: Mapping[str, str] = {
    "DRUGBANK": "DrugBank",
    "DGIDB": "DGIdb",
    "DISGENET": "DisGeNET",
    "DISEASES": "DISEASES",
    "MESH": "MeSH",
}
# Where Hetionet took each of its metaedges from.
HETIONET_SOURCES: Mapping[str, str] = {
    "CtD": "PharmacotherapyDB",
    "CpD": "PharmacotherapyDB",
    "CbG": "DrugBank, BindingDB, DrugCentral",
    "CcSE": "SIDER",
    "CrC": "chemical similarity",
    "DaG": "DisGeNET, DISEASES, GWAS Catalog, DOAF",
    "DuG": "STARGEO",
    "DdG": "STARGEO",
    "DrD": "MEDLINE",
    "DlA": "MEDLINE",
    "DpS": "MEDLINE",
    "GiG": "protein interaction maps",
    "GcG": "ERC",
    "Gr>G": "LINCS L1000",
    "GpPW": "WikiPathways, Reactome, PID",
    "GpBP": "Gene Ontology",
    "GpCC": "Gene Ontology",
    "GpMF": "Gene Ontology",
    "PCiC": "DrugCentral",
}


def trust(relation: Relation) -> float:
    """Return how far an edge of `relation` carries an explanation; 0 if it is not walked."""
    if relation.role is None or relation.role not in FAMILIES:
        return 0.0
    for part in relation.name.casefold().split("::"):
        if part in TRUST_BY_NAME:
            return TRUST_BY_NAME[part]
    return TRUST[relation.role]


def origin(graph: Graph, relation: int) -> str:
    """Return where the edges of a relation come from, in words for the reader."""
    parts = graph.relations[relation].name.split("::")
    metaedge = parts[1] if parts[0] == "Hetionet" and len(parts) > 1 else parts[0]
    if (parts[0] == "Hetionet" or graph.name == "hetionet") and metaedge in HETIONET_SOURCES:
        return f"Hetionet ({HETIONET_SOURCES[metaedge]})"
    if len(parts) > 1 and parts[0] in SOURCES:
        return SOURCES[parts[0]]
    return graph.title or graph.name
