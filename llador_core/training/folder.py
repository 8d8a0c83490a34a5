"""The name of a run folder, and reading its files: whole, checked, and never un-pickled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from llador_core.errors import DataFormatError, MissingDataError
from llador_core.graph import Graph
from llador_core.models.scorer import Floats
from llador_core.training.config import TrainConfig

FORMAT = 1


def run_name(graph: Graph, config: TrainConfig) -> str:
    """Return `<dataset>-<model>-<prior>-<fingerprint>`."""
    return f"{graph.name}-{config.model}-{config.prior}-{config.fingerprint(graph.checksum)}"


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file. Raises MissingDataError or DataFormatError."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise MissingDataError(f"{path.name} is missing. Train the run again.") from None
    except (OSError, ValueError, RecursionError) as error:
        raise DataFormatError(f"{path.name} cannot be read ({error}). Train it again.") from error
    if not isinstance(content, dict):
        raise DataFormatError(f"{path.name} must hold a JSON object. Train the run again.")
    return content


def check_format(name: str, record: Mapping[str, Any]) -> None:
    """Raise DataFormatError unless run.json is complete and of a format this version reads."""
    version = record.get("format")
    if not isinstance(version, int) or "graph_checksum" not in record:
        raise DataFormatError("run.json lacks its format version or graph checksum.")
    if version > FORMAT:
        raise DataFormatError(
            f"run.json of '{name}' has format {version}; this version of LLaDoR reads up to "
            f"{FORMAT}. Update LLaDoR."
        )


def read_weights(folder: Path) -> dict[str, Floats]:
    """Return the arrays of weights.safetensors as float32. Raises DataFormatError if damaged."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        weights = load_file(folder / "weights.safetensors")
    except (SafetensorError, OSError) as error:
        raise DataFormatError(
            f"weights.safetensors of run '{folder.name}' is damaged ({error}). Train it again."
        ) from error
    return {name: np.ascontiguousarray(value, np.float32) for name, value in weights.items()}


def count_rows(table: Path) -> int:
    """Return the rows of a table below its header. Raises DataFormatError if unreadable."""
    try:
        # not splitlines(), which also splits at characters that a name may hold, such as U+2028
        return table.read_text("utf-8").count("\n") - 1
    except (OSError, UnicodeDecodeError) as error:
        raise DataFormatError(f"{table.name} cannot be read ({error}). Train it again.") from error
