"""Widgets that return or set a choice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from llador_core import data
from llador_core.escape import markdown, plain
from llador_core.models.interactions import INTERACTIONS
from llador_core.ranking import Candidate
from llador_core.training import runs
from llador_core.training.runs import RunInfo, Weighing
from pages._ui import cached, find, order, state

PRIOR_WORDS = {
    "none": "no prior",
    "full": "full LLM prior",
    "mechanism": "mechanism texts only",
    "caution": "names and cautions only",
    "treatment": "names and treatments only",
    "no-indication": "texts without indications",
    "name": "names only",
    "shuffled": "shuffled texts (control)",
    "random": "random vectors (control)",
}
CURATED_WORDS = {"full": "names and descriptions", "mechanism": "names and descriptions"}
STEPS = (
    "What is known",
    "Can it be trusted?",
    "Who is proposed",
    "What the prior moved",
    "What to be careful about",
)
STATUS_LABELS = {"new": "New", "held_out": "Hidden", "known": "Known"}


def pick_graph() -> None:
    """Offer the graphs that are here, where there is a choice; it is in the address."""
    here = {info.name: info for info in data.list_graphs() if info.is_here}
    if len(here) < 2:
        return
    asked = str(st.query_params.get("graph", state.DEFAULT_GRAPH))
    st.session_state["graph_pick"] = asked if asked in here else None
    st.selectbox(
        "Knowledge graph",
        list(here),
        format_func=lambda name: here[name].title,
        key="graph_pick",
        placeholder="Choose a graph",
        label_visibility="collapsed",
        width=220,
        on_change=_take_graph,
    )


def _take_graph() -> None:
    if name := st.session_state["graph_pick"]:
        state.choose_graph(name)


@st.fragment
def pick_disease(graph_name: str, keeps_drug: bool = False) -> None:
    """Search a disease as the reader types; a click on a match puts it into the address.

    Parameters
    ----------
    graph_name : str
    keeps_drug : bool
        The chosen drug stays, as on the page of a pair; elsewhere it belonged to the old list.
    """

    def take(entity_id: str) -> None:
        state.choose(disease=entity_id)
        if not keeps_drug:
            state.choose(drug=None)

    find.search_entity(graph_name, "disease", "Another disease", "disease_query", take)


@st.fragment
def pick_drug(graph_name: str) -> None:
    """Search a drug as the reader types; a click on a match puts it into the address."""
    find.search_entity(
        graph_name, "drug", "Another drug", "drug_query", lambda i: state.choose(drug=i)
    )


def run_label(info: RunInfo) -> str:
    """Return a run in words: 'RotatE, full LLM prior'."""
    title = INTERACTIONS[info.model].title if info.model in INTERACTIONS else info.model
    prior = PRIOR_WORDS.get(info.prior, info.prior)
    if not cached.has_llm_texts(info.graph):
        prior = CURATED_WORDS.get(info.prior, prior)
    words = f"{title}, {prior}"
    if info.is_pretrained:
        return words
    if info.is_imported:
        return f"{title}, trained elsewhere ({info.name})"
    own = f"{info.graph}-{info.model}-{info.prior}-"  # what a run is called until it is renamed
    return f"{words} (yours, {info.name.removeprefix(own)})"


def pick_run(graph_name: str) -> None:
    """Offer the finished runs of a graph; a choice goes into the address."""
    found = runs.list_runs(graph_name)
    finished = {run.name: run for run in found if run.is_finished}
    asked = state.asked_run()
    if asked is None and finished:
        asked = runs.default_run(graph_name).name
    problems = " ".join(run.problem for run in found if run.problem)
    st.session_state["run_pick"] = asked if asked in finished else None
    st.selectbox(
        "Model and prior",
        list(finished),
        format_func=lambda name: run_label(finished[name]),
        key="run_pick",
        placeholder="Choose a run" if finished else "No run yet",
        disabled=not finished,
        on_change=lambda: state.choose(run=st.session_state["run_pick"]),
        help="A run is one training of one model. The **prior** is what a large language model "
        "wrote about each drug and disease; the model starts from it and stays near it."
        + (f" Not listed: {markdown(problems)}" if problems else ""),
    )
    _show_run_note(finished.get(asked or ""))


def _show_run_note(info: RunInfo | None) -> None:
    """Say what a run trained elsewhere cannot tell."""
    if info is not None and info.is_imported and info.split_kind == "unknown":
        st.caption(
            ":material/input: Trained elsewhere: it may have seen every known treatment, so none "
            "is hidden from it."
        )


def pick_step(show_more: Callable[[], None]) -> int:
    """Show the five steps, what `show_more` draws, Back and Next; return the current step."""
    step = state.current_step()
    st.session_state["step_pick"] = step
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
    ):
        st.segmented_control(
            "Step",
            range(1, len(STEPS) + 1),
            format_func=lambda n: f"{n}  {STEPS[n - 1]}",
            key="step_pick",
            required=True,
            label_visibility="collapsed",
            on_change=lambda: state.choose(step=st.session_state["step_pick"]),
        )
        with st.container(horizontal=True, width="content"):
            show_more()
            st.button(
                "Back",
                key="step_back",
                disabled=step == 1,
                shortcut="Left",
                on_click=state.choose,
                kwargs={"step": step - 1},
            )
            st.button(
                "Next",
                key="step_next",
                disabled=step == len(STEPS),
                shortcut="Right",
                on_click=state.choose,
                kwargs={"step": step + 1},
            )
    return step


@dataclass(frozen=True)
class Filters:
    """Which candidates to list.

    Attributes
    ----------
    status : tuple of str
        Labels of `STATUS_LABELS`.
    hides_contraindicated, hides_named : bool
    drug_class : str or None
    moved_up_by : int
        At least so many places; 0 for no limit.
    """

    status: tuple[str, ...]
    hides_contraindicated: bool
    hides_named: bool
    drug_class: str | None
    moved_up_by: int

    def words(self) -> str:
        """Return the filters as the export tells them."""
        told = [f"status {' or '.join(self.status) or 'none'}"]
        told += ["without contraindicated"] * self.hides_contraindicated
        told += ["without those the LLM text names"] * self.hides_named
        told += [f"class {self.drug_class}"] if self.drug_class else []
        told += [f"moved up by at least {self.moved_up_by}"] if self.moved_up_by else []
        return ", ".join(told)

    def keep(self, candidate: Candidate, classes: tuple[str, ...]) -> bool:
        """Return whether a candidate with these drug classes is listed."""
        is_wanted = (
            len(self.status) == len(STATUS_LABELS)
            if candidate.status == "absent"
            else STATUS_LABELS[candidate.status] in self.status
        )
        return (
            is_wanted
            and not (self.hides_contraindicated and candidate.is_contraindicated)
            and not (self.hides_named and candidate.prior_names_it)
            and (self.drug_class is None or self.drug_class in classes)
            and (not self.moved_up_by or (candidate.shift or 0) >= self.moved_up_by)
        )


def pick_filters(classes: list[str], has_base: bool, weighing: Weighing) -> Filters:
    """Show the order and the filters of the candidates; every one is in the address."""
    with st.container(horizontal=True, vertical_alignment="bottom", width="content"):
        order.pick_order(weighing)
        status = st.pills(
            "Status",
            list(STATUS_LABELS.values()),
            selection_mode="multi",
            default=list(STATUS_LABELS.values()),
            key="status",
            bind="query-params",
            help="**New**: no treatment edge in the graph, a proposal. **Hidden**: a known use "
            "that was kept from training, so finding it is a fair test. **Known**: a known use "
            "that training saw.",
        )
        drug_class = st.selectbox(
            "Drug class",
            [plain(name) for name in classes],
            index=None,
            key="class",
            bind="query-params",
            placeholder="Any class",
            width=230,
        )
        moved_up_by = st.number_input(
            "Moved up by at least",
            min_value=0,
            max_value=100_000,
            step=10,
            key="moved",
            bind="query-params",
            disabled=not has_base,
            width=170,
            help="Places gained through the prior: rank without it minus rank with it.",
        )
        with st.container(width="content", gap=None):
            hides_contraindicated = st.toggle(
                "Hide contraindicated",
                key="safe",
                bind="query-params",
                help="Drugs that the graph lists as to be avoided in this disease.",
            )
            hides_named = st.toggle(
                "Hide named by the LLM",
                key="unnamed",
                bind="query-params",
                help="Drugs whose text names this disease, or that the text of the disease "
                "names: there the prior may simply have stated the answer.",
            )
    return Filters(
        tuple(status or ()), hides_contraindicated, hides_named, drug_class, int(moved_up_by)
    )
