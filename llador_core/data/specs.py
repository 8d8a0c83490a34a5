"""The graphs that can be loaded by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from llador_core.data import drkg, drkg_relations, hetionet, local_tsv, primekg, primekg_relations
from llador_core.data.roles import relation
from llador_core.data.tables import Tables
from llador_core.graph import Relation

Parser = Callable[[tuple[Path, ...], tuple[str, ...]], Tables]


@dataclass(frozen=True)
class Download:
    """A file of a graph where it is published.

    Parameters
    ----------
    name : str
        What the file is called here.
    url : str
    size_bytes : int or None
        As published; None where nobody tells.
    about_bytes : int
        Where nobody tells: what its number of rows lets one expect.
    sha256 : str or None
        As published; None where nobody tells: then that of the first download is recorded and
        compared with later ones.
    """

    name: str
    url: str
    size_bytes: int | None = None
    sha256: str | None = None
    about_bytes: int = 0


@dataclass(frozen=True)
class GraphSpec:
    """All that is known of a graph before its files are read.

    Parameters
    ----------
    name, title, licence, citation : str
    homepage : str
        Where the files are published; "" for what ships with the app.
    files : tuple of str
        Names of the source files, in the order `parse` takes them.
    n_entities, n_triples : int
        As published; a difference is reported, not refused.
    relations : tuple of Relation
        With role, plain words and origin, in the order of their numbers.
    parse : callable
        (paths of `files` and of the optional ones found, names of `relations`) -> Tables.
    optional_files : tuple of tuples of str
        Files that tell more where they are here: of each tuple the first one found is read.
    is_built_in : bool
        The files lie in `assets/<name>` with the texts and text vectors.
    downloads : tuple of Download
        Where `files` can be fetched from; empty for what ships with the app.
    """

    name: str
    title: str
    licence: str
    citation: str
    homepage: str
    files: tuple[str, ...]
    n_entities: int
    n_triples: int
    relations: tuple[Relation, ...]
    parse: Parser
    optional_files: tuple[tuple[str, ...], ...] = ()
    is_built_in: bool = False
    downloads: tuple[Download, ...] = ()


STARTER = GraphSpec(
    name="starter",
    title="LLaDoR starter graph",
    licence="CC0 1.0",
    citation="LLaDoR starter graph, written by a large language model (see DATASHEET.md), 2026.",
    homepage="",
    files=(local_tsv.ENTITIES, local_tsv.TRIPLES),
    n_entities=4_203,
    n_triples=21_174,
    relations=tuple(
        replace(found, origin="starter graph, written by a language model")
        for found in (
            relation("treats", "treats"),
            relation("palliates", "palliates"),
            relation("contraindicated_in", "contraindicated"),
            relation("inhibits", "inhibits"),
            relation("activates", "activates"),
            relation("binds", "binds"),
            relation("causes", "causes"),
            relation("includes", "includes"),
            relation("associates", "associates"),
            relation("presents", "presents"),
            relation("localizes", "localizes"),
            relation("resembles", "resembles"),
            relation("involves", "participates", "involves", "is involved in"),
            relation("interacts", "interacts"),
            relation("participates", "participates"),
        )
    ),
    parse=local_tsv.parse,
    is_built_in=True,
)

HETIONET = GraphSpec(
    name="hetionet",
    title="Hetionet v1.0",
    licence=(
        "CC0 1.0 for Hetionet's own work; its sources keep their licences, among them DrugBank "
        "(CC BY-NC 4.0), SIDER side effects (CC BY-NC-SA 4.0), DisGeNET (ODbL), PharmacotherapyDB "
        "and Disease Ontology (CC0), several without a stated licence"
    ),
    citation=(
        "Himmelstein DS et al. Systematic integration of biomedical knowledge prioritizes drugs "
        "for repurposing. eLife 6:e26726 (2017). doi:10.7554/eLife.26726"
    ),
    homepage="https://github.com/hetio/hetionet",
    files=(hetionet.NODES, hetionet.EDGES),
    n_entities=47_031,
    n_triples=2_250_197,
    relations=hetionet.RELATIONS,
    parse=hetionet.parse,
    downloads=(
        Download(
            hetionet.NODES,
            f"https://github.com/hetio/hetionet/raw/main/hetnet/tsv/{hetionet.NODES}",
            2_509_984,
            "3ad9eb86c031df8bc7d5efefa6edc93562182eb9a6a71e5129d3f18b9d42c50e",
        ),
        Download(  # in Git LFS, whose pointer tells size and checksum
            hetionet.EDGES,
            f"https://github.com/hetio/hetionet/raw/main/hetnet/tsv/{hetionet.EDGES}",
            12_401_407,
            "611f0411ac666be4e0270e54bbca67407e14720bfc3099311f0f5eec25c5a947",
        ),
    ),
)

DRKG = GraphSpec(
    name="drkg",
    title="Graph in DRKG's format",
    licence=(
        "each source keeps its own licence: DrugBank (CC BY-NC 4.0), SIDER side effects (CC "
        "BY-NC-SA 4.0), DisGeNET (ODbL), PharmacotherapyDB and Disease Ontology (CC0), MeSH "
        "(public domain), GNBR and STRING (CC BY 4.0), several without a stated licence"
    ),
    citation=(
        "Ioannidis VN et al. DRKG: Drug Repurposing Knowledge Graph for Covid-19 (2020). "
        "https://github.com/gnn4dr/DRKG"
    ),
    homepage="https://github.com/gnn4dr/DRKG",
    files=(drkg.ARCHIVE,),
    n_entities=97_238,
    n_triples=5_874_261,
    relations=drkg_relations.RELATIONS,
    parse=drkg.parse,
    optional_files=drkg.SIDE_FILES,
    downloads=(
        Download(
            drkg.ARCHIVE,
            "https://dgl-data.s3-us-west-2.amazonaws.com/dataset/DRKG/drkg.tar.gz",
            216_650_245,
        ),
    ),
)

PRIMEKG = GraphSpec(
    name="primekg",
    title="PrimeKG",
    licence=(
        "PrimeKG's own work as Harvard Dataverse states it, its code MIT; its sources keep their "
        "licences, among them DrugBank (CC BY-NC 4.0), DrugCentral (CC BY-SA 4.0), SIDER "
        "(CC BY-NC-SA 4.0), DisGeNET (CC BY-NC-SA 4.0), Human Phenotype Ontology (its own), MONDO, "
        "Gene Ontology and Reactome (CC BY 4.0 or freer), CTD (its own, not commercial)"
    ),
    citation=(
        "Chandak P, Huang K, Zitnik M. Building a knowledge graph to enable precision medicine. "
        "Scientific Data 10:67 (2023). doi:10.1038/s41597-023-01960-3"
    ),
    homepage="https://doi.org/10.7910/DVN/IXA7BM",
    files=(primekg.KG,),
    n_entities=129_375,
    n_triples=4_050_249,  # 8,100,498 rows, each edge in both directions
    relations=primekg_relations.RELATIONS,
    parse=primekg.parse,
    downloads=(
        Download(
            primekg.KG,
            "https://dataverse.harvard.edu/api/access/datafile/6180620",
            about_bytes=940_000_000,
        ),
    ),
)

GRAPHS: Mapping[str, GraphSpec] = MappingProxyType(
    {spec.name: spec for spec in (STARTER, HETIONET, DRKG, PRIMEKG)}
)
