"""A graph in a folder: entities.tsv and triples.tsv, optionally relations.tsv."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import cast

from llador_core.data import roles, tsv
from llador_core.data.tables import Tables, check_unique, number_triples, number_types
from llador_core.errors import DataFormatError, MissingDataError, nearest_names
from llador_core.graph import ROLES, Relation, Role

log = logging.getLogger(__name__)

ENTITIES = "entities.tsv"
TRIPLES = "triples.tsv"
RELATIONS = "relations.tsv"


def files(folder: Path) -> tuple[Path, ...]:
    """Return the files that make the graph in `folder`: entities, triples and, if there, relations.

    Raises
    ------
    MissingDataError
        entities.tsv or triples.tsv is not in the folder.
    """
    absent = [name for name in (ENTITIES, TRIPLES) if not (folder / name).is_file()]
    if absent:
        raise MissingDataError(
            f"The folder {folder} has no {' and no '.join(absent)}; a graph needs {ENTITIES} "
            f"(id, name, type[, synonyms][, description]) and {TRIPLES} (head, relation, tail)."
        )
    relations = folder / RELATIONS
    return (folder / ENTITIES, folder / TRIPLES, *([relations] if relations.is_file() else []))


def parse(paths: tuple[Path, ...], known_relations: tuple[str, ...] = ()) -> Tables:
    """Return the tables of `entities.tsv` and `triples.tsv`.

    Parameters
    ----------
    paths : tuple of Path
        As `files` returns them.
    known_relations : tuple of str
        Numbered first, in this order.

    Raises
    ------
    DataFormatError
        File, line, expected and found, for anything the two files should not hold.
    """
    entities, triples = paths[:2]
    columns = tsv.read_text(entities, ("id", "name", "type"), ("synonyms", "description"))
    check_unique(columns["id"], entities, "id")
    type_names, entity_types = number_types(columns["type"])
    synonyms = columns.get("synonyms", [""] * len(columns["id"]))
    mapped, relation_names, n_duplicates = number_triples(
        triples, ("head", "relation", "tail"), columns["id"], known_relations
    )
    return Tables(
        entity_ids=columns["id"],
        entity_names=columns["name"],
        synonyms=[tuple(s for s in cell.split("|") if s) for cell in synonyms],
        descriptions=columns.get("description", []),
        type_names=type_names,
        entity_types=entity_types,
        relation_names=relation_names,
        triples=mapped,
        n_duplicates=n_duplicates,
    )


def read_relations(folder: Path, names: tuple[str, ...]) -> tuple[Relation, ...]:
    """Return what `relations.tsv` says about each relation; the alias table says the rest.

    Parameters
    ----------
    folder : Path
    names : tuple of str
        The relations of the graph, in order.

    Raises
    ------
    DataFormatError
        A role that does not exist, or a relation named twice.
    """
    file = folder / RELATIONS
    if not file.is_file():
        return tuple(roles.infer(name) for name in names)
    columns = tsv.read_text(file, ("relation",), ("role", "words", "inverse_words"))
    check_unique(columns["relation"], file, "relation")
    empty = [""] * len(columns["relation"])
    told: dict[str, Relation] = {}
    for name, role, words, inverse in zip(
        columns["relation"],
        *(columns.get(column, empty) for column in ("role", "words", "inverse_words")),
        strict=True,
    ):
        if role and role not in ROLES:
            nearest = ", ".join(nearest_names(role, ROLES, n=3))
            raise DataFormatError(
                f"{file}: expected for relation '{name}' one of the {len(ROLES)} roles "
                f"({', '.join(ROLES)}) or nothing, found '{role}'; the nearest are {nearest}."
            )
        told[name] = roles.relation(name, cast(Role, role) if role else None, words, inverse)
    unused = [name for name in told if name not in names]
    if unused:
        log.warning("%s: no triple has the relations %s.", file, ", ".join(unused))
    return tuple(told.get(name) or roles.infer(name) for name in names)
