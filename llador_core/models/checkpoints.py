"""A checkpoint of a model trained elsewhere, brought to our conventions: arrays and their ids.

References
----------
DGL-KE (Zheng et al., SIGIR 2020) and the published RotatE code: halves re | im; relation angles are
stored as r * (gamma + 2) / width / pi; their pRotatE takes the sine of the whole angle where ours
takes half of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llador_core.errors import DataFormatError, UnknownNameError, nearest_names
from llador_core.models.interactions import INTERACTIONS
from llador_core.models.scorer import Floats

RANGE_MARGIN = 2.0  # what DGL-KE and the RotatE code add to gamma for the range of start values

# What others call the models: our name, and the norm of the distance where it is not the sum.
_ALIASES: Mapping[str, tuple[str, int | None]] = MappingProxyType(
    {
        "transe_l1": ("transe", None),
        "transe_l2": ("transe", 2),
        **{name: (name, None) for name in INTERACTIONS},
    }
)


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A trained model of somebody else's, as arrays in our conventions.

    Attributes
    ----------
    model : str
        A name in `INTERACTIONS`.
    entities : float32 array of shape (n_rows, dim)
    relations : float32 array of shape (n_relation_rows, relation_width)
    entity_ids, relation_ids : tuple of str
        What each row is.
    margin : float
        Added to every score of a distance model; no rank depends on it.
    constants : mapping of str to float32 array
    source : mapping
        Where it comes from and how it was read: format, files, notes.
    """

    model: str
    entities: Floats
    relations: Floats
    entity_ids: tuple[str, ...]
    relation_ids: tuple[str, ...]
    margin: float = 0.0
    constants: Mapping[str, Floats] = field(default_factory=dict)
    source: Mapping[str, Any] = field(default_factory=dict)


def model_named(name: str) -> tuple[str, int | None]:
    """Return our name of a model and the norm of its distance: 'TransE_l2' is ('transe', 2).

    Raises
    ------
    UnknownNameError
        No model here scores as that one does.
    """
    key = name.strip().casefold().replace("-", "_")
    if key in _ALIASES:
        return _ALIASES[key]
    remedy = "Models of another kind cannot be imported."
    raise UnknownNameError("model", name, nearest_names(key, _ALIASES), remedy)


def table_of(values: NDArray[Any], what: str) -> Floats:
    """Return a table of embeddings as float32, shape (n_rows, width).

    Raises
    ------
    DataFormatError
        It has another number of axes, no row, is not of real numbers, or holds NaN or infinity.
    """
    if values.ndim != 2 or 0 in values.shape:
        raise DataFormatError(
            f"{what} has shape {values.shape}; expected two axes, a row for each id and a column "
            "for each dimension."
        )
    if values.dtype.kind not in "fiu":
        raise DataFormatError(
            f"{what} holds {values.dtype}, expected real numbers such as float32."
        )
    table = np.ascontiguousarray(values, np.float32)
    n_bad = int((~np.isfinite(table)).any(axis=1).sum())
    if n_bad:
        raise DataFormatError(
            f"{what} holds NaN or infinity in {n_bad:,} of {len(table):,} rows: training diverged "
            "or the file is damaged. Take an earlier checkpoint."
        )
    return table


def from_published(
    model: str, entities: Floats, relations: Floats, margin: float
) -> dict[str, Any]:
    """Return entities, relations and constants of arrays as DGL-KE and the RotatE code store them.

    Parameters
    ----------
    model : str
        A name in `INTERACTIONS`.
    margin : float
        Their gamma, from which the range of the angles follows.

    Raises
    ------
    DataFormatError
        The widths do not fit the model, or it needs numbers that the pair of files does not hold.
    """
    check_widths(model, entities, relations)
    constants: dict[str, Floats] = {}
    if model == "hake":
        raise DataFormatError(
            "HAKE needs the learned weights of its two parts, which a pair of .npy files does not "
            "hold. Import it as safetensors, with the tensor `constants.weights`."
        )
    if model in ("rotate", "protate"):
        # in float64: their range is a small number, and what is divided by it is an angle
        scale = (margin + RANGE_MARGIN) / relations.shape[1] / math.pi
        relations = np.asarray(relations.astype(np.float64) / scale, np.float32)
    if model == "protate":
        dim = entities.shape[1]
        relations = 2 * relations
        own = math.pi * math.sqrt(dim / 3.0)  # see `to_score_space`
        entities = np.asarray(2 * entities.astype(np.float64) / scale / own, np.float32)
        constants["modulus"] = np.float32(1.0)  # type: ignore[assignment]  # orders are the same
    return {"entities": entities, "relations": relations, "constants": constants}


def to_published(model: str, relations: Floats, margin: float) -> Floats:
    """Return relations as DGL-KE stores them, the inverse of `from_published`."""
    if model != "rotate":
        return relations
    scale = (margin + RANGE_MARGIN) / relations.shape[1] / math.pi
    return np.asarray(relations.astype(np.float64) * scale, np.float32)


def check_widths(model: str, entities: Floats, relations: Floats) -> None:
    """Raise DataFormatError unless relation rows are as wide as the model asks."""
    spec = INTERACTIONS[model]
    dim, width = entities.shape[1], relations.shape[1]
    if spec.needs_even_dim and dim % 2:
        raise DataFormatError(f"{spec.title} needs entity rows of even width, found {dim}.")
    expected = spec.relation_width(dim)
    if width != expected:
        raise DataFormatError(
            f"The entities have {dim} numbers, so {spec.title} needs relations of {expected}, "
            f"found {width}. Check --model: these weights belong to another one."
        )
