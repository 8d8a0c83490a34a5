"""The surroundings of a disease as a graph of their own, small enough to train on while one waits.

Who belongs to them is told by a walk that starts at the disease, loses itself at hubs and forgets
with every step. Drugs and diseases that have treatments take a fixed share of the places, or there
would be nothing to hold out and nobody to rank.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from llador_core import paths
from llador_core.data import META, graph_names, load_graph, own_folder
from llador_core.data.local_tsv import ENTITIES, RELATIONS, TRIPLES
from llador_core.data.splits import MIN_PAIRS
from llador_core.errors import ConfigError, MissingDataError
from llador_core.escape import plain
from llador_core.graph import Graph, Ints, pair_keys
from llador_core.priors.slices import slice_texts

Reals = NDArray[np.float64]

MAX_TRIPLES = 8_000
FEWEST, MOST = 200, 5_000_000
N_HOPS = 4  # drug - target - disease - drug: further, everything is near everything
STAYS = 0.35  # of the walk, at the disease, with every step
# Of 10 places in a row: who has treatments, and who has none. Roughly as a graph of drugs has them.
PATTERN = ("drug", "other", "disease", "other", "drug", "other", "drug", "other", "disease", "drug")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def default_name(graph: Graph, disease: int, max_triples: int = MAX_TRIPLES) -> str:
    """Return a name that says of what disease and graph; another version of it has another name."""
    words = re.sub(r"[^a-z0-9]+", "-", graph.entity_names[disease].lower()).strip("-")[:40]
    made_of = json.dumps([graph.checksum, graph.entity_ids[disease], max_triples])
    return f"around-{words}-{graph.name}-{hashlib.sha256(made_of.encode()).hexdigest()[:6]}"


def check_name(name: str) -> str:
    """Return `name`. Raises ConfigError where no graph can be named so."""
    if not _NAME.fullmatch(name) or ".." in name:
        raise ConfigError(
            f"'{name}' cannot be the name of a graph. Use up to 100 letters, digits, dots, hyphens "
            "and underscores, beginning with a letter or digit."
        )
    return name


def make_subgraph(
    graph: Graph, disease: int, max_triples: int = MAX_TRIPLES, name: str | None = None
) -> str:
    """Write the surroundings of a disease as a graph of the user's own, and return its name.

    The same surroundings of the same graph that are there already are left as they are.

    Parameters
    ----------
    disease : int
        Entity number.
    max_triples : int
        At most so many triples.
    name : str or None
        None for `default_name`.

    Raises
    ------
    ConfigError
        A graph of that name is there, made of something else; or a name or number is none.
    MissingDataError
        Too few treatments lie around the disease.
    StorageError
        The folder cannot be written; nothing is left of it then.
    """
    if not FEWEST <= max_triples <= MOST:
        raise ConfigError(
            f"max_triples must be from {FEWEST:,} to {MOST:,}, found {max_triples:,}."
        )
    name = check_name(name or default_name(graph, disease, max_triples))
    made_of = {
        "source": graph.name,
        "source_checksum": graph.checksum,
        "disease": graph.entity_ids[disease],
        "max_triples": str(max_triples),
    }
    if _is_there(name, made_of):
        return name
    kept = members(graph, disease, max_triples)
    part = induced(graph, kept)
    _check_enough(graph, part, disease, max_triples)
    folder = paths.graphs_folder() / f".{name}.{os.getpid()}.tmp"
    try:
        _write(part, folder, graph, made_of)
        written = replace(load_graph(str(folder)), name=name)
        slice_texts(graph, kept, written)
        with paths.storage_errors(folder):
            try:
                folder.rename(paths.graphs_folder() / name)
            except OSError:  # somebody else was quicker
                if not _is_there(name, made_of):
                    raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return name


def members(graph: Graph, disease: int, max_triples: int) -> Ints:
    """Return the entities around a disease, ascending, joined by at most `max_triples` triples."""
    order = _order(graph, nearness(graph, disease), disease)
    place = np.empty(graph.n_entities, np.int64)
    place[order] = np.arange(graph.n_entities)
    # A triple comes in with the later of its ends: sorted, these are the sizes of all prefixes.
    comes = np.sort(np.maximum(place[graph.triples[:, 0]], place[graph.triples[:, 2]]))
    n_kept = graph.n_entities if len(comes) <= max_triples else int(comes[max_triples])
    is_kept = place < n_kept
    inside = graph.triples[is_kept[graph.triples[:, 0]] & is_kept[graph.triples[:, 2]]]
    return np.unique(np.append(inside[:, [0, 2]], disease)).astype(np.int64)


def nearness(graph: Graph, disease: int) -> Reals:
    """Return how near each entity is to a disease by a walk from it, shape (n_entities,).

    An edge counts by 1 / sqrt of the degrees at its ends, so that nothing is near by a hub alone.
    """
    h, t = graph.triples[:, 0], graph.triples[:, 2]
    weight = 1 / np.sqrt(graph.degree[h] * graph.degree[t])
    start = np.zeros(graph.n_entities)
    start[disease] = 1.0
    at = start
    for _ in range(N_HOPS):
        moved = np.bincount(t, weight * at[h], graph.n_entities)
        moved += np.bincount(h, weight * at[t], graph.n_entities)
        at = STAYS * start + (1 - STAYS) * moved
    return at


def induced(graph: Graph, kept: Ints) -> Graph:
    """Return the graph of some entities and all triples between them.

    Parameters
    ----------
    kept : int array, ascending
    """
    place = np.full(graph.n_entities, -1, np.int64)
    place[kept] = np.arange(len(kept))
    ends = place[graph.triples[:, [0, 2]]]
    is_inside = (ends >= 0).all(axis=1)
    used, relation = np.unique(graph.triples[is_inside, 1], return_inverse=True)
    types, entity_types = np.unique(graph.entity_types[kept], return_inverse=True)
    triples = np.column_stack([ends[is_inside, 0], relation, ends[is_inside, 1]])
    return replace(
        graph,
        entity_ids=[graph.entity_ids[i] for i in kept.tolist()],
        entity_names=[graph.entity_names[i] for i in kept.tolist()],
        synonyms=[graph.synonyms[i] for i in kept.tolist()],
        descriptions=[graph.descriptions[i] for i in kept.tolist()] if graph.descriptions else [],
        type_names=tuple(graph.type_names[i] for i in types.tolist()),
        entity_types=entity_types.astype(graph.entity_types.dtype),
        relations=tuple(graph.relations[i] for i in used.tolist()),
        triples=triples.astype(np.int32),
        notes=(),
    )


def _order(graph: Graph, near: Reals, disease: int) -> Ints:
    """Return all entities in the order they come in: the disease, then `PATTERN`, nearest first."""
    treats = graph.triples_with_role("treats")
    has_treatment = np.zeros(graph.n_entities, np.bool_)
    has_treatment[treats[:, [0, 2]].ravel()] = True
    nearest = np.argsort(-near, kind="stable")
    is_of = {"drug": np.isin(nearest, graph.drugs), "disease": np.isin(nearest, graph.diseases)}
    is_of = {kind: found & has_treatment[nearest] for kind, found in is_of.items()}
    is_of["other"] = ~(is_of["drug"] | is_of["disease"])
    turn = np.empty(graph.n_entities)  # the place of each in the pattern, repeated for ever
    for kind, found in is_of.items():
        slots = np.flatnonzero([slot == kind for slot in PATTERN])
        i = np.arange(found.sum())
        turn[found] = i // len(slots) * len(PATTERN) + slots[i % len(slots)]
    turn[nearest == disease] = -1
    return nearest[np.argsort(turn, kind="stable")]


def _check_enough(graph: Graph, part: Graph, disease: int, max_triples: int) -> None:
    rows = part.triples_with_role("treats")
    n_pairs = len(np.unique(pair_keys(rows[:, [0, 2]], part.n_entities)))
    if n_pairs < MIN_PAIRS:
        raise MissingDataError(
            f"Around '{graph.entity_names[disease]}' there are {n_pairs} treated drug-disease "
            f"pairs among {len(part.triples):,} triples; a training needs at least {MIN_PAIRS}. "
            f"Raise max_triples (now {max_triples:,}) or choose another disease."
        )


def _is_there(name: str, made_of: dict[str, str]) -> bool:
    """Return whether the same surroundings are there. Raises ConfigError for something else."""
    folder = own_folder(name)
    if folder is None:
        if name not in graph_names() and not (paths.graphs_folder() / name).exists():
            return False
    else:
        try:
            told = json.loads((folder / META).read_text("utf-8"))
        except (OSError, ValueError):
            told = {}
        if isinstance(told, dict) and made_of.items() <= told.items():
            return True
    raise ConfigError(f"There is another graph named '{name}' already. Choose another name.")


def _write(part: Graph, folder: Path, source: Graph, made_of: dict[str, str]) -> None:
    rows = ["id\tname\ttype\tsynonyms\tdescription"]
    for i, entity in enumerate(part.entity_ids):
        synonyms = "|".join(plain(s).replace("|", "/") for s in part.synonyms[i])
        description = plain(part.descriptions[i]) if part.descriptions else ""
        type_name = part.type_names[part.entity_types[i]]
        rows.append(
            f"{entity}\t{plain(part.entity_names[i])}\t{type_name}\t{synonyms}\t{description}"
        )
    relations = ["relation\trole\twords\tinverse_words"]
    relations += [
        f"{r.name}\t{r.role or ''}\t{plain(r.words)}\t{plain(r.inverse_words)}"
        for r in part.relations
    ]
    triples = ["head\trelation\ttail"]
    triples += [
        f"{part.entity_ids[h]}\t{part.relations[r].name}\t{part.entity_ids[t]}"
        for h, r, t in part.triples.tolist()
    ]
    name = source.entity_names[source.mapped(made_of["disease"])]
    told = {
        "title": f"Surroundings of {plain(name)} ({source.name})",
        "licence": source.licence,
        "citation": source.citation,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        **made_of,
    }
    for file, lines in ((ENTITIES, rows), (TRIPLES, triples), (RELATIONS, relations)):
        paths.write_atomically(folder / file, ("\n".join(lines) + "\n").encode())
    paths.write_atomically(folder / META, (json.dumps(told, indent=1) + "\n").encode())
