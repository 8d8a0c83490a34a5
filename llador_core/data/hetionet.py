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
from llador_core.graph import Relation

NODES = "hetionet-v1.0-nodes.tsv"
EDGES = "hetionet-v1.0-edges.sif.gz"


def _symmetric(name: str, words: str) -> Relation:
    return Relation(name, None, words, words, is_symmetric=True)


# CdG and CuG are changes of expression in cell lines, not direct targets, so they carry no role of
# a target; DdG and DuG are a link of the disease with the gene, as DaG is.
RELATIONS: tuple[Relation, ...] = (
    relation("AdG", None, "lowers the expression of", "is expressed less in"),
    relation("AeG", None, "expresses", "is expressed in"),
    relation("AuG", None, "raises the expression of", "is expressed more in"),
    relation("CbG", "binds"),
    relation("CcSE", "causes"),
    relation("CdG", None, "lowers the expression of", "is expressed less under"),
    relation("CpD", "palliates"),
    relation("CrC", "resembles"),
    relation("CtD", "treats"),
    relation("CuG", None, "raises the expression of", "is expressed more under"),
    relation("DaG", "associates"),
    relation("DdG", "associates", "lowers the expression of", "is expressed less in"),
    relation("DlA", "localizes"),
    relation("DpS", "presents"),
    relation("DrD", "resembles"),
    relation("DuG", "associates", "raises the expression of", "is expressed more in"),
    _symmetric("GcG", "evolves together with"),
    relation("GiG", "interacts"),
    relation("GpBP", "participates"),
    relation("GpCC", "participates", "is found in", "contains"),
    relation("GpMF", "participates", "has the function", "is a function of"),
    relation("GpPW", "participates"),
    Relation("Gr>G", "interacts", "regulates", "is regulated by"),
    relation("PCiC", "includes"),
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
