"""The shortlist on the pages: what is saved is shown, what cannot be is told, nothing is markup."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from llador_core.errors import StorageError
from llador_core.graph import Graph
from llador_core.shortlist import exchange, store
from llador_core.shortlist.store import Place
from llador_core.training.runs import RunInfo
from pages._ui import cached, lens, shortlist, table
from tests.pages.conftest import Open

ALZHEIMER = "Disease::DOID:10652"
DONEPEZIL = "Compound::DB00843"
MEMANTINE = "Compound::DB01043"
NASTY = "<script>x</script> **b** $y$ :tada: [a](http://e.vil) | \u202eZ"


@pytest.fixture
def place(default_run: RunInfo) -> Place:
    return Place("starter", default_run.name, ALZHEIMER)


@pytest.fixture(autouse=True)
def fresh_list(home: Path) -> Iterator[None]:
    """No list, not that of an earlier test either, and none left to later ones."""
    _forget(home)
    yield
    _forget(home)


def _forget(home: Path) -> None:
    for file in home.glob("shortlist.sqlite*"):
        file.unlink()


def told(app: AppTest) -> str:
    assert not app.exception
    return " ".join(str(e.value) for kind in (app.caption, app.markdown) for e in kind)


def unescaped(text: str) -> str:
    return text.replace("\\", "")


@pytest.mark.parametrize("page", ["candidates", "case_study"])
def test_an_empty_list_is_a_state_and_makes_no_file(page: str, open_page: Open, home: Path) -> None:
    app = open_page(page, shortlist="true")
    assert "Nothing is on it yet" in told(app)
    assert app.button(key="shortlist-undo").disabled
    assert not (home / "shortlist.sqlite").exists()
    if page == "candidates":
        assert "Shortlist" not in app.dataframe[0].value


def test_star_judge_and_note_from_the_card(open_page: Open, place: Place) -> None:
    app = open_page("candidates", drug=DONEPEZIL)
    app.button(key="shortlist-add").click().run()
    key = f"starter-{place.run}-{ALZHEIMER}-{DONEPEZIL}"
    app.segmented_control(key=f"verdict-{key}").set_value("need_data").run()
    app.text_area(key=f"note-{key}").set_value(NASTY).run()
    (entry,) = store.entries("starter")
    assert (entry.place, entry.drug, entry.verdict) == (place, DONEPEZIL, "need_data")
    assert "<script>" in entry.note
    assert entry.rank == 3

    again = open_page("candidates", drug=DONEPEZIL)  # another session, as after a restart
    shown = again.dataframe[0].value
    marks = dict(zip(shown["Id"], shown["Shortlist"], strict=True))
    assert marks.pop(DONEPEZIL) == "★ need data"
    assert set(marks.values()) == {""}
    assert again.segmented_control(key=f"verdict-{key}").value == "need_data"
    assert again.text_area(key=f"note-{key}").value == entry.note
    assert r"\<script\>" in told(again)
    assert "<script>" not in told(again).replace(r"\<script\>", "")
    assert "\u202e" not in told(again)

    again.button(key="shortlist-undo").click().run()
    assert store.entries("starter")[0].note == ""
    again.button(key="shortlist-remove").click().run()
    assert store.entries("starter") == ()
    again.button(key="shortlist-undo").click().run()
    assert [entry.drug for entry in store.entries("starter")] == [DONEPEZIL]


def test_a_verdict_can_be_taken_off_again(open_page: Open, place: Place) -> None:
    store.mark(place, DONEPEZIL, verdict="drop")
    app = open_page("candidates", drug=DONEPEZIL)
    key = f"verdict-starter-{place.run}-{ALZHEIMER}-{DONEPEZIL}"
    app.segmented_control(key=key).set_value(None).run()
    assert store.entries("starter")[0].verdict is None


def test_the_filter_is_in_the_address(open_page: Open, place: Place) -> None:
    store.star(place, DONEPEZIL)
    store.star(place, MEMANTINE)
    app = open_page("candidates", starred="true")
    assert set(app.dataframe[0].value["Id"]) == {DONEPEZIL, MEMANTINE}
    assert app.toggle(key="starred").proto.query_param_key == "starred"
    assert "No drug passes" in open_page("candidates", starred="true", status="New").info[0].value


def test_another_disease_or_run_has_another_list(open_page: Open, place: Place) -> None:
    store.star(Place("starter", "another-run", ALZHEIMER), DONEPEZIL)
    store.star(Place("starter", place.run, "Disease::DOID:14330"), DONEPEZIL)
    app = open_page("candidates")
    assert "Shortlist" not in app.dataframe[0].value
    assert "1 entry under other runs" in told(app)


def test_the_case_study_shows_the_list_where_the_address_says_so(
    open_page: Open, place: Place
) -> None:
    store.mark(place, DONEPEZIL, verdict="pursue")
    closed = open_page(step="3")
    assert "Donepezil" not in "".join(link.proto.label for link in closed.get("page_link"))
    app = open_page(step="3", shortlist="true")
    (link,) = [e for e in app.get("page_link") if "Donepezil" in e.proto.label]
    assert "pursue" in link.proto.label
    assert f"drug={DONEPEZIL}".replace(":", "%3A") in link.proto.query_string


def test_a_click_on_the_list_opens_the_card(open_page: Open, place: Place) -> None:
    store.star(place, DONEPEZIL)
    app = open_page("candidates")
    app.button(key=f"shortlist-open-{DONEPEZIL}").click().run()
    assert [s.value for s in app.subheader] == ["Donepezil"]


def test_a_drug_the_graph_no_longer_has_is_left_out(open_page: Open, place: Place) -> None:
    store.star(place, "Compound::gone")
    assert "Nothing is on it yet" in told(open_page("candidates"))


@pytest.mark.parametrize("page", ["candidates", "case_study"])
def test_a_damaged_file_is_told_and_the_page_goes_on(
    page: str, open_page: Open, home: Path
) -> None:
    (home / "shortlist.sqlite").write_bytes(b"nothing of the kind" * 99)
    app = open_page(page, drug=DONEPEZIL, shortlist="true")
    assert not app.exception
    assert not app.error
    assert "is damaged" in app.warning[0].value
    assert app.title


def test_what_cannot_be_saved_is_told_and_stays_in_the_box(
    open_page: Open, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.star(place, DONEPEZIL)
    app = open_page("candidates", drug=DONEPEZIL)
    key = f"note-starter-{place.run}-{ALZHEIMER}-{DONEPEZIL}"

    def full(*_: object) -> None:
        raise StorageError("The disk is full.")

    monkeypatch.setattr(store, "annotate", full)
    app.text_area(key=key).set_value("do not lose me").run()
    assert "disk is full" in app.warning[0].value
    assert app.text_area(key=key).value == "do not lose me"
    monkeypatch.undo()
    app.text_area(key=key).set_value("do not lose me!").run()
    assert not app.warning
    assert store.entries("starter")[0].note == "do not lose me!"


def test_an_exported_list_is_imported_and_taken_back(
    open_page: Open, place: Place, starter: Graph
) -> None:
    store.mark(place, DONEPEZIL, verdict="pursue")
    store.star(place, MEMANTINE)
    content = exchange.export_json(starter, store.entries("starter")).encode()
    while store.undo(place):
        pass
    app = open_page("candidates")
    app.file_uploader[0].set_value(("list.json", content, "application/json")).run()
    assert "2 entries: 2 new, 0 with another verdict" in unescaped(told(app))
    assert store.entries("starter") == ()
    app.button(key="shortlist-import").click().run()
    assert "2 entries were imported" in app.success[0].value
    assert {entry.drug for entry in store.entries("starter")} == {DONEPEZIL, MEMANTINE}
    app.button(key="shortlist-undo").click().run()
    assert store.entries("starter") == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"graph": "hetionet"}, "shortlist of graph 'hetionet', not of 'starter'"),
        ({"entries": [{"disease": "x"}] * 3}, "of the 3 entries of this file, 3 name a disease"),
    ],
)
def test_a_foreign_file_is_told(
    changes: dict[str, object], words: str, open_page: Open, starter: Graph
) -> None:
    document = json.loads(exchange.export_json(starter, ())) | changes
    app = open_page("candidates")
    content = json.dumps(document).encode()
    app.file_uploader[0].set_value(("list.json", content, "application/json")).run()
    assert not app.exception
    assert words in unescaped(app.error[0].value)
    assert not [b for b in app.button if b.key == "shortlist-import"]


def test_the_export_of_candidates_tells_the_shortlist(
    starter: Graph, default_run: RunInfo, place: Place
) -> None:
    store.mark(place, DONEPEZIL, verdict="drop")
    view = cached.view("starter", starter.mapped(ALZHEIMER), default_run)
    extras = [*lens.columns(lens.lens_of(view)), *shortlist.columns(shortlist.read(view))]
    text = table.to_csv(view, view.candidates[:3], "all", extras)
    head, *rows = [line for line in text.splitlines() if not line.startswith("#")]
    assert head.endswith(",shortlist")
    assert [row.rsplit(",", 1)[1] for row in rows] == ["", "", "drop"]
