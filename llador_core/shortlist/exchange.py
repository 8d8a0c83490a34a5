"""The shortlist as a file to hand on: JSON out and in, CSV out.

A file is taken in whole or not at all; what speaks against it is counted and said in one sentence.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from llador_core.errors import DataFormatError, LladorError
from llador_core.graph import Graph
from llador_core.shortlist.store import MAX_NOTE, VERDICTS, Entry, Place, clean_note
from llador_core.tables_out import NOTICE, to_csv

FORMAT, VERSION = "llador-shortlist", 1
MAX_BYTES = 4_000_000
MAX_ENTRIES = 10_000
MAX_RANK = 1e9
_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")


@dataclass(frozen=True)
class Arrival:
    """What a file would bring.

    Attributes
    ----------
    entries : tuple of Entry
        Those that are new here, or differ in verdict or note.
    n_new, n_changed, n_same : int
    is_other_version : bool
        The file was written with another version of the graph, though all its ids are known.
    """

    entries: tuple[Entry, ...]
    n_new: int
    n_changed: int
    n_same: int
    is_other_version: bool


def export_json(graph: Graph, entries: Sequence[Entry]) -> str:
    """Return entries as a JSON document, with names for people beside the ids."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        "notice": NOTICE,
        "graph": graph.name,
        "graph_checksum": graph.checksum,
        "exported": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "entries": [
            {
                "disease": entry.place.disease,
                "disease_name": name_of(graph, entry.place.disease),
                "drug": entry.drug,
                "drug_name": name_of(graph, entry.drug),
                "run": entry.place.run,
                "verdict": entry.verdict,
                "note": entry.note,
                "rank": entry.rank,
                "starred": entry.starred,
                "changed": entry.changed,
            }
            for entry in entries
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def export_csv(graph: Graph, entries: Sequence[Entry]) -> str:
    """Return entries as CSV, with notice and graph in comment lines before the header."""
    columns = ("disease_id", "disease", "drug_id", "drug", "run", "verdict", "note", "rank")
    rows = [
        {
            "disease_id": entry.place.disease,
            "disease": name_of(graph, entry.place.disease),
            "drug_id": entry.drug,
            "drug": name_of(graph, entry.drug),
            "run": entry.place.run,
            "verdict": entry.verdict,
            "note": entry.note,
            "rank": entry.rank,
            "starred": entry.starred,
            "changed": entry.changed,
        }
        for entry in entries
    ]
    whence = [
        ("graph", f"{graph.title or graph.name}, {graph.licence}"),
        ("graph checksum", graph.checksum),
        ("verdict and note", "the reader's own"),
        ("rank", "when the drug was starred"),
    ]
    return to_csv(rows, whence, (*columns, "starred", "changed"))


def name_of(graph: Graph, entity: str) -> str:
    """Return the name of an id; the id itself where this version of the graph lacks it."""
    return graph.entity_names[graph.mapped(entity)] if graph.has(entity) else entity


def read_json(graph: Graph, content: bytes, here: Sequence[Entry]) -> Arrival:
    """Return what an exported file would bring to a graph's lists; nothing is written.

    Parameters
    ----------
    graph : Graph
    content : bytes
        Of a file that `export_json` made.
    here : sequence of Entry
        What is on the graph's lists already.

    Raises
    ------
    DataFormatError
        The file is no shortlist, of another graph, or names what this graph lacks, with counts.
    """
    document = _document(graph, content)
    rows = document.get("entries")
    if not isinstance(rows, list) or len(rows) > MAX_ENTRIES:
        raise DataFormatError(
            f"The file has no list of entries, or more than {MAX_ENTRIES:,}; export it again."
        )
    entries, problems = [], Counter[str]()
    for row in rows:
        try:
            entries.append(_entry(graph, row))
        except LladorError as error:
            problems[str(error)] += 1
    twice = len(entries) - len({entry.key for entry in entries})
    if twice:
        problems["stand in it twice"] += twice
    if problems:
        told = ", ".join(f"{n:,} {problem}" for problem, n in problems.most_common())
        raise DataFormatError(
            f"Nothing was imported: of the {len(rows):,} entries of this file, {told}. Export it "
            f"again from the same version of graph '{graph.name}', or mend these entries."
        )
    return _arrival(entries, here, document.get("graph_checksum") != graph.checksum)


def _arrival(entries: Sequence[Entry], here: Sequence[Entry], is_other_version: bool) -> Arrival:
    old = {entry.key: (entry.verdict, entry.note) for entry in here}
    known = [entry for entry in entries if entry.key in old]
    n_same = sum(old[entry.key] == (entry.verdict, entry.note) for entry in known)
    fresh = [entry for entry in entries if old.get(entry.key) != (entry.verdict, entry.note)]
    n_new = len(entries) - len(known)
    return Arrival(tuple(fresh), n_new, len(known) - n_same, n_same, is_other_version)


def _document(graph: Graph, content: bytes) -> dict[str, Any]:
    if len(content) > MAX_BYTES:
        raise DataFormatError(
            f"The file has {len(content) / 1e6:.1f} MB, a shortlist at most {MAX_BYTES / 1e6:.0f}. "
            "It is probably another file."
        )
    try:
        document = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise DataFormatError(
            "The file is not JSON, so it holds no shortlist. Choose one that was downloaded from "
            "a shortlist as JSON."
        ) from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise DataFormatError(
            f'The file is JSON but no shortlist: it lacks "format": "{FORMAT}". Choose one that '
            "was downloaded from a shortlist as JSON."
        )
    version = document.get("version")
    if not isinstance(version, int) or version > VERSION:
        raise DataFormatError(
            f"The file has format version {version!r:.20}, this LLaDoR reads {VERSION}. Update "
            "LLaDoR to import it."
        )
    if document.get("graph") != graph.name:
        raise DataFormatError(
            f"This is a shortlist of graph '{document.get('graph')!s:.60}', not of '{graph.name}'. "
            "Nothing was imported; open that graph and import it there."
        )
    return document


def _entry(graph: Graph, row: Any) -> Entry:
    """Return one entry. Raises DataFormatError with the end of a sentence: 'n of them ...'."""
    if not isinstance(row, dict):
        raise DataFormatError("are no entries")
    disease = _known(graph, row, "disease", graph.disease_type)
    drug = _known(graph, row, "drug", graph.drug_type)
    run, verdict, note = row.get("run"), row.get("verdict"), row.get("note", "")
    if not isinstance(run, str) or not _RUN.fullmatch(run):
        raise DataFormatError("name no run")
    if verdict is not None and verdict not in VERDICTS:
        raise DataFormatError("have an unknown verdict")
    if not isinstance(note, str) or len(note) > MAX_NOTE:
        raise DataFormatError(f"have a note of more than {MAX_NOTE} characters or of no text")
    return Entry(
        Place(graph.name, run, disease),
        drug,
        verdict,
        clean_note(note),
        _rank(row.get("rank")),
        _time(row.get("starred")),
        _time(row.get("changed")),
    )


def _known(graph: Graph, row: dict[str, Any], kind: str, type_name: str) -> str:
    entity = row.get(kind)
    if isinstance(entity, str) and graph.has(entity):
        if graph.type_of(graph.mapped(entity)) == type_name:
            return entity
        raise DataFormatError(f"name as a {kind} what is none")
    raise DataFormatError(f"name a {kind} that this graph lacks")


def _rank(value: Any) -> float | None:
    if value is None:
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 1 <= value <= MAX_RANK:
        raise DataFormatError("have a rank that is no place in a list")
    return float(value)


def _time(value: Any) -> str:
    try:
        then = datetime.fromisoformat(value)
        return then.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    except (TypeError, ValueError, OverflowError) as error:
        raise DataFormatError("lack a date") from error
