"""What is kept between reruns and shared by all visitors.

Keys are names, run ids, entity numbers and the stamps of files, never arrays: Streamlit hashes
only a sample of large ones. What comes out is shared, so nobody changes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from llador_core import agreement, data, hubs, paths, ranking
from llador_core.data.specs import GRAPHS
from llador_core.explain import Explanation, explain
from llador_core.graph import Graph
from llador_core.priors.places import set_names
from llador_core.priors.texts import TEXTS_FILE, Texts, texts_if_any, texts_stamp
from llador_core.safeguard import reasons
from llador_core.safeguard.reasons import CautionReason
from llador_core.training import runs
from llador_core.training.runs import Order, Run, RunInfo, Weighing
from pages._ui import state

Stamp = tuple[int, ...]
Reals = NDArray[np.float64]


@dataclass(frozen=True)
class View:
    """Everything a page shows, as chosen in the address.

    Attributes
    ----------
    graph : Graph
    texts : Texts or None
        What the LLM wrote; None for a graph without texts.
    run, base, mechanism : RunInfo
        The run looked at; its twin without a prior, and that of a full prior with mechanism
        texts only; None where there is no such run.
    disease : int
    candidates : tuple of Candidate
        Every drug, best first.
    order : "combined" or "raw"
        What the candidates are ordered by; "raw" for a run without a safeguard.
    text_set : str
        The set of texts that the run was anchored to, "" for the graph's own.
    """

    graph: Graph
    texts: Texts | None
    run: RunInfo
    base: RunInfo | None
    mechanism: RunInfo | None
    disease: int
    candidates: tuple[ranking.Candidate, ...]
    order: Order = "combined"
    text_set: str = ""

    @property
    def is_guarded(self) -> bool:
        """The run predicts caution."""
        return self.candidates[0].caution is not None

    @property
    def weighing(self) -> Weighing:
        """What the run's own order weighs the score with."""
        return run(self.run).weighing

    @property
    def disease_name(self) -> str:
        return self.graph.entity_names[self.disease]

    @property
    def records_avoid(self) -> bool:
        """Whether the graph records contraindications at all."""
        return len(self.graph.relations_with_role("contraindicated")) > 0

    @cached_property
    def easing(self) -> frozenset[int]:
        """Drugs known to ease the disease without treating it."""
        return frozenset(self.graph.neighbours_with_role(self.disease, "palliates").tolist())


def view(graph_name: str, disease: int, info: RunInfo, order: Order = "combined") -> View:
    """Return the ranking of all drugs for a disease by a run, beside its twins.

    Raises
    ------
    LladorError
        The run is unfinished, damaged, or of another version of the graph.
    """
    base = runs.partner(info, "none") if info.prior != "none" else None
    mechanism = runs.partner(info, "mechanism") if info.prior == "full" else None
    found = ranked(graph_name, disease, info, base, order)
    loaded = run(info)
    order = order if loaded.weighing != "nothing" else "raw"
    text_set = loaded.config.texts
    written = texts(graph_name, text_set)
    return View(graph(graph_name), written, info, base, mechanism, disease, found, order, text_set)


def graph(name: str) -> Graph:
    """Return a registered graph. Raises as `data.load_graph`."""
    return _graph(name, graph_stamp(name))


def texts(graph_name: str, text_set: str = "") -> Texts | None:
    """Return what the LLM wrote about a graph's entities; None where there is no such set."""
    stamp = graph_stamp(graph_name)
    return _texts(graph_name, stamp + texts_stamp(_graph(graph_name, stamp), text_set), text_set)


def has_llm_texts(graph_name: str) -> bool:
    """Return whether an LLM wrote texts for a graph, without reading it.

    Where none did, the curated descriptions of the graph's source are its texts.
    """
    spec = GRAPHS.get(graph_name)
    folder = data.own_folder(graph_name) or paths.texts_folder(graph_name)
    return (spec is not None and spec.is_built_in) or (folder / TEXTS_FILE).is_file()


