"""What speaks against a drug for a disease, as far as the graph knows."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from llador_core.explain.heldout import held_out_pairs
from llador_core.explain.kinds import recorded
from llador_core.explain.steps import Step, make_step
from llador_core.graph import Graph, Ints, Role, pair_keys
from llador_core.training.runs import Run

ObjectionKind = Literal[
    "contraindicated",
    "contraindicated_resembling",
    "side_effect_symptom",
    "opposite_action",
    "not_indicated",
]
N_EXAMPLES = 3


@dataclass(frozen=True)
class Objection:
    """One thing that speaks against the pair.

    Attributes
    ----------
    kind : ObjectionKind
    sentence : str
        Plain words; names in it are not escaped.
    entities : tuple of int
        Whom the sentence names, the drug first.
    steps : tuple of Step
        The edges it rests on.
    """

    kind: ObjectionKind
    sentence: str
    entities: tuple[int, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class ObjectionGroup:
    """All objections of one kind.

    Attributes
    ----------
    kind : ObjectionKind
    title : str
    objections : tuple of Objection
        Gravest first.
    nothing : str
        Why there is none: "" where there is one.
    """

    kind: ObjectionKind
    title: str
    objections: tuple[Objection, ...]
    nothing: str


def objections(
    graph: Graph, drug: int, disease: int, *, run: Run | None = None
) -> tuple[ObjectionGroup, ...]:
    """Return one group for each kind of objection, also where nothing was found.

    Parameters
    ----------
    graph : Graph
    drug, disease : int
    run : Run or None
        Treatments held out from it are not counted among the drugs that treat the disease.
    """
    hidden = np.empty(0, np.int64) if run is None else held_out_pairs(graph, run)
    pair = _Pair(graph, drug, disease, hidden)
    groups = []
    for kind, title, needed, find in _KINDS:
        found = tuple(find(pair))
        groups.append(ObjectionGroup(kind, title, found, "" if found else _nothing(graph, needed)))
    return tuple(groups)


@dataclass(frozen=True, eq=False)
class _Pair:
    graph: Graph
    drug: int
    disease: int
    hidden: Ints

    def name(self, entity: int) -> str:
        return self.graph.entity_names[entity]

    def with_role(self, entity: int, *roles: Role) -> list[int]:
        return [int(other) for other in self.graph.neighbours_with_role(entity, *roles)]

    def steps(self, source: int, target: int, *roles: Role) -> tuple[Step, ...]:
        """Return the edges with one of `roles` between two entities."""
        edges = self.graph.neighbours(source)
        wanted = self.graph.relations_with_role(*roles)
        rows = np.flatnonzero((edges.entity == target) & np.isin(edges.relation, wanted))
        return tuple(
            make_step(
                self.graph, source, target, int(edges.relation[i]), bool(edges.is_outgoing[i])
            )
            for i in rows.tolist()
        )

    def other_treatments(self) -> list[int]:
        """Return the other drugs that treat the disease, as far as training may know."""
        drugs = self.graph.neighbours_with_role(self.disease, "treats")
        drugs = drugs[self.graph.entity_types[drugs] == self.graph.entity_types[self.drug]]
        ends = np.column_stack([drugs, np.full(len(drugs), self.disease)])
        is_hidden = np.isin(pair_keys(ends, self.graph.n_entities), self.hidden)
        return [d for d in drugs[~is_hidden].tolist() if d != self.drug]


def _contraindicated(pair: _Pair) -> list[Objection]:
    steps = pair.steps(pair.drug, pair.disease, "contraindicated")
    if not steps:
        return []
    sentence = f"{pair.name(pair.drug)} is contraindicated in {pair.name(pair.disease)}."
    return [Objection("contraindicated", sentence, (pair.drug, pair.disease), steps)]


def _contraindicated_resembling(pair: _Pair) -> list[Objection]:
    graph = pair.graph
    similar = pair.with_role(pair.disease, "resembles", "includes")
    similar = [d for d in similar if graph.type_of(d) == graph.disease_type and d != pair.disease]
    avoided = set(pair.with_role(pair.drug, "contraindicated"))
    found = []
    for other in sorted(
        avoided & set(similar), key=lambda d: (-graph.degree[d], graph.entity_ids[d])
    ):
        ties = pair.steps(other, pair.disease, "resembles", "includes")
        sentence = (
            f"{pair.name(pair.drug)} is contraindicated in {pair.name(other)}, which "
            f"{ties[0].words} {pair.name(pair.disease)}."
        )
        steps = (*pair.steps(pair.drug, other, "contraindicated"), *ties)
        entities = (pair.drug, other, pair.disease)
        found.append(Objection("contraindicated_resembling", sentence, entities, steps))
    return found


def _side_effect_symptom(pair: _Pair) -> list[Objection]:
    """Match side effects with symptoms by id, and by name or synonym where the ids differ."""
    labels: dict[str, int] = {}
    for entity in [pair.disease, *pair.with_role(pair.disease, "presents")]:
        for label in _labels(pair.graph, entity):
            labels.setdefault(label, entity)
    found = []
    for effect in pair.with_role(pair.drug, "causes"):
        symptom = next((labels[s] for s in _labels(pair.graph, effect) if s in labels), None)
        if symptom is None:
            continue
        steps = pair.steps(pair.drug, effect, "causes")
        if symptom == pair.disease:
            ending = "the disease itself"
        else:
            ending = f"a symptom of {pair.name(pair.disease)}"
            steps += pair.steps(symptom, pair.disease, "presents")
        sentence = f"{pair.name(pair.drug)} can cause {pair.name(effect)}, {ending}."
        entities = tuple(dict.fromkeys((pair.drug, effect, symptom, pair.disease)))
        found.append(Objection("side_effect_symptom", sentence, entities, steps))
    rarest = pair.graph.degree
    return sorted(
        found, key=lambda o: (o.entities[-2] != o.entities[1], rarest[o.entities[1]], o.sentence)
    )


def _labels(graph: Graph, entity: int) -> list[str]:
    """Return the id, the name and the synonyms of an entity as they are compared."""
    names = (graph.entity_names[entity], *graph.synonyms[entity])
    spelled = (" ".join(re.findall(r"\w+", name.casefold())) for name in names)
    return [graph.entity_ids[entity], *(name for name in spelled if name)]


_OPPOSITE: tuple[tuple[Role, Role], ...] = (("inhibits", "activates"), ("activates", "inhibits"))


def _opposite_action(pair: _Pair) -> list[Objection]:
    treatments = set(pair.other_treatments())
    weighed: list[tuple[int, int, Objection]] = []
    for own, opposite in _OPPOSITE:
        for target in pair.with_role(pair.drug, own):
            if target in pair.with_role(pair.drug, opposite):
                continue  # the graph has it both ways, which is no objection
            against = treatments & set(pair.with_role(target, opposite))
            alike = treatments & set(pair.with_role(target, own))
            if against:
                found = _opposed(pair, target, own, opposite, against, alike)
                weighed.append((len(alike) - len(against), -len(against), found))
    return [found for *_, found in sorted(weighed, key=lambda row: (*row[:2], row[2].sentence))]


def _opposed(
    pair: _Pair, target: int, own: Role, opposite: Role, against: set[int], alike: set[int]
) -> Objection:
    graph = pair.graph
    examples = sorted(against, key=lambda d: (-graph.degree[d], graph.entity_ids[d]))[:N_EXAMPLES]
    parts = [pair.name(d) for d in examples]
    if len(against) > len(examples):
        parts.append(f"{len(against) - len(examples)} more")
    named = " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
    verb = f"{opposite[:-1]}" if len(against) > 1 else opposite
    sentence = (
        f"{pair.name(pair.drug)} {own} {pair.name(target)}, which {named}, "
        f"known to treat {pair.name(pair.disease)}, {verb}"
    )
    others = "another treatment" if len(alike) == 1 else f"{len(alike)} other treatments"
    same = f"; {others} {own if len(alike) == 1 else own[:-1]} it too" if alike else ""
    steps = pair.steps(pair.drug, target, own)
    for example in examples:
        steps += pair.steps(target, example, opposite)
        steps += pair.steps(example, pair.disease, "treats")
    return Objection("opposite_action", f"{sentence}{same}.", (pair.drug, target, *examples), steps)


def _not_indicated(pair: _Pair) -> list[Objection]:
    steps = pair.steps(pair.drug, pair.disease, "not_indicated")
    if not steps:
        return []
    drug, disease = pair.name(pair.drug), pair.name(pair.disease)
    sentence = f"{drug} was judged not to be indicated in {disease}."
    return [Objection("not_indicated", sentence, (pair.drug, pair.disease), steps)]


def _nothing(graph: Graph, needed: tuple[tuple[Role, ...], ...]) -> str:
    """Return why there is no objection: none found, or none that the graph could hold."""
    present = {relation.role for relation in recorded(graph)}
    for roles in needed:
        if not present & set(roles):
            return f"This graph records no {_SAID[roles[0]]}, so it cannot tell."
    return "Nothing found in this graph."


_SAID: dict[Role, str] = {
    "contraindicated": "contraindications",
    "resembles": "likeness of diseases",
    "causes": "side effects",
    "presents": "symptoms of diseases",
    "inhibits": "direction of action on a target",
    "not_indicated": "non-indications",
}

Find = Callable[[_Pair], list[Objection]]
# Kind, title, the roles a graph needs (one of each), and how to find them.
_KINDS: tuple[tuple[ObjectionKind, str, tuple[tuple[Role, ...], ...], Find], ...] = (
    (
        "contraindicated",
        "Contraindicated in this disease",
        (("contraindicated",),),
        _contraindicated,
    ),
    (
        "contraindicated_resembling",
        "Contraindicated in a resembling disease",
        (("contraindicated",), ("resembles", "includes")),
        _contraindicated_resembling,
    ),
    (
        "side_effect_symptom",
        "Side effects that coincide with its symptoms",
        (("causes",), ("presents",)),
        _side_effect_symptom,
    ),
    (
        "opposite_action",
        "Acts against its treatments",
        (("inhibits", "activates"),),
        _opposite_action,
    ),
    (
        "not_indicated",
        "Judged not to be indicated",
        (("not_indicated",),),
        _not_indicated,
    ),
)
