"""The command `rank`."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

from llador_core.cli.output import NOTICE, AddCommand, Arguments, positive, print_json, print_table


def add(command: AddCommand) -> None:
    """Add the command to the parser."""
    one = command("rank", _rank, "Rank all drugs for a disease, or all diseases for a drug.")
    one.add_argument("--run", dest="run_name", metavar="RUN", help="default: the best of the graph")
    one.add_argument("--graph")
    either = one.add_mutually_exclusive_group(required=True)
    either.add_argument("--disease", help="id, name or synonym")
    either.add_argument("--drug", help="id, name or synonym")
    one.add_argument("--top", type=positive)
    one.add_argument(
        "--order",
        choices=("combined", "raw"),
        default="combined",
        help="weighed against predicted caution (default), or by the model's score alone",
    )
    one.add_argument("--json", action="store_true")


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
        order=arguments.order,
    )
    shown = rows if arguments.top is None else rows[: arguments.top]
    if arguments.json:
        print_json(
            {
                "run": run.name,
                "base_run": beside.name if beside else None,
                kind: {"id": graph.entity_ids[given], "name": graph.entity_names[given]},
                "n_candidates": len(rows),
                "order": arguments.order if run.safeguard else "raw",
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
            row.caution or "-",
        ]
        for row in shown
    ]
    head = ["rank", "name", "id", "score", "percentile", "status", "degree", "shift"]
    print_table([*head, "text names it", "contraindicated", "caution"], table)
    if run.safeguard:
        print("\nCaution is what the model predicts; 'no sign' does not mean safe.")
    print(f"\n{NOTICE}")


def _candidate_json(row: Any) -> dict[str, Any]:
    values = dataclasses.asdict(row)
    values.pop("entity")
    values["contraindicated"] = values.pop("is_contraindicated")
    return values
