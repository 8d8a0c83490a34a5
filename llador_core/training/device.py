"""Where a run is computed. It is no setting: the same run can go on elsewhere."""

from __future__ import annotations

import torch

from llador_core.errors import ConfigError, UnknownNameError, nearest_names

DEVICES = ("auto", "cpu", "cuda", "mps")


def pick_device(name: str = "auto") -> torch.device:
    """Return the device to train on.

    Parameters
    ----------
    name : "auto", "cpu", "cuda", "cuda:N" or "mps"
        "auto" takes an NVIDIA GPU where there is one, else Apple's, else the processor.

    Raises
    ------
    UnknownNameError
        No such device.
    ConfigError
        This machine does not have it.
    """
    kind, _, number = name.partition(":")
    if kind not in DEVICES or (number and not (kind == "cuda" and number.isdecimal())):
        raise UnknownNameError("device", name, nearest_names(name, DEVICES))
    has = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if kind == "auto":
        return torch.device(next(kind for kind in ("cuda", "mps", "cpu") if has[kind]))
    if not has[kind] or (number and int(number) >= torch.cuda.device_count()):
        words = {"cuda": "an NVIDIA GPU that PyTorch can use", "mps": "an Apple GPU"}[kind]
        raise ConfigError(
            f"--device {name} needs {words}, and this machine has none. Use --device cpu."
            if not has[kind]
            else f"--device {name} is not here: this machine has {torch.cuda.device_count()} "
            "NVIDIA GPUs, counted from 0."
        )
    return torch.device(name)


def device_words(device: torch.device) -> str:
    """Return a device as run.json keeps it, e.g. "cpu" or "cuda (NVIDIA H200)"."""
    if device.type == "cuda":
        return f"cuda ({torch.cuda.get_device_name(device)})"
    return device.type
