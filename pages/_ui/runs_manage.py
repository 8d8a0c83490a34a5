"""What can be done with runs: rename, delete and bring back, take along, bring in."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from llador_core.errors import LladorError
from llador_core.escape import markdown
from llador_core.figures.style import count
from llador_core.shortlist import store
from llador_core.training import manage
from llador_core.training.exchange.archive import to_zip
from llador_core.training.exchange.export import export_run
from llador_core.training.overview import Overview
from llador_core.training.runs import load_run
from pages._ui import runs_list, state

TOLD, PROBLEM = "runs_told", "runs_problem"
FORMATS = {
    "zip": "Whole, to import again (zip)",
    "safetensors": "Weights as safetensors, with ids",
    "llador-npy": "Arrays (npy), with ids",
    "dglke-npy": "For the DGL-KE notebooks (npy)",
}
N_UNDO = 3


def attempt(action: Callable[[], str]) -> None:
    """Do something; what it says, or what was wrong, is shown at the next run of the page."""
    st.session_state.pop(TOLD, None)
    st.session_state.pop(PROBLEM, None)
    try:
        st.session_state[TOLD] = action()
    except LladorError as error:
        st.session_state[PROBLEM] = str(error)


def show_told() -> None:
    """Show what the last action did, and offer to bring back what was deleted."""
    if problem := st.session_state.pop(PROBLEM, ""):
        st.error(markdown(problem), icon=":material/error:")
    if told := st.session_state.pop(TOLD, ""):
        st.success(markdown(told), icon=":material/check:")


def show_actions(one: Overview) -> None:
    """Offer what can be done with a run."""
    is_own = one.state not in ("pretrained",)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if one.info.is_finished and one.state != "damaged":
            _show_export(one)
        if is_own:
            _show_rename(one)
            st.button(
                "Delete",
                key="run-delete",
                icon=":material/delete:",
                on_click=attempt,
                args=(lambda: _delete(one.info.name),),
                help="Moves it to the trash; it can be brought back.",
            )
        else:
            st.caption("It ships with LLaDoR, so it can be neither renamed nor deleted.")


def _show_rename(one: Overview) -> None:
    with st.popover("Rename", icon=":material/edit:"):
        new = st.text_input(
            "New name",
            value=one.info.name,
            key=f"run-name-{one.info.name}",
            max_chars=120,
            help="Letters, digits, - and _; links to the old name stop working.",
        )
        st.button(
            "Rename",
            key="run-rename",
            type="primary",
            disabled=new == one.info.name,
            on_click=attempt,
            args=(lambda: _rename(one, new.strip()),),
        )


def _rename(one: Overview, new: str) -> str:
    info = manage.rename_run(one.info.name, new)
    store.rename_run(one.info.graph, one.info.name, new)
    picked = [info.name if n == one.info.name else n for n in state.asked_many(runs_list.PICKED)]
    state.choose_many(runs_list.PICKED, picked)
    for name in ("run", "against"):
        if state.asked(name) == one.info.name:
            state.choose(**{name: new})
    return f"{one.info.name} is now {info.name}."


def _delete(name: str) -> str:
    gone = manage.delete_run(name)
    picked = [one for one in state.asked_many(runs_list.PICKED) if one != name]
    state.choose_many(runs_list.PICKED, picked)
    for choice in ("run", "against"):
        if state.asked(choice) == name:
            state.choose(**{choice: None})
    return f"{gone.name} is in the trash."


def show_trash() -> None:
    """Show what was deleted, with the way back, and offer to remove it for good."""
    gone = manage.list_deleted()
    if not gone:
        return
    size = sum(one.size_mb for one in gone)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        for one in gone[:N_UNDO]:
            st.button(
                f"Bring back {markdown(one.name)}",
                key=f"restore-{one.key}",
                icon=":material/undo:",
                on_click=attempt,
                args=(lambda key=one.key: f"{manage.restore_run(key).name} is back.",),
                help=f"Deleted {one.deleted[:16].replace('T', ' ')} UTC, {one.size_mb:.1f} MB.",
            )
        with st.popover(f"Trash ({len(gone)})", icon=":material/delete:"):
            st.markdown(f"{count(len(gone), 'deleted run')}, {size:.1f} MB.")
            st.button(
                "Remove for good",
                key="empty-trash",
                on_click=attempt,
                args=(lambda: f"{count(manage.empty_trash(), 'run')} removed for good.",),
            )


def _show_export(one: Overview) -> None:
    with st.popover("Take along", icon=":material/download:"):
        form = st.selectbox(
            "As", list(FORMATS), format_func=FORMATS.__getitem__, key="run-export-format"
        )
        problem = st.session_state.pop("runs_export_problem", "")
        if problem:
            st.error(markdown(problem), icon=":material/error:")
        st.download_button(
            "Download",
            data=lambda: _exported(one, form),
            file_name=f"{one.info.name}{'' if form == 'zip' else f'-{form}'}.zip",
            mime="application/zip",
            icon=":material/download:",
            key="run-export",
            on_click="ignore",
            disabled=not _can_export(one, form),
            help=None
            if _can_export(one, form)
            else "DGL-KE has no such model; choose another format.",
        )
        st.caption(
            "`python -m llador_core export-run` writes the same into a folder."
            if form != "zip"
            else "With settings, split, figures and safeguard."
        )


def _can_export(one: Overview, form: str) -> bool:
    return form != "dglke-npy" or one.info.model in ("transe", "distmult", "complex", "rotate")


def _exported(one: Overview, form: str) -> bytes:
    """Return a run as a zip file, in one of `FORMATS`."""
    run = load_run(one.info.name)
    if form == "zip":
        return to_zip(run)
    with tempfile.TemporaryDirectory() as folder:
        files = export_run(run, Path(folder) / "run", form)
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in files:
                archive.write(file, f"{run.name}/{file.name}")
        return content.getvalue()
