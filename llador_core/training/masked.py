"""A text set without the sentences that give a run's held-out pairs away, ready to train with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from llador_core.graph import Graph, Ints
from llador_core.priors.embedders import Progress
from llador_core.priors.masking import Masked, mask_texts
from llador_core.priors.places import set_names, slug, vectors_files
from llador_core.priors.sets import write_set
from llador_core.priors.texts import TEXT_FIELDS, Provenance
from llador_core.priors.vectors import make_vectors, note_stored
from llador_core.training.prior_check import texts_name, texts_of_run
from llador_core.training.runs import Run, RunInfo

Scope = Literal["held-out", "known"]
SCOPES: dict[Scope, str] = {
    "held-out": "held-out pairs (test and validation)",
    "known": "all known treatments, in training too",
}


@dataclass(frozen=True)
class MaskedSet:
    """A text set that was written.

    Attributes
    ----------
    name : str
    masked : Masked
    """

    name: str
    masked: Masked


def masked_name(info: RunInfo, scope: Scope = "held-out") -> str:
    """Return the name of the set: "masked-pair-0", or with the set it was made of before that."""
    what = f"{info.split_kind}-{info.split_seed}" if scope == "held-out" else "known"
    base = texts_name(info)
    return slug(f"{base}-masked-{what}" if base else f"masked-{what}")


def mask_job(info: RunInfo, scope: Scope) -> str:
    """Return the name of the job that makes the set."""
    return f"embed-{slug(info.graph)}-{masked_name(info, scope)}"


def is_ready(info: RunInfo, graph: Graph, scope: Scope = "held-out") -> bool:
    """Return whether the set is there, with vectors to train with."""
    name = masked_name(info, scope)
    return name in set_names(graph) and bool(vectors_files(graph, name))


def pairs_to_mask(run: Run, graph: Graph, scope: Scope) -> tuple[Ints, Ints]:
    """Return drugs and diseases of the pairs that the texts must not give away."""
    split = run.split(graph)
    parts = [split.test, split.valid]
    if scope == "known":
        parts.append(graph.triples_with_role("treats"))
    pairs = np.unique(np.concatenate(parts)[:, [0, 2]].astype(np.int64), axis=0)
    return pairs[:, 0], pairs[:, 1]


def make_masked_set(
    run: Run, graph: Graph, scope: Scope = "held-out", progress: Progress | None = None
) -> MaskedSet:
    """Write the texts that a run read, without the sentences that name, and their vectors.

    The originals stay as they are.

    Parameters
    ----------
    run, graph : Run, Graph
    scope : "held-out" or "known"
        Whose sentences go: those of the run's held-out pairs, or of every known treatment too, so
        that training cannot learn either that a text names the answer.
    progress : callable(n_done, n_texts) or None
        Of computing the vectors.

    Raises
    ------
    MissingDataError
        The graph has no texts, or no sentence model is installed; the texts are written by then.
    StorageError
        Nothing could be written.
    """
    texts = texts_of_run(run, graph)
    masked = mask_texts(graph, texts, *pairs_to_mask(run, graph, scope))
    name = masked_name(run.info, scope)
    rows = {
        entity: {field: masked.texts.of(field)[i] for field in TEXT_FIELDS}
        for i, entity in enumerate(graph.entity_ids)
    }
    source = texts.provenance
    told = f"{source.prompt} Sentences that name the other side of {SCOPES[scope]} were taken out"
    split = f" ({run.info.split_kind} split, seed {run.info.split_seed})."
    write_set(graph, name, rows, Provenance(source.model, told + split, source.date, source.review))
    note_stored(graph, texts_name(run.info))  # most texts stay as they were
    make_vectors(graph, texts=name, progress=progress)
    return MaskedSet(name, masked)
