"""The state of an interrupted run: everything needed to go on as if nothing had happened.

A `Progress` is also a line of progress.jsonl, which pages draw while a run is training. The keys:

    step, steps         steps done, steps at most
    loss                mean over the steps since the last line
    valid_mrr, metrics  of the last validation; `metrics` by name, e.g. {"MRR": .., "Hits@10": ..}
    is_validated        the line follows a validation; else it only tells how far training is
    best_step, best_metric, n_stale
                        the best validation so far, and clearly worse ones since then
    seconds             of training, sittings before a resume included
    triples_per_s       since the last line
    eta_s               seconds to the last step at that speed
    device_memory_mb    of the GPU, at its peak; 0 on a processor

A number that is not there yet is NaN. There is a line for each validation and one at least every
second or two, less often in a long run: the file stays below a few thousand lines.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, fields
from pathlib import Path
from threading import get_ident
from types import TracebackType

import torch
from torch import Tensor

from llador_core.errors import DataFormatError
from llador_core.paths import storage_errors

FILE, BEST_FILE = "checkpoint.safetensors", "best.safetensors"


@dataclass
class Progress:
    """Where training stands; see above."""

    step: int = 0
    best_step: int = 0
    best_metric: float = -1.0
    n_stale: int = 0
    loss: float = float("nan")
    valid_mrr: float = float("nan")
    seconds: float = 0.0
    steps: int = 0
    metrics: dict[str, float] = field(default_factory=dict)
    is_validated: bool = False
    triples_per_s: float = float("nan")
    eta_s: float = float("nan")
    device_memory_mb: float = 0.0


class Writer:
    """Writes tensors in the background, each file whole or not at all, in the order asked for.

    Use it as a context: leaving it waits for the last file.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")
        self._last: Future[None] | None = None

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(wait=True)
        if error is None:
            self.wait()

    def write(self, path: Path, tensors: Mapping[str, Tensor], metadata: dict[str, str]) -> None:
        """Copy the tensors as they are now, and write them while training goes on.

        Raises
        ------
        StorageError
            The file before this one could not be written.
        """
        self.wait()  # one copy at a time
        copies = {name: value.detach().to("cpu", copy=True) for name, value in tensors.items()}
        copies = {name: value.contiguous() for name, value in copies.items()}
        self._last = self._pool.submit(_write, path, copies, metadata)

    def wait(self) -> None:
        """Return once all is written. Raises StorageError where something could not be."""
        last, self._last = self._last, None
        if last is not None:
            last.result()


def _write(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    temporary = path.with_name(f".{path.name}.{os.getpid()}-{get_ident()}.tmp")
    try:
        with storage_errors(path):
            try:
                save_file(tensors, temporary, metadata)
            except SafetensorError as error:
                raise _as_os_error(error) from error
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _as_os_error(error: Exception) -> Exception:
    """Return the system's refusal that the text of `error` tells of, else `error` itself."""
    number = re.search(r"os error (\d+)", str(error))
    return error if number is None else OSError(int(number[1]), os.strerror(int(number[1])))


def read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]] | None:
    """Return the tensors and metadata of a file that `Writer` wrote, None without one.

    Raises
    ------
    DataFormatError
        The file is damaged.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            metadata: dict[str, str] = file.metadata() or {}
            return {name: file.get_tensor(name) for name in file.keys()}, metadata  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise damaged(path) from error


def damaged(path: Path) -> DataFormatError:
    """Return the error for a checkpoint that cannot be gone on from."""
    return DataFormatError(
        f"{path.name} in {path.parent.name} is damaged or belongs to other settings. Delete the "
        "folder and train again."
    )


def progress_from(metadata: Mapping[str, str]) -> Progress:
    """Return the progress in a checkpoint's metadata. Raises KeyError, TypeError or ValueError."""
    known = {field.name for field in fields(Progress)}
    values = json.loads(metadata["progress"])
    return Progress(**{name: value for name, value in values.items() if name in known})


def copy_into(targets: Mapping[str, Tensor], values: Mapping[str, Tensor]) -> None:
    """Copy tensors of the same names and shapes in place. Raises KeyError or ValueError."""
    if set(targets) != set(values):
        raise KeyError(f"{sorted(set(targets) ^ set(values))}")
    with torch.no_grad():
        for name, target in targets.items():
            if target.shape != values[name].shape:
                raise ValueError(f"{name} has shape {values[name].shape}, not {target.shape}")
            target.copy_(values[name])
