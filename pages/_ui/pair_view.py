"""The pair that the address asks for, and what is kept about pairs between reruns."""

from __future__ import annotations

from dataclasses import dataclass

from llador_core import agreement, names
from llador_core.agreement import Agreement
from llador_core.errors import LladorError, UnknownNameError
from llador_core.graph import Graph
from llador_core.ranking import Candidate
from llador_core.training import runs
from llador_core.training.runs import RunInfo
from pages._ui import cached, state
from pages._ui.cached import View


@dataclass(frozen=True)
class Pair:
    """A drug beside a disease.

    Attributes
    ----------
    view : View
        All drugs for the disease.
    candidate : Candidate
        The drug's row among them.
    is_default : bool
        No drug was asked for, so the first new proposal is shown.
    """

    view: View
    candidate: Candidate
    is_default: bool

    @property
    def graph(self) -> Graph:
        return self.view.graph

    @property
    def drug(self) -> int:
        return self.candidate.entity

    @property
    def disease(self) -> int:
        return self.view.disease

    @property
    def place(self) -> int:
        """Place of the drug in `graph.drugs`."""
        return agreement.drug_place(self.graph, self.drug)

    @property
    def names(self) -> tuple[str, str]:
        """Names of the drug and of the disease."""
        return self.candidate.name, self.view.disease_name


def current_pair() -> Pair:
    """Return the pair in the address; without a drug, the disease's first new proposal.

    Raises
    ------
    LladorError
        A name is unknown, or the run cannot be read.
    """
    view = cached.current_view()
    asked = state.current_drug(view.graph)
    drug = first_proposal(view) if asked is None else asked
    row = next(c for c in view.candidates if c.entity == drug)
    return Pair(view, row, is_default=asked is None)


def turn_round() -> bool:
    """Put right an address whose drug is a disease and whose disease is a drug; say whether so.

    Raises LladorError where the graph cannot be read.
    """
    graph = cached.graph(state.current_graph_name())
    drug, disease = state.asked("drug"), state.asked("disease")
    if drug is None or disease is None or _is_known(graph, drug, "drug"):
        return False
    if not (_is_known(graph, drug, "disease") and _is_known(graph, disease, "drug")):
        return False
    state.choose(drug=disease, disease=drug)
    return True


def _is_known(graph: Graph, name: str, kind: names.Kind) -> bool:
    try:
        names.resolve(graph, name, kind)
    except UnknownNameError:
        return False
    return True


def current_listing() -> Pair:
    """Return the drug in the address beside the best of its diseases. Raises as `current_pair`.

    For an address with a drug and no disease: the page then lists the drug's diseases.
    """
    name = state.current_graph_name()
    graph, info = cached.graph(name), state.current_run(name)
    drug = state.current_drug(graph)
    assert drug is not None
    order = state.current_order()
    best = cached.ranked_diseases(name, drug, info, order=order)[0].entity
    view = cached.view(name, best, info, order)
    return Pair(view, next(c for c in view.candidates if c.entity == drug), is_default=False)


def first_proposal(view: View) -> int:
    """Return the best new drug that is not known to ease the disease; the best drug without one."""
    new = (c for c in view.candidates if c.status == "new" and c.entity not in view.easing)
    return next(new, view.candidates[0]).entity


@dataclass(frozen=True)
class Asked:
    """What the installed runs say of a pair, and which could not be asked."""

    agreement: Agreement | None
    problems: tuple[str, ...]
    n_controls: int


def ask_runs(pair: Pair) -> Asked:
    """Return the ranks of a pair in every finished run of the graph but the controls."""
    standings, problems, n_controls = [], [], 0
    for info in runs.list_runs(pair.graph.name):
        if not info.is_finished:
            problems.append(info.problem)
        elif not agreement.is_comparable(info):
            n_controls += 1
        else:
            try:
                standings.append(_standing(pair, info))
            except LladorError as error:
                problems.append(str(error))
    told = agreement.agree(standings, len(pair.view.candidates)) if standings else None
    return Asked(told, tuple(problems), n_controls)


def _standing(pair: Pair, info: RunInfo) -> agreement.Standing:
    ranks = cached.drug_ranks(pair.graph.name, pair.disease, info, pair.view.order)
    knew = agreement.was_trained_on(pair.graph, cached.run(info), pair.drug, pair.disease)
    return agreement.Standing(info, float(ranks[pair.place]), knew)


def studied(graph: Graph, entity: int) -> float:
    """Return the share of entities of the same type with fewer edges, 0 to 1."""
    alike = graph.entities_of_type(graph.type_of(entity))
    degrees = graph.degree[alike]
    return float((degrees < graph.degree[entity]).mean())
