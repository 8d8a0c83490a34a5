"""The commands on runs: import, export, compare, rename, delete, bring back, consensus."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from llador_core.__main__ import main
from llador_core.training.runs import default_run, load_run

FULL, NONE = "starter-distmult-full-62e765ac", "starter-distmult-none-ea823796"
SHIPPED = default_run("starter").folder


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LLADOR_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    """The one JSON document that a command prints."""
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The sentence of a command that fails."""
    assert main(list(arguments)) == 2
    out, err = capsys.readouterr()
    assert not out
    return err


@pytest.mark.parametrize("form", ["dglke-npy", "llador-npy", "safetensors"])
def test_import_of_export_ranks_alike(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, form: str
) -> None:
    files = told(capsys, "export-run", FULL, "--to", str(tmp_path / "out"), "--format", form)
    assert all(Path(file).is_file() for file in files["files"])
    made = told(capsys, "import-run", str(tmp_path / "out"), "--format", form, "--name", "mine")
    assert made["run"] == "mine"
    assert made["n_matched"] == 4203
    lists = [
        told(capsys, "rank", "--run", run, "--disease", "AD", "--order", "raw")["candidates"]
        for run in (FULL, "mine")
    ]
    assert [(c["id"], c["rank"]) for c in lists[0]] == [(c["id"], c["rank"]) for c in lists[1]]


def test_a_zip_comes_back_whole(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    told(capsys, "export-run", FULL, "--to", str(tmp_path / "x.zip"))
    assert told(capsys, "import-run", str(tmp_path / "x.zip"), "--name", "copy")["run"] == "copy"
    np.testing.assert_array_equal(load_run("copy").scorer.entities, load_run(FULL).scorer.entities)
    assert "is there already" in refused(
        capsys, "import-run", str(tmp_path / "x.zip"), "--name", "copy"
    )
    assert "is there already" in refused(
        capsys, "export-run", FULL, "--to", str(tmp_path / "x.zip")
    )


def test_evaluating_what_may_have_seen_all_says_so(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    told(capsys, "export-run", FULL, "--to", str(tmp_path / "out"))
    told(capsys, "import-run", str(tmp_path / "out"), "--format", "llador-npy", "--name", "mine")
    found = told(capsys, "evaluate", "--run", "mine", "--protocol", "drug-ranking")
    assert "may have seen every one of these pairs" in found["warning"]
    assert found["protocols"]["drug-ranking"]["n_pairs"] == 208
    assert "warning" not in told(capsys, "evaluate", "--run", FULL, "--protocol", "drug-ranking")
    assert "nobody here knows" in refused(capsys, "runs", "--compare", FULL, "mine")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("import-run", "nowhere", "--format", "pykeen"), "There is nothing at nowhere"),
        (("import-run", "nowhere"), "Name the format with --format"),
        (("import-run", "nowhere.zip"), "There is no file nowhere.zip"),
        (("export-run", "no-run", "--to", "x"), "There is no run named 'no-run'"),
        (("runs", "--compare", FULL), "Name two runs or more"),
        (("runs", "--compare", FULL, FULL), "Name two runs or more"),
        (("runs", "--rename", FULL, "x"), "ships with LLaDoR"),
        (("runs", "--delete", "no-run"), "There is no run named 'no-run'"),
        (("runs", "--restore", "no-run"), "There is no deleted run named 'no-run'"),
        (("rank", "--drug", "memantine", "--consensus"), "A consensus reorders drugs"),
        (("rank", "--disease", "AD", "--consensus", "--correct-hubs"), "an order of its own"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], sentence: str
) -> None:
    assert sentence in refused(capsys, *arguments)


def test_compare(capsys: pytest.CaptureFixture[str]) -> None:
    found = told(capsys, "runs", "--compare", FULL, NONE)
    (one,) = found["comparisons"]
    assert (one["run"], one["base"], one["n_pairs"]) == (FULL, NONE, 208)
    assert one["differences"]["MRR"]["low"] > 0
    assert main(["runs", "--compare", FULL, NONE, "--order", "raw"]) == 0
    assert "ranks the hidden pairs better than" in capsys.readouterr().out


def test_rename_delete_restore(capsys: pytest.CaptureFixture[str], own_home: Path) -> None:
    shutil.copytree(SHIPPED, own_home / "runs" / "mine")
    assert told(capsys, "runs", "--rename", "mine", "best") == {"run": "best"}
    assert told(capsys, "runs", "--delete", "best")["deleted"] == "best"
    names = [one["name"] for one in told(capsys, "runs")]
    assert "best" not in names
    assert FULL in names
    assert told(capsys, "runs", "--restore", "best") == {"run": "best"}
    (best,) = (one for one in told(capsys, "runs") if one["name"] == "best")
    assert best["state"] == "yours"
    assert best["metrics"]["drug-ranking"]["MRR"]["value"] > 0.5


def test_a_consensus_orders_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    found = told(capsys, "rank", "--run", FULL, "--disease", "AD", "--consensus")
    assert len(found["consensus_of"]) == 3
    places = [one["consensus_rank"] for one in found["candidates"]]
    assert places == sorted(places)
    for one in found["candidates"]:
        assert one["best_rank"] <= one["rank"] <= one["worst_rank"]
