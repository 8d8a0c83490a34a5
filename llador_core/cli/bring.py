"""Commands that bring a graph here: `fetch`, `import-graph`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llador_core.cli.output import AddCommand, Arguments, print_json, print_table

if TYPE_CHECKING:
    from llador_core.data.importing import Imported
    from llador_core.data.plan import Plan

SEPARATORS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "bar": "|", "space": " "}
OF_TRIPLES = ("head", "relation", "tail", "head-type", "tail-type", "head-name", "tail-name")
OF_ENTITIES = ("id", "name", "type", "synonyms", "description")
SAMPLE_BYTES = 64 << 20  # of a dry run, for the relations


def add(command: AddCommand) -> None:
    """Add the commands of this file to the parser."""
    one = command("fetch", _fetch, "Download a graph's files, verify them, and read them once.")
    one.add_argument("name", metavar="NAME", help="of a graph that `graphs` lists")
    one.add_argument("--again", action="store_true", help="download also what is here already")
    _last(one)

    one = command("import-graph", _import, "Make a graph of your own from any table of triples.")
    one.add_argument("path", metavar="PATH", type=Path, help="TSV, CSV (also .gz) or Parquet")
    one.add_argument("--name", required=True, help="what the graph is to be called")
    for what in OF_TRIPLES:
        one.add_argument(f"--{what}", metavar="COLUMN", help="its name, or its number from 1")
    one.add_argument(
        "--entities", type=Path, metavar="PATH", help="a table that tells more of them"
    )
    for what in OF_ENTITIES:
        one.add_argument(f"--entity-{what}", metavar="COLUMN", help="of the table of entities")
    one.add_argument(
        "--role",
        action="append",
        default=[],
        metavar="RELATION=ROLE",
        help="what a relation means; nothing behind = for none; default: by its name",
    )
    one.add_argument("--drug-type", default="", metavar="TYPE", help="default: by its name")
    one.add_argument("--disease-type", default="", metavar="TYPE", help="default: by its name")
    one.add_argument("--delimiter", default="", help="tab, comma, ... default: found out")
    header = one.add_mutually_exclusive_group()
    header.add_argument("--header", action="store_true", default=None, dest="has_header")
    header.add_argument("--no-header", action="store_false", default=None, dest="has_header")
    one.add_argument("--skip-bad-rows", action="store_true", help="leave out rows of other length")
    one.add_argument("--title", default="")
    one.add_argument("--licence", default="")
    one.add_argument("--citation", default="")
    one.add_argument("--dry-run", action="store_true", help="only tell what would be read as what")
    one.add_argument("--consume", action="store_true", help=argparse.SUPPRESS)  # an upload's copy
    _last(one)


def _last(one: argparse.ArgumentParser) -> None:
    one.add_argument("--json", action="store_true")
    one.add_argument("--lock", type=int, help=argparse.SUPPRESS)  # inherited from a page


def _fetch(arguments: Arguments) -> None:
    from llador_core import jobs
    from llador_core.data import load_graph
    from llador_core.data.fetch import CHECK_WORDS, fetch
    from llador_core.data.specs import GRAPHS
    from llador_core.registry import lookup

    lookup("graph", GRAPHS, arguments.name)
    with jobs.reporting(f"fetch-{arguments.name}", arguments.lock) as report:
        told = _told(report)
        files = fetch(arguments.name, told, again=arguments.again)
        told(0.99, "Reading the graph")
        graph = load_graph(arguments.name)
    print(file=sys.stderr)
    if arguments.json:
        rows = [{**vars(file), "path": str(file.path)} for file in files]
        counts = {"n_entities": graph.n_entities, "n_triples": graph.n_triples}
        print_json({"graph": graph.name, "files": rows, **counts, "notes": list(graph.notes)})
        return
    for file in files:
        came = "downloaded" if file.is_new else "was here"
        print(f"{file.path}  {file.size_bytes:,} bytes, {came}; {CHECK_WORDS[file.check]}")
    print(f"{graph.title}: {graph.n_entities:,} entities, {graph.n_triples:,} triples")
    for note in graph.notes:
        print(note)


def _import(arguments: Arguments) -> None:
    from llador_core import jobs
    from llador_core.data.importing import import_table
    from llador_core.data.plan import check_name

    check_name(arguments.name)
    if arguments.dry_run:
        _preview(_plan(arguments), arguments.json)
        return
    with jobs.reporting(f"import-{arguments.name}", arguments.lock) as report:
        imported = import_table(_plan(arguments), _told(report))
    if arguments.consume:
        for path in (arguments.path, arguments.entities):
            if path is not None:
                path.unlink(missing_ok=True)
    print(file=sys.stderr)
    _print_imported(imported, arguments.json)


def _told(report: Callable[[float, str], None]) -> Callable[[float, str], None]:
    """Return a function that reports to the job and to the terminal."""

    def told(share: float, words: str) -> None:
        report(share, words)
        if sys.stderr.isatty():
            print(f"\r\x1b[K{share:4.0%}  {words}", end="", file=sys.stderr, flush=True)

    return told


def _plan(arguments: Arguments) -> Plan:
    """Return what is to be made of the table. Raises as `sniff.look` and `columns.chosen`."""
    import dataclasses

    from llador_core.data import columns as cols
    from llador_core.data.plan import Plan, check_roles
    from llador_core.data.sniff import look
    from llador_core.errors import ConfigError

    separator = SEPARATORS.get(arguments.delimiter, arguments.delimiter)
    if len(separator) > 1:
        raise ConfigError(f"A delimiter is one character, found '{separator}'.")
    found = look(arguments.path, separator, arguments.has_header, skips_bad=arguments.skip_bad_rows)
    given = {
        what.replace("-", "_"): cols.chosen(value, found.columns, what)
        for what in OF_TRIPLES
        if (value := getattr(arguments, what.replace("-", "_"))) is not None
    }
    ends = {what: given[what] for what in ("head", "relation", "tail") if what in given}
    chosen = dataclasses.replace(cols.guess(found.columns, found.rows, **ends), **given)
    cols.check(chosen, found.columns)
    entities = entity_columns = None
    if arguments.entities:
        entities = look(arguments.entities, fewest=1)
        own = {
            what: cols.chosen(value, entities.columns, what)
            for what in OF_ENTITIES
            if (value := getattr(arguments, f"entity_{what}")) is not None
        }
        entity_columns = dataclasses.replace(cols.guess_entities(entities.columns), **own)
    roles = dict(_role(text) for text in arguments.role)
    check_roles(roles)
    return Plan(
        arguments.name,
        found,
        chosen,
        entities,
        entity_columns,
        roles,
        arguments.drug_type,
        arguments.disease_type,
        arguments.skip_bad_rows,
        arguments.title,
        arguments.licence,
        arguments.citation,
    )


def _role(text: str) -> tuple[str, str]:
    from llador_core.errors import ConfigError

    relation, equals, role = text.rpartition("=")
    if not equals or not relation:
        raise ConfigError(f"'{text}' is not a role. Write it as RELATION=ROLE, e.g. CtD=treats.")
    return relation, role


def _preview(plan: Plan, as_json: bool) -> None:
    """Tell what would be read as what."""
    from llador_core.data.entity_types import role_of
    from llador_core.data.plan import memory_needed
    from llador_core.data.rows import sample

    found = plan.found
    told = sample(found, plan.columns, SAMPLE_BYTES, skips_bad=plan.skips_bad)
    relations = told.relations
    roles = {name: role_of(name, plan.roles) for name in relations}
    if as_json:
        content: dict[str, Any] = {
            "file": str(found.file),
            "separator": found.separator,
            "has_header": found.has_header,
            "n_rows": found.n_rows,
            "is_counted": found.is_counted,
            "memory_bytes": memory_needed(found.n_rows),
            "columns": vars(plan.columns),
            "first_rows": [list(row) for row in found.rows[:8]],
            "relations": [
                {"relation": r, "rows": n, "role": roles[r]} for r, n in relations.items()
            ],
            "types": told.types,
            "is_all": told.is_all,
        }
        print_json(content)
        return
    print_table(found.columns, found.rows[:8])
    print(f"\n{'' if found.is_counted else 'about '}{found.n_rows:,} rows")
    for what, column in vars(plan.columns).items():
        print(f"    {what:<10} {column or '-'}")
    print()
    rows = [[name, f"{n:,}", roles[name] or "-"] for name, n in relations.items()]
    print_table(["relation", "rows" if told.is_all else "rows in the first part", "role"], rows)


def _print_imported(imported: Imported, as_json: bool) -> None:
    graph = imported.graph
    if as_json:
        print_json(
            {
                "graph": graph.name,
                "folder": str(imported.folder),
                "n_entities": graph.n_entities,
                "n_triples": graph.n_triples,
                "rows": imported.n_rows,
                "left_out": imported.dropped,
                "notes": list(graph.notes),
            }
        )
        return
    print(f"{graph.name}: {graph.n_entities:,} entities, {graph.n_triples:,} triples")
    for note in graph.notes:
        print(note)
    print(f"Next: python -m llador_core train --graph {graph.name} --model rotate")
