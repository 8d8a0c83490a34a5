"""Why the model predicts caution for a pair, as data: edges and sentences one can look up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from llador_core.graph import Graph, Ints
from llador_core.priors.leakage import sentences_naming
from llador_core.priors.texts import TextField, Texts
from llador_core.safeguard.features import groups_of

Kind = Literal["edge", "resembling", "similar", "text"]
ACTIONS = ("targets", "inhibits", "activates", "binds")
MOST_OF_A_KIND = 3


@dataclass(frozen=True)
class CautionReason:
    """One thing that speaks against a pair.

    Attributes
    ----------
    kind : "edge", "resembling", "similar" or "text"
        The graph contraindicates the pair itself; the drug in a disease that resembles this one;
        a drug of the same class or with the same target in this disease; or the LLM's text has a
        sentence on it.
    entity : int
        The resembling disease, the similar drug, or whose text it is; for "edge" the disease.
    name : str
        Of that entity.
    shared : tuple of str
        For "similar" the classes and targets that both drugs have; for "text" whom the sentence
        names.
    text : str
        For "text" the sentence, model-written and unreviewed; "" otherwise.
    field : TextField or None
        For "text" the text it stands in.
    """

    kind: Kind
    entity: int
    name: str
    shared: tuple[str, ...] = ()
    text: str = ""
    field: TextField | None = None


def caution_reasons(
    graph: Graph,
    texts: Texts | None,
    drug: int,
    disease: int,
    train: NDArray[np.int32] | None = None,
) -> list[CautionReason]:
    """Return what in the graph and its texts speaks against a drug for a disease.

    Parameters
    ----------
    texts : Texts or None
        Their caution sentences count; None leaves them out.
    drug, disease : int
    train : int32 array of shape (n, 3) or None
        The triples to look in, e.g. those a run was trained on; None means the whole graph.

    Returns
    -------
    list of CautionReason
        The pair's own edge, sentences, edges of resembling diseases, of similar drugs (most in
        common first); at most three of each kind. Empty when nothing is found, which does not
        mean that the drug is safe.
    """
    triples = graph.triples if train is None else train
    avoided = triples[np.isin(triples[:, 1], graph.relations_with_role("contraindicated"))]
    resembling = groups_of(graph, triples, "resembles").get(disease, frozenset())
    found: list[CautionReason] = []
    if ((avoided[:, 0] == drug) & (avoided[:, 2] == disease)).any():
        found.append(CautionReason("edge", disease, graph.entity_names[disease]))
    if texts is not None:
        classes = groups_of(graph, triples, "includes").get(drug, frozenset())
        found += _sentences(graph, texts, drug, {disease, *resembling})
        found += _sentences(graph, texts, disease, {drug, *classes})
    in_others = avoided[avoided[:, 0] == drug, 2]
    found += [
        CautionReason("resembling", other, graph.entity_names[other])
        for other in in_others.tolist()
        if other in resembling
    ][:MOST_OF_A_KIND]
    others = avoided[(avoided[:, 2] == disease) & (avoided[:, 0] != drug), 0]
    return found + _similar(graph, triples, drug, others)


def _similar(
    graph: Graph, triples: NDArray[np.int32], drug: int, others: Ints
) -> list[CautionReason]:
    """Return the drugs among `others` that share a class or a target with `drug`."""
    classes = groups_of(graph, triples, "includes")
    acts = triples[np.isin(triples[:, 1], graph.relations_with_role(*ACTIONS))]  # type: ignore[arg-type]

    def traits(one: int) -> set[tuple[int, int]]:
        """Classes, and what is done to which target: two inhibitors share, not an activator."""
        own = acts[acts[:, 0] == one]
        return {(-1, group) for group in classes.get(one, ())} | {
            (relation, target) for _, relation, target in own.tolist()
        }

    mine = traits(drug)
    shared = {int(other): mine & traits(int(other)) for other in others}
    ordered = sorted((o for o in shared if shared[o]), key=lambda o: (-len(shared[o]), o))
    return [
        CautionReason(
            "similar",
            other,
            graph.entity_names[other],
            tuple(_named(graph, (entity for _, entity in sorted(shared[other])))),
        )
        for other in ordered[:MOST_OF_A_KIND]
    ]


def _sentences(
    graph: Graph, texts: Texts, entity: int, others: Iterable[int]
) -> list[CautionReason]:
    found = sentences_naming(graph, texts, entity, "caution", others)
    return [
        CautionReason(
            "text",
            entity,
            graph.entity_names[entity],
            tuple(_named(graph, sorted(named))),
            sentence,
            "caution",
        )
        for sentence, named in found[:MOST_OF_A_KIND]
    ]


def _named(graph: Graph, entities: Iterable[int]) -> Iterator[str]:
    return (name for name in dict.fromkeys(graph.entity_names[entity] for entity in entities))
