"""The shortlist on disk: nothing is lost, half-written or taken on trust."""

from __future__ import annotations

import csv
import io
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from llador_core import database as files
from llador_core.errors import ConfigError, DataFormatError, LladorError, StorageError
from llador_core.graph import Graph
from llador_core.paths import REPOSITORY
from llador_core.shortlist import database, exchange, store
from llador_core.shortlist.store import Entry, Place
from tests.builders import graph_of

PLACE = Place("tiny", "run-1", "flu")
NASTY = "<script>x</script> **b** | $y$ :tada:\n=1+1"


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LLADOR_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def tiny() -> Graph:
    types = {"aspirin": "Compound", "beta": "Compound", "flu": "Disease", "cold": "Disease"}
    return graph_of([("aspirin", "treats", "flu"), ("beta", "treats", "cold")], types)


def drugs(place: Place = PLACE) -> list[str]:
    return [entry.drug for entry in store.entries(place.graph, place.run, place.disease)]


def test_reading_makes_no_file(own_home: Path) -> None:
    assert store.entries("tiny") == ()
    assert store.last_step(PLACE) is None
    assert not own_home.exists()


def test_what_is_written_is_read_again() -> None:
    store.star(PLACE, "aspirin", 3.5)
    store.mark(PLACE, "aspirin", verdict="need_data")
    store.annotate(PLACE, "aspirin", NASTY)
    (entry,) = store.entries("tiny", "run-1", "flu")
    assert (entry.place, entry.drug, entry.rank) == (PLACE, "aspirin", 3.5)
    assert (entry.verdict, entry.note) == ("need_data", NASTY)
    assert entry.starred < entry.changed
    store.star(PLACE, "aspirin", 9.0)
    assert store.entries("tiny")[0] == entry, "a drug that is starred stays as it is"
    store.remove(PLACE, "aspirin")
    store.remove(PLACE, "aspirin")
    assert store.entries("tiny") == ()


def test_lists_are_apart_by_graph_run_and_disease() -> None:
    others = [Place("tiny", "run-2", "flu"), Place("tiny", "run-1", "cold")]
    others.append(Place("other", "run-1", "flu"))
    for i, place in enumerate([PLACE, *others]):
        store.star(place, f"drug{i}")
    assert drugs() == ["drug0"]
    assert {entry.drug for entry in store.entries("tiny")} == {"drug0", "drug1", "drug2"}
    assert {entry.drug for entry in store.entries("tiny", disease="flu")} == {"drug0", "drug1"}
    store.undo(others[0])
    assert drugs() == ["drug0"]
    assert drugs(others[0]) == []


def test_each_change_is_taken_back_to_the_beginning() -> None:
    seen = [store.entries("tiny")]
    steps: list[Callable[[], None]] = [
        lambda: store.star(PLACE, "aspirin", 1.0),
        lambda: store.mark(PLACE, "aspirin", verdict="pursue"),
        lambda: store.annotate(PLACE, "aspirin", "look at the trial"),
        lambda: store.star(PLACE, "beta"),
        lambda: store.mark(PLACE, "aspirin", verdict=None),
        lambda: store.remove(PLACE, "aspirin"),
        lambda: store.put([Entry(PLACE, d, "drop", "", None, "s", "c") for d in ("beta", "new")]),
    ]
    for step in steps:
        step()
        seen.append(store.entries("tiny"))
    assert len(set(seen)) == len(seen)
    actions = []
    for before in reversed(seen[:-1]):
        told = store.last_step(PLACE)
        undone = store.undo(PLACE)
        assert told == undone
        assert undone is not None
        actions.append((undone.action, undone.drugs))
        assert store.entries("tiny") == before
    assert actions[0] == ("import", ("beta", "new"))
    assert [action for action, _ in actions[1:]] == [
        *("remove", "verdict", "star", "note", "verdict", "star"),
    ]
    assert store.undo(PLACE) is None


def test_what_changes_nothing_is_no_step() -> None:
    store.star(PLACE, "aspirin")
    store.star(PLACE, "aspirin")
    store.annotate(PLACE, "aspirin", "  ")
    store.mark(PLACE, "aspirin", verdict=None)
    store.remove(PLACE, "nobody")
    assert store.undo(PLACE) is not None
    assert store.undo(PLACE) is None


def test_the_history_forgets_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MAX_STEPS", 3)
    for i in range(6):
        store.star(PLACE, f"drug{i}")
    assert [store.undo(PLACE) is not None for _ in range(4)] == [True, True, True, False]
    assert drugs() == ["drug0", "drug1", "drug2"]


def test_a_note_is_cut_and_cleaned_but_keeps_its_lines() -> None:
    store.annotate(PLACE, "aspirin", "a\r\nb\x00\x1b[31m\u202ec" + "x" * 900)
    (entry,) = store.entries("tiny")
    assert entry.note.startswith("a\nb[31mc")
    assert len(entry.note) == store.MAX_NOTE


