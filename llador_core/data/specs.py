"""The graphs that can be loaded by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from llador_core.data import drkg, drkg_relations, hetionet, local_tsv
from llador_core.data.roles import relation
from llador_core.data.tables import Tables
from llador_core.graph import Relation

Parser = Callable[[tuple[Path, ...], tuple[str, ...]], Tables]


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
)

GRAPHS: Mapping[str, GraphSpec] = MappingProxyType(
    {spec.name: spec for spec in (STARTER, HETIONET, DRKG)}
)
