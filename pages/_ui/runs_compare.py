"""Runs side by side: figures with intervals, the difference pair by pair, curves, settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from llador_core import comparison
from llador_core.errors import LladorError
from llador_core.escape import markdown, plain
from llador_core.evaluation.compare import Comparison
from llador_core.evaluation.metrics import METRICS
from llador_core.evaluation.protocols import PROTOCOLS
from llador_core.figures import training, versus
from llador_core.graph import Graph
from llador_core.training.overview import Overview
from llador_core.training.runs import Order
from pages._ui import cached, exports, frame, order, runs_cached, runs_list, show, state
from pages._ui.runs_detail import cell, link_to

MAX_RUNS = 6  # more lines than a figure can tell apart
DEFAULT_PROTOCOL = "drug-ranking"
Judged = list[tuple[str, Overview, Comparison]]


def show_comparison(picked: Sequence[Overview]) -> None:
    """Compare the first run picked with each of the others."""
    if len(picked) > MAX_RUNS:
        st.info(f"The first {MAX_RUNS} of the {len(picked)} runs ticked are compared.")
        picked = picked[:MAX_RUNS]
    usable = [one for one in picked if one.info.is_finished and one.state != "damaged"]
    for one in picked:
        if one not in usable:
            st.warning(markdown(one.info.problem), icon=":material/build:")
    if len(usable) < 2:
        st.info("Comparing needs two finished runs.", icon=":material/compare_arrows:")
        return
    first = _pick_first(usable)
    rest = [one for one in usable if one is not first]
    labels = dict(zip((o.info.name for o in usable), runs_list.short_labels(usable), strict=True))
    st.subheader(f"{markdown(labels[first.info.name])}, beside the others", anchor=False)
    protocol, chosen = _pick_protocol(usable)
    judged = _judge(first, rest, labels, protocol, chosen)
    if judged:
        _show_verdicts(first, judged, labels)
        _show_pictures(first, judged, labels)
    _show_metrics(usable, labels, protocol, chosen)
    _show_curves(usable, labels)
    _show_settings(usable, labels)
    if judged:
        _show_diseases(judged)


def _pick_first(usable: Sequence[Overview]) -> Overview:
    """Offer which run is compared with the others; the first ticked without a choice."""
    names = [one.info.name for one in usable]
    asked = state.asked("against")
    st.session_state["runs_first"] = asked if asked in names else names[0]
    with st.container(horizontal=True):
        st.segmented_control(
            "Compare",
            names,
            format_func=dict(
                zip(names, map(plain, runs_list.short_labels(usable)), strict=True)
            ).__getitem__,
            key="runs_first",
            required=True,
            on_change=lambda: state.choose(against=st.session_state["runs_first"]),
            help="This run is compared with each of the others.",
        )
    return usable[names.index(st.session_state["runs_first"])]


def _pick_protocol(usable: Sequence[Overview]) -> tuple[str, Order]:
    """Offer how the runs are judged, and the order of their lists as the most of them weigh it."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        protocol = st.selectbox(
            "Judged by",
            list(PROTOCOLS),
            index=list(PROTOCOLS).index(DEFAULT_PROTOCOL),
            key="protocol",
            bind="query-params",
            width=230,
            help="\n".join(f"- **{p.name}**: {p.words}" for p in PROTOCOLS.values()),
        )
        weighings = [one.info.weighing for one in usable]
        order.pick_order(max(weighings, key=weighings.count))
    return protocol, state.current_order()


def _judge(
    first: Overview, rest: Sequence[Overview], labels: dict[str, str], protocol: str, by: Order
) -> Judged:
    """Return the comparison with each run it can be compared with; say why not with the others."""
    found: Judged = []
    for one in rest:
        label = labels[one.info.name]
        if one.info.graph != first.info.graph:
            reason = (
                f"it belongs to the graph '{one.info.graph}', the other to '{first.info.graph}'"
            )
            st.info(f"{markdown(label)}: {markdown(reason)}.", icon=":material/block:")
            continue
        try:
            reason = runs_cached.why_not(first.info.graph, first.info, one.info)
            if reason:
                st.info(f"**{markdown(label)}**: {markdown(reason)}", icon=":material/block:")
                continue
            made = runs_cached.compare(first.info.graph, first.info, one.info, protocol, by)
        except LladorError as error:
            st.warning(markdown(str(error)), icon=":material/error:")
            continue
        found.append((label, one, made))
    return found


