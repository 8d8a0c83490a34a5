"""A contestant of `rank_speed.py` in a process of its own, which ranks when told to.

    python benchmarks/rank_contestants.py TRIPLES.npy

Reads one JSON object a line, {"who", "task", "model", "n"}, and answers each with one line: seconds
by the clock and of the processor, and what was found. Weights are drawn from a seed that depends on
the model alone, so all contestants rank with the same ones.
"""

from __future__ import annotations

import json
import logging
import random
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.peers.synthetic import N_COMPOUNDS, N_DISEASES, N_ENTITIES, N_RELATIONS

DIM, N_CANDIDATES, N_LARGE, MARGIN = 400, 50, 97_238, 12.0
Answer = dict[str, Any]


def timed(work: Callable[[], Any]) -> tuple[Any, Answer]:
    """Return what `work` gives, and the seconds it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = work()
    return found, {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}


def our_scorer(model: str, n_entities: int = N_ENTITIES, n_relations: int = N_RELATIONS) -> Any:
    """Return a scorer with drawn weights."""
    from llador_core.models.interactions import INTERACTIONS
    from llador_core.models.scorer import Scorer

    draw = np.random.default_rng(list(model.encode()))
    entities = draw.standard_normal((n_entities, DIM), np.float32) / np.float32(20)
    relations = draw.standard_normal(
        (n_relations, INTERACTIONS[model].relation_width(DIM)), np.float32
    )
    constants = {
        name: np.asarray(draw.random(shape) + 0.5, np.float32)
        for name, shape in INTERACTIONS[model].constants
    }
    margin = MARGIN if INTERACTIONS[model].is_distance else 0.0
    return Scorer(model, entities, relations, margin, constants)


def one_query(model: str, n_types: int) -> Answer:
    """All entities of a type for one query in both directions, on the larger table."""
    scorer = our_scorer(model, N_LARGE)
    every = np.arange(N_LARGE)
    some = np.flatnonzero(np.random.default_rng(0).integers(n_types, size=N_LARGE) == 0)
    scorer.score_candidates(0, 0, some, "head")
    answer: Answer = {}
    for name, candidates in (("all", every), ("of a type", some)):
        for side in ("head", "tail"):
            seconds = [
                timed(lambda: scorer.score_candidates(i, 0, candidates, side))[1]  # noqa: B023
                for i in range(9)
            ]
            for kind in ("wall_s", "cpu_s"):
                answer[f"{name}, {side}, {kind}"] = sorted(s[kind] for s in seconds)[4]
    return answer


def our_ranks(model: str, triples: Any, n: int) -> Answer:
    from llador_core.evaluation.exact import exact_ranks

    scorer, test = our_scorer(model), triples[:n]
    known = [triples]
    exact_ranks(scorer, test[:1], "tail")
    both, answer = timed(lambda: [exact_ranks(scorer, test, s, known)[0] for s in ("head", "tail")])
    ranks = np.concatenate(both)
    return answer | {"MRR": float((1 / ranks).mean()), "MR": float(ranks.mean())}


def pykeen_ranks(model: str, triples: Any, n: int) -> Answer:
    """PyKEEN's filtered evaluation with our weights.

    Its RotatE takes the Euclidean norm of the moduli where the paper has their sum: the same work,
    other ranks. Its TransE is asked for the L1 norm.
    """
    import torch
    from pykeen.evaluation import RankBasedEvaluator
    from pykeen.models import model_resolver
    from pykeen.triples import CoreTriplesFactory

    mapped = torch.from_numpy(triples.astype(np.int64))
    factory = CoreTriplesFactory.create(
        mapped[:1000], num_entities=N_ENTITIES, num_relations=N_RELATIONS
    )
    name = {"transe": "TransE", "distmult": "DistMult", "rotate": "RotatE"}[model]
    extra = {"scoring_fct_norm": 1} if model == "transe" else {}
    dim = DIM // 2 if model == "rotate" else DIM
    made = model_resolver.make(name, triples_factory=factory, embedding_dim=dim, **extra).eval()
    scorer = our_scorer(model)
    tables = [scorer.entities, scorer.relations]
    if model == "rotate":  # complex numbers side by side, relations on the unit circle
        re, im = np.split(scorer.entities, 2, axis=1)
        tables[0] = np.stack([re, im], axis=-1).reshape(len(re), -1)
        turns = scorer.relations
        tables[1] = np.stack([np.cos(turns), np.sin(turns)], axis=-1).reshape(len(turns), -1)
    for parameter, table in zip(made.parameters(), tables, strict=True):
        parameter.data.copy_(torch.from_numpy(np.ascontiguousarray(table)).view_as(parameter))
    evaluator = RankBasedEvaluator()

    def evaluate(n_triples: int) -> Any:
        return evaluator.evaluate(
            made, mapped[:n_triples], additional_filter_triples=[mapped], use_tqdm=False
        )

    found, answer = timed(lambda: evaluate(n))
    metrics = {
        "MRR": "both.realistic.inverse_harmonic_mean_rank",
        "MR": "both.realistic.arithmetic_mean_rank",
    }
    return answer | {name: float(found.get_metric(path)) for name, path in metrics.items()}


def treatments(triples: Any, n: int) -> tuple[Any, Any]:
    """Return a graph whose first relation joins drugs and diseases, and a split that tests n."""
    from dataclasses import replace

    from benchmarks.peers.synthetic import make_graph

    triples = triples.copy()
    treats = triples[:, 1] == 0
    triples[treats, 0] %= N_COMPOUNDS
    triples[treats, 2] = N_COMPOUNDS + triples[treats, 2] % N_DISEASES
    triples = np.unique(triples, axis=0)
    graph, split = make_graph(triples)
    rows = np.flatnonzero(triples[:, 1] == 0)
    test = np.random.default_rng(0).choice(rows, n, replace=False)
    return graph, replace(split, train=np.delete(triples, test, axis=0), test=triples[test])


def our_sampled(model: str, triples: Any, n: int) -> Answer:
    from llador_core.evaluation.metrics import per_pair
    from llador_core.evaluation.protocols import evaluate, rank_pairs

    graph, split = treatments(triples, n)
    scorer = our_scorer(model)

    def judge() -> dict[str, float]:
        *_, ranks, n_candidates = rank_pairs(graph, split, scorer, "sampled-50")
        return {name: float(v.mean()) for name, v in per_pair(ranks, n_candidates).items()}

    judge()  # the graph's lists of drugs and diseases are made
    metrics, answer = timed(judge)
    _, report = timed(lambda: evaluate(graph, split, scorer, "sampled-50"))
    return answer | {"MRR": metrics["MRR"], "with_intervals_s": report["wall_s"]}


def plain_sampled(model: str, triples: Any, n: int) -> Answer:
    """Rank one triple at a time in a Python loop, as METHOD.md says the published scripts do.

    Entities are mixed of a free part and their anchor as the method has it, for the rows at hand.
    """
    import torch

    from llador_core.models.interactions import INTERACTIONS

    graph, split = treatments(triples, n)
    scorer, score, mix = our_scorer(model), INTERACTIONS[model].score, 0.6
    free, relations = torch.from_numpy(scorer.entities), torch.from_numpy(scorer.relations)
    anchors = free.flip(0)
    ids = {name: i for i, name in enumerate(graph.entity_ids)}
    diseases = [graph.entity_ids[i] for i in graph.diseases]
    names = [(graph.entity_ids[h], r, graph.entity_ids[t]) for h, r, t in split.test.tolist()]

    def entities(which: torch.Tensor) -> torch.Tensor:
        return mix * free[which] + (1 - mix) * anchors[which]

    def loop() -> list[dict[str, float]]:
        generator, logs = random.Random(0), []
        for head, relation, tail in names:
            others = [d for d in generator.sample(diseases, N_CANDIDATES) if d != tail]
            candidates = [tail, *others[: N_CANDIDATES - 1]]
            h = entities(torch.tensor([ids[head]]))
            t = entities(torch.tensor([ids[candidate] for candidate in candidates]))
            scores = MARGIN + score(h, relations[torch.tensor([relation])], t)
            order = torch.argsort(scores, descending=True)
            rank = int((order == 0).nonzero()[0, 0]) + 1
            logs.append(
                {"MR": rank, "MRR": 1 / rank, **{f"Hits@{k}": float(rank <= k) for k in (1, 3, 10)}}
            )
        return logs

    with torch.no_grad():
        logs, answer = timed(loop)
    return answer | {"MRR": float(np.mean([log["MRR"] for log in logs]))}


def main() -> None:
    warnings.simplefilter("ignore")
    logging.disable()
    triples = np.load(sys.argv[1])
    tasks = {
        ("ours", "one"): one_query,
        ("ours", "full"): lambda model, n: our_ranks(model, triples, n),
        ("pykeen", "full"): lambda model, n: pykeen_ranks(model, triples, n),
        ("ours", "sampled"): lambda model, n: our_sampled(model, triples, n),
        ("plain", "sampled"): lambda model, n: plain_sampled(model, triples, n),
    }
    answers = sys.stdout
    sys.stdout = sys.stderr  # whatever a peer prints is no answer
    for line in sys.stdin:
        asked = json.loads(line)
        answer = tasks[asked["who"], asked["task"]](asked["model"], asked["n"])
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
