"""What is known of similar drugs and similar diseases, without the pair's own answer.

Kernel ridge regression over pairs: the kernel of two pairs is the similarity of their drugs times
the similarity of their diseases. On a full table of drugs by diseases it has a closed form, and so
has every prediction that leaves the pair, the whole drug or the whole disease out of what it is
learnt from. So the evidence is honest on training pairs too, without training anything twice.

References
----------
Kronecker kernel ridge regression and its leave-out shortcuts: Stock et al., Neural Computation
30:2245 (2018).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from llador_core.data.splits import Kind
from llador_core.graph import Graph, Ints
from llador_core.priors.vectors import FieldVectors

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Matrix = NDArray[np.float64]
ANSWERS = ("treats", "palliates", "contraindicated")
RIDGE = 1.0
COLUMNS_AT_ONCE = 4_096


@dataclass(frozen=True, eq=False)
class Similarity:
    """How alike drugs are, and how alike diseases are: one kernel of each.

    Attributes
    ----------
    drugs : float array of shape (n_drugs, n_drugs)
    diseases : float array of shape (n_diseases, n_diseases)
        Symmetric, without negative eigenvalues, 1 (or 0: nothing known) on the diagonal.
    """

    drugs: Matrix
    diseases: Matrix

    @cached_property
    def spectra(self) -> tuple[Matrix, Matrix, Matrix, Matrix]:
        """Eigenvalues and axes of the drugs, then of the diseases; one decomposition serves all."""
        return (*np.linalg.eigh(self.drugs), *np.linalg.eigh(self.diseases))


def similarities(
    graph: Graph, train: NDArray[np.int32], vectors: Mapping[str, Matrix]
) -> dict[str, Similarity]:
    """Return what makes drugs and diseases alike: the graph, the texts, and both together.

    Parameters
    ----------
    train : int32 array of shape (n, 3)
        Edges between drugs and diseases are left out: they are the answers.
    vectors : mapping from text field to float array of shape (n_entities, width)
        Centred unit rows, as `centred_fields` gives them; empty for a model without texts.
    """
    of_graph = Similarity(
        _shared_neighbours(graph, train, graph.drugs),
        _shared_neighbours(graph, train, graph.diseases),
    )
    if not vectors:
        return {"graph": of_graph}
    drugs = [rows[graph.drugs] for rows in vectors.values()]
    diseases = [rows[graph.diseases] for rows in vectors.values()]
    of_texts = Similarity(
        np.mean([rows @ rows.T for rows in drugs], axis=0),
        np.mean([rows @ rows.T for rows in diseases], axis=0),
    )
    both = Similarity(
        (of_graph.drugs + of_texts.drugs) / 2, (of_graph.diseases + of_texts.diseases) / 2
    )
    return {"graph": of_graph, "texts": of_texts, "both": both}


def centred_fields(
    graph: Graph, vectors: FieldVectors, fields: tuple[str, ...]
) -> dict[str, Matrix]:
    """Return each field's vectors minus their mean over drugs, or over diseases, as unit rows.

    What all drugs' texts share says nothing of one of them. Rows of other entities are zero.
    """
    out: dict[str, Matrix] = {}
    for field in fields:
        rows = np.zeros((graph.n_entities, vectors.width))
        for members in (graph.drugs, graph.diseases):
            has = members[vectors.has[field][members]]  # type: ignore[index]
            if len(has):
                raw = vectors.vectors[field][has].astype(np.float64)  # type: ignore[index]
                rows[has] = raw - raw.mean(axis=0)
        out[field] = _unit_rows(rows)
    return out


def evidence(
    similarity: Similarity, answers: Matrix, left_out: Kind = "pair", ridge: float = RIDGE
) -> Matrix:
    """Return for each pair what the answers of other pairs lead one to expect.

    Parameters
    ----------
    similarity : Similarity
    answers : float array of shape (n_drugs, n_diseases)
        1 where training says so, else 0.
    left_out : "pair", "disease" or "drug"
        What is left out of learning for each prediction: the pair itself, or all answers of its
        disease or drug.
    ridge : float > 0
        How much is smoothed.

    Returns
    -------
    float array of shape (n_drugs, n_diseases)
        Does not change when the left-out answers do.
    """
    drug_values, drug_axes, disease_values, disease_axes = similarity.spectra
    strength = np.outer(drug_values.clip(0), disease_values.clip(0))
    shrink = strength / (strength + ridge)  # (n_drugs, n_diseases)
    inner = shrink * (drug_axes.T @ answers @ disease_axes)
    fitted: Matrix = drug_axes @ inner @ disease_axes.T
    by_drug = drug_axes**2 @ shrink  # (n_drugs, n_diseases): a drug against the disease axes
    if left_out == "pair":
        own = by_drug @ (disease_axes**2).T  # the pair's own share in its fit
        return np.asarray((fitted - own * answers) / (1 - own))
    if left_out == "drug":
        turned, known = fitted @ disease_axes, answers @ disease_axes
        return np.asarray(((turned - by_drug * known) / (1 - by_drug)) @ disease_axes.T)
    by_disease = shrink @ (disease_axes**2).T  # (n_drugs, n_diseases): drug axes against a disease
    turned, known = drug_axes.T @ fitted, drug_axes.T @ answers
    return np.asarray(drug_axes @ ((turned - by_disease * known) / (1 - by_disease)))


def answers_of(graph: Graph, triples: NDArray[np.int32], role: str) -> Matrix:
    """Return 1 where a drug and a disease are joined by a relation with `role`, else 0.

    Returns
    -------
    float array of shape (n_drugs, n_diseases)
    """
    of_role = [i for i, relation in enumerate(graph.relations) if relation.role == role]
    rows = triples[np.isin(triples[:, 1], of_role)]
    drug, disease = _places(graph, graph.drugs), _places(graph, graph.diseases)
    i, j = drug[rows[:, 0]], disease[rows[:, 2]]
    out = np.zeros((len(graph.drugs), len(graph.diseases)))
    is_inside = (i >= 0) & (j >= 0)
    out[i[is_inside], j[is_inside]] = 1
    return out


def _shared_neighbours(graph: Graph, train: NDArray[np.int32], members: Ints) -> Matrix:
    """Return the cosine of the members' neighbourhoods, rare neighbours counting more."""
    rows, columns, weight = _neighbours(graph, train, members)
    kernel = np.zeros((len(members), len(members)))
    for table in _tables(rows, columns, weight, len(members)):
        kernel += table @ table.T
    length = np.sqrt(np.diag(kernel))
    length[length == 0] = 1
    return np.asarray(kernel / length[:, None] / length)


