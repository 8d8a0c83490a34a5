"""Trainings in line: one at a time on each device, in the order they were asked for.

Every training is a process of its own (`llador_core.jobs`). One that waits is a process too, small
and idle, which looks every half second whether it is first in line and the lock of the device is
free; so the next one starts whatever ended the last, and no server need be alive for it.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from llador_core import jobs, locks, paths
from llador_core.errors import ConfigError
from llador_core.graph import Graph
from llador_core.training.config import TrainConfig, make_config
from llador_core.training.folder import run_name

KIND = "train"
WAITING = "Waiting for its turn"
LOOK_EVERY_S = 0.5
DEVICES = ("auto", "cpu", "cuda", "mps")
State = Literal["waiting", "running", "done", "cancelled", "failed"]
Tell = Callable[[float, str], None]


@dataclass(frozen=True)
class Asked:
    """A training as somebody asked for it.

    Attributes
    ----------
    graph, model, prior, recipe : str
    settings : tuple of str
        "key=value" as after `--set`.
    device : str
        One of `DEVICES`.
    """

    graph: str
    model: str = "distmult"
    prior: str = "none"
    recipe: str = "llador"
    settings: tuple[str, ...] = ()
    device: str = "auto"

    def config(self, graph: Graph) -> TrainConfig:
        """Return every setting. Raises UnknownNameError or ConfigError."""
        return make_config(graph, self.model, self.prior, self.recipe, self.settings)

    def arguments(self) -> list[str]:
        """Return the command that trains so, going on from a checkpoint where there is one."""
        told = [f"--{name}={getattr(self, name)}" for name in ("graph", "model", "prior", "recipe")]
        return ["train", *told, *(f"--set={setting}" for setting in self.settings)]


@dataclass(frozen=True)
class TrainingJob:
    """A training in line, at work or ended.

    Attributes
    ----------
    name, run, graph, device : str
        Of the job, the run folder it makes, the graph and the device.
    model, prior, recipe : str
    settings : tuple of str
    group : str
        The same for trainings that were asked for together; "" for one alone.
    disease : str
        Id of the disease of a live demo, "" without one.
    asked : float
        When, in seconds since 1970.
    state : "waiting", "running", "done", "cancelled" or "failed"
    place : int
        In line for the device, from 1; 0 when not waiting.
    job : Job
    """

    name: str
    run: str
    graph: str
    device: str
    model: str
    prior: str
    recipe: str
    settings: tuple[str, ...]
    group: str
    disease: str
    asked: float
    state: State
    place: int
    job: jobs.Job

    @property
    def is_active(self) -> bool:
        return self.state in ("waiting", "running")


def job_of(run: str) -> str:
    """Return the name of the job that trains a run: two who ask for one run get one job."""
    return f"{KIND}-{run}"


def enqueue(
    graph: Graph, asked: Asked, *, group: str = "", disease: str = "", is_new: bool = False
) -> str:
    """Start a training as soon as its device is free; return the name of its job.

    Where the same run is being trained or in line already, that job's name is returned and nothing
    starts. An unfinished run goes on from its checkpoint.

    Parameters
    ----------
    group, disease : str
        As in `TrainingJob`.
    is_new : bool
        Forget the checkpoint of an unfinished run.

    Raises
    ------
    ConfigError
        A finished run with these settings stands there; a setting is wrong; the line is full.
    UnknownNameError, StorageError
    """
    check_device(asked.device)
    run = run_name(graph, asked.config(graph))
    if (paths.home() / "runs" / run / "run.json").is_file():
        raise ConfigError(
            f"Run '{run}' is there already, finished with these very settings. Use it, or change "
            "a setting, for instance the seed."
        )
    name = job_of(run)
    noted = {**asdict(asked), "run": run, "group": group, "disease": disease}
    arguments = [*asked.arguments(), f"--device={asked.device}", f"--job={name}"]
    jobs.start(name, [*arguments, *([] if is_new else ["--resume"])], noted)
    return name


def list_jobs() -> list[TrainingJob]:
    """Return all trainings that have a job: at work first, then in line, then the latest ended."""
    found = [job for job in map(read, jobs.names(KIND)) if job is not None]
    line = _in_line(found)
    placed = [_placed(job, line) for job in found]
    order = {"running": 0, "waiting": 1}
    return sorted(
        placed, key=lambda j: (order.get(j.state, 2), j.asked if j.is_active else -j.job.time)
    )


def read(name: str) -> TrainingJob | None:
    """Return a training by the name of its job; None for a job that is none or told nothing."""
    job, noted = jobs.follow(name), jobs.request(name)
    if job.state == "none" or not isinstance(noted.get("run"), str):
        return None
    known = {key: noted[key] for key in Asked.__dataclass_fields__ if key in noted}
    known["settings"] = tuple(str(s) for s in noted.get("settings") or ())
    try:
        asked = Asked(**known)
        when = float(noted.get("asked", 0.0))
    except (TypeError, ValueError):
        return None
    return TrainingJob(
        name=name,
        run=noted["run"],
        group=str(noted.get("group", "")),
        disease=str(noted.get("disease", "")),
        asked=when,
        state=_state(job),
        place=0,
        job=job,
        **{**known, "device": device_of(asked.device)},
    )


def cancel(name: str) -> None:
    """End a training, or take it out of the line; its last checkpoint is kept."""
    found = read(name)
    jobs.cancel(name)
    if found is not None and found.state == "waiting":
        jobs.remove(name)


@contextmanager
def turn(name: str, device: str, tell: Tell) -> Iterator[None]:
    """Hold the device inside the block, once it is free and nobody who asked earlier waits."""
    device = device_of(device)
    lock: int | None = None
    while lock is None:
        if _is_first(name, device):
            lock = locks.take(_device_lock(device))
        if lock is None:
            tell(0.0, WAITING)
            time.sleep(LOOK_EVERY_S)
    try:
        tell(0.0, "Preparing")
        yield
    finally:
        os.close(lock)


@contextmanager
def at_once(device: str) -> Iterator[bool]:
    """Hold the device inside the block where it is free; yield whether it was.

    For a training typed by hand, which does not stand in line but makes others wait.
    """
    lock = locks.take(_device_lock(device_of(device)))
    try:
        yield lock is not None
    finally:
        if lock is not None:
            os.close(lock)


def device_of(asked: str) -> str:
    """Return the device that a training will use, told without loading torch."""
    if asked != "auto":
        return asked
    if Path("/dev/nvidia0").exists():
        return "cuda"
    return "mps" if (platform.system(), platform.machine()) == ("Darwin", "arm64") else "cpu"


def check_device(asked: str) -> None:
    """Raise ConfigError unless `asked` names a device."""
    if asked.partition(":")[0] not in DEVICES or not asked.replace(":", "").isalnum():
        raise ConfigError(f"There is no device '{asked}'. Choose {', '.join(DEVICES)}.")


def _device_lock(device: str) -> Path:
    return paths.home() / "devices" / f"{device.replace(':', '-')}.lock"


def _state(job: jobs.Job) -> State:
    if job.state == "running":
        return "waiting" if job.words in (WAITING, jobs.STARTING) else "running"
    if job.state == "done":
        return "done"
    return "cancelled" if job.is_cancelled else "failed"


def _in_line(found: Sequence[TrainingJob]) -> list[TrainingJob]:
    waiting = [job for job in found if job.state == "waiting"]
    return sorted(waiting, key=lambda job: (job.asked, job.name))


def _placed(job: TrainingJob, line: Sequence[TrainingJob]) -> TrainingJob:
    if job.state != "waiting":
        return job
    same = [other.name for other in line if other.device == job.device]
    return TrainingJob(**{**vars(job), "place": same.index(job.name) + 1})


def _is_first(name: str, device: str) -> bool:
    """Return whether no training that was asked for earlier waits for the device."""
    own = float(jobs.request(name).get("asked", 0.0)), name
    for other in jobs.names(KIND):
        if other == name:
            continue
        found = read(other)
        is_rival = found is not None and (found.state, found.device) == ("waiting", device)
        if is_rival and found is not None and (found.asked, other) < own:
            return False
    return True
