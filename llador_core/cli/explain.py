"""The command `explain`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llador_core.cli.output import NOTICE, AddCommand, Arguments, positive, print_json

if TYPE_CHECKING:
    from llador_core.explain import Explanation
    from llador_core.graph import Graph
    from llador_core.training.runs import Run

SHOWN = 3  # paths of each kind in the readable answer; `--json` carries them all


def add(command: AddCommand) -> None:
    """Add the command to the parser."""
    one = command(
        "explain", _explain, "Why a drug might help in a disease, and what is against it."
    )
    one.add_argument("--run", dest="run_name", metavar="RUN", help="default: the best of the graph")
    one.add_argument("--graph", help="where the run's graph is a folder, or another graph")
    one.add_argument("--drug", required=True, help="id, name or synonym")
    one.add_argument("--disease", required=True, help="id, name or synonym")
    one.add_argument(
        "--through", action="append", default=[], metavar="ENTITY", help="every path must hold it"
    )
    one.add_argument("--max-length", type=positive, default=4, metavar="N", help="edges, 1 to 4")
    one.add_argument("--top", type=positive, default=10, help="paths of each kind")
    one.add_argument("--json", action="store_true")


def _explain(arguments: Arguments) -> None:
    from llador_core.explain import explain
    from llador_core.explain.rows import explanation_json
    from llador_core.names import resolve

    graph, run = _graph_and_run(arguments)
    explanation = explain(
        graph,
        resolve(graph, arguments.drug, "drug"),
        resolve(graph, arguments.disease, "disease"),
        run=run,
        max_length=arguments.max_length,
        through=tuple(resolve(graph, name, "entity") for name in arguments.through),
        n_per_group=arguments.top,
    )
    if arguments.json:
        named = {"run": run.name if run else None, "graph": graph.name, "notice": NOTICE}
        print_json({**named, **explanation_json(graph, explanation)})
        return
    _print(graph, explanation)
    print(f"\n{NOTICE}")


def _graph_and_run(arguments: Arguments) -> tuple[Graph, Run | None]:
    """Return the graph, and the run that weighs its edges; a graph without a run has None."""
    from llador_core.data import load_graph
    from llador_core.errors import MissingDataError
    from llador_core.training.runs import default_run, load_run

    if arguments.run_name:
        run = load_run(arguments.run_name)
        return load_graph(arguments.graph or run.info.graph), run
    graph = load_graph(arguments.graph or "starter")
    try:
        return graph, load_run(default_run(graph.name).name)
    except MissingDataError:
        return graph, None


def _print(graph: Graph, explanation: Explanation) -> None:
    from llador_core.escape import plain
    from llador_core.explain.rows import lowest_plausibility, path_words

    drug, disease = (graph.entity_names[e] for e in (explanation.drug, explanation.disease))
    n_paths = f"{explanation.n_paths:,} path{'s' * (explanation.n_paths != 1)}"
    print(plain(f"FOR {drug} in {disease}: {n_paths}"))
    for group in explanation.groups:
        print(f"\n  {plain(group.title)} ({group.n_paths:,})")
        for path in group.paths[:SHOWN]:
            lowest = lowest_plausibility(path)
            seen = "" if lowest is None else f", least plausible edge: percentile {lowest:.0f}"
            print(f"    {path.score:.1e}  {plain(path_words(graph, path))}{seen}")
    print("\nAGAINST")
    for objected in explanation.against:
        print(f"\n  {objected.title}")
        for line in [o.sentence for o in objected.objections] or [objected.nothing]:
            print(f"    {plain(line)}")
    for note in explanation.notes:
        print(f"\n{plain(note)}")
