"""The map of two runs as the address asks for it: found, or computed in the background.

Nothing is laid out in a page's script. What is kept here is keyed as in `cached`: by names,
settings and the stamps of files.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from llador_core import jobs
from llador_core.errors import DataFormatError, UnknownNameError, nearest_names
from llador_core.escape import figure_text
from llador_core.projection import maps, nearness
from llador_core.projection.geometry import N_NEAREST, centred
from llador_core.projection.layout import PCA, MapConfig
from llador_core.projection.maps import EmbeddingMap, Pair
from llador_core.projection.nearness import Move
from llador_core.training import runs
from llador_core.training.runs import RunInfo
from pages._ui import cached
from pages._ui.cached import View

Stamp = tuple[int, ...]


@dataclass(frozen=True)
class Found:
    """What there is of a map.

    Attributes
    ----------
    pair : Pair
    asked : MapConfig
    map : EmbeddingMap or None
        The one asked for; else the PCA map of the same runs, where there is one.
    is_asked : bool
        `map` is what was asked for.
    problem : str
        What is wrong with a file that is there, "" for nothing.
    """

    pair: Pair
    asked: MapConfig
    map: EmbeddingMap | None
    is_asked: bool
    problem: str = ""

    @property
    def job(self) -> str:
        """The name of the job that computes it."""
        return maps.name_of(self.pair, self.asked)


def bases(info: RunInfo) -> dict[str, RunInfo]:
    """Return the finished runs that can stand beside a run: same graph, model and dim."""
    found = [run for run in runs.list_runs(info.graph) if run.is_finished]
    fits = [b for b in found if (b.model, b.dim) == (info.model, info.dim) and b.name != info.name]
    return {base.name: base for base in fits}


def current_base(view: View) -> tuple[RunInfo | None, str]:
    """Return the base asked for, else the same run without the prior, and what is to be said.

    A base of another model or dim is passed over with a sentence: that is what a choice of another
    run leaves in the address.

    Raises
    ------
    UnknownNameError
        The graph has no run of that name; the nearest are listed.
    """
    asked = st.query_params.get("base")
    fits = bases(view.run)
    if asked is None or asked in fits:
        return (fits[asked] if asked else view.base), ""
    others = {run.name for run in runs.list_runs(view.run.graph)}
    if asked not in others:
        near = nearest_names(asked, fits)
        raise UnknownNameError("base", asked, near, "A base is another run of the same graph.")
    told = (
        f"Compared with its own twin: '{asked}' is unfinished or of another model or dim, and "
        "places of such runs cannot be matched."
    )
    return view.base, "" if asked == view.run.name else told


def find(run: RunInfo, base: RunInfo, config: MapConfig) -> Found:
    """Return the map of two runs as far as it has been computed."""
    checksums = (_content(one.name, _stamp(one)) for one in (run, base))
    pair = Pair(run.name, base.name, *checksums)
    problem = ""
    for wanted in (config, PCA):
        path = maps.find(pair, wanted)
        if path is None:
            continue
        try:
            found = _map(str(path), path.stat().st_mtime_ns)
        except DataFormatError as error:
            problem = problem or str(error)
            continue
        return Found(pair, config, found, wanted.settings == config.settings, problem)
    return Found(pair, config, None, False, problem)


def has_pca(pair: Pair) -> bool:
    """Return whether the PCA map of two runs can be shown."""
    return maps.find(pair, PCA) is not None


def compute(found: Found) -> None:
    """Start the job that computes a map, unless it is running. Raises as `jobs.start`."""
    asked, pair = found.asked, found.pair
    arguments = ["project", f"--run={pair.run}", f"--base={pair.base}", f"--method={asked.method}"]
    arguments += [f"--neighbours={asked.neighbours}", f"--min-dist={asked.min_dist}"]
    jobs.start(found.job, [*arguments, f"--seed={asked.seed}"])


def moves(view: View, base: RunInfo, type_name: str) -> tuple[Move, ...]:
    """Return how near all entities of a type are to the disease in both runs, nearest first."""
    own, other = (view.run.name, _stamp(view.run)), (base.name, _stamp(base))
    return _moves(view.graph.name, view.disease, type_name, own, other)


def neighbours(info: RunInfo, entity: int) -> tuple[int, ...]:
    """Return the entities nearest to one in a run's full space, nearest first."""
    return _neighbours(info.name, _stamp(info), entity)


def figure_names(graph_name: str) -> tuple[str, ...]:
    """Return the names of all entities, escaped for figures."""
    return _figure_names(graph_name, cached.graph(graph_name).checksum)


def _stamp(info: RunInfo) -> Stamp:
    names = ("config.json", "run.json", "entities.tsv", "weights.safetensors")
    files = (info.folder / name for name in names)
    return tuple(file.stat().st_mtime_ns if file.is_file() else 0 for file in files)


@st.cache_resource(max_entries=32, show_spinner=False)
def _content(name: str, stamp: Stamp) -> str:  # noqa: ARG001  the stamp is part of the key
    return runs.content_checksum(cached_info(name))


@st.cache_resource(max_entries=8, show_spinner=False)
def _map(path: str, stamp: int) -> EmbeddingMap:  # noqa: ARG001
    return maps.load(Path(path))


@st.cache_resource(max_entries=4, show_spinner=False)
def _positions(name: str, stamp: Stamp) -> NDArray[np.float32]:  # noqa: ARG001
    return centred(cached.run(cached_info(name)).scorer.positions).astype(np.float32)


@st.cache_resource(max_entries=200, show_spinner=False)
def _neighbours(name: str, stamp: Stamp, entity: int) -> tuple[int, ...]:
    rows = _positions(name, stamp)
    away, _ = nearness.distances(rows, entity, np.arange(len(rows)))
    return tuple(i for i in np.argsort(away, kind="stable").tolist() if i != entity)[:N_NEAREST]


@st.cache_resource(max_entries=12, show_spinner=False)
def _moves(
    graph_name: str, disease: int, type_name: str, own: tuple[str, Stamp], other: tuple[str, Stamp]
) -> tuple[Move, ...]:
    entities = cached.graph(graph_name).entities_of_type(type_name)
    return tuple(nearness.moves(_positions(*other), _positions(*own), disease, entities))


@st.cache_resource(max_entries=2, show_spinner=False)
def _figure_names(graph_name: str, checksum: str) -> tuple[str, ...]:  # noqa: ARG001
    return tuple(figure_text(name, 60) for name in cached.graph(graph_name).entity_names)


def cached_info(name: str) -> RunInfo:
    """Return a run at a glance, by its name."""
    return next(info for info in runs.list_runs() if info.name == name)
