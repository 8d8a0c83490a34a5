"""The command `rank`."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from llador_core.cli.output import NOTICE, AddCommand, Arguments, positive, print_json, print_table

if TYPE_CHECKING:
    from llador_core.graph import Graph
    from llador_core.ranking import Candidate
    from llador_core.training.runs import Run


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
    one.add_argument(
        "--correct-hubs",
        action="store_true",
        help="order the drugs by the rank corrected for those that stand near the top everywhere",
    )
    one.add_argument(
        "--consensus",
        action="store_true",
        help="order the drugs by what all runs with this run's texts and split say together",
    )
    one.add_argument("--json", action="store_true")


def _rank(arguments: Arguments) -> None:
    from llador_core.data import load_graph
    from llador_core.names import resolve
    from llador_core.priors.texts import texts_if_any
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
        texts=texts_if_any(graph, run.config.texts),
        order=arguments.order,
    )
    extra, titles, runs = _extra(graph, run, rows, arguments)
    if extra:
        rows.sort(key=lambda row: (next(iter(extra[row.entity].values())), row.rank))
    shown = rows if arguments.top is None else rows[: arguments.top]
    if arguments.json:
        print_json(
            {
                "run": run.name,
                "base_run": beside.name if beside else None,
                kind: {"id": graph.entity_ids[given], "name": graph.entity_names[given]},
                "n_candidates": len(rows),
                "order": arguments.order if run.safeguard or run.similar else "raw",
                **({"consensus_of": runs} if runs else {}),
                "notice": NOTICE,
                "candidates": [_candidate_json(row) | extra.get(row.entity, {}) for row in shown],
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
            *(f"{value:g}" for value in extra.get(row.entity, {}).values()),
        ]
        for row in shown
    ]
    head = ["rank", "name", "id", "score", "percentile", "status", "degree", "shift"]
    head += ["text names it", "contraindicated", "caution"]
    print_table([*head, *titles], table)
    if runs:
        print(f"\nConsensus of {len(runs)} runs: {', '.join(runs)}.")
    if run.safeguard:
        print("\nCaution is what the model predicts; 'no sign' does not mean safe.")
    print(f"\n{NOTICE}")


def _extra(
    graph: Graph, run: Run, rows: Sequence[Candidate], arguments: Arguments
) -> tuple[dict[int, dict[str, float]], list[str], list[str]]:
    """Return what is added to each row, its titles, and the runs that it comes from."""
    from llador_core.errors import ConfigError

    if not (arguments.correct_hubs or arguments.consensus):
        return {}, [], []
    if arguments.drug is not None:
        what = "Correcting for hubs" if arguments.correct_hubs else "A consensus"
        raise ConfigError(f"{what} reorders drugs; ask with --disease, not --drug.")
    if arguments.correct_hubs and arguments.consensus:
        raise ConfigError("Choose --correct-hubs or --consensus: each is an order of its own.")
    if arguments.correct_hubs:
        return _corrected(graph, run, rows, arguments), ["corrected", "top 50 of"], []
    found, names = _consensus(graph, run, arguments)
    return found, ["consensus", "best", "worst"], names


def _consensus(
    graph: Graph, run: Run, arguments: Arguments
) -> tuple[dict[int, dict[str, float]], list[str]]:
    """Return the place of each drug in the common list, its range, and the runs asked."""
    from llador_core import agreement
    from llador_core.errors import ConfigError
    from llador_core.names import resolve
    from llador_core.training.runs import load_run

    disease = resolve(graph, arguments.disease, "disease")
    infos = agreement.peers(run.info)
    if len(infos) < 2:
        raise ConfigError(
            f"Run '{run.name}' is the only one with its texts and split, so there is no consensus. "
            "Train others of its kind, for instance with another --seed or --model."
        )
    ranks = [
        agreement.drug_ranks(graph, load_run(info.name), disease, arguments.order) for info in infos
    ]
    found = agreement.consensus(infos, ranks)
    columns = zip(
        graph.drugs.tolist(),
        found.ranks.tolist(),
        found.best.tolist(),
        found.worst.tolist(),
        strict=True,
    )
    rows = {
        drug: {"consensus_rank": rank, "best_rank": best, "worst_rank": worst}
        for drug, rank, best, worst in columns
    }
    return rows, [info.name for info in infos]


def _corrected(
    graph: Graph, run: Run, rows: Sequence[Candidate], arguments: Arguments
) -> dict[int, dict[str, float]]:
    """Return the corrected rank of each drug, and its share of diseases in whose first 50 it is."""
    import numpy as np

    from llador_core import hubs

    bias = hubs.measure(graph, hubs.score_of(graph, run, arguments.order))
    scores = {row.entity: row.score for row in rows}
    drugs = graph.drugs.tolist()
    ranks = hubs.corrected_ranks(np.array([scores[drug] for drug in drugs]), bias).tolist()
    return {
        drug: {"corrected_rank": rank, "top_50_share": round(share, 4)}
        for drug, rank, share in zip(drugs, ranks, bias.share.tolist(), strict=True)
    }


def _candidate_json(row: Any) -> dict[str, Any]:
    values = dataclasses.asdict(row)
    values.pop("entity")
    values["contraindicated"] = values.pop("is_contraindicated")
    return values
