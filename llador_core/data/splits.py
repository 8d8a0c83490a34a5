"""What is held out: by drug-disease pair over all relations, or by whole disease.

A pair that is judged must not stand in training under any relation, whichever end is the head:
the same drug and disease are often joined by several relations, and a model that has seen one of
them has seen the answer.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from llador_core import paths
from llador_core.errors import ConfigError, DataFormatError, LeakError, MissingDataError
from llador_core.graph import Bools, Graph, Ints, pair_keys

Kind = Literal["pair", "disease"]
Triples = NDArray[np.int32]

MIN_PAIRS = 10
TEST_SHARE = 0.2
VALID_SHARE = 0.05
SHOWN_LEAKS = 3


@dataclass(frozen=True, eq=False)
class Split:
    """The triples to learn from and the treatments to be judged by.

    Attributes
    ----------
    kind : "pair" or "disease"
    seed : int
    train : int32 array of shape (n_train, 3)
    valid, test : int32 arrays of shape (n, 3)
        Triples with the role `treats` from a drug to a disease.
    n_removed : int
        Triples that are neither judged nor learnt from, because they tell a held-out answer:
        other relations between a held-out pair.
    held_out_diseases : int array
        Diseases without any `treats` triple in training, ascending; empty for "pair".
    """

    kind: Kind
    seed: int
    train: Triples
    valid: Triples
    test: Triples
    n_removed: int
    held_out_diseases: Ints


def split_by_pair(
    graph: Graph, seed: int, test_share: float = TEST_SHARE, valid_share: float = VALID_SHARE
) -> Split:
    """Hold out a share of the treated drug-disease pairs, with every relation between them.

    Parameters
    ----------
    graph : Graph
    seed : int
        The same seed draws the same pairs.
    test_share, valid_share : float
        Shares of the distinct pairs, each above 0, together below 1.

    Raises
    ------
    ConfigError
        A share is out of range.
    MissingDataError
        The graph has too few treated pairs to hold any out.
    """
    _check_shares(test_share, valid_share)
    judged = _judged_rows(graph)
    keys = pair_keys(graph.triples[:, [0, 2]], graph.n_entities)  # (n_triples,)
    pairs = np.unique(keys[judged])
    _check_enough(graph, len(pairs), "treated drug-disease pairs")
    test_pairs, valid_pairs = _draw(pairs, seed, test_share, valid_share)
    return _split(
        graph,
        "pair",
        seed,
        test=judged & np.isin(keys, test_pairs),
        valid=judged & np.isin(keys, valid_pairs),
        hidden=np.zeros(graph.n_triples, np.bool_),
        held_out_diseases=np.empty(0, np.int64),
    )


def split_by_disease(
    graph: Graph, seed: int, test_share: float = TEST_SHARE, valid_share: float = VALID_SHARE
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

    Raises
    ------
    ConfigError
        A share is out of range.
    MissingDataError
        The graph has too few treated diseases to hold any out.
    """
    _check_shares(test_share, valid_share)
    judged = _judged_rows(graph)
    tails = graph.triples[:, 2]
    diseases = np.unique(tails[judged]).astype(np.int64)
    _check_enough(graph, len(diseases), "treated diseases")
    test_diseases, valid_diseases = _draw(diseases, seed, test_share, valid_share)
    held_out = np.sort(np.concatenate([test_diseases, valid_diseases]))
    return _split(
        graph,
        "disease",
        seed,
        test=judged & np.isin(tails, test_diseases),
        valid=judged & np.isin(tails, valid_diseases),
        hidden=_treats_at(graph, graph.triples, held_out),
        held_out_diseases=held_out,
    )


def check_no_leak(graph: Graph, split: Split) -> None:
    """Make sure that training tells no held-out answer.

    Raises
    ------
    LeakError
        A test or validation pair stands in training under some relation, a test pair is also a
        validation pair, or a held-out disease has a `treats` triple in training.
    """
    train, valid, test = (
        pair_keys(part[:, [0, 2]], graph.n_entities)
        for part in (split.train, split.valid, split.test)
    )
    leaks = split.train[np.isin(train, np.concatenate([valid, test]))]
    if len(leaks):
        raise LeakError(_leak_sentence(graph, leaks, "held-out pairs stand in training"))
    shared = split.test[np.isin(test, valid)]
    if len(shared):
        raise LeakError(_leak_sentence(graph, shared, "test pairs are validation pairs too"))
    told = split.train[_treats_at(graph, split.train, split.held_out_diseases)]
    if len(told):
        raise LeakError(_leak_sentence(graph, told, "treatments of held-out diseases are trained"))


def save_split(split: Split, graph: Graph, path: Path) -> None:
    """Write a split as row numbers into `graph.triples`.

    Raises
    ------
    StorageError
        Nothing could be written.
    """
    content = io.BytesIO()
    np.savez_compressed(
        content,
        train_rows=_rows_of(graph, split.train),
        valid_rows=_rows_of(graph, split.valid),
        test_rows=_rows_of(graph, split.test),
        held_out_diseases=split.held_out_diseases.astype(np.int64),
        n_triples=np.int64(graph.n_triples),
        seed=np.int64(split.seed),
        kind=np.str_(split.kind),
    )
    paths.write_atomically(path, content.getvalue())


