"""The command `subgraph`."""

from __future__ import annotations

from llador_core.cli.output import AddCommand, Arguments, positive, print_json


def add(command: AddCommand) -> None:
    """Add the command to the parser."""
    one = command("subgraph", _subgraph, "Make the surroundings of a disease a graph of their own.")
    one.add_argument("--graph", default="starter", help="registered name or folder")
    one.add_argument("--disease", required=True, help="id, name or synonym")
    one.add_argument("--max-triples", type=positive, help="at most so many; default: 8000")
    one.add_argument("--name", help="of the new graph")
    one.add_argument("--json", action="store_true")


def _subgraph(arguments: Arguments) -> None:
    from llador_core.data import load_graph, own_folder
    from llador_core.names import resolve
    from llador_core.training.subgraph import MAX_TRIPLES, make_subgraph

    source = load_graph(arguments.graph)
    disease = resolve(source, arguments.disease, "disease")
    name = make_subgraph(source, disease, arguments.max_triples or MAX_TRIPLES, arguments.name)
    made = load_graph(name)
    if arguments.json:
        counts = {"n_entities": made.n_entities, "n_triples": made.n_triples}
        counts |= {"n_drugs": len(made.drugs), "n_diseases": len(made.diseases)}
        counts["n_treatments"] = len(made.triples_with_role("treats"))
        print_json({"graph": name, "title": made.title, "folder": str(own_folder(name)), **counts})
        return
    print(name)
