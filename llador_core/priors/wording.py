"""Other ways to write a name: spelling, number, adjectives, salts, word order, eponyms.

A name and a text are brought to the same plain form word by word (`plain_word`); what remains
different is added as further forms of the name (`forms`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from llador_core.priors.leakage import POSSESSIVE, Words, is_acronym, plain_text, tokens_of

FormKind = Literal["name", "synonym", "spelling", "adjective", "salt", "shortened"]


def _words(told: str) -> frozenset[str]:
    return frozenset(told.split())


MIN_LETTERS = 5  # a shorter name has no other forms: too many words resemble it
SAME_SENSE: dict[str, str] = {
    # Words that name the same kind of thing at the end of a disease's name.
    **dict.fromkeys(("disorder", "syndrome", "illness"), "disease"),
    **dict.fromkeys(("carcinoma", "malignancy", "neoplasm", "tumor"), "cancer"),
    **dict.fromkeys(("renal",), "kidney"),
    **dict.fromkeys(("hepatic",), "liver"),
    **dict.fromkeys(("gastric",), "stomach"),
}
NUMERALS = {"i": "1", "ii": "2", "iii": "3", "iv": "4"}
NUMBERED = ("type", "stage", "grade", "class", "factor")
SALTS = _words(
    """acetate aspartate benzoate besylate besilate bitartrate bromide chloride citrate dihydrate
    dihydrochloride disodium esylate etexilate fumarate furoate gluconate hcl hemihydrate
    hydrobromide hydrochloride hydroxide iodide lactate magnesium malate maleate marboxil mesilate
    mesylate mofetil monohydrate nitrate pamoate phosphate potassium propionate sodium succinate
    sulfate sulphate tartrate tosylate trihydrate valerate"""
)
# Latin words that may be left out: "myasthenia", "acne", "psoriasis".
EPITHETS = frozenset({"gravis", "vulgaris", "multiforme"})
# What is left of "calcium acetate" without its salt names no drug.
ELEMENTS = _words(
    """aluminium aluminum ammonium barium bismuth calcium copper ferric ferrous gold iron lithium
    magnesium potassium silver sodium zinc"""
)
# The ends of a noun and of its adjective: epilepsy, epileptic.
ADJECTIVES = (
    ("epsy", "eptic"),
    ("tension", "tensive"),
    ("pression", "pressive"),
    ("betes", "betic"),
    ("asthma", "asthmatic"),
    ("coma", "comatous"),
    ("osis", "otic"),
    ("iasis", "iatic"),
    ("itis", "itic"),
    ("pathy", "pathic"),
    ("allergy", "allergic"),
    ("obesity", "obese"),
    ("gout", "gouty"),
    ("migraine", "migrainous"),
    ("ia", "ic"),
)
BRITISH = (
    (re.compile(r"(?<=.)ae(?=.)"), "e"),
    (re.compile(r"oe(?=.)"), "e"),
    (re.compile(r"(?<=[a-z]{2})our\b"), "or"),
    (re.compile(r"sulph"), "sulf"),
    (re.compile(r"isation\b"), "ization"),
)

LIST_WORDS = 24  # words and signs that a list may run on before the word that its members share
LIST_STOPS = _words(
    """; . : ! ? with without but who that which not when than of after before in by is are for to
    if as while where because since unless cause causes treats raises lowers"""
)
# Words that mean something else beside certain others: breathing is depressed, too.
OTHER_SENSES: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "depression": (
        _words(
            "respiratory marrow myocardial cardiac cardiorespiratory cns system st immune "
            "ventilatory breathing neonatal myeloid reflex segment"
        ),
        frozenset(),
    ),
    "depressive": (frozenset({"respiratory"}), frozenset()),
    "insulin": (
        frozenset({"endogenous", "fasting", "lower", "lowers", "raise", "raises"}),
        _words(
            "resistance resistant secretion secreting secretory sensitivity sensitizing release "
            "receptor receptors signaling signalling like granules granule action gene synthesis "
            "producing deficiency sensitive sensitizer sensitizers secretagogue dependent "
            "responsive responses response stimulated regulated growth degrading degradation "
            "output levels induced processing biosynthesis exocytosis clearance stores"
        ),
    ),
    **dict.fromkeys(
        ("iron", "zinc", "folate", "retinol"),
        (
            frozenset({"serum", "plasma", "binds", "intracellular", "catalytic", "dietary"}),
            _words(
                "finger fingers dependent overload deficiency transport transporter uptake "
                "binding homeostasis metabolism absorption sulfur regulatory storage ions ion "
                "export containing receptor receptors enzyme antagonist cycle stores content "
                "loading regulation chelation chelator"
            ),
        ),
    ),
}


def plain_word(word: str) -> str:
    """Return a word in lower case, in American spelling, in the singular."""
    plain = _singular(word.casefold())
    for pattern, american in BRITISH:
        plain = pattern.sub(american, plain)
    return plain


def plain_words(words: Words) -> Words:
    """Return the plain forms of words; Roman numerals after "type", "stage" ... as digits."""
    found = [plain_word(word) for word in words]
    for place in range(1, len(found)):
        if found[place - 1] in NUMBERED:
            found[place] = NUMERALS.get(found[place], found[place])
    return tuple(found)


def _singular(word: str) -> str:
    if len(word) <= 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word if word in {"diabetes", "herpes", "rabies"} else word[:-1]


def forms(label: str, *, is_name: bool) -> dict[Words, FormKind]:
    """Return the plain forms under which a text may write a label, each with its kind.

    The label itself comes first. An acronym has no others, as in any other case it is a word.

    Parameters
    ----------
    label : str
        A name or a synonym.
    is_name : bool
        It is the entity's name, not a synonym.
    """
    words = words_of(label)
    if not words:
        return {}
    plain = plain_words(words)
    found: dict[Words, FormKind] = {plain: "name" if is_name else "synonym"}
    if is_acronym(label) or sum(map(len, words)) < MIN_LETTERS:
        return found
    for form, kind in _others(label, plain):
        if sum(map(len, form)) >= MIN_LETTERS:
            found.setdefault(form, kind)
    return found


def words_of(text: str) -> Words:
    """Return the words and signs of a text, without accents and possessives."""
    return tuple(token.group() for token in tokens_of(plain_text(text)))


def _others(label: str, plain: Words) -> Iterator[tuple[Words, FormKind]]:
    yield from ((form, "spelling") for form in _spellings(plain))
    if len(plain) == 1:
        for form in _adjectives(plain[0]):
            yield (form,), "adjective"
    if len(plain) > 1 and plain[-1] in SALTS and not set(plain[:-1]) & (ELEMENTS | SALTS):
        yield plain[:-1], "salt"
    is_eponym = len(plain) == 2 and POSSESSIVE.search(label) is not None
    is_eponym = is_eponym and SAME_SENSE.get(plain[-1], plain[-1]) == "disease"
    if is_eponym or (len(plain) == 2 and plain[-1] in EPITHETS):
        yield plain[:-1], "shortened"  # "Alzheimer's disease": "of the Alzheimer type"


def _spellings(plain: Words) -> Iterator[Words]:
    """Yield the same words in another order, or with another word for the same thing."""
    if "," in plain:  # "anemia, sickle cell"
        comma = plain.index(",")
        yield plain[comma + 1 :] + plain[:comma]
    if plain[-1] == "mellitus" and len(plain) > 2:
        yield plain[:-1]
    if len(plain) > 1:
        ends = {SAME_SENSE.get(plain[-1], plain[-1])}
        ends |= {word for word, sense in SAME_SENSE.items() if sense in ends}
        # "kidney" and "renal" stand in front of a name, "cancer" and "carcinoma" at its end.
        fronts = {SAME_SENSE.get(plain[0], plain[0])}
        fronts |= {word for word, sense in SAME_SENSE.items() if sense in fronts}
        for front in sorted(fronts):
            for end in sorted(ends):
                yield (front, *plain[1:-1], end)


def _adjectives(word: str) -> Iterator[str]:
    for noun, adjective in ADJECTIVES:
        if word.endswith(noun) and len(word) > 3:
            form = word.removesuffix(noun) + adjective
            yield from (form, f"anti{form}")
            return


def occurrences(plain: Words, form: Words, first: int, last: int) -> Iterator[int]:
    """Yield where a form begins among words `first` to `last`."""
    for at in range(first, last - len(form) + 1):
        if plain[at] == form[0] and plain[at : at + len(form)] == form:
            yield at


def list_places(plain: Words, form: Words, first: int, last: int) -> Iterator[tuple[int, int]]:
    """Yield where a list names a form whose last word comes later: "lung, liver and kidney cancer".

    Start of the form, and end of the list.
    """
    front, head = form[:-1], form[-1]
    for at in occurrences(plain, front, first, last):
        place, depth, is_list = at + len(front), 0, False
        while place < min(last, at + LIST_WORDS):
            word = plain[place]
            depth += (word == "(") - (word == ")")
            if depth == 0 and word != ")":
                if word in LIST_STOPS:
                    break
                is_list = is_list or word in {",", "and", "or"}
                if not is_list:
                    break
                if word == head:
                    yield at, place + 1
                    break
            place += 1


def means_other(plain: Words, span: tuple[int, int]) -> bool:
    """Return whether the words beside a single one tell that something else is meant."""
    start, end = span
    if end - start != 1 or plain[start] not in OTHER_SENSES:
        return False
    before, after = OTHER_SENSES[plain[start]]
    is_before = start > 0 and plain[start - 1] in before
    return is_before or (end < len(plain) and plain[end] in after)
