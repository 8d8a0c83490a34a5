"""The trainable model: an entity table, a relation table and one of the six interactions."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from llador_core.models.anchoring import AnchoredEmbedding
from llador_core.models.interactions import INTERACTIONS, Side, bilinear_query, distance_query
from llador_core.models.kernels import distances_to, products_with
from llador_core.models.scorer import Scorer
from llador_core.registry import lookup

_DISTANCE_KIND = {"transe": "l1", "rotate": "moduli", "protate": "sines"}


class KnowledgeGraphEmbedding(torch.nn.Module):
    """Scores triples and candidates with trainable parameters.

    Parameters
    ----------
    model : str
        A name in `INTERACTIONS`.
    entities : AnchoredEmbedding
    relations : Tensor of shape (n_relations, relation_width)
        Start values.
    margin : float
        Added to negative distances; ignored by bilinear models.
    """

    def __init__(
        self, model: str, entities: AnchoredEmbedding, relations: Tensor, margin: float
    ) -> None:
        super().__init__()
        self.spec = lookup("model", INTERACTIONS, model)
        self.entities = entities
        self.relations = torch.nn.Parameter(relations)
        self.margin = margin if self.spec.is_distance else 0.0
        self.constants = torch.nn.ParameterDict(
            {name: torch.ones(shape) for name, shape in self.spec.constants}
        )

    def score(self, h: Tensor, r: Tensor, t: Tensor) -> Tensor:
        """Return the scores of entity vectors h, t (angles in radians) and relation vectors r."""
        scores: Tensor = self.spec.score(h, r, t, **self.constants)
        return self.margin + scores

    def score_candidates(
        self, known: Tensor, r: Tensor, table: Tensor, side: Side, index: Tensor | None = None
    ) -> Tensor:
        """Return the scores of every known entity against its candidates.

        Parameters
        ----------
        known : Tensor of shape (batch, dim), angles in radians as in `to_score_space`
            Heads where `side` is "tail", else tails.
        r : Tensor of shape (batch, relation_width)
        table : Tensor of shape (n_rows, dim)
        side : "head" or "tail"
            Which end the candidates take.
        index : int Tensor of shape (batch, n) or None
            Each row's candidates in `table`; None means the whole table for all rows.

        Returns
        -------
        Tensor of shape (batch, n), or (batch, n_rows) without index
        """
        name = self.spec.name
        if not self.spec.is_distance:
            return products_with(bilinear_query(name, known, r, side), table, index)
        if name == "hake":  # its query does not part from its candidate
            candidates = table[None] if index is None else table[index]
            here, relation = known[:, None], r[:, None]
            ends = (here, relation, candidates) if side == "tail" else (candidates, relation, here)
            return self.score(*ends)
        query = distance_query(name, known, r, side)
        distances = distances_to(_DISTANCE_KIND[name], query, table, index)
        if name == "protate":
            distances = self.constants["modulus"] * distances
        return self.margin - distances

    @torch.no_grad()
    def to_scorer(self) -> Scorer:
        """Return the present weights as NumPy arrays, anchors mixed in."""
        return Scorer(
            self.spec.name,
            self.entities().detach().cpu().numpy().copy(),
            self.relations.detach().cpu().numpy().copy(),
            self.margin,
            {name: value.detach().cpu().numpy().copy() for name, value in self.constants.items()},
        )


def build_model(  # noqa: PLR0913
    model: str,
    n_entities: int,
    n_relations: int,
    dim: int,
    *,
    generator: torch.Generator,
    margin: float = 12.0,
    turn: float = 1.0,
    start: float = 1.0,
    anchors: Tensor | None = None,
    has_anchor: Tensor | None = None,
    mix: float = 1.0,
) -> KnowledgeGraphEmbedding:
    """Return a model with seeded start values.

    Entities are uniform with a root mean square near that of unit-length anchors, 1 / sqrt(dim),
    times `start`, so that `mix` compares like with like; angles of relations are uniform within
    `turn` of a half circle either way.
    """
    spec = lookup("model", INTERACTIONS, model)
    spread = math.sqrt(3.0 / dim)
    free = _uniform((n_entities, dim), start * spread, generator)
    relations = _uniform((n_relations, spec.relation_width(dim)), spread, generator)
    if not spec.is_distance:
        relations = _uniform((n_relations, spec.relation_width(dim)), 0.5, generator)
    if model == "rotate":
        relations = _uniform((n_relations, spec.relation_width(dim)), turn * math.pi, generator)
    if model == "protate":
        relations = _uniform((n_relations, dim), turn * math.pi, generator)
    if model == "hake":
        half = dim // 2
        relations[:, :half] = _uniform((n_relations, half), turn * math.pi, generator)
        relations[:, half : 2 * half] = 1.0
        relations[:, 2 * half :] = 0.0
    embedding = AnchoredEmbedding(free, anchors, has_anchor, mix)
    built = KnowledgeGraphEmbedding(model, embedding, relations, margin)
    # start where random triples lie at the margin: E|sin| is 2 / pi, a modulus difference about 1
    typical = margin * math.pi / 2
    with torch.no_grad():
        if model == "protate":
            built.constants["modulus"].fill_(typical / dim)
        if model == "hake":
            built.constants["weights"][0] = margin / 2
            built.constants["weights"][1] = typical / dim
    return built


def _uniform(shape: tuple[int, int], bound: float, generator: torch.Generator) -> Tensor:
    return (torch.rand(shape, generator=generator) * 2 - 1) * bound
