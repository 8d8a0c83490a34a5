"""The command `project`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llador_core.cli.output import NOTICE, AddCommand, Arguments, bar, positive, print_json

if TYPE_CHECKING:
    from llador_core.projection.layout import MapConfig
    from llador_core.projection.maps import EmbeddingMap, Pair
    from llador_core.training.runs import Run


def add(command: AddCommand) -> None:
    """Add the command to the parser."""
    one = command("project", _project, "Lay out two runs in one map, and measure what moved.")
    one.add_argument("--run", dest="run_name", required=True, metavar="RUN")
    one.add_argument("--base", metavar="RUN", help="default: the same run without the prior")
    one.add_argument("--method", default="umap", help="umap or pca")
    one.add_argument("--neighbours", type=int, default=15, help="of UMAP")
    one.add_argument("--min-dist", type=float, default=0.1, help="of UMAP")
    one.add_argument("--seed", type=int, default=0, help="of UMAP")
    one.add_argument("--disease", help="also list who moved towards it; id, name or synonym")
    one.add_argument("--graph", help="where the runs' graph is a folder; for --disease")
    one.add_argument("--top", type=positive, default=10, help="length of the lists")
    one.add_argument("--out", type=Path, help="folder to put the map in")
    one.add_argument("--json", action="store_true")
    one.add_argument("--lock", type=int, help=argparse.SUPPRESS)  # inherited from a page


def _project(arguments: Arguments) -> None:
    from llador_core import jobs, paths
    from llador_core.config import from_dict
    from llador_core.projection import maps
    from llador_core.projection.layout import MapConfig
    from llador_core.training.runs import check_comparable, content_checksum, load_run

    names = ("method", "neighbours", "min_dist", "seed")
    config = from_dict(MapConfig, {name: getattr(arguments, name) for name in names})
    run = load_run(arguments.run_name)
    base = load_run(arguments.base or _partner_of(run))
    check_comparable(run, base)
    checksums = content_checksum(run.info), content_checksum(base.info)
    pair = maps.Pair(run.name, base.name, *checksums)
    moved = _moved(arguments, run, base)  # an unknown disease is told before the work, not after
    show = bar("% of the map")
    with jobs.reporting(maps.name_of(pair, config), arguments.lock) as report:

        def told(share: float, words: str) -> None:
            report(share, words)
            show(int(100 * share), 100)

        folder = arguments.out or paths.home() / "projections"
        rows = base.scorer.positions, run.scorer.positions
        path = maps.make(*rows, pair, config, folder, told)
    show(100, 100)
    summary = _summary(maps.load(path), pair, config, run)
    if arguments.json:
        print_json({"file": str(path), **summary, **moved, "notice": NOTICE})
        return
    print(path)


def _partner_of(run: Run) -> str:
    """Return the name of the same run without its prior. Raises MissingDataError without one."""
    from llador_core.errors import MissingDataError
    from llador_core.training.runs import partner

    found = partner(run.info) if run.info.prior != "none" else None
    if found is None:
        raise MissingDataError(
            f"There is no run like '{run.name}' without a prior to compare it with. Name another "
            f"one with --base, or make it with `python -m llador_core train --graph "
            f"{run.info.graph} --model {run.info.model} --prior none`."
        )
    return found.name


def _summary(found: EmbeddingMap, pair: Pair, config: MapConfig, run: Run) -> dict[str, Any]:
    """Return what moved over all entities, in numbers."""
    import numpy as np

    ids = (run.info.folder / "entities.tsv").read_text("utf-8").split("\n")[1:]
    farthest = np.argsort(-found.shift, kind="stable")[:10]
    return {
        "run": pair.run,
        "base": pair.base,
        "settings": config.settings,
        "n_entities": len(found.shift),
        "median_shift": round(float(np.median(found.shift)), 4),
        "mean_kept_neighbours": round(float(found.kept.mean()), 3),
        "n_nearest": found.n_nearest,
        "mean_turnover": round(float(found.turnover.mean()), 4),
        "explained": round(found.explained, 4),
        "farthest": [
            {"id": ids[i].split("\t")[0], "shift": round(float(found.shift[i]), 4)}
            for i in farthest.tolist()
        ],
    }


def _moved(arguments: Arguments, run: Run, base: Run) -> dict[str, Any]:
    """Return the drugs that moved towards a disease and away from it, where one is given."""
    if arguments.disease is None:
        return {}
    from llador_core.data import load_graph
    from llador_core.names import resolve
    from llador_core.projection.geometry import centred
    from llador_core.projection.nearness import moves, pick_moves
    from llador_core.training.runs import check_graph

    graph = load_graph(arguments.graph or run.info.graph)
    check_graph(run, graph)
    disease = resolve(graph, arguments.disease, "disease")
    rows = centred(base.scorer.positions), centred(run.scorer.positions)
    towards, away = pick_moves(moves(*rows, disease, graph.drugs), arguments.top)
    lists = {
        name: [
            {
                "id": graph.entity_ids[move.entity],
                "name": graph.entity_names[move.entity],
                "nearness_rank_before": move.rank_before,
                "nearness_rank_after": move.rank_after,
                "distance_before": round(move.distance_before, 4),
                "distance_after": round(move.distance_after, 4),
            }
            for move in some
        ]
        for name, some in (("towards", towards), ("away", away))
    }
    named = {"id": graph.entity_ids[disease], "name": graph.entity_names[disease]}
    return {"disease": named, **lists}