def load_split(path: Path, graph: Graph) -> Split:
    """Return a saved split of `graph`.

    Raises
    ------
    MissingDataError
        There is no such file.
    DataFormatError
        The file is damaged or belongs to another version of the graph.
    """
    if not path.is_file():
        raise MissingDataError(f"There is no split in {path}; train the run again.")
    try:
        with np.load(path, allow_pickle=False) as saved:
            arrays: dict[str, NDArray[Any]] = {name: saved[name] for name in saved.files}
        rows = [arrays[f"{part}_rows"] for part in ("train", "valid", "test")]
        n_triples, seed = int(arrays["n_triples"]), int(arrays["seed"])
        kind, held_out = str(arrays["kind"]), arrays["held_out_diseases"]
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise DataFormatError(
            f"{path} is damaged (expected the arrays of a split, found: {error}); train again."
        ) from error
    if n_triples != graph.n_triples:
        raise DataFormatError(
            f"{path} splits a graph of {n_triples:,} triples, but '{graph.name}' has "
            f"{graph.n_triples:,}: the run belongs to another version of the graph; train again."
        )
    used = np.concatenate(rows)
    if (
        kind not in ("pair", "disease")
        or len(np.unique(used)) != len(used)
        or (len(used) and not 0 <= used.min() <= used.max() < n_triples)
    ):
        raise DataFormatError(
            f"{path} is damaged (expected each of {n_triples:,} rows at most once); train again."
        )
    train, valid, test = (graph.triples[part] for part in rows)
    known_kind: Kind = "pair" if kind == "pair" else "disease"
    return Split(known_kind, seed, train, valid, test, n_triples - len(used), held_out)


def _check_shares(test_share: float, valid_share: float) -> None:
    for name, share in (("test_share", test_share), ("valid_share", valid_share)):
        if not 0 < share < 1:
            raise ConfigError(f"{name} is {share}; it must lie above 0 and below 1.")
    if test_share + valid_share >= 1:
        raise ConfigError(
            f"test_share and valid_share are {test_share} and {valid_share}; together they must "
            "stay below 1, so that something is left to learn from."
        )


def _check_enough(graph: Graph, n_found: int, what: str) -> None:
    if n_found < MIN_PAIRS:
        raise MissingDataError(
            f"Graph '{graph.name}' has {n_found} {what}; holding some out needs at least "
            f"{MIN_PAIRS}. Add triples whose relation has the role 'treats'."
        )


def _judged_rows(graph: Graph) -> Bools:
    """Return which triples may be judged: `treats` from the drug type to the disease type."""
    h, r, t = graph.triples.T
    is_treats: Bools = np.isin(r, graph.relations_with_role("treats"))
    return is_treats & np.isin(h, graph.drugs) & np.isin(t, graph.diseases)


def _treats_at(graph: Graph, triples: Triples, diseases: Ints) -> Bools:
    """Return which triples are `treats` with one of `diseases` at either end."""
    h, r, t = triples.T
    touches: Bools = np.isin(h, diseases) | np.isin(t, diseases)
    return touches & np.isin(r, graph.relations_with_role("treats"))


def _draw(items: Ints, seed: int, test_share: float, valid_share: float) -> tuple[Ints, Ints]:
    """Return disjoint random shares of `items` for test and validation, at least one each."""
    shuffled = np.random.default_rng(seed).permutation(items)
    n_test = max(1, round(test_share * len(items)))
    n_valid = max(1, round(valid_share * len(items)))
    return shuffled[:n_test], shuffled[n_test : n_test + n_valid]


def _split(
    graph: Graph,
    kind: Kind,
    seed: int,
    *,
    test: Bools,
    valid: Bools,
    hidden: Bools,
    held_out_diseases: Ints,
) -> Split:
    """Return the split whose training leaves out all that tells a held-out pair."""
    keys = pair_keys(graph.triples[:, [0, 2]], graph.n_entities)
    held_out = hidden | np.isin(keys, keys[test | valid])
    split = Split(
        kind=kind,
        seed=seed,
        train=graph.triples[~held_out],
        valid=graph.triples[valid],
        test=graph.triples[test],
        n_removed=int((held_out & ~test & ~valid).sum()),
        held_out_diseases=held_out_diseases,
    )
    check_no_leak(graph, split)
    return split


def _rows_of(graph: Graph, triples: Triples) -> NDArray[np.int32]:
    """Return the row of each triple in `graph.triples`."""
    known = _triple_keys(graph, graph.triples)
    order = np.argsort(known)
    wanted = _triple_keys(graph, triples)
    place = np.minimum(np.searchsorted(known, wanted, sorter=order), len(known) - 1)
    found = order[place]
    if not np.array_equal(known[found], wanted):
        raise ValueError("The split holds triples that the graph does not have.")
    return found.astype(np.int32)


def _triple_keys(graph: Graph, triples: Triples) -> Ints:
    h, r, t = triples.astype(np.int64).T
    keys: Ints = (h * graph.n_relations + r) * graph.n_entities + t
    return keys


def _leak_sentence(graph: Graph, leaks: Triples, what: str) -> str:
    names = [
        f"{graph.entity_names[h]} - {graph.entity_names[t]} ({graph.relations[r].name})"
        for h, r, t in leaks[:SHOWN_LEAKS].tolist()
    ]
    more = f" and {len(leaks) - SHOWN_LEAKS:,} more" if len(leaks) > SHOWN_LEAKS else ""
    return f"The split leaks: {len(leaks):,} {what}, {', '.join(names)}{more}; split again."