def test_an_unknown_verdict_is_refused_and_nothing_written() -> None:
    good = Entry(PLACE, "aspirin", "pursue", "", None, "s", "c")
    with pytest.raises(ConfigError, match="pursue, need_data, drop"):
        store.put([good, Entry(PLACE, "beta", "cure", "", None, "s", "c")])  # type: ignore[arg-type]
    assert store.entries("tiny") == ()


WRITER = """
import sys
from llador_core.shortlist import store
place = store.Place("tiny", "run-1", "flu")
for i in range(12):
    store.star(place, f"{sys.argv[1]}-{i}")
    store.annotate(place, "shared", f"{sys.argv[1]} {i}")
"""


def test_writers_side_by_side_lose_nothing() -> None:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, name], env=environment) for name in "abc"
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    assert set(drugs()) == {f"{name}-{i}" for name in "abc" for i in range(12)} | {"shared"}
    n_undone = 0
    while store.undo(PLACE):
        n_undone += 1
    assert n_undone == 3 * 12 * 2
    assert store.entries("tiny") == ()


def damaged(own_home: Path, content: bytes) -> Path:
    store.star(PLACE, "aspirin")
    file = own_home / "shortlist.sqlite"
    for log in own_home.glob("shortlist.sqlite-*"):
        log.unlink()
    file.write_bytes(content)
    return file


@pytest.mark.parametrize("content", [b"not a database at all" * 50, b"SQLite format 3\x00" * 90])
def test_a_damaged_file_is_told_and_left_as_it_is(own_home: Path, content: bytes) -> None:
    file = damaged(own_home, content)
    for action in (
        lambda: store.entries("tiny"),
        lambda: store.star(PLACE, "beta"),
        lambda: store.undo(PLACE),
    ):
        with pytest.raises(DataFormatError, match=r"is damaged .* left as it is"):
            action()
    assert file.read_bytes() == content


def test_a_newer_file_is_refused_and_left_as_it_is(own_home: Path) -> None:
    store.star(PLACE, "aspirin")
    with sqlite3.connect(own_home / "shortlist.sqlite") as opened:
        opened.execute("PRAGMA user_version = 99")
    opened.close()
    for action in (lambda: store.entries("tiny"), lambda: store.star(PLACE, "beta")):
        with pytest.raises(DataFormatError, match=r"newer version of LLaDoR \(format 99"):
            action()


def test_an_older_file_is_brought_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    store.star(PLACE, "aspirin", 2.0)
    next_step = ("ALTER TABLE entries ADD COLUMN reader TEXT NOT NULL DEFAULT ''",)
    monkeypatch.setattr(database, "MIGRATIONS", (*database.MIGRATIONS, next_step))
    assert drugs() == ["aspirin"]
    store.star(PLACE, "beta")
    assert drugs() == ["aspirin", "beta"]


