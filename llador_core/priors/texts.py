"""The texts an LLM wrote about a graph's entities, and who wrote them when."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args
from weakref import WeakKeyDictionary

from llador_core.errors import DataFormatError, UnknownNameError, nearest_names
from llador_core.graph import Graph
from llador_core.priors.places import PROVENANCE_FILE, TEXTS_FILE, set_folder, split_texts

TextField = Literal["background", "treatment", "caution"]
TEXT_FIELDS: tuple[TextField, ...] = get_args(TextField)
UNREVIEWED = "model-written, unreviewed"


@dataclass(frozen=True)
class Provenance:
    """Who wrote the texts; every text on a screen carries it.

    Attributes
    ----------
    model, prompt, date : str
        "not recorded" where the folder does not say.
    review : str
        "model-written, unreviewed" unless the folder says otherwise.
    """

    model: str = "not recorded"
    prompt: str = "not recorded"
    date: str = "not recorded"
    review: str = UNREVIEWED


@dataclass(frozen=True, eq=False)
class Texts:
    """The texts of a graph, one list per field, in entity order.

    Attributes
    ----------
    background : sequence of str, length n_entities
        Mechanism or nature only; for drugs without any indication. "" where none was written.
    treatment, caution : sequence of str, length n_entities
        Standing in therapy; incompatibilities and why. "" where none was written.
    provenance : Provenance
    """

    background: Sequence[str]
    treatment: Sequence[str]
    caution: Sequence[str]
    provenance: Provenance

    def of(self, field: TextField) -> Sequence[str]:
        """Return the texts of one field, in entity order."""
        return {
            "background": self.background,
            "treatment": self.treatment,
            "caution": self.caution,
        }[field]


def load_texts(graph: Graph, texts: str = "") -> Texts | None:
    """Return the texts of a set, or None where the graph has none of its own.

    Reads `priors.jsonl` (one object per line: id and any of background, treatment, caution) and,
    where present, `provenance.json` (model, prompt, date, review).

    Parameters
    ----------
    graph : Graph
    texts : str
        The name of a text set, "" for those beside the graph's files. What follows an "@" names an
        embedder and is of no matter here.

    Raises
    ------
    UnknownNameError
        The graph has no such set.
    DataFormatError
        A line is not such an object, names an unknown entity or one that came before, or the
        file is not UTF-8.
    """
    folder = set_folder(graph, split_texts(texts)[0])
    if folder is None or not (folder / TEXTS_FILE).is_file():
        return None
    columns: dict[TextField, list[str]] = {name: [""] * graph.n_entities for name in TEXT_FIELDS}
    first_line: dict[int, int] = {}
    path = folder / TEXTS_FILE
    lines = _read(path).split("\n")
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            entity, fields = _parse_line(graph, line, f"{path.name} line {number}")
        except _UnknownEntityError as error:
            raise _of_another_graph(graph, lines, path) or error from None
        if entity in first_line:
            raise DataFormatError(
                f"{path.name} describes '{graph.entity_ids[entity]}' twice, in lines "
                f"{first_line[entity]} and {number}. Keep one of them."
            )
        first_line[entity] = number
        for field, text in fields.items():
            columns[field][entity] = text
    return Texts(**columns, provenance=load_provenance(folder))


def written(texts: Texts) -> frozenset[int]:
    """Return the entities of which any text was written."""
    fields = (texts.of(field) for field in TEXT_FIELDS)
    return frozenset(i for field in fields for i, text in enumerate(field) if text)


def texts_if_any(graph: Graph, texts: str = "") -> Texts | None:
    """Return the texts of a set; None also where the named set is not here (any more).

    A run may come from another machine, or its set may have been deleted: what the run computed can
    be looked at all the same.
    """
    try:
        return load_texts(graph, texts)
    except UnknownNameError:
        return None


def texts_stamp(graph: Graph, texts: str = "") -> tuple[int, ...]:
    """Return numbers that change when the files of a set do."""
    try:
        folder = set_folder(graph, split_texts(texts)[0])
    except UnknownNameError:
        return (0, 0)
    files = [folder / name for name in (TEXTS_FILE, PROVENANCE_FILE)] if folder else []
    return tuple(file.stat().st_mtime_ns if file.is_file() else 0 for file in files)


_described: WeakKeyDictionary[Graph, Texts] = WeakKeyDictionary()


def described(graph: Graph) -> Texts | None:
    """Return the descriptions of the graph's source in the place of texts, None without any.

    Where no LLM wrote about a graph, these are what a prior is made of. The same object comes each
    time, so that what is kept of it is found again.
    """
    if not graph.descriptions:
        return None
    if graph not in _described:
        nothing = [""] * graph.n_entities
        source = Provenance(graph.title or graph.name, review="the source's own description")
        _described[graph] = Texts(graph.descriptions, nothing, nothing, source)
    return _described[graph]


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataFormatError(
            f"{path.name} is not UTF-8: byte {error.start} cannot be read. "
            "Save the file with UTF-8 encoding."
        ) from error


def _parse_object(text: str, where: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise DataFormatError(
            f"{where} is not valid JSON ({error.msg} at column {error.colno}). Repair or remove it."
        ) from error
    if not isinstance(content, dict):
        raise DataFormatError(
            f"{where} holds a {type(content).__name__}, expected an object in braces."
        )
    wrong = next((key for key, value in content.items() if not isinstance(value, str)), None)
    if wrong is not None:
        kind = type(content[wrong]).__name__
        raise DataFormatError(f"{where}: '{wrong}' is a {kind}, expected a text in quotes.")
    return content


class _UnknownEntityError(DataFormatError):
    """A line describes an entity that the graph does not have."""


def _of_another_graph(graph: Graph, lines: Sequence[str], path: Path) -> DataFormatError | None:
    """Return the error for texts most of which are about another graph's entities, or None."""
    asked = []
    for line in lines:
        try:
            asked.append(json.loads(line)["id"])
        except (ValueError, TypeError, KeyError):
            continue
    foreign = [entity for entity in asked if not (isinstance(entity, str) and graph.has(entity))]
    if len(foreign) < 2 or len(foreign) <= len(asked) / 2:
        return None
    return DataFormatError(
        f"{path.name} belongs to another graph: {len(foreign):,} of the {len(asked):,} entities it "
        f"describes, such as '{foreign[0]}', are not in graph '{graph.name}'. Choose texts of this "
        "graph, or let a model describe it."
    )


