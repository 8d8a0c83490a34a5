"""The command line: everything the app shows can be had without it.

Errors of ours become one sentence on stderr and exit status 2. With `--json`, stdout carries one
JSON document and nothing else.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from llador_core import __version__
from llador_core.errors import LladorError

if TYPE_CHECKING:
    from llador_core.training.checkpoint import Progress

Arguments = argparse.Namespace


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0, or 2 with a sentence on stderr."""
    arguments = _parser().parse_args(argv)
    logging.basicConfig(format="%(message)s", level=logging.WARNING, stream=sys.stderr)
    run: Callable[[Arguments], None] = arguments.run
    try:
        run(arguments)
    except LladorError as error:
        print(f"llador: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("llador: interrupted; repeat the command with --resume to go on.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # the reader has gone, as in `... | head`
    return 0


def _graphs(arguments: Arguments) -> None:
    from llador_core.data import list_graphs

    infos = list_graphs()
    if arguments.json:
        _print_json([dataclasses.asdict(info) for info in infos])
        return
    for info in infos:
        size = f"{info.n_entities or 0:,} entities, {info.n_triples or 0:,} triples"
        print(f"{info.name}  {info.title}: {size}, {'here' if info.is_here else 'not here'}")
        print(f"    licence  {info.licence}")
        print(f"    where    {info.where}")


def _embed(arguments: Arguments) -> None:
    from llador_core.data import load_graph
    from llador_core.priors.vectors import make_vectors

    graph = load_graph(arguments.graph)
    path = make_vectors(graph, embedder=arguments.embedder, progress=_bar("texts"))
    print(f"Wrote {path}.", file=sys.stderr)


def _train(arguments: Arguments) -> None:
    from llador_core.data import load_graph
    from llador_core.training.config import make_config
    from llador_core.training.train import run_name, train

    graph = load_graph(arguments.graph)
    changes = {"seed": arguments.seed, "split": arguments.split, "split_seed": arguments.split_seed}
    given = {name: value for name, value in changes.items() if value is not None}
    config = make_config(
        graph, arguments.model, arguments.prior, arguments.recipe, arguments.set, **given
    )
    print(f"Training {run_name(graph, config)}", file=sys.stderr)

    def report(progress: Progress) -> None:
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
    )
    metrics = json.loads((folder / "metrics.json").read_text("utf-8"))
    if arguments.json:
        _print_json({"run": folder.name, "folder": str(folder), "metrics": metrics})
        return
    print(folder)


def _evaluate(arguments: Arguments) -> None:
    from llador_core.data import load_graph
    from llador_core.evaluation.controls import report_with_controls
    from llador_core.evaluation.protocols import PROTOCOLS
    from llador_core.priors.vectors import vectors_if_any
    from llador_core.registry import lookup
    from llador_core.training.runs import load_run

    run = load_run(arguments.run_name)
    graph = load_graph(arguments.graph or run.info.graph)
    split = run.split(graph)
    protocols = [arguments.protocol] if arguments.protocol else list(PROTOCOLS)
    for name in protocols:
        lookup("protocol", PROTOCOLS, name)
    scores = run.scorer.treatment_scores(graph)
    vectors = vectors_if_any(graph)
    seed = run.config.split_seed if arguments.seed is None else arguments.seed
    report = report_with_controls(graph, split, scores, vectors, seed, protocols)
    if arguments.json:
        named = {"run": run.name, "protocols": report["run"]}
        _print_json({**named, "baselines": report["baselines"], "split": report["split"]})
        return
    for name in protocols:
        judged = {"this run": report["run"], **report["baselines"]}
        print(f"{name}: {PROTOCOLS[name].words} {report['run'][name]['n_pairs']} held-out pairs.")
        _print_reports({who: reports[name]["metrics"] for who, reports in judged.items()})
        print()


def _print_reports(judged: dict[str, dict[str, dict[str, float]]]) -> None:
    names = list(judged["this run"])
    rows = [
        [who, *(f"{m[n]['value']:.3f} [{m[n]['low']:.3f}, {m[n]['high']:.3f}]" for n in names)]
        for who, m in judged.items()
    ]
    _print_table(["", *names], rows)


