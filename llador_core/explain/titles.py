"""What a meta-path is called: a clause that a reader who knows no relation codes understands."""

from __future__ import annotations

from collections.abc import Mapping

from llador_core.explain.kinds import Family

# Family -> what is said walking from head to tail, and back.
_VERBS: Mapping[Family, tuple[str, str]] = {
    "treats": ("treats", "is treated with"),
    "acts": ("acts on", "is acted on by"),
    "linked": ("is linked to", "is linked to"),
    "interacts": ("interacts with", "interacts with"),
    "participates": ("takes part in", "involves"),
    "includes": ("includes", "belongs to"),
    "resembles": ("resembles", "resembles"),
    "presents": ("presents with", "is a symptom of"),
    "localizes": ("occurs in", "is a site of"),
    "causes": ("can cause", "can be caused by"),
}
_NOUNS: Mapping[str, str] = {
    "Gene": "a protein",
    "Protein": "a protein",
    "Compound": "a drug",
    "Drug": "a drug",
    "Disease": "a disease",
    "Biological Process": "a process",
    "Molecular Function": "a function",
    "Cellular Component": "a part of the cell",
    "Pathway": "a pathway",
    "Pharmacologic Class": "a drug class",
    "Side Effect": "a side effect",
    "Symptom": "a symptom",
    "Anatomy": "a body part",
}
# Where the literal clause is right but nobody would say it so.
_SHORTER: tuple[tuple[str, str], ...] = (
    ("a process that involves", "a process involving"),
    ("belongs to a drug class that includes", "shares its drug class with"),
    ("acts on a protein that is acted on by", "shares a target with"),
    (
        "can cause a side effect that can be caused by a drug that",
        "shares a side effect with a drug that",
    ),
    (
        "treats a disease that is treated with a drug that",
        "treats a disease that is also treated with a drug that",
    ),
)


def clause(family: Family, is_forward: bool) -> str:
    """Return the verb of one step of a meta-path: "acts on", "is acted on by"."""
    return _VERBS[family][0 if is_forward else 1]


def noun(type_name: str) -> str:
    """Return what one entity of a type is called, with its article."""
    if type_name in _NOUNS:
        return _NOUNS[type_name]
    article = "an" if type_name[:1].lower() in tuple("aeiou") else "a"
    return f"{article} {type_name.lower()}"


def title(verbs: tuple[str, ...], types: tuple[str, ...], last: str = "the disease") -> str:
    """Return a meta-path as a sentence without its subject.

    Parameters
    ----------
    verbs : tuple of str
        Of each step, as `clause` gives them.
    types : tuple of str
        Of the entities between the ends, one fewer than the steps.
    last : str
        What stands at the end of the path.

    Examples
    --------
    >>> title(("acts on", "is linked to"), ("Gene",))
    'Acts on a protein that is linked to the disease'
    """
    ends = [*(f"{noun(t)} that" for t in types), last]
    words = " ".join(f"{verb} {end}" for verb, end in zip(verbs, ends, strict=True))
    for literal, shorter in _SHORTER:
        words = words.replace(literal, shorter)
    return words[:1].upper() + words[1:]
