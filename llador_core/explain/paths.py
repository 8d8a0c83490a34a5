"""For a drug against a disease: the mechanistic paths between them, grouped by kind of path."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from llador_core.explain.heldout import held_out_edges
from llador_core.explain.network import network
from llador_core.explain.plausibility import percentiles
from llador_core.explain.search import Found, Wanted, find_paths
from llador_core.explain.steps import Step, StepBook, turn_of
from llador_core.explain.titles import title
from llador_core.graph import Graph
from llador_core.training.runs import Run

MAX_LENGTH = 4
MAX_MECHANISMS, MAX_ANALOGIES = 8, 6  # kinds of path that are returned
RECONSIDERED = 3  # times as many paths are looked at as shown, when the model has a say


@dataclass(frozen=True)
class Path:
    """A way from the drug to the disease.

    Attributes
    ----------
    entities : tuple of int
        Both ends included.
    steps : tuple of Step
    score : float
        Higher is better; hub-penalised, comparable within one pair.
    share : float
        Of the sum over all mechanisms of the pair, or over all analogies if it is one, before the
        model's plausibility.
    """

    entities: tuple[int, ...]
    steps: tuple[Step, ...]
    score: float
    share: float


@dataclass(frozen=True)
class PathGroup:
    """The paths of one meta-path.

    Attributes
    ----------
    key : str
        Families and types on the way, the same for the same meta-path in every pair.
    title : str
        In plain language: "Acts on a protein that is linked to the disease".
    is_mechanism : bool
        The paths start at a target of the drug, so they say how it might work. The others argue
        from likeness: a similar drug, a similar disease that it treats, a shared side effect.
    paths : tuple of Path
        The best, best first.
    n_paths : int
        How many there are in all.
    score : float
        Sum over all of them, before the model's plausibility.
    """

    key: str
    title: str
    is_mechanism: bool
    paths: tuple[Path, ...]
    n_paths: int
    score: float


def path_groups(
    graph: Graph,
    drug: int,
    disease: int,
    *,
    run: Run | None = None,
    max_length: int = MAX_LENGTH,
    through: tuple[int, ...] = (),
    n_per_group: int = 10,
) -> tuple[tuple[PathGroup, ...], int, int]:
    """Return the best kinds of path, how many paths there are, and how many kinds.

    Mechanisms come before analogies; within each, the kind with the best path first.

    Parameters
    ----------
    graph : Graph
    drug, disease : int
    run : Run or None
        Gives each edge its plausibility, and its held-out pairs are not walked.
    max_length : int
        Edges of the longest path, 1 to 4.
    through : tuple of int
        Entities every path must hold.
    n_per_group : int
        Paths to return of each kind.
    """
    net = network(graph)
    barred = None if run is None else held_out_edges(graph, run, net)
    wanted = Wanted(
        max_length,
        n_per_group if run is None else n_per_group * RECONSIDERED,
        through=tuple(e for e in dict.fromkeys(through) if e not in (drug, disease)),
        n_kinds=(MAX_MECHANISMS, MAX_ANALOGIES),
    )
    found = find_paths(net, drug, disease, wanted, barred)
    total = {True: 0.0, False: 0.0}
    for kind in found:
        total[kind.is_mechanism] += kind.total
    book = StepBook(graph, net)
    groups = [_group(book, kind, total[kind.is_mechanism]) for kind in found if kind.entities]
    if run is not None:
        groups = _weighed(graph, run, groups)
    groups = [replace(group, paths=group.paths[:n_per_group]) for group in groups]
    groups.sort(key=lambda group: (not group.is_mechanism, -group.paths[0].score))
    return tuple(groups), sum(kind.n_paths for kind in found), len(found)


def _group(book: StepBook, found: Found, total: float) -> PathGroup:
    paths = tuple(
        Path(entities, book.along(entities), score, score / total)
        for entities, score in zip(found.entities, found.scores, strict=True)
    )
    steps = paths[0].steps
    types = tuple(book.graph.type_of(entity) for entity in paths[0].entities[1:-1])
    turns = [turn_of(book.graph, step) for step in steps]
    key = " > ".join(
        part for pair in zip(turns, (*types, ""), strict=True) for part in pair if part
    )
    words = title(turns, types)
    return PathGroup(key, words, found.is_mechanism, paths, found.n_paths, found.total)


def _weighed(graph: Graph, run: Run, groups: list[PathGroup]) -> list[PathGroup]:
    """Return the groups with each edge's plausibility, paths reordered by what the model says.

    A path keeps half of its score whatever the model says; the other half is scaled by the
    geometric mean of its edges' percentiles, so that a path of edges the model finds implausible
    falls behind one as good whose edges it would have expected.
    """
    steps = [step for group in groups for path in group.paths for step in path.steps]
    found = percentiles(graph, run, [_triple(step) for step in steps])

    def weighed(path: Path) -> Path:
        own = [found[_triple(step)] for step in path.steps]
        mean = float(np.exp(np.mean(np.log(np.maximum(own, 1.0)))))
        marked = tuple(replace(s, plausibility=p) for s, p in zip(path.steps, own, strict=True))
        return replace(path, steps=marked, score=path.score * (0.5 + mean / 200.0))

    return [
        replace(group, paths=tuple(sorted(map(weighed, group.paths), key=lambda p: -p.score)))
        for group in groups
    ]


def _triple(step: Step) -> tuple[int, int, int]:
    ends = (step.source, step.target) if step.is_forward else (step.target, step.source)
    return ends[0], step.relation, ends[1]
