"""What correcting for hubs does to each shipped run: recovery of hidden pairs, and hub bias.

    python benchmarks/hub_correction.py [--graph starter] [--order combined|raw]

Prints the table and writes benchmarks/results/hub_correction.json: one table for each graph and
order that was measured.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))  # run as a script, from any folder

from llador_core import hubs  # noqa: E402
from llador_core.data import load_graph  # noqa: E402
from llador_core.graph import Graph  # noqa: E402
from llador_core.training import runs  # noqa: E402

RESULT = REPOSITORY / "benchmarks" / "results" / "hub_correction.json"


def measured(graph: Graph, info: runs.RunInfo, order: runs.Order) -> dict[str, Any]:
    """Return what the correction does to one run's lists."""
    run = runs.load_run(info.name)
    scores = hubs.score_of(graph, run, order)
    bias = hubs.measure(graph, scores)
    effect = hubs.effect(graph, run, scores, bias)
    return {
        "run": info.name,
        "model": info.model,
        "prior": info.prior,
        "effect": dataclasses.asdict(effect),
        "correlation": [bias.correlation, bias.corrected_correlation],
        "largest_share": [float(bias.share.max()), float(bias.corrected_share.max())],
    }


def rows(found: list[dict[str, Any]]) -> str:
    """Return the table in Markdown: before → after, with the interval of the change."""
    lines = [
        "| model, prior | Hits@10 | change (95%) | Hits@50 | MRR | rank follows edges | "
        "most frequent drug in top 50 of | contraindicated in first 20 |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for one in found:
        before, after = one["effect"]["before"], one["effect"]["after"]
        change = one["effect"]["change"]["Hits@10"]
        moves = [
            f"{before[name]['value']:.2f} → {after[name]['value']:.2f}"
            for name in ("Hits@10", "Hits@50", "MRR")
        ]
        moves.insert(1, f"{change['low']:+.2f} to {change['high']:+.2f}")
        moves.append("{:+.2f} → {:+.2f}".format(*one["correlation"]))
        moves.append("{:.0%} → {:.0%}".format(*one["largest_share"]))
        avoid = one["effect"]["to_avoid"]
        moves.append("{:.1%} → {:.1%}".format(*avoid[:2]) if avoid else "not recorded")
        lines.append(f"| {one['model']}, {one['prior']} | {' | '.join(moves)} |")
    popular = found[0]["effect"]["popularity"]
    values = " | ".join(f"{popular[name]['value']:.2f}" for name in ("Hits@10", "Hits@50", "MRR"))
    first, rest = values.split(" | ", 1)
    follows = found[0]["effect"]["popularity_correlation"]
    popular_avoid = found[0]["effect"]["to_avoid"]
    avoid = f"{popular_avoid[2]:.1%}" if popular_avoid else "not recorded"
    lines.append(f"| by number of uses | {first} | | {rest} | {follows:+.2f} | 100% | {avoid} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--graph", default="starter")
    parser.add_argument("--order", choices=("combined", "raw"), default="combined")
    given = parser.parse_args()
    name = given.graph
    graph = load_graph(name)
    infos = [run for run in runs.list_runs(name) if run.is_finished]
    shipped = [run for run in infos if run.is_pretrained] or infos
    found = [
        measured(graph, info, given.order) for info in sorted(shipped, key=lambda run: run.name)
    ]
    record = {
        "graph": name,
        "order": given.order,
        "graph_checksum": graph.checksum,
        "measured": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "runs": found,
    }
    RESULT.parent.mkdir(exist_ok=True)
    kept = json.loads(RESULT.read_text("utf-8")) if RESULT.is_file() else {}
    kept[f"{record['graph']}, {record['order']}"] = record
    RESULT.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
    print(rows(found))


if __name__ == "__main__":
    main()
