"""What a table of runs shows: settings, figures and provenance, read without weights."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from llador_core.config import from_dict
from llador_core.errors import LladorError
from llador_core.training.config import ANCHORED_START, RECIPES, TrainConfig
from llador_core.training.folder import read_json
from llador_core.training.info import RunInfo
from llador_core.training.manage import size_mb

# Shown in columns of their own, so not among the settings that differ from the default.
OWN_COLUMNS = (
    *("model", "prior", "recipe", "dim", "seed", "split", "split_seed"),
    *("is_caution_held_out", "texts"),
)


@dataclass(frozen=True)
class Overview:
    """A run as a table shows it.

    Attributes
    ----------
    info : RunInfo
    state : str
        "pretrained", "yours", "imported", "unfinished" or "damaged".
    settings : mapping
        All settings; of an imported run only those that are known.
    differing : mapping
        Those that are not at the default of the run's recipe.
    metrics : mapping from protocol to metric to {"value", "low", "high"}
        In the order of the run's lists; empty where nothing was judged.
    raw_metrics : mapping
        The same by the model's score alone.
    n_pairs : int
        Hidden pairs that judge it.
    record : mapping
        run.json, empty for an unfinished run.
    seconds : float or None
        Of training and safeguard; None where not known.
    size_mb : float
    """

    info: RunInfo
    state: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    differing: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    raw_metrics: Mapping[str, Any] = field(default_factory=dict)
    n_pairs: int = 0
    record: Mapping[str, Any] = field(default_factory=dict)
    seconds: float | None = None
    size_mb: float = 0.0

    def metric(self, name: str, protocol: str = "drug-ranking") -> dict[str, float] | None:
        """Return value, low and high of a metric, None where it was not judged."""
        found = self.metrics.get(protocol, {}).get(name)
        return dict(found) if isinstance(found, Mapping) else None


def overview(info: RunInfo) -> Overview:
    """Return what a table shows of a run; never raises for what is in its folder."""
    size = size_mb(info.folder)
    if info.problem and not info.is_finished:
        is_unfinished = not (info.folder / "run.json").is_file() and bool(info.graph)
        return Overview(info, "unfinished" if is_unfinished else "damaged", size_mb=size)
    try:
        config = from_dict(TrainConfig, read_json(info.folder / "config.json")["config"])
        record = read_json(info.folder / "run.json")
        metrics = read_json(info.folder / "metrics.json")
        own, raw = _reports(metrics.get("guarded") or metrics["run"]), _reports(metrics["run"])
        n_pairs = max((int(r["n_pairs"]) for r in metrics["run"].values()), default=0)
        seconds = [record[k] for k in ("seconds", "safeguard_seconds") if k in record]
    except (LladorError, KeyError, TypeError, ValueError, AttributeError) as error:
        damaged = dataclasses.replace(info, problem=f"Run '{info.name}' is damaged: {error}")
        return Overview(damaged, "damaged", size_mb=size)
    settings = dataclasses.asdict(config)
    if info.is_imported:
        settings = {name: settings[name] for name in ("model", "dim", "margin")}
    return Overview(
        info=info,
        state="pretrained" if info.is_pretrained else "imported" if info.is_imported else "yours",
        settings=settings,
        differing={} if info.is_imported else differing(config),
        metrics=own,
        raw_metrics=raw,
        n_pairs=n_pairs,
        record=record,
        seconds=float(sum(seconds)) if seconds else None,
        size_mb=size,
    )


def differing(config: TrainConfig) -> dict[str, Any]:
    """Return the settings that are not at the default of their recipe, but for `OWN_COLUMNS`."""
    values: dict[str, Any] = {"model": config.model, "prior": config.prior}
    values |= {"recipe": config.recipe, **RECIPES[config.recipe], "dim": config.dim}
    if config.is_anchored:
        values["start"] = ANCHORED_START
    default = from_dict(TrainConfig, values)
    names = (setting.name for setting in dataclasses.fields(config))
    return {
        name: getattr(config, name)
        for name in names
        if name not in OWN_COLUMNS and getattr(config, name) != getattr(default, name)
    }


def _reports(reports: Mapping[str, Any]) -> dict[str, Any]:
    return {name: report["metrics"] for name, report in reports.items()}
