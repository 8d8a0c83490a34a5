"""A run written for others: arrays with tables of ids, in the formats that can be imported."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llador_core.errors import ConfigError
from llador_core.models.checkpoints import to_published
from llador_core.models.interactions import INTERACTIONS
from llador_core.models.scorer import Scorer
from llador_core.paths import make_folder, write_atomically
from llador_core.registry import lookup
from llador_core.training.exchange.reading import DGLKE_SETTINGS, SETTINGS
from llador_core.training.runs import Run

_DGLKE_NAMES = {
    "transe": "TransE_l1",
    "distmult": "DistMult",
    "complex": "ComplEx",
    "rotate": "RotatE",
}


def export_run(run: Run, folder: Path, format: str) -> list[Path]:
    """Write a run's weights and ids into `folder`, new or empty, and return the files.

    Raises
    ------
    UnknownNameError
        No such format.
    ConfigError
        The folder holds files, or the format has no such model.
    StorageError
        Nothing could be written.
    """
    write = lookup("format", WRITERS, format)
    files = write(run)  # first, so that nothing is left of a run that the format cannot hold
    tables = (("entities.tsv", "entities.tsv"), ("relations.tsv", "relations.tsv"))
    for name, source in tables:
        files[name] = _numbered(_labels(run.info.folder / source))
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"{folder} is there and not empty. Choose a new folder for the export.")
    make_folder(folder)
    for name, content in files.items():
        write_atomically(folder / name, content)
    return [folder / name for name in files]


def _write_dglke(run: Run) -> dict[str, bytes]:
    scorer, model = run.scorer, run.config.model
    if model not in _DGLKE_NAMES:
        title = INTERACTIONS[model].title
        raise ConfigError(f"DGL-KE has no {title}. Export this run as llador-npy or safetensors.")
    name, norm = _DGLKE_NAMES[model], _norm(scorer)
    if norm == 2:
        if model != "transe":
            raise ConfigError(
                "This RotatE takes the L2 norm over its moduli, which DGL-KE's does not. Export it "
                "as llador-npy or safetensors."
            )
        name = "TransE_l2"
    relations = to_published(model, scorer.relations, run.config.margin)
    prefix = f"{run.info.graph}_{name}"
    is_complex = model in ("complex", "rotate")
    width = scorer.dim // 2 if is_complex else scorer.dim
    settings = {
        "dataset": run.info.graph,
        "model": name,
        "emb_size": width,
        "gamma": run.config.margin,
        "double_ent": is_complex,
        "double_rel": model == "complex",
        "exported_by": "LLaDoR",
        "run": run.name,
    }
    return {
        f"{prefix}_entity.npy": _npy(scorer.entities),
        f"{prefix}_relation.npy": _npy(relations),
        DGLKE_SETTINGS: _json(settings),
    }


def _write_llador(run: Run) -> dict[str, bytes]:
    scorer = run.scorer
    constants = {name: np.asarray(value).tolist() for name, value in scorer.constants.items()}
    return {
        f"{run.name}_entity.npy": _npy(scorer.entities),
        f"{run.name}_relation.npy": _npy(scorer.relations),
        SETTINGS: _json(_settings(run) | {"constants": constants}),
    }


def _write_tensors(run: Run) -> dict[str, bytes]:
    from safetensors.numpy import save

    scorer = run.scorer
    tensors = {"entities": scorer.entities, "relations": scorer.relations}
    tensors |= {f"constants.{name}": np.asarray(v) for name, v in scorer.constants.items()}
    whole = {name: np.ascontiguousarray(value, np.float32) for name, value in tensors.items()}
    metadata = {name: str(value) for name, value in _settings(run).items()}
    return {"model.safetensors": save(whole, metadata)}


WRITERS: Mapping[str, Callable[[Run], dict[str, bytes]]] = MappingProxyType(
    {"dglke-npy": _write_dglke, "llador-npy": _write_llador, "safetensors": _write_tensors}
)


def _settings(run: Run) -> dict[str, Any]:
    return {
        "format": "llador",
        "model": run.config.model,
        "margin": run.config.margin,
        "angles": "radians; entity rows of pRotatE and HAKE times pi * sqrt(dim / 3)",
        "graph": run.info.graph,
        "graph_checksum": run.graph_checksum,
        "run": run.name,
        "prior": run.config.prior,
    }


def _norm(scorer: Scorer) -> float:
    return float(scorer.constants.get("norm", np.float32(1)))


def _labels(table: Path) -> list[str]:
    """Return the first column of a run's table, below its header."""
    rows = table.read_text("utf-8").split("\n")[1:]
    return [row.split("\t")[0] for row in rows if row]


def _numbered(labels: Sequence[str]) -> bytes:
    """Return a table of id and row number without header, as the DRKG notebooks read it."""
    return "".join(f"{label}\t{row}\n" for row, label in enumerate(labels)).encode()


def _npy(values: NDArray[Any]) -> bytes:
    content = io.BytesIO()
    np.save(content, np.ascontiguousarray(values, np.float32), allow_pickle=False)
    return content.getvalue()


def _json(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, indent=1) + "\n").encode()
