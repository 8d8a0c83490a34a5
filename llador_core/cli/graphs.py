"""Commands on graphs: `graphs`."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from llador_core.cli.output import AddCommand, Arguments, positive, print_json, print_table

if TYPE_CHECKING:
    from llador_core.data.statistics import Statistics
    from llador_core.graph import Graph


def add(command: AddCommand) -> None:
    """Add the commands of this file to the parser."""
    one = command("graphs", _graphs, "What can be loaded, what is here, and what is in a graph.")
    one.add_argument("--graph", metavar="NAME", help="tell what is in this graph (or folder)")
    one.add_argument("--top", type=positive, default=10, help="of the largest hubs")
    what = one.add_mutually_exclusive_group()
    what.add_argument(
        "--delete",
        metavar="NAME",
        help="delete a graph of your own, or the fetched files of a known one",
    )
    what.add_argument("--clear", metavar="NAME", help="remove its copy for fast loading")
    one.add_argument("--yes", action="store_true", help="delete although runs were trained on it")
    one.add_argument("--json", action="store_true")


def _graphs(arguments: Arguments) -> None:
    if arguments.delete or arguments.clear:
        _remove(arguments)
    elif arguments.graph:
        _tell(arguments)
    else:
        _list(arguments)


def _list(arguments: Arguments) -> None:
    from llador_core.data import list_graphs
    from llador_core.data.fetch import size_words
    from llador_core.data.specs import GRAPHS

    infos = list_graphs()
    if arguments.json:
        print_json([dataclasses.asdict(info) for info in infos])
        return
    for info in infos:
        counts = ""
        if info.n_entities is not None:
            counts = f": {info.n_entities:,} entities, {info.n_triples or 0:,} triples"
        print(f"{info.name}  {info.title}{counts}, {'here' if info.is_here else 'not here'}")
        print(f"    licence  {info.licence}")
        print(f"    where    {info.where}")
        spec = GRAPHS.get(info.name)
        if spec and spec.downloads and not info.is_here:
            print(f"    fetch    python -m llador_core fetch {info.name} ({size_words(spec)})")


def _tell(arguments: Arguments) -> None:
    from llador_core.data import load_graph
    from llador_core.data.statistics import statistics
    from llador_core.priors.texts import load_texts, written

    graph = load_graph(arguments.graph)
    texts = load_texts(graph)
    found = statistics(graph, written(texts) if texts else None)
    if arguments.json:
        print_json(_as_json(graph, found, arguments.top))
        return
    _print(graph, found, arguments.top)


def _as_json(graph: Graph, found: Statistics, top: int) -> dict[str, Any]:
    told = {
        "graph": graph.name,
        "title": graph.title,
        "licence": graph.licence,
        "citation": graph.citation,
        "checksum": graph.checksum,
        "notes": list(graph.notes),
    }
    plain = (int, float)
    numbers = {f: v for f, v in vars(found).items() if isinstance(v, plain)}
    return {
        **told,
        **numbers,
        "types": [dataclasses.asdict(one) for one in found.types],
        "relations": [dataclasses.asdict(one) for one in found.relations],
        "degrees": {
            name: [[d, n] for d, n in zip(*(a.tolist() for a in counted), strict=True)]
            for name, counted in found.degrees.items()
        },
        "hubs": [
            {
                "id": graph.entity_ids[entity],
                "name": graph.entity_names[entity],
                "type": graph.type_of(entity),
                "edges": degree,
            }
            for entity, degree in found.hubs[:top]
        ],
    }


def _print(graph: Graph, found: Statistics, top: int) -> None:
    from llador_core.escape import plain

    print(plain(f"{graph.title or graph.name} ({graph.name})"))
    print(f"{found.n_entities:,} entities, {found.n_triples:,} triples")
    print(plain(f"licence  {graph.licence}"))
    for note in graph.notes:
        print(plain(note))
    print()
    rows = [
        [plain(t.name), f"{t.n_entities:,}", f"{t.n_edges:,}", f"{t.n_named:,}", _text_share(t)]
        for t in found.types
    ]
    print_table(["type", "entities", "edges", "with a name", "with text"], rows)
    print()
    relations = [
        [
            *(plain(r.name), r.role or "", plain(r.words), f"{r.n_triples:,}"),
            *(plain(r.head_type), plain(r.tail_type)),
        ]
        for r in found.relations
    ]
    print_table(["relation", "role", "in words", "triples", "from", "to"], relations)
    print()
    hubs = [
        [plain(graph.entity_names[e]), plain(graph.type_of(e)), f"{n:,}"]
        for e, n in found.hubs[:top]
    ]
    print_table(["largest hubs", "type", "edges"], hubs)


def _text_share(found: Any) -> str:
    if found.n_written is not None:
        return f"{found.n_written:,} (LLM)"
    return f"{found.n_described:,}" if found.n_described else ""


def _remove(arguments: Arguments) -> None:
    from llador_core.data import own_folder, removal
    from llador_core.data.download import megabytes
    from llador_core.data.specs import GRAPHS
    from llador_core.errors import ConfigError
    from llador_core.registry import lookup
    from llador_core.training.runs import list_runs

    if arguments.clear:
        freed = removal.remove_copies(arguments.clear)
    else:
        name = arguments.delete
        is_own = own_folder(name) is not None
        used_by = [run.name for run in list_runs(name)] if is_own else []
        if used_by and not arguments.yes:
            raise ConfigError(
                f"{len(used_by)} run{'s were' if len(used_by) > 1 else ' was'} trained on graph "
                f"'{name}' and cannot be opened without it ({', '.join(used_by[:3])}). Delete it "
                "all the same with --yes."
            )
        if is_own:
            freed = removal.delete_own(name)
        else:
            lookup("graph", GRAPHS, name)
            freed = removal.remove_files(name)
    if arguments.json:
        print_json({"graph": arguments.delete or arguments.clear, "freed_bytes": freed})
        return
    print(f"{megabytes(freed)} freed.")
