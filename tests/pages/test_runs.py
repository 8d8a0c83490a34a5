"""The page of runs: the table, one run, several side by side, and what is done to them."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from llador_core import paths
from llador_core.graph import Graph
from llador_core.safeguard import similar
from llador_core.training import manage, runs
from llador_core.training.exchange.archive import to_zip
from llador_core.training.exchange.install import install
from llador_core.training.exchange.reading import Request, read_checkpoint
from llador_core.training.runs import RunInfo
from pages._ui import runs_import, runs_list, runs_manage

Open = Callable[..., AppTest]

FULL, NONE = "starter-distmult-full-62e765ac", "starter-distmult-none-ea823796"
TRANSE = "starter-transe-full-07804543"


def said(app: AppTest) -> str:
    """Everything the page says in words."""
    parts = [*app.markdown, *app.caption, *app.info, *app.warning, *app.error, *app.success]
    parts += [*app.title, *app.subheader, *app.header]
    return "\n".join(str(part.value) for part in parts).replace("\\", "")


def table(app: AppTest) -> list[dict[str, object]]:
    return app.dataframe[0].value.to_dict("records")


@pytest.fixture
def clean() -> Iterator[None]:
    """Nothing of the user's own before or after."""
    folder, trash = paths.runs_folders()[0], manage.trash_folder()
    for one in (folder, trash):
        shutil.rmtree(one, ignore_errors=True)
    yield
    for one in (folder, trash):
        shutil.rmtree(one, ignore_errors=True)


@pytest.mark.usefixtures("clean")
def test_the_table_lists_what_ships_with_figures(open_page: Open) -> None:
    app = open_page("runs")
    assert not app.exception
    rows = table(app)
    assert len(rows) == 9
    kinds = [(row["Model"], row["Prior"]) for row in rows]
    assert kinds == sorted(kinds)
    (own,) = (row for row in rows if row["Run"] == FULL)
    assert (own["Model"], own["Prior"], own["Kind"]) == ("DistMult", "full LLM prior", "Pretrained")
    assert str(own["MRR"]).startswith("0.7")
    assert "[" in str(own["Hits@10"])
    assert "No run ticked" in said(app)


@pytest.mark.usefixtures("clean")
def test_filters_narrow_the_table(open_page: Open) -> None:
    app = open_page("runs", model="TransE", prior="full LLM prior")
    assert [row["Run"] for row in table(app)] == [TRANSE]
    app = open_page("runs", kind="Yours")
    assert "No run passes these filters" in said(app)
    assert len(table(open_page("runs", kind="Pretrained", model="HAKE"))) == 9  # none offered


def test_one_run_in_detail(open_page: Open) -> None:
    app = open_page("runs", picked=FULL)
    assert not app.exception
    words = said(app)
    assert "DistMult, full LLM prior" in words
    assert "208 hidden pairs" in words
    assert "neither renamed nor deleted" in words
    assert "Where it comes from" in [box.label for box in app.expander]
    assert "Graph checksum" in words


def test_two_runs_side_by_side(open_page: Open) -> None:
    app = open_page("runs", picked=[FULL, NONE])
    assert not app.exception
    words = said(app)
    assert "ranks the hidden pairs better than DistMult, no prior" in words
    assert "Of 208 hidden pairs" in words
    settings = app.dataframe[-1].value
    assert settings["Setting"].tolist() == ["prior", "start"]
    turned = open_page("runs", picked=[FULL, NONE], against=NONE)
    assert "ranks the hidden pairs worse than" in said(turned)


def test_the_order_is_called_what_the_runs_are_ordered_by(
    open_page: Open, own_run: Path, starter: Graph
) -> None:
    for file in own_run.glob("safeguard.*"):
        file.unlink()
    tables = [np.zeros((len(ends), 1), np.float32) for ends in (starter.drugs, starter.diseases)]
    similar.save(similar.SimilarPairs(tables[0], tables[1], 1.0, {}), own_run)
    twin = own_run.with_name("starter-distmult-full-twin")
    shutil.copytree(own_run, twin)
    app = open_page("runs", picked=[own_run.name, twin.name])
    shutil.rmtree(twin)
    assert not app.exception
    order = app.segmented_control(key="order_pick")
    assert list(order.options) == ["With similar pairs", "Score alone"]


def test_diseases_are_listed_when_asked_for(open_page: Open) -> None:
    app = open_page("runs", picked=[FULL, TRANSE], **{"runs-diseases": "true"})
    assert not app.exception
    rows = app.dataframe[-1].value
    assert int((rows["Better"] + rows["Worse"] + rows["Alike"]).sum()) == 208


