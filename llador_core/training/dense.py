"""One step of training by automatic differentiation, with Adam over the whole table.

The engine of small graphs: there a pass over the table costs less than finding out which rows to
spare, and the runs that ship with the app were trained so.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from llador_core.graph import Ints
from llador_core.models.anchoring import DISTANCES
from llador_core.models.interactions import Side, to_score_space
from llador_core.models.kge import KnowledgeGraphEmbedding
from llador_core.training.config import TrainConfig
from llador_core.training.negatives import KnownTriples, draw_per_triple, draw_shared


class DenseStep:
    """Steps of one model.

    Parameters
    ----------
    model : KnowledgeGraphEmbedding
    triples : int32 array of shape (n, 3)
        Of training.
    known : KnownTriples
        Of the same triples.
    treats : int array
        Relations whose triples come `config.treat_weight` times as often.
    config : TrainConfig
    generator : torch.Generator
        On the processor, wherever the model is.
    """

    def __init__(
        self,
        model: KnowledgeGraphEmbedding,
        triples: np.ndarray,
        known: KnownTriples,
        treats: Ints,
        config: TrainConfig,
        generator: torch.Generator,
    ) -> None:
        self.model, self.triples, self.known = model, triples, known
        self.config, self.generator = config, generator
        self.device = model.relations.device
        self.optimizer = torch.optim.Adam(model.parameters(), lr=config.lr)
        self.weights = torch.ones(len(triples))
        if config.is_subsampled:
            self.weights = torch.from_numpy(known.weights(triples))
        is_treat = np.isin(triples[:, 1], treats)
        rows = np.arange(len(triples))
        self.pool = np.concatenate([rows, *[rows[is_treat]] * (config.treat_weight - 1)])
        self.order = torch.empty(0, dtype=torch.int64)
        self.size = min(config.batch_size, len(self.pool))

    def __call__(self, step: int, lr: float) -> Tensor:
        """Take step number `step`, counted from 0, and return its loss, a scalar."""
        config = self.config
        for group in self.optimizer.param_groups:
            group["lr"] = lr
        batch = self._next_batch()
        triples = self.triples[batch.numpy()]
        side: Side = "tail" if step % 2 == 0 else "head"
        entities = self.model.entities
        rows = entities()  # one mix for the whole table is cheaper than one for each gather
        weights = self.weights[batch].to(self.device)
        loss = config.link_weight * self._link_loss(rows, triples, weights, side)
        if config.is_anchored and config.pull:
            known = self._there(triples[:, 0 if side == "tail" else 2])
            pull = entities.pull_loss(rows[known], known, DISTANCES[config.distance])
            loss = loss + config.pull * pull
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        return loss.detach()

    def _there(self, values: np.ndarray) -> Tensor:
        return torch.from_numpy(values.astype(np.int64)).to(self.device)

    def _link_loss(self, rows: Tensor, triples: np.ndarray, weights: Tensor, side: Side) -> Tensor:
        """Return the link-prediction loss of a batch (LLaDR eqs. 3-5), a scalar."""
        config, model = self.config, self.model
        h, r, t = self._there(triples).unbind(1)
        known, target = (h, t) if side == "tail" else (t, h)
        if config.shared_negatives:
            drawn, is_known = draw_shared(
                triples, side, self.known, config.n_negatives, config.typed_share, self.generator
            )
        else:
            drawn, is_known = draw_per_triple(
                triples, side, self.known, config.n_negatives, self.generator
            )
        drawn, is_known = drawn.to(self.device), is_known.to(self.device)
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
        """Return the next rows of the triples; every pool row comes once in an epoch."""
        while len(self.order) < self.size:
            epoch = torch.randperm(len(self.pool), generator=self.generator)
            self.order = torch.cat([self.order, torch.from_numpy(self.pool)[epoch]])
        batch, self.order = self.order[: self.size], self.order[self.size :]
        return batch

    def state(self) -> dict[str, Tensor]:
        """Return what a checkpoint must keep besides the model."""
        state = {"generator": self.generator.get_state(), "order": self.order}
        for i, moments in self.optimizer.state_dict()["state"].items():
            state |= {f"optimizer/{i}/{name}": torch.as_tensor(v) for name, v in moments.items()}
        return state

    def restore(self, state: dict[str, Tensor]) -> None:
        """Go on from what `state` returned. Raises KeyError or ValueError for another run's."""
        self.generator.set_state(state["generator"])
        self.order = state["order"].clone()
        moments: dict[int, dict[str, Any]] = {}
        for key, value in state.items():
            if key.startswith("optimizer/"):
                _, i, name = key.split("/")
                moments.setdefault(int(i), {})[name] = value
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": moments, "param_groups": groups})
