"""Ranked candidates: all drugs for a disease, or all diseases for a drug."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from llador_core.errors import ConfigError, MissingDataError
from llador_core.graph import Bools, Graph, Ints, pair_keys
from llador_core.models.interactions import Side
from llador_core.priors.anchors import PRIORS
from llador_core.priors.leakage import names_other_side
from llador_core.priors.texts import Texts, described
from llador_core.safeguard.model import CautionLevel, level
from llador_core.training.runs import Order, Run, check_graph

__all__ = ["Candidate", "Order", "Status", "list_scores", "mean_ranks", "rank_candidates"]

Status = Literal["known", "held_out", "new", "absent"]


@dataclass(frozen=True)
class Candidate:
    """One row of a ranking.

    Attributes
    ----------
    rank : float
        1 is best; ties share the mean of their ranks.
    entity, id, name : int, str, str
    score : float
        What the list is ordered by; comparable within one run and order only, and no probability.
    percentile : float
        100 for the first, 0 for the last of all candidates.
    status : "known", "held_out", "new" or "absent"
        The treatment is in training; in the graph but held out; not in the graph. "absent": the
        model, trained elsewhere, does not have this entity, which therefore stands last.
    degree : int
        Triples at the candidate, in the whole graph.
    prior_names_it : bool
        Among the texts this run was trained with, that of either side names the other.
    is_contraindicated : bool
        The graph says so.
    base_rank, shift : float or None
        Rank without the prior in the same order, and how far the prior moved it up (negative:
        down).
    raw_rank : float or None
        Rank by the model's score alone, in which predicted caution has no say; `rank_candidates`
        always gives it.
    caution : "no sign", "some", "strong" or None
        What the run's safeguard predicts; None for a run without one. "no sign" is not "safe".
    caution_score : float or None
        The predicted chance, from 0 to 1, that the graph would call the pair a contraindication.
    """

    rank: float
    entity: int
    id: str
    name: str
    score: float
    percentile: float
    status: Status
    degree: int
    prior_names_it: bool
    is_contraindicated: bool
    base_rank: float | None = None
    shift: float | None = None
    raw_rank: float | None = None
    caution: CautionLevel | None = None
    caution_score: float | None = None


def rank_candidates(
    graph: Graph,
    run: Run,
    *,
    disease: int | None = None,
    drug: int | None = None,
    base: Run | None = None,
    texts: Texts | None = None,
    order: Order = "combined",
) -> list[Candidate]:
    """Return all drugs for `disease`, or all diseases for `drug`, best first.

    Parameters
    ----------
    graph : Graph
    run : Run
        Trained on this version of the graph.
    disease, drug : int
        Exactly one of them.
    base : Run or None
        The same run without the prior; gives `base_rank` and `shift`.
    texts : Texts or None
        What the LLM wrote. With None the descriptions of the graph's source are read for
        `prior_names_it`; without these either it is False everywhere.
    order : "combined" or "raw"
        By the model's score weighed against predicted caution, or with similar pairs, or by that
        score alone. A run with neither has only the last.

    Raises
    ------
    ConfigError
        Not exactly one of `disease` and `drug`, or the entity has another type.
    DataFormatError
        A run belongs to another version of the graph.
    """
    if (disease is None) == (drug is None):
        raise ConfigError("Give either a disease or a drug to rank for, not both and not neither.")
    given = disease if disease is not None else drug
    assert given is not None
    candidates = graph.drugs if drug is None else graph.diseases
    expected = graph.disease_type if drug is None else graph.drug_type
    if graph.type_of(given) != expected:
        raise ConfigError(
            f"'{graph.entity_names[given]}' is a {graph.type_of(given)}, not a {expected}."
        )
    is_disease = drug is None
    scores = list_scores(graph, run, candidates, given, is_disease, order)
    ranks = mean_ranks(scores)
    raw_ranks = mean_ranks(list_scores(graph, run, candidates, given, is_disease, "raw"))
    cautions = _cautions(graph, run, given, is_disease)
    base_ranks = None
    if base is not None:
        base_ranks = mean_ranks(list_scores(graph, base, candidates, given, is_disease, order))
    status = _status(graph, run, candidates, given)
    is_contraindicated = np.isin(candidates, graph.neighbours_with_role(given, "contraindicated"))
    is_named = _named(graph, run, candidates, given, texts)
    n = len(candidates)
    rows = []
    for i in np.lexsort((candidates, ranks)):
        entity = int(candidates[i])
        rank = float(ranks[i])
        base_rank = None if base_ranks is None else float(base_ranks[i])
        rows.append(
            Candidate(
                rank=rank,
                entity=entity,
                id=graph.entity_ids[entity],
                name=graph.entity_names[entity],
                score=float(scores[i]),
                percentile=100.0 * (n - rank) / max(1, n - 1),
                status=status[i],
                degree=int(graph.degree[entity]),
                prior_names_it=bool(is_named[i]),
                is_contraindicated=bool(is_contraindicated[i]),
                base_rank=base_rank,
                shift=None if base_rank is None else base_rank - rank,
                raw_rank=float(raw_ranks[i]),
                caution=None if cautions is None else level(float(cautions[i])),
                caution_score=None if cautions is None else float(cautions[i]),
            )
        )
    return rows


def mean_ranks(scores: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the rank of every score among all: 1 + better + (ties with others) / 2.

    Shapes (n,) -> (n,); a constant gets (n + 1) / 2 everywhere.
    """
    _, group, size = np.unique(-scores, return_inverse=True, return_counts=True)
    n_better = np.cumsum(size) - size
    ranks: NDArray[np.float64] = (1 + n_better + (size - 1) / 2)[group]
    return ranks


