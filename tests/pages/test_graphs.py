"""The page of graphs: what is here, what is in one, importing one's own, and everything wrong."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from llador_core import jobs, paths
from llador_core.__main__ import main
from llador_core.data import load_graph, own_folder, specs
from llador_core.paths import REPOSITORY
from tests.builders import write_run_config
from tests.pages.conftest import Open

TABLE = """\
subject_id,subject_type,predicate,object_id,object_type
DB1,Drug,indication,D1,Disorder
DB2,Drug,indication,D2,Disorder
DB1,Drug,knows *all*,G1,Gene
"""


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home and a raw folder of this test's own, with a table in it."""
    (tmp_path / "raw").mkdir()
    monkeypatch.setenv("LLADOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LLADOR_RAW", str(tmp_path / "raw"))
    (tmp_path / "raw" / "table.csv").write_text(TABLE, "utf-8")
    return tmp_path


@pytest.fixture
def mine(own_home: Path) -> str:
    """A graph of one's own, named `mine`, with a title that would be Markdown."""
    file = str(own_home / "raw" / "table.csv")
    assert main(["import-graph", file, "--name=mine", "--title=<b>Ours</b> *now*"]) == 0
    return "mine"


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def words(app: AppTest) -> str:
    shown = [*app.markdown, *app.caption, *app.subheader, *app.success, *app.info]
    return "\n".join(str(one.value) for one in [*shown, *app.warning, *app.error])


def test_with_the_built_in_graph_alone_the_others_can_be_fetched(open_page: Open) -> None:
    app = open_page("graphs")
    assert not app.exception
    assert [one.value for one in app.subheader] == [
        "LLaDoR starter graph",
        r"Hetionet v1\.0",
        r"Graph in DRKG\'s format",
        "PrimeKG",
    ]
    fetches = [label for label in labels(app) if label.startswith("Fetch")]
    assert fetches == ["Fetch (15 MB)", "Fetch (217 MB)", "Fetch (about 940 MB)"]
    assert "1 graph here" in words(app)
    for spec in specs.GRAPHS.values():
        assert spec.licence.split()[0].strip("'s") in words(app)


def test_a_running_fetch_shows_its_progress_and_can_be_cancelled(open_page: Open) -> None:
    with jobs.reporting("fetch-hetionet") as report:
        report(0.25, "Downloading nodes: 1 of 4 MB")
        app = open_page("graphs")
        assert not app.exception
        assert "cancel-hetionet" in [button.key for button in app.button]
        assert "fetch-hetionet" not in [button.key for button in app.button]
    app.run()
    assert "fetch-hetionet" in [button.key for button in app.button]


def test_a_failed_fetch_says_why_and_can_go_on(open_page: Open, own_home: Path) -> None:
    part = paths.home() / "raw" / "hetionet" / "hetionet-v1.0-edges.sif.gz.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"half")
    with pytest.raises(SystemExit), jobs.reporting("fetch-hetionet"):
        raise SystemExit(143)
    app = open_page("graphs")
    assert "was cancelled" in words(app)
    assert "What came so far is kept" in words(app)
    assert "Go on fetching (15 MB)" in labels(app)
    app.button(key="remove-files-hetionet").click().run()
    assert not part.exists()
    assert any("freed" in one.value for one in app.success)


def test_what_is_in_the_built_in_graph_is_told(open_page: Open) -> None:
    app = open_page("graphs", view="Contents")
    assert not app.exception
    assert {m.label: m.value for m in app.metric} == {
        "Entities": "4,203",
        "Triples": "21,174",
        "Relations": "15",
        "Treated pairs": "1,041",
        "Median edges": "6",
    }
    types, relations = (frame.value for frame in app.dataframe[:2])
    assert list(types.columns) == ["Type", "Entities", "Edges", "With a name", "With LLM text"]
    assert types["Entities"].sum() == 4_203
    assert relations["Triples"].sum() == 21_174
    assert "treats" in set(relations["Role"])
    [chart] = app.get("plotly_chart")
    assert "half have" in chart.proto.alt
    hubs = [link for link in app.get("page_link") if "entity=" in link.proto.query_string]
    assert len(hubs) == 12