def test_a_migration_that_fails_changes_nothing(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.star(PLACE, "aspirin")
    bad = ("ALTER TABLE entries ADD COLUMN reader TEXT", "ALTER TABLE nothing ADD COLUMN x TEXT")
    with monkeypatch.context() as patch:
        patch.setattr(database, "MIGRATIONS", (*database.MIGRATIONS, bad))
        with pytest.raises(sqlite3.OperationalError, match="nothing"):
            store.entries("tiny")
    assert drugs() == ["aspirin"]


def test_a_home_that_cannot_be_written_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLADOR_HOME", "/proc/nowhere")
    assert store.entries("tiny") == ()
    with pytest.raises(StorageError, match="set LLADOR_HOME"):
        store.star(PLACE, "aspirin")


def test_a_full_disk_is_told_and_leaves_what_was_there(monkeypatch: pytest.MonkeyPatch) -> None:
    store.star(PLACE, "aspirin")
    real = sqlite3.connect

    def nearly_full(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        opened = real(*args, **kwargs)
        (pages,) = opened.execute("PRAGMA page_count").fetchone()
        opened.execute(f"PRAGMA max_page_count = {pages}")
        return opened

    monkeypatch.setattr(sqlite3, "connect", nearly_full)
    many = [Entry(PLACE, f"drug{i}", None, "x" * 400, None, "s", "c") for i in range(50)]
    with pytest.raises(StorageError, match="the disk is full"):
        store.put(many)
    assert drugs() == ["aspirin"]


def test_a_file_in_use_is_waited_for_then_told(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.star(PLACE, "aspirin")
    monkeypatch.setattr(files, "WAIT_S", 0.05)
    holder = sqlite3.connect(own_home / "shortlist.sqlite", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError, match="try again"):
        store.star(PLACE, "beta")
    assert drugs() == ["aspirin"], "reading goes on meanwhile"
    holder.close()


def test_a_read_only_file_is_read(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.star(PLACE, "aspirin")
    real = files._prepare

    def refused(opened: sqlite3.Connection, path: Path, kind: files.Format) -> None:
        real(opened, path, kind)
        error = sqlite3.OperationalError("attempt to write a readonly database")
        error.sqlite_errorcode = sqlite3.SQLITE_READONLY
        raise error

    monkeypatch.setattr(files, "_prepare", refused)
    assert drugs() == ["aspirin"]
    with pytest.raises(StorageError, match="read-only"):
        store.star(PLACE, "beta")


def listed(graph: Graph) -> tuple[Entry, ...]:
    store.star(PLACE, "aspirin", 1.0)
    store.annotate(PLACE, "aspirin", NASTY)
    store.mark(Place("tiny", "run-2", "cold"), "beta", verdict="drop")
    return store.entries(graph.name)


def test_the_json_comes_back_as_it_went(tiny: Graph, own_home: Path) -> None:
    entries = listed(tiny)
    content = exchange.export_json(tiny, entries).encode()
    assert "For research only" in json.loads(content)["notice"]
    arrival = exchange.read_json(tiny, content, ())
    assert arrival.entries == entries
    assert (arrival.n_new, arrival.n_changed, arrival.n_same) == (2, 0, 0)
    (own_home / "shortlist.sqlite").unlink()
    store.put(arrival.entries)
    assert store.entries("tiny") == entries
    again = exchange.read_json(tiny, content, entries)
    assert (again.entries, again.n_same) == ((), 2)


def test_an_import_counts_what_differs(tiny: Graph) -> None:
    entries = listed(tiny)
    content = exchange.export_json(tiny, entries).encode()
    store.annotate(PLACE, "aspirin", "changed since")
    arrival = exchange.read_json(tiny, content, store.entries("tiny"))
    assert (arrival.n_new, arrival.n_changed, arrival.n_same) == (0, 1, 1)
    assert [entry.drug for entry in arrival.entries] == ["aspirin"]


def test_the_csv_says_whence_and_makes_notes_harmless(tiny: Graph) -> None:
    store.annotate(PLACE, "aspirin", "=HYPERLINK(1)\nnext")
    lines = exchange.export_csv(tiny, store.entries("tiny")).splitlines()
    head = [line for line in lines if line.startswith("# ")]
    assert "For research only" in head[0]
    assert f"# graph checksum: {tiny.checksum}" in head
    (row,) = csv.DictReader(io.StringIO("\n".join(lines[len(head) :])))
    assert row["note"] == "'=HYPERLINK(1) next"
    assert (row["drug"], row["disease_id"], row["run"]) == ("aspirin", "flu", "run-1")


def changed(content: str, **changes: Any) -> bytes:
    document = json.loads(content)
    if "entry" in changes:
        document["entries"][0] |= changes.pop("entry")
    return json.dumps(document | changes).encode()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"graph": "hetionet"}, "shortlist of graph 'hetionet', not of 'tiny'"),
        ({"format": "other"}, "is JSON but no shortlist"),
        ({"version": 2}, "format version 2, this LLaDoR reads 1"),
        ({"version": "x"}, "format version 'x'"),
        ({"entries": "none"}, "no list of entries"),
        ({"entries": [3, None]}, "of the 2 entries of this file, 2 are no entries"),
        ({"entry": {"drug": "gamma"}}, "of the 2 entries .* 1 name a drug that this graph lacks"),
        ({"entry": {"drug": "cold"}}, "1 name as a drug what is none"),
        ({"entry": {"disease": 7}}, "1 name a disease that this graph lacks"),
        ({"entry": {"verdict": "cure"}}, "1 have an unknown verdict"),
        ({"entry": {"verdict": ["drop"]}}, "1 have an unknown verdict"),
        ({"entry": {"note": "x" * 501}}, "1 have a note of more than 500"),
        ({"entry": {"note": None}}, "1 have a note of more than 500 characters or of no text"),
        ({"entry": {"run": "../../etc"}}, "1 name no run"),
        ({"entry": {"rank": 10**400}}, "1 have a rank"),
        ({"entry": {"rank": True}}, "1 have a rank"),
        ({"entry": {"starred": "yesterday"}}, "1 lack a date"),
    ],
)
def test_a_file_that_does_not_fit_is_told_and_brings_nothing(
    changes: dict[str, Any], words: str, tiny: Graph
) -> None:
    content = exchange.export_json(tiny, listed(tiny))
    with pytest.raises(DataFormatError, match=words):
        exchange.read_json(tiny, changed(content, **changes), ())


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"drug,note\n", b"[" * 100_000, b"3", b"x" * 5_000_000, b'{"a": NaN'],
)
def test_what_is_no_shortlist_at_all_is_told(content: bytes, tiny: Graph) -> None:
    with pytest.raises(LladorError, match=r"JSON|MB"):
        exchange.read_json(tiny, content, ())


def test_an_entry_that_stands_twice_is_told(tiny: Graph) -> None:
    document = json.loads(exchange.export_json(tiny, listed(tiny)))
    document["entries"] *= 2
    with pytest.raises(DataFormatError, match="2 stand in it twice"):
        exchange.read_json(tiny, json.dumps(document).encode(), ())


def test_another_version_of_the_graph_is_taken_where_all_ids_are_known(tiny: Graph) -> None:
    content = changed(exchange.export_json(tiny, listed(tiny)), graph_checksum="f" * 64)
    assert exchange.read_json(tiny, content, ()).is_other_version


def test_an_entry_the_graph_no_longer_has_is_shown_by_its_id(tiny: Graph) -> None:
    store.star(PLACE, "gone")
    assert "gone" in exchange.export_csv(tiny, store.entries("tiny"))
