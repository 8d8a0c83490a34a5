"""The page `train`: what is asked for, what is in line, at work, ended, and what is wrong."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from llador_core import jobs, paths
from llador_core.data import load_graph
from llador_core.graph import Graph
from llador_core.priors import slices
from llador_core.priors.vectors import load_vectors
from llador_core.training import queue, subgraph
from llador_core.training.folder import run_name
from llador_core.training.queue import Asked
from llador_core.training.runs import RunInfo
from tests.pages.conftest import Open

PAGE = "train"
ALZHEIMER = "Disease::DOID:10652"


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home of the test's own, without trainings."""
    monkeypatch.setenv("LLADOR_HOME", str(tmp_path))
    yield tmp_path
    for name in jobs.names():
        jobs.cancel(name)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str], dict[str, Any]]]:
    """What would have been started: nothing trains in these tests."""
    calls: list[tuple[str, list[str], dict[str, Any]]] = []

    def start(name: str, arguments: list[str], noted: dict[str, Any] | None = None) -> bool:
        calls.append((name, arguments, dict(noted or {})))
        return True

    monkeypatch.setattr(jobs, "start", start)
    return calls


def noted(graph: Graph, prior: str = "full", group: str = "", **more: Any) -> dict[str, Any]:
    asked = Asked(graph.name, "distmult", prior)
    run = run_name(graph, asked.config(graph))
    told = {"graph": graph.name, "model": "distmult", "prior": prior, "recipe": "llador"}
    return told | {"settings": [], "device": "cpu", "run": run, "group": group} | more


def line(step: int, mrr: float, **more: Any) -> str:
    told = {"step": step, "steps": 1500, "loss": 2 - step / 1000, "valid_mrr": mrr, "seconds": 3.0}
    return json.dumps(told | {"is_validated": True, "triples_per_s": 9e4, "eta_s": 7.0} | more)


def write_curve(run: str, n: int = 4) -> None:
    folder = paths.make_folder(paths.home() / "runs" / run)
    lines = [line(150 * i, 0.1 * i) for i in range(1, n + 1)]
    (folder / "progress.jsonl").write_text("\n".join(lines) + "\n" + '{"step": 9')


def ended(graph: Graph, prior: str = "full", log: str = "", **last: Any) -> dict[str, Any]:
    """Leave a training that ended; return what was noted of it."""
    told = noted(graph, prior, **{k: last.pop(k) for k in ("group", "disease") if k in last})
    folder = paths.make_folder(jobs.folder_of(queue.job_of(told["run"])))
    said = {"time": time.time(), "share": 0.3, "words": "Training"} | last
    (folder / jobs.PROGRESS).write_text(json.dumps(said) + "\n")
    (folder / jobs.LOG).write_text(log)
    (folder / "request.json").write_text(json.dumps(told | {"arguments": ["train"], "asked": 1.0}))
    write_curve(told["run"])
    return told


def words(app: AppTest) -> str:
    shown = [*app.markdown, *app.caption, *app.info, *app.error, *app.warning]
    return " ".join(element.value for element in shown).replace("\\", "")


