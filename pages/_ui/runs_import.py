"""Bringing in a run: a zip file of ours, or the weights of a model trained elsewhere."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from llador_core.figures.style import count
from llador_core.models.interactions import INTERACTIONS
from llador_core.training import runs
from llador_core.training.exchange.archive import from_zip, graph_named
from llador_core.training.exchange.install import Imported, install
from llador_core.training.exchange.reading import Request, read_checkpoint
from pages._ui import cached, runs_list, state
from pages._ui.runs_manage import attempt

FORMATS = {
    "zip": "A run of LLaDoR (zip)",
    "llador-npy": "Arrays of LLaDR or ours (npy)",
    "dglke-npy": "DGL-KE (npy)",
    "pykeen": "PyKEEN (pkl, pt or safetensors)",
    "safetensors": "safetensors",
}
WANTED = {
    "zip": "The zip file that “Take along” made.",
    "llador-npy": "Four files: X_entity.npy, X_relation.npy, entities.tsv and relations.tsv, and "
    "settings.json where there is one.",
    "dglke-npy": "Four files: X_entity.npy, X_relation.npy, entities.tsv and relations.tsv, and "
    "config.json where there is one.",
    "pykeen": "trained_model.pkl with entity_to_id.tsv.gz and relation_to_id.tsv.gz from its "
    "folder training_triples. Nothing in it is run.",
    "safetensors": "model.safetensors (tensors `entities` and `relations`, or a PyKEEN state) with "
    "entities.tsv and relations.tsv.",
}
MODELS = ("transe_l1", "transe_l2", *(name for name in INTERACTIONS if name != "transe"))
TITLES = {"transe_l1": "TransE, L1", "transe_l2": "TransE, L2"}


def show_import(graph_name: str) -> None:
    """Offer to bring in a run of a graph."""
    box = st.expander(
        "Bring in a run or a model trained elsewhere",
        icon=":material/upload:",
        key="import",
        bind="query-params",
    )
    if not box.open:
        return
    number = st.session_state.get("runs_file_number", 0)
    with box:
        form = st.selectbox(
            "What it is",
            list(FORMATS),
            format_func=FORMATS.__getitem__,
            key="import_format",
            width=320,
        )
        files = st.file_uploader(
            "Files",
            accept_multiple_files=True,
            key=f"runs-files-{number}",
            help=f"{WANTED[form]} Larger files: `python -m llador_core import-run`.",
        )
        st.caption(WANTED[form])
        settings = {} if form == "zip" else _pick_settings(graph_name, form)
        name = st.text_input(
            "Name", key=f"import-name-{number}", placeholder="as it comes", width=320
        )
        st.button(
            "Import",
            key="import-run",
            type="primary",
            disabled=not files,
            on_click=attempt,
            args=(lambda: _import(graph_name, form, files or [], name.strip(), settings),),
        )


def _pick_settings(graph_name: str, form: str) -> dict[str, Any]:
    """Offer what the files may not tell."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        model = st.selectbox(
            "Model",
            MODELS,
            index=None,
            format_func=lambda name: TITLES.get(name) or INTERACTIONS[name].title,
            placeholder="As the files say",
            key="import_model",
            width=200,
        )
        margin = None
        if form.endswith("npy"):
            margin = st.number_input(
                "Margin (gamma)",
                value=None,
                min_value=0.0,
                max_value=1000.0,
                placeholder="As the files say",
                key="import_margin",
                width=170,
                help="RotatE's angles are stored in units of it; no other rank depends on it.",
            )
        treats = st.text_input(
            "Relation that treats",
            key="import_treats",
            placeholder=_treats(graph_name),
            width=220,
            help="As the checkpoint calls it, where it differs from the graph.",
        )
        known = [info.name for info in runs.list_runs(graph_name) if info.is_finished]
        split_of = st.selectbox(
            "Trained without the hidden pairs of",
            known,
            index=None,
            placeholder="Nobody knows",
            key="import_split",
            width=300,
            help="Only then can the hidden pairs of that run judge it.",
        )
    return {"model": model, "margin": margin, "treats": treats.strip(), "split_of": split_of}


def _treats(graph_name: str) -> str:
    graph = cached.graph(graph_name)
    return graph.relations[graph.treatment_relation].name


def _import(
    graph_name: str, form: str, files: Sequence[Any], name: str, settings: dict[str, Any]
) -> str:
    """Bring in what was uploaded and say what fitted. Raises LladorError; nothing is left then."""
    if form == "zip":
        found = [_import_zip(file, name) for file in files]
        told = f"{', '.join(found)} {'is' if len(found) == 1 else 'are'} here."
    else:
        with tempfile.TemporaryDirectory() as folder:
            for file in files:
                (Path(folder) / Path(file.name).name).write_bytes(file.getvalue())
            asked = Request(Path(folder), form, settings["model"], settings["margin"])
            made = install(
                cached.graph(graph_name),
                read_checkpoint(asked),
                name=name or None,
                treats=settings["treats"] or None,
                split_of=settings["split_of"],
            )
        found, told = [made.folder.name], sentence(made)
    state.choose_many(runs_list.PICKED, found)
    st.session_state["runs_file_number"] = st.session_state.get("runs_file_number", 0) + 1
    return told


def _import_zip(file: Any, name: str) -> str:
    graph = cached.graph(graph_named(file))
    return from_zip(file, graph, name or None).name


def sentence(made: Imported) -> str:
    """Say what of a checkpoint fitted, and what did not."""
    told = f"{made.folder.name} is here: {count(made.n_matched, 'entity', 'entities')} matched"
    if made.n_dropped:
        told += f"; {made.n_dropped:,} that the graph does not know were left out"
    if made.n_absent:
        told += (
            f"; {made.n_absent:,} of the graph are not in it ({made.absent_drugs:,} drugs, "
            f"{made.absent_diseases:,} diseases) and get no rank of their own"
        )
    if made.absent_relations:
        told += f"; without vectors for {', '.join(made.absent_relations)}"
    return " ".join([f"{told}.", *made.notes])
