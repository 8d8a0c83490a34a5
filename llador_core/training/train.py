"""From a graph and settings to a finished run folder."""

from __future__ import annotations

import dataclasses
import json
import logging
import platform
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch

from llador_core.data.split_file import save_split
from llador_core.data.splits import (
    Split,
    check_no_leak,
    split_by_disease,
    split_by_drug,
    split_by_pair,
)
from llador_core.errors import ConfigError
from llador_core.evaluation.controls import report_with_controls
from llador_core.graph import Graph
from llador_core.models.scorer import Scorer
from llador_core.paths import (
    home,
    make_folder,
    storage_errors,
    write_atomically,
)
from llador_core.priors.anchors import Anchors, make_anchors
from llador_core.priors.sets import concerns
from llador_core.priors.texts import load_texts
from llador_core.priors.vectors import FieldVectors, load_vectors, vectors_if_any
from llador_core.safeguard import similar as similar_pairs
from llador_core.safeguard.features import read
from llador_core.safeguard.model import save
from llador_core.training import checkpoint
from llador_core.training.checkpoint import Progress
from llador_core.training.config import TrainConfig
from llador_core.training.device import device_words, pick_device
from llador_core.training.estimate import Estimate, check_fits, estimate
from llador_core.training.folder import FORMAT, run_name
from llador_core.training.guard import clear_guard, guard, guarded_report, safety_report
from llador_core.training.loop import CHECKPOINT_EVERY, Report, Trainer
from llador_core.training.threads import threads_for
from llador_core.versions import commit, versions

log = logging.getLogger(__name__)


def make_split(graph: Graph, config: TrainConfig) -> Split:
    """Return the split that `config` asks for, checked for leaks."""
    cut = {"pair": split_by_pair, "disease": split_by_disease, "drug": split_by_drug}[config.split]
    split = cut(graph, config.split_seed, is_caution_held_out=config.is_caution_held_out)
    check_no_leak(graph, split)
    return split


def train(
    graph: Graph,
    config: TrainConfig,
    *,
    out: Path | None = None,
    is_resumed: bool = False,
    is_half: bool = False,
    report: Report | None = None,
    device: str = "cpu",
    checkpoint_every: int = CHECKPOINT_EVERY,
) -> Path:
    """Train a run, evaluate it with its controls, and return its folder.

    Parameters
    ----------
    out : Path or None
        Folder to put the run folder in; None means the user's runs.
    is_resumed : bool
        Go on from the last checkpoint of the same settings; without one, start anew.
    is_half : bool
        Store weights as float16. They are rounded before evaluation, so the metrics are those of
        the stored weights.
    report : callable or None
        Called with a `Progress` after each validation, and every second or two in between.
    device : str
        Where to train, see `training.device`. It is no setting of the run.
    checkpoint_every : int
        Steps between checkpoints.

    Raises
    ------
    MissingDataError
        The prior needs text vectors that the graph does not have.
    StorageError
        The folder cannot be written.
    ConfigError
        A finished run with these very settings stands there already, or an unfinished one with a
        checkpoint that would be lost; the device is not there; or memory would not suffice.
    """
    folder = (out or home() / "runs") / run_name(graph, config)
    if (folder / "run.json").is_file():
        raise ConfigError(
            f"Run '{folder.name}' is there already, finished with these very settings. Use it, "
            "delete its folder, or change a setting, for instance --seed."
        )
    where = pick_device(device)
    check_fits(graph, config, where)
    split = make_split(graph, config)
    vectors = _vectors(graph, config)
    anchors = make_anchors_for(vectors, config)
    _open_folder(folder, graph, config, split, is_resumed)
    trainer = Trainer(graph, split, config, anchors, where)
    with storage_errors(folder), (folder / "progress.jsonl").open("a", encoding="utf-8") as log:

        def follow(progress: Progress) -> None:
            log.write(json.dumps(vars(progress)) + "\n")
            log.flush()
            if report:
                report(progress)

        trainer.train(folder, follow, checkpoint_every)
    kind = np.float16 if is_half else np.float32
    weights = _weights(trainer, anchors, kind)
    _write_weights(folder / "weights.safetensors", weights)
    scorer = _as_stored(trainer.model.to_scorer(), weights)
    progress = trainer.progress
    del trainer, weights  # the second training needs the room
    scores = scorer.treatment_scores(graph)
    metrics = report_with_controls(graph, split, scores, vectors, seed=config.split_seed)
    guarded = guard(graph, split, config, scorer, anchors, vectors, folder, where)
    safeguard = None if guarded is None else save(guarded.safeguard, folder, kind)
    metrics |= safety_report(graph, split, config, scores, safeguard)
    if guarded is None and config.similar_pairs:
        metrics |= _weigh_similar(graph, split, config, scores, vectors, folder)
    _write_json(folder / "metrics.json", metrics)
    record = _record(graph, config, progress, where, vectors, is_half)
    record["safeguard_seconds"] = 0.0 if guarded is None else guarded.seconds
    _write_json(folder / "run.json", record)
    clear_guard(folder)
    for file in (checkpoint.FILE, checkpoint.BEST_FILE):
        (folder / file).unlink(missing_ok=True)
    return folder


