"""Batches of treatments alone, set against other drugs or other diseases.

In a large graph treatments are one triple in a hundred, and the wrong answers they meet are mostly
genes. In every other pair of steps treatments are learnt against what they are ranked against in
the end: a drug against drugs, a disease against diseases, all alike, so that what is often a right
answer is learnt to be one.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from llador_core.data.splits import Split
from llador_core.graph import Graph
from llador_core.training.batches import Batch, Batches

N_CANDIDATES = 1_024  # drugs or diseases; of fewer all are taken
_OFFSET = 1 << 32  # keeps the random numbers apart from those of other batches


class TreatBatches:
    """Draws the batch of each step: a pair of steps of all triples, then a pair of treatments.

    Parameters
    ----------
    batches : Batches
        Of all triples.
    graph, split : Graph, Split
    n : int
        Treatments in a step.
    seed : int
    """

    def __init__(self, batches: Batches, graph: Graph, split: Split, n: int, seed: int) -> None:
        self.batches, self.size, self.n, self.seed = batches, batches.size, n, seed
        treats = np.isin(split.train[:, 1], graph.relations_with_role("treats"))
        device = batches.device
        self._rows = torch.from_numpy(np.flatnonzero(treats)).to(device)
        self._members = {
            "tail": torch.from_numpy(graph.diseases).to(device),
            "head": torch.from_numpy(graph.drugs).to(device),
        }
        self._generator = torch.Generator(device)

    def batch(self, step: int) -> Batch:
        """Return the batch of a step, counted from 0."""
        pair, place = divmod(step, 2)
        turn, is_of_treatments = divmod(pair, 2)
        own = 2 * turn + place
        if not is_of_treatments or not len(self._rows):
            return self.batches.batch(own)
        self._generator.manual_seed(_OFFSET * (self.seed + 1) + own)
        rows = self._rows[self._random(len(self._rows))[: self.n]]
        members = self._members["head" if place else "tail"]
        drawn = members[self._random(len(members))[:N_CANDIDATES]]
        return self.batches.against("head" if place else "tail", rows, drawn[None])

    def _random(self, n: int) -> Tensor:
        return torch.randperm(n, generator=self._generator, device=self.batches.device)
