"""Tables as files: every cell is there, harmless, and the file says whence it is."""

from __future__ import annotations

import csv
import io
import json

from llador_core import tables_out

ROWS = [
    {"Drug": "=1+1", "Rank": 2.0, "Share": 0.123456789, "Known": True, "Of": ("a", "b")},
    {"Drug": "x\ny, z", "Rank": None, "More": 7},
]
WHENCE = (("graph", "starter\n# forged: yes"), ("run", "r1"))


def test_the_csv_is_the_rows_with_formulas_made_harmless() -> None:
    lines = tables_out.to_csv(ROWS, WHENCE).splitlines()
    assert lines[0] == f"# notice: {tables_out.NOTICE}"
    assert lines[1] == "# graph: starter # forged: yes"
    assert lines[2] == "# run: r1"
    rows = list(csv.DictReader(io.StringIO("\n".join(lines[3:]))))
    assert list(rows[0]) == ["Drug", "Rank", "Share", "Known", "Of", "More"]
    assert rows[0] == {
        "Drug": "'=1+1",
        "Rank": "2",
        "Share": "0.123457",
        "Known": "true",
        "Of": "a; b",
        "More": "",
    }
    assert rows[1]["Drug"] == "x y, z"
    assert rows[1]["Rank"] == ""


def test_columns_can_be_chosen_and_stand_without_rows() -> None:
    assert tables_out.to_csv([], (), ["a", "b"]).splitlines()[-1] == "a,b"
    assert tables_out.to_csv(ROWS, (), ["Rank"]).splitlines()[1:] == ["Rank", "2", '""']


def test_the_json_is_the_rows_and_is_json_whatever_the_numbers() -> None:
    document = json.loads(tables_out.to_json([*ROWS, {"Rank": float("nan")}], WHENCE))
    assert document["notice"] == tables_out.NOTICE
    assert document["provenance"]["run"] == "r1"
    assert document["rows"][0]["Drug"] == "=1+1"
    assert document["rows"][0]["Of"] == ["a", "b"]
    assert document["rows"][2]["Rank"] is None


def test_file_names_are_letters_digits_and_dashes() -> None:
    assert tables_out.file_name("Alzheimer's disease", "hubs", ending="csv") == (
        "llador-alzheimer-s-disease-hubs.csv"
    )
    assert tables_out.file_name("../../etc/passwd\u202e", ending="json") == "llador-etc-passwd.json"
