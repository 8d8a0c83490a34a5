"""The relations of DRKG and of graphs in its format: role, plain words and source of each.

A name is `SOURCE::CODE::HeadType:TailType`. What the codes mean is told by DRKG's glossary and by
its sources. Three choices that explanations rest on:

- What handles a drug in the body (enzyme, carrier, transporter) and what changes under it
  (expression in cell lines) is no target: those relations have words of their own and no role.
- DGIdb's triples run from the gene to the compound. The role is that of the drug ("inhibits"), the
  words follow the triple: "is inhibited by", and back "inhibits".
- `MESH::is_a` is the hierarchy of diseases. It carries the role `includes`, as a class of drugs
  does, but runs from the narrower disease to the broader one: an edge with the role `includes`
  between two diseases joins a disease and a kind of it, which its words say both ways.

References
----------
Ioannidis et al., DRKG, https://github.com/gnn4dr/DRKG (2020). Percha and Altman, A global network
of biomedical relationships derived from text (GNBR), Bioinformatics 34:2614 (2018).
"""

from __future__ import annotations

from llador_core.data import hetionet
from llador_core.data.roles import SYMMETRIC, relation
from llador_core.graph import Relation, Role

Row = tuple[str, Role | None, str, str]  # name without its source, role, words, words back

_TYPES = {
    "A": "Anatomy",
    "BP": "Biological Process",
    "C": "Compound",
    "CC": "Cellular Component",
    "D": "Disease",
    "G": "Gene",
    "MF": "Molecular Function",
    "PC": "Pharmacologic Class",
    "PW": "Pathway",
    "S": "Symptom",
    "SE": "Side Effect",
}


def _hetionet(known: Relation) -> Relation:
    """Return a metaedge of Hetionet under the name that DRKG gives it."""
    head = "PC" if known.name.startswith("PC") else known.name[0]
    tail = known.name.removeprefix(head).lstrip("abcdefghijklmnopqrstuvwxyz>")
    name = f"Hetionet::{known.name}::{_TYPES[head]}:{_TYPES[tail]}"
    return Relation(
        name, known.role, known.words, known.inverse_words, known.is_symmetric, known.origin
    )


def _from(source: str, origin: str, rows: tuple[Row, ...]) -> tuple[Relation, ...]:
    """Return the relations of a source; "" for the words means the usual ones of the role.

    Words that are given and differ from their way back tell a relation that has a direction.
    """
    found = []
    for name, role, words, inverse in rows:
        usual = relation(f"{source}::{name}", role, words, inverse, origin)
        is_symmetric = usual.words == usual.inverse_words and (role in SYMMETRIC or role is None)
        found.append(
            Relation(usual.name, role, usual.words, usual.inverse_words, is_symmetric, usual.origin)
        )
    return tuple(found)


