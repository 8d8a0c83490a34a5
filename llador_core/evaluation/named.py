"""How a run ranks the held-out pairs that the texts name, and those that they do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from llador_core.data.splits import Split
from llador_core.errors import MissingDataError
from llador_core.evaluation.metrics import Interval, per_pair, with_intervals
from llador_core.evaluation.protocols import Report, evaluate
from llador_core.evaluation.ranks import Scores
from llador_core.graph import Bools, Graph, Ints
from llador_core.priors.audit import KINDS, PairAudit, audit_pairs
from llador_core.priors.texts import TEXT_FIELDS, TextField, Texts

Metrics = dict[str, Interval]


@dataclass(frozen=True, eq=False)
class Judged:
    """The metrics of one protocol over all pairs, those named, and those not.

    Attributes
    ----------
    all : dict from metric to Interval
    named, unnamed : the same, None where there is no such pair
    ranks : float array of shape (n_pairs,)
        In the order of the audit's pairs.
    """

    all: Metrics
    named: Metrics | None
    unnamed: Metrics | None
    ranks: Scores


def held_out(graph: Graph, split: Split) -> tuple[Ints, Ints]:
    """Return drugs and diseases of the held-out pairs, in the order in which reports have them.

    Raises MissingDataError where the split has none.
    """
    if not len(split.test):
        raise MissingDataError(
            f"The split of graph '{graph.name}' holds no pair out, so there is nothing to audit. "
            "Use a graph with more 'treats' edges, or hold out a larger share."
        )
    pairs = np.unique(split.test[:, [0, 2]], axis=0)
    ids = graph.entity_ids
    order = sorted(range(len(pairs)), key=lambda i: (ids[pairs[i, 0]], ids[pairs[i, 1]]))
    return pairs[order, 0].astype(np.int64), pairs[order, 1].astype(np.int64)


def audit_held_out(
    graph: Graph, split: Split, texts: Texts, fields: Sequence[TextField] = TEXT_FIELDS
) -> PairAudit:
    """Return for each held-out pair where a text of either side names the other.

    Raises MissingDataError where the split has no such pairs.
    """
    return audit_pairs(graph, texts, *held_out(graph, split), fields)


def judge(
    graph: Graph, split: Split, scores: Scores, is_named: Bools, protocol: str, seed: int = 0
) -> Judged:
    """Return how scores rank all held-out pairs, those named, and those not.

    Every pair is ranked among the same candidates in all three: only which pairs count differs.

    Parameters
    ----------
    scores : float array of shape (n_drugs, n_diseases)
    is_named : bool array of shape (n_pairs,)
        In the order of `held_out`.
    protocol : str
        A key of `PROTOCOLS`.
    seed : int
        Of sampled candidates and of the bootstrap.

    Raises
    ------
    UnknownNameError, ConfigError, MissingDataError
        As `evaluate`.
    """
    report = evaluate(graph, split, scores, protocol, seed)
    return Judged(
        report.metrics,
        _part(report, is_named, seed),
        _part(report, ~is_named, seed),
        report.ranks,
    )


def _part(report: Report, chosen: Bools, seed: int) -> Metrics | None:
    if not chosen.any():
        return None
    return with_intervals(per_pair(report.ranks[chosen], report.n_candidates[chosen]), seed)


def share_rows(audit: PairAudit) -> list[dict[str, Any]]:
    """Return how many pairs each text gives away: a row for each side and field, then in all."""
    n = len(audit.drugs)
    rows: list[dict[str, Any]] = []
    for side, words in (("drug", "the drug's text"), ("disease", "the disease's text")):
        for field in audit.fields:
            found = audit.is_named_in(field, side)  # type: ignore[arg-type]
            rows.append(_share_row(words, field, int(found.sum()), n))
    return [*rows, _share_row("either text", "any", int(audit.is_named.sum()), n)]


def _share_row(text_of: str, field: str, n_named: int, n: int) -> dict[str, Any]:
    return {
        "text_of": text_of,
        "field": field,
        "n_named": n_named,
        "n_pairs": n,
        "share": round(n_named / n, 4),
    }


def pair_rows(graph: Graph, audit: PairAudit) -> list[dict[str, Any]]:
    """Return a row for each place where a text names the other side; one for a pair without."""
    rows: list[dict[str, Any]] = []
    pairs = zip(audit.drugs.tolist(), audit.diseases.tolist(), audit.namings, strict=True)
    for drug, disease, namings in pairs:
        pair = {
            "drug_id": graph.entity_ids[drug],
            "drug": graph.entity_names[drug],
            "disease_id": graph.entity_ids[disease],
            "disease": graph.entity_names[disease],
            "is_named": bool(namings),
        }
        rows += [
            pair
            | {
                "text_of": "drug" if one.entity == drug else "disease",
                "field": one.field,
                "words": one.words,
                "stands_for": one.label,
                "how": one.kind,
                "sentence": one.sentence,
            }
            for one in namings
        ]
        if not namings:
            rows.append(pair)
    return rows


def audit_json(graph: Graph, audit: PairAudit, judged: dict[str, Judged]) -> dict[str, Any]:
    """Return an audit as one JSON document: shares, metrics by protocol, and every find."""

    def told(metrics: Metrics | None) -> dict[str, Any] | None:
        if metrics is None:
            return None
        return {
            name: {"value": round(i.value, 6), "low": round(i.low, 6), "high": round(i.high, 6)}
            for name, i in metrics.items()
        }

    return {
        "fields": list(audit.fields),
        "n_pairs": len(audit.drugs),
        "n_named": int(audit.is_named.sum()),
        "share": round(float(audit.is_named.mean()), 4),
        "by_text": share_rows(audit),
        "only_by": {kind: n for kind in KINDS if (n := audit.n_only_by(kind))},
        "protocols": {
            name: {part: told(getattr(one, part)) for part in ("all", "unnamed", "named")}
            for name, one in judged.items()
        },
        "pairs": pair_rows(graph, audit),
    }
