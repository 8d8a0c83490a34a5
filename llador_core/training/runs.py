"""The run folder, the interface between training and exploring.

    config.json weights.safetensors entities.tsv relations.tsv splits.npz metrics.json
    progress.jsonl safeguard.json safeguard.safetensors similar.json similar.safetensors run.json

`run.json` is written last: a folder without it is an unfinished run. Reading needs no torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal
from weakref import WeakKeyDictionary

import numpy as np

from llador_core.config import from_dict
from llador_core.data.split_file import load_split
from llador_core.data.splits import Split, check_no_leak
from llador_core.errors import (
    DataFormatError,
    MissingDataError,
)
from llador_core.graph import Bools, Graph
from llador_core.models.scorer import Floats, Scorer
from llador_core.paths import checksum
from llador_core.safeguard import model as safeguards
from llador_core.safeguard import similar as similar_pairs
from llador_core.safeguard.model import Safeguard
from llador_core.safeguard.similar import SimilarPairs
from llador_core.training.config import TrainConfig
from llador_core.training.folder import count_rows, read_json, read_weights
from llador_core.training.info import RunInfo, Weighing, find_folder, list_runs, read_info

__all__ = ["Order", "Run", "RunInfo", "Weighing", "list_runs", "load_run", "read_info"]

Order = Literal["combined", "raw"]


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
        None for a run of a graph without contraindications, from before there was one, or trained
        elsewhere.
    absent : bool array of shape (n_entities,) or None
        Entities that a model trained elsewhere does not have; None where it has all.
    similar : SimilarPairs or None
        What similar pairs add to the score; large graphs without contraindications have it.
    """

    info: RunInfo
    config: TrainConfig
    metrics: dict[str, Any]
    provenance: dict[str, Any]
    scorer: Scorer
    anchors: Floats | None
    safeguard: Safeguard | None = None
    absent: Bools | None = None
    similar: SimilarPairs | None = None

    @property
    def name(self) -> str:
        return self.info.name

    @property
    def graph_checksum(self) -> str:
        return str(self.provenance["graph_checksum"])

    @property
    def weighing(self) -> Weighing:
        """What the combined order weighs the score with."""
        if self.safeguard is not None:
            return "caution"
        return "nothing" if self.similar is None else "similar pairs"

    def pair_scores(self, graph: Graph, order: Order = "combined") -> Floats:
        """Return what orders the lists, shape (n_drugs, n_diseases), higher is better.

        "raw" is the model's score of treating; "combined" weighs it against predicted caution, or
        with similar pairs where there is no caution to predict, and is "raw" without either.
        """
        check_graph(self, graph)
        if order == "combined" and self.safeguard is not None:
            return self.safeguard.combined
        scores = self.scorer.treatment_scores(graph)
        if order == "combined" and self.similar is not None:
            return self.similar.combined(scores)
        return scores if self.absent is None else self.lowered(scores, graph, self.absent)

    @staticmethod
    def lowered(scores: Floats, graph: Graph, absent: Bools) -> Floats:
        """Return scores of pairs in which those with an absent end come last, tied."""
        lacks = absent[graph.drugs][:, None] | absent[graph.diseases]
        return np.where(lacks, scores.min() - 1, scores).astype(np.float32)

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
    folder = find_folder(name)
    info = read_info(folder)
    if not info.is_finished:
        unfinished = (folder / "config.json").is_file() and not (folder / "run.json").is_file()
        raise (MissingDataError if unfinished else DataFormatError)(info.problem)
    config = from_dict(TrainConfig, read_json(folder / "config.json")["config"])
    weights = read_weights(folder)
    anchors, absent = weights.pop("anchors", None), weights.pop("absent", None)
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
    if n_rows != len(scorer.entities) or (absent is not None and absent.size != n_rows):
        raise DataFormatError(
            f"Run '{name}' has {len(scorer.entities)} entity vectors for {n_rows} entities; its "
            "files do not belong together. Train it again."
        )
    metrics, record = read_json(folder / "metrics.json"), read_json(folder / "run.json")
    lacks = None if absent is None else absent.reshape(-1) > 0
    guard, similar = safeguards.load(folder), similar_pairs.load(folder)
    return Run(info, config, metrics, record, scorer, anchors, guard, lacks, similar)


def partner(info: RunInfo, prior: str = "none") -> RunInfo | None:
    """Return the finished run that differs from `info` in its prior alone, None without one.

    A run with another prior must have read the same text set; one without a prior read none.
    """
    same = ("graph", "model", "recipe", "dim", "seed", *(("texts",) if prior != "none" else ()))
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

    def preference(run: RunInfo) -> tuple[bool, bool, bool, float]:
        return (run.prior == "full", run.is_pretrained, not run.is_imported, run.valid_mrr)

    return max(finished, key=preference)


def _margin(config: TrainConfig) -> float:
    from llador_core.models.interactions import INTERACTIONS

    return config.margin if INTERACTIONS[config.model].is_distance else 0.0
