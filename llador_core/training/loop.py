"""The training loop: batches, losses, validation, early stopping, checkpoints."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from llador_core.data.splits import Split
from llador_core.errors import LladorError
from llador_core.evaluation.protocols import evaluate
from llador_core.graph import Graph
from llador_core.models.anchoring import DISTANCES
from llador_core.models.interactions import Side, to_score_space
from llador_core.models.kge import KnowledgeGraphEmbedding, build_model
from llador_core.models.scorer import Scorer
from llador_core.priors.anchors import Anchors
from llador_core.training.checkpoint import Progress, load_checkpoint, save_checkpoint
from llador_core.training.config import TrainConfig
from llador_core.training.negatives import KnownTriples, draw_per_triple, draw_shared

Report = Callable[[Progress], None]


class Trainer:
    """Trains one model on one split.

    Parameters
    ----------
    graph : Graph
    split : Split
        `split.train` is all the model ever sees; `split.valid` chooses when to stop.
    config : TrainConfig
    anchors : Anchors or None
        Text vectors of width `config.dim`; None for a plain knowledge-graph embedding.
    """

    def __init__(
        self,
        graph: Graph,
        split: Split,
        config: TrainConfig,
        anchors: Anchors | None,
    ) -> None:
        self.graph, self.split, self.config = graph, split, config
        self.generator = torch.Generator().manual_seed(config.seed)
        self.model: KnowledgeGraphEmbedding = build_model(
            config.model,
            graph.n_entities,
            graph.n_relations,
            config.dim,
            generator=self.generator,
            margin=config.margin,
            turn=config.turn,
            start=config.start,
            anchors=None if anchors is None else torch.from_numpy(anchors.matrix),
            has_anchor=None if anchors is None else torch.from_numpy(anchors.has),
            mix=config.mix,
        )
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=config.lr)
        self.known = KnownTriples(split.train, graph.n_entities, graph.n_relations)
        self.weights = torch.ones(len(split.train))
        if config.is_subsampled:
            self.weights = torch.from_numpy(self.known.weights(split.train))
        is_treat = np.isin(split.train[:, 1], graph.relations_with_role("treats"))
        rows = np.arange(len(split.train))
        self.pool = np.concatenate([rows, *[rows[is_treat]] * (config.treat_weight - 1)])
        self.order = torch.empty(0, dtype=torch.int64)
        self.progress = Progress()
        self.best: dict[str, Tensor] = {}

    def train(
        self, folder: Path, report: Report | None = None, checkpoint_every: int = 300
    ) -> None:
        """Train until the last step or until validation stops improving.

        Goes on from the checkpoint in `folder` where there is one, bit for bit on a CPU, and
        leaves one there every `checkpoint_every` steps.

        Raises
        ------
        LladorError
            The loss is no longer a finite number; the last checkpoint is kept.
        """
        started = time.perf_counter()
        self._restore(folder)
        before = self.progress.seconds
        losses: list[float] = []
        config = self.config
        while self.progress.step < config.steps and self.progress.n_stale < config.patience:
            losses.append(self._step(self.progress.step))
            self.progress.step += 1
            self.progress.seconds = before + time.perf_counter() - started
            step = self.progress.step
            if step % config.validate_every == 0 or step == config.steps:
                self.progress.loss = float(np.mean(losses))
                losses.clear()
                if not math.isfinite(self.progress.loss):
                    raise LladorError(
                        f"Training diverged at step {step}: the loss is not a finite number. "
                        f"Lower lr (now {config.lr:g}) and train again."
                    )
                self._validate()
                if report:
                    report(replace(self.progress))
            if step % checkpoint_every == 0 and step < config.steps:
                self._save(folder)
        self.model.load_state_dict(self.best)

    def _step(self, step: int) -> float:
        config = self.config
        for group in self.optimizer.param_groups:
            group["lr"] = config.lr * _schedule(config, step)
        batch = self._next_batch()
        triples = self.split.train[batch.numpy()]
        side: Side = "tail" if step % 2 == 0 else "head"
        entities = self.model.entities
        rows = entities()  # one mix for the whole table is cheaper than one for each gather
        loss = config.link_weight * self._link_loss(rows, triples, self.weights[batch], side)
        if config.is_anchored and config.pull:
            known = torch.from_numpy(triples[:, 0 if side == "tail" else 2].astype(np.int64))
            pull = entities.pull_loss(rows[known], known, DISTANCES[config.distance])
            loss = loss + config.pull * pull
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        return float(loss.detach())

    def _link_loss(self, rows: Tensor, triples: np.ndarray, weights: Tensor, side: Side) -> Tensor:
        """Return the link-prediction loss of a batch (LLaDR eqs. 3-5), a scalar."""
        config, model = self.config, self.model
        h, r, t = torch.from_numpy(triples.astype(np.int64)).unbind(1)
        known, target = (h, t) if side == "tail" else (t, h)
        if config.shared_negatives:
            drawn, is_known = draw_shared(
                triples, side, self.known, config.n_negatives, config.typed_share, self.generator
            )
        else:
            drawn, is_known = draw_per_triple(
                triples, side, self.known, config.n_negatives, self.generator
            )
        table = to_score_space(model.spec, rows)
        here, there, relation = table[known], table[target], model.relations[r]
        head, tail = (here, there) if side == "tail" else (there, here)
        positive = model.score(head, relation, tail)  # (batch,)
        if config.shared_negatives:
            negative = model.score_candidates(here, relation, table[drawn], side)  # (batch, n)
        else:
            negative = model.score_candidates(here, relation, table, side, drawn)
        if config.loss == "cross_entropy":
            scores = torch.cat([positive[:, None], negative.masked_fill(is_known, -1e9)], 1)
            per_triple = -functional.log_softmax(scores, 1)[:, 0]
        else:
            share = (~is_known).float()
            if config.adversarial_temperature:
                hard = (negative.detach() * config.adversarial_temperature).masked_fill(
                    is_known, -1e9
                )
                share = share * torch.softmax(hard, 1)
            share = share / share.sum(1, keepdim=True).clamp(min=1e-9)
            per_triple = functional.softplus(-positive) + (
                share * functional.softplus(negative)
            ).sum(1)
        return (per_triple * weights).mean()

    def _next_batch(self) -> Tensor:
        """Return the next rows of `split.train`; every pool row comes once in an epoch."""
        size = min(self.config.batch_size, len(self.pool))
        while len(self.order) < size:
            epoch = torch.randperm(len(self.pool), generator=self.generator)
            self.order = torch.cat([self.order, torch.from_numpy(self.pool)[epoch]])
        batch, self.order = self.order[:size], self.order[size:]
        return batch

    def _validate(self) -> None:
        """Judge the weights on the validation pairs and keep them unless they are clearly worse.

        Later weights were trained at a lower learning rate, so among results that validation
        cannot tell apart the latest is kept, not the luckiest.
        """
        progress = self.progress
        if len(self.split.valid):
            progress.valid_mrr = validation_mrr(self.graph, self.split, self.model.to_scorer())
        if progress.valid_mrr < progress.best_metric - self.config.tolerance:
            progress.n_stale += 1
            return
        progress.best_metric = np.fmax(progress.best_metric, progress.valid_mrr).item()
        progress.best_step, progress.n_stale = progress.step, 0
        self.best = {k: v.detach().clone() for k, v in self.model.state_dict().items()}

    def _save(self, folder: Path) -> None:
        tensors = {"generator": self.generator.get_state(), "order": self.order}
        # the anchors never change, so the best state need not carry them again
        tensors |= {f"best/{k}": v for k, v in self.best.items() if k not in _FIXED}
        save_checkpoint(folder, self.progress, self.model, self.optimizer, tensors)

    def _restore(self, folder: Path) -> None:
        found = load_checkpoint(folder, self.model, self.optimizer)
        if found is None:
            return
        self.progress, tensors = found
        self.generator.set_state(tensors.pop("generator"))
        self.order = tensors.pop("order")
        fixed = {k: v for k, v in self.model.state_dict().items() if k in _FIXED}
        best = {k.removeprefix("best/"): v for k, v in tensors.items()}
        self.best = fixed | best if best else {}


_FIXED = ("entities.anchors", "entities.weight", "entities.has_anchor")


def validation_mrr(graph: Graph, split: Split, scorer: Scorer) -> float:
    """Return the mean reciprocal rank of the validation drugs among all drugs of their disease."""
    scores = scorer.treatment_scores(graph)
    return evaluate(graph, split, scores, "drug-ranking", pairs="valid").metrics["MRR"].value


def _schedule(config: TrainConfig, step: int) -> float:
    done = step / config.steps
    if config.lr_drops == "cosine":
        return 0.5 * (1 + math.cos(math.pi * done))
    return 1.0 if done < 0.5 else 0.1
