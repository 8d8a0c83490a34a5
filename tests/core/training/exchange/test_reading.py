"""Checkpoints of others, sound and damaged: each bad one has its sentence."""

import gzip
import json
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from llador_core.errors import LladorError
from llador_core.training.exchange.ids import read_ids
from llador_core.training.exchange.reading import Request, read_checkpoint

IDS = ("Compound::DB1", "Compound::DB2", "Disease::D1")


def write_pair(folder: Path, entities: np.ndarray, relations: np.ndarray) -> Path:
    folder.mkdir(exist_ok=True)
    np.save(folder / "DRKG_X_entity.npy", entities)
    np.save(folder / "DRKG_X_relation.npy", relations)
    (folder / "entities.tsv").write_text("".join(f"{x}\t{i}\n" for i, x in enumerate(IDS)))
    (folder / "relations.tsv").write_text("treats\t0\nbinds\t1\n")
    return folder


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    draw = np.random.default_rng(0)
    entities = draw.normal(size=(3, 8)).astype(np.float32)
    return write_pair(tmp_path / "pair", entities, draw.normal(size=(2, 8)).astype(np.float32))


def test_transe_of_dglke_is_euclidean_as_its_own_code_computes_it(pair: Path) -> None:
    (pair / "config.json").write_text(json.dumps({"model": "TransE", "gamma": 12.0}))
    found = read_checkpoint(Request(pair, "dglke-npy"))
    assert (found.model, found.margin, float(found.constants["norm"])) == ("transe", 12.0, 2)
    assert found.entity_ids == IDS
    assert found.source["files"] == ["DRKG_X_entity.npy", "DRKG_X_relation.npy"]


def test_one_of_the_two_files_names_the_pair(pair: Path) -> None:
    for name in ("DRKG_X_entity.npy", "DRKG_X_relation.npy"):
        assert len(read_checkpoint(Request(pair / name, "dglke-npy", "distmult")).entities) == 3


def test_rotate_angles_are_in_units_of_the_range(tmp_path: Path) -> None:
    """By the published code: angle = stored / ((gamma + 2) / width / pi)."""
    stored = np.full((2, 4), 0.5, np.float32)
    pair = write_pair(tmp_path / "pair", np.ones((3, 8), np.float32), stored)
    found = read_checkpoint(Request(pair, "llador-npy", "RotatE", margin=10.0))
    assert found.relations[0, 0] == pytest.approx(0.5 / (12.0 / 4 / np.pi))


def test_protate_takes_half_of_the_angle_here(tmp_path: Path) -> None:
    """Theirs is sin(h + r - t), ours sin((h + r - t) / 2): the same order of candidates."""
    from llador_core.models.scorer import Scorer

    draw = np.random.default_rng(1)
    e, r = draw.normal(size=(3, 8)).astype(np.float32), draw.normal(size=(2, 8)).astype(np.float32)
    pair = write_pair(tmp_path / "pair", e, r)
    found = read_checkpoint(Request(pair, "llador-npy", "pRotatE", margin=6.0))
    scorer = Scorer("protate", found.entities, found.relations, 6.0, found.constants)
    scale = (6.0 + 2) / 8 / np.pi
    theirs = 6.0 - np.abs(np.sin((e[0] + r[0] - e) / scale)).sum(1)
    ours = scorer.score(np.array(0), np.array(0), np.arange(3))
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


@pytest.mark.parametrize(
    "text",
    [
        "a\t0\nb\t1\nc\t2\n",
        "0\ta\n1\tb\n2\tc\n",
        "2\tc\n0\ta\n1\tb\n",
        "id\tlabel\n0\ta\n1\tb\n2\tc\n",
        "a\nb\nc\n",
        "\ufeffa\t0\r\nb\t1\r\nc\t2\r\n",
    ],
)
def test_ids_in_either_order_with_or_without_header(tmp_path: Path, text: str) -> None:
    (tmp_path / "entities.tsv").write_text(text, "utf-8")
    assert read_ids(tmp_path / "entities.tsv") == ("a", "b", "c")
    with gzip.open(tmp_path / "entities.tsv.gz", "wb") as file:
        file.write(text.encode())
    assert read_ids(tmp_path / "entities.tsv.gz") == ("a", "b", "c")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("a\t0\nb\t0\n", "numbers its 2 rows from 0"),
        ("a\t0\nb\t2\n", "numbers its 2 rows from 0"),
        ("a\t0\nb\n", "row 2: found 1 column, expected 2"),
        ("0\t1\n1\t0\n", "it cannot be told which is the id"),
        ("a\t0\na\t1\n", "the id 'a' stands for more than one row"),
    ],
)
def test_bad_tables_of_ids(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "entities.tsv").write_text(text)
    with pytest.raises(LladorError, match=message):
        read_ids(tmp_path / "entities.tsv")


