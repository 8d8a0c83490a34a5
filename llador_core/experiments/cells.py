"""One cell of a study: a run trained and judged, of which only the figures are kept."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from llador_core import paths
from llador_core.data import load_graph
from llador_core.errors import DataFormatError, LladorError
from llador_core.evaluation.incompatibility import incompatibility
from llador_core.evaluation.protocols import PROTOCOLS, evaluate
from llador_core.experiments.inputs import inputs_stamp, set_for, vectors_for
from llador_core.experiments.specs import Setting
from llador_core.experiments.spoil import with_noise
from llador_core.graph import Graph
from llador_core.training.checkpoint import Progress
from llador_core.training.config import TrainConfig, make_config
from llador_core.training.loop import Trainer
from llador_core.training.train import make_anchors_for, make_split

Record = dict[str, Any]
FORMAT = 1


@dataclass(frozen=True)
class Cell:
    """What one training of a study is.

    Attributes
    ----------
    setting : Setting
    model, recipe : str
    seed : int
        Of the split, of start values and sampling, and of what is spoiled.
    extra : tuple of "key=value"
        Settings that the user gave for the whole study.
    """

    setting: Setting
    model: str
    recipe: str
    seed: int
    extra: tuple[str, ...] = ()

    def config(self, graph: Graph) -> TrainConfig:
        """Return the settings of the run. Raises as `make_config` and `inputs.set_for`."""
        changes = dict(self.setting.changes) | {"seed": self.seed, "split_seed": self.seed}
        if self.setting.prompt:
            changes["texts"] = set_for(graph, self.setting)
        return make_config(
            graph, self.model, self.setting.prior, self.recipe, self.extra, **changes
        )

    def key(self, graph: Graph) -> str:
        """Return what is the same for two cells when, and only when, they train the same."""
        setting = dataclasses.asdict(self.setting)
        asked = {
            name: setting[name] for name in ("noise", "mask", "embedder", "prompt", "temperature")
        }
        asked |= {
            "format": FORMAT,
            "texts": inputs_stamp(graph, self.setting),
            "config": self.config(graph).fingerprint(graph.checksum),
        }
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:24]


def cells_folder(graph: Graph) -> Path:
    """Return where the figures of a graph's cells are kept, a file each."""
    return paths.home() / "experiments" / f"{graph.name}-{graph.checksum[:12]}" / "cells"


def load_cell(graph: Graph, cell: Cell) -> Record | None:
    """Return the figures kept of a cell, None where it was not trained yet.

    Raises DataFormatError where its file is damaged.
    """
    path = cells_folder(graph) / f"{cell.key(graph)}.json"
    try:
        content = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise DataFormatError(
            f"{path.name} is damaged ({error}). Delete it; the study trains it again."
        ) from error
    if not isinstance(content, dict) or "metrics" not in content:
        raise DataFormatError(f"{path.name} holds no figures. Delete it; it is trained again.")
    return content


class OrphanedError(LladorError):
    """The study that asked for this cell has ended."""


def run_cell(graph_name: str, cell: Cell, parent: int | None = None) -> Record:
    """Train and judge a cell, keep its figures and return them.

    Parameters
    ----------
    graph_name : str
    cell : Cell
    parent : int or None
        Process id of the study; training stops at the next validation once it is gone.

    Raises
    ------
    MissingDataError
        The texts or vectors that the setting needs are not here.
    OrphanedError
        As said above.
    """
    graph = _graph(graph_name)
    config = cell.config(graph)
    started, worked = time.perf_counter(), time.process_time()

    def watch(_: Progress) -> None:
        if parent is not None and os.getppid() != parent:
            raise OrphanedError("The study has ended, so its training ends too.")

    vectors = vectors_for(graph, cell.setting)
    split = make_split(graph, config)
    spoiled = (
        split if cell.setting.noise is None else with_noise(split, cell.setting.noise, cell.seed)
    )
    trainer = Trainer(graph, spoiled, config, make_anchors_for(vectors, config))
    with tempfile.TemporaryDirectory(prefix="llador-cell-") as folder:
        trainer.train(Path(folder), watch)
    scores = trainer.model.to_scorer().treatment_scores(graph)
    reports = {name: evaluate(graph, split, scores, name, config.split_seed) for name in PROTOCOLS}
    record: Record = {
        "setting": cell.setting.label,
        "model": cell.model,
        "recipe": cell.recipe,
        "seed": cell.seed,
        "config": dataclasses.asdict(config),
        "seconds": round(time.perf_counter() - started, 2),
        "cpu_seconds": round(time.process_time() - worked, 2),
        "steps": trainer.progress.step,
        "n_train": len(spoiled.train),
        "n_test": reports["sampled-50"].n_pairs,
        "metrics": {
            name: {metric: interval.value for metric, interval in report.metrics.items()}
            for name, report in reports.items()
        },
    }
    if len(split.caution_test):
        found = incompatibility(graph, split, scores, config.split_seed)["metrics"]
        record["caution"] = {name: found[name]["value"] for name in ("top 5%", "AUC")}
    path = cells_folder(graph) / f"{cell.key(graph)}.json"
    paths.write_atomically(path, (json.dumps(record) + "\n").encode())
    return record


@cache
def _graph(name: str) -> Graph:
    return load_graph(name)