def list_scores(
    graph: Graph, run: Run, candidates: Ints, given: int, is_disease: bool, order: Order
) -> np.ndarray:
    """Return what orders the list of all `candidates` for one disease, or for one drug.

    Parameters
    ----------
    graph : Graph
    run : Run
    candidates : int array of shape (n,)
        All drugs of the graph for a disease, all diseases for a drug, ascending.
    given : int
        The disease or the drug.
    is_disease : bool
    order : "combined" or "raw"

    Returns
    -------
    float array of shape (n,), higher is better

    Raises
    ------
    DataFormatError
        The run belongs to another version of the graph.
    MissingDataError
        The run was trained elsewhere, without this disease or drug.
    """
    check_graph(run, graph)
    if order == "combined" and run.safeguard is not None:
        return _line(graph, run.safeguard.combined, given, is_disease)
    side: Side = "head" if is_disease else "tail"
    scores = run.scorer.score_candidates(given, graph.treatment_relation, candidates, side)
    if order == "combined" and run.similar is not None:
        place = int(np.searchsorted(graph.diseases if is_disease else graph.drugs, given))
        return run.similar.line(scores, place, is_disease)
    if run.absent is None:
        return scores
    if run.absent[given]:
        raise MissingDataError(
            f"The imported run '{run.name}' was trained without '{graph.entity_names[given]}', so "
            "it cannot rank for it. Choose another run."
        )
    return np.where(run.absent[candidates], scores.min() - 1, scores)


def _cautions(graph: Graph, run: Run, given: int, is_disease: bool) -> np.ndarray | None:
    if run.safeguard is None:
        return None
    return _line(graph, run.safeguard.caution, given, is_disease)


def _line(graph: Graph, table: np.ndarray, given: int, is_disease: bool) -> np.ndarray:
    """Return a disease's column, or a drug's row, of a table of drugs by diseases."""
    if is_disease:
        return np.asarray(table[:, int(np.searchsorted(graph.diseases, given))])
    return np.asarray(table[int(np.searchsorted(graph.drugs, given))])


def _pairs(graph: Graph, candidates: Ints, given: int) -> Ints:
    return pair_keys(
        np.column_stack([candidates, np.full(len(candidates), given)]), graph.n_entities
    )


def _status(graph: Graph, run: Run, candidates: Ints, given: int) -> list[Status]:
    split = run.split(graph)
    keys = _pairs(graph, candidates, given)

    def among(triples: np.ndarray) -> Bools:
        return np.asarray(np.isin(keys, pair_keys(triples[:, [0, 2]], graph.n_entities)))

    treats = np.isin(split.train[:, 1], graph.relations_with_role("treats"))
    known = among(split.train[treats])
    held_out = among(split.valid) | among(split.test)
    lacks = np.zeros(len(candidates), bool) if run.absent is None else run.absent[candidates]
    return [
        "absent" if a else "known" if k else "held_out" if o else "new"
        for a, k, o in zip(lacks, known, held_out, strict=True)
    ]


def _named(graph: Graph, run: Run, candidates: Ints, given: int, texts: Texts | None) -> Bools:
    fields = PRIORS[run.config.prior].text_fields
    texts = described(graph) if texts is None and fields else texts
    if texts is None or not fields:
        return np.zeros(len(candidates), bool)
    return np.asarray(names_other_side(graph, texts, candidates, given, fields))
