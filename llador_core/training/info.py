"""A run folder at a glance: what it says of itself, without reading weights.

Finding and listing never raises for what is in a folder: a damaged run is listed with its problem.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from llador_core.config import from_dict
from llador_core.errors import DataFormatError, LladorError, UnknownNameError, nearest_names
from llador_core.paths import assets, runs_folders
from llador_core.safeguard import model, similar
from llador_core.training.config import TrainConfig
from llador_core.training.folder import check_format, read_json

Weighing = Literal["caution", "similar pairs", "nothing"]

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class RunInfo:
    """A run folder at a glance.

    Attributes
    ----------
    name : str
        The folder's name.
    graph, model, prior, recipe, split_kind : str
    texts : str
        Set of texts that the anchors came from, "" for the graph's own.
    valid_mrr : float
        Best mean reciprocal rank of its validation pairs, 0 where it has none.
    seed, split_seed : int
    is_caution_held_out : bool
        Contraindicated pairs were held out too.
    created : str
        ISO date and time in UTC, "" for an unfinished run.
    is_finished, is_pretrained : bool
    is_imported : bool
        Trained elsewhere: of its settings only model, dim and margin are known, and `split_kind` is
        "unknown" unless the import named one.
    problem : str
        One sentence; "" when the run can be loaded.
    """

    name: str
    folder: Path
    graph: str = ""
    model: str = ""
    prior: str = ""
    recipe: str = ""
    seed: int = 0
    split_kind: str = "pair"
    split_seed: int = 0
    is_caution_held_out: bool = False
    created: str = ""
    is_finished: bool = False
    is_pretrained: bool = False
    is_imported: bool = False
    problem: str = ""
    dim: int = 0
    texts: str = ""
    valid_mrr: float = 0.0

    @property
    def weighing(self) -> Weighing:
        """What its lists weigh the model's score with, by the files that are there."""
        if (self.folder / model.SETTINGS).is_file():
            return "caution"
        return "similar pairs" if (self.folder / similar.SETTINGS).is_file() else "nothing"


def list_runs(graph: str | None = None) -> list[RunInfo]:
    """Return every run folder, finished or not, newest of the user's first, then pretrained.

    Parameters
    ----------
    graph : str or None
        Only runs of this graph. Damaged folders that do not tell their graph are left out then.
    """
    found: dict[str, RunInfo] = {}
    for parent in runs_folders():
        if not parent.is_dir():
            continue
        for folder in sorted(p for p in parent.iterdir() if p.is_dir() and NAME.fullmatch(p.name)):
            found.setdefault(folder.name, read_info(folder))
    runs = [run for run in found.values() if graph is None or run.graph == graph]
    runs.sort(key=lambda run: run.name)
    runs.sort(key=lambda run: run.created, reverse=True)
    return sorted(runs, key=lambda run: run.is_pretrained)


def read_info(folder: Path) -> RunInfo:
    """Return what a run folder says of itself; never raises for what is in it."""
    is_pretrained = folder.parent == assets() / "runs"
    blank = RunInfo(folder.name, folder, is_pretrained=is_pretrained)
    try:
        config = from_dict(TrainConfig, read_json(folder / "config.json")["config"])
        graph = str(read_json(folder / "config.json")["graph"])
    except (LladorError, KeyError, TypeError) as error:
        return dataclasses.replace(blank, problem=f"Run '{folder.name}' is damaged: {error}")
    info = dataclasses.replace(
        blank,
        graph=graph,
        model=config.model,
        prior=config.prior,
        recipe=config.recipe,
        seed=config.seed,
        split_kind=config.split,
        split_seed=config.split_seed,
        is_caution_held_out=config.is_caution_held_out,
        dim=config.dim,
        texts=config.texts,
    )
    if not (folder / "run.json").is_file():
        return dataclasses.replace(
            info,
            problem=f"Run '{folder.name}' is unfinished. Repeat its `train` command with --resume.",
        )
    try:
        record = read_json(folder / "run.json")
        check_format(folder.name, record)
        for needed in ("weights.safetensors", "splits.npz", "metrics.json"):
            if not (folder / needed).is_file():
                raise DataFormatError(f"{needed} is missing. Train the run again.")
    except LladorError as error:
        return dataclasses.replace(info, problem=f"Run '{folder.name}' is damaged: {error}")
    info = dataclasses.replace(
        info,
        created=str(record.get("created", "")),
        valid_mrr=_number(record.get("valid_mrr")),
        is_finished=True,
    )
    return _imported(info, record) if "imported" in record else info


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _imported(info: RunInfo, record: dict[str, Any]) -> RunInfo:
    """Return what is known of a run that was trained elsewhere; its other settings are not ours."""
    told = record["imported"] if isinstance(record["imported"], dict) else {}
    kind = str(told.get("split", "unknown"))
    return dataclasses.replace(info, is_imported=True, recipe="imported", seed=0, split_kind=kind)


def find_folder(name: str) -> Path:
    """Return the folder of a run by its name, or by its path. Raises UnknownNameError."""
    if NAME.fullmatch(name):
        for parent in runs_folders():
            if (parent / name).is_dir():
                return parent / name
    elif Path(name).is_dir() and (Path(name) / "config.json").is_file():
        return Path(name).resolve()
    known = [run.name for run in list_runs()]
    raise UnknownNameError("run", name, nearest_names(name, known), "List them with `runs`.")
