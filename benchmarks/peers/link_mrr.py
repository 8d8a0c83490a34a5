"""One judge for every side: filtered mean reciprocal rank of held-out triples, both ends."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from llador_core.models.interactions import INTERACTIONS, bilinear_query, distance_query
from llador_core.models.kernels import distances_to
from llador_core.training.negatives import KnownTriples

_KIND = {"transe": "l1", "rotate": "moduli"}
_CHUNK = 128  # candidates at once: their block and the queries' stay in cache


def hold_out(
    triples: NDArray[np.int32], n: int, seed: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return training triples, and `n` others of all relations drawn at random."""
    order = np.random.default_rng(seed).permutation(len(triples))
    return triples[np.sort(order[n:])], triples[order[:n]]


@torch.no_grad()
def link_mrr(
    model: str, entities: Tensor, relations: Tensor, judged: NDArray[np.int32], known: KnownTriples
) -> float:
    """Return the mean reciprocal rank of `judged` among all entities, both ends asked for.

    Parameters
    ----------
    model : "transe", "distmult", "complex" or "rotate"
    entities : float Tensor of shape (n_entities, dim)
        Complex numbers as real parts, then imaginary parts.
    relations : float Tensor of shape (n_relations, width)
        Angles in radians for RotatE.
    judged : int32 array of shape (n, 3)
        Triples that `known` knows.
    known : KnownTriples
        Of all triples, trained and held out: other true ends do not count.
    """
    h, r, t = torch.from_numpy(judged.astype(np.int64)).unbind(1)
    reciprocal = []
    for side, given, asked in (("tail", h, t), ("head", t, h)):
        if INTERACTIONS[model].is_distance:
            query = distance_query(model, entities[given], relations[r], side)
            parts = [-distances_to(_KIND[model], query, c) for c in entities.split(_CHUNK)]
            scores = torch.cat(parts, 1)  # (n, n_entities)
        else:
            query = bilinear_query(model, entities[given], relations[r], side)
            scores = query @ entities.T
        true = scores.gather(1, asked[:, None])
        rows, others = known.true_ends(judged, side)
        scores[torch.from_numpy(rows), torch.from_numpy(others).long()] = -torch.inf
        better, ties = (scores > true).sum(1), (scores == true).sum(1)
        reciprocal.append(1 / (1 + better + ties / 2))
    return float(torch.cat(reciprocal).mean())
