"""The safeguard of a run: a second, shorter training, the fit, and what it changes."""

from __future__ import annotations

import dataclasses
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from llador_core.data.splits import Split
from llador_core.evaluation.controls import ScoreMatrix
from llador_core.evaluation.incompatibility import incompatibility
from llador_core.evaluation.protocols import evaluate
from llador_core.graph import Graph
from llador_core.models.scorer import Scorer
from llador_core.paths import make_folder, storage_errors
from llador_core.priors.anchors import PRIORS, Anchors
from llador_core.priors.leakage import names_other_side
from llador_core.priors.texts import load_texts
from llador_core.priors.vectors import FieldVectors
from llador_core.safeguard.features import read
from llador_core.safeguard.fit import can_guard, fit_safeguard, set_aside
from llador_core.safeguard.model import Safeguard
from llador_core.training.config import TrainConfig
from llador_core.training.loop import Trainer

# Of the model's own steps: scores are standardised before use, so the second model need not be as
# good as the first, and the whole stays well below twice the time of the model alone.
STEPS_SHARE = 0.6
FOLDER = "second"


@dataclass(frozen=True, eq=False)
class Guarded:
    """A fitted safeguard and the seconds that it took, second training included."""

    safeguard: Safeguard
    seconds: float


def guard(
    graph: Graph,
    split: Split,
    config: TrainConfig,
    scorer: Scorer,
    anchors: Anchors | None,
    vectors: FieldVectors | None,
    folder: Path,
    device: torch.device | None = None,
) -> Guarded | None:
    """Return the safeguard of a trained model; None where training knows no contraindications.

    Parameters
    ----------
    scorer : Scorer
        The trained model, as stored.
    folder : Path
        Of the run. The second training leaves its checkpoints in a folder inside, so that it
        resumes as the first does.
    device : torch.device or None
        Of the second training; None means the processor.
    """
    if not can_guard(graph, split):
        return None
    started = time.perf_counter()
    fold = set_aside(graph, split, config.split_seed)
    second = Trainer(graph, fold.split, second_steps(config), anchors, device)
    second.train(make_folder(folder / FOLDER))
    reading = read(graph, config.prior, vectors, load_texts(graph, config.texts), config.seed)
    safeguard = fit_safeguard(graph, split, fold, second.model.to_scorer(), scorer, reading)
    return Guarded(safeguard, round(time.perf_counter() - started, 2))


def second_steps(config: TrainConfig) -> TrainConfig:
    """Return the settings of the second training: shorter, and judged once, at its end."""
    steps = max(1, round(STEPS_SHARE * config.steps))
    return dataclasses.replace(config, steps=steps, validate_every=steps)


def clear_guard(folder: Path) -> None:
    """Remove what the second training left in a run folder."""
    if (folder / FOLDER).is_dir():
        with storage_errors(folder):
            shutil.rmtree(folder / FOLDER)


def safety_report(
    graph: Graph,
    split: Split,
    config: TrainConfig,
    scores: ScoreMatrix,
    safeguard: Safeguard | None,
) -> dict[str, Any]:
    """Return what metrics.json keeps of the safeguard: recall and caution with and without it.

    Returns
    -------
    dict
        "guarded": reports per protocol under the combined order; "incompatibility": see
        `evaluation.incompatibility`, "raw" and "combined". Parts that cannot be judged are absent.
    """
    out: dict[str, Any] = {}
    if safeguard is not None:
        out["guarded"] = guarded_report(graph, split, safeguard.combined, config.split_seed)
    if not len(split.caution_test):
        return out
    groups = by_naming(graph, config)
    out["incompatibility"] = {
        "raw": incompatibility(graph, split, scores, config.split_seed, groups=groups)
    }
    if safeguard is not None:
        out["incompatibility"]["combined"] = incompatibility(
            graph, split, safeguard.combined, config.split_seed, safeguard.caution, groups
        )
    return out


def guarded_report(graph: Graph, split: Split, combined: ScoreMatrix, seed: int) -> dict[str, Any]:
    """Return the reports per protocol under the order that the lists have."""
    protocols = ("sampled-50", "drug-ranking", "disease-ranking")
    return {name: evaluate(graph, split, combined, name, seed).to_json() for name in protocols}


def by_naming(graph: Graph, config: TrainConfig) -> dict[str, np.ndarray]:
    """Return the pairs of which a text that the model was given names the other side, and others.

    Empty for a model without texts.
    """
    fields = PRIORS[config.prior].text_fields
    texts = load_texts(graph, config.texts)
    if texts is None or not fields:
        return {}
    named = np.stack(
        [names_other_side(graph, texts, graph.drugs, d, fields) for d in graph.diseases.tolist()],
        axis=1,
    )
    return {"named by a text": named, "not named by a text": ~named}