def buttons(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def open_ok(open_page: Open, **params: str) -> AppTest:
    app = open_page(PAGE, **params)
    assert not app.exception
    return app


def test_without_a_training_there_is_a_form_and_what_it_takes(open_page: Open) -> None:
    app = open_ok(open_page)
    assert app.title[0].value == "Train on LLaDoR starter graph"
    assert app.button(key="train_start").label == "Start training (2 runs)"
    assert "of memory; a GPU is faster" in words(app)
    assert not app.get("echarts_chart")
    assert dict(app.query_params) == {}, "opening the page changes no address"


def test_what_the_address_asks_for_is_what_starts(
    open_page: Open, starter: Graph, started: list[Any]
) -> None:
    asked = {"model": "rotate", "prior": "shuffled", "recipe": "paper", "dim": "64", "seed": "3"}
    app = open_ok(open_page, **asked, set="margin=9\nlr=0.01", split="disease", device="cpu")
    assert app.selectbox(key="train_prior").value == "shuffled"
    assert app.number_input(key="train_dim").value == 64
    app.button(key="train_start").click().run()
    [(name, arguments, told)] = started
    settings = ("dim=64", "seed=3", "split=disease", "margin=9", "lr=0.01")
    wanted = Asked("starter", "rotate", "shuffled", "paper", settings, "cpu")
    config = wanted.config(starter)
    assert (config.dim, config.seed, config.margin, config.mix) == (64, 3, 9, 0.6)
    assert name == f"train-{run_name(starter, config)}"
    assert [a for a in wanted.arguments() if a not in arguments] == []
    assert "--resume" in arguments
    assert "--device=cpu" in arguments
    assert told["run"] == run_name(starter, config)


def test_two_to_compare_are_trained_one_after_the_other(
    open_page: Open, started: list[Any]
) -> None:
    app = open_ok(open_page, what="pair", prior="mechanism", against="none", steps="200")
    app.button(key="train_start").click().run()
    assert [told["prior"] for _, _, told in started] == ["none", "mechanism"]
    assert len({told["group"] for _, _, told in started}) == 1
    assert all("--set=steps=200" in arguments for _, arguments, _ in started)


def test_widgets_write_the_address_and_defaults_leave_it(open_page: Open) -> None:
    app = open_ok(open_page)
    app.selectbox(key="train_model").set_value("complex").run()
    app.number_input(key="train_steps").set_value(700).run()
    assert {name: app.query_params[name] for name in app.query_params} == {
        "model": "complex",
        "steps": "700",
    }
    app.selectbox(key="train_model").set_value("distmult").run()
    app.number_input(key="train_steps").set_value(None).run()
    assert not dict(app.query_params)


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"model": "rotat"}, "There is no model named 'rotat'. Did you mean 'rotate'"),
        ({"prior": "fulll"}, "There is no prior named 'fulll'. Did you mean 'full'"),
        ({"graph": "nowhere"}, "There is no graph named 'nowhere'"),
        ({"dim": "5"}, "dim must be from 8 to 4096, found 5"),
        ({"dim": "many"}, "dim must be of type int, found 'many'"),
        ({"set": "mx=0.3"}, "has no setting 'mx'. Did you mean 'mix'"),
        ({"set": "margin 9"}, "'margin 9' is not a setting. Write it as key=value"),
        ({"model": "rotate", "dim": "9"}, "needs an even dim"),
        ({"what": "everything"}, "There is no what to train named 'everything'"),
        ({"device": "tpu"}, "There is no device named 'tpu'"),
        ({"texts": "../../etc"}, "There is no texts named '../../etc'"),
    ],
)
def test_what_cannot_be_asked_for_is_one_sentence(
    open_page: Open, params: dict[str, str], expected: str
) -> None:
    app = open_ok(open_page, **params)
    [box] = [*app.error, *app.info]
    assert expected in box.value.replace("\\", "").replace("\u2060", "")
    assert "Start training (2 runs)" not in buttons(app)


def test_a_training_at_work_shows_its_curve_and_time_left(open_page: Open, starter: Graph) -> None:
    told = noted(starter)
    write_curve(told["run"])
    with jobs.reporting(queue.job_of(told["run"]), noted=told) as tell:
        tell(0.22, "Training")
        app = open_ok(open_page, prior="full")
        assert "full LLM prior** · :material/progress_activity: at work" in words(app)
        assert {m.label: m.value for m in app.metric} == {
            "Step": "600 of 1,500",
            "Loss": "1.400",
            "Validation MRR": "0.400",
            "Triples a second": "90,000",
            "Time so far": "3 s",
        }
        [progress] = app.get("progress")
        assert progress.proto.text.startswith("Training · about 15 s left")
        assert len(app.get("echarts_chart")) == 2
        spec = json.loads(app.get("echarts_chart")[0].proto.spec)
        assert "step 600 of 1,500" in app.get("echarts_chart")[0].proto.alt
        assert spec["series"][0]["name"] == "full LLM prior"
        assert app.button(key="train_start").disabled, "the run is being trained already"
        assert "is in line or at work" in words(app)