def imported(home: Path, name: str = "elsewhere") -> Path:
    """A run as if it had been trained elsewhere: the arrays of a shipped one."""
    from llador_core.data import load_graph
    from llador_core.training.exchange.export import export_run

    folder = home / "exported"
    shutil.rmtree(folder, ignore_errors=True)
    export_run(runs.load_run(FULL), folder, "dglke-npy")
    made = install(load_graph("starter"), read_checkpoint(Request(folder, "dglke-npy")), name=name)
    return made.folder


@pytest.mark.usefixtures("clean")
def test_a_run_from_elsewhere_says_what_it_cannot_tell(open_page: Open, home: Path) -> None:
    imported(home)
    app = open_page("runs", picked="elsewhere")
    assert not app.exception
    assert "may have seen every known treatment" in said(app)
    beside = open_page("runs", picked=[FULL, "elsewhere"])
    assert not beside.exception
    assert "was trained elsewhere on pairs nobody here knows" in said(beside)


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize(
    ("page", "more"),
    [
        ("case_study", {"step": "1"}),
        ("case_study", {"step": "2"}),
        ("case_study", {"step": "3"}),
        ("case_study", {"step": "5"}),
        ("candidates", {}),
        ("pair", {"drug": "memantine"}),
        ("neighbourhood", {}),
        ("embedding_shift", {"base": NONE}),
    ],
)
def test_every_page_works_with_a_run_from_elsewhere(
    open_page: Open, home: Path, page: str, more: dict[str, str]
) -> None:
    imported(home)
    app = open_page(page, run="elsewhere", **more)
    assert not app.exception
    assert not app.error
    if page in ("case_study", "candidates", "pair"):
        assert "Trained elsewhere" in said(app)
    if more.get("step") == "2":
        assert "none can be used to judge it" in said(app)


@pytest.mark.usefixtures("clean")
def test_a_report_of_a_run_from_elsewhere(home: Path) -> None:
    from llador_core import report
    from llador_core.data import load_graph

    imported(home)
    graph = load_graph("starter")
    case = report.gather(graph, runs.load_run("elsewhere"), graph.mapped("Disease::DOID:10652"))
    assert "none can be used to judge it" in report.to_html(case)
    assert report.to_docx(case)


@pytest.mark.usefixtures("clean", "fresh_cache")
def test_rename_delete_and_bring_back(open_page: Open, home: Path, default_run: RunInfo) -> None:
    shutil.copytree(default_run.folder, home / "runs" / "mine")
    app = open_page("runs", picked="mine")
    app.text_input(key="run-name-mine").set_value("a/b").run()
    app.button(key="run-rename").click().run()
    assert "cannot be the name of a run" in said(app)
    app.text_input(key="run-name-mine").set_value("best").run()
    app.button(key="run-rename").click().run()
    assert not app.exception
    assert "mine is now best" in said(app)
    assert "best" in [row["Run"] for row in table(app)]
    app.button(key="run-delete").click().run()
    assert "best is in the trash" in said(app)
    assert "best" not in [row["Run"] for row in table(app)]
    (key,) = [one.key for one in manage.list_deleted()]
    app.button(key=f"restore-{key}").click().run()
    assert "best is back" in said(app)
    assert "best" in [row["Run"] for row in table(app)]


@pytest.mark.usefixtures("clean")
def test_a_starred_drug_goes_on_under_the_new_name(
    open_page: Open, home: Path, default_run: RunInfo
) -> None:
    from llador_core.shortlist import store

    shutil.copytree(default_run.folder, home / "runs" / "mine")
    store.star(store.Place("starter", "mine", "Disease::DOID:10652"), "Compound::DB01043")
    app = open_page("runs", picked="mine")
    app.text_input(key="run-name-mine").set_value("best").run()
    app.button(key="run-rename").click().run()
    assert [one.drug for one in store.entries("starter", "best")] == ["Compound::DB01043"]
    assert store.entries("starter", "mine") == ()
    assert store.undo(store.Place("starter", "best", "Disease::DOID:10652")) is not None


@pytest.mark.usefixtures("clean", "fresh_cache")
def test_damaged_and_unfinished_runs_are_shown_with_their_sentence(
    open_page: Open, home: Path, default_run: RunInfo
) -> None:
    for name in ("damaged", "unfinished"):
        shutil.copytree(default_run.folder, home / "runs" / name)
    (home / "runs" / "damaged" / "metrics.json").write_text("{")
    (home / "runs" / "unfinished" / "run.json").unlink()
    app = open_page("runs")
    kinds = {row["Run"]: row["Kind"] for row in table(app)}
    assert kinds["damaged"] == "Damaged"
    assert kinds["unfinished"] == "Unfinished"
    assert "is unfinished" in said(open_page("runs", picked="unfinished"))
    both = open_page("runs", picked=["damaged", "unfinished", FULL])
    assert not both.exception
    assert "Comparing needs two finished runs" in said(both)


def test_an_unknown_run_in_the_address_is_no_error(open_page: Open) -> None:
    app = open_page("runs", picked="<b>no</b>")
    assert not app.exception
    assert "No run ticked" in said(app)


