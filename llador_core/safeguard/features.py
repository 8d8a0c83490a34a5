"""What the safeguard knows of each drug-disease pair, as one named table per number.

Every table has a row per drug and a column per disease, and none holds the pair's own answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llador_core.data.splits import Kind
from llador_core.graph import Graph, Ints, Role
from llador_core.models.scorer import Scorer
from llador_core.priors.anchors import PRIORS, PriorSpec
from llador_core.priors.leakage import mentions
from llador_core.priors.texts import TEXT_FIELDS, Texts
from llador_core.priors.vectors import FieldVectors
from llador_core.registry import lookup
from llador_core.safeguard.evidence import (
    ANSWERS,
    Matrix,
    answers_of,
    centred_fields,
    evidence,
    similarities,
)

Features = dict[str, Matrix]


@dataclass(frozen=True, eq=False)
class Reading:
    """The texts a model was given through its prior: nothing else may reach the safeguard.

    Attributes
    ----------
    vectors : mapping from field to float array of shape (n_entities, width)
        Centred unit rows; empty for a model without texts.
    named : mapping from field to list of frozenset of int
        Whom each entity's text of that field names; empty without texts.
    """

    vectors: Mapping[str, Matrix]
    named: Mapping[str, list[frozenset[int]]]


def read(
    graph: Graph, prior: str, vectors: FieldVectors | None, texts: Texts | None, seed: int
) -> Reading:
    """Return what a prior lets through; for the control `shuffled`, of other entities.

    Parameters
    ----------
    seed : int
        Of the control, the same as in `anchors.make_anchors`.
    """
    spec = lookup("prior", PRIORS, prior)
    if not spec.fields or spec.control == "random":
        return Reading({}, {})
    order = np.arange(graph.n_entities)
    if spec.control == "shuffled":
        order = np.random.default_rng(seed).permutation(graph.n_entities)
    dealt = None if vectors is None else _dealt(vectors, order)
    return Reading(
        {} if dealt is None else centred_fields(graph, dealt, spec.fields),
        {} if texts is None else _named(graph, texts, spec, order),
    )


def _dealt(vectors: FieldVectors, order: Ints) -> FieldVectors:
    return FieldVectors(
        {field: rows[order] for field, rows in vectors.vectors.items()},
        {field: has[order] for field, has in vectors.has.items()},
        vectors.embedder,
        vectors.checksum,
    )


def _named(
    graph: Graph, texts: Texts, spec: PriorSpec, order: Ints
) -> dict[str, list[frozenset[int]]]:
    fields = [field for field in TEXT_FIELDS if field in spec.fields]
    wanted = np.concatenate([graph.drugs, graph.diseases])
    out: dict[str, list[frozenset[int]]] = {}
    for field in fields:
        of_all = [frozenset[int]()] * graph.n_entities
        for entity, named in zip(
            wanted.tolist(),
            mentions(graph, texts, order[wanted], (field,)),
            strict=True,
        ):
            of_all[entity] = named
        out[field] = of_all
    return out


def text_and_evidence(
    graph: Graph, train: NDArray[np.int32], reading: Reading, left_out: Kind = "pair"
) -> Features:
    """Return everything that does not come from the embedding.

    - evidence: see `evidence.evidence`, for each answer and each kind of similarity;
    - cosine of each text field of the drug with each of the disease;
    - naming: whether the drug's text names the disease, or one that resembles it, and whether the
      disease's text names the drug, or a class it belongs to, for each text field.
    """
    out: Features = {}
    answers = {role: answers_of(graph, train, role) for role in ANSWERS}
    for kind, similarity in similarities(graph, train, reading.vectors).items():
        for role, known in answers.items():
            if known.any():
                name = f"evidence of {role}, similar by {kind}"
                out[name] = evidence(similarity, known, left_out)
    for mine in (field for field in reading.vectors if field != "name"):
        for yours, rows in reading.vectors.items():
            cosine = reading.vectors[mine][graph.drugs] @ rows[graph.diseases].T
            out[f"cosine of drug's {mine} and disease's {yours}"] = cosine
    for field, named in reading.named.items():
        out |= _naming(graph, train, field, named)
    return out


def _naming(
    graph: Graph, train: NDArray[np.int32], field: str, named: list[frozenset[int]]
) -> Features:
    groups = groups_of(graph, train, "includes")
    alike = groups_of(graph, train, "resembles")
    shape = (len(graph.drugs), len(graph.diseases))
    disease_place = {int(disease): j for j, disease in enumerate(graph.diseases)}
    drug_names, drug_names_like, disease_names, disease_names_class = (
        np.zeros(shape) for _ in range(4)
    )
    for i, drug in enumerate(graph.drugs.tolist()):
        told = [disease for disease in named[drug] if disease in disease_place]
        like = {other for disease in told for other in alike.get(disease, ())}
        drug_names[i, [disease_place[disease] for disease in told]] = 1
        like_places = [disease_place[d] for d in like if d in disease_place and d not in told]
        drug_names_like[i, like_places] = 1
    for j, disease in enumerate(graph.diseases.tolist()):
        for i, drug in enumerate(graph.drugs.tolist()):
            disease_names[i, j] = drug in named[disease]
            disease_names_class[i, j] = bool(groups.get(drug, frozenset()) & named[disease])
    return {
        f"drug's {field} names the disease": drug_names,
        f"drug's {field} names a resembling disease": drug_names_like,
        f"disease's {field} names the drug": disease_names,
        f"disease's {field} names the drug's class": disease_names_class,
    }


def groups_of(graph: Graph, triples: NDArray[np.int32], role: Role) -> dict[int, frozenset[int]]:
    """Return for each entity the others tied to it by `role`: towards it, or both ways.

    For "includes" the groups an entity belongs to, for "resembles" those that resemble it.
    """
    out: dict[int, set[int]] = {}
    rows = triples[np.isin(triples[:, 1], graph.relations_with_role(role))]
    for head, relation, tail in rows.tolist():
        out.setdefault(tail, set()).add(head)
        if graph.relations[relation].is_symmetric:
            out.setdefault(head, set()).add(tail)
    return {entity: frozenset(others) for entity, others in out.items()}


def embedding(graph: Graph, scorer: Scorer) -> Features:
    """Return the model's scores of treating, easing and being contraindicated, standardised twice.

    Among the drugs of a disease, and among the diseases of a drug, so that neither popular drugs
    nor popular diseases win by being popular.
    """
    out: Features = {}
    for role in ANSWERS:
        relations = graph.relations_with_role(role)  # type: ignore[arg-type]
        if not len(relations):
            continue
        scores = scorer.score_pairs(graph.drugs, _commonest(graph, relations), graph.diseases)
        wide = scores.astype(np.float64)
        out[f"embedding of {role}, among drugs"] = _standard(wide, 0)
        out[f"embedding of {role}, among diseases"] = _standard(wide, 1)
    return out


def _commonest(graph: Graph, relations: Iterable[int]) -> int:
    return max(relations, key=lambda r: int((graph.triples[:, 1] == r).sum()))


def _standard(table: Matrix, axis: int) -> Matrix:
    spread = table.std(axis=axis, keepdims=True)
    return np.asarray((table - table.mean(axis=axis, keepdims=True)) / np.where(spread, spread, 1))
