"""The commands of `python -m llador_core`, a file for each family."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from llador_core import __version__
from llador_core.cli import (
    audit,
    bring,
    describe,
    exchange,
    experiments,
    explain,
    graphs,
    jobs,
    manage,
    project,
    rank,
    report,
    runs,
    subgraph,
    texts,
)
from llador_core.cli.output import Arguments

FAMILIES = (
    graphs,
    bring,
    subgraph,
    describe,
    texts,
    audit,
    runs,
    manage,
    exchange,
    jobs,
    experiments,
    rank,
    explain,
    project,
    report,
)


def parser(description: str | None) -> argparse.ArgumentParser:
    """Return the parser of all commands; each leaves its function in `arguments.run`."""
    top = argparse.ArgumentParser(prog="python -m llador_core", description=description)
    top.add_argument("--version", action="version", version=__version__)
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[Arguments], None], words: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=words, description=words)
        added.set_defaults(run=run)
        return added

    for family in FAMILIES:
        family.add(command)
    return top
