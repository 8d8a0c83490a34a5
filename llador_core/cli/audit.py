"""The command `audit`: does the LLM's text give the held-out pairs away?"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from llador_core.cli.output import AddCommand, Arguments, print_json, print_table

if TYPE_CHECKING:
    from llador_core.evaluation.named import Judged
    from llador_core.graph import Graph
    from llador_core.priors.audit import PairAudit

SHOWN = ("MRR", "Hits@10", "AUC")
EXAMPLES = 5


def add(command: AddCommand) -> None:
    """Add the command to the parser."""
    one = command("audit", _audit, "Which held-out pairs the LLM's texts name, and without them.")
    one.add_argument("--run", dest="run_name", required=True, metavar="RUN")
    one.add_argument("--graph", help="where the run's graph is a folder")
    one.add_argument("--protocol", help="default: sampled-50 and drug-ranking")
    one.add_argument(
        "--order", choices=("raw", "combined"), default="raw", help="what orders the lists"
    )
    one.add_argument(
        "--mask",
        choices=("held-out", "known"),
        help="also write a text set without the sentences that name, to train with",
    )
    one.add_argument("--json", action="store_true")
    one.add_argument("--lock", type=int, help=argparse.SUPPRESS)  # inherited from a page's job


def _audit(arguments: Arguments) -> None:
    if arguments.mask:
        _mask(arguments)
        return
    from llador_core.data import load_graph
    from llador_core.evaluation.named import audit_held_out, audit_json, judge
    from llador_core.evaluation.protocols import PROTOCOLS
    from llador_core.registry import lookup
    from llador_core.training.prior_check import audited_fields, texts_of_run
    from llador_core.training.runs import load_run

    run = load_run(arguments.run_name)
    graph = load_graph(arguments.graph or run.info.graph)
    protocols = [arguments.protocol] if arguments.protocol else ["sampled-50", "drug-ranking"]
    for name in protocols:
        lookup("protocol", PROTOCOLS, name)
    texts, fields = texts_of_run(run, graph), audited_fields(run)
    split = run.split(graph)
    audit = audit_held_out(graph, split, texts, fields)
    scores, seed = run.pair_scores(graph, arguments.order), run.config.split_seed
    judged = {n: judge(graph, split, scores, audit.is_named, n, seed) for n in protocols}
    if arguments.json:
        named = {"run": run.name, "graph": graph.name, "prior": run.config.prior}
        print_json({**named, "order": arguments.order, **audit_json(graph, audit, judged)})
        return
    _print(graph, run.config.prior, audit, judged)


def _print(graph: Graph, prior: str, audit: PairAudit, judged: dict[str, Judged]) -> None:
    from llador_core.escape import plain
    from llador_core.evaluation.named import share_rows
    from llador_core.priors.audit import KIND_WORDS

    n, n_named = len(audit.drugs), int(audit.is_named.sum())
    print(f"{n_named} of {n} held-out pairs are named by a text of the prior '{prior}'.\n")
    rows: list[list[Any]] = [
        [row["text_of"], row["field"], row["n_named"], f"{row['share']:.1%}"]
        for row in share_rows(audit)
    ]
    print_table(["text", "field", "pairs", "share"], rows)
    for protocol, one in judged.items():
        print(f"\n{protocol}")
        parts = (("all pairs", one.all), ("not named", one.unnamed), ("named", one.named))
        table = [
            [words, *(f"{m[k].value:.3f} [{m[k].low:.3f}, {m[k].high:.3f}]" for k in SHOWN)]
            for words, m in parts
            if m is not None
        ]
        print_table(["", *SHOWN], table)
    print("\nFor example:")
    for found in [namings[0] for namings in audit.namings if namings][:EXAMPLES]:
        print(
            f"  {plain(graph.entity_names[found.entity])} ({found.field}), by "
            f"{KIND_WORDS[found.kind]} '{plain(found.words)}': {plain(found.sentence)}"
        )
    print("\nEvery find with its sentence: --json", file=sys.stderr)


def _mask(arguments: Arguments) -> None:
    from llador_core import jobs
    from llador_core.data import load_graph
    from llador_core.training.masked import make_masked_set, mask_job, masked_name
    from llador_core.training.prior_check import train_command
    from llador_core.training.runs import load_run

    run = load_run(arguments.run_name)
    graph = load_graph(arguments.graph or run.info.graph)
    prior = run.config.prior if run.config.prior != "none" else "full"
    command = train_command(run.info, prior, masked_name(run.info, arguments.mask))
    with jobs.reporting(mask_job(run.info, arguments.mask), arguments.lock) as report:
        report(0.0, "Looking for sentences that name")

        def progress(done: int, total: int) -> None:
            report(0.99 * done / total, f"Text vectors: {done:,} of {total:,}")

        made = make_masked_set(run, graph, arguments.mask, progress)
    masked = made.masked
    if arguments.json:
        counts = {"n_sentences": masked.n_sentences, "n_texts": masked.n_texts}
        print_json({"texts": made.name, **counts, "train": command})
        return
    print(
        f"Text set '{made.name}': {masked.n_sentences:,} sentences taken out of "
        f"{masked.n_texts:,} texts, of {masked.n_emptied:,} of which nothing is left. To train:"
    )
    print(f"  {command}")