def _parse_line(graph: Graph, line: str, where: str) -> tuple[int, dict[TextField, str]]:
    content = _parse_object(line, where)
    entity_id = content.pop("id", None)
    if entity_id is None:
        raise DataFormatError(f"{where} has no 'id'. Each line needs the id of its entity.")
    if not graph.has(entity_id):
        raise _UnknownEntityError(
            f"{where} describes '{entity_id}', which is not an entity of graph '{graph.name}'. "
            "Remove the line or correct the id."
        )
    fields = {field: content.pop(field).strip() for field in TEXT_FIELDS if field in content}
    if content:
        _refuse_unknown(next(iter(content)), TEXT_FIELDS, where)
    return graph.mapped(entity_id), fields


def _refuse_unknown(key: str, valid: Sequence[str], where: str) -> None:
    raise DataFormatError(
        f"{where} has an unknown field '{key}'; valid are {', '.join(valid)}. "
        f"Did you mean '{nearest_names(key, valid)[0]}'?"
    )


def load_provenance(folder: Path) -> Provenance:
    """Return who wrote the texts in a folder. Raises DataFormatError for a file that is none."""
    path = folder / PROVENANCE_FILE
    if not path.is_file():
        return Provenance()
    content = _parse_object(_read(path), path.name)
    valid = tuple(Provenance.__dataclass_fields__)
    unknown = next((key for key in content if key not in valid), None)
    if unknown is not None:
        _refuse_unknown(unknown, valid, path.name)
    return Provenance(**content)
