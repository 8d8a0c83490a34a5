"""PyKEEN's saved models in our conventions.

References
----------
PyKEEN 1.11 (Ali et al., JMLR 2021). It stores complex numbers as pairs (re, im) where we keep
halves; relations of RotatE are unit complex numbers; its RotatE takes the L2 norm over the moduli,
where Sun et al. take their sum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llador_core.errors import DataFormatError
from llador_core.models.checkpoints import check_widths, model_named, table_of
from llador_core.models.interactions import INTERACTIONS
from llador_core.models.scorer import Floats
from llador_core.models.torch_file import TorchFile, open_file, parts_of, state_of

SAFE_EXPORT = (
    "Export it where it was trained and import that, with these two lines: "
    "`import torch, safetensors.torch` and `safetensors.torch.save_file("
    "torch.load('trained_model.pkl', weights_only=False).state_dict(), 'model.safetensors')`."
)
MODELS = ("transe", "distmult", "complex", "rotate")
UNIT_TOLERANCE = 1e-2
# Names by version: 1.9 and later, 1.5 to 1.8, before.
_PARTS = ("_embeddings.weight", "_embedding.weight", "weight")
_NORMS = {"transe": 1, "rotate": 2}  # what PyKEEN takes where nothing is set

Read = Callable[[str], NDArray[Any]]


def read_saved(path: Path, model: str | None) -> dict[str, Any]:
    """Return what a `trained_model.pkl` or a saved state dictionary holds, as `from_state` does.

    Nothing in the file is run: its pickle is read as text, see `opcodes`.

    Parameters
    ----------
    path : Path
    model : str or None
        None takes the class of the saved model; a state dictionary does not tell it.

    Raises
    ------
    DataFormatError
        The file is damaged, is not of `torch.save`, or holds something else; with the two lines
        that export it safely.
    """
    try:
        file = open_file(path)
        if file.made_by and not file.made_by.startswith("pykeen."):
            raise DataFormatError(f"{path.name} holds a {file.made_by}, no model of PyKEEN's.")
        name = model or _class_of(file)
        return from_state(file.tensors, file.read, name, _norm_of(file))
    except DataFormatError as error:
        raise DataFormatError(f"{error} {SAFE_EXPORT}") from error


def from_state(
    names: Iterable[str], read: Read, model: str, norm: float | None = None
) -> dict[str, Any]:
    """Return model, entities, relations, constants and notes of a PyKEEN state dictionary.

    Parameters
    ----------
    names : iterable of str
        The tensors there are.
    read : callable
        From a name to its numbers.
    model : str
    norm : float or None
        Of the distance, where the file tells; None takes PyKEEN's default.

    Raises
    ------
    UnknownNameError, DataFormatError
    """
    ours, given = model_named(model)
    if ours not in MODELS:
        title = INTERACTIONS[ours].title
        raise DataFormatError(f"{title} is laid out differently in PyKEEN and cannot be imported.")
    present = set(names)
    tables = {end: read(_table_name(present, end)) for end in ("entity", "relation")}
    notes: list[str] = []
    entities, relations = _plain(ours, tables["entity"]), _plain(ours, tables["relation"])
    if ours == "rotate":
        relations = _angles(relations)
    check_widths(ours, entities, relations)
    constants: dict[str, Floats] = {}
    chosen = given or norm or _NORMS.get(ours)
    if chosen == 2:
        constants["norm"] = np.asarray(2.0, np.float32)
        if ours == "rotate":
            notes.append(
                "PyKEEN's RotatE takes the L2 norm over the moduli, ours their sum; the imported "
                "run ranks by PyKEEN's."
            )
    elif chosen not in (None, 1):
        raise DataFormatError(f"A distance with the norm {chosen:g} has no counterpart here.")
    return {
        "model": ours,
        "entities": entities,
        "relations": relations,
        "constants": constants,
        "notes": notes,
    }


def _table_name(names: set[str], end: str) -> str:
    starts = (f"{end}_representations.0.", f"{end}_embeddings.")
    found = [start + part for start in starts for part in _PARTS if start + part in names]
    if any(name.startswith(f"{end}_representations.1.") for name in names):
        raise DataFormatError(
            f"The model has several {end} tables; only models with one can be read."
        )
    if not found:
        raise DataFormatError(
            f"There is no table of {end} vectors ('{starts[0]}{_PARTS[0]}'): this is no plain "
            "PyKEEN embedding model."
        )
    return found[0]


def _plain(model: str, values: NDArray[Any]) -> Floats:
    """Return a table of reals: complex numbers as re | im halves."""
    if values.dtype.kind == "c":
        values = np.concatenate([values.real, values.imag], axis=-1)
        return table_of(values, "The table of embeddings")
    if model in ("complex", "rotate") and values.ndim == 3 and values.shape[-1] == 2:
        values = values.reshape(len(values), -1)
    table = table_of(values, "The table of embeddings")
    if model in ("complex", "rotate"):
        table = np.concatenate([table[:, 0::2], table[:, 1::2]], axis=1)
    return np.ascontiguousarray(table)


def _angles(relations: Floats) -> Floats:
    """Return the angles in radians of relations given as unit complex numbers, re | im."""
    re, im = np.split(relations, 2, axis=1) if relations.shape[1] % 2 == 0 else (relations,) * 2
    furthest = float(np.abs(np.hypot(re, im) - 1).max())
    if furthest > UNIT_TOLERANCE:
        raise DataFormatError(
            f"RotatE's relations should be rotations (unit length), found {furthest:.2g} off."
        )
    return np.asarray(np.arctan2(im, re), np.float32)


def _class_of(file: TorchFile) -> str:
    name = file.made_by.rpartition(".")[2]
    if not name and not file.tensors:
        raise DataFormatError(f"{file.path.name} holds no model.")
    if not name:
        raise DataFormatError(
            f"{file.path.name} holds a state dictionary, which does not tell its model. Name it "
            "with --model."
        )
    return name


def _norm_of(file: TorchFile) -> float | None:
    """Return the norm that a whole saved model tells. Raises where it transforms its tables."""
    for end in ("entity", "relation"):
        group = file.module(f"{end}_representations")
        for part in parts_of(group):
            if state_of(part).get("normalizer") is not None:
                raise DataFormatError(
                    f"The model normalises its {end} vectors whenever it reads them, which no run "
                    "here does; export the normalised vectors."
                )
    p = state_of(file.module("interaction")).get("p")  # `power_norm` beside it keeps the order
    return float(p) if isinstance(p, int | float) and not isinstance(p, bool) else None


def relations_without_inverses(
    relations: Floats, ids: Mapping[int, str]
) -> tuple[Floats, tuple[str, ...]]:
    """Return the relation rows that have an id; PyKEEN puts each inverse after its relation.

    Raises
    ------
    DataFormatError
        There are neither as many rows as ids nor twice as many.
    """
    names = tuple(ids[i] for i in range(len(ids)) if i in ids)
    if len(relations) == 2 * len(names):
        return np.ascontiguousarray(relations[0::2]), names
    if len(relations) != len(names):
        raise DataFormatError(
            f"The model has {len(relations):,} relations for {len(names):,} ids in "
            "relation_to_id.tsv.gz; they do not belong together."
        )
    return relations, names
