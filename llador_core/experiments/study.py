"""Runs the cells of a study side by side, each in a process with one thread; can be interrupted."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llador_core.config import check_range
from llador_core.errors import LladorError, MissingDataError
from llador_core.experiments.cells import Cell, Record, load_cell, run_cell
from llador_core.experiments.inputs import vectors_for
from llador_core.experiments.specs import EXPERIMENTS, MODELS, Experiment
from llador_core.graph import Graph
from llador_core.models.interactions import INTERACTIONS
from llador_core.registry import lookup
from llador_core.training.config import RECIPES

Report = Callable[[float, str], None]
MAX_SEEDS = 100
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


@dataclass(frozen=True)
class Study:
    """An experiment on a graph, with models and seeds.

    Attributes
    ----------
    experiment : Experiment
    graph : str
        A name that `load_graph` knows.
    models : tuple of str
    n_seeds : int, 1 to 100
        Seeds 0, 1, ...; each draws split, start values and sampling anew.
    recipe : str
    extra : tuple of "key=value"
        Settings over the recipe, for every cell.
    """

    experiment: Experiment
    graph: str
    models: tuple[str, ...] = MODELS
    n_seeds: int = 5
    recipe: str = "llador"
    extra: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_range("Study", "n_seeds", self.n_seeds, 1, MAX_SEEDS)
        lookup("recipe", RECIPES, self.recipe)
        for model in self.models:
            lookup("model", INTERACTIONS, model)

    @property
    def job(self) -> str:
        """The name of the background job that trains it."""
        return f"experiment-{Path(self.graph).name}-{self.experiment.name}"

    def cells(self) -> list[Cell]:
        """Return every cell, all rows of the first seed before those of the second."""
        return [
            Cell(setting, model, self.recipe, seed, self.extra)
            for seed in range(self.n_seeds)
            for model in self.models
            for setting in self.experiment.settings
        ]


def make_study(
    name: str,
    graph: str,
    models: Sequence[str] = MODELS,
    n_seeds: int = 5,
    recipe: str = "llador",
    extra: Sequence[str] = (),
) -> Study:
    """Return a study by the name of its experiment. Raises UnknownNameError, ConfigError."""
    experiment = lookup("experiment", EXPERIMENTS, name)
    return Study(experiment, graph, tuple(models), n_seeds, recipe, tuple(extra))


@dataclass(frozen=True)
class Results:
    """What is there of a study.

    Attributes
    ----------
    records : dict from Cell to its figures
    missing : tuple of Cell
        Not trained yet.
    problems : dict from a row's label to a sentence
        Why a row cannot be trained, or a cell of it failed.
    """

    records: dict[Cell, Record]
    missing: tuple[Cell, ...]
    problems: dict[str, str]


def present(graph: Graph, study: Study) -> Results:
    """Return what was trained of a study so far."""
    records: dict[Cell, Record] = {}
    problems: dict[str, str] = {}
    missing = []
    for cell in study.cells():
        try:
            record = load_cell(graph, cell)
        except LladorError as error:  # texts that are not here, or a damaged file
            problems[cell.setting.label] = str(error)
            record = None
        if record is None:
            missing.append(cell)
        else:
            records[cell] = record
    return Results(records, tuple(missing), problems)


def run(graph: Graph, study: Study, n_jobs: int = 0, report: Report | None = None) -> Results:
    """Train what is missing of a study and return all of it.

    A row whose texts are not here is left out and named in `problems`; a cell that fails does not
    stop the others.

    Parameters
    ----------
    n_jobs : int
        Trainings side by side; 0 means one for each processor.
    report : callable(share, words) or None
    """
    found = present(graph, study)
    tell = report or _silent
    problems: dict[str, str] = {}
    ready = _ready(graph, found.missing, problems, tell)
    n_all = len(found.records) + len(ready)
    n_jobs = min(n_jobs or os.cpu_count() or 1, max(len(ready), 1))
    context = multiprocessing.get_context("spawn")
    with _one_thread_each(), ProcessPoolExecutor(n_jobs, mp_context=context) as pool:
        try:
            pending: dict[Future[Record], Cell] = {
                pool.submit(run_cell, study.graph, cell, os.getpid()): cell for cell in ready
            }
            while pending:
                n_done = n_all - len(pending)
                tell(n_done / max(n_all, 1), f"{n_done} of {n_all} trainings")
                done, _ = wait(pending, timeout=1.0, return_when=FIRST_COMPLETED)
                for future in done:
                    _take(future, pending.pop(future), problems)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for child in multiprocessing.active_children():
                child.terminate()
            raise
    tell(1.0, f"{n_all} of {n_all} trainings")
    found = present(graph, study)
    return Results(found.records, found.missing, found.problems | problems)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Set what workers read when they import NumPy and torch, and set it back."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _silent(_share: float, _words: str) -> None:
    return


def _ready(
    graph: Graph, missing: Sequence[Cell], problems: dict[str, str], tell: Report
) -> list[Cell]:
    """Return the cells whose inputs are here; embeds texts that must be embedded, once per row."""
    is_ready: dict[str, bool] = {}
    for cell in missing:
        label = cell.setting.label
        if label in is_ready:
            continue
        if cell.setting.mask or cell.setting.embedder:
            tell(0.0, f"Embedding the texts: {label}")
        try:
            vectors_for(graph, cell.setting)
        except MissingDataError as error:
            problems[label] = str(error)
        is_ready[label] = label not in problems
    return [cell for cell in missing if is_ready[cell.setting.label]]


def _take(future: Future[Any], cell: Cell, problems: dict[str, str]) -> None:
    """Note why a cell failed, where it did."""
    error = future.exception()
    if error is None:
        return
    if isinstance(error, BrokenProcessPool):
        raise LladorError(
            "A training process was killed, probably for memory; what was done is kept. Run the "
            "study again with fewer trainings side by side (--jobs 1)."
        ) from error
    if not isinstance(error, LladorError):
        raise error
    problems[cell.setting.label] = str(error)
