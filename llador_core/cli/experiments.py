"""The command `experiment`: the paper's tables, on any graph, by one command."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

from llador_core.cli.output import NOTICE, AddCommand, Arguments, bar, positive, print_json

MODELS = "transe,distmult,rotate"


def add(command: AddCommand) -> None:
    """Add the command to the parser."""
    one = command("experiment", _experiment, "Train a table of the paper, with controls and seeds.")
    one.add_argument("name", help="main, prompts, temperature, anchor-loss, embedder, noise, mask")
    one.add_argument("--graph", default="starter")
    one.add_argument("--models", default=MODELS, help=f"default: {MODELS}")
    one.add_argument("--seeds", type=positive, default=5, metavar="N", help="seeds 0 to N - 1")
    one.add_argument("--recipe", default="llador", help="llador or paper")
    one.add_argument("--set", dest="settings", action="append", default=[], metavar="KEY=VALUE")
    one.add_argument(
        "--jobs", type=int, default=0, help="trainings side by side; 0: all processors"
    )
    one.add_argument("--show", action="store_true", help="show what is there, train nothing")
    one.add_argument("--out", type=Path, help="also write the JSON document to this file")
    one.add_argument("--json", action="store_true")
    one.add_argument("--lock", type=int, help=argparse.SUPPRESS)  # inherited from a page


def _experiment(arguments: Arguments) -> None:
    from llador_core import jobs, paths
    from llador_core.data import load_graph
    from llador_core.experiments import study as studies
    from llador_core.experiments import table
    from llador_core.versions import commit

    models = [name.strip() for name in arguments.models.split(",") if name.strip()]
    asked = studies.make_study(
        arguments.name,
        arguments.graph,
        models,
        arguments.seeds,
        arguments.recipe,
        arguments.settings,
    )
    graph = load_graph(arguments.graph)
    if arguments.show:
        results = studies.present(graph, asked)
    else:
        show = bar("% of the trainings")
        with jobs.reporting(asked.job, arguments.lock) as report:

            def told(share: float, words: str) -> None:
                report(min(share, 0.999), words)
                show(int(100 * share), 100)

            results = studies.run(graph, asked, arguments.jobs, told)
        show(100, 100)
    document = table.to_json(graph, asked, results) | {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "git_commit": commit(),
        "notice": NOTICE,
    }
    if arguments.out:
        paths.write_atomically(arguments.out, (json.dumps(document, indent=1) + "\n").encode())
    if arguments.json:
        print_json(document)
        return
    print(f"{asked.experiment.title}: {asked.experiment.words}\n")
    print(table.markdown(asked, results))
