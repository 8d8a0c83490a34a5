"""How far the installed runs agree on a pair: where each of them ranks the same drug."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from llador_core.errors import ConfigError
from llador_core.graph import Graph
from llador_core.priors.anchors import PRIORS
from llador_core.ranking import Order, list_scores, mean_ranks
from llador_core.training.runs import Run, RunInfo


@dataclass(frozen=True)
class Standing:
    """Where one run puts a drug for a disease.

    Attributes
    ----------
    run : RunInfo
    rank : float
        Among all drugs of the graph, in the order of the run's list; 1 is best, ties share the
        mean.
    was_trained_on : bool
        The pair was among the known treatments in this run's training, so a good rank is memory.
    """

    run: RunInfo
    rank: float
    was_trained_on: bool = False


@dataclass(frozen=True)
class Agreement:
    """The ranks of one drug for one disease in several runs.

    Attributes
    ----------
    standings : tuple of Standing
        Best rank first.
    n_candidates : int
        Drugs in each list.
    """

    standings: tuple[Standing, ...]
    n_candidates: int

    @property
    def best(self) -> float:
        return self.standings[0].rank

    @property
    def worst(self) -> float:
        return self.standings[-1].rank

    @property
    def median(self) -> float:
        return float(median(standing.rank for standing in self.standings))

    @property
    def n_trained_on(self) -> int:
        return sum(standing.was_trained_on for standing in self.standings)

    def n_within(self, k: int) -> int:
        """Return in how many runs the drug is among the first `k`."""
        return sum(standing.rank <= k for standing in self.standings)


def is_comparable(info: RunInfo) -> bool:
    """Return whether a run's rank says something about a pair: finished, and no control.

    Runs with shuffled or random texts are made to be worse; their ranks are no opinion.
    """
    spec = PRIORS.get(info.prior)
    return info.is_finished and spec is not None and not spec.control


def drug_ranks(
    graph: Graph, run: Run, disease: int, order: Order = "combined"
) -> NDArray[np.float64]:
    """Return the rank of every drug for a disease, as the run's list in this order shows it.

    Returns
    -------
    float array of shape (n_drugs,), in the order of `graph.drugs`

    Raises
    ------
    DataFormatError
        The run belongs to another version of the graph.
    """
    return mean_ranks(list_scores(graph, run, graph.drugs, disease, True, order))


def drug_place(graph: Graph, drug: int) -> int:
    """Return the place of a drug in `graph.drugs`. Raises ConfigError for any other entity."""
    place = int(np.searchsorted(graph.drugs, drug))
    if place == len(graph.drugs) or graph.drugs[place] != drug:
        raise ConfigError(
            f"'{graph.entity_names[drug]}' is a {graph.type_of(drug)}, not a {graph.drug_type}."
        )
    return place


def was_trained_on(graph: Graph, run: Run, drug: int, disease: int) -> bool:
    """Return whether a run learned that the drug treats the disease. Raises as `Run.split`."""
    if disease not in graph.neighbours_with_role(drug, "treats"):
        return False  # the usual case, told without reading the split
    train = run.split(graph).train
    pair = np.isin(train[:, 0], (drug, disease)) & np.isin(train[:, 2], (drug, disease))
    return bool(np.isin(train[pair, 1], graph.relations_with_role("treats")).any())


def agree(standings: Sequence[Standing], n_candidates: int) -> Agreement:
    """Return what several runs say of one pair, best rank first.

    Raises
    ------
    ConfigError
        There is no run to ask.
    """
    if not standings:
        raise ConfigError("No run of this graph can be asked; train or choose one.")
    ordered = sorted(standings, key=lambda s: (s.rank, s.run.name))
    return Agreement(tuple(ordered), n_candidates)
