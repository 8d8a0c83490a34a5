"""The relations of PrimeKG: role, plain words, source, and which type stands at the head.

The file lists every edge in both directions under one name, so the direction is ours to choose.
Choices that explanations rest on:

- `drug_protein` says in `display_relation` whether the protein is a target, an enzyme, a carrier or
  a transporter; these are four relations here, and only the first carries the role of a target.
- `off-label use` carries the role `palliates`, not `treats`: it is weaker evidence than an approved
  indication, so it is neither trained nor judged as one, but nobody meets it as a new proposal
  without being told.
- In `parent-child` relations the parent comes first in the file; `includes` runs from it.

References
----------
Chandak, Huang and Zitnik, Building a knowledge graph to enable precision medicine, Scientific Data
10:67 (2023), table of edge types. https://github.com/mims-harvard/PrimeKG (build_graph.ipynb).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from llador_core.data.roles import relation
from llador_core.graph import Relation, Role

# Types as the file spells them -> as the other graphs call them.
TYPES: Mapping[str, str] = MappingProxyType(
    {
        "anatomy": "Anatomy",
        "biological_process": "Biological Process",
        "cellular_component": "Cellular Component",
        "disease": "Disease",
        "drug": "Compound",
        "effect/phenotype": "Effect or Phenotype",
        "exposure": "Exposure",
        "gene/protein": "Gene",
        "molecular_function": "Molecular Function",
        "pathway": "Pathway",
    }
)
SPLIT = "drug_protein"  # told apart by `display_relation`

_KIND = ("includes", "is a kind of")
_PARTS: tuple[tuple[str, str, Role | None, str, str, str], ...] = (
    # name, type at the head ("" for either), role, words, words back, source
    ("indication", "drug", "treats", "", "", "DrugCentral"),
    ("contraindication", "drug", "contraindicated", "", "", "DrugCentral"),
    (
        "off-label use",
        "drug",
        "palliates",
        "is used off-label in",
        "has the off-label drug",
        "DrugCentral",
    ),
    ("drug_protein::target", "drug", "targets", "", "", "DrugBank"),
    ("drug_protein::enzyme", "drug", None, "is handled by", "breaks down or changes", "DrugBank"),
    ("drug_protein::carrier", "drug", None, "is carried by", "carries", "DrugBank"),
    ("drug_protein::transporter", "drug", None, "is transported by", "transports", "DrugBank"),
    ("drug_drug", "", None, "interacts as a drug with", "interacts as a drug with", "DrugBank"),
    ("drug_effect", "drug", "causes", "", "", "SIDER"),
    ("disease_protein", "disease", "associates", "", "", "DisGeNET"),
    (
        "disease_phenotype_positive",
        "disease",
        "presents",
        "",
        "",
        "Human Phenotype Ontology",
    ),
    (
        "disease_phenotype_negative",
        "disease",
        None,
        "does not present with",
        "is no symptom of",
        "Human Phenotype Ontology",
    ),
    ("disease_disease", "", "includes", *_KIND, "MONDO"),
    ("phenotype_phenotype", "", "includes", *_KIND, "Human Phenotype Ontology"),
    ("phenotype_protein", "effect/phenotype", "associates", "", "", "DisGeNET"),
    ("protein_protein", "", "interacts", "", "", "BioGRID, STRING, Menche et al., Luck et al."),
    ("bioprocess_protein", "gene/protein", "participates", "", "", "Gene Ontology"),
    (
        "molfunc_protein",
        "gene/protein",
        "participates",
        "has the function",
        "is a function of",
        "Gene Ontology",
    ),
    (
        "cellcomp_protein",
        "gene/protein",
        "participates",
        "is found in",
        "contains",
        "Gene Ontology",
    ),
    ("pathway_protein", "gene/protein", "participates", "", "", "Reactome"),
    ("bioprocess_bioprocess", "", "includes", *_KIND, "Gene Ontology"),
    ("molfunc_molfunc", "", "includes", *_KIND, "Gene Ontology"),
    ("cellcomp_cellcomp", "", "includes", *_KIND, "Gene Ontology"),
    ("pathway_pathway", "", "includes", *_KIND, "Reactome"),
    ("anatomy_anatomy", "", "includes", "includes", "is a part or kind of", "UBERON"),
    ("anatomy_protein_present", "anatomy", None, "expresses", "is expressed in", "Bgee"),
    ("anatomy_protein_absent", "anatomy", None, "lacks", "is not expressed in", "Bgee"),
    ("exposure_disease", "exposure", "associates", "", "", "CTD"),
    ("exposure_protein", "exposure", None, "interacts with", "interacts with", "CTD"),
    ("exposure_bioprocess", "exposure", None, "alters", "is altered by", "CTD"),
    ("exposure_molfunc", "exposure", None, "alters", "is altered by", "CTD"),
    ("exposure_cellcomp", "exposure", None, "alters", "is altered by", "CTD"),
    ("exposure_exposure", "", "includes", "includes", "belongs to", "CTD"),
)

# The type at the head, as the file spells it; a relation that is not here keeps the file's way.
HEAD_TYPES: Mapping[str, str] = MappingProxyType({name: head for name, head, *_ in _PARTS if head})


def _relation(
    name: str, role: Role | None, words: str, inverse_words: str, source: str
) -> Relation:
    usual = relation(name, role, words, inverse_words, f"PrimeKG ({source})")
    is_symmetric = usual.words == usual.inverse_words and role in (None, "interacts")
    return Relation(name, role, usual.words, usual.inverse_words, is_symmetric, usual.origin)


RELATIONS: tuple[Relation, ...] = tuple(
    _relation(name, role, words, back, source) for name, _, role, words, back, source in _PARTS
)