def graph_title(name: str) -> str:
    """Return a graph's title without reading it; its name where it is no longer here."""
    return next((info.title for info in data.list_graphs() if info.name == name), name)


def text_sets(graph_name: str) -> list[str]:
    """Return the names of a graph's text sets besides its own texts."""
    return set_names(graph(graph_name))


def classes(graph_name: str) -> dict[int, tuple[str, ...]]:
    """Return the names of each drug's classes, where it has any."""
    return _classes(graph_name, graph_stamp(graph_name))


def run(info: RunInfo) -> Run:
    """Return a run's weights and metrics. Raises as `runs.load_run`."""
    return _run(*_own(info))


def ranked(
    graph_name: str,
    disease: int,
    info: RunInfo,
    base: RunInfo | None = None,
    order: Order = "combined",
) -> tuple[ranking.Candidate, ...]:
    """Return every drug for a disease, best first. Raises as `runs.load_run`."""
    twin = _own(base) if base else None
    return _ranked(graph_name, graph_stamp(graph_name), disease, None, _own(info), twin, order)


def ranked_diseases(
    graph_name: str,
    drug: int,
    info: RunInfo,
    base: RunInfo | None = None,
    order: Order = "combined",
) -> tuple[ranking.Candidate, ...]:
    """Return every disease for a drug, best first. Raises as `runs.load_run`."""
    twin = _own(base) if base else None
    return _ranked(graph_name, graph_stamp(graph_name), None, drug, _own(info), twin, order)


def drug_ranks(graph_name: str, disease: int, info: RunInfo, order: Order) -> Reals:
    """Return the rank of every drug for a disease by a run. Raises as `runs.load_run`."""
    return _drug_ranks(graph_name, graph_stamp(graph_name), disease, _own(info), order)


def explanation(
    graph_name: str,
    drug: int,
    disease: int,
    info: RunInfo,
    *,
    max_length: int,
    through: tuple[int, ...],
    n_per_group: int,
) -> Explanation:
    """Return what speaks for a pair and what against it. Raises as `explain` and `load_run`."""
    own = _own(info)
    stamp = graph_stamp(graph_name)
    return _explanation(graph_name, stamp, drug, disease, own, max_length, through, n_per_group)


def hub_bias(graph_name: str, info: RunInfo, order: Order = "combined") -> hubs.Hubs:
    """Return how much a run likes each drug whatever the disease. Raises as `runs.load_run`."""
    return _hub_bias(graph_name, graph_stamp(graph_name), _own(info), order)


def hub_effect(graph_name: str, info: RunInfo, order: Order = "combined") -> hubs.Effect:
    """Return what correcting for hubs does to a run's hidden pairs. Raises as `hubs.effect`."""
    return _hub_effect(graph_name, graph_stamp(graph_name), _own(info), order)


def caution_reasons(
    graph_name: str, drug: int, disease: int, text_set: str = ""
) -> tuple[CautionReason, ...]:
    """Return what graph and texts say against a pair beyond what explanations look for."""
    return _caution_reasons(graph_name, graph_stamp(graph_name), drug, disease, text_set)


def graph_stamp(name: str) -> Stamp:
    """Return the stamp of a graph's files, a part of the key of whatever is kept of it."""
    return tuple(file.stat().st_mtime_ns for file in data.source_files(name))


def _own(info: RunInfo) -> tuple[str, Stamp]:
    """Return what a run is kept under: its name, and the stamp of its files."""
    names = ("run.json", "weights.safetensors", "metrics.json", "safeguard.safetensors")
    names += ("similar.safetensors",)
    files = (info.folder / name for name in names)
    return info.name, tuple(f.stat().st_mtime_ns if f.is_file() else 0 for f in files)


@st.cache_resource(max_entries=2, show_spinner="Reading the graph")
def _graph(name: str, stamp: Stamp) -> Graph:  # noqa: ARG001  the stamp is part of the key
    return data.load_graph(name)


