"""What similar drugs and similar diseases say of a pair, for graphs too large for a safeguard.

The evidence is that of `evidence.evidence`, kernel ridge regression over pairs, learnt from the
drugs and diseases that have a treatment in training and told of all others. It is kept as two
narrow tables, whose product is the table of all pairs, and weighed against the model's score and
the closeness of the texts by a logistic regression on the validation pairs, which neither the model
nor the evidence has seen.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llador_core.data.splits import Split
from llador_core.errors import DataFormatError
from llador_core.graph import Graph, Ints
from llador_core.paths import write_atomically
from llador_core.safeguard.evidence import answers_of, neighbourhoods
from llador_core.safeguard.features import Reading
from llador_core.safeguard.heads import fit_head

Table = NDArray[np.float32]

RIDGE = 3.0
WIDTH = 256  # numbers kept for each drug and disease; the rest of the evidence is noise
MOST_LABELLED = 4_000  # drugs, or diseases, to learn from: those with most answers
FEWEST_VALID = 10  # validation pairs
N_UNKNOWN = 100_000
PENALTY = 1.0
FILE, SETTINGS, FORMAT = "similar.safetensors", "similar.json", 1


@dataclass(frozen=True, eq=False)
class SimilarPairs:
    """What is added to a model's scores of treating.

    Attributes
    ----------
    drugs, diseases : float32 arrays of shape (n_drugs, width), (n_diseases, width)
        Their products are the log odds that come of similar pairs and of the texts.
    weight : float >= 0
        Of the model's score.
    settings : mapping
        What it was fitted with.
    """

    drugs: Table
    diseases: Table
    weight: float
    settings: Mapping[str, Any]

    def combined(self, scores: Table, places: Ints | None = None) -> Table:
        """Return what orders the lists, from the model's scores of all drugs and diseases.

        `places` are those of some diseases, where the scores are of these alone.
        """
        diseases = self.diseases if places is None else self.diseases[places]
        return np.asarray(self.weight * scores + self.drugs @ diseases.T, np.float32)

    def line(self, scores: Table, place: int, is_disease: bool) -> Table:
        """Return the same for one disease against all drugs, or one drug against all diseases."""
        mine, others = (self.diseases, self.drugs) if is_disease else (self.drugs, self.diseases)
        return np.asarray(self.weight * scores + others @ mine[place], np.float32)


@dataclass(frozen=True, eq=False)
class _Side:
    """Drugs, or diseases: what makes two of them alike is the inner product of their rows.

    Attributes
    ----------
    neighbours : sparse matrix of shape (n, n_neighbours)
    texts : array of shape (n, width), of width 0 without texts
    labelled : int array
        Those that are learnt from.
    """

    neighbours: Any
    texts: Table
    labelled: Ints

    def alike(self, weights: Table) -> Table:
        """Return the kernel of all with the labelled times `weights`: (n_labelled, k) -> (n, k)."""
        rows = self.neighbours @ (self.neighbours[self.labelled].T @ weights)
        texts = self.texts @ (self.texts[self.labelled].T @ weights)
        return np.asarray(rows + texts, np.float32)

    def spectrum(self) -> tuple[Table, Table]:
        """Return eigenvalues and axes of the kernel of the labelled."""
        mine = self.neighbours[self.labelled]
        kernel = (mine @ mine.T).toarray() + self.texts[self.labelled] @ self.texts[self.labelled].T
        values, axes = np.linalg.eigh(kernel.astype(np.float32))
        return values.clip(0), axes


def fit_similar(graph: Graph, split: Split, scores: Table, reading: Reading) -> SimilarPairs | None:
    """Return what similar pairs add to a model; None with fewer than ten validation pairs.

    Parameters
    ----------
    split : Split
        What the model was trained on; its validation pairs set the weights.
    scores : float array of shape (n_drugs, n_diseases)
        The model's scores of treating.
    reading : Reading
        What the model's prior lets through.
    """
    valid = answers_of(graph, split.valid, "treats") > 0
    if valid.sum() < FEWEST_VALID:
        return None
    answers = answers_of(graph, split.train, "treats").astype(np.float32)
    sides = (
        _side(graph, split, reading, graph.drugs, answers.sum(axis=1)),
        _side(graph, split, reading, graph.diseases, answers.sum(axis=0)),
    )
    parts = {"similar pairs": _evidence(sides, answers)} | _closeness(graph, reading)
    unknown = np.flatnonzero(~((answers > 0) | valid))
    draw = np.random.default_rng(split.seed)
    unknown = draw.choice(unknown, min(N_UNKNOWN, len(unknown)), replace=False)
    rows = np.concatenate([np.flatnonzero(valid), unknown])
    i, j = np.unravel_index(rows, answers.shape)
    columns = {name: (a[i] * b[j]).sum(axis=1) for name, (a, b) in parts.items()}
    columns["model"] = scores.ravel()[rows]
    labels = np.arange(len(rows)) < valid.sum()
    everything = np.arange(len(rows))
    head = fit_head(columns, everything, labels.astype(float), np.ones(len(rows)), PENALTY)
    weights = dict(zip(head.names, np.maximum(head.weights, 0), strict=True))  # none speaks against
    per_unit = {name: weights[name] / s for name, s in zip(head.names, head.scale, strict=True)}
    settings = {
        "fitted_on": int(valid.sum()),
        "learnt_from": [len(side.labelled) for side in sides],
        "weights": {name: round(float(weight), 4) for name, weight in weights.items()},
    }
    return SimilarPairs(
        np.hstack([a * per_unit[name] for name, (a, _) in parts.items()]).astype(np.float32),
        np.hstack([b for _, b in parts.values()]).astype(np.float32),
        float(per_unit["model"]),
        settings,
    )


def _side(
    graph: Graph, split: Split, reading: Reading, members: Ints, n_answers: NDArray[Any]
) -> _Side:
    """Return drugs or diseases; where there are texts, they count for half of the likeness."""
    rows = neighbourhoods(graph, split.train, members)
    by_answers = np.argsort(-n_answers, kind="stable")
    labelled = np.sort(by_answers[: min(int((n_answers > 0).sum()), MOST_LABELLED)])
    fields = [table[members] for table in reading.vectors.values()]
    fields = [table for table in fields if table.any()]
    if not fields:
        return _Side(rows, np.zeros((len(members), 0), np.float32), labelled)
    half = np.sqrt(0.5)
    texts = np.hstack(fields) * (half / np.sqrt(len(fields)))
    return _Side(rows * np.float32(half), texts.astype(np.float32), labelled)


def _evidence(sides: tuple[_Side, _Side], answers: Table) -> tuple[Table, Table]:
    """Return narrow tables of drugs and diseases whose product is the evidence.

    In the axes of the two kernels the fit is a table that the ridge shrinks; its largest
    components are kept.
    """
    (drug_values, drug_axes), (disease_values, disease_axes) = (s.spectrum() for s in sides)
    known = answers[np.ix_(sides[0].labelled, sides[1].labelled)]
    roots = np.sqrt(drug_values), np.sqrt(disease_values)
    inner = drug_axes.T @ known @ disease_axes
    inner *= np.outer(*roots) / (np.outer(drug_values, disease_values) + RIDGE)
    left, strength, right = _largest(inner, min(WIDTH, *inner.shape))
    out = []
    for side, axes, root, vectors in zip(
        sides, (drug_axes, disease_axes), roots, (left, right), strict=True
    ):
        scale = np.divide(1, root, out=np.zeros_like(root), where=root > 1e-3)
        out.append(side.alike(axes @ (scale[:, None] * vectors * np.sqrt(strength))))
    return out[0], out[1]


def _largest(table: NDArray[Any], width: int) -> tuple[Table, Table, Table]:
    """Return the largest singular values of a table and their vectors, found at random.

    Returns
    -------
    left, values, right : arrays of shape (n_rows, width), (width,), (n_columns, width)

    References
    ----------
    Halko, Martinsson and Tropp, SIAM Review 53:217 (2011).
    """
    draw = np.random.default_rng(0)
    start = draw.standard_normal((table.shape[1], min(width + 16, *table.shape)), np.float32)
    basis, _ = np.linalg.qr(table @ start)
    for _ in range(2):
        basis, _ = np.linalg.qr(table @ (table.T @ basis))
    left, values, right = np.linalg.svd(basis.T @ table, full_matrices=False)
    return (basis @ left)[:, :width], values[:width], right[:width].T


def _closeness(graph: Graph, reading: Reading) -> dict[str, tuple[Table, Table]]:
    """Return for each pair of text fields the rows whose product is their cosine."""
    drugs, diseases = (
        {name: np.asarray(rows[members], np.float32) for name, rows in reading.vectors.items()}
        for members in (graph.drugs, graph.diseases)
    )
    return {
        f"cosine of drug's {mine} and disease's {yours}": (a, b)
        for mine, a in drugs.items()
        for yours, b in diseases.items()
        if mine != "name" and a.any() and b.any()
    }


def save(similar: SimilarPairs, folder: Path) -> SimilarPairs:
    """Write to a run folder, as float16, and return what a reader will have."""
    from safetensors.numpy import save as to_bytes

    tables = {
        name: np.ascontiguousarray(table, np.float16)
        for name, table in (("drugs", similar.drugs), ("diseases", similar.diseases))
    }
    write_atomically(folder / FILE, to_bytes(tables))
    told = {"format": FORMAT, "weight": similar.weight, **similar.settings}
    write_atomically(folder / SETTINGS, (json.dumps(told, indent=1) + "\n").encode())
    drugs, diseases = (table.astype(np.float32) for table in tables.values())
    return SimilarPairs(drugs, diseases, similar.weight, similar.settings)


def load(folder: Path) -> SimilarPairs | None:
    """Return what a run folder has, None where it has none.

    Raises
    ------
    DataFormatError
        One of its two files is missing or damaged, or from a newer version.
    """
    if not (folder / SETTINGS).is_file() and not (folder / FILE).is_file():
        return None
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    told = f"The evidence of similar pairs of run '{folder.name}'"
    try:
        settings = json.loads((folder / SETTINGS).read_text("utf-8"))
        version, weight = int(settings.pop("format")), float(settings.pop("weight"))
        tables = load_file(folder / FILE)
        drugs, diseases = (tables[name].astype(np.float32) for name in ("drugs", "diseases"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, SafetensorError) as error:
        raise DataFormatError(f"{told} is damaged ({error}). Train the run again.") from error
    if version > FORMAT:
        raise DataFormatError(
            f"{told} has format {version}; this version of LLaDoR reads up to {FORMAT}. "
            "Update LLaDoR."
        )
    is_finite = np.isfinite(drugs).all() and np.isfinite(diseases).all() and np.isfinite(weight)
    if drugs.ndim != 2 or drugs.shape[1:] != diseases.shape[1:] or not is_finite:
        raise DataFormatError(
            f"{told} is damaged: tables of {drugs.shape} and {diseases.shape}, all numbers must be "
            "finite. Train the run again."
        )
    return SimilarPairs(drugs, diseases, weight, settings)
