"""The type of each entity of an imported table, and which way its treatments run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from llador_core.data import roles
from llador_core.data.columns import guess_types
from llador_core.errors import ConfigError, nearest_names

if TYPE_CHECKING:
    from llador_core.data.plan import Plan

DRUG, DISEASE, UNTYPED = "Compound", "Disease", "Entity"
OF_A_DRUG_AND_A_DISEASE = frozenset({"treats", "palliates", "contraindicated", "not_indicated"})
# Of an id before "::" a type is taken only where nearly all ids have one.
MOST = 0.95

Ints = NDArray[np.int32]


@dataclass(frozen=True)
class Types:
    """The types of the entities.

    Attributes
    ----------
    of : list of str
        Of each entity.
    notes : tuple of str
        Where they come from, and what was renamed.
    """

    of: list[str]
    notes: tuple[str, ...]


def typed(
    ids: Sequence[str],
    told: Sequence[str],
    relation_names: Sequence[str],
    mapped: Ints,
    plan: Plan,
) -> Types:
    """Return the type of each entity.

    What columns tell counts first, then the part of an id before `::`. What has no type still takes
    it from its place in the relations between drugs and diseases, else it is an "Entity". The types
    of drugs and diseases are called as in the other graphs.

    Parameters
    ----------
    ids, told : sequence of str
        Of each entity; "" where no column tells its type.
    relation_names : sequence of str
    mapped : int32 array of shape (n, 3)
    plan : Plan

    Raises
    ------
    ConfigError
        The drug or disease type that was named does not occur.
    """
    found, notes = list(told), list[str]()
    if not all(found):
        _by_prefix(ids, found, notes)
    if not all(found):
        _by_place(found, relation_names, mapped, plan.roles, notes)
    names = _renamed(found, plan)
    changed = [f"'{old}' is called {new}" for old, new in names.items() if old != new]
    if changed:
        notes.append(f"{' and '.join(changed)}, as in the other graphs.")
    return Types([names.get(name, name) for name in found], tuple(notes))


def oriented(
    mapped: Ints, relation_names: Sequence[str], types: Types, given: Mapping[str, str]
) -> tuple[Ints, tuple[str, ...]]:
    """Return the triples with treatments and the like running from drug to disease, and notes."""
    kinds = np.array([{DRUG: 1, DISEASE: 2}.get(name, 0) for name in types.of], np.int8)
    turned, notes = mapped, []
    for number, name in enumerate(relation_names):
        if role_of(name, given) not in OF_A_DRUG_AND_A_DISEASE:
            continue
        at = np.flatnonzero(mapped[:, 1] == number)
        heads, tails = kinds[mapped[at, 0]], kinds[mapped[at, 2]]
        is_backwards = (heads == 2) & (tails == 1)
        if not is_backwards.any():
            continue
        turned = mapped.copy() if turned is mapped else turned
        backwards = at[is_backwards]
        turned[backwards] = mapped[backwards][:, [2, 1, 0]]
        notes.append(
            f"{len(backwards):,} of {len(at):,} edges '{name}' ran from a disease to a drug and "
            "were turned round."
        )
    return turned, tuple(notes)


def role_of(name: str, given: Mapping[str, str]) -> str:
    """Return the role of a relation: as given, else as its name says; "" for none."""
    return given[name] if name in given else roles.infer(name).role or ""


def _by_prefix(ids: Sequence[str], found: list[str], notes: list[str]) -> None:
    """Take missing types from ids such as `Compound::DB00001`, where nearly all ids have one."""
    gaps = [i for i, name in enumerate(found) if not name]
    prefixes = [ids[i].partition("::") for i in gaps]
    n_typed = sum(bool(kind and mark) for kind, mark, _ in prefixes)
    if n_typed < MOST * len(gaps):
        return
    for i, (kind, mark, _) in zip(gaps, prefixes, strict=True):
        found[i] = kind if mark else ""
    notes.append(f"The types of {n_typed:,} entities are the part of their ids before '::'.")


def _by_place(
    found: list[str],
    relation_names: Sequence[str],
    mapped: Ints,
    given: Mapping[str, str],
    notes: list[str],
) -> None:
    """Take missing types from the relations between drugs and diseases; the rest is "Entity"."""
    gap = np.array([not name for name in found], np.bool_)
    asked = [
        i
        for i, name in enumerate(relation_names)
        if role_of(name, given) in OF_A_DRUG_AND_A_DISEASE
    ]
    rows = mapped[np.isin(mapped[:, 1], asked)]
    tails, heads = np.unique(rows[:, 2]), np.unique(rows[:, 0])
    for kind, entities in ((DISEASE, tails), (DRUG, heads)):
        for i in entities[gap[entities]].tolist():
            found[i] = kind
    n_rest = found.count("")
    for i, name in enumerate(found):
        found[i] = name or UNTYPED
    n_placed = int(gap.sum()) - n_rest
    if n_placed:
        notes.append(
            f"No column tells the type of {int(gap.sum()):,} entities; {n_placed:,} of them are "
            "drugs or diseases by their place in treatments and contraindications."
        )
    if n_rest:
        notes.append(
            f"{n_rest:,} entities have no type and are called '{UNTYPED}'"
            + ("." if n_placed else "; which are drugs and which diseases nobody has told.")
        )


def _renamed(found: Sequence[str], plan: Plan) -> dict[str, str]:
    """Return what the types of drugs and diseases are called from now on."""
    names = Counter(found)
    guessed = guess_types(list(names))
    renamed: dict[str, str] = {}
    for what, given, called in (
        ("drug", plan.drug_type, DRUG),
        ("disease", plan.disease_type, DISEASE),
    ):
        if given and given not in names:
            near = ", ".join(nearest_names(given, list(names)))
            raise ConfigError(
                f"No entity has the type '{given}', which was named as the {what}s'. Did you mean "
                f"{near}?"
            )
        own = given or (called if called in names else guessed.get(what, ""))
        if own:
            renamed[own] = called
    return renamed
