"""What is missing beside a run: its controls, and one on texts without sentences that name."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from llador_core import jobs
from llador_core.errors import LladorError
from llador_core.escape import markdown
from llador_core.priors.anchors import PRIORS
from llador_core.training import masked
from llador_core.training.masked import SCOPES, Scope
from llador_core.training.prior_check import Variant, train_command, train_settings, variants
from llador_core.training.runs import RunInfo
from pages._ui import cached, frame, inputs

PROBLEM = "mask_problem"
SCOPE_HELP = (
    "**Held-out pairs**: what the run is judged by is no longer in its texts, but texts of "
    "training pairs still name theirs. **All known treatments**: no text names any, so that the "
    "model cannot learn that a named pair is a treatment."
)


def show_missing(info: RunInfo, missing: Sequence[Variant]) -> None:
    """Offer the runs beside this one that nobody has trained."""
    if not missing:
        return
    st.markdown("**Not trained yet**")
    for one in missing:
        words = inputs.PRIOR_WORDS.get(one.prior, one.prior)
        show_train(info, one.prior, "", f"Train: {words}", PRIORS[one.prior].words)


def show_train(info: RunInfo, prior: str, texts: str, label: str, told: str) -> None:
    """Offer to train a run's kin: a link to the page that trains, or the command."""
    command = train_command(info, prior, texts)
    if frame.TRAIN in frame.TOOLS:
        st.page_link(
            frame.TRAIN,
            label=label,
            icon=":material/model_training:",
            query_params=train_query(info, prior, texts),
            help=f"{told} The same without the browser: `{command}`",
        )
        return
    with st.popover(label, icon=":material/terminal:", type="tertiary", help=told):
        st.markdown(f"{told} Train it with")
        st.code(command, language="bash", wrap_lines=True)


def train_query(info: RunInfo, prior: str, texts: str) -> dict[str, str]:
    """Return what the page `train` is asked for, in the words of its address."""
    asked = train_settings(info, prior, texts)
    usual = {"split": "pair", "seed": "0", "split-seed": "0"}
    asked = {name: value for name, value in asked.items() if usual.get(name) != value}
    if seed := asked.pop("split-seed", ""):
        asked["set"] = f"split_seed={seed}"
    return {"what": "one", **asked}


def show_masks(info: RunInfo) -> None:
    """Offer texts without the sentences that name, as a job, and then a run on them."""
    graph = cached.graph(info.graph)
    if graph.texts_folder is None:
        return
    st.markdown("**Texts without the sentences that name**", help=SCOPE_HELP)
    if problem := st.session_state.pop(PROBLEM, ""):
        st.error(markdown(problem), icon=":material/error:")
    trained = {one.texts for one in variants(info) if one.info}
    for scope, words in SCOPES.items():
        name = masked.masked_name(info, scope)
        job = jobs.follow(masked.mask_job(info, scope))
        if job.state == "running":
            _follow(info, scope)
        elif name in trained:
            st.caption(f":material/check: Trained without those of {words}: “{markdown(name)}”.")
        elif masked.is_ready(info, graph, scope):
            prior = info.prior if PRIORS[info.prior].text_fields else "full"
            show_train(
                info, prior, name, f"Train without those of {words}", f"The set “{name}” is ready."
            )
        else:
            if job.state == "stopped":
                st.warning(markdown(job.problem), icon=":material/error:")
            st.button(
                f"Take out those of {words}",
                key=f"mask-{scope}",
                icon=":material/content_cut:",
                on_click=_start,
                args=(info, scope),
                help="Writes a text set and its vectors in the background, a few minutes for a "
                "small graph; then a run can be trained with it. The originals stay.",
            )


def _start(info: RunInfo, scope: Scope) -> None:
    try:
        jobs.start(masked.mask_job(info, scope), ["audit", f"--run={info.name}", f"--mask={scope}"])
    except LladorError as error:
        st.session_state[PROBLEM] = str(error)


@st.fragment(run_every=1.0)
def _follow(info: RunInfo, scope: Scope) -> None:
    """Show how far a text set is; when it is there the whole page runs again."""
    name = masked.mask_job(info, scope)
    job = jobs.follow(name)
    if job.state != "running":
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(job.share, text=f"{job.words} · {job.seconds:.0f} s so far")
        st.button(
            "Cancel",
            key=f"cancel-{scope}",
            icon=":material/stop:",
            on_click=jobs.cancel,
            args=(name,),
        )
