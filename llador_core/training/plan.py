"""What a training will be, before it starts: its settings, what is there of it, what is wrong."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, fields
from typing import Literal

from llador_core import jobs, paths
from llador_core.data.splits import MIN_PAIRS
from llador_core.errors import MissingDataError
from llador_core.graph import Graph, pair_keys
from llador_core.job_files import memory
from llador_core.models.interactions import INTERACTIONS
from llador_core.training.config import TrainConfig
from llador_core.training.folder import run_name
from llador_core.training.queue import Asked, job_of

_FLOPS, _BYTES_S = 2e10, 8e9
_DISTANCE_IS_SLOWER, _OWN_NEGATIVES_ARE_SLOWER = 10, 3
_WITH_SAFEGUARD = 1.7
_START_S, _LIBRARIES_GB = 5.0, 0.4
Stage = Literal["new", "unfinished", "active", "finished"]


@dataclass(frozen=True)
class Plan:
    """A training that could start.

    Attributes
    ----------
    asked : Asked
    config : TrainConfig
    run : str
        The run folder that it makes.
    stage : "new", "unfinished", "active" or "finished"
        What is there of it: nothing, a checkpoint, a job in line or at work, the run.
    """

    asked: Asked
    config: TrainConfig
    run: str
    stage: Stage


def plan(graph: Graph, asked: Asked) -> Plan:
    """Return what a training will be.

    Raises
    ------
    UnknownNameError, ConfigError
        A setting is unknown or out of range.
    MissingDataError
        The graph has too few treatments to hold any out.
    """
    check_treatments(graph)
    config = asked.config(graph)
    run = run_name(graph, config)
    folder = paths.home() / "runs" / run
    stage: Stage = "new"
    if (folder / "run.json").is_file():
        stage = "finished"
    elif jobs.is_running(job_of(run)):
        stage = "active"
    elif (folder / "checkpoint.safetensors").is_file():
        stage = "unfinished"
    return Plan(asked, config, run, stage)


def check_treatments(graph: Graph) -> None:
    """Raise MissingDataError where a graph has too few treatments to hold any out."""
    treats = graph.triples_with_role("treats")
    n_pairs = len(set(pair_keys(treats[:, [0, 2]], graph.n_entities).tolist()))
    if n_pairs < MIN_PAIRS:
        raise MissingDataError(
            f"Graph '{graph.name}' has {n_pairs} treated drug-disease pairs; a training holds some "
            f"out and needs at least {MIN_PAIRS}. Give a relation the role 'treats', or choose "
            "another graph."
        )


@dataclass(frozen=True)
class Cost:
    """What a training will take, to a factor of two or so.

    Attributes
    ----------
    seconds : float
        On one core, the second training and the judgement included.
    memory_gb : float
    """

    seconds: float
    memory_gb: float


def cost(graph: Graph, config: TrainConfig) -> Cost:
    """Return what a training will take, told from sizes; measured on one core of a usual processor.

    A step goes over the whole table of entities a dozen times (weights, their gradient, two moments
    of the optimizer, the mix) and over batch x negatives x dim numbers three times.
    """
    table = graph.n_entities * config.dim
    lesson = config.batch_size * config.n_negatives * config.dim
    slower = _DISTANCE_IS_SLOWER if INTERACTIONS[config.model].is_distance else 1
    if not config.shared_negatives:
        slower *= _OWN_NEGATIVES_ARE_SLOWER
    step_s = lesson * 6 / _FLOPS * slower + table * 4 * 12 / _BYTES_S
    seconds = _START_S + graph.n_triples * 2e-6 + config.steps * step_s * _WITH_SAFEGUARD
    texts = graph.n_entities * 4 * 384 * 4 if config.is_anchored else 0
    numbers = table * 4 * 8 + config.batch_size * config.n_negatives * 4 * 6 + texts
    return Cost(seconds, _LIBRARIES_GB + (numbers + graph.n_triples * 60) / 1e9)


@dataclass(frozen=True)
class Measured:
    """What a few steps on this machine tell of a training, and where the measuring stands.

    Attributes
    ----------
    job : Job
        Of the measuring.
    seconds, memory_gb : float or None
        None until it is done; judging the run comes on top of the seconds.
    """

    job: jobs.Job
    seconds: float | None = None
    memory_gb: float | None = None


def measure(one: Plan) -> None:
    """Take a few steps of a training in the background, to tell what all of it takes.

    Raises ConfigError or StorageError as `jobs.start`.
    """
    arguments = [*one.asked.arguments(), f"--device={one.asked.device}"]
    name = measure_job(one.run)
    jobs.start(name, [*arguments, "--dry-run", "--json", f"--job={name}"])


def measure_job(run: str) -> str:
    """Return the name of the job that measures a training."""
    return f"measure-{run}"


def measured(run: str) -> Measured:
    """Return what measuring has told of a training so far."""
    job = jobs.follow(measure_job(run))
    if job.state != "done":
        return Measured(job)
    text = "\n".join(jobs.last_lines(measure_job(run), 60))
    try:
        told = json.loads(text[text.index("{") :])
        return Measured(job, float(told["seconds"]), told["memory"]["on_device_mb"] / 1000)
    except (ValueError, KeyError, TypeError):
        return Measured(job)


def free_memory_gb() -> float:
    """Return the memory that is free on this machine; infinite where that cannot be told."""
    return memory().get("free_gb", math.inf)


def meanings() -> dict[str, str]:
    """Return what each setting of a training means, from the documentation of `TrainConfig`."""
    known = [setting.name for setting in fields(TrainConfig)]
    found: dict[str, str] = dict.fromkeys(known, "")
    now: list[str] = []
    for line in (TrainConfig.__doc__ or "").split("\n"):
        head = re.fullmatch(r" {4}([a-z0-9_, ]+) : (.*)|(?: {4})([a-z0-9_]+)", line)
        names = [] if head is None else re.split(r", ", head[1] or head[3] or "")
        if names and all(name in known for name in names):
            now = names
            for name in now:
                found[name] = f"{head[2]}." if head is not None and head[2] else ""
        elif now and line.startswith(" " * 8):
            for name in now:
                found[name] = f"{found[name]} {line.strip()}".strip()
        elif line.strip():
            now = []
    return found
