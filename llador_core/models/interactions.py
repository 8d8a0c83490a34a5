"""The six score functions, as pure functions of arrays: higher is better.

Every function takes the last axis as the embedding and broadcasts the others, so one formula serves
a single triple, a batch and a batch against candidates. They run on NumPy arrays and on torch
tensors alike (only operators and methods both have are used), so what is trained is what is shown.

Entities are real rows of width `dim`. ComplEx and RotatE read a row as `dim / 2` complex numbers,
the first half real parts, the second half imaginary parts; HAKE reads it as `dim / 2` moduli and
`dim / 2` phases.

References
----------
TransE: Bordes et al., NIPS 2013. DistMult: Yang et al., ICLR 2015. ComplEx: Trouillon et al., ICML
2016. RotatE and pRotatE: Sun et al., ICLR 2019. HAKE: Zhang et al., AAAI 2020.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

Array = Any  # a NumPy array or a torch tensor; the functions never look which
Side = Literal["head", "tail"]

_TINY = 1e-12  # keeps the square root differentiable where a modulus is zero


def _cos(x: Array) -> Array:
    return np.cos(x) if isinstance(x, np.ndarray) else x.cos()


def _sin(x: Array) -> Array:
    return np.sin(x) if isinstance(x, np.ndarray) else x.sin()


def _split(x: Array, n_parts: int = 2) -> tuple[Array, ...]:
    width = x.shape[-1] // n_parts
    return tuple(x[..., i * width : (i + 1) * width] for i in range(n_parts))


def _join(x: Array, y: Array) -> Array:
    if isinstance(x, np.ndarray):
        return np.concatenate([x, y], -1)
    import torch

    return torch.cat([x, y], -1)


def transe(h: Array, r: Array, t: Array, norm: Array | None = None) -> Array:
    """Return -||h + r - t||_1, or with another norm.

    Parameters
    ----------
    h, r, t : arrays of shape (..., dim), broadcastable
    norm : scalar array or None
        1 or None for the sum of absolute values, 2 for the Euclidean length: of models trained
        elsewhere.

    Returns
    -------
    array of shape (...)
    """
    difference = h + r - t
    if is_euclidean(norm):
        return -(((difference * difference).sum(-1) + _TINY) ** 0.5)
    return -abs(difference).sum(-1)


def is_euclidean(norm: Array | None) -> bool:
    """Return whether a distance is a Euclidean length; without a norm it is a sum."""
    return norm is not None and float(norm) == 2


def distmult(h: Array, r: Array, t: Array) -> Array:
    """Return sum(h * r * t). Shapes as in `transe`."""
    return (h * r * t).sum(-1)


def complex_(h: Array, r: Array, t: Array) -> Array:
    """Return Re(sum(h * r * conj(t))), rows read as dim / 2 complex numbers. Shapes as `transe`."""
    return (complex_product(h, r) * t).sum(-1)


def complex_product(x: Array, y: Array, conjugate_y: bool = False) -> Array:
    """Return the product of rows read as complex numbers, in the same layout."""
    x_re, x_im = _split(x)
    y_re, y_im = _split(y)
    if conjugate_y:
        y_im = -y_im
    return _join(x_re * y_re - x_im * y_im, x_re * y_im + x_im * y_re)


def rotate(h: Array, r: Array, t: Array, norm: Array | None = None) -> Array:
    """Return -sum(|h o r - t|), the sum of complex moduli (not their L2 norm).

    Parameters
    ----------
    h, t : arrays of shape (..., dim)
    r : array of shape (..., dim / 2)
        Phases in radians.
    norm : scalar array or None
        Over the moduli, as in `transe`; PyKEEN takes 2.
    """
    h_re, h_im = _split(h)
    t_re, t_im = _split(t)
    cos, sin = _cos(r), _sin(r)
    re = h_re * cos - h_im * sin - t_re
    im = h_re * sin + h_im * cos - t_im
    squares = re * re + im * im
    if is_euclidean(norm):
        return -((squares.sum(-1) + _TINY) ** 0.5)
    return -((squares + _TINY) ** 0.5).sum(-1)


def protate(h: Array, r: Array, t: Array, modulus: Array) -> Array:
    """Return -modulus * sum(|sin((h + r - t) / 2)|).

    Parameters
    ----------
    h, r, t : arrays of shape (..., dim)
        Phases in radians.
    modulus : scalar array
        The learned constant C.
    """
    return -modulus * abs(_sin((h + r - t) * 0.5)).sum(-1)


def hake(h: Array, r: Array, t: Array, weights: Array) -> Array:
    """Return the negative weighted sum of a modulus part and a phase part.

    -(w_0 * ||h_m o (r_m + b) - t_m o (1 - b)||_2 + w_1 * sum(|sin((h_p + r_p - t_p) / 2)|))

    The mixture bias b is kept in [-|r_m|, 1], so that the modulus of a relation never turns over.

    Parameters
    ----------
    h, t : arrays of shape (..., dim)
        Moduli, then phases in radians.
    r : array of shape (..., 3 * dim / 2)
        Phases, moduli (their absolute value counts), biases.
    weights : array of shape (2,)
        Learned weights of the modulus part and the phase part.
    """
    h_mod, h_phase = _split(h)
    t_mod, t_phase = _split(t)
    r_phase, r_mod, bias = _split(r, 3)
    r_mod = abs(r_mod)
    bias = _at_most(bias, 1.0 + 0.0 * bias)
    bias = -_at_most(-bias, r_mod)
    difference = h_mod * (r_mod + bias) - t_mod * (1.0 - bias)
    modulus_part = ((difference * difference).sum(-1) + _TINY) ** 0.5
    phase_part = abs(_sin((h_phase + r_phase - t_phase) * 0.5)).sum(-1)
    return -(weights[0] * modulus_part + weights[1] * phase_part)


def _at_most(x: Array, limit: Array) -> Array:
    """Return min(x, limit) for both kinds of array."""
    return (x + limit - abs(x - limit)) * 0.5


def bilinear_query(model: str, known: Array, r: Array, side: Side) -> Array:
    """Return q with score = q . candidate, for the two bilinear models.

    Parameters
    ----------
    model : "distmult" or "complex"
    known : array of shape (..., dim)
        The entity that is given: the head where tails are ranked (side "tail"), else the tail.
    r : array of shape (..., dim)

    Returns
    -------
    array of shape (..., dim)
    """
    if model == "distmult":
        return known * r
    return complex_product(known, r, conjugate_y=side == "head")


def distance_query(model: str, known: Array, r: Array, side: Side) -> Array:
    """Return q with score = -distance(q - candidate), for TransE, RotatE and pRotatE.

    A rotation keeps moduli, so |h o r - t| = |h - t o conj(r)| and heads are asked for by turning
    the tail back.

    Parameters
    ----------
    model : "transe", "rotate" or "protate"
    known : array of shape (..., dim), angles in radians
    r : array of shape (..., relation_width)

    Returns
    -------
    array of shape (..., dim)
    """
    if side == "head":
        r = -r
    if model == "rotate":
        return complex_product(known, _join(_cos(r), _sin(r)))
    return known + r


def hake_query(known: Array, r: Array, side: Side) -> tuple[Array, Array, Array]:
    """Return moduli m, stretch w and angles a, so that HAKE measures a candidate (c, b) by them.

    Its modulus part is ||w o c - m||_2 and its phase part sum(|sin((b - a) / 2)|).

    Parameters
    ----------
    known : NumPy array of shape (..., dim)
        Moduli, then phases in radians.
    r : NumPy array of shape (..., 3 * dim / 2)

    Returns
    -------
    arrays of shape (..., dim / 2)
    """
    moduli, phases = _split(known)
    turn, r_moduli, bias = _split(r, 3)
    r_moduli = abs(r_moduli)
    bias = np.maximum(np.minimum(bias, 1.0), -r_moduli)
    of_head, of_tail = r_moduli + bias, 1.0 - bias
    if side == "tail":
        return moduli * of_head, of_tail, phases + turn
    return moduli * of_tail, of_head, phases - turn


def to_score_space(spec: Interaction, rows: Array) -> Array:
    """Return entity rows with their angle halves in radians.

    A row keeps all its numbers at the size of a unit-length text vector, so that mixing with an
    anchor compares like with like; angles are the rows times pi * sqrt(dim / 3), which spreads a
    uniform row of unit length over the whole circle.
    """
    dim = rows.shape[-1]
    factor = math.pi * math.sqrt(dim / 3.0)
    if spec.phase_halves == (0, 2):
        return rows * factor
    if spec.phase_halves == (1, 2):
        moduli, phases = _split(rows)
        return _join(moduli, phases * factor)
    return rows


@dataclass(frozen=True)
class Interaction:
    """What a model needs besides its formula.

    Attributes
    ----------
    name, title : str
        Key and the name as written in the literature.
    score : callable
        One of the functions above.
    relation_width : callable
        From `dim` to the number of reals of a relation.
    is_distance : bool
        Scores are negative distances, trained with a margin; else inner products.
    needs_even_dim : bool
    phase_halves : tuple of int
        First and last (exclusive) half of an entity row that holds angles; (0, 0) for none.
    constants : tuple of (name, shape)
        Learned numbers shared by all triples, passed to `score` by name.
    options : tuple of str
        Scalars that `score` takes but need not be given: "norm" of models trained elsewhere.
    """

    name: str
    title: str
    score: Callable[..., Array]
    relation_width: Callable[[int], int]
    is_distance: bool
    needs_even_dim: bool = False
    phase_halves: tuple[int, int] = (0, 0)
    constants: tuple[tuple[str, tuple[int, ...]], ...] = ()
    options: tuple[str, ...] = ()


def _whole(dim: int) -> int:
    return dim


def _half(dim: int) -> int:
    return dim // 2


def _three_halves(dim: int) -> int:
    return 3 * (dim // 2)


INTERACTIONS: Mapping[str, Interaction] = MappingProxyType(
    {
        "transe": Interaction("transe", "TransE", transe, _whole, True, options=("norm",)),
        "distmult": Interaction("distmult", "DistMult", distmult, _whole, False),
        "complex": Interaction("complex", "ComplEx", complex_, _whole, False, True),
        "rotate": Interaction("rotate", "RotatE", rotate, _half, True, True, options=("norm",)),
        "protate": Interaction(
            "protate",
            "pRotatE",
            protate,
            _whole,
            True,
            phase_halves=(0, 2),
            constants=(("modulus", ()),),
        ),
        "hake": Interaction(
            "hake",
            "HAKE",
            hake,
            _three_halves,
            True,
            True,
            phase_halves=(1, 2),
            constants=(("weights", (2,)),),
        ),
    }
)
