"""Hetionet v1.0 in its upstream files: a table of nodes and a gzipped table of edges.

References
----------
Himmelstein et al., eLife 6:e26726 (2017). Metaedges are abbreviated as there: "CtD" is
Compound-treats-Disease.
"""

from __future__ import annotations

from pathlib import Path

from llador_core.data import tsv
from llador_core.data.roles import relation
from llador_core.data.tables import Tables, check_unique, number_triples, number_types
from llador_core.graph import Relation, Role

NODES = "hetionet-v1.0-nodes.tsv"
EDGES = "hetionet-v1.0-edges.sif.gz"


def _metaedge(
    name: str, role: Role | None, source: str, words: str = "", inverse_words: str = ""
) -> Relation:
    return relation(name, role, words, inverse_words, f"Hetionet ({source})")


def _directed(name: str, source: str, words: str, inverse_words: str) -> Relation:
    return Relation(name, "interacts", words, inverse_words, origin=f"Hetionet ({source})")


def _symmetric(name: str, source: str, words: str) -> Relation:
    return Relation(name, None, words, words, is_symmetric=True, origin=f"Hetionet ({source})")


_EXPRESSED = "Bgee"
_CELL_LINES = "LINCS L1000"
_COOCCURRENCE = "co-occurrence in MEDLINE"
_GENE_ONTOLOGY = "Gene Ontology"

# CdG and CuG are changes of expression in cell lines, not direct targets, so they carry no role of
# a target; DdG and DuG are a link of the disease with the gene, as DaG is.
RELATIONS: tuple[Relation, ...] = (
    _metaedge("AdG", None, _EXPRESSED, "lowers the expression of", "is expressed less in"),
    _metaedge("AeG", None, "Bgee, TISSUES", "expresses", "is expressed in"),
    _metaedge("AuG", None, _EXPRESSED, "raises the expression of", "is expressed more in"),
    _metaedge("CbG", "binds", "DrugBank, BindingDB, DrugCentral"),
    _metaedge("CcSE", "causes", "SIDER"),
    _metaedge("CdG", None, _CELL_LINES, "lowers the expression of", "is expressed less under"),
    _metaedge("CpD", "palliates", "PharmacotherapyDB"),
    _metaedge("CrC", "resembles", "similar structures in DrugBank"),
    _metaedge("CtD", "treats", "PharmacotherapyDB"),
    _metaedge("CuG", None, _CELL_LINES, "raises the expression of", "is expressed more under"),
    _metaedge("DaG", "associates", "DISEASES, DisGeNET, DOAF, GWAS Catalog"),
    _metaedge("DdG", "associates", "STARGEO", "lowers the expression of", "is expressed less in"),
    _metaedge("DlA", "localizes", _COOCCURRENCE),
    _metaedge("DpS", "presents", _COOCCURRENCE),
    _metaedge("DrD", "resembles", _COOCCURRENCE),
    _metaedge("DuG", "associates", "STARGEO", "raises the expression of", "is expressed more in"),
    _symmetric("GcG", "evolutionary rate covariation", "evolves together with"),
    _metaedge("GiG", "interacts", "Human Interactome Database, iRefIndex, HINT"),
    _metaedge("GpBP", "participates", _GENE_ONTOLOGY),
    _metaedge("GpCC", "participates", _GENE_ONTOLOGY, "is found in", "contains"),
    _metaedge("GpMF", "participates", _GENE_ONTOLOGY, "has the function", "is a function of"),
    _metaedge("GpPW", "participates", "WikiPathways, Reactome, PID"),
    _directed("Gr>G", _CELL_LINES, "regulates", "is regulated by"),
    _metaedge("PCiC", "includes", "FDA classes by DrugCentral"),
)


def parse(paths: tuple[Path, ...], known_relations: tuple[str, ...]) -> Tables:
    """Return the tables of the two upstream files.

    Parameters
    ----------
    paths : tuple of Path
        The nodes (id, name, kind) and the edges (source, metaedge, target), Windows or Unix line
        ends, plain or gzipped.
    known_relations : tuple of str
        The metaedges, in the order of their numbers.

    Raises
    ------
    DataFormatError
        File, line, expected and found, for anything the two files should not hold.
    """
    nodes, edges = paths
    columns = tsv.read_text(nodes, ("id", "name", "kind"))
    check_unique(columns["id"], nodes, "id")
    type_names, entity_types = number_types(columns["kind"])
    triples, relation_names, n_duplicates = number_triples(
        edges,
        ("source", "metaedge", "target"),
        columns["id"],
        known_relations,
        only_known=True,
    )
    return Tables(
        entity_ids=columns["id"],
        entity_names=columns["name"],
        synonyms=[()] * len(columns["id"]),
        descriptions=[],
        type_names=type_names,
        entity_types=entity_types,
        relation_names=relation_names,
        triples=triples,
        n_duplicates=n_duplicates,
    )
