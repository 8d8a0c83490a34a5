"""From text vectors to anchors: one row of the model's width per entity.

References
----------
LLaDR, section "prior": name vector beside description vector, each cut to half the model's width
(`slice`). Deviations: the description vector is the mean of the vectors of its fields; `pca` and
`blend` keep the directions in which the texts differ most instead of the first coordinates. `pca`
sets the fields side by side, so that a drug's treatment is only ever compared with a disease's
treatment; `blend` adds them up first, so that it also meets the disease's name and mechanism.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from llador_core.errors import ConfigError
from llador_core.graph import Bools
from llador_core.priors.texts import TEXT_FIELDS, TextField
from llador_core.priors.vectors import FIELDS, Field, FieldVectors
from llador_core.registry import lookup

Reduce = Literal["slice", "pca", "blend"]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PriorSpec:
    """A prior that a model can be anchored to.

    Attributes
    ----------
    name : str
    words : str
        For the reader.
    fields : tuple of Field
        The texts whose vectors count; empty for `none`.
    control : "shuffled", "random" or None
        How the anchors are spoiled on purpose; None for a prior proper.
    """

    name: str
    words: str
    fields: tuple[Field, ...]
    control: Literal["shuffled", "random"] | None = None

    @property
    def text_fields(self) -> tuple[TextField, ...]:
        """The LLM's texts that reach the model through this prior; none for the controls."""
        return tuple(f for f in TEXT_FIELDS if f in self.fields and self.control is None)


PRIORS: Mapping[str, PriorSpec] = MappingProxyType(
    {
        spec.name: spec
        for spec in (
            PriorSpec("none", "No text: the plain graph model.", ()),
            PriorSpec("full", "Name and everything the LLM wrote.", FIELDS),
            PriorSpec(
                "mechanism",
                "Name and mechanism only, so that the indication is not given away.",
                ("name", "background"),
            ),
            PriorSpec("caution", "Name and cautions only.", ("name", "caution")),
            PriorSpec("treatment", "Name and place in therapy only.", ("name", "treatment")),
            PriorSpec(
                "no-indication",
                "Name, mechanism and cautions: no text that names an indication.",
                ("name", "background", "caution"),
            ),
            PriorSpec("name", "Name only.", ("name",)),
            PriorSpec("shuffled", "Control: texts dealt to other entities.", FIELDS, "shuffled"),
            PriorSpec("random", "Control: random vectors in place of text.", FIELDS, "random"),
        )
    }
)


@dataclass(frozen=True, eq=False)
class Anchors:
    """What entities are tied to.

    Attributes
    ----------
    matrix : float32 array of shape (n_entities, dim)
        Zeros where `has` is False.
    has : bool array of shape (n_entities,)
        The entity has at least one text of the prior.
    """

    matrix: NDArray[np.float32]
    has: Bools


def make_anchors(
    vectors: FieldVectors, prior: str, dim: int, reduce: Reduce = "blend", seed: int = 0
) -> Anchors | None:
    """Return the anchors of a prior, or None for the prior `none`.

    Parameters
    ----------
    vectors : FieldVectors
    prior : str
        A key of `PRIORS`.
    dim : int
        Width of an anchor, at least 1.
    reduce : "slice", "pca" or "blend"
        `slice`: the first half of the coordinates from the name, the second from the description;
        for the prior `name`, all from the name. `pca`: principal components of the fields side by
        side, a missing field counting as the mean of that field, rows scaled to unit length.
        `blend`: the same of the sum of the fields.
    seed : int
        Of the controls `shuffled` and `random`; the other priors do not depend on it.

    Raises
    ------
    UnknownNameError
        No such prior.
    ConfigError
        `dim` is odd with `slice`, or larger than what the text vectors offer.
    """
    spec = lookup("prior", PRIORS, prior)
    if not spec.fields:
        return None
    if dim < 1:
        raise ConfigError(f"An anchor needs at least 1 coordinate, not dim={dim}.")
    has = np.logical_or.reduce([vectors.has[field] for field in spec.fields])
    generator = np.random.default_rng(seed)
    if spec.control == "random":
        matrix = _unit_rows(generator.standard_normal((len(has), dim)))
    elif reduce == "slice":
        matrix = _slice(vectors, spec.fields, dim)
    else:
        blocks = _centred_fields(vectors, spec.fields)
        wide = np.hstack(blocks) if reduce == "pca" else _unit_rows(np.sum(blocks, axis=0))
        matrix = _principal_components(wide, dim, has)
    if spec.control == "shuffled":
        order = generator.permutation(len(has))
        matrix, has = matrix[order], has[order]
    return Anchors(np.where(has[:, None], matrix, 0).astype(np.float32), has)


def _slice(vectors: FieldVectors, fields: tuple[Field, ...], dim: int) -> Floats:
    described = tuple(field for field in fields if field != "name")
    if not described:
        _check_dim(dim, vectors.width, "the name vector has")
        return vectors.vectors["name"][:, :dim].astype(np.float64)
    if dim % 2:
        raise ConfigError(
            f"dim={dim} is odd, but 'slice' takes half of the coordinates from the name and half "
            f"from the description. Use dim={dim + 1} or reduce='pca'."
        )
    _check_dim(dim, 2 * vectors.width, "name and description vector together have")
    # Fields an entity lacks are zero rows, so the sum points where the mean of the others does.
    description = _unit_rows(np.sum([vectors.vectors[field] for field in described], axis=0))
    return np.hstack([vectors.vectors["name"][:, : dim // 2], description[:, : dim // 2]])


def _centred_fields(vectors: FieldVectors, fields: tuple[Field, ...]) -> list[Floats]:
    """Return each field minus its mean, zero (the field's mean) where an entity lacks it."""
    blocks = []
    for field in fields:
        block, present = vectors.vectors[field].astype(np.float64), vectors.has[field]
        if present.any():
            blocks.append(np.where(present[:, None], block - block[present].mean(axis=0), 0))
    return blocks or [np.zeros((vectors.n_entities, vectors.width))]


def _principal_components(wide: Floats, dim: int, has: Bools) -> Floats:
    wide = wide - wide[has].mean(axis=0) if has.any() else wide
    n_texts = int(has.sum())
    _check_dim(
        dim, min(max(n_texts - 1, 0), wide.shape[1]), f"the texts of {n_texts} entities span"
    )
    with threadpool_limits(1, user_api="blas"):  # sums depend on how many threads share them
        _, directions = np.linalg.eigh(wide.T @ wide)  # ascending
        axes = directions[:, ::-1][:, :dim]
        # An eigenvector is known up to its sign: the largest loading is made positive.
        largest = axes[np.abs(axes).argmax(axis=0), np.arange(dim)]
        return _unit_rows(wide @ (axes * np.sign(largest)))


def _check_dim(dim: int, offered: int, reason: str) -> None:
    if dim > offered:
        raise ConfigError(
            f"dim={dim} is more than the text vectors offer: {reason} {offered} coordinates. "
            f"Use dim={offered} or less, or the prior 'none'."
        )


def _unit_rows(rows: Floats) -> Floats:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(length > 0, length, 1), dtype=np.float64)
