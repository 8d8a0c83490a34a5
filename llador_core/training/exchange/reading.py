"""A checkpoint on the disk, in any of the formats that can be imported."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llador_core.errors import ConfigError, DataFormatError, MissingDataError
from llador_core.models.checkpoints import (
    Checkpoint,
    check_widths,
    from_published,
    model_named,
    table_of,
)
from llador_core.models.interactions import INTERACTIONS
from llador_core.models.pykeen_bridge import from_state, read_saved, relations_without_inverses
from llador_core.models.scorer import Floats
from llador_core.paths import checksum
from llador_core.registry import lookup
from llador_core.training.exchange.ids import find_table, read_ids

SETTINGS = "settings.json"  # beside what we export, for what the arrays do not tell
DGLKE_SETTINGS = "config.json"
MAX_MARGIN = 1000


@dataclass(frozen=True)
class Request:
    """What to read.

    Attributes
    ----------
    path : Path
        A folder, or the file with the weights.
    format : str
        A key of `FORMATS`.
    model : str or None
        As its authors call it; None where the files tell.
    margin : float or None
        Gamma of the distance models; None where the files tell or no rank depends on it.
    entity_ids, relation_ids : Path or None
        Which row is what; None looks beside the weights.
    """

    path: Path
    format: str
    model: str | None = None
    margin: float | None = None
    entity_ids: Path | None = None
    relation_ids: Path | None = None

    @property
    def folder(self) -> Path:
        return self.path if self.path.is_dir() else self.path.parent


def read_checkpoint(asked: Request) -> Checkpoint:
    """Return a checkpoint in our conventions.

    Raises
    ------
    UnknownNameError
        No such format or model.
    MissingDataError, DataFormatError, ConfigError
        A file is missing or damaged, or the model or its margin must be given; says which.
    """
    reader = lookup("format", FORMATS, asked.format)
    if not asked.path.exists():
        raise MissingDataError(f"There is nothing at {asked.path}; give a folder or a file.")
    return reader(asked)


def _read_pair(asked: Request, is_dglke: bool) -> Checkpoint:
    """Read a pair of .npy files, as LLaDR, DGL-KE and the RotatE code write them, or as we do."""
    files = _npy_pair(asked.path)
    own = {} if is_dglke else _json(asked.folder / SETTINGS)
    theirs = _json(asked.folder / DGLKE_SETTINGS) if not own else {}
    told = asked.model or own.get("model") or theirs.get("model")
    if not isinstance(told, str):
        raise ConfigError(f"Name the model with --model, one of {', '.join(INTERACTIONS)}.")
    if is_dglke and told.casefold() == "transe":
        if asked.model:
            raise ConfigError("DGL-KE has two of that name: give --model transe_l1 or transe_l2.")
        told = "transe_l2"  # what DGL-KE calls TransE in its own settings
    model, norm = model_named(told)
    margin = _margin(asked, own.get("margin", theirs.get("gamma")))
    if margin is None and model in ("rotate", "protate"):
        raise ConfigError(
            f"{INTERACTIONS[model].title} stores its angles in units of the margin: give the gamma "
            "it was trained with, for instance --margin 12."
        )
    entities = table_of(_load(files[0]), files[0].name)
    relations = table_of(_load(files[1]), files[1].name)
    if own:
        check_widths(model, entities, relations)
        parts: dict[str, Any] = {
            "entities": entities,
            "relations": relations,
            "constants": _constants(own.get("constants", {})),
        }
    else:
        parts = from_published(model, entities, relations, margin or 0.0)
    if norm:
        parts["constants"]["norm"] = np.asarray(float(norm), np.float32)
    return _checkpoint(asked, model, margin, parts, files)


def _read_dglke(asked: Request) -> Checkpoint:
    return _read_pair(asked, is_dglke=True)


def _read_llador(asked: Request) -> Checkpoint:
    return _read_pair(asked, is_dglke=False)


def _read_tensors(asked: Request) -> Checkpoint:
    """Read a .safetensors file: ours, one with `entities` and `relations`, or a PyKEEN state."""
    from safetensors import SafetensorError, safe_open

    path = _one(asked.path, "*.safetensors")
    try:
        with safe_open(path, framework="numpy") as file:
            names: list[str] = list(file.keys())
            metadata: dict[str, str] = file.metadata() or {}
            model = asked.model or metadata.get("model")
            if model is None:
                raise ConfigError(f"Name the model with --model, one of {', '.join(INTERACTIONS)}.")
            if any(name.startswith(("entity_rep", "entity_emb")) for name in names):
                return _pykeen(asked, from_state(names, file.get_tensor, model), path)
            lacking = [name for name in ("entities", "relations") if name not in names]
            if lacking:
                raise DataFormatError(
                    f"{path.name} has no tensor '{lacking[0]}'; it holds {', '.join(names[:6])}."
                )
            ours, norm = model_named(model)
            entities = table_of(file.get_tensor("entities"), "The tensor `entities`")
            relations = table_of(file.get_tensor("relations"), "The tensor `relations`")
            constants = {
                name.removeprefix("constants."): np.asarray(file.get_tensor(name), np.float32)
                for name in names
                if name.startswith("constants.")
            }
    except (SafetensorError, OSError, TypeError) as error:
        raise DataFormatError(f"{path.name} cannot be read as safetensors ({error}).") from error
    check_widths(ours, entities, relations)
    if norm:
        constants["norm"] = np.asarray(float(norm), np.float32)
    parts = {"entities": entities, "relations": relations, "constants": constants}
    return _checkpoint(asked, ours, _margin(asked, metadata.get("margin")), parts, (path,))


def _read_pykeen(asked: Request) -> Checkpoint:
    """Read what PyKEEN's `save_to_directory` or `torch.save` wrote, or its state as safetensors."""
    if (
        asked.path.is_dir()
        and not any(asked.path.glob("*.pkl"))
        and not any(asked.path.glob("*.pt"))
    ):
        return _read_tensors(asked)
    if asked.path.suffix == ".safetensors":
        return _read_tensors(asked)
    path = asked.path
    if path.is_dir():
        path = _one(path, "*.pkl" if any(path.glob("*.pkl")) else "*.pt")
    return _pykeen(asked, read_saved(path, asked.model), path)


