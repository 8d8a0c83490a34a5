"""A graph of one's own from a table, step by step: file, columns, roles, name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import streamlit as st

from llador_core.data import columns as cols
from llador_core.data.columns import Columns
from llador_core.data.csv_lines import SEPARATORS
from llador_core.data.download import megabytes
from llador_core.data.entity_types import OF_A_DRUG_AND_A_DISEASE, role_of
from llador_core.data.plan import check_name, check_room, memory_needed
from llador_core.data.rows import Sample, sample
from llador_core.data.sniff import Look, look
from llador_core.errors import LladorError
from llador_core.escape import markdown, plain
from llador_core.graph import ROLES
from pages._ui import graphs_job, graphs_source
from pages._ui.graphs_job import Choices

N_PREVIEWED = 6
MANY_ROWS = 500_000
N_ROLES_SHOWN = 8
SAMPLE_BYTES = 64 << 20
NO_ROLE = "(none)"
NONE = "(none)"
FIND_OUT = "find out"
STEPS = (
    "Any table with one edge in each row: a head, a relation and a tail. What is guessed below can "
    "be changed; nothing is written before the last button."
)


def show_import() -> None:
    """Show the steps from a table to a graph, or the import that is running."""
    name = str(st.query_params.get("imported", ""))
    if name and graphs_job.show_job(name):
        return
    st.markdown(STEPS)
    with st.container(border=True):
        st.markdown("### 1  The table")
        file = graphs_source.pick_table("Triples", "triples")
        if file is None:
            return
        found, skips_bad = _show_table(file)
    with st.container(border=True):
        st.markdown("### 2  Which column is what")
        columns = _pick_columns(found)
        cols.check(columns, found.columns)
        told = _sample(str(file), file.stat().st_mtime_ns, _settings(found), columns, skips_bad)
    with st.container(border=True):
        st.markdown("### 3  What relations mean")
        roles = _pick_roles(found, columns, told)
    chosen = Choices(found, columns, told, roles, skips_bad)
    with st.container(border=True):
        st.markdown("### 4  Drugs, diseases, names")
        extra = _pick_rest(chosen)
    _show_start(chosen, extra)


def _show_table(file: Path) -> tuple[Look, bool]:
    """Show the first rows, and how they were parted. Raises DataFormatError."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        separator = st.selectbox(
            "Separator",
            [FIND_OUT, *SEPARATORS.values()],
            key="separator",
            width=150,
        )
        header = st.selectbox(
            "First row", [FIND_OUT, "names of columns", "an edge"], key="header", width=190
        )
        skips_bad = st.toggle(
            "Leave out bad rows",
            key="skips-bad",
            help="Rows with another number of columns are left out and counted, instead of "
            "refusing the table.",
        )
    mark = next((one for one, words in SEPARATORS.items() if words == separator), "")
    has_header = {FIND_OUT: None}.get(header, header == "names of columns")
    found = _look(str(file), file.stat().st_mtime_ns, (mark, has_header), skips_bad)
    about = "" if found.is_counted else "About "
    needed = megabytes(memory_needed(found.n_rows))
    memory = f" Importing takes about {needed} of memory." if found.n_rows > MANY_ROWS else ""
    parted = "Parquet" if found.kind == "parquet" else f"separated by {_named(found.separator)}"
    st.caption(
        f"{about}{found.n_rows:,} rows, {len(found.columns)} columns, {parted}, "
        f"{'with' if found.has_header else 'without'} a row of names.{memory}"
    )
    st.dataframe(
        [_row(found, cells) for cells in found.rows[:N_PREVIEWED]],
        hide_index=True,
        alt="The first rows of the table",
    )
    return found, skips_bad


def _named(separator: str) -> str:
    return SEPARATORS.get(separator, separator)


def _row(found: Look, cells: tuple[str, ...]) -> dict[str, str]:
    """Return a row under the names of its columns; one that stands twice gets its number."""
    names = [plain(name) or " " for name in found.columns]
    shown = [f"{name} ({i + 1})" if names.count(name) > 1 else name for i, name in enumerate(names)]
    return {name: plain(cell) for name, cell in zip(shown, cells, strict=True)}


def _pick_columns(found: Look) -> Columns:
    """Offer the columns; the guess is chosen."""
    guessed = cols.guess(found.columns, found.rows)
    options = ["", *dict.fromkeys(found.columns)]
    labels = {
        "head": "Head",
        "relation": "Relation",
        "tail": "Tail",
        "head_type": "Type of the head",
        "tail_type": "Type of the tail",
        "head_name": "Name of the head",
        "tail_name": "Name of the tail",
    }
    picked: dict[str, str] = {}
    for names in (("head", "relation", "tail"), tuple(labels)[3:]):
        for place, name in zip(st.columns(len(names)), names, strict=True):
            guess = getattr(guessed, name)
            picked[name] = place.selectbox(
                labels[name],
                options,
                index=options.index(guess) if guess in options else 0,
                format_func=lambda column: plain(column) or NONE,
                key=f"column-{name}-{found.file.name}-{len(options)}-{found.has_header}-{guess}",
            )
        if name == "tail":  # types and names stand beside the columns that were chosen
            guessed = cols.guess(found.columns, found.rows, **picked)
    return Columns(**picked)


