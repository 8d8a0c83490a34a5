"""The state of an interrupted run: everything needed to go on as if nothing had happened."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from llador_core.errors import DataFormatError
from llador_core.paths import write_atomically

FILE = "checkpoint.safetensors"


@dataclass
class Progress:
    """Where training stands.

    Attributes
    ----------
    step : int
        Steps done.
    best_step, best_metric : int, float
        Of the best validation so far.
    n_stale : int
        Validations since then.
    loss : float
        Mean over the steps since the last report; not a number before the first.
    valid_mrr : float
        Of the last validation.
    seconds : float
        Of training, sittings before a resume included.
    """

    step: int = 0
    best_step: int = 0
    best_metric: float = -1.0
    n_stale: int = 0
    loss: float = float("nan")
    valid_mrr: float = float("nan")
    seconds: float = 0.0


def save_checkpoint(
    folder: Path,
    progress: Progress,
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    tensors: dict[str, Tensor],
) -> None:
    """Write the state of training to `folder`, whole or not at all.

    Parameters
    ----------
    tensors : dict of str to Tensor
        Further state: the generator's, the order of the epoch, the best weights.
    """
    from safetensors.torch import save

    state = {f"model/{name}": value for name, value in model.state_dict().items()}
    for i, moments in optimizer.state_dict()["state"].items():
        state |= {f"optimizer/{i}/{name}": torch.as_tensor(v) for name, v in moments.items()}
    state |= {f"other/{name}": value for name, value in tensors.items()}
    contiguous = {name: value.detach().cpu().contiguous().clone() for name, value in state.items()}
    metadata = {"progress": json.dumps(vars(progress))}
    write_atomically(folder / FILE, save(contiguous, metadata))


def load_checkpoint(
    folder: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer
) -> tuple[Progress, dict[str, Tensor]] | None:
    """Restore model and optimizer in place; return progress and tensors, None without checkpoint.

    Raises
    ------
    DataFormatError
        The file is damaged or belongs to other settings.
    """
    from safetensors import SafetensorError, safe_open

    path = folder / FILE
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            metadata: dict[str, str] = file.metadata()
            state: dict[str, Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        progress = Progress(**json.loads(metadata["progress"]))
        model.load_state_dict(_under(state, "model/"))
        _restore_optimizer(optimizer, _under(state, "optimizer/"))
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise DataFormatError(
            f"{path.name} in {folder.name} is damaged or belongs to other settings. Delete the "
            "folder and train again."
        ) from error
    return progress, _under(state, "other/")


def _under(state: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}


def _restore_optimizer(optimizer: torch.optim.Optimizer, state: dict[str, Tensor]) -> None:
    moments: dict[int, dict[str, Any]] = {}
    for key, value in state.items():
        i, name = key.split("/")
        moments.setdefault(int(i), {})[name] = value
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": moments, "param_groups": groups})
