"""Run folders: found, refused when damaged, never half-read."""

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from llador_core.errors import DataFormatError, LladorError, MissingDataError, UnknownNameError
from llador_core.graph import Graph
from llador_core.training.config import make_config
from llador_core.training.runs import default_run, list_runs, load_run, partner
from llador_core.training.train import train

FAST = ["dim=16", "steps=10", "batch_size=64", "n_negatives=16", "validate_every=10"]


@pytest.fixture(scope="module")
def trained(small: Graph, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    return train(small, make_config(small, "distmult", "none", settings=FAST), out=folder)


@pytest.fixture
def run_folder(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy that a test may damage, in a home of its own."""
    monkeypatch.setenv("LLADOR_HOME", str(tmp_path))
    return Path(shutil.copytree(trained, tmp_path / "runs" / trained.name))


def test_a_run_is_found_by_name_and_by_path(run_folder: Path) -> None:
    by_name, by_path = load_run(run_folder.name), load_run(str(run_folder))
    assert np.array_equal(by_name.scorer.entities, by_path.scorer.entities)
    (info,) = list_runs("small")
    assert info.is_finished
    assert not info.is_pretrained
    assert (info.model, info.prior, info.problem) == ("distmult", "none", "")


def test_an_unknown_run_lists_the_nearest(run_folder: Path) -> None:
    with pytest.raises(UnknownNameError, match="small-distmult-none"):
        load_run("small-distmult-non")


@pytest.mark.parametrize("name", ["../secret", "a/b", "..", ""])
def test_a_name_never_leaves_the_runs_folders(run_folder: Path, name: str) -> None:
    with pytest.raises(UnknownNameError):
        load_run(name)


def test_an_unfinished_run_is_listed_and_says_how_to_go_on(run_folder: Path) -> None:
    (run_folder / "run.json").unlink()
    (info,) = list_runs("small")
    assert not info.is_finished
    assert "--resume" in info.problem
    with pytest.raises(MissingDataError, match="is unfinished"):
        load_run(run_folder.name)


def damage_weights(folder: Path) -> None:
    content = (folder / "weights.safetensors").read_bytes()
    (folder / "weights.safetensors").write_bytes(content[: len(content) // 2])


def drop_entities(folder: Path) -> None:
    rows = (folder / "entities.tsv").read_text().splitlines()
    (folder / "entities.tsv").write_text("\n".join(rows[:-3]) + "\n")


def nan_weights(folder: Path) -> None:
    weights = load_file(folder / "weights.safetensors")
    weights["entities"][0, 0] = np.nan
    save_file(weights, folder / "weights.safetensors")


def newer_format(folder: Path) -> None:
    record = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(record | {"format": 99}))


def unknown_setting(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["config"]["mx"] = 1
    (folder / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (damage_weights, "weights.safetensors of run .* is damaged"),
        (drop_entities, "90 entity vectors for 87 entities"),
        (nan_weights, "not finite"),
        (newer_format, "format 99; this version of LLaDoR reads up to 1. Update"),
        (unknown_setting, "no setting 'mx'"),
        (lambda f: (f / "metrics.json").unlink(), "metrics.json is missing"),
        (lambda f: (f / "config.json").write_text("{"), "config.json cannot be read"),
        (lambda f: (f / "run.json").write_text("[]"), "must hold a JSON object"),
    ],
)
def test_damage_is_a_sentence_and_listing_survives_it(run_folder: Path, damage, message) -> None:
    damage(run_folder)
    with pytest.raises(LladorError, match=message):
        load_run(run_folder.name)
    assert [info.name for info in list_runs() if not info.is_pretrained] == [run_folder.name]


def test_a_run_of_another_graph_version_is_refused(run_folder: Path, starter: Graph) -> None:
    with pytest.raises(DataFormatError, match="another version of graph 'starter'"):
        load_run(run_folder.name).split(starter)


def test_a_name_with_an_odd_line_break_does_not_damage_a_run(run_folder: Path) -> None:
    table = run_folder / "entities.tsv"
    table.write_text(table.read_text("utf-8").replace("drug 3\n", "drug\u2028\x85 3\n"), "utf-8")
    assert load_run(run_folder.name).info.is_finished


def test_partner_and_default(run_folder: Path, small: Graph) -> None:
    info = load_run(run_folder.name).info
    assert partner(info, "none") == info
    assert partner(info, "full") is None
    assert default_run("small") == info
    other = train(small, make_config(small, "distmult", "none", settings=FAST, seed=1))
    assert partner(load_run(other.name).info).name == other.name
    with pytest.raises(MissingDataError, match="no finished run of graph 'elsewhere'"):
        default_run("elsewhere")


def test_a_partner_with_a_prior_has_read_the_same_texts() -> None:
    shipped = list_runs("starter")
    info = next(
        r for r in shipped if r.model == "distmult" and r.prior == "full" and r.is_pretrained
    )
    elsewhere = dataclasses.replace(info, texts="a-set")
    assert partner(info, "mechanism").prior == "mechanism"
    assert partner(elsewhere, "mechanism") is None
    assert partner(elsewhere, "none") == partner(info, "none")


def test_reading_a_run_needs_no_torch(run_folder: Path) -> None:
    import subprocess
    import sys

    code = (
        "import sys; from llador_core.training.runs import load_run;"
        f"load_run({str(run_folder)!r}); assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_headline_runs_ship_in_the_headline_models() -> None:
    shipped = [run for run in list_runs("starter") if run.is_pretrained]
    assert {(r.model, r.prior) for r in shipped} == {
        (model, prior)
        for model in ("transe", "distmult", "rotate")
        for prior in ("none", "full", "mechanism")
    }
    for run in shipped:
        assert run.problem == ""
        size = sum(file.stat().st_size for file in run.folder.iterdir())
        assert size < 3.1e6, f"{run.name} is {size} bytes"


def test_a_split_is_read_once_for_each_run_and_graph(starter: Graph) -> None:
    """Every list and every explanation asks for it, and on a large graph reading takes a second."""
    run = load_run(default_run("starter").name)
    split = run.split(starter)
    assert run.split(starter) is split
    again = dataclasses.replace(starter)
    assert run.split(again) is not split
    np.testing.assert_array_equal(run.split(again).train, split.train)
    with pytest.raises(DataFormatError, match="another version"):
        run.split(dataclasses.replace(starter, checksum="f" * 64))
