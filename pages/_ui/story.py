"""The case of one disease in five steps: each one picture and two plain sentences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from llador_core.escape import markdown, plain
from llador_core.evaluation.pairs import UNKNOWN_SPLIT
from llador_core.explain import against
from llador_core.figures import caution, neighbourhood, proposals, recall, shift
from llador_core.figures.style import count, ordinal
from llador_core.ranking import Candidate
from pages._ui import cached, exports, frame, sentences, show, state
from pages._ui.cached import View

N_PROPOSED = 12
N_CAUTIONS = 3
N_TOP = 20


def show_step(step: int, view: View) -> None:
    """Show one step, 1 to 5."""
    steps: tuple[Callable[[View], None], ...] = (_known, _trust, _proposed, _moved, _careful)
    steps[step - 1](view)


def _halves() -> tuple[Any, Any]:
    words, picture = st.columns([2, 3], gap="large")
    return words, picture


def _known(view: View) -> None:
    graph, name = view.graph, view.disease_name
    groups = neighbourhood.neighbour_groups(graph, view.disease)
    by_role = {group.role: group for group in groups}
    avoid = by_role.get("contraindicated")
    n_ties = sum(len(group.names) for group in groups)
    words, picture = _halves()
    with picture:  # first, so that the browser loads what draws it while the rest is made
        show.show_figure(
            neighbourhood.neighbourhood_figure(name, groups),
            neighbourhood.neighbourhood_alt(name, groups),
            neighbourhood.neighbourhood_rows(groups),
            "neighbourhood",
        )
    with words:
        st.header("What does the graph know?", anchor=False)
        st.markdown(
            f"Of its {graph.n_triples:,} facts about {graph.n_entities:,} drugs, genes, diseases "
            f"and more, the graph ties {markdown(name)} to **{n_ties} others**. "
            f"{sentences.treated(by_role.get('treats'), avoid, view.records_avoid)}"
        )
        show.show_groups(groups, n_names=4)


def _trust(view: View) -> None:
    metrics = cached.run(view.run).metrics_by(view.order)
    if not metrics["run"]:
        st.header("Can this list be trusted?", anchor=False)
        st.info(UNKNOWN_SPLIT, icon=":material/input:")
        return
    n, n_pairs = len(view.candidates), metrics["run"][recall.PROTOCOL]["n_pairs"]
    curves = _curves(view, metrics)
    words, picture = _halves()
    with words:
        st.header("Can this list be trusted?", anchor=False)
        st.markdown(
            f"{sentences.found(curves[0], metrics['split']['kind'], n_pairs, n)} "
            f"{sentences.verdict(curves[0], curves[1:])}"
        )
        st.markdown(sentences.own_hidden(view.disease_name, view.candidates))
        _show_interval(metrics)
    with picture:
        show.show_figure(
            recall.recall_figure(curves, n),
            recall.recall_alt(curves, sentences.FIRST),
            recall.recall_rows(curves),
            "recall",
            **{
                f"First {k}": st.column_config.NumberColumn(format="percent")
                for k in (1, 3, 10, 50, 100)
            },
        )


def _curves(view: View, metrics: dict[str, Any]) -> list[recall.RecallCurve]:
    """Return the run's curve first, then its twins and the baselines as far as they are there."""
    base = cached.run(view.base).metrics_by(view.order) if view.base else None
    mechanism = cached.run(view.mechanism).metrics_by(view.order) if view.mechanism else None
    return recall.curves_of(metrics, view.run.prior, base, mechanism)


def _show_interval(metrics: dict[str, Any]) -> None:
    hits = metrics["run"][recall.PROTOCOL]["metrics"][f"Hits@{sentences.FIRST}"]
    st.caption(
        f"95% interval of the first figure: {hits['low']:.0%} to {hits['high']:.0%}.",
        help="From drawing the hidden pairs again and again at random (bootstrap). Other known "
        "drugs of the same disease are left out of the list when one of them is looked for.",
    )


def _proposed(view: View) -> None:
    n = len(view.candidates)
    new = _proposals(view)
    words, picture = _halves()
    with words:
        st.header("Who is proposed?", anchor=False)
        st.markdown(f"{sentences.leader(new, n)} {sentences.came_from(new, view.records_avoid)}")
        classes = cached.classes(view.graph.name)
        rows = [
            {
                "Rank": c.rank,
                "Drug": plain(c.name),
                "Flags": show.flag_words(view, c),
                "Class": plain(", ".join(classes.get(c.entity, ()))),
            }
            for c in new
        ]
        alt = "The first new candidates with flags and class"
        st.dataframe(
            rows,
            hide_index=True,
            alt=alt,
            height="content",
            column_config={
                "Rank": st.column_config.NumberColumn(width=52),
                "Drug": st.column_config.TextColumn(width=130),
                "Flags": st.column_config.TextColumn(width=125, help=show.FLAG_HELP),
            },
        )
        exports.offer(rows, "proposed", alt)
        if new:
            show.link_pair(view, new[0], f"Why {markdown(new[0].name)}? Open the pair")
        st.page_link(
            frame.CANDIDATES,
            label=f"All {show.n_drugs(view)}, with filters and export",
            icon=":material/arrow_forward:",
            query_params=state.link(),
        )
    with picture:
        rows = [{"Rank": c.rank, "Drug": c.name, "Without the prior": c.base_rank} for c in new]
        show.show_figure(
            proposals.proposals_figure(new, n), proposals.proposals_alt(new), rows, "proposals"
        )
        if view.easing:
            st.caption(
                f"Left out: {count(len(view.easing), 'drug')} known to ease it without treating it."
            )


