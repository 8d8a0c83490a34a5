"""For a drug against a disease: the mechanistic paths between them, grouped by kind of path."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from weakref import WeakKeyDictionary

import numpy as np

from llador_core.explain.kinds import BOTH_WAYS, FAMILIES, origin
from llador_core.explain.network import Network, network
from llador_core.explain.plausibility import percentiles
from llador_core.explain.search import Found, find_paths
from llador_core.explain.titles import clause, title
from llador_core.graph import Bools, Graph, Ints, pair_keys
from llador_core.training.runs import Run

MAX_LENGTH = 4
MAX_GROUPS = 12
RECONSIDERED = 3  # times as many paths are looked at as shown, when the model has a say


_barred: WeakKeyDictionary[Run, Bools] = WeakKeyDictionary()


@dataclass(frozen=True)
class Step:
    """One edge of a path, read from source to target.

    Attributes
    ----------
    source, target : int
    relation : int
        The most trusted of the relations between the two.
    is_forward : bool
        `source` is the head of the stored triple.
    words : str
        Plain words in reading direction: "inhibits", "is inhibited by".
    origin : str
        Where the edge comes from, every source that has it: "DrugBank, DGIdb".
    plausibility : float or None
        Percentile, 0 to 100, of the model's score of this edge among edges to other entities of the
        same type; None without a run. A score is not a probability.
    """

    source: int
    target: int
    relation: int
    is_forward: bool
    words: str
    origin: str
    plausibility: float | None = None


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
        Of the sum over all paths of the pair, before the model's plausibility.
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
    paths : tuple of Path
        The best, best first.
    n_paths : int
        How many there are in all.
    score : float
        Sum over all of them, before the model's plausibility.
    """

    key: str
    title: str
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
    n_groups: int = MAX_GROUPS,
) -> tuple[tuple[PathGroup, ...], int, int]:
    """Return the groups with the best paths first, how many paths and how many groups there are.

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
    n_per_group, n_groups : int
        How many to return.
    """
    net = network(graph)
    barred = None if run is None else _held_out_edges(graph, run, net)
    n_best = n_per_group if run is None else n_per_group * RECONSIDERED
    found = find_paths(
        net,
        drug,
        disease,
        max_length=max_length,
        n_best=n_best,
        through=tuple(e for e in dict.fromkeys(through) if e not in (drug, disease)),
        barred=barred,
    )
    n_paths, total = sum(kind.n_paths for kind in found), sum(kind.total for kind in found)
    groups = [_group(graph, net, kind, total) for kind in found[:n_groups]]
    if run is not None:
        groups = _weighed(graph, run, groups)
    groups = [replace(group, paths=group.paths[:n_per_group]) for group in groups]
    groups.sort(key=lambda group: -group.paths[0].score)
    return tuple(groups), n_paths, len(found)


def make_step(graph: Graph, source: int, target: int, relation: int, is_forward: bool) -> Step:
    """Return one edge with its words and its source."""
    spec = graph.relations[relation]
    words = spec.words if is_forward or spec.is_symmetric else spec.inverse_words
    return Step(source, target, relation, is_forward, words, origin(graph, relation))


def walked_step(graph: Graph, net: Network, source: int, target: int) -> Step:
    """Return the walked edge between two entities, with every source that has it."""
    edge = net.find(source, target)
    assert edge is not None
    step = make_step(graph, source, target, int(net.relation[edge]), bool(net.is_forward[edge]))
    names = [origin(graph, r) for r in net.relations_of(edge)]
    return replace(step, origin=", ".join(dict.fromkeys(names)))


def _group(graph: Graph, net: Network, found: Found, total: float) -> PathGroup:
    paths = tuple(
        Path(entities, _steps(graph, net, entities), score, score / total)
        for entities, score in zip(found.entities, found.scores, strict=True)
    )
    steps = paths[0].steps
    families = [FAMILIES[graph.relations[step.relation].role] for step in steps]  # type: ignore[index]
    types = tuple(graph.type_of(entity) for entity in paths[0].entities[1:-1])
    verbs = tuple(clause(f, s.is_forward) for f, s in zip(families, steps, strict=True))
    turns = [
        f"{family}{'' if step.is_forward or family in BOTH_WAYS else ' back'}"
        for family, step in zip(families, steps, strict=True)
    ]
    key = " > ".join(
        part for pair in zip(turns, (*types, ""), strict=True) for part in pair if part
    )
    return PathGroup(key, title(verbs, types), paths, found.n_paths, found.total)


def _steps(graph: Graph, net: Network, entities: tuple[int, ...]) -> tuple[Step, ...]:
    return tuple(walked_step(graph, net, source, target) for source, target in pairwise(entities))


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


def held_out_pairs(graph: Graph, run: Run) -> Ints:
    """Return the keys (`graph.pair_keys`) of the pairs held out from a run, ascending."""
    split = run.split(graph)
    judged = np.concatenate([split.valid, split.test])
    return np.unique(pair_keys(judged[:, [0, 2]], graph.n_entities))


def _held_out_edges(graph: Graph, run: Run, net: Network) -> Bools:
    if run not in _barred:
        source = np.repeat(np.arange(graph.n_entities), np.diff(net.start))
        keys = pair_keys(np.column_stack([source, net.other]), graph.n_entities)
        _barred[run] = np.isin(keys, held_out_pairs(graph, run))
    return _barred[run]
