"""From the relation names that graphs use to roles and plain words."""

from __future__ import annotations

from collections.abc import Mapping

from llador_core.graph import Relation, Role

WORDS: Mapping[Role, tuple[str, str]] = {
    "treats": ("treats", "is treated with"),
    "palliates": ("eases", "is eased by"),
    "contraindicated": ("is contraindicated in", "is a contraindication for"),
    "not_indicated": ("is not indicated in", "is no indication for"),
    "targets": ("acts on", "is acted on by"),
    "inhibits": ("inhibits", "is inhibited by"),
    "activates": ("activates", "is activated by"),
    "binds": ("binds to", "is bound by"),
    "causes": ("can cause", "can be caused by"),
    "associates": ("is linked to", "is linked to"),
    "interacts": ("interacts with", "interacts with"),
    "participates": ("takes part in", "involves"),
    "presents": ("presents with", "is a symptom of"),
    "localizes": ("occurs in", "is a site of"),
    "resembles": ("resembles", "resembles"),
    "includes": ("includes", "belongs to"),
}
SYMMETRIC: frozenset[Role] = frozenset({"interacts", "resembles"})

# Names that mean one thing only; anything less certain needs relations.tsv.
ALIASES: Mapping[str, Role] = {
    **{role: role for role in WORDS},
    **dict.fromkeys(("treat", "treatment", "indication", "indicated", "indicated_for"), "treats"),
    **dict.fromkeys(("may_treat", "ctd"), "treats"),
    **dict.fromkeys(
        ("palliate", "cpd", "off-label use", "off_label_use", "off-label"), "palliates"
    ),
    **dict.fromkeys(("contraindicated_in", "contraindicated_for"), "contraindicated"),
    **dict.fromkeys(("contraindication", "contraindicates"), "contraindicated"),
    **dict.fromkeys(("non_indication", "non-indication", "not_indicated_for"), "not_indicated"),
    **dict.fromkeys(("target", "has_target"), "targets"),
    **dict.fromkeys(("inhibitor", "antagonist"), "inhibits"),
    **dict.fromkeys(("activator", "agonist"), "activates"),
    **dict.fromkeys(("bind", "binding", "cbg"), "binds"),
    **dict.fromkeys(("side_effect", "side effect", "has_side_effect", "ccse"), "causes"),
    **dict.fromkeys(("associated_with", "associated with", "dag"), "associates"),
    **dict.fromkeys(("interacts_with", "protein_protein", "ppi", "gig"), "interacts"),
    **dict.fromkeys(("participates_in", "involves", "involved_in"), "participates"),
    **dict.fromkeys(("gppw", "gpbp", "gpcc", "gpmf"), "participates"),
    **dict.fromkeys(("phenotype_present", "has_symptom", "dps"), "presents"),
    **dict.fromkeys(("localizes_to", "dla"), "localizes"),
    **dict.fromkeys(("similar_to", "drd", "crc"), "resembles"),
    **dict.fromkeys(("pcic",), "includes"),
    **dict.fromkeys(("disease_protein", "associated_with_gene"), "associates"),
    **dict.fromkeys(("drug_effect",), "causes"),
    **dict.fromkeys(("disease_phenotype_positive", "has_phenotype"), "presents"),
    **dict.fromkeys(("bioprocess_protein", "molfunc_protein", "cellcomp_protein"), "participates"),
    **dict.fromkeys(("pathway_protein",), "participates"),
}
_VOCABULARY = "biolink:"  # of predicates such as `biolink:treats`


def relation(
    name: str, role: Role | None, words: str = "", inverse_words: str = "", origin: str = ""
) -> Relation:
    """Return a relation that speaks the words given, else those of its role, else its name."""
    spelled = name.replace("_", " ")
    usual = WORDS[role] if role else (spelled, f"{spelled} (from the other side)")
    return Relation(
        name, role, words or usual[0], inverse_words or usual[1], role in SYMMETRIC, origin
    )


def infer(name: str) -> Relation:
    """Return the relation that `name` stands for by `ALIASES`; its role is None if none fits.

    Names in parts, such as `DRUGBANK::treats::Compound:Disease`, are known by any of the parts. A
    role of drugs is said the other way round where the last part has the drug behind the gene.
    """
    parts = name.split("::")
    for part in (name, *parts):
        if (role := ALIASES.get(part.casefold().removeprefix(_VOCABULARY))) is not None:
            words, inverse_words = WORDS[role]
            if parts[-1] == "Gene:Compound":
                words, inverse_words = inverse_words, words
            return relation(name, role, words, inverse_words)
    spelled = relation(parts[1] if len(parts) > 1 else name, None)
    return relation(name, None, spelled.words, spelled.inverse_words)
