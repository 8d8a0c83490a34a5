"""The run folder, the interface between training and exploring.

    config.json weights.safetensors entities.tsv relations.tsv splits.npz metrics.json
    progress.jsonl safeguard.json safeguard.safetensors run.json

`run.json` is written last: a folder without it is an unfinished run. Reading needs no torch.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from weakref import WeakKeyDictionary

from llador_core.config import from_dict
from llador_core.data.split_file import load_split
from llador_core.data.splits import Split, check_no_leak
from llador_core.errors import (
    DataFormatError,
    LladorError,
    MissingDataError,
    UnknownNameError,
    nearest_names,
)
from llador_core.graph import Graph
from llador_core.models.scorer import Floats, Scorer
from llador_core.paths import assets, checksum, runs_folders
from llador_core.safeguard import model as safeguards
from llador_core.safeguard.model import Safeguard
from llador_core.training.config import TrainConfig
from llador_core.training.folder import check_format, count_rows, read_json, read_weights

Order = Literal["combined", "raw"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class RunInfo:
    """A run folder at a glance.

    Attributes
    ----------
    name : str
        The folder's name.
    graph, model, prior, recipe, split_kind : str
    seed, split_seed : int
    is_caution_held_out : bool
        Contraindicated pairs were held out too.
    created : str
        ISO date and time in UTC, "" for an unfinished run.
    is_finished, is_pretrained : bool
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
    problem: str = ""
    dim: int = 0


@dataclass(frozen=True, eq=False)
class Run:
    """A finished run, read.

    Attributes
    ----------
    info : RunInfo
    config : TrainConfig
    metrics : dict
        As written by `evaluation.controls.report_with_controls`.
    provenance : dict
        run.json: versions, commit, dataset checksum, prior, seconds, device.
    scorer : Scorer
    anchors : float32 array of shape (n_entities, dim) or None
        Zero rows where an entity has no text.
    safeguard : Safeguard or None
        None for a run of a graph without contraindications, or from before there was one.
    """

    info: RunInfo
    config: TrainConfig
    metrics: dict[str, Any]
    provenance: dict[str, Any]
    scorer: Scorer
    anchors: Floats | None
    safeguard: Safeguard | None = None

    @property
    def name(self) -> str:
        return self.info.name

    @property
    def graph_checksum(self) -> str:
        return str(self.provenance["graph_checksum"])

    def pair_scores(self, graph: Graph, order: Order = "combined") -> Floats:
        """Return what orders the lists, shape (n_drugs, n_diseases), higher is better.

        "raw" is the model's score of treating; "combined" weighs it against predicted caution, and
        is the same as "raw" for a run without a safeguard.
        """
        check_graph(self, graph)
        if order == "combined" and self.safeguard is not None:
            return self.safeguard.combined
        return self.scorer.treatment_scores(graph)

    def metrics_by(self, order: Order = "combined") -> dict[str, Any]:
        """Return the metrics with the reports of "run" under the order that the lists have."""
        if order == "raw" or "guarded" not in self.metrics:
            return self.metrics
        return {**self.metrics, "run": self.metrics["guarded"]}

    def split(self, graph: Graph) -> Split:
        """Return what was held out, read once for each graph object.

        Raises LeakError where a held-out pair is in training.
        """
        check_graph(self, graph)
        kept = _splits.setdefault(self, WeakKeyDictionary())
        if graph not in kept:
            split = load_split(self.info.folder / "splits.npz", graph)
            check_no_leak(graph, split)
            kept[graph] = split
        return kept[graph]


_splits: WeakKeyDictionary[Run, WeakKeyDictionary[Graph, Split]] = WeakKeyDictionary()


def check_graph(run: Run, graph: Graph) -> None:
    """Raise DataFormatError unless `run` was trained on this version of `graph`."""
    if run.graph_checksum != graph.checksum:
        raise DataFormatError(
            f"Run '{run.name}' was trained on another version of graph '{graph.name}' "
            f"(checksum {run.graph_checksum[:12]}, here {graph.checksum[:12]}). Train it again "
            "with `python -m llador_core train`, or choose a run of this version."
        )


def content_checksum(info: RunInfo) -> str:
    """Return the SHA-256 of what a run scores with: settings, entities and weights."""
    files = ("config.json", "entities.tsv", "weights.safetensors")
    return checksum(*(info.folder / name for name in files))


