"""What is chosen. It lives in the address alone, so that a pasted link opens the same view.

Choices shared by the pages (graph, run, disease, drug, step) are read and written here. Filters of
one page are bound to the address by their widgets (`bind="query-params"`).
"""

from __future__ import annotations

import streamlit as st

from llador_core import data, names
from llador_core.errors import UnknownNameError, nearest_names
from llador_core.graph import Graph
from llador_core.registry import lookup
from llador_core.training import runs
from llador_core.training.runs import Order

DEFAULT_GRAPH = "starter"
# Alzheimer's disease, as the graphs call it.
DEFAULT_DISEASES = ("Disease::DOID:10652", "Disease::MESH:D000544", "Disease::MONDO:0004975")
# What a link to another page takes along.
SHARED = ("graph", "run", "disease", "drug", "step", "order")
# What names a run, an entity, a type or a place of one graph.
OF_A_GRAPH = frozenset(
    [
        "run",
        "base",
        "disease",
        "drug",
        "entity",
        "node",
        "expanded",
        "to",
        "with",
        "through",
        "area",
        "zoom",
        "types",
        "ties",
        "class",
        "of",
        "picked",
        "texts",
        "against",
    ]
)
N_STEPS = 5


def choose(**choices: str | int | None) -> None:
    """Put choices into the address; None takes one out."""
    for name, value in choices.items():
        if value is not None:
            st.query_params[name] = str(value)
        elif name in st.query_params:
            del st.query_params[name]


def choose_many(name: str, values: list[str]) -> None:
    """Put a list of choices into the address; an empty one takes it out."""
    st.query_params[name] = values


def asked_many(name: str) -> list[str]:
    """Return every value of a choice in the address, as it stands there."""
    return st.query_params.get_all(name)


def reset() -> None:
    """Take every choice out of the address."""
    st.query_params.clear()


def choose_graph(name: str) -> None:
    """Change the graph. Choices of its runs and entities go; filters stay, as their widgets do."""
    for choice in list(st.query_params):
        if choice in OF_A_GRAPH or choice.startswith("open-"):
            del st.query_params[choice]
    choose(graph=None if name == DEFAULT_GRAPH else name)


def has_choices() -> bool:
    return bool(st.query_params)


def link(**choices: str | int | None) -> dict[str, str]:
    """Return the shared choices with some changed, as parameters of a link to another page."""
    kept = {name: st.query_params[name] for name in SHARED if name in st.query_params}
    if "disease" not in kept:
        kept.pop("drug", None)  # alone it would ask for the diseases of the drug
    merged = kept | {name: None if v is None else str(v) for name, v in choices.items()}
    return {name: value for name, value in merged.items() if value is not None}


def current_graph_name() -> str:
    """Return the name of the graph asked for. Raises UnknownNameError for one that is not here.

    A folder is not taken from the address: a link must not make the server read its disk.
    """
    name = str(st.query_params.get("graph", DEFAULT_GRAPH))
    lookup("graph", dict.fromkeys(data.graph_names()), name)
    return name


def asked(name: str) -> str | None:
    """Return a choice in the address as it stands there, None where it is not."""
    return st.query_params.get(name)


def asked_run() -> str | None:
    """Return the name of the run in the address as it stands there."""
    return asked("run")


def current_run(graph: str) -> runs.RunInfo:
    """Return the run asked for, else the default one.

    Raises
    ------
    UnknownNameError
        The graph has no run of that name; the nearest are listed.
    MissingDataError
        The graph has no finished run; names the command that makes one.
    """
    name = asked_run()
    if name is None:
        return runs.default_run(graph)
    found = {run.name: run for run in runs.list_runs(graph)}
    if name not in found:
        finished = [run.name for run in found.values() if run.is_finished]
        raise UnknownNameError(f"run of graph '{graph}'", name, nearest_names(name, finished))
    return found[name]


def current_disease(graph: Graph) -> int:
    """Return the disease asked for by id, name or synonym, else the default one.

    Raises UnknownNameError with the nearest names.
    """
    asked = st.query_params.get("disease")
    if asked is not None:
        return names.resolve(graph, asked, "disease")
    for entity_id in DEFAULT_DISEASES:
        if graph.has(entity_id):
            return graph.mapped(entity_id)
    return max(graph.diseases.tolist(), key=lambda d: len(graph.neighbours_with_role(d, "treats")))


def current_drug(graph: Graph) -> int | None:
    """Return the drug asked for, None where none is. Raises UnknownNameError."""
    asked = st.query_params.get("drug")
    return None if asked is None else names.resolve(graph, asked, "drug")


def wants_diseases() -> bool:
    """Return whether a drug is asked for without a disease: then its diseases are wanted."""
    return "drug" in st.query_params and "disease" not in st.query_params


def current_entity(graph: Graph) -> int:
    """Return the entity asked for by id, name or synonym, else the disease, else the largest hub.

    Raises UnknownNameError with the nearest names.
    """
    asked = st.query_params.get("entity")
    if asked is not None:
        return names.resolve(graph, asked, "entity")
    if len(graph.triples_with_role("treats")):
        return current_disease(graph)
    return int(graph.degree.argmax())


def asked_entity(graph: Graph) -> int | None:
    """Return the entity asked for, None where none is. Raises UnknownNameError."""
    asked = st.query_params.get("entity")
    return None if asked is None else names.resolve(graph, asked, "entity")


def current_order() -> Order:
    """Return what the lists are ordered by; anything but "raw" is the default."""
    return "raw" if st.query_params.get("order") == "raw" else "combined"


def current_step() -> int:
    """Return the step of the story, 1 to 5; anything else in the address is the nearest step."""
    try:
        asked = int(st.query_params.get("step", "1"))
    except ValueError:
        return 1
    return min(max(asked, 1), N_STEPS)
