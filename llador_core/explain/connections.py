"""The shortest ways between picked entities, whatever ties them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from llador_core.errors import ConfigError
from llador_core.explain.network import Network, network
from llador_core.explain.paths import MAX_LENGTH, Path
from llador_core.explain.search import Wanted, find_paths
from llador_core.explain.steps import StepBook, make_step
from llador_core.graph import Graph


def shortest_connections(
    graph: Graph,
    entities: Sequence[int],
    *,
    max_length: int = MAX_LENGTH,
    n_max: int = 20,
    skip_direct: bool = False,
) -> list[Path]:
    """Return the shortest paths between every two of some entities, the best of equal length first.

    Unlike an explanation, they use every relation: contraindications and those without a role too.

    Parameters
    ----------
    graph : Graph
    entities : sequence of int
        Two or more, each only once.
    max_length : int
        Edges of the longest path, 1 to 4.
    n_max : int
        Paths in all, shared evenly among the pairs, at least one for each.
    skip_direct : bool
        Leave edges between the two themselves aside and look for a way round.

    Returns
    -------
    list of Path
        Ordered by pair, in the order given; a pair without a path has none. `score` is
        hub-penalised; `share` is of the paths of the same length of that pair.

    Raises
    ------
    ConfigError
        Fewer than two different entities, or a number is out of range.
    """
    picked = list(dict.fromkeys(entities))
    if len(picked) < 2:
        raise ConfigError("Pick two entities or more to see what connects them.")
    if not 1 <= max_length <= MAX_LENGTH or n_max < 1:
        raise ConfigError(
            f"Connections have from 1 to {MAX_LENGTH} edges, and 1 or more is shown; found "
            f"{max_length} edges and {n_max} connections."
        )
    net = network(graph, is_whole=True)
    pairs = list(combinations(picked, 2))
    n_each = max(1, n_max // len(pairs))
    return [
        path
        for source, target in pairs
        for path in _between(graph, net, source, target, max_length, n_each, skip_direct)
    ]


def _between(
    graph: Graph,
    net: Network,
    source: int,
    target: int,
    max_length: int,
    n_best: int,
    skip_direct: bool,
) -> list[Path]:
    edge = net.find(source, target)
    if edge is not None and not skip_direct:
        return _direct(graph, net, edge, source, target)[:n_best]
    for length in range(2, max_length + 1):
        found = find_paths(net, source, target, Wanted(length, n_best, is_weighed=False))
        if found:
            total = sum(kind.total for kind in found)
            ranked = [p for kind in found for p in zip(kind.scores, kind.entities, strict=True)]
            ranked.sort(key=lambda path: (-path[0], path[1]))
            book = StepBook(graph, net)
            return [
                Path(entities, book.along(entities), score, score / total)
                for score, entities in ranked[:n_best]
            ]
    return []


def _direct(graph: Graph, net: Network, edge: int, source: int, target: int) -> list[Path]:
    """Return one path for each relation between two entities, the most trusted first."""
    edges = graph.neighbours(source)
    ways: dict[int, bool] = {}
    for other, relation, is_forward in zip(
        edges.entity.tolist(), edges.relation.tolist(), edges.is_outgoing.tolist(), strict=True
    ):
        if other == target:
            ways[relation] = ways.get(relation, False) or is_forward
    relations = net.relations_of(edge)
    steps = [make_step(graph, source, target, r, ways[r]) for r in relations]
    weight = float(net.weight[edge])
    return [Path((source, target), (s,), weight, 1 / len(steps)) for s in steps]
