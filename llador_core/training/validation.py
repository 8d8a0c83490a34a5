"""Judging the weights while they are trained, at a small share of the time."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from llador_core.data.splits import Split
from llador_core.evaluation.metrics import per_pair
from llador_core.evaluation.pairs import known_pairs, positions
from llador_core.evaluation.protocols import evaluate
from llador_core.evaluation.ranks import mean_tie_ranks
from llador_core.graph import Graph
from llador_core.models.candidate_scores import CandidateScores
from llador_core.models.interactions import to_score_space
from llador_core.models.kge import KnowledgeGraphEmbedding
from llador_core.models.queries import make_query
from llador_core.models.scorer import Scorer
from llador_core.training.config import TrainConfig

METRICS = ("MRR", "Hits@10")
SHARE = 0.03  # of the pairs that training compares between two validations
FEWEST = 64  # pairs that are judged however little is trained in between
_DISEASES_AT_ONCE = 128
_PASSES = 3  # a pair is compared once for its score and about twice as long for its gradient


def validate(graph: Graph, split: Split, scorer: Scorer) -> dict[str, float]:
    """Return how the validation drugs rank among all drugs of their disease, by metric."""
    scores = scorer.treatment_scores(graph)
    found = evaluate(graph, split, scores, "drug-ranking", pairs="valid").metrics
    return {name: found[name].value for name in METRICS}


class Sampled:
    """The same judgement of a sample of the pairs, on the device that trains.

    As many pairs as cost `SHARE` of the training between two validations; all where that allows.

    Parameters
    ----------
    graph : Graph
    split : Split
        With validation pairs.
    config : TrainConfig
    """

    def __init__(self, graph: Graph, split: Split, config: TrainConfig) -> None:
        relation, drugs, diseases = graph.treatment_relation, graph.drugs, graph.diseases
        pairs = np.unique(split.valid[:, [0, 2]], axis=0)
        wanted = max(FEWEST, affordable(graph, config))
        if len(pairs) > wanted:
            draw = np.random.default_rng(config.split_seed)
            pairs = pairs[np.sort(draw.choice(len(pairs), wanted, replace=False))]
        self.n_pairs = len(pairs)
        asked, self._row = np.unique(pairs[:, 1], return_inverse=True)
        self._true = positions(drugs, pairs[:, 0])
        known = known_pairs(graph, split)[:, positions(diseases, asked)].T
        self._is_candidate = ~known[self._row]  # (n_pairs, n_drugs)
        self._is_candidate[np.arange(len(pairs)), self._true] = True
        self._drugs, self._asked = torch.from_numpy(drugs), torch.from_numpy(asked.astype(np.int64))
        self._relation = relation

    @torch.no_grad()
    def __call__(self, model: KnowledgeGraphEmbedding) -> dict[str, float]:
        """Return the metrics of a model's present weights."""
        scores = self._scores(model).cpu().numpy()[self._row]  # (n_pairs, n_drugs)
        scores[np.isnan(scores)] = -np.inf  # a diverged model ranks last
        ranks, n = mean_tie_ranks(scores, self._true, self._is_candidate)
        values = per_pair(ranks, n)
        return {name: float(values[name].mean()) for name in METRICS}

    def _scores(self, model: KnowledgeGraphEmbedding) -> Tensor:
        """Return the scores of all drugs for each disease asked for."""
        device = model.relations.device
        rows = to_score_space(model.spec, model.entities(self._drugs.to(device)).detach())
        index = torch.arange(len(rows), device=device)[None]
        constants = {name: value.detach() for name, value in model.constants.items()}
        out = []
        for start in range(0, len(self._asked), _DISEASES_AT_ONCE):
            block = self._asked[start : start + _DISEASES_AT_ONCE]
            known = to_score_space(model.spec, model.entities(block.to(device)).detach())
            r = model.relations.detach()[self._relation].expand(len(block), -1)
            query = make_query(model.spec.name, known, r, "head")
            scores = CandidateScores(model.spec, model.margin, constants, query, rows, index)
            out.append(scores.values())
        return torch.cat(out)


def affordable(graph: Graph, config: TrainConfig) -> int:
    """Return how many validation queries cost `SHARE` of the training between two validations."""
    n_negatives = config.n_negatives or graph.n_entities
    compared = _PASSES * config.batch_size * n_negatives * config.validate_every
    return int(SHARE * compared / max(1, len(graph.drugs)))