@st.cache_resource(max_entries=2, show_spinner=False)
def _texts(graph_name: str, stamp: Stamp, text_set: str) -> Texts | None:  # noqa: ARG001
    return texts_if_any(_graph(graph_name, graph_stamp(graph_name)), text_set)


@st.cache_resource(max_entries=2, show_spinner=False)
def _classes(graph_name: str, stamp: Stamp) -> dict[int, tuple[str, ...]]:
    found = _graph(graph_name, stamp)
    is_drug = set(found.drugs.tolist())
    members: dict[int, list[str]] = {}
    for head, _, tail in found.triples_with_role("includes").tolist():
        for drug, other in ((tail, head), (head, tail)):  # ATC codes stand behind the drug
            if drug in is_drug and other not in is_drug:
                members.setdefault(drug, []).append(found.entity_names[other])
    return {drug: tuple(sorted(names)) for drug, names in members.items()}


@st.cache_resource(max_entries=16, show_spinner=False)
def _run(name: str, stamp: Stamp) -> Run:  # noqa: ARG001
    return runs.load_run(name)


@st.cache_resource(max_entries=200, show_spinner=False)
def _ranked(
    graph_name: str,
    stamp: Stamp,
    disease: int | None,
    drug: int | None,
    own: tuple[str, Stamp],
    twin: tuple[str, Stamp] | None,
    order: Order,
) -> tuple[ranking.Candidate, ...]:
    found = ranking.rank_candidates(
        _graph(graph_name, stamp),
        _run(*own),
        disease=disease,
        drug=drug,
        base=_run(*twin) if twin else None,
        texts=texts(graph_name, _run(*own).config.texts),
        order=order,
    )
    return tuple(found)


@st.cache_resource(max_entries=200, show_spinner=False)
def _drug_ranks(
    graph_name: str, stamp: Stamp, disease: int, own: tuple[str, Stamp], order: Order
) -> Reals:
    return agreement.drug_ranks(_graph(graph_name, stamp), _run(*own), disease, order)


@st.cache_resource(max_entries=100, show_spinner="Looking for paths")
def _explanation(
    graph_name: str,
    stamp: Stamp,
    drug: int,
    disease: int,
    own: tuple[str, Stamp],
    max_length: int,
    through: tuple[int, ...],
    n_per_group: int,
) -> Explanation:
    return explain(
        _graph(graph_name, stamp),
        drug,
        disease,
        run=_run(*own),
        max_length=max_length,
        through=through,
        n_per_group=n_per_group,
    )


@st.cache_resource(max_entries=16, show_spinner="Looking at every disease's list")
def _hub_bias(graph_name: str, stamp: Stamp, own: tuple[str, Stamp], order: Order) -> hubs.Hubs:
    found = _graph(graph_name, stamp)
    return hubs.measure(found, hubs.score_of(found, _run(*own), order))


@st.cache_resource(max_entries=16, show_spinner="Looking for the hidden drugs")
def _hub_effect(graph_name: str, stamp: Stamp, own: tuple[str, Stamp], order: Order) -> hubs.Effect:
    found, trained = _graph(graph_name, stamp), _run(*own)
    bias = _hub_bias(graph_name, stamp, own, order)
    return hubs.effect(found, trained, hubs.score_of(found, trained, order), bias)


@st.cache_resource(max_entries=200, show_spinner=False)
def _caution_reasons(
    graph_name: str, stamp: Stamp, drug: int, disease: int, text_set: str
) -> tuple[CautionReason, ...]:
    found, texts_of = _graph(graph_name, stamp), texts(graph_name, text_set)
    return tuple(reasons.caution_reasons(found, texts_of, drug, disease))


def current_view() -> View:
    """Return what the address asks for. Raises LladorError with a sentence on what is wrong."""
    name = state.current_graph_name()
    disease, run = state.current_disease(graph(name)), state.current_run(name)
    return view(name, disease, run, state.current_order())
