"""Commands on graphs: `graphs`."""

from __future__ import annotations

import dataclasses

from llador_core.cli.output import AddCommand, Arguments, print_json


def add(command: AddCommand) -> None:
    """Add the commands of this file to the parser."""
    one = command("graphs", _graphs, "What can be loaded, and what is here.")
    one.add_argument("--json", action="store_true")


def _graphs(arguments: Arguments) -> None:
    from llador_core.data import list_graphs

    infos = list_graphs()
    if arguments.json:
        print_json([dataclasses.asdict(info) for info in infos])
        return
    for info in infos:
        size = f"{info.n_entities or 0:,} entities, {info.n_triples or 0:,} triples"
        print(f"{info.name}  {info.title}: {size}, {'here' if info.is_here else 'not here'}")
        print(f"    licence  {info.licence}")
        print(f"    where    {info.where}")
