"""The command line as a person or a script meets it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from llador_core.__main__ import main
from tests.core.training.conftest import write_graph

FAST = [
    f"--set={s}"
    for s in ("dim=16", "steps=20", "batch_size=64", "n_negatives=16", "validate_every=10")
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LLADOR_HOME", str(tmp_path / "home"))
    return write_graph(tmp_path / "mine")


def answer(capsys: pytest.CaptureFixture[str]) -> object:
    """Return stdout as the one JSON document that it must be."""
    return json.loads(capsys.readouterr().out)


def test_from_a_folder_to_a_ranking(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph = ["--graph", str(folder)]
    assert main(["train", *graph, "--model", "rotate", *FAST, "--json"]) == 0
    trained = answer(capsys)
    assert main(["runs", *["--graph", "mine"], "--json"]) == 0
    assert [run["name"] for run in answer(capsys)] == [trained["run"]]
    run = ["--run", trained["run"]]
    assert main(["evaluate", *run, *graph, "--json"]) == 0
    report = answer(capsys)
    assert report["protocols"] == trained["metrics"]["run"]
    assert report["baselines"] == trained["metrics"]["baselines"]
    assert main(["evaluate", *run, *graph, "--protocol", "drug-ranking"]) == 0
    table = capsys.readouterr().out
    assert "this run" in table
    assert "popularity" in table
    assert "held-out contraindications beside the treatments" in table
    assert main(["evaluate", *run, *graph, "--order", "combined", "--json"]) == 0
    told = answer(capsys)
    assert told["order"] == "combined"
    assert 0 <= told["incompatibility"]["metrics"]["AUC"]["value"] <= 1
    assert main(["rank", *run, *graph, "--disease", "Disease::3", "--top", "4", "--json"]) == 0
    ranking = answer(capsys)
    assert [row["rank"] for row in ranking["candidates"]] == [1, 2, 3, 4]
    wanted = {"rank", "id", "name", "score", "percentile", "status", "degree"}
    assert wanted | {"prior_names_it", "contraindicated"} <= set(ranking["candidates"][0])
    assert main(["rank", *run, *graph, "--drug", "drug 5"]) == 0
    assert "For research only" in capsys.readouterr().out


def test_rank_can_be_corrected_for_hubs(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["rank", "--disease", "AD", "--correct-hubs"]
    assert main([*asked, "--json"]) == 0
    rows = answer(capsys)["candidates"]
    assert [row["corrected_rank"] for row in rows] == sorted(row["corrected_rank"] for row in rows)
    assert [row["rank"] for row in rows] != sorted(row["rank"] for row in rows)
    assert sum(row["top_50_share"] for row in rows) == pytest.approx(50, abs=0.05)
    assert main([*asked, "--top", "2"]) == 0
    assert "top 50 of" in capsys.readouterr().out
    assert main(["rank", "--drug", "donepezil", "--correct-hubs"]) == 2
    assert "ask with --disease" in capsys.readouterr().err


def test_rank_without_a_run_takes_the_best_shipped_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rank", "--disease", "AD", "--top", "3", "--json"]) == 0
    ranking = answer(capsys)
    assert ranking["disease"]["name"] == "Alzheimer's disease"
    assert ranking["candidates"][0]["shift"] is not None
    assert ranking["order"] == "combined"
    assert ranking["candidates"][0]["caution"] in ("no sign", "some", "strong")
    assert main(["rank", "--disease", "AD", "--top", "3", "--json", "--order", "raw"]) == 0
    raw = answer(capsys)
    assert raw["order"] == "raw"
    assert [c["rank"] for c in raw["candidates"]] == [c["raw_rank"] for c in raw["candidates"]]


def test_graphs_lists_what_is_here(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["graphs", "--json"]) == 0
    here = {graph["name"]: graph["is_here"] for graph in answer(capsys)}
    assert here["starter"] is True
    assert "hetionet" in here


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["rank", "--disease", "Alzhimer disease"], "Did you mean 'Alzheimer's disease'"),
        (["rank", "--drug", "donepezill"], "donepezil"),
        (["rank", "--disease", "x", "--graph", "startr"], "'starter'"),
        (["rank", "--disease", "AD", "--run", "starter-distmult"], "There is no run named"),
        (["train", "--model", "distmul"], "Did you mean 'distmult'"),
        (["train", "--prior", "mechanisms"], "Did you mean 'mechanism'"),
        (["train", "--recipe", "papr"], "Did you mean 'paper'"),
        (["train", "--set", "mx=1"], "Did you mean 'mix'"),
        (["train", "--set", "mix=7"], "mix must be from 0 to 1, found 7"),
        (["train", "--split", "pears"], "Choose 'pair'"),
        (["evaluate", "--run", "nothing", "--protocol", "x"], "There is no run named 'nothing'"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(
    argv: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(argv) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert len(captured.err.strip().splitlines()) == 1


def test_a_home_that_cannot_be_made_is_a_sentence(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    blocked = folder.parent / "blocked"
    blocked.write_text("a file")
    monkeypatch.setenv("LLADOR_HOME", str(blocked / "home"))
    assert main(["train", "--graph", str(folder), *FAST]) == 2
    assert "set LLADOR_HOME to a folder you can write to" in capsys.readouterr().err
    assert blocked.read_text() == "a file"


@pytest.mark.parametrize("after_s", [1.5, 2.5])
def test_killed_training_resumes(folder: Path, after_s: float) -> None:
    settings = [f"--set={s}" for s in ("dim=64", "steps=900", "validate_every=300")]
    command = [sys.executable, "-m", "llador_core", "train", "--graph", str(folder), *settings]
    child = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    time.sleep(after_s)
    child.send_signal(signal.SIGKILL)
    child.wait()
    runs = Path(os.environ["LLADOR_HOME"]) / "runs"
    left = list(runs.iterdir()) if runs.is_dir() else []
    listing = subprocess.run(
        [sys.executable, "-m", "llador_core", "runs", "--graph", "mine", "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    states = {run["name"]: run for run in json.loads(listing.stdout)}
    for run in left:
        state = states.get(run.name)
        assert state is None or state["is_finished"] or "--resume" in state["problem"]
    finished = any(state["is_finished"] for state in states.values())
    done = subprocess.run([*command, "--resume"], capture_output=True, text=True, check=False)
    assert done.returncode == (2 if finished else 0), done.stderr
