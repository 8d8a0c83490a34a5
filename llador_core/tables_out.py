"""Tables as files: CSV and JSON, both with the notice and where their numbers come from."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from llador_core.escape import csv_cell, plain

NOTICE = "For research only. Model output, reviewed by nobody. No medical advice."

Rows = Sequence[Mapping[str, Any]]
Provenance = Sequence[tuple[str, str]]


def to_csv(rows: Rows, provenance: Provenance = (), columns: Sequence[str] | None = None) -> str:
    """Return rows as CSV, after comment lines ("# name: value") with notice and provenance.

    Parameters
    ----------
    rows : sequence of mapping
        Cells are text, numbers, truth values, None or sequences of text. Text that a spreadsheet
        would take for a formula is made harmless, sequences are joined by semicolons.
    provenance : sequence of (name, value)
    columns : sequence of str or None
        None takes those of all rows, in the order of their first appearance.
    """
    out = io.StringIO()
    for name, value in (("notice", NOTICE), *provenance):
        out.write(f"# {plain(name)}: {plain(value)}\n")
    titles = list(columns) if columns is not None else columns_of(rows)
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([csv_cell(title) for title in titles])
    for row in rows:
        writer.writerow([_csv_value(row.get(title)) for title in titles])
    return out.getvalue()


def to_json(rows: Rows, provenance: Provenance = ()) -> str:
    """Return rows as one JSON document: notice, provenance, rows.

    Numbers that are not finite, which JSON does not know, become null.
    """
    document = {
        "notice": NOTICE,
        "provenance": dict(provenance),
        "rows": [{title: _json_value(value) for title, value in row.items()} for row in rows],
    }
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def columns_of(rows: Rows) -> list[str]:
    """Return the columns of all rows, in the order of their first appearance."""
    return list(dict.fromkeys(title for row in rows for title in row))


def file_name(*parts: str, ending: str) -> str:
    """Return a file name of letters, digits and dashes alone: 'llador-als-candidates.csv'."""
    words = "-".join(
        "".join(c if c.isalnum() and c.isascii() else "-" for c in part.lower()) for part in parts
    )
    return f"llador-{'-'.join(word for word in words.split('-') if word)[:80]}.{ending}"


def _csv_value(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.6g}" if not value.is_integer() else f"{value:.0f}"
    if isinstance(value, list | tuple):
        return csv_cell("; ".join(str(part) for part in value))
    return str(value) if isinstance(value, int) else csv_cell(str(value))


def _json_value(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, list | tuple):
        return [_json_value(part) for part in value]
    return value
