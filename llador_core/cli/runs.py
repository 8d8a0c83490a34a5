"""The commands `train` and `evaluate`."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from llador_core.cli.output import AddCommand, Arguments, print_json, print_table

if TYPE_CHECKING:
    from llador_core.cli.jobs import Tell
    from llador_core.graph import Graph
    from llador_core.training.checkpoint import Progress
    from llador_core.training.queue import Asked

SAY_EVERY_S = 10.0  # between validations
TRAINING_SHARE = 0.55  # of the time; a second, shorter training and its judgement follow

MAY_HAVE_SEEN = (
    "This model was trained elsewhere and may have seen every one of these pairs: the figures show "
    "at best what it remembers, not what it finds."
)


def add(command: AddCommand) -> None:
    """Add the commands of this file to the parser."""
    one = command("train", _train, "Train and evaluate a run.")
    one.add_argument("--graph", default="starter", help="registered name or folder")
    one.add_argument("--model", default="distmult")
    one.add_argument("--prior", help="default: none, or full where --texts is given")
    one.add_argument("--texts", default="", metavar="SET", help="which texts; SET@EMBEDDER too")
    one.add_argument("--recipe", default="llador", help="llador (ours) or paper")
    one.add_argument("--seed", type=int, help="of start values and sampling")
    one.add_argument("--split", help="pair, or disease for zero-shot diseases")
    one.add_argument("--split-seed", type=int)
    one.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="any setting")
    one.add_argument("--out", type=Path, help="folder to put the run in")
    one.add_argument("--half", action="store_true", help="store weights as float16")
    one.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    one.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    one.add_argument(
        "--dry-run", action="store_true", help="only tell the time and memory it takes"
    )
    one.add_argument("--queue", action="store_true", help="in the background, when it is free")
    one.add_argument("--json", action="store_true")
    one.add_argument("--job", help=argparse.SUPPRESS)  # this process is that job
    one.add_argument("--lock", type=int, help=argparse.SUPPRESS)  # inherited from who started it

    one = command("evaluate", _evaluate, "Judge a run on its held-out pairs.")
    one.add_argument("--run", dest="run_name", required=True, metavar="RUN")
    one.add_argument("--graph", help="where the run's graph is a folder")
    one.add_argument(
        "--protocol", help="one instead of all; link-prediction: both ends among all entities"
    )
    one.add_argument(
        "--order",
        choices=("raw", "combined"),
        default="raw",
        help="by the model's score alone (default), or weighed against predicted caution",
    )
    one.add_argument("--seed", type=int, help="of sampled candidates; default: the split's")
    one.add_argument("--json", action="store_true")


def _train(arguments: Arguments) -> None:
    from llador_core import jobs
    from llador_core.cli.jobs import as_job, asked_of
    from llador_core.data import load_graph
    from llador_core.training.queue import enqueue

    asked = asked_of(arguments)
    if arguments.job is not None and arguments.dry_run:
        with jobs.reporting(arguments.job, arguments.lock):
            _tell_estimate(arguments, asked, load_graph(asked.graph))
        return
    if arguments.job is not None:
        with as_job(arguments, asked, None) as tell:
            _train_now(arguments, asked, load_graph(asked.graph), tell)
        return
    graph = load_graph(asked.graph)
    if arguments.dry_run:
        _tell_estimate(arguments, asked, graph)
        return
    if arguments.queue:
        print(enqueue(graph, asked))
        return
    with as_job(arguments, asked, graph) as tell:
        _train_now(arguments, asked, graph, tell)


def _tell_estimate(arguments: Arguments, asked: Asked, graph: Graph) -> None:
    from llador_core.training.folder import run_name
    from llador_core.training.train import dry_run

    config = asked.config(graph)
    found, run = dry_run(graph, config, arguments.device), run_name(graph, config)
    memory = {**dataclasses.asdict(found.memory), "on_device_mb": found.memory.on_device_mb}
    memory["on_host_mb"] = found.memory.on_host_mb
    if arguments.json:
        print_json({"run": run, **dataclasses.asdict(found), "memory": memory})
        return
    free = "" if found.available_mb is None else f" of {found.available_mb:,.0f} MB that are free"
    steps = f"{found.steps:,} steps of {found.step_ms:.1f} ms"
    print(f"Run     {run}")
    print(f"Time    about {found.seconds:,.0f} s for {steps}; judging the run comes on top")
    print(f"Speed   {found.triples_per_s:,.0f} triples a second")
    print(f"Memory  about {found.memory.on_device_mb:,.0f} MB{free} ({found.memory.device})")


def _train_now(arguments: Arguments, asked: Asked, graph: Graph, tell: Tell) -> None:
    from llador_core.training.folder import run_name
    from llador_core.training.train import train

    config = asked.config(graph)
    print(f"Training {run_name(graph, config)}", file=sys.stderr)

    told = [time.perf_counter()]

    def report(progress: Progress) -> None:
        is_last = progress.step == config.steps
        words = "Judging it and fitting its safeguard" if is_last else "Training"
        tell(TRAINING_SHARE * progress.step / config.steps, words)
        if not progress.is_validated and time.perf_counter() - told[-1] < SAY_EVERY_S:
            return
        told.append(time.perf_counter())
        print(
            f"step {progress.step:>6}/{config.steps}  loss {progress.loss:.4f}  "
            f"validation MRR {progress.valid_mrr:.4f}  {progress.seconds:.0f} s",
            file=sys.stderr,
        )

    folder = train(
        graph,
        config,
        out=arguments.out,
        is_resumed=arguments.resume,
        is_half=arguments.half,
        report=report,
        device=arguments.device,
    )
    metrics = json.loads((folder / "metrics.json").read_text("utf-8"))
    if arguments.json:
        print_json({"run": folder.name, "folder": str(folder), "metrics": metrics})
        return
    print(folder)


def _evaluate(arguments: Arguments) -> None:
    from llador_core.cli.links import evaluate_links
    from llador_core.data import load_graph
    from llador_core.data.splits import split_by_pair
    from llador_core.evaluation.controls import report_with_controls
    from llador_core.evaluation.incompatibility import incompatibility
    from llador_core.evaluation.link_prediction import LINK_PREDICTION
    from llador_core.evaluation.protocols import PROTOCOLS
    from llador_core.priors.vectors import vectors_if_any
    from llador_core.registry import lookup
    from llador_core.training.runs import load_run

    run = load_run(arguments.run_name)
    graph = load_graph(arguments.graph or run.info.graph)
    split = run.split(graph)
    warning = ""
    if split.kind == "unknown":
        split = split_by_pair(graph, run.config.split_seed)
        warning = MAY_HAVE_SEEN
    if arguments.protocol == LINK_PREDICTION:
        evaluate_links(arguments, run, graph, split)
        return
    protocols = [arguments.protocol] if arguments.protocol else list(PROTOCOLS)
    for name in protocols:
        lookup("protocol", PROTOCOLS, name)
    scores = run.pair_scores(graph, arguments.order)
    vectors = vectors_if_any(graph)
    seed = run.config.split_seed if arguments.seed is None else arguments.seed
    report = report_with_controls(graph, split, scores, vectors, seed, protocols)
    avoided = incompatibility(graph, split, scores, seed) if len(split.caution_test) else None
    if arguments.json:
        named = {"run": run.name, "order": arguments.order, "protocols": report["run"]}
        rest = {"baselines": report["baselines"], "split": report["split"]}
        told = {"warning": warning} if warning else {}
        print_json({**named, **told, **rest, "incompatibility": avoided})
        return
    if warning:
        print(f"{warning}\n")
    for name in protocols:
        judged = {"this run": report["run"], **report["baselines"]}
        print(f"{name}: {PROTOCOLS[name].words} {report['run'][name]['n_pairs']} held-out pairs.")
        _print_reports({who: reports[name]["metrics"] for who, reports in judged.items()})
        print()
    if avoided:
        print(f"{avoided['n_contraindicated']} held-out contraindications beside the treatments:")
        _print_reports({"this run": avoided["metrics"]})


def _print_reports(judged: dict[str, dict[str, dict[str, float]]]) -> None:
    names = list(judged["this run"])
    rows = [
        [who, *(f"{m[n]['value']:.3f} [{m[n]['low']:.3f}, {m[n]['high']:.3f}]" for n in names)]
        for who, m in judged.items()
    ]
    print_table(["", *names], rows)
