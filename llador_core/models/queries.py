"""What a known entity and a relation ask for, and how a gradient of it flows back to both.

For every model the score of a triple is a function of a query, made of the given entity and the
relation, and of the candidate at the open end. The query is small, (batch, dim), so that all that
grows with the number of candidates is in `pairwise`.

References
----------
The gradients are those of the score functions in `interactions`; each is checked against automatic
differentiation by a test.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from llador_core.models.interactions import Side, bilinear_query, complex_product, distance_query


@dataclass(frozen=True)
class Query:
    """What is compared with candidates.

    Attributes
    ----------
    q : Tensor of shape (batch, dim)
        HAKE: moduli, then phases.
    scale : Tensor of shape (batch, dim / 2) or None
        HAKE alone: what the moduli of a candidate are multiplied by.
    """

    q: Tensor
    scale: Tensor | None = None


def make_query(model: str, known: Tensor, r: Tensor, side: Side) -> Query:
    """Return the query of known entities and relations.

    Parameters
    ----------
    model : str
    known : Tensor of shape (batch, dim), angles in radians
        Heads where `side` is "tail", else tails.
    r : Tensor of shape (batch, relation_width)
    side : "head" or "tail"
        Which end is open.
    """
    if model in ("distmult", "complex"):
        return Query(bilinear_query(model, known, r, side))
    if model != "hake":
        return Query(distance_query(model, known, r, side))
    modulus, phase = known.chunk(2, -1)
    head_factor, tail_factor = _hake_factors(r)
    r_phase = r.chunk(3, -1)[0]
    if side == "tail":
        return Query(torch.cat([modulus * head_factor, phase + r_phase], -1), tail_factor)
    return Query(torch.cat([modulus * tail_factor, phase - r_phase], -1), head_factor)


def query_gradients(
    model: str, known: Tensor, r: Tensor, side: Side, to_q: Tensor, to_scale: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Return the gradients with respect to `known` and `r`.

    Parameters
    ----------
    to_q, to_scale : Tensors shaped as `Query.q` and `Query.scale`
        Of the loss with respect to the query.
    """
    sign = 1.0 if side == "tail" else -1.0
    if model == "distmult":
        return to_q * r, to_q * known
    if model == "complex":
        to_known = complex_product(to_q, r, conjugate_y=side == "tail")
        if side == "tail":
            return to_known, complex_product(to_q, known, conjugate_y=True)
        return to_known, complex_product(known, to_q, conjugate_y=True)
    if model in ("transe", "protate"):
        return to_q, sign * to_q
    if model == "rotate":
        return _rotate_gradients(known, r, sign, to_q)
    if to_scale is None:
        raise TypeError("HAKE's query has a scale, so its gradient is needed")
    return _hake_gradients(known, r, side, to_q, to_scale)


def _rotate_gradients(known: Tensor, r: Tensor, sign: float, to_q: Tensor) -> tuple[Tensor, Tensor]:
    turn = torch.cat([r.cos(), sign * r.sin()], -1)
    to_known = complex_product(to_q, turn, conjugate_y=True)
    # turning a query by an angle moves it along i * q
    k_re, k_im = known.chunk(2, -1)
    g_re, g_im = to_known.chunk(2, -1)
    return to_known, sign * (g_im * k_re - g_re * k_im)


def _hake_factors(r: Tensor) -> tuple[Tensor, Tensor]:
    """Return what the moduli of heads and of tails are multiplied by: |r_m| + b and 1 - b."""
    _, r_mod, bias = r.chunk(3, -1)
    size = r_mod.abs()
    bias = torch.maximum(bias.clamp(max=1.0), -size)
    return size + bias, 1.0 - bias


def _hake_gradients(
    known: Tensor, r: Tensor, side: Side, to_q: Tensor, to_scale: Tensor
) -> tuple[Tensor, Tensor]:
    modulus = known.chunk(2, -1)[0]
    head_factor, tail_factor = _hake_factors(r)
    to_modulus, to_phase = to_q.chunk(2, -1)
    if side == "tail":
        to_known, to_head, to_tail = to_modulus * head_factor, to_modulus * modulus, to_scale
        to_r_phase = to_phase
    else:
        to_known, to_head, to_tail = to_modulus * tail_factor, to_scale, to_modulus * modulus
        to_r_phase = -to_phase
    _, r_mod, bias = r.chunk(3, -1)
    to_bias = to_head - to_tail  # of |r_m| + b and of 1 - b
    is_low = bias < -r_mod.abs()  # there b is -|r_m|
    to_size = torch.where(is_low, to_head - to_bias, to_head)
    to_bias = torch.where(is_low | (bias > 1.0), 0.0, to_bias)
    to_relation = torch.cat([to_r_phase, to_size * r_mod.sign(), to_bias], -1)
    return torch.cat([to_known, to_phase], -1), to_relation
