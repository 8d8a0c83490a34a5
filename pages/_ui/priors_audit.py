"""What is kept of the audit of a run, as in `cached`: under names, settings and stamps of files."""

from __future__ import annotations

import streamlit as st

from llador_core.evaluation.named import Judged, audit_held_out, judge
from llador_core.priors.audit import PairAudit
from llador_core.training.prior_check import audited_fields, texts_name, texts_of_run
from llador_core.training.runs import Order, RunInfo
from pages._ui import cached, maps, priors_data

Stamp = tuple[int, ...]
Own = tuple[str, Stamp]


def audit(info: RunInfo) -> PairAudit:
    """Return where texts name the held-out pairs of a run. Raises as `audit_held_out`."""
    stamp = priors_data.stamp(info.graph, texts_name(info))
    return _audit(info.graph, cached.graph_stamp(info.graph), stamp, _own(info))


def judged(info: RunInfo, audited: RunInfo, protocol: str, order: Order) -> Judged:
    """Return how a run ranks the pairs that are held out from another, its kin.

    Raises
    ------
    LladorError
        The run is damaged, or of another version of the graph.
    """
    stamp = priors_data.stamp(info.graph, texts_name(audited))
    graph = cached.graph_stamp(info.graph)
    own = (_own(info), _own(audited))
    return _judged(info.graph, graph, stamp, own, protocol, order)


def _own(info: RunInfo) -> Own:
    names = ("run.json", "weights.safetensors", "splits.npz", "safeguard.safetensors")
    files = (info.folder / name for name in names)
    return info.name, tuple(f.stat().st_mtime_ns if f.is_file() else 0 for f in files)


@st.cache_resource(max_entries=12, show_spinner="Reading the texts of the held-out pairs")
def _audit(
    graph_name: str,
    stamp: Stamp,  # noqa: ARG001
    of_set: Stamp,  # noqa: ARG001
    own: Own,
) -> PairAudit:
    run, graph = cached.run(maps.cached_info(own[0])), cached.graph(graph_name)
    return audit_held_out(graph, run.split(graph), texts_of_run(run, graph), audited_fields(run))


@st.cache_resource(max_entries=100, show_spinner="Ranking the held-out pairs")
def _judged(
    graph_name: str,
    stamp: Stamp,  # noqa: ARG001
    of_set: Stamp,  # noqa: ARG001
    own: tuple[Own, Own],
    protocol: str,
    order: Order,
) -> Judged:
    run, graph = cached.run(maps.cached_info(own[0][0])), cached.graph(graph_name)
    audited = maps.cached_info(own[1][0])
    split, is_named = cached.run(audited).split(graph), audit(audited).is_named
    scores = run.pair_scores(graph, order)
    return judge(graph, split, scores, is_named, protocol, run.config.split_seed)
