"""A checkpoint becomes a run: matched with a graph, checked, written whole or not at all."""

from __future__ import annotations

import json
import os
import platform
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from llador_core.data.split_file import save_split
from llador_core.data.splits import Split, unknown_split
from llador_core.errors import ConfigError, DataFormatError, UnknownNameError, nearest_names
from llador_core.evaluation.controls import report_with_controls
from llador_core.graph import Bools, Graph, Ints
from llador_core.models.checkpoints import Checkpoint
from llador_core.models.scorer import Floats, Scorer
from llador_core.paths import home, make_folder, storage_errors, write_atomically
from llador_core.priors.vectors import vectors_if_any
from llador_core.training.config import TrainConfig
from llador_core.training.folder import FORMAT
from llador_core.training.info import NAME
from llador_core.training.runs import Run, load_run
from llador_core.versions import commit, versions

LEAST_COVERAGE = 0.5  # of the drugs, and of the diseases


@dataclass(frozen=True)
class Imported:
    """A run made of a checkpoint.

    Attributes
    ----------
    folder : Path
    n_matched, n_dropped, n_absent : int
        Entities of the graph that the checkpoint has; rows of the checkpoint that the graph does
        not know, left out; entities of the graph that the checkpoint lacks.
    absent_drugs, absent_diseases : int
    absent_relations : tuple of str
        Relations of the graph that the checkpoint lacks.
    treats : str
        The checkpoint's relation that ranks.
    notes : tuple of str
    """

    folder: Path
    n_matched: int
    n_dropped: int
    n_absent: int
    absent_drugs: int
    absent_diseases: int
    absent_relations: tuple[str, ...]
    treats: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Rows:
    """Which row of the checkpoint each entity, and each relation, of the graph has; -1 for none."""

    entities: Ints
    relations: Ints
    matched_by: str
    treats: str


def install(
    graph: Graph,
    checkpoint: Checkpoint,
    *,
    name: str | None = None,
    treats: str | None = None,
    split_of: str | None = None,
) -> Imported:
    """Make a run of a checkpoint and return what fitted.

    Parameters
    ----------
    graph : Graph
    checkpoint : Checkpoint
    name : str or None
        Of the run; None takes graph, model and a fingerprint.
    treats : str or None
        The checkpoint's relation that means "treats"; None takes that of the graph.
    split_of : str or None
        A run whose hidden pairs the checkpoint was not trained on either; None when nobody knows.

    Raises
    ------
    DataFormatError
        It covers too few drugs or diseases, or its arrays do not fit the model.
    UnknownNameError
        No relation means "treats", or there is no such run.
    ConfigError
        A run of that name is there, or the name cannot be one.
    StorageError
        Nothing could be written; nothing is left behind.
    """
    rows = _match(graph, checkpoint, treats)
    absent = rows.entities < 0
    _check_coverage(graph, absent, checkpoint)
    base = None if split_of is None else load_run(split_of)
    split = unknown_split(graph) if base is None else base.split(graph)
    config = _config(checkpoint, base)
    weights = _weights(graph, checkpoint, rows)
    scorer = Scorer(
        config.model, weights["entities"], weights["relations"], config.margin, checkpoint.constants
    )
    fingerprint = config.fingerprint(graph.checksum + str(checkpoint.source.get("sha256")))
    run_name = name or f"{graph.name}-{config.model}-imported-{fingerprint}"
    with new_folder(run_name) as folder:
        _write(folder, graph, config, split, weights)
        write_json(folder / "metrics.json", _metrics(graph, split, scorer, absent))
        told = _told(graph, checkpoint, rows, base)
        write_json(folder / "run.json", _record(graph, config, told))
    return Imported(
        folder=home() / "runs" / run_name,
        n_matched=told["n_matched"],
        n_dropped=told["n_dropped"],
        n_absent=told["n_absent"],
        absent_drugs=told["absent_drugs"],
        absent_diseases=told["absent_diseases"],
        absent_relations=tuple(told["absent_relations"]),
        treats=rows.treats,
        notes=tuple(told["notes"]),
    )


@contextmanager
def new_folder(name: str) -> Iterator[Path]:
    """Yield a hidden folder that becomes the user's run `name` when the block ends well.

    Raises
    ------
    ConfigError
        The name cannot be one, or is taken.
    """
    check_free(name)
    runs = make_folder(home() / "runs")
    folder = runs / f".{name}.{os.getpid()}.new"
    shutil.rmtree(folder, ignore_errors=True)
    make_folder(folder)
    try:
        yield folder
        check_free(name)
        with storage_errors(folder):
            folder.rename(runs / name)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def check_free(name: str) -> None:
    """Raise ConfigError unless a run of the user's can be given this name."""
    check_name(name)
    if (home() / "runs" / name).exists():
        raise ConfigError(f"A run named '{name}' is there already. Choose another name.")


def check_name(name: str) -> None:
    """Raise ConfigError unless `name` can be the name of a run's folder."""
    if len(name) > 120 or ".." in name or name.endswith(".") or not NAME.fullmatch(name):
        raise ConfigError(
            f"'{name[:60]}' cannot be the name of a run: use letters, digits, - and _ (and single "
            "dots inside), beginning with a letter or digit, at most 120 of them."
        )


def write_json(path: Path, content: dict[str, Any]) -> None:
    write_atomically(path, (json.dumps(content, indent=1) + "\n").encode())


