"""The table of runs: which are listed, which are picked, and what is kept of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from llador_core.escape import plain
from llador_core.models.interactions import INTERACTIONS
from llador_core.training import runs
from llador_core.training.overview import Overview
from pages._ui import exports, frame, inputs, runs_cached, state

PICKED = "picked"
STATES = {
    "pretrained": "Pretrained",
    "yours": "Yours",
    "imported": "Imported",
    "unfinished": "Unfinished",
    "damaged": "Damaged",
}
HEIGHT = 420
N_FITTING = 11
SPLIT_WORDS = {
    "pair": "pairs",
    "disease": "whole diseases",
    "drug": "whole drugs",
    "unknown": "unknown",
}


def find(graph: str | None) -> list[Overview]:
    """Return all runs of a graph, or of all graphs, as the table shows them.

    The reader's own come first, the newest before all; the pretrained ones by model and prior.
    """
    found = [runs_cached.overview(info) for info in runs.list_runs(graph)]
    own = [one for one in found if one.state != "pretrained"]
    shipped = [one for one in found if one.state == "pretrained"]
    return own + sorted(shipped, key=lambda one: (one.info.model, one.info.prior))


def pick_shown(found: Sequence[Overview]) -> list[Overview]:
    """Offer filters and return the runs that pass them; each filter is in the address."""
    kinds = list(STATES.values())  # all of them: one that came and went would change the choice
    priors = sorted({one.info.prior for one in found if one.info.prior})
    models = sorted({one.info.model for one in found if one.info.model})
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.pills(
            "Kind",
            kinds,
            selection_mode="multi",
            default=kinds,
            key="kind",
            bind="query-params",
        )
        model = st.selectbox(
            "Model",
            models,
            index=None,
            format_func=_model_title,
            key="model",
            bind="query-params",
            placeholder="Any model",
            width=170,
        )
        prior = st.selectbox(
            "Prior",
            priors,
            index=None,
            format_func=lambda name: inputs.PRIOR_WORDS.get(name, name),
            key="prior",
            bind="query-params",
            placeholder="Any prior",
            width=230,
        )
    return [
        one
        for one in found
        if STATES[one.state] in (chosen or ())
        and model in (None, one.info.model)
        and prior in (None, one.info.prior)
    ]


def pick_runs(shown: Sequence[Overview]) -> list[Overview]:
    """Show the table and return the runs ticked in it; they are in the address too."""
    asked = [name for name in state.asked_many(PICKED) if name]
    names = [one.info.name for one in shown]
    if asked != st.session_state.get("runs_picked", asked):  # the choice was made elsewhere
        st.session_state["runs_turn"] = st.session_state.get("runs_turn", 0) + 1
    event = st.dataframe(
        rows(shown),
        hide_index=True,
        height=HEIGHT if len(shown) > N_FITTING else "content",
        alt=f"{len(shown)} runs with their settings and figures",
        column_config=_columns(),
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={
            "selection": {"rows": [names.index(name) for name in asked if name in names]}
        },
        # a selection is kept as places in the table: another list must not inherit it
        key=f"runs-{hash(tuple(names))}-{st.session_state.get('runs_turn', 0)}",
    )
    chosen = [names[i] for i in event.selection.rows if i < len(names)]
    # in the order they were asked for, so that the first stays the one that is compared
    chosen.sort(key=lambda name: asked.index(name) if name in asked else len(asked))
    if chosen != [name for name in asked if name in names]:
        state.choose_many(PICKED, chosen)
    st.session_state["runs_picked"] = [*state.asked_many(PICKED)]
    exports.offer(rows(shown), "runs", "Runs with their settings and figures")
    by_name = {one.info.name: one for one in shown}
    return [by_name[name] for name in chosen]


def label(one: Overview) -> str:
    """Return a run in words, as the other pages call it."""
    return inputs.run_label(one.info) if one.info.graph else one.info.name


def short_labels(picked: Sequence[Overview]) -> list[str]:
    """Return a name for each run that tells it from the others, as short as that allows."""
    words = [
        label(one) if one.info.is_imported else f"{_model_title(one.info.model)}, {_prior(one)}"
        for one in picked
    ]
    full = [label(one) for one in picked]
    return [w if words.count(w) == 1 else f for w, f in zip(words, full, strict=True)]


def rows(shown: Sequence[Overview]) -> list[dict[str, Any]]:
    """Return a row for each run, as the table and its export have them."""
    return [
        {
            "Run": plain(one.info.name),
            "Graph": plain(one.info.graph),
            "Model": _model_title(one.info.model),
            "Prior": _prior(one),
            "Kind": STATES[one.state],
            "MRR": interval(one, "MRR"),
            "Hits@10": interval(one, "Hits@10"),
            "Hits@50": interval(one, "Hits@50"),
            "Differs in": plain(", ".join(f"{k} {v}" for k, v in one.differing.items())),
            "Dim": one.info.dim or None,
            "Seed": None if one.info.is_imported else one.info.seed,
            "Hidden": SPLIT_WORDS.get(one.info.split_kind, one.info.split_kind),
            "Split": one.info.split_seed,
            "Texts": plain(one.info.texts),
            "Recipe": one.info.recipe,
            "Created": one.info.created[:16].replace("T", " "),
            "Seconds": one.seconds,
            "Device": str(one.record.get("device") or ""),
            "MB": round(one.size_mb, 1),
        }
        for one in shown
    ]


def interval(one: Overview, name: str) -> str:
    """Return a metric with its interval in words, "" where it was not judged."""
    found = one.metric(name)
    if found is None:
        return ""
    return f"{found['value']:.3f} [{found['low']:.2f}, {found['high']:.2f}]"


def show_none(graph_name: str) -> None:
    """Say that there is no run, and how to come by one."""
    st.info(
        "There is no run of this graph yet. Train one, or bring one in below.",
        icon=":material/table_chart:",
    )
    title, icon = frame.TOOLS[frame.TRAIN]
    st.page_link(frame.TRAIN, label=title, icon=icon, query_params=state.link(graph=graph_name))


def show_hint() -> None:
    """Say how to open a run, and how to compare several."""
    st.markdown("**No run ticked**")
    st.caption(
        "Tick one to see its settings, figures and origin and to rename, take along or delete it; "
        "tick two or more to compare them pair by pair."
    )


def _prior(one: Overview) -> str:
    if one.info.is_imported:
        return "not known"
    return inputs.PRIOR_WORDS.get(one.info.prior, one.info.prior)


def _model_title(name: str) -> str:
    return INTERACTIONS[name].title if name in INTERACTIONS else name


def _columns() -> dict[str, Any]:
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    figures = (
        "Over the hidden pairs, all drugs ranked for the disease, in the order that the run's "
        "lists have (weighed with caution where it can). In brackets: 95% interval."
    )
    return {
        "Run": text(width=250),
        "Graph": text(width=80),
        "Model": text(width=80),
        "Prior": text(width=150),
        "Kind": text(width=90),
        "MRR": text(width=140, help=f"Mean of 1 / rank. {figures}"),
        "Hits@10": text(width=140, help=f"Share found in the first 10. {figures}"),
        "Hits@50": text(width=140, help=f"Share found in the first 50. {figures}"),
        "Differs in": text(width=220, help="Settings that are not the default of its recipe."),
        "Dim": number(width=56),
        "Seed": number(width=56),
        "Hidden": text(width=110, help="What was held out of training to judge it by."),
        "Split": number(width=56, help="Seed of the split: the same hid the same pairs."),
        "Seconds": number(width=80, format="%.0f"),
        "MB": number(width=60),
    }
