"""Named sets of texts: what a model wrote in answer to one prompt, with what people made of it.

A set is defined once (prompt, version, model, parameters) and published as often as answers or
reviews have come in: publishing writes `priors.jsonl` and `provenance.json`, from which everything
else reads. Published files can be thrown away; the answers and reviews in SQLite are the record.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass

from llador_core import database, paths
from llador_core.errors import ConfigError
from llador_core.graph import Graph
from llador_core.priors.anchors import PRIORS
from llador_core.priors.answers import Definition, answers_file, now
from llador_core.priors.answers_format import FORMAT
from llador_core.priors.places import (
    PROVENANCE_FILE,
    TEXTS_FILE,
    check_set_name,
    set_folder,
    set_names,
    sets_folder,
    slug,
)
from llador_core.priors.texts import (
    TEXT_FIELDS,
    Provenance,
    TextField,
    Texts,
)
from llador_core.registry import lookup

LITTLE = 0.2  # share of entities with text under which a reader should know


@dataclass(frozen=True)
class TextSet:
    """A set of texts that can be chosen.

    Attributes
    ----------
    name : str
        "" for the graph's own texts.
    definition : Definition or None
        None for the own texts, and for a set that was put there as files or made of another set.
    is_published : bool
        Its texts can be read; else there are only answers so far.
    provenance : Provenance or None
        None where it is not published.
    """

    name: str
    definition: Definition | None
    is_published: bool
    provenance: Provenance | None


def default_set_name(definition: Definition) -> str:
    """Return the name of a set where none is given: prompt and model, and what is unusual."""
    name = f"{definition.prompt}-{definition.model}"
    if definition.version != "1":
        name += f"-v{definition.version}"
    temperature = json.loads(definition.parameters).get("temperature", 0.7)
    return slug(name if temperature == 0.7 else f"{name}-t{temperature}")


def define(graph: Graph, name: str, definition: Definition) -> None:
    """Say what a set is made of. Once said it stays, so that a set never mixes models or prompts.

    Raises
    ------
    ConfigError
        The set is there with another definition.
    """
    check_set_name(name)
    with database.writing(answers_file(graph.name), FORMAT) as connection:
        row = connection.execute(
            "SELECT prompt, version, model, parameters FROM sets WHERE name = ?", (name,)
        ).fetchone()
        found = None if row is None else Definition(*row)
        is_foreign = found is None and name in set_names(graph)
        if is_foreign or (found is not None and found != definition):
            of = "other texts" if found is None else _words(found)
            raise ConfigError(
                f"The text set '{name}' of graph '{graph.name}' is made of {of}, not of "
                f"{_words(definition)}. Choose another name with --set."
            )
        if found is None:
            values = (*dataclasses.astuple(definition), now())
            connection.execute("INSERT INTO sets VALUES (?, ?, ?, ?, ?, ?)", (name, *values))


def definition_of(graph_name: str, name: str) -> Definition | None:
    """Return what a set is made of, None where it was not made by `describe`."""
    return _definitions(graph_name).get(name)


def list_sets(graph: Graph) -> list[TextSet]:
    """Return the graph's own texts first where it has some, then every named set by name."""
    defined = _definitions(graph.name)
    names = sorted({*defined, *set_names(graph)})
    own = load_provenance_if_any(graph, "")
    sets = [] if own is None else [TextSet("", None, True, own)]
    for name in names:
        found = load_provenance_if_any(graph, name)
        sets.append(TextSet(name, defined.get(name), found is not None, found))
    return sets


def load_provenance_if_any(graph: Graph, name: str) -> Provenance | None:
    """Return who wrote a set's texts, None where it has no texts file."""
    from llador_core.priors.texts import load_provenance

    if name and name not in set_names(graph):
        return None
    folder = set_folder(graph, name)
    if folder is None or not (folder / TEXTS_FILE).is_file():
        return None
    return load_provenance(folder)


def write_set(
    graph: Graph, name: str, rows: Mapping[str, Mapping[TextField, str]], provenance: Provenance
) -> None:
    """Write the files of a set: for each entity id its texts. Vectors made before no longer fit.

    Raises
    ------
    ConfigError
        No set can be named so.
    UnknownNameError
        An id that the graph does not have.
    StorageError
        Nothing could be written; the old files are then untouched.
    """
    folder = sets_folder(graph) / check_set_name(name)
    lines = [
        json.dumps({"id": entity, **fields}, ensure_ascii=False)
        for entity, fields in sorted(rows.items(), key=lambda row: graph.mapped(row[0]))
        if any(fields.values())
    ]
    told = json.dumps(dataclasses.asdict(provenance), indent=1, ensure_ascii=False) + "\n"
    paths.write_atomically(folder / PROVENANCE_FILE, told.encode())
    paths.write_atomically(folder / TEXTS_FILE, "".join(f"{line}\n" for line in lines).encode())


def delete_set(graph: Graph, name: str) -> None:
    """Remove the files of a set. Its answers and reviews stay, so it can be published again."""
    folder = sets_folder(graph) / check_set_name(name)
    with paths.storage_errors(folder):
        shutil.rmtree(folder, ignore_errors=False) if folder.is_dir() else None


def coverage(texts: Texts) -> int:
    """Return how many entities have at least one text."""
    columns = (texts.of(field) for field in TEXT_FIELDS)
    return sum(any(fields) for fields in zip(*columns, strict=True))


def concerns(graph: Graph, texts: Texts | None, prior: str) -> list[str]:
    """Return a sentence for each thing about a prior that its name does not tell.

    Few entities have a text, or the texts are not divided into fields, so that a prior that leaves
    out indications leaves out nothing.
    """
    fields = [f for f in lookup("prior", PRIORS, prior).fields if f != "name"]
    if texts is None or not fields:
        return []
    said = []
    n = sum(any(row) for row in zip(*(texts.of(field) for field in fields), strict=True))
    share = n / max(graph.n_entities, 1)
    if share < LITTLE and "background" in fields:  # only drugs and diseases have the others
        said.append(
            f"Only {n:,} of {graph.n_entities:,} entities ({100 * share:.1f}%) have a text of the "
            f"prior '{prior}'; the others are anchored to their name alone. Describe more of them "
            f"with `python -m llador_core describe --graph {graph.name}`."
        )
    is_divided = any(texts.treatment) or any(texts.caution)
    if n and not is_divided and len(fields) < len(TEXT_FIELDS):
        said.append(
            "These texts are not divided into background, treatment and caution, so the prior "
            f"'{prior}' sees all of them, indications included. Texts by the prompt 'structured' "
            "are divided."
        )
    return said


def _definitions(graph_name: str) -> dict[str, Definition]:
    with database.opened(answers_file(graph_name), FORMAT, is_reading=True) as connection:
        if connection is None:
            return {}
        query = "SELECT name, prompt, version, model, parameters FROM sets ORDER BY name"
        return {row[0]: Definition(*row[1:]) for row in connection.execute(query)}


def _words(definition: Definition) -> str:
    asked = json.loads(definition.parameters)
    settings = "".join(f", {key} {value}" for key, value in asked.items())
    return f"{definition.model} with prompt {definition.prompt} v{definition.version}{settings}"
