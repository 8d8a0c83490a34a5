"""A zipped run comes back whole, and a bad zip file leaves nothing behind."""

import io
import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from llador_core.errors import LladorError
from llador_core.graph import Graph
from llador_core.models.checkpoints import Checkpoint
from llador_core.training.exchange.archive import from_zip, graph_named, to_zip, write_zip
from llador_core.training.exchange.install import install
from llador_core.training.runs import Run, default_run, load_run

Make = Callable[..., Checkpoint]


@pytest.fixture
def run(small: Graph, make: Make, own_home: Path) -> Run:
    return load_run(install(small, make(), name="mine").folder.name)


def files_of(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_a_run_comes_back_byte_for_byte(small: Graph, run: Run, tmp_path: Path) -> None:
    before = files_of(run.info.folder)
    assert to_zip(run) == to_zip(run)
    path = write_zip(run, tmp_path)
    assert path.name == "mine.zip"
    with pytest.raises(LladorError, match="is there already"):
        write_zip(run, tmp_path)
    shutil.rmtree(run.info.folder)
    assert graph_named(path) == "small"
    assert from_zip(path, small).name == "mine"
    assert files_of(run.info.folder) == before
    with pytest.raises(LladorError, match="A run named 'mine' is there already"):
        from_zip(path, small)
    assert from_zip(path, small, "other").name == "other"


def test_a_shipped_run_with_its_safeguard(starter: Graph, own_home: Path, tmp_path: Path) -> None:
    run = load_run(default_run("starter").name)
    folder = from_zip(io.BytesIO(to_zip(run)), starter, "copy")
    assert files_of(folder) == files_of(run.info.folder)
    assert load_run("copy").safeguard is not None


def rezipped(run: Run, change: Callable[[dict[str, bytes]], None]) -> io.BytesIO:
    """The zipped run with some of its members changed."""
    with zipfile.ZipFile(io.BytesIO(to_zip(run))) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    change(members)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in members.items():
            archive.writestr(name, value)
    return content


def edit_json(name: str, **changes: object) -> Callable[[dict[str, bytes]], None]:
    def change(members: dict[str, bytes]) -> None:
        told = json.loads(members[f"mine/{name}"]) | changes
        members[f"mine/{name}"] = json.dumps(told).encode()

    return change


def nan_weights(members: dict[str, bytes]) -> None:
    from safetensors.numpy import load, save

    weights = load(members["mine/weights.safetensors"])
    weights["entities"][0, 0] = np.nan
    members["mine/weights.safetensors"] = save(weights)


def fewer_entities(members: dict[str, bytes]) -> None:
    from safetensors.numpy import load, save

    weights = load(members["mine/weights.safetensors"])
    weights["entities"] = weights["entities"][:-1].copy()
    members["mine/weights.safetensors"] = save(weights)
    members["mine/entities.tsv"] = (
        b"\n".join(members["mine/entities.tsv"].split(b"\n")[:-2]) + b"\n"
    )


def swollen_split(members: dict[str, bytes]) -> None:
    content = io.BytesIO()
    np.savez_compressed(content, train_rows=np.zeros(20_000_000, np.int8))
    members["mine/splits.npz"] = content.getvalue()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda m: m.update({"../../evil.txt": b"x"}),
            "'../../evil.txt', which is no file of a run",
        ),
        (lambda m: m.update({"/etc/run.json": b"x"}), "which is no file of a run"),
        (lambda m: m.update({"mine\\run.json": b"x"}), "which is no file of a run"),
        (lambda m: m.update({"mine/evil.py": b"x"}), "which is no file of a run"),
        (lambda m: m.update({"other/run.json": b"{}"}), "run.json twice"),
        (lambda m: m.update({"other/safeguard.json": b"{}"}), "several runs"),
        (lambda m: m.pop("mine/run.json"), "no finished run: run.json is missing"),
        (lambda m: m.update({"mine/config.json": b"{"}), "config.json cannot be read"),
        (lambda m: m.update({"mine/run.json": b"{"}), "run.json cannot be read"),
        (lambda m: m.update({"mine/run.json": b"[" * 100_000}), "run.json cannot be read"),
        (lambda m: m.update({"mine/progress.jsonl": bytes(9_000_000)}), "would unpack to 9 MB"),
        (edit_json("run.json", format=99), "format 99; this version of LLaDoR reads up to 1"),
        (edit_json("run.json", graph_checksum="0"), "another version of graph 'small'"),
        (edit_json("config.json", config={"model": "no"}), "There is no model named 'no'"),
        (nan_weights, "not finite"),
        (fewer_entities, "89 entities and 4 relations; graph 'small' has 90 and 4"),
        (lambda m: m.update({"mine/splits.npz": b"no"}), "splits.npz in the zip file is damaged"),
        (swollen_split, "splits.npz in the zip file would unpack to 20 MB"),
    ],
)
def test_a_bad_zip_is_refused_and_leaves_nothing(
    small: Graph, run: Run, own_home: Path, change, message: str
) -> None:
    content = rezipped(run, change)
    shutil.rmtree(run.info.folder)
    with pytest.raises(LladorError, match=message):
        from_zip(content, small)
    assert list((own_home / "runs").iterdir()) == []


def test_no_zip_cut_zip_and_spoilt_bytes(small: Graph, run: Run, own_home: Path) -> None:
    whole = to_zip(run)
    spoilt = bytearray(whole)
    spoilt[len(whole) // 2] ^= 0xFF
    shutil.rmtree(run.info.folder)
    for content in (b"", b"no zip", whole[: len(whole) // 2], bytes(spoilt)):
        with pytest.raises(LladorError, match=r"damaged|no sound"):
            from_zip(io.BytesIO(content), small)
    assert list((own_home / "runs").iterdir()) == []


def test_a_run_of_another_graph(run: Run, starter: Graph, small: Graph) -> None:
    content = io.BytesIO(to_zip(run))
    with pytest.raises(LladorError, match="another version of graph 'starter'"):
        from_zip(content, starter, "other")
    with pytest.raises(LladorError, match="another version of graph 'small'"):
        from_zip(content, replace(small, checksum="f" * 64), "other")
