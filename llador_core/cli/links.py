"""`evaluate --protocol link-prediction`: what it prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llador_core.cli.output import Arguments, print_json, print_table
from llador_core.errors import ConfigError

if TYPE_CHECKING:
    from llador_core.data.splits import Split
    from llador_core.graph import Graph
    from llador_core.training.runs import Run


def evaluate_links(arguments: Arguments, run: Run, graph: Graph, split: Split) -> None:
    """Print how a run ranks both ends of its held-out triples among all entities.

    Raises ConfigError where the order by predicted caution is asked for, which covers only drugs
    and diseases.
    """
    from llador_core.evaluation.link_prediction import LINK_PREDICTION, WORDS, predict_links

    if arguments.order != "raw":
        raise ConfigError(
            f"{LINK_PREDICTION} ranks among all entities, predicted caution is of drugs and "
            "diseases only. Leave out --order, or choose another protocol."
        )
    seed = run.config.split_seed if arguments.seed is None else arguments.seed
    report = predict_links(graph, split, run.scorer, seed)
    content = report.to_json()
    if arguments.json:
        print_json({"run": run.name, "protocol": LINK_PREDICTION, **content})
        return
    print(f"{LINK_PREDICTION}: {WORDS} {content['n_triples']} held-out triples.")
    parts = {"both ends": content["metrics"]}
    parts |= {f"{side} asked for": metrics for side, metrics in content["by_side"].items()}
    parts |= {f"role {role}": metrics for role, metrics in content["by_role"].items()}
    names = list(content["metrics"])
    rows = [
        [part, *(f"{m[n]['value']:.3f} [{m[n]['low']:.3f}, {m[n]['high']:.3f}]" for n in names)]
        for part, m in parts.items()
    ]
    print_table(["", *names], rows)
