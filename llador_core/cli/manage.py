"""The command `runs`: list, compare, rename, delete and bring back."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from llador_core.cli.output import AddCommand, Arguments, print_json, print_table

if TYPE_CHECKING:
    from llador_core.evaluation.compare import Comparison
    from llador_core.training.overview import Overview
    from llador_core.training.runs import Run


def add(command: AddCommand) -> None:
    """Add the command to the parser."""
    one = command("runs", _runs, "Trained runs: list, compare, rename, delete, bring back.")
    one.add_argument("--graph")
    either = one.add_mutually_exclusive_group()
    either.add_argument("--compare", nargs="+", metavar="RUN", help="the first with each other one")
    either.add_argument("--rename", nargs=2, metavar=("RUN", "NAME"))
    either.add_argument("--delete", metavar="RUN", help="moves it to the trash")
    either.add_argument("--restore", metavar="RUN", help="brings a deleted run back")
    one.add_argument("--protocol", default="drug-ranking", help="for --compare")
    one.add_argument("--order", choices=("combined", "raw"), default="combined", help="the same")
    one.add_argument("--json", action="store_true")


def _runs(arguments: Arguments) -> None:
    from llador_core.shortlist import store
    from llador_core.training import manage

    if arguments.compare:
        _compare(arguments)
    elif arguments.rename:
        info = manage.rename_run(*arguments.rename)
        store.rename_run(info.graph, arguments.rename[0], info.name)
        _say(arguments, f"{arguments.rename[0]} is now {info.name}", run=info.name)
    elif arguments.delete:
        gone = manage.delete_run(arguments.delete)
        told = f"{gone.name} is in the trash; `runs --restore {gone.name}` brings it back"
        _say(arguments, told, deleted=gone.name, size_mb=round(gone.size_mb, 2))
    elif arguments.restore:
        info = manage.restore_run(arguments.restore)
        _say(arguments, f"{info.name} is back", run=info.name)
    else:
        _list(arguments)


def _say(arguments: Arguments, words: str, **told: Any) -> None:
    if arguments.json:
        print_json(told)
    else:
        print(f"{words}.")


def _list(arguments: Arguments) -> None:
    from llador_core.training.overview import overview
    from llador_core.training.runs import list_runs

    found = [overview(info) for info in list_runs(arguments.graph)]
    if arguments.json:
        print_json([_run_json(one) for one in found])
        return
    rows = []
    for one in found:
        info, mrr = one.info, one.metric("MRR")
        rows.append(
            [
                info.name,
                info.graph,
                info.model,
                info.prior,
                info.recipe,
                "-" if mrr is None else f"{mrr['value']:.3f}",
                info.created or "-",
                one.state,
                info.problem,
            ]
        )
    head = ["run", "graph", "model", "prior", "recipe", "MRR", "created", "state", ""]
    print_table(head, rows)


def _run_json(one: Overview) -> dict[str, Any]:
    return {
        **dataclasses.asdict(one.info),
        "folder": str(one.info.folder),
        "state": one.state,
        "differing_settings": one.differing,
        "metrics": one.metrics,
        "n_pairs": one.n_pairs,
        "seconds": one.seconds,
        "size_mb": round(one.size_mb, 2),
        "imported": one.record.get("imported"),
    }


def _compare(arguments: Arguments) -> None:
    from llador_core import comparison
    from llador_core.data import load_graph
    from llador_core.errors import ConfigError
    from llador_core.training.runs import load_run

    if len(set(arguments.compare)) < 2:
        raise ConfigError("Name two runs or more to compare, for instance --compare A B.")
    runs = [load_run(name) for name in arguments.compare]
    graph = load_graph(arguments.graph or runs[0].info.graph)
    first = runs[0]
    found: list[tuple[Run, Comparison]] = [
        (
            other,
            comparison.compare_runs(graph, first, other, arguments.protocol, arguments.order),
        )
        for other in runs[1:]
    ]
    if arguments.json:
        print_json(
            {
                "runs": [run.name for run in runs],
                "order": arguments.order,
                "differing_settings": comparison.differing_settings(runs),
                "comparisons": [
                    {"run": first.name, "base": other.name, **one.to_json()} for other, one in found
                ],
            }
        )
        return
    for other, one in found:
        print(comparison.verdict(one, first.name, other.name))
        rows = [
            [name, f"{d.value:+.3f} [{d.low:+.3f}, {d.high:+.3f}]"]
            for name, d in one.differences.items()
        ]
        print_table(["difference", "mean [95% interval]"], rows)
        print()
    settings = comparison.differing_settings(runs)
    print_table(["setting", *(run.name for run in runs)], [[k, *v] for k, v in settings.items()])