def test_who_waits_has_a_place_and_can_leave_the_line(open_page: Open, starter: Graph) -> None:
    told = [noted(starter, prior) for prior in ("none", "full", "mechanism")]
    with ExitStack() as stack:
        for i, one in enumerate(told):
            name = queue.job_of(one["run"])
            tell = stack.enter_context(jobs.reporting(name, noted=one))
            tell(0.1, "Training" if i == 0 else queue.WAITING)
            time.sleep(0.01)
        app = open_ok(open_page)
        assert (
            "mechanism texts only** · :material/hourglass_top: waiting, 2nd in line for the CPU"
            in (words(app))
        )
        assert buttons(app).count("Take out of the line") == 2


def test_a_failed_training_shows_why_its_last_lines_and_a_way_on(
    open_page: Open, starter: Graph, started: list[Any]
) -> None:
    log = "step 300\nTraceback (most recent call last):\nRuntimeError: CUDA out of memory."
    told = ended(starter, log=log)
    app = open_ok(open_page)
    assert "The memory of the GPU does not suffice. Lower batch_size" in words(app)
    assert "RuntimeError: CUDA out of memory." in app.get("code")[0].value
    assert len(app.get("echarts_chart")) == 2, "how far it came is still seen"
    app.button(key=f"resume-train-{told['run']}").click().run()
    assert [(name, arguments) for name, arguments, _ in started] == [
        (queue.job_of(told["run"]), ["train"])
    ]


def test_a_cancelled_training_can_be_dismissed(open_page: Open, starter: Graph) -> None:
    told = ended(starter, problem="The computation was cancelled.", is_cancelled=True)
    app = open_ok(open_page)
    assert "Its last checkpoint is kept" in words(app)
    app.button(key=f"dismiss-train-{told['run']}").click().run()
    assert not app.exception
    assert jobs.names() == []
    assert (paths.home() / "runs" / told["run"] / "progress.jsonl").is_file(), "the run stays"


def test_finished_trainings_lead_to_the_pages_that_compare_them(
    open_page: Open, starter: Graph, default_run: RunInfo
) -> None:
    for prior in ("none", "full"):
        told = ended(starter, prior, share=1.0, words="Done", group="g", disease=ALZHEIMER)
        metrics = (default_run.folder / "metrics.json").read_bytes()
        (paths.home() / "runs" / told["run"] / "metrics.json").write_bytes(metrics)
    app = open_ok(open_page)
    assert "Among the first 10 drugs stand" in words(app)
    links = {link.label: link.proto.query_string for link in app.get("page_link")}
    case = links["Case study: full LLM prior against the other"]
    assert f"run={told['run']}" in case
    assert "disease=Disease" in case
    assert "base=starter-distmult-none" in links["What moved between them"]
    assert app.dataframe[0].value["Run"].tolist() == ["no prior", "full LLM prior"]
    others = [d for d in app.get("page_link") if d.label == "Open its case study"]
    assert not others, "their run.json is not there: they can be trained again"


def test_the_demo_makes_its_surroundings_and_starts_both(
    open_page: Open, starter: Graph, started: list[Any], own_home: Path
) -> None:
    app = open_ok(open_page, what="demo", size="2000", disease=ALZHEIMER)
    app.button(key="train_start").click().run()
    assert not app.exception
    name = subgraph.default_name(starter, starter.mapped(ALZHEIMER), 2000)
    assert [(t["graph"], t["prior"], t["disease"]) for _, _, t in started] == [
        (name, "none", ALZHEIMER),
        (name, "full", ALZHEIMER),
    ]
    assert (own_home / "graphs" / name / "triples.tsv").is_file()
    first = started[0][2]["run"]
    for _, _, told in started:  # done before: another seed, or there would be nothing to watch
        paths.make_folder(own_home / "runs" / told["run"])
        (own_home / "runs" / told["run"] / "run.json").write_text("{}")
    started.clear()
    app.button(key="train_start").click().run()
    assert ["seed=1" in told["settings"] for _, _, told in started] == [True, True]
    assert started[0][2]["run"] != first


