"""What differs between two versions of a text, word by word."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

PIECE = re.compile(r"\s+|[^\W_]+(?:['’-][^\W_]+)*|.", re.DOTALL)
MOST_PIECES = 20_000  # the comparison takes quadratic time


@dataclass(frozen=True)
class Piece:
    """A stretch of text that both versions have, or one of them alone."""

    what: Literal["same", "removed", "added"]
    text: str


def difference(before: str, after: str) -> list[Piece]:
    """Return the pieces that lead from one text to the other, in reading order.

    The pieces that are not "added" are `before`, those that are not "removed" are `after`, to the
    letter. Texts of more than 20,000 words are not compared, but told as replaced.
    """
    old, new = PIECE.findall(before), PIECE.findall(after)
    if before == after:
        return [Piece("same", before)] if before else []
    if len(old) + len(new) > MOST_PIECES:
        return [p for p in (Piece("removed", before), Piece("added", after)) if p.text]
    found: list[Piece] = []
    for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            found.append(Piece("same", "".join(old[i:j])))
            continue
        found += [Piece("removed", "".join(old[i:j]))] if j > i else []
        found += [Piece("added", "".join(new[k:m]))] if m > k else []
    return found


def n_changed(pieces: list[Piece]) -> int:
    """Return how many words one version alone has."""
    return sum(len(piece.text.split()) for piece in pieces if piece.what != "same")
