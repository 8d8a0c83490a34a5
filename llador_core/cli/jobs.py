"""The command `jobs`, and how the command `train` becomes one."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from llador_core.cli.output import AddCommand, Arguments, print_json, print_table

if TYPE_CHECKING:
    from llador_core.graph import Graph
    from llador_core.training.queue import Asked

Tell = Callable[[float, str], None]
N_LINES = 30


def add(command: AddCommand) -> None:
    """Add the command to the parser."""
    one = command("jobs", _jobs, "Computations in the background: at work, in line, ended.")
    what = one.add_mutually_exclusive_group()
    what.add_argument("--cancel", metavar="NAME", help="end it, or take it out of the line")
    what.add_argument("--resume", metavar="NAME", help="go on with what was cancelled or failed")
    what.add_argument("--dismiss", metavar="NAME", help="forget one that has ended")
    what.add_argument("--log", metavar="NAME", help="the last lines it printed")
    one.add_argument("--json", action="store_true")


def _jobs(arguments: Arguments) -> None:
    from llador_core import jobs
    from llador_core.training import queue

    for name in (arguments.cancel, arguments.resume, arguments.dismiss, arguments.log):
        if name is not None:
            _check_known(name)
    if arguments.log is not None:
        print("\n".join(jobs.last_lines(arguments.log, N_LINES)))
        return
    if arguments.cancel is not None:
        queue.cancel(arguments.cancel)
    elif arguments.resume is not None:
        jobs.resume(arguments.resume)
    elif arguments.dismiss is not None and not jobs.remove(arguments.dismiss):
        from llador_core.errors import ConfigError

        raise ConfigError(f"'{arguments.dismiss}' is running. Cancel it first.")
    rows = _rows()
    if arguments.json:
        print_json(rows)
        return
    keys = ("name", "state", "done", "words", "seconds", "problem")
    print_table(keys, [[row[key] for key in keys] for row in rows])


def _check_known(name: str) -> None:
    from llador_core import jobs
    from llador_core.errors import UnknownNameError, nearest_names

    if name not in jobs.names():
        near = nearest_names(name, jobs.names())
        raise UnknownNameError("job", name, near, "List them with `jobs`.")


def _rows() -> list[dict[str, Any]]:
    """Return a row for each job of any kind, trainings first, with their place in line."""
    from llador_core import jobs
    from llador_core.training import queue

    trainings = {job.name: job for job in queue.list_jobs()}
    rows = []
    for name in [*trainings, *(name for name in jobs.names() if name not in trainings)]:
        training, job = trainings.get(name), jobs.follow(name)
        if job.state == "none":
            continue
        state: str = job.state if training is None else training.state
        row: dict[str, Any] = {"name": name, "state": state, "words": job.words}
        row["done"] = f"{job.share:.0%}"
        row |= {"seconds": round(job.seconds), "problem": job.problem}
        if training is not None:
            asked = ("run", "graph", "model", "prior", "recipe", "settings", "device", "place")
            row |= {key: getattr(training, key) for key in asked}
        rows.append(row)
    return rows


def asked_of(arguments: Arguments) -> Asked:
    """Return the training that the arguments of `train` ask for."""
    from llador_core.training.queue import Asked

    told = {"seed": arguments.seed, "split": arguments.split, "split_seed": arguments.split_seed}
    told["texts"] = arguments.texts or None
    settings = [f"{name}={value}" for name, value in told.items() if value is not None]
    return Asked(
        graph=arguments.graph,
        model=arguments.model,
        prior=arguments.prior or ("full" if arguments.texts else "none"),
        recipe=arguments.recipe,
        settings=(*arguments.set, *settings),
        device=arguments.device,
    )


@contextmanager
def as_job(arguments: Arguments, asked: Asked, graph: Graph | None) -> Iterator[Tell]:
    """Be the training's job inside the block; yield what to report progress with.

    Started by a page it waits for its turn. Typed by hand it begins at once, and others wait; a run
    that goes to a folder of its own (`--out`) is no job.

    Parameters
    ----------
    graph : Graph or None
        None for a job that was started by a page: it is loaded when its turn has come.
    """
    from llador_core import jobs
    from llador_core.training import queue
    from llador_core.training.folder import run_name

    if graph is None:
        name, device = arguments.job, asked.device
        with jobs.reporting(name, arguments.lock) as tell, queue.turn(name, device, tell):
            yield tell
        return
    if arguments.out is not None:
        yield lambda _share, _words: None
        return
    run = run_name(graph, asked.config(graph))
    name = queue.job_of(run)
    again = [*asked.arguments(), f"--device={asked.device}", f"--job={name}", "--resume"]
    again += ["--half"] if arguments.half else []
    noted = {**dataclasses.asdict(asked), "run": run, "arguments": again}
    with jobs.reporting(name, noted=noted) as tell, queue.at_once(asked.device) as is_free:
        if not is_free:
            print("Another training is at work on this device; both go slower.", file=sys.stderr)
        yield tell
