"""What a meta-path is called: a clause that a reader who knows no relation codes understands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

# What is said of a family of relations walking from head to tail, and back.
_VERBS: Mapping[str, str] = {
    "treats": "treats",
    "treats back": "is treated with",
    "acts": "acts on",
    "acts back": "is acted on by",
    "linked": "is linked to",
    "interacts": "interacts with",
    "participates": "takes part in",
    "participates back": "involves",
    "includes": "includes",
    "includes back": "belongs to",
    "resembles": "resembles",
    "presents": "presents with",
    "presents back": "is a symptom of",
    "localizes": "occurs in",
    "localizes back": "is a site of",
    "causes": "can cause",
    "causes back": "can be caused by",
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
    ("a disease that belongs to a disease", "a kind of a disease"),
    ("a disease that belongs to the disease", "a kind of the disease"),
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


def noun(type_name: str) -> str:
    """Return what one entity of a type is called, with its article."""
    if type_name in _NOUNS:
        return _NOUNS[type_name]
    article = "an" if type_name[:1].lower() in tuple("aeiou") else "a"
    return f"{article} {type_name.lower()}"


def title(turns: Sequence[str], types: Sequence[str]) -> str:
    """Return a meta-path as a sentence without its subject.

    Parameters
    ----------
    turns : sequence of str
        Of each step its family, with " back" where it is walked against what the family says.
    types : sequence of str
        Of the entities between the ends, one fewer than the steps.

    Examples
    --------
    >>> title(("acts", "linked"), ("Gene",))
    'Acts on a protein that is linked to the disease'
    """
    ends = [*(f"{noun(t)} that" for t in types), "the disease"]
    words = " ".join(f"{_VERBS[turn]} {end}" for turn, end in zip(turns, ends, strict=True))
    for literal, shorter in _SHORTER:
        words = words.replace(literal, shorter)
    return words[:1].upper() + words[1:]
