"""The commands `subgraph`, `jobs` and `train --queue`: their documents, and what they refuse."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from llador_core import jobs
from llador_core.__main__ import main
from llador_core.data import load_graph

SMALL = ("--set=dim=16", "--set=steps=30", "--set=validate_every=10", "--set=batch_size=64")


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("LLADOR_HOME", str(tmp_path))
    yield tmp_path
    for name in jobs.names():
        jobs.cancel(name)


def document(capsys: pytest.CaptureFixture[str], *arguments: str) -> object:
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_subgraph_by_name_of_the_disease(capsys: pytest.CaptureFixture[str]) -> None:
    told = document(
        capsys, "subgraph", "--disease", "AD", "--max-triples", "1000", "--name", "mine"
    )
    assert isinstance(told, dict)
    graph = load_graph("mine")
    assert (told["graph"], told["n_triples"]) == ("mine", len(graph.triples))
    assert told["n_treatments"] >= 10
    assert main(["subgraph", "--disease", "AD", "--name", "a/b"]) == 2
    assert "cannot be the name of a graph" in capsys.readouterr().err


def test_a_training_by_hand_is_a_job_that_all_see(
    capsys: pytest.CaptureFixture[str], own_home: Path
) -> None:
    main(["subgraph", "--disease", "AD", "--max-triples", "1000", "--name", "mine"])
    assert main(["train", "--graph=mine", *SMALL, "--seed=1"]) == 0
    run = Path(capsys.readouterr().out.strip().split("\n")[-1]).name
    [row] = document(capsys, "jobs")  # type: ignore[misc]
    assert (row["name"], row["state"], row["run"]) == (f"train-{run}", "done", run)
    assert "seed=1" in row["settings"]
    assert "--resume" in jobs.request(row["name"])["arguments"]
    assert main(["train", "--graph=mine", *SMALL, "--seed=1", "--queue"]) == 2
    assert "finished with these very settings" in capsys.readouterr().err
    assert document(capsys, "jobs", "--dismiss", row["name"]) == []
    assert (own_home / "runs" / run / "run.json").is_file()


def test_what_is_no_job_is_a_sentence_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    with jobs.reporting("train-a"):
        for option in ("--cancel", "--resume", "--dismiss", "--log"):
            assert main(["jobs", option, "../train-a"]) == 2
            assert "There is no job named '../train-a'" in capsys.readouterr().err
        assert main(["jobs", "--dismiss", "train-a"]) == 2
        assert "is running. Cancel it first" in capsys.readouterr().err


def test_a_queued_training_returns_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    main(["subgraph", "--disease", "AD", "--max-triples", "1000", "--name", "mine"])
    capsys.readouterr()
    assert main(["train", "--graph=mine", *SMALL, "--prior=full", "--queue"]) == 0
    name = capsys.readouterr().out.strip()
    assert jobs.is_running(name)
    rows = document(capsys, "jobs", "--cancel", name)
    assert isinstance(rows, list)
    assert [row["state"] for row in rows if row["state"] in ("waiting", "running")] == []
