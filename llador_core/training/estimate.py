"""What a training will take, before it starts: memory from a model, time from a few steps."""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch

from llador_core.data.splits import Split
from llador_core.errors import ConfigError
from llador_core.graph import Graph
from llador_core.models.interactions import INTERACTIONS
from llador_core.priors.anchors import Anchors
from llador_core.safeguard.fit import can_guard
from llador_core.training.config import TrainConfig
from llador_core.training.guard import second_steps
from llador_core.training.loop import Trainer
from llador_core.training.memory import available_mb
from llador_core.training.threads import fitting_threads

_FLOAT = 4
# Bytes for each training triple: of the graph, the split, known ends and the order of an epoch.
_PER_TRIPLE, _PER_TRIPLE_ON_GPU = 90, 60
LIBRARIES_MB = 350.0  # Python, NumPy and PyTorch themselves
_JUDGED = 5  # arrays of one number for each drug-disease pair, when a run is judged
_WARM_UP, _MOST_STEPS, _FOR_S = 2, 20, 1.0


@dataclass(frozen=True)
class Memory:
    """Megabytes that a training needs at its peak.

    Attributes
    ----------
    tables_mb : float
        Weights, the optimizer's state, anchors.
    copies_mb : float
        Of weights: the best ones, and what a checkpoint writes while training goes on.
    batch_mb : float
        Everything that lives for one step.
    graph_mb : float
        The graph, and what is looked up in it.
    judging_mb : float
        Scores of all drug-disease pairs, at the end.
    device : str
        Where tables and batch are: "cpu", "cuda", "mps".
    """

    tables_mb: float
    copies_mb: float
    batch_mb: float
    graph_mb: float
    judging_mb: float
    device: str

    @property
    def on_device_mb(self) -> float:
        """On a GPU what it holds; on a processor everything."""
        if self.device == "cpu":
            return self.on_host_mb
        return self.tables_mb + self.batch_mb + self.graph_mb

    @property
    def on_host_mb(self) -> float:
        """In the machine's own memory."""
        trained = self.tables_mb + self.batch_mb if self.device == "cpu" else 0.0
        peak = max(trained + self.copies_mb, self.copies_mb + self.judging_mb)
        return LIBRARIES_MB + self.graph_mb + peak


@dataclass(frozen=True)
class Estimate:
    """What a training will take.

    Attributes
    ----------
    memory : Memory
    available_mb : float or None
        What is free where the tables are.
    step_ms, validation_ms : float
        Measured just now.
    triples_per_s : float
    steps : int
        At most, those of the safeguard's second training included.
    seconds : float
        For all of them and their validations; judging the run comes on top.
    """

    memory: Memory
    available_mb: float | None
    step_ms: float
    validation_ms: float
    triples_per_s: float
    steps: int
    seconds: float


def estimate_memory(graph: Graph, config: TrainConfig, device: torch.device) -> Memory:
    """Return the memory that a training needs at its peak."""
    spec = INTERACTIONS[config.model]
    table = graph.n_entities * config.dim * _FLOAT / 1e6
    relations = graph.n_relations * spec.relation_width(config.dim) * _FLOAT / 1e6
    # of tables: weights, gradients, mixed rows and moments of a dense step; or weights and state
    states = {"adam": 6.0, "adagrad": 2.0, "rowwise-adam": 2.1, "rowwise-adagrad": 1.05}
    tables = states[config.optimizer] * (table + relations)
    if config.is_anchored:
        tables += table
    moments = {"adam": 2, "adagrad": 1, "rowwise-adam": 1, "rowwise-adagrad": 0}
    copies = (2 + moments[config.optimizer]) * table
    per_triple = _PER_TRIPLE if device.type == "cpu" else _PER_TRIPLE_ON_GPU
    n_pairs = len(graph.drugs) * len(graph.diseases)
    return Memory(
        tables_mb=round(tables, 1),
        copies_mb=round(copies, 1),
        batch_mb=round(_batch_mb(graph, config), 1),
        graph_mb=round(per_triple * graph.n_triples / 1e6, 1),
        judging_mb=round(_JUDGED * n_pairs * _FLOAT / 1e6 + table, 1),
        device=device.type,
    )


def _batch_mb(graph: Graph, config: TrainConfig) -> float:
    """Return the memory of what lives for one step."""
    size = config.batch_size
    n_negatives = config.n_negatives or graph.n_entities
    chunk = 1 if not config.shared_negatives else config.chunk_size or size
    drawn = size // chunk * n_negatives
    rows = min(graph.n_entities, 2 * size + drawn)
    numbers = 5 * rows * config.dim + 12 * size * config.dim  # rows, queries and their gradients
    numbers += 8 * size * n_negatives  # scores, shares, gradients, what is known
    return numbers * _FLOAT / 1e6


def check_fits(graph: Graph, config: TrainConfig, device: torch.device) -> Memory:
    """Return the memory that a training needs.

    Raises
    ------
    ConfigError
        More than there is, with what to lower.
    """
    memory = estimate_memory(graph, config, device)
    places = [("GPU", memory.on_device_mb, device)] if device.type != "cpu" else []
    places.append(("machine", memory.on_host_mb, torch.device("cpu")))
    for name, needed, where in places:
        free = available_mb(where)
        if free is not None and needed > free:
            least = (
                "" if config.optimizer == "rowwise-adagrad" else ", use optimizer=rowwise-adagrad"
            )
            raise ConfigError(
                f"This training needs about {_size(needed)} of memory, and this {name} has "
                f"{_size(free)} free. Lower dim (now {config.dim}), batch_size "
                f"({config.batch_size}) or n_negatives ({config.n_negatives}){least}, or close "
                "other programs."
            )
    return memory


def _size(mb: float) -> str:
    return f"{mb / 1000:.1f} GB" if mb >= 1000 else f"{mb:.0f} MB"


def estimate(
    graph: Graph,
    split: Split,
    config: TrainConfig,
    anchors: Anchors | None,
    device: torch.device,
) -> Estimate:
    """Return what a training will take, after a few steps of it that leave nothing behind.

    Raises
    ------
    ConfigError
        It needs more memory than there is.
    """
    memory = check_fits(graph, config, device)
    free = available_mb(device)
    trainer = Trainer(graph, split, config, anchors, device)
    with fitting_threads(graph, config):
        step_s = _timed_step(trainer)
        started = time.perf_counter()
        if len(split.valid):
            trainer.judge()
        validation_s = time.perf_counter() - started
    parts = [config]
    if can_guard(graph, split):
        parts.append(second_steps(config))
    n_validations = sum(-(-part.steps // part.validate_every) for part in parts)
    steps = sum(part.steps for part in parts)
    return Estimate(
        memory=memory,
        available_mb=None if free is None else round(free, 1),
        step_ms=round(1000 * step_s, 3),
        validation_ms=round(1000 * validation_s, 1),
        triples_per_s=round(trainer.engine.size / step_s, 1),
        steps=steps,
        seconds=round(steps * step_s + n_validations * validation_s, 3),
    )


def _timed_step(trainer: Trainer) -> float:
    """Return the median seconds of a step, loops and kernels compiled before."""
    for step in range(_WARM_UP):
        trainer.take(step)
    seconds: list[float] = []
    while len(seconds) < _MOST_STEPS and sum(seconds) < _FOR_S:
        started = time.perf_counter()
        float(trainer.take(_WARM_UP + len(seconds)))  # waits for a GPU
        seconds.append(time.perf_counter() - started)
    return sorted(seconds)[len(seconds) // 2]
