"""What graphs take on disk, and taking it away."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from llador_core import jobs, paths
from llador_core.__main__ import main
from llador_core.data import cache, load_graph, own_folder, removal
from llador_core.errors import ConfigError, UnknownNameError
from tests.builders import write_run_config

SAMPLE = Path(__file__).parents[2] / "data"


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A graph `mine` that has been loaded once, and fetched files of Hetionet."""
    monkeypatch.setenv("LLADOR_HOME", str(tmp_path))
    monkeypatch.setattr(cache, "WORTH_CACHING_BYTES", 0)
    monkeypatch.delenv("LLADOR_RAW", raising=False)
    folder = shutil.copytree(SAMPLE / "local", paths.graphs_folder() / "mine")
    shutil.copytree(SAMPLE / "local", paths.graphs_folder() / "mine-2")
    shutil.copytree(SAMPLE / "hetionet", paths.home() / "raw" / "hetionet")
    load_graph("mine")
    load_graph("mine-2")
    return folder


def copies() -> list[str]:
    return sorted(one.name.rsplit("-", 1)[0] for one in cache.folder().iterdir())


def test_a_graph_goes_with_its_copies_and_nothing_else_does(mine: Path) -> None:
    taken = removal.on_disk("mine")
    assert taken.own_bytes > 0 < taken.cached_bytes
    assert copies() == ["mine", "mine-2"]
    assert removal.delete_own("mine") == taken.own_bytes + taken.cached_bytes
    assert own_folder("mine") is None
    assert copies() == ["mine-2"]
    assert [one.name for one in paths.graphs_folder().iterdir()] == ["mine-2"]
    assert load_graph("mine-2").n_triples > 0


def test_copies_alone_go_and_are_made_again(mine: Path) -> None:
    assert removal.remove_copies("mine") > 0
    assert removal.on_disk("mine").cached_bytes == 0
    load_graph("mine")
    assert removal.on_disk("mine").cached_bytes > 0


def test_fetched_files_go_but_no_file_the_reader_put_there(
    mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = paths.home() / "raw" / "hetionet" / "notes.txt"
    theirs.write_text("mine", "utf-8")
    raw = tmp_path / "elsewhere"
    shutil.copytree(SAMPLE / "hetionet", raw)
    monkeypatch.setenv("LLADOR_RAW", str(raw))
    assert removal.remove_files("hetionet") > 0
    assert [one.name for one in theirs.parent.iterdir()] == ["notes.txt"]
    assert len(list(raw.iterdir())) == 2
    assert removal.remove_files("hetionet") == 0


@pytest.mark.parametrize("name", ["../mine", "nope", "starter", "hetionet", ""])
def test_only_ones_own_graphs_can_be_deleted(mine: Path, name: str) -> None:
    with pytest.raises(UnknownNameError):
        removal.delete_own(name)
    assert mine.is_dir()


@pytest.mark.parametrize(
    ("job", "is_about"),
    [
        ("import-mine", True),
        ("train-mine-distmult-none-1a", True),
        ("describe-mine", True),
        ("train-mine-2-distmult", True),  # too careful rather than too bold
        ("train-mines-distmult", False),
        ("fetch-hetionet", False),
    ],
)
def test_a_graph_in_use_is_not_deleted(mine: Path, job: str, is_about: bool) -> None:
    with jobs.reporting(job):
        assert removal.jobs_of("mine") == [job] * is_about
        if is_about:
            with pytest.raises(ConfigError, match=f"in use by {job}"):
                removal.delete_own("mine")
    assert mine.is_dir()


def test_the_command_deletes_and_asks_where_runs_need_the_graph(
    mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = paths.home() / "runs" / "mine-distmult-none-0"
    run.mkdir(parents=True)
    write_run_config(run, "mine")
    assert main(["graphs", "--delete", "mine"]) == 2
    assert "cannot be opened without it (mine-distmult-none-0)" in capsys.readouterr().err
    assert main(["graphs", "--clear", "mine", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["freed_bytes"] > 0
    assert main(["graphs", "--delete", "mine", "--yes"]) == 0
    assert own_folder("mine") is None
    assert main(["graphs", "--delete", "mine"]) == 2
    assert "There is no graph named 'mine'" in capsys.readouterr().err


def test_a_remembered_checksum_is_of_the_file_as_it_is(
    mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "WORTH_REMEMBERING_BYTES", 0)
    file = tmp_path / "f"
    file.write_bytes(b"one")
    assert cache.checksum([file]) == cache.checksum([file]) == paths.checksum(file)
    file.write_bytes(b"other")
    assert cache.checksum([file]) == paths.checksum(file)
    for memo in (cache.folder() / "checksums").iterdir():
        memo.write_text("broken")
    assert cache.checksum([file]) == paths.checksum(file)
