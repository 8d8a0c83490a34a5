"""One step of training that touches only the rows of its batch, with gradients written out.

The rows a batch needs are gathered once (anchors mixed in for these rows alone), all scores and
gradients are computed on that small table, and the rows and their optimizer's state are changed in
place. Nothing here passes over the whole table of entities, and nothing waits for a GPU.
"""

from __future__ import annotations

import torch
from torch import Tensor

from llador_core.models.anchoring import distance_gradient
from llador_core.models.candidate_scores import CandidateScores
from llador_core.models.interactions import to_score_space
from llador_core.models.kge import KnowledgeGraphEmbedding
from llador_core.models.pairwise import add_rows
from llador_core.models.queries import Query, make_query, query_gradients
from llador_core.training.batches import Batch, Batches
from llador_core.training.checkpoint import copy_into
from llador_core.training.config import TrainConfig
from llador_core.training.losses import LinkLoss, link_loss
from llador_core.training.optimizers import OPTIMIZERS, Constant, touch
from llador_core.training.treat_batches import TreatBatches

# Scores at once: 1-vs-all on a large graph goes through the batch in parts.
_SCORES = {"cpu": 1 << 22, "cuda": 1 << 27, "mps": 1 << 25}


class SparseStep:
    """Steps of one model.

    Parameters
    ----------
    model : KnowledgeGraphEmbedding
        Changed in place; it holds the only copy of the weights.
    batches : Batches
    config : TrainConfig
    """

    def __init__(
        self, model: KnowledgeGraphEmbedding, batches: Batches | TreatBatches, config: TrainConfig
    ) -> None:
        self.model, self.batches, self.config = model, batches, config
        make = OPTIMIZERS[config.optimizer]
        self.free, self.relations = model.entities.free.detach(), model.relations.detach()
        self.constants = {name: value.detach() for name, value in model.constants.items()}
        self.entity_rows, self.relation_rows = make(self.free), make(self.relations)
        self.numbers = {name: Constant(value) for name, value in self.constants.items()}
        self.kind = torch.bfloat16 if config.precision == "bf16" else torch.float32

    @property
    def size(self) -> int:
        """Triples in a step."""
        return self.batches.size

    @torch.no_grad()
    def __call__(self, step: int, lr: float) -> Tensor:
        """Take step number `step`, counted from 0, and return its loss, a scalar."""
        batch = self.batches.batch(step)
        n = len(batch.known)
        rows = touch(torch.cat([batch.known, batch.target, batch.drawn.flatten()]))
        known, target = rows.place[:n], rows.place[n : 2 * n]
        mixed = self.model.entities(rows.ids)
        table = to_score_space(self.model.spec, mixed)
        to_table = torch.zeros_like(table)
        relation = self.relations.index_select(0, batch.relation)
        here, model = table.index_select(0, known), self.model.spec.name
        asked = make_query(model, here, relation, batch.side)
        index = rows.place[2 * n :].view_as(batch.drawn)
        loss, to_query, to_constants = self._link(batch, asked, table, target, index, to_table)
        to_known, to_relation = query_gradients(
            model, here, relation, batch.side, to_query.q, to_query.scale
        )
        if self.config.n3:
            to_target = torch.zeros_like(here)
            ends = (here, relation, table[target])
            loss = loss + self._cubes(ends, (to_known, to_relation, to_target))
            add_rows(to_table, target, to_target)
        add_rows(to_table, known, to_known)
        to_mixed = to_score_space(self.model.spec, to_table)  # its factors are their own gradient
        if self.config.is_anchored and self.config.pull:
            loss = loss + self._pull(batch.known, known, mixed, to_mixed)
        self.entity_rows.update(rows, self.model.entities.to_free(rows.ids, to_mixed), lr)
        used = touch(batch.relation)
        gathered = to_relation.new_zeros(len(used.ids), to_relation.shape[1])
        add_rows(gathered, used.place, to_relation)
        self.relation_rows.update(used, gathered, lr)
        for name, gradient in to_constants.items():
            self.numbers[name].update(gradient, lr)
        return loss

    def _link(
        self,
        batch: Batch,
        asked: Query,
        table: Tensor,
        target: Tensor,
        index: Tensor,
        to_table: Tensor,
    ) -> tuple[Tensor, Query, dict[str, Tensor]]:
        """Return loss and gradients of queries and constants; those of rows go to `to_table`."""
        weights = batch.weights * (self.config.link_weight / len(batch.weights))
        n, width = len(weights), max(1, index.shape[1])
        step = n if len(index) > 1 else max(1, _SCORES[table.device.type] // width)
        parts = []
        for start in range(0, n, step):
            span = slice(start, start + step)
            scale = None if asked.scale is None else asked.scale[span]
            query = Query(asked.q[span], scale)
            positive = self._scores(query, table, target[span, None])
            negative = self._scores(query, table, index)
            loss = link_loss(
                self.config,
                positive.values()[:, 0],
                negative.values(),
                batch.is_known[span],
                weights[span],
            )
            parts.append(_backward(loss, positive, negative, to_table))
        return _joined(parts)

    def _scores(self, query: Query, table: Tensor, index: Tensor) -> CandidateScores:
        model = self.model
        return CandidateScores(
            model.spec, model.margin, self.constants, query, table, index, self.kind
        )

    def _pull(self, entities: Tensor, known: Tensor, mixed: Tensor, to_mixed: Tensor) -> Tensor:
        """Return the anchor loss (LLaDR eq. 2) and add its gradient to `to_mixed`."""
        anchors, has = self.model.entities.anchors_of(entities)
        distances, gradient = distance_gradient(self.config.distance, mixed[known], anchors)
        weight = has * (self.config.pull / has.sum().clamp(min=1))
        add_rows(to_mixed, known, gradient * weight[:, None])
        return (distances * weight).sum()

    def _cubes(
        self, ends: tuple[Tensor, Tensor, Tensor], to_ends: tuple[Tensor, Tensor, Tensor]
    ) -> Tensor:
        """Return the N3 loss of known ends, relations and targets; add to their gradients."""
        weight = self.config.n3 / len(ends[0])
        total = ends[0].new_zeros(())
        for x, to_x in zip(ends, to_ends, strict=True):
            size = x.abs()
            if self.model.spec.name == "complex":
                re, im = x.chunk(2, -1)
                size = (re * re + im * im).sqrt().repeat(1, 2)
                total += (size**3).sum() / 2
            else:
                total += (size**3).sum()
            to_x.addcmul_(x, size, value=3 * weight)
        return weight * total

    def state(self) -> dict[str, Tensor]:
        """Return the state of the optimizers, the tensors themselves."""
        named = {"entities": self.entity_rows.state(), "relations": self.relation_rows.state()}
        named |= {f"constants.{name}": number.state() for name, number in self.numbers.items()}
        return {f"{who}/{what}": v for who, parts in named.items() for what, v in parts.items()}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Go on from what `state` returned. Raises KeyError or ValueError for another run's."""
        copy_into(self.state(), state)


def _backward(
    loss: LinkLoss, positive: CandidateScores, negative: CandidateScores, to_table: Tensor
) -> tuple[Tensor, Query, dict[str, Tensor]]:
    own, to_own = positive.gradients(loss.to_positive[:, None], to_table)
    others, to_others = negative.gradients(loss.to_negative, to_table)
    scale = None if own.scale is None or others.scale is None else own.scale + others.scale
    constants = {name: value + to_others[name] for name, value in to_own.items()}
    return loss.value, Query(own.q + others.q, scale), constants


def _joined(
    parts: list[tuple[Tensor, Query, dict[str, Tensor]]],
) -> tuple[Tensor, Query, dict[str, Tensor]]:
    if len(parts) == 1:
        return parts[0]
    losses, queries, constants = zip(*parts, strict=True)
    scales = [query.scale for query in queries if query.scale is not None]
    query = Query(torch.cat([q.q for q in queries]), torch.cat(scales) if scales else None)
    total = {name: torch.stack([c[name] for c in constants]).sum(0) for name in constants[0]}
    return torch.stack(losses).sum(), query, total