def test_the_command_line_tells_the_same(
    open_page: Open, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["graphs", "--graph=starter", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    app = open_page("graphs", view="Contents")
    shown = {m.label: m.value for m in app.metric}
    assert shown["Treated pairs"] == f"{told['n_treated_pairs']:,}"
    assert [row["name"] for row in told["relations"]] == list(app.dataframe[1].value["Relation"])
    assert len(told["hubs"]) == 10


def test_a_graph_that_is_not_here_leads_to_where_it_can_be_fetched(open_page: Open) -> None:
    app = open_page("graphs", view="Contents", graph="hetionet")
    assert not app.exception
    assert "not here yet" in words(app)
    app.button(key="to-library").click().run()
    assert "Fetch (15 MB)" in labels(app)


def test_a_large_graph_is_read_in_the_background(
    open_page: Open, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample = REPOSITORY / "tests" / "data" / "primekg_sample" / "kg.csv"
    (own_home / "raw" / "kg.csv").write_bytes(sample.read_bytes())
    monkeypatch.setattr("pages._ui.graphs_contents.LARGE_BYTES", 10)
    app = open_page("graphs", view="Contents", graph="primekg")
    assert "has not been read yet" in words(app)
    assert "Read it" in labels(app)


def test_an_unknown_graph_is_a_box_with_the_nearest_names(open_page: Open) -> None:
    app = open_page("graphs", view="Contents", graph="hetionett")
    assert not app.exception
    assert "hetionet" in labels(app)


def test_ones_own_graph_is_shown_harmless_and_deleted_after_a_second_yes(
    open_page: Open, mine: str
) -> None:
    app = open_page("graphs", graph=mine)
    assert not app.exception
    assert r"\<b\>Ours\<\/b\> \*now\*" in [one.value for one in app.subheader]
    assert "5 entities, 3 triples" in words(app)
    assert app.button(key="remove-own-mine").disabled
    app.checkbox(key="sure-mine").check().run()
    app.button(key="remove-own-mine").click().run()
    assert not app.exception
    assert own_folder(mine) is None
    assert "graph" not in dict(app.query_params)
    assert any("freed" in one.value for one in app.success)


def test_deleting_names_the_runs_that_need_it_and_waits_for_jobs(
    open_page: Open, mine: str
) -> None:
    run = paths.home() / "runs" / "mine-distmult-none-0"
    run.mkdir(parents=True)
    write_run_config(run, mine)
    app = open_page("graphs")
    assert r"mine\-distmult\-none\-0" in words(app)
    app.checkbox(key="sure-mine").check().run()
    with jobs.reporting("train-mine-distmult"):
        app.button(key="remove-own-mine").click().run()
    assert "is in use by train" in words(app)
    assert own_folder(mine) is not None


def test_contents_of_ones_own_graph_tell_how_it_was_imported(open_page: Open, mine: str) -> None:
    app = open_page("graphs", view="Contents", graph=mine)
    assert not app.exception
    assert r"3 rows read\, 3 kept" in words(app)
    assert app.dataframe[1].value["Relation"].iloc[0] == "indication"


def test_a_graph_without_treatments_is_told_so(open_page: Open, own_home: Path) -> None:
    (own_home / "raw" / "table.csv").write_text("a,knows,b\nc,knows,b\n", "utf-8")
    assert main(["import-graph", str(own_home / "raw" / "table.csv"), "--name=plain"]) == 0
    app = open_page("graphs", view="Contents", graph="plain")
    assert not app.exception
    assert "no drug can be ranked" in words(app)


def test_importing_begins_empty_and_shows_what_it_guesses(open_page: Open, own_home: Path) -> None:
    app = open_page("graphs", view="Import")
    assert not app.exception
    assert "import" not in [button.key for button in app.button]
    app.selectbox(key="triples-here").select(own_home / "raw" / "table.csv").run()
    assert not app.exception
    assert {box.label: box.value for box in app.selectbox if box.label in ("Head", "Tail")} == {
        "Head": "subject_id",
        "Tail": "object_id",
    }
    assert "3 rows, 5 columns, separated by commas, with a row of names" in words(app)
    assert "1 of 2 relations have no role" in words(app)
    assert app.button(key="import").label == "Import as table"
    app.text_input(key="name-table").set_value("../evil").run()
    assert "cannot be the name of a graph" in words(app)
    assert "import" not in [button.key for button in app.button]


def test_a_bad_table_is_one_sentence_on_the_page(open_page: Open, own_home: Path) -> None:
    (own_home / "raw" / "two.csv").write_text("a,b\nc,d\n", "utf-8")
    (own_home / "raw" / "bytes.tsv").write_bytes(b"a\tb\tc\n\xff\tb\tc\n")
    for name, sentence in (("two.csv", "2 columns"), ("bytes.tsv", "UTF\\-8")):
        app = open_page("graphs", view="Import")
        app.selectbox(key="triples-here").select(own_home / "raw" / name).run()
        assert not app.exception
        assert sentence in words(app)


def test_an_import_runs_as_a_job_and_ends_with_ways_on(open_page: Open, own_home: Path) -> None:
    app = open_page("graphs", view="Import")
    app.selectbox(key="triples-here").select(own_home / "raw" / "table.csv").run()
    app.text_input(key="title").set_value("My graph").run()
    app.button(key="import").click().run()
    assert not app.exception
    assert app.query_params["imported"] in ("table", ["table"])
    until = time.monotonic() + 60
    while jobs.follow("import-table").state == "running" and time.monotonic() < until:
        time.sleep(0.1)
    assert jobs.follow("import-table").state == "done", jobs.follow("import-table").problem
    assert {r.name: r.role for r in load_graph("table").relations} == {
        "indication": "treats",
        "knows *all*": None,
    }
    app.run()
    assert "**My graph** is here: 5 entities, 3 triples" in words(app)
    assert (own_home / "raw" / "table.csv").is_file()  # it is the reader's, not an upload
    app.button(key="imported-inside").click().run()
    assert not app.exception
    assert app.metric[0].value == "5"


def test_an_uploaded_table_goes_once_it_is_imported(own_home: Path) -> None:
    upload = paths.home() / "uploads" / "1" / "t.csv"
    upload.parent.mkdir(parents=True)
    upload.write_text(TABLE, "utf-8")
    assert main(["import-graph", str(upload), "--name=up", "--consume"]) == 0
    assert not upload.exists()


def test_only_tables_are_offered(own_home: Path) -> None:
    from pages._ui import graphs_source

    raw = own_home / "raw"
    (raw / "deep" / "deeper").mkdir(parents=True)
    for name in ("a.tsv.gz", "deep/b.parquet", "notes.md", ".hidden.csv", "deep/deeper/c.csv"):
        (raw / name).write_text("x", "utf-8")
    found = [file.relative_to(raw).as_posix() for file in graphs_source.tables_here()]
    assert found == ["a.tsv.gz", "table.csv", "deep/b.parquet"]
