"""What is held out: by drug-disease pair over all relations, by whole disease or by whole drug.

Treated pairs are held out, and contraindicated ones beside them where asked. A pair that is judged
must not stand in training under any relation, whichever end is the head: the same drug and disease
are often joined by several relations, and a model that has seen one of them has seen the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from llador_core.errors import ConfigError, LeakError, MissingDataError
from llador_core.graph import Bools, Graph, Ints, Role, pair_keys

Kind = Literal["pair", "disease", "drug", "unknown"]
Triples = NDArray[np.int32]

MIN_PAIRS = 10
TEST_SHARE = 0.2
VALID_SHARE = 0.05
SHOWN_LEAKS = 3
CAUTION = 1  # beside the seed: contraindicated pairs are drawn apart from treated ones


@dataclass(frozen=True, eq=False)
class Split:
    """The triples to learn from and the treatments to be judged by.

    Attributes
    ----------
    kind : "pair", "disease", "drug" or "unknown"
        "unknown": of a model trained elsewhere, which may have seen all there is.
    seed : int
    train : int32 array of shape (n_train, 3)
    valid, test : int32 arrays of shape (n, 3)
        Triples with the role `treats` from a drug to a disease.
    n_removed : int
        Triples that are neither judged nor learnt from, because they tell a held-out answer:
        other relations between a held-out pair.
    held_out_diseases : int array
        Diseases without any `treats` triple in training, ascending; empty but for "disease".
    held_out_drugs : int array
        The same for drugs; empty but for "drug".
    caution_valid, caution_test : int32 arrays of shape (n, 3)
        Held-out triples with the role `contraindicated` from a drug to a disease; empty where
        contraindications were not held out.
    """

    kind: Kind
    seed: int
    train: Triples
    valid: Triples
    test: Triples
    n_removed: int
    held_out_diseases: Ints
    held_out_drugs: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    caution_valid: Triples = field(default_factory=lambda: np.empty((0, 3), np.int32))
    caution_test: Triples = field(default_factory=lambda: np.empty((0, 3), np.int32))

    @property
    def held_out(self) -> Triples:
        """All triples that are judged, shape (n, 3)."""
        return np.concatenate([self.valid, self.test, self.caution_valid, self.caution_test])


def split_by_pair(
    graph: Graph,
    seed: int,
    test_share: float = TEST_SHARE,
    valid_share: float = VALID_SHARE,
    is_caution_held_out: bool = False,
) -> Split:
    """Hold out a share of the treated drug-disease pairs, with every relation between them.

    Parameters
    ----------
    graph : Graph
    seed : int
        The same seed draws the same treated pairs, whether or not contraindicated ones go too.
    test_share, valid_share : float
        Shares of the distinct pairs, each above 0, together below 1.
    is_caution_held_out : bool
        Hold out the same shares of the contraindicated pairs as well.

    Raises
    ------
    ConfigError
        A share is out of range.
    MissingDataError
        The graph has too few treated pairs, or contraindicated ones, to hold any out.
    """
    _check_shares(test_share, valid_share)
    judged = _judged_rows(graph, "treats")
    keys = pair_keys(graph.triples[:, [0, 2]], graph.n_entities)  # (n_triples,)
    pairs = np.unique(keys[judged])
    _check_enough(graph, len(pairs), "treated drug-disease pairs", "treats")
    parts = {"test": judged, "valid": judged}
    drawn = dict(zip(parts, _draw(pairs, seed, test_share, valid_share), strict=True))
    if is_caution_held_out:
        avoided = _judged_rows(graph, "contraindicated") & ~np.isin(keys, pairs)
        cautions = np.unique(keys[avoided])
        _check_enough(graph, len(cautions), "contraindicated drug-disease pairs", "contraindicated")
        parts |= {"caution_test": avoided, "caution_valid": avoided}
        test, valid = _draw(cautions, (seed, CAUTION), test_share, valid_share)
        drawn |= {"caution_test": test, "caution_valid": valid}
    rows = {name: among & np.isin(keys, drawn[name]) for name, among in parts.items()}
    return _split(graph, "pair", seed, rows, hidden=np.zeros(graph.n_triples, np.bool_))


def split_by_disease(
    graph: Graph,
    seed: int,
    test_share: float = TEST_SHARE,
    valid_share: float = VALID_SHARE,
    is_caution_held_out: bool = False,
) -> Split:
    """Hold out every treatment of a share of the treated diseases (zero-shot).

    The test diseases and the validation diseases are both unseen: neither has a `treats` triple in
    training. Their other relations stay, except between a held-out pair.

    Parameters
    ----------
    graph : Graph
    seed : int
        The same seed draws the same diseases.
    test_share, valid_share : float
        Shares of the diseases that have a treatment, each above 0, together below 1.
    is_caution_held_out : bool
        Hold out what is contraindicated in these diseases as well, and what eases them.

    Raises
    ------
    ConfigError
        A share is out of range.
    MissingDataError
        The graph has too few treated diseases to hold any out.
    """
    return _split_by_end(
        graph, "disease", seed, (test_share, valid_share), is_caution_held_out=is_caution_held_out
    )


def split_by_drug(
    graph: Graph,
    seed: int,
    test_share: float = TEST_SHARE,
    valid_share: float = VALID_SHARE,
    is_caution_held_out: bool = False,
) -> Split:
    """Hold out every treatment by a share of the treating drugs. As `split_by_disease`."""
    return _split_by_end(
        graph, "drug", seed, (test_share, valid_share), is_caution_held_out=is_caution_held_out
    )


def _split_by_end(
    graph: Graph,
    kind: Literal["disease", "drug"],
    seed: int,
    shares: tuple[float, float],
    is_caution_held_out: bool,
) -> Split:
    _check_shares(*shares)
    judged = _judged_rows(graph, "treats")
    ends = graph.triples[:, 2 if kind == "disease" else 0]
    members = np.unique(ends[judged]).astype(np.int64)
    _check_enough(
        graph, len(members), "treated diseases" if kind == "disease" else "treating drugs", "treats"
    )
    drawn = dict(zip(("test", "valid"), _draw(members, seed, *shares), strict=True))
    rows = {name: judged & np.isin(ends, some) for name, some in drawn.items()}
    held_out = np.sort(np.concatenate(list(drawn.values())))
    hidden = _has_role_at(graph, graph.triples, held_out, "treats")
    if is_caution_held_out:
        avoided = _judged_rows(graph, "contraindicated")
        avoided &= ~_same_pair(graph, judged)
        rows |= {f"caution_{name}": avoided & np.isin(ends, some) for name, some in drawn.items()}
        hidden |= _has_role_at(graph, graph.triples, held_out, "contraindicated", "palliates")
    return _split(graph, kind, seed, rows, hidden, held_out)


def unknown_split(graph: Graph) -> Split:
    """Return the split of a model trained elsewhere: it may have seen every triple."""
    empty = np.empty((0, 3), np.int32)
    return Split("unknown", 0, graph.triples, empty, empty, 0, np.empty(0, np.int64))


def check_no_leak(graph: Graph, split: Split) -> None:
    """Make sure that training tells no held-out answer.

    Raises
    ------
    LeakError
        A test or validation pair stands in training under some relation, a test pair is also a
        validation pair, or a held-out disease or drug has a `treats` triple in training.
    """

    def keys(triples: Triples) -> Ints:
        return pair_keys(triples[:, [0, 2]], graph.n_entities)

    leaks = split.train[np.isin(keys(split.train), keys(split.held_out))]
    if len(leaks):
        raise LeakError(_leak_sentence(graph, leaks, "held-out pairs stand in training"))
    test = np.concatenate([split.test, split.caution_test])
    shared = test[np.isin(keys(test), keys(np.concatenate([split.valid, split.caution_valid])))]
    if len(shared):
        raise LeakError(_leak_sentence(graph, shared, "test pairs are validation pairs too"))
    for kind, held_out in (("diseases", split.held_out_diseases), ("drugs", split.held_out_drugs)):
        told = split.train[_has_role_at(graph, split.train, held_out, "treats")]
        if len(told):
            what = f"treatments of held-out {kind} are trained"
            raise LeakError(_leak_sentence(graph, told, what))


def _check_shares(test_share: float, valid_share: float) -> None:
    for name, share in (("test_share", test_share), ("valid_share", valid_share)):
        if not 0 < share < 1:
            raise ConfigError(f"{name} is {share}; it must lie above 0 and below 1.")
    if test_share + valid_share >= 1:
        raise ConfigError(
            f"test_share and valid_share are {test_share} and {valid_share}; together they must "
            "stay below 1, so that something is left to learn from."
        )


def _check_enough(graph: Graph, n_found: int, what: str, role: Role) -> None:
    if n_found < MIN_PAIRS:
        raise MissingDataError(
            f"Graph '{graph.name}' has {n_found} {what}; holding some out needs at least "
            f"{MIN_PAIRS}. Add triples whose relation has the role '{role}'."
        )


def _judged_rows(graph: Graph, role: Role) -> Bools:
    """Return which triples may be judged: of a role, from the drug type to the disease type."""
    h, r, t = graph.triples.T
    has_role: Bools = np.isin(r, graph.relations_with_role(role))
    return has_role & np.isin(h, graph.drugs) & np.isin(t, graph.diseases)


def n_contraindicated_pairs(graph: Graph) -> int:
    """Return how many distinct pairs could be held out as contraindicated, 0 without any."""
    rows = graph.triples[_judged_rows(graph, "contraindicated")]
    return len(np.unique(pair_keys(rows[:, [0, 2]], graph.n_entities)))


def _same_pair(graph: Graph, rows: Bools) -> Bools:
    """Return which triples join a pair that one of `rows` joins."""
    keys = pair_keys(graph.triples[:, [0, 2]], graph.n_entities)
    return np.asarray(np.isin(keys, keys[rows]))


def _has_role_at(graph: Graph, triples: Triples, ends: Ints, *roles: Role) -> Bools:
    """Return which triples have one of `roles` and one of `ends` at either end."""
    h, r, t = triples.T
    touches: Bools = np.isin(h, ends) | np.isin(t, ends)
    return touches & np.isin(r, graph.relations_with_role(*roles))


def _draw(
    items: Ints, seed: int | tuple[int, int], test_share: float, valid_share: float
) -> tuple[Ints, Ints]:
    """Return disjoint random shares of `items` for test and validation, at least one each."""
    shuffled = np.random.default_rng(seed).permutation(items)
    n_test = max(1, round(test_share * len(items)))
    n_valid = max(1, round(valid_share * len(items)))
    return shuffled[:n_test], shuffled[n_test : n_test + n_valid]


def _split(
    graph: Graph,
    kind: Kind,
    seed: int,
    rows: Mapping[str, Bools],
    hidden: Bools,
    held_out_ends: Ints | None = None,
) -> Split:
    """Return the split whose training leaves out all that tells a held-out pair.

    `rows` names the judged triples by the field of `Split` they go to.
    """
    judged = np.logical_or.reduce(list(rows.values()))
    held_out = hidden | _same_pair(graph, judged)
    none = np.empty(0, np.int64)
    ends = none if held_out_ends is None else held_out_ends
    split = Split(
        kind=kind,
        seed=seed,
        train=graph.triples[~held_out],
        n_removed=int((held_out & ~judged).sum()),
        held_out_diseases=ends if kind == "disease" else none,
        held_out_drugs=ends if kind == "drug" else none,
        **{name: graph.triples[some] for name, some in rows.items()},
    )
    check_no_leak(graph, split)
    return split


def _leak_sentence(graph: Graph, leaks: Triples, what: str) -> str:
    names = [
        f"{graph.entity_names[h]} - {graph.entity_names[t]} ({graph.relations[r].name})"
        for h, r, t in leaks[:SHOWN_LEAKS].tolist()
    ]
    more = f" and {len(leaks) - SHOWN_LEAKS:,} more" if len(leaks) > SHOWN_LEAKS else ""
    return f"The split leaks: {len(leaks):,} {what}, {', '.join(names)}{more}; split again."