FORMATS: Mapping[str, Callable[[Request], Checkpoint]] = MappingProxyType(
    {
        "llador-npy": _read_llador,
        "dglke-npy": _read_dglke,
        "pykeen": _read_pykeen,
        "safetensors": _read_tensors,
    }
)


def _pykeen(asked: Request, parts: dict[str, Any], path: Path) -> Checkpoint:
    table = find_table(asked.folder, "relation", asked.relation_ids)
    ids = dict(enumerate(read_ids(table)))
    parts["relations"], _ = relations_without_inverses(parts["relations"], ids)
    return _checkpoint(asked, parts["model"], asked.margin, parts, (path,))


def _checkpoint(
    asked: Request, model: str, margin: float | None, parts: dict[str, Any], files: tuple[Path, ...]
) -> Checkpoint:
    """Return the checkpoint with its ids, checked to be as many as there are rows."""
    tables = {
        "entity": find_table(asked.folder, "entity", asked.entity_ids),
        "relation": find_table(asked.folder, "relation", asked.relation_ids),
    }
    ids = {kind: read_ids(table) for kind, table in tables.items()}
    for kind, rows in (("entity", parts["entities"]), ("relation", parts["relations"])):
        if len(ids[kind]) != len(rows):
            raise DataFormatError(
                f"{tables[kind].name} names {len(ids[kind]):,} rows, but the {kind} vectors are "
                f"{len(rows):,}; they do not belong together."
            )
    source = {
        "format": asked.format,
        "files": [file.name for file in files],
        "sha256": checksum(*files),
        "notes": list(parts.get("notes", [])),
    }
    is_distance = INTERACTIONS[model].is_distance
    return Checkpoint(
        model=model,
        entities=parts["entities"],
        relations=parts["relations"],
        entity_ids=ids["entity"],
        relation_ids=ids["relation"],
        margin=(margin or 0.0) if is_distance else 0.0,
        constants=parts["constants"],
        source=source,
    )


def _npy_pair(path: Path) -> tuple[Path, Path]:
    """Return the files of entities and relations in a folder, or one named and its pair."""
    if path.is_dir():
        return _one(path, "*entity*.npy"), _one(path, "*relation*.npy")
    if path.suffix == ".npy" and "relation" in path.name:
        path = path.with_name(path.name.replace("relation", "entity"))
    pair = path.with_name(path.name.replace("entity", "relation"))
    if path.suffix != ".npy" or pair == path or not path.is_file() or not pair.is_file():
        raise MissingDataError(
            f"Expected a pair such as X_entity.npy and X_relation.npy at {path}, or their folder."
        )
    return path, pair


def _one(path: Path, pattern: str) -> Path:
    if path.is_file():
        return path
    found = sorted(path.glob(pattern))
    if len(found) == 1:
        return found[0]
    if not found:
        raise MissingDataError(f"There is no {pattern} in {path}.")
    names = ", ".join(file.name for file in found[:4])
    raise ConfigError(f"{path} holds several {pattern}: {names}. Give the path of one of them.")


def _load(path: Path) -> NDArray[Any]:
    """Return an array of a .npy file, never un-pickling. Raises DataFormatError."""
    try:
        _check_length(path)
        found = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError, SyntaxError, MemoryError, OverflowError) as error:
        raise DataFormatError(
            f"{path.name} is no array of numbers ({error}). It must be what numpy.save writes of a "
            "plain array; nothing is ever un-pickled here."
        ) from error
    if not isinstance(found, np.ndarray):
        raise DataFormatError(f"{path.name} is an archive of arrays, expected a single one (.npy).")
    return found


def _check_length(path: Path) -> None:
    """Raise ValueError unless a .npy file holds as many numbers as its header announces."""
    with path.open("rb") as file:
        version = np.lib.format.read_magic(file)
        headers = {(1, 0): np.lib.format.read_array_header_1_0}
        shape, _, kind = headers.get(version, np.lib.format.read_array_header_2_0)(file)
        announced, there = prod(shape) * kind.itemsize, path.stat().st_size - file.tell()
    if not kind.hasobject and announced != there:
        raise ValueError(f"its header announces {announced:,} bytes of numbers, it holds {there:,}")


def _json(path: Path) -> dict[str, Any]:
    """Return the settings beside the weights, empty where there are none."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise DataFormatError(f"{path.name} cannot be read as JSON ({error}).") from error
    return content if isinstance(content, dict) else {}


def _constants(told: Any) -> dict[str, Floats]:
    try:
        return {str(name): np.asarray(value, np.float32) for name, value in dict(told).items()}
    except (TypeError, ValueError) as error:
        raise DataFormatError(f"{SETTINGS}: the constants are no numbers ({error}).") from error


def _margin(asked: Request, told: Any) -> float | None:
    """Return gamma as asked for, else as told by the settings beside the weights; None without."""
    if asked.margin is None and told is None:
        return None
    try:
        margin = float(told if asked.margin is None else asked.margin)
    except (TypeError, ValueError):
        margin = -1.0
    if not 0 <= margin <= MAX_MARGIN:
        found = str(told if asked.margin is None else asked.margin)[:40]
        raise ConfigError(f"The margin must be a number from 0 to {MAX_MARGIN}, found {found}.")
    return margin