def test_a_graph_without_treatments_says_so(open_page: Open, own_home: Path) -> None:
    folder = paths.make_folder(own_home / "graphs" / "bare")
    (folder / "entities.tsv").write_text("id\tname\ttype\na\tA\tGene\nb\tB\tGene\n")
    (folder / "triples.tsv").write_text("head\trelation\ttail\na\tbinds\tb\n")
    app = open_ok(open_page, graph="bare")
    assert "has 0 treated drug-disease pairs" in words(app)
    assert "train_start" not in [button.key for button in app.button]


def test_a_prior_without_vectors_names_the_command(open_page: Open, own_home: Path) -> None:
    name = subgraph.make_subgraph(*_starter_and_disease(), 1000, "part")
    (own_home / "graphs" / name / "vectors.safetensors").unlink()
    app = open_ok(open_page, graph="part", what="one")
    assert "has no text vectors yet" in words(app)
    assert not open_ok(open_page, graph="part", what="one", prior="none").info


def test_a_prior_that_covers_little_is_told_with_the_number(
    open_page: Open, own_home: Path
) -> None:
    graph, disease = _starter_and_disease()
    kept = subgraph.members(graph, disease, 1000)
    name = subgraph.make_subgraph(graph, disease, 1000, "part")
    folder = own_home / "graphs" / name
    lines = (folder / "priors.jsonl").read_text().splitlines()[:9]
    (folder / "priors.jsonl").write_text("\n".join(lines) + "\n")
    part = load_graph(name)
    slices.write_vectors(  # of the texts that are left
        folder / "vectors.safetensors",
        load_vectors(graph),
        kept,
        part,
        paths.checksum(folder / "priors.jsonl"),
    )
    app = open_ok(open_page, graph=name, what="one", prior="full")
    [warning] = app.warning
    assert f"Only 9 of {part.n_entities} entities" in warning.value.replace("\\", "")
    assert not app.button(key="train_start").disabled, "a warning, not a refusal"


def _starter_and_disease() -> tuple[Graph, int]:
    graph = load_graph("starter")
    return graph, graph.mapped(ALZHEIMER)


def test_the_page_of_an_unwritable_home_says_what_to_do(
    open_page: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file")
    monkeypatch.setenv("LLADOR_HOME", str(blocked))
    app = open_ok(open_page, what="one", prior="none")
    app.button(key="train_start").click().run()
    assert "set LLADOR_HOME" in words(app)
    assert blocked.read_text() == "a file"


def test_a_training_is_measured_before_it_starts(
    open_page: Open, starter: Graph, started: list[Any]
) -> None:
    app = open_ok(open_page, what="one", prior="none", steps="200")
    app.button(key="train_measure").click().run()
    [(name, arguments, _)] = started
    assert {"--dry-run", "--json", f"--job={name}", "--set=steps=200"} <= set(arguments)
    folder = paths.make_folder(jobs.folder_of(name))
    said = {"time": time.time(), "share": 1.0, "words": "Done"}
    (folder / jobs.PROGRESS).write_text(json.dumps(said) + "\n")
    told = {"run": "x", "seconds": 75.2, "memory": {"on_device_mb": 812.0}}
    (folder / jobs.LOG).write_text("a warning\n" + json.dumps(told, indent=1) + "\n")
    app.run()
    assert "Measured here: **75 s** and **0.8 GB** for no prior" in words(app)
    (folder / jobs.LOG).write_text("llador: This training needs about 90 GB of memory.")
    (folder / jobs.PROGRESS).write_text(json.dumps(said | {"share": 0.1}) + "\n")
    app.run()
    assert "needs about 90 GB of memory" in words(app)
    assert not app.exception