def dry_run(graph: Graph, config: TrainConfig, device: str = "cpu") -> Estimate:
    """Return the time and memory that `train` would take; nothing is kept.

    Raises
    ------
    MissingDataError, ConfigError
        As `train`.
    """
    where = pick_device(device)
    check_fits(graph, config, where)
    split = make_split(graph, config)
    anchors = make_anchors_for(_vectors(graph, config), config)
    return estimate(graph, split, config, anchors, where)


def _weigh_similar(
    graph: Graph,
    split: Split,
    config: TrainConfig,
    scores: np.ndarray,
    vectors: FieldVectors | None,
    folder: Path,
) -> dict[str, Any]:
    """Keep what similar pairs add to the scores; return the reports under the order they give."""
    reading = read(graph, config.prior, vectors, None, config.seed)
    fitted = similar_pairs.fit_similar(graph, split, scores, reading)
    if fitted is None:
        return {}
    combined = similar_pairs.save(fitted, folder).combined(scores)
    return {"guarded": guarded_report(graph, split, combined, config.split_seed)}


def _vectors(graph: Graph, config: TrainConfig) -> FieldVectors | None:
    """Return the vectors of the texts a run is anchored to; a plain run is only compared by them.

    Says with numbers where a prior covers little of the graph, or cannot be what its name says.
    """
    if not config.is_anchored:
        return vectors_if_any(graph)
    vectors = load_vectors(graph, config.texts)
    for sentence in concerns(graph, load_texts(graph, config.texts), config.prior):
        log.warning(sentence)
    return vectors


def make_anchors_for(vectors: FieldVectors | None, config: TrainConfig) -> Anchors | None:
    """Return what a run's entities are tied to, None for the plain model."""
    if not config.is_anchored or vectors is None:
        return None
    return make_anchors(vectors, config.prior, config.dim, config.reduce, config.seed)


def _open_folder(
    folder: Path, graph: Graph, config: TrainConfig, split: Split, is_resumed: bool
) -> None:
    """Start the folder of an unfinished run, or check that the one there is the same run."""
    asked = {"graph": graph.name, "config": config.to_json()}
    if (folder / checkpoint.FILE).is_file() and not is_resumed:
        raise ConfigError(
            f"Run '{folder.name}' is unfinished and has a checkpoint. Repeat the command with "
            "--resume to go on from it, or delete its folder to start anew."
        )
    if folder.exists() and not is_resumed:
        with storage_errors(folder):
            shutil.rmtree(folder)
    make_folder(folder)
    with storage_errors(folder):
        for half_written in folder.glob(".*.tmp"):  # by a process that was killed
            half_written.unlink(missing_ok=True)
    _write_json(folder / "config.json", asked)
    entities = zip(graph.entity_ids, graph.entity_names, strict=True)
    rows = ["id\tname", *(f"{entity}\t{name}" for entity, name in entities)]
    write_atomically(folder / "entities.tsv", _table(rows))
    relations = ["relation\trole", *(f"{r.name}\t{r.role or ''}" for r in graph.relations)]
    write_atomically(folder / "relations.tsv", _table(relations))
    with storage_errors(folder):
        save_split(split, graph, folder / "splits.npz")


def _table(rows: list[str]) -> bytes:
    return ("\n".join(rows) + "\n").encode()


def _weights(trainer: Trainer, anchors: Anchors | None, kind: type) -> dict[str, np.ndarray]:
    scorer = trainer.model.to_scorer()
    weights = {"entities": scorer.entities, "relations": scorer.relations}
    weights |= {f"constants.{name}": np.asarray(v) for name, v in scorer.constants.items()}
    if anchors is not None:
        weights["anchors"] = np.where(anchors.has[:, None], anchors.matrix, 0)
    return {name: np.ascontiguousarray(value, kind) for name, value in weights.items()}


def _write_weights(path: Path, weights: dict[str, np.ndarray]) -> None:
    from safetensors.numpy import save

    write_atomically(path, save(weights))


def _as_stored(scorer: Scorer, weights: dict[str, np.ndarray]) -> Scorer:
    """Return the scorer that a reader of the stored weights will have."""
    read = {name: value.astype(np.float32) for name, value in weights.items()}
    constants = {name: read[f"constants.{name}"] for name in scorer.constants}
    return Scorer(scorer.model, read["entities"], read["relations"], scorer.margin, constants)


def _write_json(path: Path, content: dict[str, Any]) -> None:
    write_atomically(path, (json.dumps(content, indent=1) + "\n").encode())


def _record(
    graph: Graph,
    config: TrainConfig,
    progress: Progress,
    device: torch.device,
    vectors: FieldVectors | None,
    is_half: bool,
) -> dict[str, Any]:
    prior: dict[str, Any] = {"name": config.prior}
    texts = load_texts(graph, config.texts) if config.is_anchored else None
    if vectors is not None and texts is not None:
        prior |= {"embedder": vectors.embedder, **dataclasses.asdict(texts.provenance)}
        prior |= {"texts": config.texts} if config.texts else {}
    return {
        "format": FORMAT,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "graph": graph.name,
        "graph_checksum": graph.checksum,
        "n_entities": graph.n_entities,
        "n_triples": graph.n_triples,
        "prior": prior,
        "steps": progress.step,
        "best_step": progress.best_step,
        "valid_mrr": progress.best_metric,
        "seconds": round(progress.seconds, 2),
        "n_threads": threads_for(graph, config),
        "device": device_words(device),
        "machine": platform.machine(),
        "weights": "float16" if is_half else "float32",
        "versions": versions(),
        "git_commit": commit(),
    }
