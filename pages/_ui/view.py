"""What a page looks at: a graph, a run with its twins, a disease and its list."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from llador_core import ranking
from llador_core.graph import Graph
from llador_core.priors.texts import Texts
from llador_core.training.runs import Order, RunInfo


@dataclass(frozen=True)
class View:
    """Everything a page shows, as chosen in the address.

    Attributes
    ----------
    graph : Graph
    texts : Texts or None
        What the LLM wrote; None for a graph without texts.
    run, base, mechanism : RunInfo
        The run looked at; its twin without a prior, and that of a full prior with mechanism
        texts only; None where there is no such run.
    disease : int
    candidates : tuple of Candidate
        Every drug, best first.
    order : "combined" or "raw"
        What the candidates are ordered by; "raw" for a run without a safeguard.
    """

    graph: Graph
    texts: Texts | None
    run: RunInfo
    base: RunInfo | None
    mechanism: RunInfo | None
    disease: int
    candidates: tuple[ranking.Candidate, ...]
    order: Order = "combined"

    @property
    def is_guarded(self) -> bool:
        """The run predicts caution."""
        return self.candidates[0].caution is not None

    @property
    def disease_name(self) -> str:
        return self.graph.entity_names[self.disease]

    @property
    def records_avoid(self) -> bool:
        """Whether the graph records contraindications at all."""
        return len(self.graph.relations_with_role("contraindicated")) > 0

    @cached_property
    def easing(self) -> frozenset[int]:
        """Drugs known to ease the disease without treating it."""
        return frozenset(self.graph.neighbours_with_role(self.disease, "palliates").tolist())