def test_an_unknown_graph_offers_the_nearest(open_page: Open) -> None:
    app = open_page("runs", graph="startr")
    assert not app.exception
    assert "There is no graph named" in said(app)


@pytest.mark.usefixtures("clean")
def test_a_graph_without_runs_says_how_to_come_by_one(open_page: Open, home: Path) -> None:
    folder = home / "graphs" / "mine"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "entities.tsv").write_text("id\tname\ttype\nc\tc\tCompound\nd\td\tDisease\n")
    (folder / "triples.tsv").write_text("head\trelation\ttail\nc\ttreats\td\n")
    try:
        app = open_page("runs", graph="mine")
        assert not app.exception
        assert "no run of this graph yet" in said(app)
        every = open_page("runs", graph="mine", every="true")
        assert len(table(every)) == 9
    finally:
        shutil.rmtree(folder)


class Uploaded(io.BytesIO):
    """A file as Streamlit hands it on."""

    def __init__(self, name: str, content: bytes) -> None:
        super().__init__(content)
        self.name = name


@pytest.mark.usefixtures("clean")
def test_a_zip_and_arrays_come_in(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen: dict[str, object] = {}
    monkeypatch.setattr(
        runs_import.state, "choose_many", lambda name, values: chosen.update({name: values})
    )
    monkeypatch.setattr(runs_import.st, "session_state", {})
    content = Uploaded("x.zip", to_zip(runs.load_run(FULL)))
    told = runs_import._import("starter", "zip", [content], "taken", {})
    assert told == "taken is here."
    assert chosen == {runs_list.PICKED: ["taken"]}
    folder = imported(home).parent.parent / "exported"
    files = [Uploaded(file.name, file.read_bytes()) for file in folder.iterdir()]
    settings = {"model": None, "margin": None, "treats": "", "split_of": FULL}
    told = runs_import._import("starter", "dglke-npy", files, "arrays", settings)
    assert told == "arrays is here: 4,203 entities matched."
    run = runs.load_run("arrays")
    hits = run.metrics["run"]["drug-ranking"]["metrics"]["Hits@10"]["value"]
    own = runs.load_run(FULL).metrics["run"]["drug-ranking"]["metrics"]["Hits@10"]["value"]
    assert hits == own


@pytest.mark.usefixtures("clean")
def test_a_bad_upload_leaves_nothing_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    session: dict[str, object] = {}
    monkeypatch.setattr(runs_manage.st, "session_state", session)
    bad = Uploaded("../../x.zip", b"no zip")
    runs_manage.attempt(lambda: runs_import._import("starter", "zip", [bad], "", {}))
    assert "no sound zip file" in str(session[runs_manage.PROBLEM])
    settings = {"model": "distmult", "margin": None, "treats": "", "split_of": None}
    runs_manage.attempt(lambda: runs_import._import("starter", "dglke-npy", [bad], "", settings))
    assert "*entity*.npy" in str(session[runs_manage.PROBLEM])
    assert not any(info.is_imported for info in runs.list_runs())


def test_what_is_taken_along_comes_back(default_run: RunInfo) -> None:
    from llador_core.training.overview import overview

    one = overview(default_run)
    with zipfile.ZipFile(io.BytesIO(runs_manage._exported(one, "llador-npy"))) as archive:
        names = archive.namelist()
        settings = json.loads(archive.read(f"{default_run.name}/settings.json"))
        with archive.open(next(n for n in names if n.endswith("_entity.npy"))) as file:
            entities = np.load(io.BytesIO(file.read()), allow_pickle=False)
    assert settings["model"] == default_run.model
    assert entities.shape == (4203, default_run.dim)
    assert runs_manage._exported(one, "zip") == to_zip(runs.load_run(default_run.name))
    assert not runs_manage._can_export(overview(RunInfo("x", Path("x"), model="hake")), "dglke-npy")


def test_candidates_show_what_three_runs_say_together(open_page: Open) -> None:
    app = open_page("candidates", order="raw")
    assert not app.exception
    rows = app.dataframe[0].value
    assert {"Consensus", "Range"} <= set(rows.columns)
    toggle = next(one for one in app.toggle if one.label == "Consensus of 3 runs")
    assert list(rows["Rank"]) == sorted(rows["Rank"])
    toggle.set_value(True).run()
    rows = app.dataframe[0].value
    assert list(rows["Consensus"]) == sorted(rows["Consensus"])
    assert list(rows["Rank"]) != sorted(rows["Rank"])
    assert list(rows.columns)[1:3] == ["Consensus", "Range"]


def test_a_pair_tells_its_consensus(open_page: Open) -> None:
    app = open_page("pair", drug="memantine", disease="Disease::DOID:10652")
    assert "of the 3 runs with these texts" in said(app)