def _show_verdicts(first: Overview, judged: Judged, labels: dict[str, str]) -> None:
    own = labels[first.info.name]
    for label, one, made in judged:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(markdown(comparison.verdict(made, own, label)), width="content")
            if (one.info.model, one.info.dim) == (first.info.model, first.info.dim):
                title, icon = frame.LINKS[frame.EMBEDDING_SHIFT]
                to = link_to(first, base=one.info.name)
                st.page_link(frame.EMBEDDING_SHIFT, label=title, icon=icon, query_params=to)
    with st.container(horizontal=True, gap="small"):
        title, icon = frame.LINKS[frame.CASE_STUDY]
        for label, one in [(own, first), *((label, one) for label, one, _ in judged)]:
            words = f"{title}: {markdown(label)}"
            st.page_link(frame.CASE_STUDY, label=words, icon=icon, query_params=link_to(one))


def _show_pictures(first: Overview, judged: Judged, labels: dict[str, str]) -> None:
    graph = cached.graph(first.info.graph)
    own = labels[first.info.name]
    parts = [(label, made) for label, _, made in judged]
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**By how much it is better**")
        show.show_figure(
            versus.difference_figure(parts),
            versus.difference_alt(parts),
            versus.difference_rows(parts),
            "runs-difference",
        )
        st.caption(
            "The difference is taken within each hidden pair, then the pairs are drawn again and "
            "again (paired bootstrap): 95% of the draws lie within the bars."
        )
    with right:
        label, _, made = _pick_pair(judged)
        st.markdown(f"**Pair by pair, beside {markdown(label)}**")
        show.show_figure(
            versus.pairs_figure(graph, made, own, label),
            versus.pairs_alt(made, own, label),
            versus.pairs_rows(graph, made),
            "runs-pairs",
        )
        st.caption(markdown(versus.pairs_alt(made, own, label)))


def _pick_pair(judged: Judged) -> tuple[str, Overview, Comparison]:
    names = [label for label, _, _ in judged]
    if len(names) == 1:
        return judged[0]
    chosen = st.selectbox("Beside", names, key="runs_beside", format_func=plain)
    return judged[names.index(chosen)]


def _show_metrics(
    usable: Sequence[Overview], labels: dict[str, str], protocol: str, by: Order
) -> None:
    st.markdown("**Figures, with their 95% intervals**")
    rows: list[dict[str, Any]] = []
    for one in usable:
        reports = one.metrics if by == "combined" else one.raw_metrics
        metrics = reports.get(protocol, {})
        cells = {name: cell(metrics[name]) if name in metrics else "" for name in METRICS}
        rows.append({"Run": plain(labels[one.info.name])} | cells)
    st.dataframe(rows, hide_index=True, alt=f"Figures of {len(rows)} runs under {protocol}")
    exports.offer(rows, "runs-figures", f"Figures of runs under {protocol}, order {by}")


def _show_curves(usable: Sequence[Overview], labels: dict[str, str]) -> None:
    series = [
        training.Series(labels[one.info.name], one.info.prior, points)
        for one in usable
        if (points := runs_cached.curve(one.info).points)
    ]
    if not series:
        return
    st.markdown("**How the trainings went**")
    show.show_option(
        training.validation_figure(series, is_dark=show.is_dark()),
        training.training_alt(series),
        training.training_rows(series),
        "runs-curves",
        320,
    )


def _show_settings(usable: Sequence[Overview], labels: dict[str, str]) -> None:
    st.markdown("**Settings that differ**")
    found = comparison.differing_settings([cached.run(one.info) for one in usable])
    if not found:
        st.caption("None: the runs have the same settings.")
        return
    names = [plain(labels[one.info.name]) for one in usable]
    rows = [
        {"Setting": setting}
        | {
            name: "not known" if value is None else plain(str(value))
            for name, value in zip(names, values, strict=True)
        }
        for setting, values in found.items()
    ]
    st.dataframe(rows, hide_index=True, alt=f"{len(rows)} settings in which the runs differ")


def _show_diseases(judged: Judged) -> None:
    label, one, made = judged[0] if len(judged) == 1 else _by_label(judged)
    graph = cached.graph(one.info.graph)
    box = st.expander(
        f"Disease by disease, beside {markdown(label)}",
        icon=":material/format_list_bulleted:",
        key="runs-diseases",
        bind="query-params",
    )
    if box.open:
        with box:
            rows = disease_rows(graph, made)
            st.dataframe(rows, hide_index=True, alt="Hidden pairs won and lost for each disease")
            exports.offer(rows, "runs-diseases", f"Hidden pairs won and lost beside {label}")


def _by_label(judged: Judged) -> tuple[str, Overview, Comparison]:
    chosen = st.session_state.get("runs_beside")
    return next((one for one in judged if one[0] == chosen), judged[0])


def disease_rows(graph: Graph, made: Comparison) -> list[dict[str, Any]]:
    """Return a row for each disease: pairs won, lost and alike, and median ranks."""
    return [
        {
            "Disease": plain(graph.entity_names[one.disease]),
            "Better": one.n_better,
            "Worse": one.n_worse,
            "Alike": one.n_equal,
            "Median rank": one.rank,
            "Median rank beside": one.base_rank,
        }
        for one in made.by_disease()
    ]
