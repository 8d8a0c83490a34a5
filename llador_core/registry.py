"""Registries without a framework: a read-only table of frozen specs and one `lookup`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from llador_core.errors import UnknownNameError, nearest_names

Spec = TypeVar("Spec")


def lookup(kind: str, table: Mapping[str, Spec], name: str) -> Spec:
    """Return the spec registered under `name`.

    Raises
    ------
    UnknownNameError
        The name is not in the table; the message gives the nearest names.
    """
    if name in table:
        return table[name]
    raise UnknownNameError(kind, name, nearest_names(name, table))
