"""Trainings at work, in line and ended, as everybody who looks at the page sees them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from llador_core import jobs, paths
from llador_core.errors import LladorError
from llador_core.escape import markdown, plain
from llador_core.figures.style import count, ordinal
from llador_core.models.interactions import INTERACTIONS
from llador_core.training import queue
from llador_core.training.follow import Curve
from llador_core.training.queue import TrainingJob
from pages._ui import cached, train_live
from pages._ui.train_pick import prior_words

LOOK_EVERY_S, LOOK_SELDOM_S = 1.0, 5.0
SEEN = "train_seen"  # what stood in line when the page last ran, so that a change is noticed
OPEN_FOR_S = 3600.0  # an ended training is shown whole so long
N_LINES = 12
MARKS = {
    "waiting": ":material/hourglass_top: waiting",
    "running": ":material/progress_activity: at work",
    "done": ":material/check_circle: done",
    "cancelled": ":material/cancel: cancelled",
    "failed": ":material/error: failed",
}


def show_jobs() -> None:
    """Show all trainings, and look again every second while one is at work."""
    found = queue.list_jobs()
    st.session_state[SEEN] = _seen(found)
    is_active = any(job.is_active for job in found)
    st.fragment(_show_groups, run_every=LOOK_EVERY_S if is_active else LOOK_SELDOM_S)()


def _seen(found: Sequence[TrainingJob]) -> list[tuple[str, str]]:
    return [(job.name, job.state) for job in found]


def _show_groups() -> None:
    found = queue.list_jobs()
    if _seen(found) != st.session_state.get(SEEN):
        st.session_state[SEEN] = _seen(found)
        st.rerun(scope="app")  # what can be started has changed, too
    groups: dict[str, list[TrainingJob]] = {}
    for job in found:
        groups.setdefault(job.group or job.name, []).append(job)
    earlier = []
    has_shown_ended = False
    for key, members in groups.items():
        members.sort(key=lambda job: (job.prior != "none", job.asked))  # what is compared with
        is_active = any(job.is_active for job in members)
        is_fresh = max(job.job.time for job in members) > time.time() - OPEN_FOR_S
        if is_active or (is_fresh and not has_shown_ended):
            has_shown_ended |= not is_active
            with st.container(border=True, key=f"train-{key}"):
                _show_group(key, members)
        else:
            earlier += members
    if earlier:
        with st.expander(count(len(earlier), "earlier training"), icon=":material/history:"):
            for job in earlier:
                _show_row(job, with_title=True)


def _show_group(key: str, members: Sequence[TrainingJob]) -> None:
    first = members[0]
    title = INTERACTIONS[first.model].title if first.model in INTERACTIONS else first.model
    where = cached.graph_title(first.graph)
    st.markdown(f"##### {markdown(title)} on {markdown(where)}")
    for job in members:
        _show_row(job)
    curves = {job.name: _curve(job) for job in members}
    for job in members:
        if job.state == "running":
            train_live.show_now(curves[job.name])
    train_live.show_curves(key, members, curves, [label(job) for job in members])
    train_live.show_results(members)


def _show_row(job: TrainingJob, *, with_title: bool = False) -> None:
    """Show where one training stands and what can be done with it."""
    words = f"**{markdown(label(job))}**"
    if with_title:
        words = f"{markdown(plain(job.run))}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"{words} · {MARKS[job.state]}{_more(job)}", width="stretch")
        if job.is_active:
            st.button(
                "Cancel" if job.state == "running" else "Take out of the line",
                key=f"cancel-{job.name}",
                icon=":material/stop:",
                on_click=_do,
                args=("cancel", job.name),
            )
        elif job.state in ("cancelled", "failed"):
            st.button(
                "Go on",
                key=f"resume-{job.name}",
                icon=":material/play_arrow:",
                on_click=_do,
                args=("resume", job.name),
                help="From its last checkpoint, as if nothing had happened; without one, from the "
                "start.",
            )
        if not job.is_active:
            st.button(
                "Dismiss",
                key=f"dismiss-{job.name}",
                icon=":material/close:",
                type="tertiary",
                on_click=_do,
                args=("dismiss", job.name),
                help="Takes it off this list. The run stays.",
            )
    if job.state == "running":
        share = train_live.share(job, _curve(job).last)
        st.progress(share, text=f"{job.job.words} · {train_live.left_words(job, _curve(job).last)}")
    if job.state == "failed":
        _show_failure(job)
    elif job.state == "cancelled":
        st.caption(markdown(f"{job.job.problem} Its last checkpoint is kept."))


def _more(job: TrainingJob) -> str:
    if job.state == "waiting" and job.place:
        return f", {ordinal(job.place)} in line for the {job.device.upper()}"
    return ""


def _show_failure(job: TrainingJob) -> None:
    st.error(markdown(job.job.problem), icon=":material/error:")
    lines = jobs.last_lines(job.name, N_LINES)
    if lines:
        with st.expander("Its last lines", icon=":material/terminal:"):
            st.code("\n".join(plain(line) for line in lines), language=None, wrap_lines=True)


def _do(what: str, name: str) -> None:
    try:
        if what == "cancel":
            queue.cancel(name)
        elif what == "resume":
            jobs.resume(name)
        else:
            jobs.remove(name)
    except LladorError as error:
        st.toast(markdown(str(error)), icon=":material/error:", duration="long")


def label(job: TrainingJob) -> str:
    """Return what tells a training from those it was asked for with."""
    words = prior_words(job.graph, job.prior)
    extra = [s for s in job.settings if s.startswith(("texts=", "seed="))]
    return ", ".join([words, *extra])


def _curve(job: TrainingJob) -> Curve:
    """Return the curve of a training, reading what has come since this reader last looked."""
    curves: dict[str, Curve] = st.session_state.setdefault("train_curves", {})
    if len(curves) > 50:
        curves.clear()
    curve = curves.setdefault(job.run, Curve())
    return curve.update(_folder(job))


def _folder(job: TrainingJob) -> Path:
    return paths.home() / "runs" / Path(job.run).name
