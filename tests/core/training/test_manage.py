"""Runs are renamed, deleted and brought back, one step each; shipped ones stay."""

import shutil
import time
from pathlib import Path

import pytest

from llador_core import jobs
from llador_core.errors import ConfigError, UnknownNameError
from llador_core.training import manage
from llador_core.training.overview import overview
from llador_core.training.runs import default_run, list_runs, load_run

NAME = "starter-distmult-full-copy"


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of a shipped run in a home of its own."""
    shipped = default_run("starter").folder
    monkeypatch.setenv("LLADOR_HOME", str(tmp_path))
    return Path(shutil.copytree(shipped, tmp_path / "runs" / NAME))


def own_names() -> list[str]:
    return [info.name for info in list_runs("starter") if not info.is_pretrained]


def test_a_renamed_run_is_the_same_run(copied: Path) -> None:
    before = load_run(NAME).scorer.entities
    info = manage.rename_run(NAME, "alzheimer-best")
    assert own_names() == ["alzheimer-best"] == [info.name]
    assert (load_run("alzheimer-best").scorer.entities == before).all()
    with pytest.raises(UnknownNameError):
        load_run(NAME)


@pytest.mark.parametrize("new", ["a/b", "../x", "..", ".x", "", "a b", "é", "x" * 121, "a\n"])
def test_names_that_are_none(copied: Path, new: str) -> None:
    with pytest.raises(ConfigError, match="cannot be the name of a run"):
        manage.rename_run(NAME, new)
    assert own_names() == [NAME]


def test_a_taken_name_is_refused(copied: Path) -> None:
    shutil.copytree(copied, copied.with_name("other"))
    with pytest.raises(ConfigError, match="A run named 'other' is there already"):
        manage.rename_run(NAME, "other")
    assert sorted(own_names()) == sorted([NAME, "other"])


def test_what_ships_stays(copied: Path) -> None:
    shipped = default_run("starter").name
    for change in (manage.delete_run, lambda name: manage.rename_run(name, "mine")):
        with pytest.raises(ConfigError, match="ships with LLaDoR"):
            change(shipped)
    for name in ("../runs", str(copied)):  # a path is no name
        with pytest.raises(UnknownNameError):
            manage.delete_run(name)


def test_delete_restore_and_delete_again(copied: Path) -> None:
    gone = manage.delete_run(NAME)
    assert own_names() == []
    assert gone.name == NAME
    assert gone.size_mb == pytest.approx(manage.size_mb(manage.trash_folder()), rel=1e-6)
    assert [one.key for one in manage.list_deleted()] == [gone.key]
    assert manage.restore_run(gone.key).name == NAME
    assert own_names() == [NAME]
    manage.delete_run(NAME)
    shutil.copytree(default_run("starter").folder, copied)
    with pytest.raises(ConfigError, match="is there already"):
        manage.restore_run(NAME)
    time.sleep(0.002)
    manage.delete_run(NAME)
    assert [one.name for one in manage.list_deleted()] == [NAME, NAME]
    assert manage.empty_trash() == 2
    assert manage.list_deleted() == []
    with pytest.raises(UnknownNameError, match="no deleted run"):
        manage.restore_run(NAME)


def test_a_run_in_training_is_left_alone(copied: Path) -> None:
    (copied / "run.json").unlink()
    (copied / "progress.jsonl").touch()  # written to a moment ago
    with pytest.raises(ConfigError, match="is being trained and cannot be deleted"):
        manage.delete_run(NAME)
    import os

    for file in copied.iterdir():
        os.utime(file, (1, 1))
    with jobs.reporting(f"train-{NAME}"), pytest.raises(ConfigError, match="being trained"):
        manage.rename_run(NAME, "other")
    assert manage.delete_run(NAME).name == NAME  # abandoned


def test_the_table_tells_settings_figures_and_state(copied: Path) -> None:
    found = overview(next(i for i in list_runs() if i.name == NAME))
    assert found.state == "yours"
    assert found.differing == {}
    assert found.n_pairs == 208
    hits = found.metric("Hits@10")
    assert hits is not None
    assert 0 < hits["low"] <= hits["value"] <= hits["high"] <= 1
    assert hits != found.raw_metrics["drug-ranking"]["Hits@10"]
    assert found.seconds
    assert found.seconds > 0
    assert 1 < found.size_mb < 10
    assert overview(default_run("starter")).state == "pretrained"


def test_damaged_and_unfinished_runs_are_in_the_table(copied: Path) -> None:
    info = next(i for i in list_runs() if i.name == NAME)
    (copied / "metrics.json").write_text('{"run": {"drug-ranking": 3}}')
    assert overview(info).state == "damaged"
    (copied / "run.json").unlink()
    assert overview(next(i for i in list_runs() if i.name == NAME)).state == "unfinished"
    (copied / "config.json").write_text("[")
    assert overview(next(i for i in list_runs() if i.name == NAME)).state == "damaged"
