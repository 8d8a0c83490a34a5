"""The real input of a user: Hetionet from its upstream files, trained, judged and ranked."""

import json
from pathlib import Path

import pytest

from llador_core.__main__ import main


def test_train_evaluate_and_rank_on_hetionet(
    raw_data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("LLADOR_RAW", str(raw_data))
    monkeypatch.setenv("LLADOR_HOME", str(tmp_path))
    settings = ("dim=16", "steps=40", "validate_every=40", "n_negatives=64", "lr=0.02")
    train = ["train", "--graph", "hetionet", "--model", "distmult", "--json"]
    assert main([*train, *(f"--set={setting}" for setting in settings)]) == 0
    run = json.loads(capsys.readouterr().out)["run"]
    assert main(["evaluate", "--run", run, "--protocol", "drug-ranking", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)["protocols"]["drug-ranking"]
    assert report["n_pairs"] == 151  # a fifth of 755 treated pairs
    rank = ["rank", "--graph", "hetionet", "--disease", "Alzheimer's disease", "--json"]
    assert main(rank) == 0
    ranking = json.loads(capsys.readouterr().out)
    assert ranking["run"] == run
    assert ranking["disease"]["id"] == "Disease::DOID:10652"
    assert ranking["n_candidates"] == 1552
    assert sum(row["status"] != "new" for row in ranking["candidates"]) == 4
