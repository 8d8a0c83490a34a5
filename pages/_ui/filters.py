"""The order and the filters of the candidates; every one is in the address."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from llador_core.escape import plain
from llador_core.ranking import Candidate
from pages._ui import state

STATUS_LABELS = {"new": "New", "held_out": "Hidden", "known": "Known"}


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
        return (
            STATUS_LABELS[candidate.status] in self.status
            and not (self.hides_contraindicated and candidate.is_contraindicated)
            and not (self.hides_named and candidate.prior_names_it)
            and (self.drug_class is None or self.drug_class in classes)
            and (not self.moved_up_by or (candidate.shift or 0) >= self.moved_up_by)
        )


ORDERS = {"combined": "Weighed with caution", "raw": "Score alone"}


def pick_order(is_guarded: bool) -> None:
    """Offer what orders the list; the choice is in the address, where the view reads it."""
    st.segmented_control(
        "Order",
        list(ORDERS),
        format_func=ORDERS.__getitem__,
        key="order_pick",
        required=True,
        disabled=not is_guarded,
        on_change=lambda: state.choose(
            order="raw" if st.session_state["order_pick"] == "raw" else None
        ),
        help="**Weighed with caution**: the chance of a treatment against the chance that it is "
        "contraindicated, both predicted. **Score alone**: the model's score, which draws "
        "contraindicated drugs to the top as well."
        + ("" if is_guarded else " This run predicts no caution."),
    )


def pick_filters(classes: list[str], has_base: bool, is_guarded: bool) -> Filters:
    """Show the order and the filters of the candidates; every one is in the address."""
    st.session_state["order_pick"] = state.current_order() if is_guarded else "raw"
    with st.container(horizontal=True, vertical_alignment="bottom", width="content"):
        pick_order(is_guarded)
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
