"""The command `project` as a person or a script meets it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from llador_core.__main__ import main
from llador_core.graph import Graph
from llador_core.projection import maps
from llador_core.training import runs

ALZHEIMER = "Disease::DOID:10652"


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LLADOR_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def answer(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_a_map_with_who_moved(
    own_home: Path, starter: Graph, capsys: pytest.CaptureFixture[str]
) -> None:
    run = runs.default_run("starter")
    base = runs.partner(run)
    assert base is not None
    command = ["project", "--run", run.name, "--method", "pca"]
    assert main([*command, "--disease", "AD", "--top", "4", "--json"]) == 0
    told = answer(capsys)
    assert told["run"] == run.name
    assert told["base"] == base.name
    assert told["settings"] == {"method": "pca"}
    found = maps.load(Path(str(told["file"])))
    assert told["n_entities"] == len(found.shift) == starter.n_entities
    assert told["median_shift"] == pytest.approx(float(np.median(found.shift)), abs=1e-4)
    farthest = int(found.shift.argmax())
    assert told["farthest"][0]["id"] == starter.entity_ids[farthest]
    assert told["disease"]["id"] == ALZHEIMER
    assert [len(told[name]) for name in ("towards", "away")] == [4, 4]
    for row in told["towards"]:
        assert row["nearness_rank_after"] < row["nearness_rank_before"]
    for row in told["away"]:
        assert row["nearness_rank_after"] > row["nearness_rank_before"]
    assert "research only" in told["notice"]
    assert main(command) == 0
    assert capsys.readouterr().out.strip() == told["file"]


def test_runs_that_do_not_fit_are_told(own_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = runs.default_run("starter")
    plain = runs.partner(run)
    assert plain is not None
    other = own_home / "runs" / "other"
    shutil.copytree(plain.folder, other)
    lines = (other / "entities.tsv").read_text("utf-8").split("\n")
    lines[1], lines[2] = lines[2], lines[1]
    (other / "entities.tsv").write_text("\n".join(lines), "utf-8")
    for argv, message in (
        (["--run", plain.name], "There is no run like"),
        (["--run", run.name, "--base", "other"], "trained on different graphs"),
        (["--run", run.name, "--base", "nothing"], "There is no run named 'nothing'"),
        (["--run", run.name, "--method", "tsne"], "Choose 'umap' or 'pca'"),
        (["--run", run.name, "--neighbours", "1"], "neighbours must be from 2 to 200"),
        (["--run", run.name, "--base", plain.name, "--disease", "alzhimer"], "Alzheimer's disease"),
    ):
        assert main(["project", *argv]) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert message in captured.err
        assert len(captured.err.strip().splitlines()) == 1
    assert not (own_home / "projections").exists()


def test_runs_of_different_dims_are_told() -> None:
    from dataclasses import replace

    from llador_core.errors import DataFormatError
    from llador_core.training.runs import check_comparable, load_run

    run = load_run(runs.default_run("starter").name)
    scorer = run.scorer
    narrow = replace(scorer, entities=scorer.entities[:, :64], relations=scorer.relations[:, :64])
    with pytest.raises(DataFormatError, match="have 128 and 64 numbers"):
        check_comparable(run, replace(run, scorer=narrow))