def _pick_roles(found: Look, columns: Columns, told: Sample) -> dict[str, str]:
    """Offer a role for each relation; what its name says is chosen."""
    if not told.is_all:
        st.caption(
            f"Relations of the first {megabytes(SAMPLE_BYTES)}; any others get the role that "
            "their names say."
        )
    names = sorted(told.relations, key=lambda name: -told.relations[name])
    rows = [
        {"Relation": name, "Rows": told.relations[name], "Role": role_of(name, {}) or NO_ROLE}
        for name in names
    ]
    edited = st.data_editor(
        rows,
        key=f"roles-{found.file.name}-{columns.relation}-{len(names)}",
        hide_index=True,
        disabled=["Relation", "Rows"],
        height="auto" if len(rows) <= N_ROLES_SHOWN else 320,
        alt="The role of each relation, to be changed",
        column_config={
            "Rows": st.column_config.NumberColumn(format="localized", width="small"),
            "Role": st.column_config.SelectboxColumn(
                options=[NO_ROLE, *ROLES],
                required=True,
                help="What the relation means. **treats** is what is ranked; **contraindicated**, "
                "**targets**, **associates** and others carry explanations.",
            ),
        },
    )
    chosen = {str(row["Relation"]): str(row["Role"]).replace(NO_ROLE, "") for row in edited}
    n_without = sum(not role for role in chosen.values())
    if "treats" not in chosen.values():
        st.warning(
            "No relation has the role **treats**: the graph can be explored, but no drug can be "
            "ranked for a disease. Give it to the relation from drugs to the diseases they treat.",
            icon=":material/warning:",
        )
    if n_without:
        st.caption(
            f"{n_without:,} of {len(chosen):,} relations have no role; they keep their name."
        )
    return chosen


def _pick_rest(chosen: Choices) -> dict[str, Any]:
    """Offer the types of drugs and diseases, a table of entities, and how the graph is called."""
    types = sorted(chosen.told.types, key=lambda name: -chosen.told.types[name])
    guessed = cols.guess_types(types)
    extra: dict[str, Any] = {}
    if types:
        options = ["", *types]
        for place, what in zip(st.columns(2), ("drug", "disease"), strict=True):
            guess = guessed.get(what, "")
            extra[f"{what}_type"] = place.selectbox(
                f"The type of {what}s",
                options,
                index=options.index(guess),
                format_func=lambda name: plain(name) or NONE,
                key=f"type-{what}-{len(types)}-{guess}",
            )
    else:
        has_pairs = bool(OF_A_DRUG_AND_A_DISEASE & set(chosen.roles.values()))
        st.caption(
            "The table tells no types. "
            + (
                "Heads of treatments become drugs, their tails diseases, all others 'Entity'."
                if has_pairs
                else "Choose columns for them, or give a relation the role **treats**."
            )
        )
    with st.expander("A table that tells more of the entities (names, types, descriptions)"):
        extra["entities"] = graphs_source.pick_table("Entities", "entities", is_optional=True)
    left, right = st.columns(2)
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", chosen.found.file.name.split(".")[0]).strip("-_")
    extra["name"] = left.text_input(
        "Name of the graph",
        value=stem[:40] or "mine",
        key=f"name-{stem}",
        max_chars=100,
        help="Letters, digits, dots, hyphens and underscores.",
    ).strip()
    extra["title"] = right.text_input("Title", key="title", max_chars=120).strip()
    left, right = st.columns(2)
    extra["licence"] = left.text_input(
        "Licence", key="licence", max_chars=300, placeholder="As its source states it"
    ).strip()
    extra["citation"] = right.text_input("Citation", key="citation", max_chars=400).strip()
    return extra


def _show_start(chosen: Choices, extra: dict[str, Any]) -> None:
    """Offer to import, or say what stands against it."""
    name = extra["name"]
    try:
        check_name(name)
        check_room(chosen.found)
    except LladorError as error:
        st.error(markdown(str(error)), icon=":material/error:")
        return
    st.button(
        f"Import as {markdown(name)}",
        key="import",
        type="primary",
        icon=":material/play_arrow:",
        on_click=graphs_job.start,
        args=(chosen, extra),
    )


def _settings(found: Look) -> tuple[str, bool | None]:
    return found.separator, found.has_header


@st.cache_data(max_entries=20, show_spinner="Looking at the table")
def _look(
    file: str,
    stamp: int,  # noqa: ARG001  part of the key
    settings: tuple[str, bool | None],
    skips_bad: bool,
) -> Look:
    return look(Path(file), *settings, skips_bad=skips_bad)


@st.cache_data(max_entries=20, show_spinner="Looking for relations")
def _sample(
    file: str,
    stamp: int,
    settings: tuple[str, bool | None],
    columns: Columns,
    skips_bad: bool,
) -> Sample:
    found = _look(file, stamp, settings, skips_bad)
    return sample(found, columns, SAMPLE_BYTES, skips_bad=skips_bad)
