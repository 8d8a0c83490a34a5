"""The commonest function words: by them a text of some length shows its language.

Words that English shares with one of the others (in, an, a, on, per, me, he, do) are left out, and
those that are common abbreviations in medicine (IL).
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ENGLISH = _words(
    "the of and to is that for with as by it are from which at be this or has used not into its "
    "can also such may often through when where whose both other than these most"
)
OTHERS = _words(
    # German
    "der die und das den von zu mit sich des auf für ist im dem nicht ein eine wird oder bei "
    # Spanish
    "el los las del que en un una por con para es se su al lo como más pero sus "
    # French
    "le les et est une dans pour qui sur par au avec ce sont aux cette ou du "
    # Italian
    "di che della sono alla dei nel gli è degli delle "
    # Dutch
    "het een van op te dat voor zijn met niet aan door wordt "
    # Portuguese
    "um uma não os dos da em ao pela pelo "
    # Swedish, Polish, Turkish
    "och att som av till är jest się nie ve bir için olarak"
)