def _rank(arguments: Arguments) -> None:
    from llador_core.data import load_graph
    from llador_core.names import resolve
    from llador_core.priors.texts import load_texts
    from llador_core.ranking import rank_candidates
    from llador_core.training.runs import default_run, load_run, partner

    if arguments.run_name:
        run = load_run(arguments.run_name)
        graph = load_graph(arguments.graph or run.info.graph)
    else:
        graph = load_graph(arguments.graph or "starter")
        run = load_run(default_run(graph.name).name)
    kind: Literal["disease", "drug"] = "disease" if arguments.disease is not None else "drug"
    given = resolve(graph, arguments.disease or arguments.drug or "", kind)
    beside = partner(run.info) if run.info.prior != "none" else None
    rows = rank_candidates(
        graph,
        run,
        disease=given if kind == "disease" else None,
        drug=given if kind == "drug" else None,
        base=load_run(beside.name) if beside else None,
        texts=load_texts(graph),
    )
    shown = rows if arguments.top is None else rows[: arguments.top]
    if arguments.json:
        _print_json(
            {
                "run": run.name,
                "base_run": beside.name if beside else None,
                kind: {"id": graph.entity_ids[given], "name": graph.entity_names[given]},
                "n_candidates": len(rows),
                "notice": NOTICE,
                "candidates": [_candidate_json(row) for row in shown],
            }
        )
        return
    table = [
        [
            f"{row.rank:g}",
            row.name,
            row.id,
            f"{row.score:.3f}",
            f"{row.percentile:.1f}",
            row.status.replace("_", "-"),
            row.degree,
            "-" if row.shift is None else f"{row.shift:+g}",
            "yes" if row.prior_names_it else "no",
            "yes" if row.is_contraindicated else "no",
        ]
        for row in shown
    ]
    head = ["rank", "name", "id", "score", "percentile", "status", "degree", "shift"]
    _print_table([*head, "text names it", "contraindicated"], table)
    print(f"\n{NOTICE}")


NOTICE = "For research only, not for clinical use: the graph and the texts are written by a model."


def _candidate_json(row: Any) -> dict[str, Any]:
    values = dataclasses.asdict(row)
    values.pop("entity")
    values["contraindicated"] = values.pop("is_contraindicated")
    return values


def _runs(arguments: Arguments) -> None:
    from llador_core.training.runs import list_runs

    infos = list_runs(arguments.graph)
    if arguments.json:
        _print_json([{**dataclasses.asdict(i), "folder": str(i.folder)} for i in infos])
        return
    rows = [
        [
            i.name,
            i.graph,
            i.model,
            i.prior,
            i.recipe,
            i.created or "-",
            "pretrained" if i.is_pretrained else "",
            i.problem or "finished",
        ]
        for i in infos
    ]
    _print_table(["run", "graph", "model", "prior", "recipe", "created", "", "state"], rows)


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, found {value}")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m llador_core", description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[Arguments], None], words: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=words, description=words)
        added.set_defaults(run=run)
        return added

    one = command("graphs", _graphs, "What can be loaded, and what is here.")
    one.add_argument("--json", action="store_true")

    one = command("embed", _embed, "Compute text vectors of a graph.")
    one.add_argument("--graph", required=True)
    one.add_argument("--embedder", default="all-MiniLM-L6-v2")

    one = command("train", _train, "Train and evaluate a run.")
    one.add_argument("--graph", default="starter", help="registered name or folder")
    one.add_argument("--model", default="distmult")
    one.add_argument("--prior", default="none")
    one.add_argument("--recipe", default="llador", help="llador (ours) or paper")
    one.add_argument("--seed", type=int, help="of start values and sampling")
    one.add_argument("--split", help="pair, or disease for zero-shot diseases")
    one.add_argument("--split-seed", type=int)
    one.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="any setting")
    one.add_argument("--out", type=Path, help="folder to put the run in")
    one.add_argument("--half", action="store_true", help="store weights as float16")
    one.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    one.add_argument("--json", action="store_true")

    one = command("evaluate", _evaluate, "Judge a run on its held-out pairs.")
    one.add_argument("--run", dest="run_name", required=True, metavar="RUN")
    one.add_argument("--graph", help="where the run's graph is a folder")
    one.add_argument("--protocol")
    one.add_argument("--seed", type=int, help="of sampled candidates; default: the split's")
    one.add_argument("--json", action="store_true")

    one = command("rank", _rank, "Rank all drugs for a disease, or all diseases for a drug.")
    one.add_argument("--run", dest="run_name", metavar="RUN", help="default: the best of the graph")
    one.add_argument("--graph")
    either = one.add_mutually_exclusive_group(required=True)
    either.add_argument("--disease", help="id, name or synonym")
    either.add_argument("--drug", help="id, name or synonym")
    one.add_argument("--top", type=_positive)
    one.add_argument("--json", action="store_true")

    one = command("runs", _runs, "Trained runs, finished or not.")
    one.add_argument("--graph")
    one.add_argument("--json", action="store_true")
    return parser


def _bar(what: str) -> Callable[[int, int], None]:
    def show(done: int, total: int) -> None:
        end = "\n" if done >= total else "\r"
        print(f"{done}/{total} {what}", end=end, file=sys.stderr, flush=True)

    return show


def _print_json(content: Any) -> None:
    print(json.dumps(content, indent=1, default=str, allow_nan=False))


def _print_table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    cells = [list(head), *([("-" if c is None else str(c)) for c in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    for row in cells:
        print("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip())


if __name__ == "__main__":
    sys.exit(main())
