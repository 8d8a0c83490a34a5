"""The fitted safeguard: two tables of logits, whose difference is the order of the default list.

    combined = log odds that the pair is a treatment - log odds that it is a contraindication

References
----------
The stated reason for LLaDR's prior is that an LLM knows which drugs are incompatible with which
conditions; its objective does not act on that. This part does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from llador_core.errors import DataFormatError
from llador_core.paths import write_atomically
from llador_core.safeguard.heads import sigmoid

CautionLevel = Literal["no sign", "some", "strong"]
LEVELS: tuple[CautionLevel, ...] = ("no sign", "some", "strong")
SOME, STRONG = 0.1, 0.5
KNOWN_LOGIT = 12.0  # of a contraindication that training saw; predictions stay below
Knots = tuple[tuple[float, float], ...]
FILE, SETTINGS = "safeguard.safetensors", "safeguard.json"
FORMAT = 1


@dataclass(frozen=True, eq=False)
class Safeguard:
    """What the safeguard says of every pair.

    Attributes
    ----------
    treat, caution_logits : float32 arrays of shape (n_drugs, n_diseases)
        Log odds of being a treatment, and of being a contraindication. Rows as `graph.drugs`,
        columns as `graph.diseases`. A contraindication that training saw is certain.
    knots : tuple of (float, float)
        Logits of caution and the chance each stands for, both ascending, found on validation pairs;
        between them chances are interpolated. Empty: the logits are taken at their word. The order
        does without.
    settings : mapping
        What it was fitted with: features and their weights, shares, counts.
    """

    treat: NDArray[np.float32]
    caution_logits: NDArray[np.float32]
    settings: Mapping[str, Any]
    knots: Knots = ()

    @cached_property
    def combined(self) -> NDArray[np.float32]:
        """The scores that order the default list, shape (n_drugs, n_diseases)."""
        return np.asarray(self.treat - self.caution_logits, np.float32)

    @cached_property
    def caution(self) -> NDArray[np.float32]:
        """How likely each pair is to be a contraindication, from 0 to 1, as often as in training.

        A prediction about what this graph would list, not about harm.
        """
        logits = self.caution_logits.astype(np.float64)
        if self.knots:
            at, chances = np.array(self.knots).T
            logits = np.interp(logits, at, np.log(chances / (1 - chances)))
        chance = sigmoid(logits)
        chance[self.caution_logits >= KNOWN_LOGIT] = 1
        return np.asarray(chance, np.float32)


def level(caution: float) -> CautionLevel:
    """Return the words for a predicted caution: "no sign" is not "safe"."""
    return LEVELS[int(np.searchsorted([SOME, STRONG], caution, side="right"))]


def save(safeguard: Safeguard, folder: Path, kind: type = np.float32) -> Safeguard:
    """Write a safeguard to a run folder and return it as a reader will have it.

    Parameters
    ----------
    kind : NumPy float type
        How the logits of caution are stored; those of treating stay float32, so that no two drugs
        are tied by rounding.
    """
    from safetensors.numpy import save as to_bytes

    tables: dict[str, NDArray[Any]] = {
        "treat": np.ascontiguousarray(safeguard.treat, np.float32),
        "caution": np.ascontiguousarray(safeguard.caution_logits, kind),
    }
    write_atomically(folder / FILE, to_bytes(tables))
    knots = [list(knot) for knot in safeguard.knots]
    settings = {"format": FORMAT, "calibration": knots, **safeguard.settings}
    write_atomically(folder / SETTINGS, (json.dumps(settings, indent=1) + "\n").encode())
    read = {name: table.astype(np.float32) for name, table in tables.items()}
    return replace(safeguard, treat=read["treat"], caution_logits=read["caution"])


def load(folder: Path) -> Safeguard | None:
    """Return the safeguard of a run folder, None for a run from before there was one.

    Raises
    ------
    DataFormatError
        One of its two files is missing or damaged, or from a newer version.
    """
    if not (folder / SETTINGS).is_file() and not (folder / FILE).is_file():
        return None
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        settings = json.loads((folder / SETTINGS).read_text("utf-8"))
        tables = load_file(folder / FILE)
        version = int(settings.pop("format"))
        knots = tuple((float(at), float(chance)) for at, chance in settings.pop("calibration", ()))
        treat, caution = (tables[name].astype(np.float32) for name in ("treat", "caution"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, SafetensorError) as error:
        raise DataFormatError(
            f"The safeguard of run '{folder.name}' is damaged ({error}). Train the run again."
        ) from error
    if version > FORMAT:
        raise DataFormatError(
            f"The safeguard of run '{folder.name}' has format {version}; this version of LLaDoR "
            f"reads up to {FORMAT}. Update LLaDoR."
        )
    if treat.shape != caution.shape or not (np.isfinite(treat).all() & np.isfinite(caution).all()):
        raise DataFormatError(
            f"The safeguard of run '{folder.name}' is damaged: tables of {treat.shape} and "
            f"{caution.shape}, all numbers must be finite. Train the run again."
        )
    return Safeguard(treat, caution, settings, knots)
