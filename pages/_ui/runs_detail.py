"""One run: what it is, how it fared, how its training went, and where to go from it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from llador_core.escape import markdown, plain
from llador_core.evaluation.pairs import UNKNOWN_SPLIT
from llador_core.evaluation.protocols import PROTOCOLS
from llador_core.figures import training
from llador_core.training.overview import Overview
from pages._ui import frame, runs_cached, runs_list, runs_manage, show, state

METRICS = ("MRR", "Hits@10", "Hits@50")
RECORD_WORDS = {
    "graph_checksum": "Graph checksum",
    "n_entities": "Entities",
    "n_triples": "Facts",
    "steps": "Steps",
    "best_step": "Best step",
    "valid_mrr": "Validation MRR",
    "seconds": "Training, seconds",
    "safeguard_seconds": "Safeguard, seconds",
    "n_threads": "Threads",
    "device": "Device",
    "machine": "Machine",
    "weights": "Weights stored as",
    "git_commit": "Commit",
    "format": "Format",
}
IMPORT_WORDS = {
    "format": "Format",
    "files": "Files",
    "sha256": "Checksum of the files",
    "split_of": "Judged by the hidden pairs of",
    "matched_by": "Entities matched by",
    "treats": "Ranks by the relation",
    "n_matched": "Entities matched",
    "n_dropped": "Not in the graph, left out",
    "n_absent": "Not in the checkpoint",
    "absent_drugs": "Drugs among these",
    "absent_diseases": "Diseases among these",
    "absent_relations": "Relations without vectors",
    "notes": "Notes",
}


def show_run(one: Overview) -> None:
    """Show a single run with all that is known of it."""
    st.subheader(markdown(runs_list.label(one)), anchor=False)
    st.caption(f"{markdown(one.info.name)} · {runs_list.STATES[one.state]}")
    if one.info.problem:
        st.warning(markdown(one.info.problem), icon=":material/build:")
    if one.info.is_finished and one.state != "damaged":
        _show_links(one)
    runs_manage.show_actions(one)
    left, right = st.columns([7, 5], gap="large")
    with left:
        _show_figures(one)
    with right:
        _show_curve(one)
    _show_settings(one)


def _show_links(one: Overview) -> None:
    with st.container(horizontal=True, gap="small"):
        for page in (frame.CASE_STUDY, frame.CANDIDATES, frame.EMBEDDING_SHIFT):
            title, icon = frame.LINKS[page]
            st.page_link(page, label=title, icon=icon, query_params=link_to(one))


def link_to(one: Overview, **more: str) -> dict[str, str]:
    """Return the address of a run on another page."""
    graph = one.info.graph
    if graph == state.current_graph_name():
        return state.link(run=one.info.name) | more
    own = {"run": one.info.name} | ({} if graph == state.DEFAULT_GRAPH else {"graph": graph})
    return own | more


def _show_figures(one: Overview) -> None:
    st.markdown("**How it ranks the hidden pairs**")
    if not one.metrics:
        if one.info.is_imported:
            st.info(UNKNOWN_SPLIT, icon=":material/input:")
        else:
            st.caption("Nothing has been judged yet.")
        return
    is_weighed = dict(one.metrics) != dict(one.raw_metrics)
    tables = [("weighed", one.metrics)] if is_weighed else []
    rows: list[dict[str, Any]] = []
    for words, reports in [*tables, ("score alone", one.raw_metrics)]:
        for protocol, metrics in reports.items():
            cells = {name: cell(metrics[name]) for name in METRICS if name in metrics}
            rows.append({"Protocol": protocol, "Order": words} | cells)
    st.dataframe(
        rows,
        hide_index=True,
        alt=f"Figures of the run {plain(one.info.name)} by protocol and order",
        column_config={name: st.column_config.TextColumn(width=135) for name in METRICS},
    )
    told = "\n".join(f"- **{name}**: {PROTOCOLS[name].words}" for name in one.raw_metrics)
    st.caption(f"{one.n_pairs:,} hidden pairs; in brackets the 95% interval.", help=told)


def cell(metric: dict[str, float]) -> str:
    """Return a metric with its interval in words."""
    return f"{metric['value']:.3f} [{metric['low']:.2f}, {metric['high']:.2f}]"


def _show_curve(one: Overview) -> None:
    st.markdown("**How its training went**")
    points = runs_cached.curve(one.info).points
    if not points:
        st.caption(
            "It was trained elsewhere." if one.info.is_imported else "No step has been reported."
        )
        return
    series = [training.Series(runs_list.label(one), one.info.prior, points)]
    figure = training.validation_figure(series, is_dark=show.is_dark())
    rows = training.training_rows(series)
    show.show_option(figure, training.training_alt(series), rows, "run-curve", 260)


def _show_settings(one: Overview) -> None:
    left, right = st.columns(2, gap="large")
    with left, st.expander("All settings", icon=":material/tune:"):
        if one.info.is_imported:
            st.caption("Of a model trained elsewhere no more is known.")
        for name, value in one.settings.items():
            changed = " · not the default" if name in one.differing else ""
            st.markdown(f"`{name}` {markdown(str(value))}{changed}")
    with right, st.expander("Where it comes from", icon=":material/history:"):
        for words, value in provenance(one):
            st.markdown(f"**{words}** {markdown(value)}")


def provenance(one: Overview) -> list[tuple[str, str]]:
    """Return what run.json tells, as words and values."""
    record = one.record
    told = [("Created", one.info.created)] if one.info.created else []
    prior = {k: v for k, v in dict(record.get("prior") or {}).items() if k != "name"}
    told += [(f"Texts: {name}", _words(value)) for name, value in prior.items()]
    imported = dict(record.get("imported") or {})
    told += [(words, _words(imported[k])) for k, words in IMPORT_WORDS.items() if imported.get(k)]
    told += [(words, _words(record[k])) for k, words in RECORD_WORDS.items() if record.get(k)]
    versions = ", ".join(f"{k} {v}" for k, v in dict(record.get("versions") or {}).items())
    return [*told, *([("Versions", versions)] if versions else [])]


def _words(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return f"{value:,.4g}" if isinstance(value, float) else str(value)
