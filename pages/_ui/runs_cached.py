"""What the page of runs keeps between reruns, keyed by names and the stamps of files."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from llador_core import agreement, comparison
from llador_core.agreement import Consensus
from llador_core.evaluation.compare import Comparison
from llador_core.training import overview as overviews
from llador_core.training import runs
from llador_core.training.follow import Curve
from llador_core.training.overview import Overview
from llador_core.training.runs import Order, RunInfo
from pages._ui import cached

Stamp = tuple[int, ...]
FILES = ("config.json", "run.json", "metrics.json", "progress.jsonl", "weights.safetensors")


def overview(info: RunInfo) -> Overview:
    """Return a run as the table shows it; a run that is being trained is read anew each time."""
    if not info.is_finished:
        return overviews.overview(info)
    return _overview(info, stamp(info))


def curve(info: RunInfo) -> Curve:
    """Return how a run's training went."""
    return _curve(info.folder, stamp(info))


def why_not(graph_name: str, info: RunInfo, base: RunInfo) -> str:
    """Return why two runs cannot be compared pair by pair, "" where they can."""
    return comparison.why_not(cached.graph(graph_name), cached.run(info), cached.run(base))


def compare(
    graph_name: str, info: RunInfo, base: RunInfo, protocol: str, order: Order
) -> Comparison:
    """Return what one run ranks better than another. Raises as `comparison.compare_runs`."""
    names, stamps = (info.name, base.name), (stamp(info), stamp(base))
    return _compare(graph_name, cached.graph_stamp(graph_name), names, stamps, protocol, order)


def consensus(graph_name: str, disease: int, info: RunInfo, order: Order) -> Consensus | None:
    """Return what a run and its peers say together of each drug; None where they are too few.

    A peer that cannot be read is left out.
    """
    peers = agreement.peers(info)
    if len(peers) < agreement.MIN_RUNS:
        return None
    ranks = [cached.drug_ranks(graph_name, disease, peer, order) for peer in peers]
    return agreement.consensus(peers, ranks)


def stamp(info: RunInfo) -> Stamp:
    """Return when the files of a run were last written, 0 for one that is missing."""
    files = (info.folder / name for name in FILES)
    return tuple(f.stat().st_mtime_ns if f.is_file() else 0 for f in files)


@st.cache_resource(max_entries=500, show_spinner=False)
def _overview(info: RunInfo, stamp: Stamp) -> Overview:  # noqa: ARG001
    return overviews.overview(info)


@st.cache_resource(max_entries=50, show_spinner=False)
def _curve(folder: Path, stamp: Stamp) -> Curve:  # noqa: ARG001
    return Curve().update(folder)


@st.cache_resource(max_entries=50, show_spinner="Ranking the hidden pairs")
def _compare(
    graph_name: str,
    graph_stamp: Stamp,  # noqa: ARG001
    names: tuple[str, str],
    stamps: tuple[Stamp, Stamp],  # noqa: ARG001
    protocol: str,
    order: Order,
) -> Comparison:
    found = cached.graph(graph_name)
    first, second = (cached.run(_info(name, graph_name)) for name in names)
    return comparison.compare_runs(found, first, second, protocol, order)


def _info(name: str, graph_name: str) -> RunInfo:
    return next(info for info in runs.list_runs(graph_name) if info.name == name)
