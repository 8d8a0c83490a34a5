"""Texts without the sentences that give pairs away, so that a model can be trained without them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from llador_core.graph import Graph, Ints
from llador_core.priors.audit import Auditor
from llador_core.priors.texts import TEXT_FIELDS, TextField, Texts


@dataclass(frozen=True, eq=False)
class Masked:
    """Texts with sentences taken out, and what that took.

    Attributes
    ----------
    texts : Texts
        The provenance tells what was taken out.
    n_sentences, n_texts, n_emptied : int
        Sentences taken out, texts that lost any, and texts of which nothing is left.
    """

    texts: Texts
    n_sentences: int
    n_texts: int
    n_emptied: int


def mask_texts(
    graph: Graph,
    texts: Texts,
    drugs: Ints,
    diseases: Ints,
    fields: Sequence[TextField] = TEXT_FIELDS,
) -> Masked:
    """Return the texts without any sentence in which one side of a pair names the other.

    A whole sentence goes, with whatever else it says; what names no pair stays as it was, to the
    letter.

    Parameters
    ----------
    drugs, diseases : int arrays of shape (n,)
        Pair i is drugs[i] and diseases[i].
    fields : sequence of TextField
        The texts to mask; others stay as they are.
    """
    auditor = Auditor(graph, texts)
    cuts: dict[tuple[int, TextField], set[tuple[int, int]]] = {}
    for drug, disease in zip(drugs.tolist(), diseases.tolist(), strict=True):
        for one, other in ((drug, disease), (disease, drug)):
            for found in auditor.namings(one, other, fields):
                cuts.setdefault((one, found.field), set()).add((found.start, found.end))
    columns = {field: list(texts.of(field)) for field in TEXT_FIELDS}
    n_emptied = 0
    for (entity, field), places in cuts.items():
        kept = _without(columns[field][entity], places)
        columns[field][entity] = kept
        n_emptied += not kept
    return Masked(
        Texts(**columns, provenance=texts.provenance),
        sum(map(len, cuts.values())),
        len(cuts),
        n_emptied,
    )


def _without(text: str, places: set[tuple[int, int]]) -> str:
    """Return a text without the places; stops and capitals fit what is left."""
    pieces, at = [], 0
    for start, end in sorted(places):
        pieces.append(text[at:start].strip())
        at = end
    kept = ""
    for piece in (*pieces, text[at:].strip()):
        if not piece:
            continue
        if kept.endswith(";") and piece[0].isupper():
            kept = f"{kept[:-1]}."
        begins = not kept or kept[-1] in ".!?"
        first = piece.split()[0]
        if begins and first.isalpha() and first.islower():  # "mTOR" stays as it is
            kept = f"{kept} {piece[0].upper()}{piece[1:]}".strip()
        else:
            kept = f"{kept} {piece}".strip()
    return f"{kept[:-1]}." if kept.endswith(";") else kept