def _match(graph: Graph, checkpoint: Checkpoint, treats: str | None) -> _Rows:
    by_id, by_name = (
        _places(checkpoint.entity_ids, labels) for labels in (graph.entity_ids, graph.entity_names)
    )
    matched_by = "id"
    entities = by_id
    if (by_name >= 0).sum() > (by_id >= 0).sum() and len(set(graph.entity_names)) > 1:
        matched_by, entities = "name", by_name
    relations = _places(checkpoint.relation_ids, [r.name for r in graph.relations])
    chosen = graph.relations[graph.treatment_relation].name if treats is None else treats
    if chosen not in checkpoint.relation_ids:
        remedy = "Name the one that means 'treats' with --treats."
        nearest = nearest_names(chosen, checkpoint.relation_ids, n=8)
        raise UnknownNameError("relation of the checkpoint", chosen, nearest, remedy)
    relations[graph.treatment_relation] = checkpoint.relation_ids.index(chosen)
    return _Rows(entities, relations, matched_by, chosen)


def _places(ids: Sequence[str], wanted: Sequence[str]) -> Ints:
    place = {label: row for row, label in enumerate(ids)}
    return np.array([place.get(label, -1) for label in wanted], np.int64)


def _check_coverage(graph: Graph, absent: Bools, checkpoint: Checkpoint) -> None:
    for what, members in (("drugs", graph.drugs), ("diseases", graph.diseases)):
        n_here = int((~absent[members]).sum())
        if n_here < LEAST_COVERAGE * len(members):
            raise DataFormatError(
                f"The checkpoint has {n_here:,} of the {len(members):,} {what} of graph "
                f"'{graph.name}'; at least half are needed. Its ids look like "
                f"'{checkpoint.entity_ids[0]}', the graph's like '{graph.entity_ids[members[0]]}': "
                "check --graph and the table of ids."
            )


def _config(checkpoint: Checkpoint, base: Run | None) -> TrainConfig:
    split = {}
    if base is not None:
        names = ("split", "split_seed", "is_caution_held_out")
        split = {name: getattr(base.config, name) for name in names}
    dim = checkpoint.entities.shape[1]
    return TrainConfig(
        model=checkpoint.model, prior="none", dim=dim, margin=checkpoint.margin, **split
    )


def _weights(graph: Graph, checkpoint: Checkpoint, rows: _Rows) -> dict[str, Floats]:
    """Return the weights in the graph's order; what is lacking stands where its like stands."""
    absent = rows.entities < 0
    entities = checkpoint.entities[np.maximum(rows.entities, 0)]
    for number in np.unique(graph.entity_types[absent]):
        alike = graph.entity_types == number
        there = entities[alike & ~absent]
        middle = (there if len(there) else checkpoint.entities).mean(axis=0)
        entities[alike & absent] = middle
    relations = checkpoint.relations[np.maximum(rows.relations, 0)]
    relations[rows.relations < 0] = checkpoint.relations.mean(axis=0)
    weights = {"entities": entities, "relations": relations}
    weights |= {
        f"constants.{k}": np.asarray(v, np.float32) for k, v in checkpoint.constants.items()
    }
    if absent.any():
        weights["absent"] = absent.astype(np.float32)
    return {name: np.ascontiguousarray(value, np.float32) for name, value in weights.items()}


def _write(
    folder: Path, graph: Graph, config: TrainConfig, split: Split, weights: dict[str, Floats]
) -> None:
    from safetensors.numpy import save

    write_json(folder / "config.json", {"graph": graph.name, "config": config.to_json()})
    entities = zip(graph.entity_ids, graph.entity_names, strict=True)
    rows = ["id\tname", *(f"{entity}\t{name}" for entity, name in entities)]
    write_atomically(folder / "entities.tsv", ("\n".join(rows) + "\n").encode())
    roles = ["relation\trole", *(f"{r.name}\t{r.role or ''}" for r in graph.relations)]
    write_atomically(folder / "relations.tsv", ("\n".join(roles) + "\n").encode())
    with storage_errors(folder):
        save_split(split, graph, folder / "splits.npz")
    write_atomically(folder / "weights.safetensors", save(weights))


def _metrics(graph: Graph, split: Split, scorer: Scorer, absent: Bools) -> dict[str, Any]:
    """Return metrics.json: empty reports where it is not known what the model was trained on."""
    if split.kind != "unknown":
        scores = Run.lowered(scorer.treatment_scores(graph), graph, absent)
        return report_with_controls(graph, split, scores, vectors_if_any(graph), split.seed)
    sizes = {"n_train": len(split.train), "n_valid": 0, "n_test": 0, "n_removed": 0}
    return {"run": {}, "baselines": {}, "split": {"kind": "unknown", "seed": 0, **sizes}}


def _told(graph: Graph, checkpoint: Checkpoint, rows: _Rows, base: Run | None) -> dict[str, Any]:
    absent = rows.entities < 0
    lacks = [graph.relations[r].name for r in np.flatnonzero(rows.relations < 0).tolist()]
    return {
        **checkpoint.source,
        "split": "unknown" if base is None else base.config.split,
        "split_of": None if base is None else base.name,
        "matched_by": rows.matched_by,
        "treats": rows.treats,
        "n_matched": int((~absent).sum()),
        "n_dropped": len(checkpoint.entity_ids) - int((~absent).sum()),
        "n_absent": int(absent.sum()),
        "absent_drugs": int(absent[graph.drugs].sum()),
        "absent_diseases": int(absent[graph.diseases].sum()),
        "absent_relations": lacks,
    }


def _record(graph: Graph, config: TrainConfig, told: dict[str, Any]) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "graph": graph.name,
        "graph_checksum": graph.checksum,
        "n_entities": graph.n_entities,
        "n_triples": graph.n_triples,
        "prior": {"name": config.prior},
        "device": "",
        "machine": platform.machine(),
        "weights": "float32",
        "imported": told,
        "versions": versions(),
        "git_commit": commit(),
    }