def replace(name: str, values: np.ndarray):
    return lambda folder: np.save(folder / f"DRKG_X_{name}.npy", values)


def unharmed(_: Path) -> None:
    """Leave the pair as it is: the request is what is wrong."""


def cut(folder: Path) -> None:
    path = folder / "DRKG_X_entity.npy"
    path.write_bytes(path.read_bytes()[:-9])


def pickled(folder: Path) -> None:
    (folder / "DRKG_X_entity.npy").write_bytes(pickle.dumps([1, 2, 3]))


def objects(folder: Path) -> None:
    np.save(folder / "DRKG_X_entity.npy", np.array([{}, []], object), allow_pickle=True)


def announces_too_much(folder: Path) -> None:
    """A header of 80 bytes that promises 80 exabytes."""
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (10000000000, 2000000000)}"
    header += b" " * (118 - len(header) - 1) + b"\n"
    content = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header
    (folder / "DRKG_X_entity.npy").write_bytes(content)


def nan(folder: Path) -> None:
    values = np.zeros((3, 8), np.float32)
    values[1, 2] = np.nan
    np.save(folder / "DRKG_X_entity.npy", values)


@pytest.mark.parametrize(
    ("damage", "model", "message"),
    [
        (replace("entity", np.zeros((3, 8, 2))), "distmult", r"has shape \(3, 8, 2\)"),
        (replace("entity", np.zeros((0, 8))), "distmult", r"has shape \(0, 8\)"),
        (
            replace("entity", np.zeros((4, 8))),
            "distmult",
            "names 3 rows, but the entity vectors are 4",
        ),
        (replace("relation", np.zeros((2, 4))), "distmult", "needs relations of 8, found 4"),
        (
            replace("entity", np.zeros((3, 7))),
            "complex",
            "needs entity rows of even width, found 7",
        ),
        (
            replace("entity", np.zeros((3, 8), complex)),
            "distmult",
            "holds complex128, expected real",
        ),
        (replace("entity", np.full((3, 8), "x")), "distmult", "expected real numbers"),
        (nan, "distmult", "NaN or infinity in 1 of 3 rows"),
        (cut, "distmult", "announces 96 bytes of numbers, it holds 87"),
        (pickled, "distmult", "nothing is ever un-pickled"),
        (objects, "distmult", "nothing is ever un-pickled"),
        (announces_too_much, "distmult", "announces 80,000,000,000,000,000,000 bytes"),
        (lambda f: (f / "DRKG_X_entity.npy").unlink(), "distmult", r"There is no \*entity\*.npy"),
        (lambda f: (f / "entities.tsv").unlink(), "distmult", "which row is which entity"),
        (lambda f: (f / "config.json").write_text("{"), None, "config.json cannot be read"),
        (unharmed, None, "Name the model with --model"),
        (unharmed, "transe", "give --model transe_l1 or transe_l2"),
        (unharmed, "rotat", "There is no model named 'rotat'. Did you mean 'rotate'"),
        (unharmed, "hake", "HAKE needs relations of 12|so HAKE needs relations of 12"),
        (replace("relation", np.zeros((2, 4))), "rotate", "give the gamma it was trained with"),
    ],
)
def test_bad_pairs(pair: Path, damage, model: str | None, message: str) -> None:
    damage(pair)
    with pytest.raises(LladorError, match=message):
        read_checkpoint(Request(pair, "dglke-npy", model))


@pytest.mark.parametrize("margin", [-2.0, float("nan"), float("inf")])
def test_a_margin_is_a_number_in_range(pair: Path, margin: float) -> None:
    with pytest.raises(LladorError, match="margin must be a number from 0 to 1000"):
        read_checkpoint(Request(pair, "dglke-npy", "distmult", margin=margin))


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(LladorError, match="There is nothing at"):
        read_checkpoint(Request(tmp_path / "no", "safetensors", "distmult"))


def test_safetensors_with_other_tensors_or_cut(pair: Path) -> None:
    path = pair / "model.safetensors"
    save_file({"weights": np.zeros((3, 8), np.float32)}, path)
    with pytest.raises(LladorError, match="no tensor 'entities'; it holds weights"):
        read_checkpoint(Request(path, "safetensors", "distmult"))
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(LladorError, match="cannot be read as safetensors"):
        read_checkpoint(Request(path, "safetensors", "distmult"))
