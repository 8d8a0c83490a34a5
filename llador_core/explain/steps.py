"""The edges of a path, in words."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise

from llador_core.explain.kinds import BOTH_WAYS, FAMILIES, is_turned, origin
from llador_core.explain.network import Network
from llador_core.graph import Graph


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


def make_step(graph: Graph, source: int, target: int, relation: int, is_forward: bool) -> Step:
    """Return one edge with its words and its source."""
    spec = graph.relations[relation]
    words = spec.words if is_forward or spec.is_symmetric else spec.inverse_words
    return Step(source, target, relation, is_forward, words, origin(graph, relation))


@dataclass(frozen=True, eq=False)
class StepBook:
    """Writes the walked edges of a graph as steps, each only once.

    Parameters
    ----------
    graph : Graph
    net : Network
        Of the graph.
    """

    graph: Graph
    net: Network
    _written: dict[tuple[int, int], Step] = field(default_factory=dict, init=False)

    def along(self, entities: tuple[int, ...]) -> tuple[Step, ...]:
        """Return the steps of a path, each with every source that has its edge."""
        return tuple(self._step(ends) for ends in pairwise(entities))

    def _step(self, ends: tuple[int, int]) -> Step:
        if ends not in self._written:
            edge = self.net.find(*ends)
            assert edge is not None
            relation, is_forward = int(self.net.relation[edge]), bool(self.net.is_forward[edge])
            names = [origin(self.graph, r) for r in self.net.relations_of(edge)]
            step = make_step(self.graph, *ends, relation, is_forward)
            self._written[ends] = replace(step, origin=", ".join(dict.fromkeys(names)))
        return self._written[ends]


def turn_of(graph: Graph, step: Step) -> str:
    """Return the family of a step, and whether it is walked against what the family says."""
    spec = graph.relations[step.relation]
    family = FAMILIES[spec.role] if spec.role else None
    assert family is not None
    is_along = family in BOTH_WAYS or step.is_forward != is_turned(spec)
    return family if is_along else f"{family} back"
