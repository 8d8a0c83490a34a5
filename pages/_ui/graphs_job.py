"""The job that makes a graph of a table: started, followed, and what comes after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import streamlit as st

from llador_core import data, jobs
from llador_core.data.columns import Columns
from llador_core.data.rows import Sample
from llador_core.data.sniff import Look
from llador_core.escape import markdown
from pages._ui import frame, graphs_source, graphs_view


@dataclass(frozen=True)
class Choices:
    """What the reader has chosen."""

    found: Look
    columns: Columns
    told: Sample
    roles: Mapping[str, str]
    skips_bad: bool


def start(chosen: Choices, extra: dict[str, Any]) -> None:
    """Start the job, and follow it from now on."""
    name = extra["name"]
    graphs_view.start(f"import-{name}", arguments(chosen, extra))
    if graphs_view.PROBLEM not in st.session_state:
        st.query_params["imported"] = name


def arguments(chosen: Choices, extra: Mapping[str, Any]) -> list[str]:
    """Return the command line that imports what was chosen."""
    found = chosen.found
    given = ["import-graph", str(found.file), f"--name={extra['name']}"]
    given += ["--header" if found.has_header else "--no-header"] * (found.kind == "text")
    given += [f"--delimiter={found.separator}"] * (found.kind == "text")
    for field in fields(chosen.columns):
        given.append(f"--{field.name.replace('_', '-')}={getattr(chosen.columns, field.name)}")
    given += [f"--role={relation}={role}" for relation, role in chosen.roles.items()]
    for what in ("drug_type", "disease_type", "title", "licence", "citation"):
        if extra.get(what):
            given.append(f"--{what.replace('_', '-')}={extra[what]}")
    entities = extra.get("entities")
    given += [f"--entities={entities}"] if entities else []
    given += ["--skip-bad-rows"] * chosen.skips_bad
    uploads = [graphs_source.is_upload(one) for one in (found.file, entities) if one]
    given += ["--consume"] * all(uploads)
    return given


def show_job(name: str) -> bool:
    """Show the import that the address names; return whether it takes the place of the steps."""
    job = f"import-{name}"
    found = jobs.follow(job)
    if found.state == "running":
        st.markdown(f"### Importing {markdown(name)}")
        graphs_view.follow(job, name)
        return True
    if found.state == "stopped":
        st.error(f"{markdown(name)}: {markdown(found.problem)}", icon=":material/error:")
        st.query_params.pop("imported", None)
        return False
    info = next((one for one in data.list_graphs() if one.name == name and one.is_own), None)
    if info is None:
        return False
    st.success(
        f"**{markdown(info.title)}** is here: {info.n_entities or 0:,} entities, "
        f"{info.n_triples or 0:,} triples.",
        icon=":material/check:",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Look inside",
            key="imported-inside",
            type="primary",
            icon=":material/bar_chart:",
            on_click=graphs_view.open_view,
            args=(graphs_view.CONTENTS, name),
        )
        chosen = {"graph": name, "run": None, "disease": None, "drug": None}
        frame.show_link(frame.NEIGHBOURHOOD, "Explore it", ":material/hub:", **chosen)
        frame.show_link("pages/train.py", "Train on it", ":material/model_training:", **chosen)
        st.button(
            "Import another",
            key="imported-another",
            icon=":material/upload:",
            on_click=lambda: st.query_params.pop("imported", None),
        )
    return True
