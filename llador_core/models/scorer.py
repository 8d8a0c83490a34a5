"""Scoring with trained weights in NumPy alone, so that browsing never waits for torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import prod

import numpy as np
from numpy.typing import NDArray

from llador_core.errors import DataFormatError
from llador_core.graph import Graph, Ints
from llador_core.models.blocks import Queries
from llador_core.models.interactions import INTERACTIONS, Side, to_score_space
from llador_core.models.one import each_query, one_query
from llador_core.models.threads import for_each, n_threads, spans
from llador_core.registry import lookup

Floats = NDArray[np.float32]

WORTH_COMPILING = 1 << 30  # numbers to go through; below, compiling takes longer than it saves


@dataclass(frozen=True, eq=False)
class Scorer:
    """A trained model as arrays.

    Parameters
    ----------
    model : str
        A name in `INTERACTIONS`.
    entities : float32 array of shape (n_entities, dim)
        Mixed vectors: what training ended with, anchor included.
    relations : float32 array of shape (n_relations, relation_width)
    margin : float
        Added to the negative distance of the distance models; 0 for the others.
    constants : mapping of str to float32 array
        Learned numbers of pRotatE and HAKE; "norm" of a TransE or RotatE trained elsewhere, whose
        distance may be the Euclidean one.

    Raises
    ------
    DataFormatError
        A shape does not fit the model, or a weight is not a finite number.
    """

    model: str
    entities: Floats
    relations: Floats
    margin: float = 0.0
    constants: Mapping[str, Floats] = field(default_factory=dict)

    def __post_init__(self) -> None:
        spec = lookup("model", INTERACTIONS, self.model)
        expected = spec.relation_width(self.dim)
        if self.relations.shape[-1] != expected:
            raise DataFormatError(
                f"{spec.title} of dim {self.dim} needs relation rows of {expected} numbers, found "
                f"{self.relations.shape[-1]}. The weights belong to another model or another dim."
            )
        missing = [name for name, _ in spec.constants if name not in self.constants]
        if missing:
            raise DataFormatError(f"{spec.title} needs the learned constant '{missing[0]}'.")
        shapes = dict(spec.constants) | dict.fromkeys(spec.options, ())
        if not np.isin(self.constants.get("norm", 1), (1, 2)).all():
            raise DataFormatError("A distance is a sum (norm 1) or a Euclidean length (norm 2).")
        for name, value in self.constants.items():
            if name not in shapes or np.size(value) != prod(shapes[name]):
                raise DataFormatError(
                    f"{spec.title} takes no constant '{name}' of shape {np.shape(value)}. The "
                    "weights belong to another model."
                )
        shaped = {name: np.reshape(value, shapes[name]) for name, value in self.constants.items()}
        object.__setattr__(self, "constants", shaped)  # files keep a single number as a row of one
        for name, values in (
            ("entities", self.entities),
            ("relations", self.relations),
            *self.constants.items(),
        ):
            if not np.isfinite(values).all():
                raise DataFormatError(
                    f"The {name} hold numbers that are not finite (NaN or infinity). Training "
                    "diverged or the file is damaged; train again with a lower lr."
                )

    @property
    def dim(self) -> int:
        return int(self.entities.shape[-1])

    @cached_property
    def rows(self) -> Floats:
        """Entity rows as the formula reads them: angles in radians. Shape (n_entities, dim)."""
        rows: Floats = to_score_space(INTERACTIONS[self.model], self.entities)
        return rows

    @cached_property
    def positions(self) -> Floats:
        """Entity rows whose Euclidean distances mean something, shape (n_entities, width).

        As the score sees them; an angle stands as a point on the circle (cosine and sine), so that
        one just below and one just above a full turn are near each other.
        """
        spec, rows = INTERACTIONS[self.model], self.rows
        first, last = (half * self.dim // 2 for half in spec.phase_halves)
        if first == last:
            return rows
        angles = rows[:, first:last]
        parts = [rows[:, :first], np.cos(angles), np.sin(angles), rows[:, last:]]
        return np.ascontiguousarray(np.hstack(parts), np.float32)

    def score(self, h: Ints, r: Ints, t: Ints) -> Floats:
        """Return the scores of triples of entity and relation numbers, broadcast together."""
        spec = INTERACTIONS[self.model]
        rows = self.rows
        raw = spec.score(rows[h], self.relations[r], rows[t], **self.constants)
        return np.asarray(self.margin + raw, np.float32)

    def score_candidates(self, known: int, relation: int, candidates: Ints, side: Side) -> Floats:
        """Return the scores of one query: `known` and `relation` with every candidate.

        Parameters
        ----------
        known : int
            The head where `side` is "tail", else the tail.
        relation : int
        candidates : int array of shape (n,)
        side : "head" or "tail"
            The end that candidates take.

        Returns
        -------
        float32 array of shape (n,), higher is better
        """
        scores = one_query(self, known, relation, candidates, side)
        return np.add(scores, np.float32(self.margin), out=scores)

    def score_each(self, known: Ints, relation: int, candidates: Ints, side: Side) -> Floats:
        """Return the scores of several queries with candidates of their own.

        Parameters
        ----------
        known : int array of shape (n,)
        relation : int
        candidates : int array of shape (n, k)
        side : "head" or "tail"
            The end that candidates take.

        Returns
        -------
        float32 array of shape (n, k), higher is better
        """
        scores = each_query(self, known, relation, candidates, side)
        return np.add(scores, np.float32(self.margin), out=scores)

    def score_pairs(self, drugs: Ints, relation: int, diseases: Ints) -> Floats:
        """Return the scores of every drug with every disease under one relation.

        Parameters
        ----------
        drugs : int array of shape (n_drugs,)
            Heads.
        relation : int
        diseases : int array of shape (n_diseases,)
            Tails.

        Returns
        -------
        float32 array of shape (n_drugs, n_diseases), higher is better
        """
        everywhere = np.full(len(drugs), relation)
        n_numbers = len(drugs) * len(diseases) * self.dim
        queries = Queries(self, drugs, everywhere, "tail", is_compiled=n_numbers > WORTH_COMPILING)
        out = np.empty((len(drugs), len(diseases)), np.float32)

        def fill(part: slice) -> None:
            np.add(queries.scores(queries.block(diseases[part])), self.margin, out=out[:, part])

        if not INTERACTIONS[self.model].is_distance:
            fill(slice(None))  # one matrix product, which has threads of its own
        else:
            for_each(fill, spans(len(diseases), -(-len(diseases) // n_threads())))
        return out

    def treatment_scores(self, graph: Graph) -> Floats:
        """Return the scores of (drug, treats, disease), shape (n_drugs, n_diseases).

        Rows follow `graph.drugs`, columns `graph.diseases`.
        """
        return self.score_pairs(graph.drugs, graph.treatment_relation, graph.diseases)
