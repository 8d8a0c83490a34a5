"""How far the installed runs agree: where each of them ranks a drug, and what they say together."""

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
from llador_core.training.runs import Run, RunInfo, list_runs

MIN_RUNS = 3  # fewer say little about how far a rank can be trusted
LEAST_SHARE = 0.25  # of the best validation MRR; models that were trained out are nearer


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


@dataclass(frozen=True, eq=False)
class Consensus:
    """What several runs say of every drug for one disease.

    Attributes
    ----------
    runs : tuple of RunInfo
        Whose lists these are.
    ranks : float64 array of shape (n_drugs,)
        Place in the common list, in the order of `graph.drugs`; ties share the mean.
    best, worst : float64 arrays of shape (n_drugs,)
        Nearest to the top, and furthest from it, that any of the runs puts the drug.
    """

    runs: tuple[RunInfo, ...]
    ranks: NDArray[np.float64]
    best: NDArray[np.float64]
    worst: NDArray[np.float64]

    @property
    def n_runs(self) -> int:
        return len(self.runs)


def peers(info: RunInfo) -> list[RunInfo]:
    """Return the runs that differ from `info` in model, seed or dim alone, itself first.

    They were given the same texts and hid the same pairs, so none knows an answer that another
    was not told. A copy of a run has no voice of its own, and neither has a run that was stopped
    so early that it validates less than `LEAST_SHARE` as well as the best of them. A run that was
    trained elsewhere has no peers: nobody knows what it was given.
    """
    if info.is_imported:
        return [info]
    same = ("graph", "prior", "texts", "recipe", "split_kind", "split_seed", "is_caution_held_out")
    found = [
        other
        for other in list_runs(info.graph)
        if is_comparable(other) and all(getattr(other, f) == getattr(info, f) for f in same)
    ]
    found.sort(key=lambda other: other.name != info.name)
    voices = {(one.model, one.dim, one.seed, one.created): one for one in reversed(found)}
    best = max((one.valid_mrr for one in voices.values()), default=0.0)
    return [
        one
        for one in found
        if voices[one.model, one.dim, one.seed, one.created] is one
        and (one.name == info.name or one.valid_mrr >= LEAST_SHARE * best)
    ]


def consensus(runs: Sequence[RunInfo], ranks: Sequence[NDArray[np.float64]]) -> Consensus:
    """Return the common list of several runs for one disease: drugs by the mean log of their ranks.

    The geometric mean of ranks lets the first places weigh most, and no single run that puts a drug
    far down can take it from the top alone. On the built-in graph, by score alone, the common list
    of the three models finds more hidden drugs in its first 10 than any one of them; weighed with
    caution it is as good as the best.

    Parameters
    ----------
    runs : sequence of RunInfo
    ranks : sequence of float arrays of shape (n_drugs,)
        As `drug_ranks` gives them, one for each run.

    Raises
    ------
    ConfigError
        There is no run to ask.
    """
    if not runs:
        raise ConfigError("No run of this graph can be asked; train or choose one.")
    table = np.stack(list(ranks))  # (n_runs, n_drugs)
    common = mean_ranks(np.round(-np.log(table).mean(axis=0), 9))
    return Consensus(tuple(runs), common, table.min(axis=0), table.max(axis=0))
