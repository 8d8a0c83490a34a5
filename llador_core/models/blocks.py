"""Scores of many queries against blocks of entities, each with a bound on its rounding error.

A query is an entity and a relation, with one end open. Scores are computed in single precision by
the fastest kernel there is; `Block.error` tells how far they may lie from the score that the
model's formula has in double precision, so that whoever ranks by them knows which to look at again.

References
----------
Rounding: Higham, Accuracy and Stability of Numerical Algorithms, 2002, chapter 3: a sum of n terms
in any order is off by at most (n - 1) u times the sum of their absolute values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from llador_core.graph import Ints
from llador_core.models import distances
from llador_core.models.distances import AT_ONCE
from llador_core.models.interactions import (
    INTERACTIONS,
    Side,
    bilinear_query,
    distance_query,
    hake_query,
    is_euclidean,
)
from llador_core.models.threads import spans

if TYPE_CHECKING:
    from llador_core.models.scorer import Scorer

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

UNIT = 2.0**-24  # the relative error of one rounding to single precision
_IN_CACHE = 1 << 15  # numbers in one temporary of the formula: 256 kB
SPARE = 24  # roundings beside those of the sum: differences, products, sines, the last factor


@dataclass(frozen=True)
class Block:
    """Entities prepared as candidates.

    Attributes
    ----------
    rows : float32 array of shape (n, dim)
        As the model's formula sees them.
    turned : float32 array of shape (n, 2 * n_angles) or None
        Sines and cosines of half their angles, for pRotatE and HAKE.
    reach : float
        The longest of the rows, or of their moduli.
    """

    rows: Floats
    turned: Floats | None
    reach: float


class Queries:
    """Queries that share the side that is open, packed for the kernels.

    Parameters
    ----------
    scorer : Scorer
    known : int array of shape (n,)
        The entity that is given: the head where tails are asked for, else the tail.
    relations : int array of shape (n,)
    side : "head" or "tail"
        The end that is open.
    is_compiled : bool
        Compile the distances, seconds once and then tens of times faster; without numba, or with
        False, they are computed by the formula in double precision.
    """

    def __init__(
        self,
        scorer: Scorer,
        known: Ints,
        relations: Ints,
        side: Side,
        *,
        is_compiled: bool = True,
    ) -> None:
        self.scorer, self.known, self.relations, self.side = scorer, known, relations, side
        self.is_compiled = is_compiled and distances.is_there()
        self.spec = INTERACTIONS[scorer.model]
        self.half = scorer.dim // 2
        rows = scorer.rows[known].astype(np.float64)
        r = scorer.relations[relations].astype(np.float64)
        # In double precision, then rounded once: the bound stays small and easy to state.
        self.stretch: Floats | None = None
        if not self.spec.is_distance:
            query = bilinear_query(self.spec.name, rows, r, side)
        elif self.spec.name == "hake":
            moduli, stretch, angles = hake_query(rows, r, side)
            self.stretch = _packed(stretch)
            query = np.hstack([moduli, _turned(angles)])
        else:
            query = distance_query(self.spec.name, rows, r, side)
            query = _turned(query) if self.spec.name == "protate" else query
        self.query = _packed(query)

    def __len__(self) -> int:
        return len(self.known)

    def block(self, entities: slice | Ints) -> Block:
        """Return some entities prepared as candidates of these queries."""
        rows = self.scorer.rows[entities]
        first = self.spec.phase_halves[0] * self.half
        turned, long = None, rows
        if self.spec.phase_halves != (0, 0):
            turned = _turned(rows[:, first:]) if self.is_compiled else None
            long = rows[:, :first]
        reach = float(np.sqrt(np.einsum("ij,ij->i", long, long).max())) if long.size else 0.0
        return Block(rows, turned, reach)

    def scores(self, block: Block) -> Floats:
        """Return the scores without margin, shape (n, n_block); each within `error` of exact."""
        name, constants, n = self.spec.name, self.scorer.constants, len(self)
        if not self.spec.is_distance:
            return np.asarray(self.query[:n] @ block.rows.T)
        if not self.is_compiled:
            return self._by_formula(block)
        out = np.empty((len(self.query), len(block.rows)), np.float32)
        if is_euclidean(constants.get("norm")):
            out[:] = 0
            ones = np.ones_like(self.query)
            _run(distances.add_norms, self.query, ones, block.rows, np.float32(1), out)
        elif name in ("transe", "rotate"):
            _run(
                distances.l1 if name == "transe" else distances.moduli, self.query, block.rows, out
            )
        elif name == "protate":
            weight = np.float32(constants["modulus"])
            _run(distances.sines, self.query, block.turned, weight, out)
        else:
            weights = constants["weights"].astype(np.float32)
            of_moduli = np.ascontiguousarray(self.query[:, : self.half])
            of_angles = np.ascontiguousarray(self.query[:, self.half :])
            moduli = np.ascontiguousarray(block.rows[:, : self.half])
            _run(distances.sines, of_angles, block.turned, weights[1], out)
            _run(distances.add_norms, of_moduli, self.stretch, moduli, weights[0], out)
        return out[:n]

    def error(self, own: Doubles, block: Block) -> Doubles:
        """Return how far a computed score near `own` may be from the exact one, shape (n,).

        Near: exact for every score that lies within the bound of `own`, which is all that a
        comparison with `own` needs.
        """
        name, dim, constants = self.spec.name, self.scorer.dim, self.scorer.constants
        query = self.query[: len(self)].astype(np.float64)
        error: Doubles
        if not self.spec.is_distance:
            error = (dim + SPARE) * UNIT * np.linalg.norm(query, axis=1) * block.reach
            return error
        if name in ("transe", "rotate"):
            error = UNIT * ((dim + SPARE) * np.abs(own) + 2 * np.abs(query).sum(1))
            return error
        if name == "protate":
            return np.full(len(self), UNIT * (dim + SPARE) * dim * abs(float(constants["modulus"])))
        assert self.stretch is not None
        w_modulus, w_angle = (abs(float(w)) for w in constants["weights"])
        stretch = np.abs(self.stretch[: len(self)]).max(1).astype(np.float64)
        length = np.linalg.norm(query[:, : self.half], axis=1) + stretch * block.reach
        error = (self.half + SPARE) * UNIT * (w_modulus * length + w_angle * self.half)
        return error

    def exact(self, which: Ints, entities: Ints) -> Doubles:
        """Return the scores without margin in double precision, by the model's own formula.

        Equal rows get equal scores, whatever they are computed beside.

        Parameters
        ----------
        which : int array of shape (n,)
            Numbers of queries.
        entities : int array of shape (n,)
            The candidate of each.
        """
        here, there = self.known[which], entities
        h, t = (here, there) if self.side == "tail" else (there, here)
        rows = self.scorer.rows
        r = self.scorer.relations[self.relations[which]].astype(np.float64)
        ends = rows[h].astype(np.float64), r, rows[t].astype(np.float64)
        return np.asarray(self.spec.score(*ends, **self.scorer.constants), np.float64)

    def _by_formula(self, block: Block) -> Floats:
        out = np.empty((len(self), len(block.rows)), np.float32)
        here = self.scorer.rows[self.known].astype(np.float64)
        r = self.scorer.relations[self.relations].astype(np.float64)
        for part in spans(len(block.rows), _IN_CACHE // self.scorer.dim):
            there = block.rows[part].astype(np.float64)
            for i in range(len(self)):
                h, t = (here[i], there) if self.side == "tail" else (there, here[i])
                out[i, part] = self.spec.score(h, r[i], t, **self.scorer.constants)
        return out


def _run(kernel: distances.Kernel, *arrays: Any) -> None:
    distances.compiled(kernel)(*arrays)


def _packed(query: Doubles) -> Floats:
    """Return rows in single precision, padded to the number that kernels take at once."""
    out = np.zeros((-(-len(query) // AT_ONCE) * AT_ONCE, query.shape[1]), np.float32)
    out[: len(query)] = query
    return out


def _turned(angles: NDArray[Any]) -> NDArray[Any]:
    """Return sine and cosine of half the angles, (n, width) -> (n, 2 * width)."""
    half = angles * angles.dtype.type(0.5)
    return np.hstack([np.sin(half), np.cos(half)])
