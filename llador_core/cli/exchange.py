"""The commands `import-run` and `export-run`."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llador_core.cli.output import AddCommand, Arguments, print_json

if TYPE_CHECKING:
    from llador_core.training.exchange.install import Imported

READ = ("llador-npy", "dglke-npy", "pykeen", "safetensors", "zip")
WRITE = ("llador-npy", "dglke-npy", "safetensors", "zip")


def add(command: AddCommand) -> None:
    """Add the commands of this file to the parser."""
    one = command("import-run", _import, "Make a run of a checkpoint that was trained elsewhere.")
    one.add_argument("path", type=Path, metavar="PATH", help="folder, weights, or exported x.zip")
    one.add_argument("--format", choices=READ, help="default for a .zip: zip")
    one.add_argument("--graph", help="the graph it belongs to; default for a .zip: its own")
    one.add_argument("--model", help="where the files do not tell, e.g. rotate or transe_l2")
    one.add_argument("--margin", type=float, help="gamma, where the files do not tell")
    one.add_argument("--entity-ids", type=Path, metavar="TSV", help="id and row number")
    one.add_argument("--relation-ids", type=Path, metavar="TSV", help="id and row number")
    one.add_argument("--treats", metavar="RELATION", help="the checkpoint's relation that ranks")
    one.add_argument(
        "--split-of",
        metavar="RUN",
        help="it was trained without the hidden pairs of this run, so they may judge it",
    )
    one.add_argument("--name", help="of the run")
    one.add_argument("--json", action="store_true")

    one = command("export-run", _export, "Write a run for other programs, or whole as a zip file.")
    one.add_argument("run_name", metavar="RUN")
    one.add_argument("--to", type=Path, required=True, metavar="DIR", help="new folder, or x.zip")
    one.add_argument("--format", choices=WRITE, default="llador-npy")
    one.add_argument("--json", action="store_true")


def _import(arguments: Arguments) -> None:
    from llador_core.data import load_graph
    from llador_core.errors import ConfigError
    from llador_core.training.exchange.install import install
    from llador_core.training.exchange.reading import Request, read_checkpoint

    path: Path = arguments.path
    form = arguments.format or ("zip" if path.suffix == ".zip" else None)
    if form is None:
        raise ConfigError(f"Name the format with --format: {', '.join(READ)}.")
    if form == "zip":
        _import_zip(arguments)
        return
    asked = Request(
        path, form, arguments.model, arguments.margin, arguments.entity_ids, arguments.relation_ids
    )
    checkpoint = read_checkpoint(asked)
    made = install(
        load_graph(arguments.graph or "starter"),
        checkpoint,
        name=arguments.name,
        treats=arguments.treats,
        split_of=arguments.split_of,
    )
    if arguments.json:
        print_json({"run": made.folder.name, **_told(made)})
        return
    print(made.folder)
    print(_sentence(made))


def _import_zip(arguments: Arguments) -> None:
    from llador_core.data import load_graph
    from llador_core.errors import MissingDataError
    from llador_core.training.exchange.archive import from_zip, graph_named

    if not arguments.path.is_file():
        raise MissingDataError(f"There is no file {arguments.path}.")
    graph = load_graph(arguments.graph or graph_named(arguments.path))
    folder = from_zip(arguments.path, graph, arguments.name)
    if arguments.json:
        print_json({"run": folder.name, "folder": str(folder)})
        return
    print(folder)


def _told(made: Imported) -> dict[str, Any]:
    return dataclasses.asdict(made) | {"folder": str(made.folder)}


def _sentence(made: Imported) -> str:
    """Return what fitted, and what did not."""
    told = f"{made.n_matched:,} entities matched"
    if made.n_dropped:
        told += f"; {made.n_dropped:,} of the checkpoint are not in the graph and were left out"
    if made.n_absent:
        told += (
            f"; {made.n_absent:,} of the graph are not in the checkpoint ({made.absent_drugs:,} "
            f"drugs, {made.absent_diseases:,} diseases), which get no rank of their own"
        )
    if made.absent_relations:
        told += f"; relations without vectors: {', '.join(made.absent_relations)}"
    return " ".join([f"{told}. It ranks by the relation '{made.treats}'.", *made.notes])


def _export(arguments: Arguments) -> None:
    from llador_core.training.exchange.archive import write_zip
    from llador_core.training.exchange.export import export_run
    from llador_core.training.runs import load_run

    run = load_run(arguments.run_name)
    if arguments.format == "zip" or arguments.to.suffix == ".zip":
        files = [write_zip(run, arguments.to)]
    else:
        files = export_run(run, arguments.to, arguments.format)
    if arguments.json:
        print_json({"run": run.name, "files": [str(file) for file in files]})
        return
    for file in files:
        print(file)