def _moved(view: View) -> None:
    words, picture = _halves()
    if view.base is None:
        with words:
            st.header("What did the prior move?", anchor=False)
            st.info(sentences.no_twin(view.run), icon=":material/compare_arrows:")
        return
    shifts = _shifts(view)
    movers = shift.pick_movers(shifts)
    risers = [s for s in movers if s.rose_by > 0]
    with words:
        st.header("What did the prior move?", anchor=False)
        st.markdown(sentences.farthest(movers))
        whose = "the LLM's own text" if view.texts else "the description that the prior read"
        st.markdown(sentences.restated(risers, whose))
        first = next((c for c in view.candidates if risers and c.name == risers[0].name), None)
        if first:
            show.link_pair(view, first, f"Why {markdown(first.name)}? Open the pair")
        st.caption(
            f"{shift.NAMED_MARK} the text on the drug names the disease, or the other way round · "
            "■ known · ◆ known, but hidden from training. Shown are the farthest movers that end, "
            "or started, among the first 40."
        )
    with picture:
        show.show_figure(
            shift.shift_figure(movers, len(view.candidates)),
            shift.shift_alt(movers),
            shift.shift_rows(movers),
            "shift",
        )


def _shifts(view: View) -> list[shift.Shift]:
    middle: dict[int, float] = {}
    if view.mechanism:
        others = cached.ranked(view.graph.name, view.disease, view.mechanism, order=view.order)
        middle = {c.entity: c.rank for c in others}
    return [
        shift.Shift(c.name, c.base_rank, c.rank, middle.get(c.entity), c.prior_names_it, c.status)
        for c in view.candidates
        if c.base_rank is not None
    ]


def _show_safeguard(view: View) -> None:
    """Say what predicted caution removed from the top, and what it cost."""
    report = cached.run(view.run).metrics.get("incompatibility", {})
    if "combined" in report:
        st.markdown(sentences.safeguarded(report))
    if not view.is_guarded:
        return
    if view.order == "raw":
        st.caption("This list is ordered by the model's score alone.")
        return
    gone = [c for c in view.candidates if c.raw_rank <= N_TOP < c.rank and c.caution != "no sign"]
    gone.sort(key=lambda c: c.raw_rank)
    st.markdown(sentences.removed(gone, N_TOP))
    st.caption("The model predicts caution; no sign of it does not mean safe.")


def _careful(view: View) -> None:
    n = len(view.candidates)
    avoid = [c for c in view.candidates if c.is_contraindicated]
    words, picture = _halves()
    if not view.records_avoid:
        _careful_without_record(view, words, picture)
        return
    with words:
        st.header("What to be careful about?", anchor=False)
        st.markdown(f"{markdown(caution.caution_alt(view.candidates, n))} {sentences.WHY_CAUTION}")
        _show_safeguard(view)
        if view.texts:
            st.markdown(f"**In the LLM's words: {markdown(view.disease_name)}**")
            show.show_llm_text(view, view.disease, ("caution",))
    with picture:
        rows = [
            {
                "Rank": c.rank,
                "Drug to avoid": c.name,
                "By score alone": c.raw_rank,
                "Without the prior": c.base_rank,
            }
            for c in avoid
        ]
        show.show_figure(
            caution.caution_figure(view.candidates, n, height=290),
            caution.caution_alt(view.candidates, n),
            rows,
            "caution",
        )
        if avoid and view.texts:
            st.markdown("**In the LLM's words: the first drugs to avoid**")
            with st.grid(3, min_column_width=190) as cards:
                for candidate in avoid[:N_CAUTIONS]:
                    with cards.cell():
                        st.markdown(f"**{ordinal(candidate.rank)} {markdown(candidate.name)}**")
                        st.text(plain(view.texts.caution[candidate.entity]))
            show.show_provenance(view.texts.provenance)


def _careful_without_record(view: View, words: Any, picture: Any) -> None:
    """Say that the graph cannot tell whom to avoid, and show what it can tell."""
    info = cached.run(view.run)
    found = {
        c: [
            objection.sentence
            for group in against.objections(view.graph, c.entity, view.disease, run=info)
            for objection in group.objections
        ]
        for c in _proposals(view)
    }
    with words:
        st.header("What to be careful about?", anchor=False)
        st.info(sentences.NO_CAUTIONS, icon=":material/block:")
        n_doubtful = sum(bool(told) for told in found.values())
        st.markdown(sentences.doubtful(n_doubtful, len(found)))
    with picture:
        rows = [
            {
                "Rank": c.rank,
                "Drug": plain(c.name),
                "Against it": plain(" ".join(told[:N_CAUTIONS])) or "Nothing found in this graph.",
            }
            for c, told in found.items()
        ]
        alt = "What the graph holds against the first new candidates"
        st.dataframe(
            rows,
            hide_index=True,
            height="content",
            alt=alt,
            column_config={
                "Rank": st.column_config.NumberColumn(width=52),
                "Drug": st.column_config.TextColumn(width=130),
            },
        )
        exports.offer(rows, "against-the-first", alt)


def _proposals(view: View) -> list[Candidate]:
    """Return the first candidates that neither treat nor ease the disease."""
    new = [c for c in view.candidates if c.status == "new" and c.entity not in view.easing]
    return new[:N_PROPOSED]
