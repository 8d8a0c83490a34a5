"""The link-prediction loss and its gradient with respect to the scores, written out."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from llador_core.training.config import TrainConfig

_NEVER = -1e9  # the score of what must not count


@dataclass(frozen=True)
class LinkLoss:
    """A loss and where it wants the scores to go.

    Attributes
    ----------
    value : scalar Tensor
    to_positive : Tensor of shape (batch,)
        Gradient with respect to the scores of the true triples.
    to_negative : Tensor of shape (batch, n)
    """

    value: Tensor
    to_positive: Tensor
    to_negative: Tensor


def link_loss(
    config: TrainConfig, positive: Tensor, negative: Tensor, is_known: Tensor, weights: Tensor
) -> LinkLoss:
    """Return the sum of weighted losses of triples (LLaDR eqs. 3-5, or cross-entropy).

    Parameters
    ----------
    positive : Tensor of shape (batch,)
    negative : Tensor of shape (batch, n)
    is_known : bool Tensor of shape (batch, n)
        The corrupted triple is true after all, and counts for nothing.
    weights : Tensor of shape (batch,)
        Of each triple in the sum.
    """
    if config.loss == "cross_entropy":
        return _cross_entropy(positive, negative.masked_fill(is_known, _NEVER), weights)
    share = _shares(config, negative, is_known)
    per_triple = functional.softplus(-positive) + (share * functional.softplus(negative)).sum(1)
    to_positive = -weights * torch.sigmoid(-positive)
    to_negative = share.mul_(weights[:, None]).mul_(torch.sigmoid(negative))
    return LinkLoss((per_triple * weights).sum(), to_positive, to_negative)


def _shares(config: TrainConfig, negative: Tensor, is_known: Tensor) -> Tensor:
    """Return how much each negative counts, rows summing to 1 (0 where all are known)."""
    if config.adversarial_temperature:
        hard = (negative * config.adversarial_temperature).masked_fill_(is_known, _NEVER)
        share = torch.softmax(hard, 1).masked_fill_(is_known, 0.0)
    else:
        share = (~is_known).float()
    return share.div_(share.sum(1, keepdim=True).clamp_(min=1e-9))


def _cross_entropy(positive: Tensor, negative: Tensor, weights: Tensor) -> LinkLoss:
    highest = torch.maximum(positive, negative.amax(1))
    share = (negative - highest[:, None]).exp_()
    own = (positive - highest).exp_()
    total = own + share.sum(1)
    value = ((total.log() + highest - positive) * weights).sum()
    scaled = weights / total
    return LinkLoss(value, scaled * own - weights, share.mul_(scaled[:, None]))