_GNBR: tuple[Row, ...] = (
    ("A+::Compound:Gene", "activates", "", ""),
    ("A-::Compound:Gene", "inhibits", "blocks", "is blocked by"),
    ("B::Compound:Gene", "binds", "", ""),
    ("E::Compound:Gene", None, "changes the expression of", "is expressed differently under"),
    ("E+::Compound:Gene", None, "raises the expression of", "is expressed more under"),
    ("E-::Compound:Gene", None, "lowers the expression of", "is expressed less under"),
    ("K::Compound:Gene", None, "is handled in the body by", "handles in the body"),
    ("N::Compound:Gene", "inhibits", "", ""),
    ("O::Compound:Gene", None, "is transported by or passes", "transports or lets pass"),
    ("Z::Compound:Gene", None, "meets the enzyme", "is an enzyme that meets"),
    ("C::Compound:Disease", None, "slows the growth of cells in", "has its cells slowed by"),
    ("J::Compound:Disease", None, "plays a part in the origin of", "arises with a part played by"),
    ("Mp::Compound:Disease", None, "marks the course of", "has its course marked by"),
    ("Pa::Compound:Disease", "palliates", "", ""),
    ("Pr::Compound:Disease", None, "prevents or suppresses", "is prevented or suppressed by"),
    ("Sa::Compound:Disease", "causes", "", ""),
    ("T::Compound:Disease", "treats", "", ""),
    ("D::Gene:Disease", "associates", "is a drug target in", "has the drug target"),
    ("G::Gene:Disease", "associates", "drives the progression of", "is driven on by"),
    ("J::Gene:Disease", "associates", "plays a part in the origin of", "arises with a part of"),
    ("L::Gene:Disease", "associates", "is wrongly regulated in", "goes with wrong regulation of"),
    ("Md::Gene:Disease", "associates", "helps to diagnose", "is diagnosed with the help of"),
    ("Te::Gene:Disease", "associates", "may have an effect against", "may be countered by"),
    ("U::Gene:Disease", "associates", "has mutations that cause", "is caused by mutations of"),
    ("Ud::Gene:Disease", "associates", "has mutations that alter", "is altered by mutations of"),
    ("X::Gene:Disease", "associates", "is expressed more in", "raises the expression of"),
    (
        "Y::Gene:Disease",
        "associates",
        "has variants that alter the risk of",
        "has its risk altered by",
    ),
    ("B::Gene:Gene", "interacts", "binds to", "binds to"),
    ("E::Gene:Gene", "interacts", "changes the expression of", "has its expression changed by"),
    ("E+::Gene:Gene", "interacts", "raises the expression of", "has its expression raised by"),
    ("H::Gene:Gene", "interacts", "is one complex with", "is one complex with"),
    (
        "I::Gene:Gene",
        "interacts",
        "shares a signalling pathway with",
        "shares a signalling pathway with",
    ),
    ("Q::Gene:Gene", "interacts", "is made in cells that bear", "is borne by cells that make"),
    ("Rg::Gene:Gene", "interacts", "regulates", "is regulated by"),
    ("V+::Gene:Gene", "interacts", "activates", "is activated by"),
    ("W::Gene:Gene", "interacts", "strengthens the response of", "responds more strongly with"),
    ("in_tax::Gene:Tax", None, "belongs to the species", "is the species of"),
)

_STRING: tuple[Row, ...] = (
    ("ACTIVATION::Gene:Gene", "interacts", "activates", "is activated by"),
    ("BINDING::Gene:Gene", "interacts", "binds to", "binds to"),
    ("CATALYSIS::Gene:Gene", "interacts", "catalyses a reaction of", "reacts with the help of"),
    (
        "EXPRESSION::Gene:Gene",
        "interacts",
        "changes the expression of",
        "has its expression changed by",
    ),
    ("INHIBITION::Gene:Gene", "interacts", "inhibits", "is inhibited by"),
    ("OTHER::Gene:Gene", "interacts", "", ""),
    ("PTMOD::Gene:Gene", "interacts", "modifies", "is modified by"),
    ("REACTION::Gene:Gene", "interacts", "reacts with", "reacts with"),
)

_INTACT: tuple[Row, ...] = (
    (
        "ADP RIBOSYLATION REACTION::Gene:Gene",
        "interacts",
        "ADP-ribosylates",
        "is ADP-ribosylated by",
    ),
    ("ASSOCIATION::Compound:Gene", None, "is found together with", "is found together with"),
    ("ASSOCIATION::Gene:Gene", "interacts", "is found together with", "is found together with"),
    ("CLEAVAGE REACTION::Gene:Gene", "interacts", "cleaves", "is cleaved by"),
    ("COLOCALIZATION::Gene:Gene", "interacts", "shares a place with", "shares a place with"),
    (
        "DEPHOSPHORYLATION REACTION::Gene:Gene",
        "interacts",
        "dephosphorylates",
        "is dephosphorylated by",
    ),
    ("DIRECT INTERACTION::Compound:Gene", "binds", "", ""),
    ("DIRECT INTERACTION::Gene:Gene", "interacts", "", ""),
    ("PHOSPHORYLATION REACTION::Gene:Gene", "interacts", "phosphorylates", "is phosphorylated by"),
    ("PHYSICAL ASSOCIATION::Compound:Gene", "binds", "", ""),
    ("PHYSICAL ASSOCIATION::Gene:Gene", "interacts", "", ""),
    ("PROTEIN CLEAVAGE::Gene:Gene", "interacts", "cleaves", "is cleaved by"),
    ("UBIQUITINATION REACTION::Gene:Gene", "interacts", "ubiquitinates", "is ubiquitinated by"),
)

