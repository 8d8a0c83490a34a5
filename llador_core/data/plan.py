"""What is to be made of somebody's table: checked before anything is read."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from llador_core import paths
from llador_core.data import OWN_NAME
from llador_core.data.columns import Columns, EntityColumns
from llador_core.data.download import megabytes
from llador_core.data.sniff import Look
from llador_core.data.specs import GRAPHS
from llador_core.errors import ConfigError, StorageError, nearest_names
from llador_core.graph import ROLES

# Measured on tables of 1.2 and 8 million rows: reading, folding and the first loading together.
BASE_BYTES, BYTES_PER_ROW = 250_000_000, 130
ROWS_WRITTEN_BYTES = 14  # of the cached copy, beside the text


@dataclass(frozen=True)
class Plan:
    """How a table becomes a graph of the user's own.

    Attributes
    ----------
    name : str
        Of the graph, and of its folder.
    found : Look
        The table of triples.
    columns : Columns
    entities : Look or None
        A table that tells more of the entities.
    entity_columns : EntityColumns or None
    roles : mapping of str to str
        Role of a relation, "" for none; a relation that is not here has the role its name says.
    drug_type, disease_type : str
        The types that are drugs and diseases; "" to go by their names.
    skips_bad : bool
        Leave out rows with another number of columns, counted.
    title, licence, citation : str
    """

    name: str
    found: Look
    columns: Columns
    entities: Look | None = None
    entity_columns: EntityColumns | None = None
    roles: Mapping[str, str] = field(default_factory=dict)
    drug_type: str = ""
    disease_type: str = ""
    skips_bad: bool = False
    title: str = ""
    licence: str = ""
    citation: str = ""


def check_name(name: str) -> None:
    """Raise ConfigError for what cannot be the name of a new graph."""
    if not OWN_NAME.fullmatch(name):
        raise ConfigError(
            f"'{name}' cannot be the name of a graph: use letters, digits, dots, hyphens and "
            "underscores, the first a letter or digit, 100 at most."
        )
    if name in GRAPHS:
        raise ConfigError(f"'{name}' is the name of a graph that the app knows; choose another.")
    if (paths.graphs_folder() / name).exists():
        raise ConfigError(
            f"There is a graph named '{name}' already; choose another name, or delete that one."
        )


def check_roles(roles: Mapping[str, str]) -> None:
    """Raise ConfigError for a role that does not exist."""
    for relation, role in roles.items():
        if role and role not in ROLES:
            near = ", ".join(nearest_names(role, ROLES, n=3))
            raise ConfigError(
                f"'{role}' is no role (for the relation '{relation}'). Did you mean {near}? Leave "
                "it empty for none."
            )


def memory_needed(n_rows: int) -> int:
    """Return how many bytes of memory an import of so many rows takes, about."""
    return BASE_BYTES + BYTES_PER_ROW * n_rows


def available_memory() -> int | None:
    """Return the free memory of this machine or of our share of it; None where nobody tells."""
    found: list[int] = []
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        told = {line.split(":")[0]: int(line.split()[1]) for line in lines}
        found.append(told["MemAvailable"] * 1024)
    except (OSError, ValueError, KeyError, IndexError):
        if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
            found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    try:
        group = Path("/sys/fs/cgroup")
        limit, used = (int((group / f"memory.{n}").read_text("ascii")) for n in ("max", "current"))
        found.append(limit - used)
    except (OSError, ValueError):
        pass  # no limit
    return min(found) if found else None


def check_room(found: Look) -> None:
    """Raise StorageError where memory or disk cannot hold the import of a table."""
    needed, free = memory_needed(found.n_rows), available_memory()
    about = "" if found.is_counted else "about "
    if free is not None and needed > free:
        raise StorageError(
            f"{found.file.name} has {about}{found.n_rows:,} rows; importing them takes about "
            f"{megabytes(needed)} of memory and {megabytes(free)} are free. Take a part of the "
            "table (some relations, or the surroundings of your diseases), or a larger machine."
        )
    folder = paths.make_folder(paths.graphs_folder())
    on_disk = found.n_bytes + ROWS_WRITTEN_BYTES * found.n_rows
    free_disk = shutil.disk_usage(folder).free
    if on_disk > free_disk:
        raise StorageError(
            f"The graph will take about {megabytes(on_disk)} and {folder} has "
            f"{megabytes(free_disk)} free. Free some space or set LLADOR_HOME to a larger disk."
        )