def check_comparable(run: Run, base: Run) -> None:
    """Raise DataFormatError unless row i of both runs is the same entity, in as many numbers."""
    told = f"Runs '{run.name}' and '{base.name}' cannot be compared entity by entity:"
    remedy = "Choose a base of the same graph and dim, or train one."
    tables = [(one.info.folder / "entities.tsv").read_bytes() for one in (run, base)]
    if run.graph_checksum != base.graph_checksum or tables[0] != tables[1]:
        raise DataFormatError(f"{told} they were trained on different graphs. {remedy}")
    widths = run.scorer.positions.shape[1], base.scorer.positions.shape[1]
    if widths[0] != widths[1]:
        raise DataFormatError(
            f"{told} their entities have {widths[0]} and {widths[1]} numbers. {remedy}"
        )


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
        for folder in sorted(p for p in parent.iterdir() if p.is_dir() and _NAME.fullmatch(p.name)):
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
    return dataclasses.replace(info, created=str(record.get("created", "")), is_finished=True)


def read_config(info: RunInfo) -> TrainConfig:
    """Return the settings of a run. Raises DataFormatError for a damaged file."""
    return from_dict(TrainConfig, read_json(info.folder / "config.json")["config"])


def load_run(name: str) -> Run:
    """Return the finished run with this name, or in the folder at this path.

    Raises
    ------
    UnknownNameError
        No run has that name; the nearest are listed.
    MissingDataError
        The run is unfinished.
    DataFormatError
        A file is damaged, from a newer version, or does not fit the others.
    """
    folder = _find(name)
    info = read_info(folder)
    if not info.is_finished:
        unfinished = (folder / "config.json").is_file() and not (folder / "run.json").is_file()
        raise (MissingDataError if unfinished else DataFormatError)(info.problem)
    config = read_config(info)
    weights = read_weights(folder)
    anchors = weights.pop("anchors", None)
    try:
        constants = {
            key.removeprefix("constants."): value
            for key, value in weights.items()
            if key.startswith("constants.")
        }
        scorer = Scorer(
            config.model, weights["entities"], weights["relations"], _margin(config), constants
        )
        n_rows = count_rows(folder / "entities.tsv")
    except KeyError as error:
        raise DataFormatError(f"Run '{name}': weights.safetensors lacks {error}.") from error
    if n_rows != len(scorer.entities):
        raise DataFormatError(
            f"Run '{name}' has {len(scorer.entities)} entity vectors for {n_rows} entities; its "
            "files do not belong together. Train it again."
        )
    metrics, record = read_json(folder / "metrics.json"), read_json(folder / "run.json")
    return Run(info, config, metrics, record, scorer, anchors, safeguards.load(folder))


def partner(info: RunInfo, prior: str = "none") -> RunInfo | None:
    """Return the finished run that differs from `info` in its prior alone, None without one."""
    same = ("graph", "model", "recipe", "dim", "seed")
    split = ("split_kind", "split_seed", "is_caution_held_out")
    for other in list_runs(info.graph):
        alike = all(getattr(other, field) == getattr(info, field) for field in same + split)
        if other.is_finished and other.prior == prior and alike:
            return other
    return None


def default_run(graph: str) -> RunInfo:
    """Return the finished run to show first: full prior, pretrained, best validated model.

    Raises
    ------
    MissingDataError
        No run of the graph is finished; names the command that makes one.
    """
    finished = [run for run in list_runs(graph) if run.is_finished]
    if not finished:
        raise MissingDataError(
            f"There is no finished run of graph '{graph}' yet. Make one with "
            f"`python -m llador_core train --graph {graph} --model distmult`."
        )

    def preference(run: RunInfo) -> tuple[bool, bool, float]:
        return (run.prior == "full", run.is_pretrained, _valid_mrr(run))

    return max(finished, key=preference)


def _valid_mrr(info: RunInfo) -> float:
    return float(read_json(info.folder / "run.json").get("valid_mrr") or 0.0)


def _margin(config: TrainConfig) -> float:
    from llador_core.models.interactions import INTERACTIONS

    return config.margin if INTERACTIONS[config.model].is_distance else 0.0


def _find(name: str) -> Path:
    if _NAME.fullmatch(name):
        for parent in runs_folders():
            if (parent / name).is_dir():
                return parent / name
    elif Path(name).is_dir() and (Path(name) / "config.json").is_file():
        return Path(name).resolve()
    known = [run.name for run in list_runs()]
    raise UnknownNameError("run", name, nearest_names(name, known), "List them with `runs`.")