def neighbourhoods(graph: Graph, train: NDArray[np.int32], members: Ints) -> csr_array:
    """Return the members' neighbourhoods as unit rows, whose products are the same cosines.

    Returns
    -------
    sparse float32 array of shape (n_members, n_neighbours)
    """
    from scipy.sparse import csr_array

    rows, columns, weight = _neighbours(graph, train, members)
    length = np.sqrt(np.bincount(rows, weight[columns] ** 2, minlength=len(members)))
    values = weight[columns] / np.where(length > 0, length, 1)[rows]
    shape = (len(members), len(weight))
    return csr_array((values.astype(np.float32), (rows, columns)), shape=shape)


def _neighbours(graph: Graph, train: NDArray[np.int32], members: Ints) -> tuple[Ints, Ints, Matrix]:
    """Return row and column of each member's neighbours, and the weight of each column.

    A column is an entity under one relation in one direction; answers are left out.
    """
    is_answer = _joins(graph, train, graph.drugs, graph.diseases)
    place = _places(graph, members)
    h, r, t = train[~is_answer].astype(np.int64).T
    out, into = place[h] >= 0, place[t] >= 0
    rows = np.concatenate([place[h[out]], place[t[into]]])
    kinds = np.concatenate([r[out] * 2, r[into] * 2 + 1])  # a relation and its inverse differ
    ends = np.concatenate([t[out], h[into]])
    _, columns, count = np.unique(
        kinds * graph.n_entities + ends, return_inverse=True, return_counts=True
    )
    weight = np.where(count > 1, np.log(max(len(members), 2) / count).clip(0), 0.0)
    return rows, columns, weight


def _tables(rows: Ints, columns: Ints, weight: Matrix, n_rows: int) -> Iterator[Matrix]:
    """Yield the weighted table of members by neighbours, a block of columns at a time."""
    order = np.argsort(columns, kind="stable")
    rows, columns = rows[order], columns[order]
    for start in range(0, len(weight), COLUMNS_AT_ONCE):
        span = slice(*np.searchsorted(columns, [start, start + COLUMNS_AT_ONCE]))
        block = weight[start : start + COLUMNS_AT_ONCE]
        table = np.zeros((n_rows, len(block)))
        table[rows[span], columns[span] - start] = block[columns[span] - start]
        yield table


def _joins(
    graph: Graph, triples: NDArray[np.int32], first: Ints, second: Ints
) -> NDArray[np.bool_]:
    """Return which triples have an end in each of two sets of entities."""
    is_first, is_second = (_places(graph, members) >= 0 for members in (first, second))
    h, t = triples[:, 0], triples[:, 2]
    return np.asarray((is_first[h] & is_second[t]) | (is_second[h] & is_first[t]))


def _places(graph: Graph, members: Ints) -> Ints:
    place = np.full(graph.n_entities, -1, np.int64)
    place[members] = np.arange(len(members))
    return place


def _unit_rows(rows: Matrix) -> Matrix:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(length > 0, length, 1))
