"""For a drug against a disease: the mechanistic paths between them, grouped by kind of path."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from weakref import WeakKeyDictionary

import numpy as np

from llador_core.explain.kinds import BOTH_WAYS, FAMILIES, is_turned, origin
from llador_core.explain.network import Network, network
from llador_core.explain.plausibility import percentiles
from llador_core.explain.search import Found, find_paths
from llador_core.explain.titles import title
from llador_core.graph import Bools, Graph, Ints, pair_keys
from llador_core.training.runs import Run

MAX_LENGTH = 4
MAX_MECHANISMS, MAX_ANALOGIES = 8, 6  # kinds of path that are returned
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
    groups = [_group(graph, net, kind, total) for kind in _chosen(graph, net, found)]
    if run is not None:
        groups = _weighed(graph, run, groups)
    groups = [replace(group, paths=group.paths[:n_per_group]) for group in groups]
    groups.sort(key=lambda group: (not group.is_mechanism, -group.paths[0].score))
    return tuple(groups), n_paths, len(found)


def _chosen(graph: Graph, net: Network, found: list[Found]) -> list[Found]:
    """Return the kinds of path to show, of mechanisms and of analogies."""
    is_mechanism = [
        _turn(graph, walked_step(graph, net, *kind.entities[0][:2])) == "acts" for kind in found
    ]
    mechanisms = [kind for kind, is_one in zip(found, is_mechanism, strict=True) if is_one]
    analogies = [kind for kind, is_one in zip(found, is_mechanism, strict=True) if not is_one]
    return mechanisms[:MAX_MECHANISMS] + analogies[:MAX_ANALOGIES]


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
    types = tuple(graph.type_of(entity) for entity in paths[0].entities[1:-1])
    turns = [_turn(graph, step) for step in steps]
    key = " > ".join(
        part for pair in zip(turns, (*types, ""), strict=True) for part in pair if part
    )
    words = title(turns, types)
    return PathGroup(key, words, turns[0] == "acts", paths, found.n_paths, found.total)


def _turn(graph: Graph, step: Step) -> str:
    """Return the family of a step, and whether it is walked against what the family says."""
    spec = graph.relations[step.relation]
    family = FAMILIES[spec.role] if spec.role else None
    assert family is not None
    is_along = family in BOTH_WAYS or step.is_forward != is_turned(spec)
    return family if is_along else f"{family} back"


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