_DRUGBANK: tuple[Row, ...] = (
    ("carrier::Compound:Gene", None, "is carried by", "carries"),
    (
        "ddi-interactor-in::Compound:Compound",
        None,
        "interacts as a drug with",
        "interacts as a drug with",
    ),
    ("enzyme::Compound:Gene", None, "is broken down or changed by", "breaks down or changes"),
    ("target::Compound:Gene", "targets", "", ""),
    ("transporter::Compound:Gene", None, "is transported by", "transports"),
    ("treats::Compound:Disease", "treats", "", ""),
    ("x-atc::Compound:Atc", "includes", "belongs to", "includes"),
)

_DGIDB: tuple[Row, ...] = (
    ("ACTIVATOR::Gene:Compound", "activates", "is activated by", "activates"),
    ("AGONIST::Gene:Compound", "activates", "is activated by", "activates"),
    ("ALLOSTERIC MODULATOR::Gene:Compound", "targets", "is modulated by", "modulates"),
    ("ANTAGONIST::Gene:Compound", "inhibits", "is blocked by", "blocks"),
    ("ANTIBODY::Gene:Compound", "binds", "is bound by the antibody", "is an antibody against"),
    ("BINDER::Gene:Compound", "binds", "is bound by", "binds to"),
    ("BLOCKER::Gene:Compound", "inhibits", "is blocked by", "blocks"),
    ("CHANNEL BLOCKER::Gene:Compound", "inhibits", "is a channel blocked by", "blocks the channel"),
    ("INHIBITOR::Gene:Compound", "inhibits", "is inhibited by", "inhibits"),
    ("MODULATOR::Gene:Compound", "targets", "is modulated by", "modulates"),
    ("OTHER::Gene:Compound", "targets", "is acted on by", "acts on"),
    ("PARTIAL AGONIST::Gene:Compound", "activates", "is partly activated by", "partly activates"),
    (
        "POSITIVE ALLOSTERIC MODULATOR::Gene:Compound",
        "activates",
        "is strengthened by",
        "strengthens",
    ),
)

_BIOARX: tuple[Row, ...] = (
    ("Coronavirus_ass_host_gene::Disease:Gene", "associates", "", ""),
    ("Covid2_acc_host_gene::Disease:Gene", "associates", "", ""),
    ("DrugHumGen:Compound:Gene", "targets", "", ""),
    ("DrugVirGen:Compound:Gene", "targets", "", ""),
    ("HumGenHumGen:Gene:Gene", "interacts", "", ""),
    ("VirGenHumGen:Gene:Gene", "interacts", "", ""),
)

RELATIONS: tuple[Relation, ...] = (
    *(_hetionet(known) for known in hetionet.RELATIONS),
    *_from("DRUGBANK", "DrugBank", _DRUGBANK),
    *_from("GNBR", "GNBR (read from abstracts by machine)", _GNBR),
    *_from("DGIDB", "DGIdb", _DGIDB),
    *_from("STRING", "STRING", _STRING),
    *_from("INTACT", "IntAct", _INTACT),
    *_from("bioarx", "COVID-19 literature", _BIOARX),
    *_from("DISEASES", "DISEASES", (("knowledge::Disease:Gene", "associates", "", ""),)),
    *_from("DISGENET", "DisGeNET", (("curated::Disease:Gene", "associates", "", ""),)),
    *_from("MESH", "MeSH", (("is_a::Disease:Disease", "includes", "is a kind of", "includes"),)),
)
