"""Jobs of the page of texts: what they are called, how they start, how far they are."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from llador_core import jobs
from llador_core.errors import LladorError
from llador_core.escape import markdown
from llador_core.priors.embedders import choose
from llador_core.priors.places import slug
from pages._ui import priors_form

PROBLEM = "job_problem"


def describe_job(graph_name: str, text_set: str) -> str:
    """Return the name of the job that has a set written."""
    return f"describe-{slug(graph_name)}-{text_set}"


def embed_job(graph_name: str, text_set: str, embedder: str) -> str:
    """Return the name of the job that computes the vectors of a set.

    Raises UnknownNameError or ConfigError for an embedder that is none.
    """
    return f"embed-{slug(graph_name)}-{text_set or 'own'}-{slug(choose(embedder).name)}"


def start(name: str, arguments: Sequence[str]) -> None:
    """Start a job with the key of this session in its environment; a problem is kept to show.

    The key is in no argument, as arguments are written down and seen by every user of the machine.
    """
    try:
        jobs.start(name, arguments, environment=priors_form.child_environment())
    except LladorError as error:
        st.session_state[PROBLEM] = str(error)


def told(name: str) -> list[str]:
    """Return what the last run of a job that hands in or collects said it did."""
    lines = jobs.last_lines(name)
    return [line for line in lines if line.startswith(("Collected:", "Handed in:"))][-2:]


def show_problem() -> None:
    """Say why a job did not start."""
    if problem := st.session_state.pop(PROBLEM, ""):
        st.error(markdown(problem), icon=":material/error:")


def show_job(name: str, done: str) -> bool:
    """Show how far a job is, and return whether it is running.

    Parameters
    ----------
    name : str
    done : str
        What to say of one that ended well, "" for nothing.
    """
    job = jobs.follow(name)
    if job.state == "running":
        _follow(name)
        return True
    if job.state == "stopped":
        st.warning(markdown(job.problem), icon=":material/error:")
    elif job.state == "done" and done:
        st.caption(f":material/check: {done}")
    return False


@st.fragment(run_every=1.0)
def _follow(name: str) -> None:
    """Show a running job; when it has ended the whole page runs again."""
    job = jobs.follow(name)
    if job.state != "running":
        st.rerun()
    with st.container(border=True):
        st.progress(job.share, text=f"{markdown(job.words)} · {job.seconds:.0f} s so far")
        st.caption("It goes on when this page is closed.")
        st.button(
            "Cancel",
            key=f"cancel-{name}",
            icon=":material/stop:",
            on_click=jobs.cancel,
            args=(name,),
            help="Every answer that came is kept; the next start goes on from there.",
        )
