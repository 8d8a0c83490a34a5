"""Files that PyKEEN saved, read without running what is in them."""

from __future__ import annotations

import os
import pickle
import pickletools
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from llador_core.errors import DataFormatError, LladorError
from llador_core.models import opcodes, torch_file
from llador_core.models.pykeen_bridge import from_state, read_saved
from llador_core.models.scorer import Scorer

TRIPLES = np.array(
    [("a", "treats", "x"), ("b", "treats", "y"), ("a", "binds", "g"), ("x", "tied", "g")]
)
ASKED = np.array([[0, 0, 4], [1, 2, 3], [2, 1, 0]])


def saved(
    folder: Path, name: str, has_inverses: bool = False, **settings: object
) -> torch.nn.Module:
    """Save a fresh PyKEEN model whole and as a state, and return it."""
    import pykeen.models
    from pykeen.triples import TriplesFactory

    triples = TriplesFactory.from_labeled_triples(TRIPLES, create_inverse_triples=has_inverses)
    kind = getattr(pykeen.models, name)
    model = kind(triples_factory=triples, embedding_dim=8, random_seed=1, **settings)
    model.post_parameter_update()
    torch.save(model, folder / "trained_model.pkl")
    torch.save(model.state_dict(), folder / "state.pt")
    arrays = {k: v.numpy() for k, v in model.state_dict().items() if v.ndim == 2}
    save_file(arrays, folder / "state.safetensors")
    return model


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("TransE", {}),
        ("TransE", {"scoring_fct_norm": 2}),
        ("DistMult", {}),
        ("ComplEx", {"has_inverses": True}),
        ("RotatE", {}),
    ],
)
def test_scores_are_those_of_pykeen(tmp_path: Path, name: str, settings: dict) -> None:
    model = saved(tmp_path, name, **settings)
    expected = model.predict_hrt(torch.tensor(ASKED)).detach().numpy()[:, 0]
    norm = f"{name}_l2" if settings.get("scoring_fct_norm") == 2 else name
    for file, told in (("trained_model.pkl", None), ("state.pt", norm)):
        found = read_saved(tmp_path / file, told)
        step = 2 if "has_inverses" in settings else 1  # an inverse after each relation
        relations = found["relations"][::step]
        scorer = Scorer(found["model"], found["entities"], relations, 0.0, found["constants"])
        np.testing.assert_allclose(scorer.score(*ASKED.T), expected, rtol=1e-5, atol=1e-5)
    assert bool(found["notes"]) == (name == "RotatE")


def test_a_state_does_not_tell_its_model(tmp_path: Path) -> None:
    saved(tmp_path, "DistMult")
    with pytest.raises(DataFormatError, match=r"Name it with --model.*safetensors.torch.save_file"):
        read_saved(tmp_path / "state.pt", None)


def test_models_of_another_kind_are_refused(tmp_path: Path) -> None:
    saved(tmp_path, "TransR", relation_dim=4)
    with pytest.raises(LladorError, match="no model named 'TransR'"):
        read_saved(tmp_path / "trained_model.pkl", None)


def test_relations_of_rotate_must_be_rotations() -> None:
    state = {
        "entity_representations.0._embeddings.weight": np.ones((3, 8), np.float32),
        "relation_representations.0._embeddings.weight": np.full((2, 8), 3, np.float32),
    }
    with pytest.raises(DataFormatError, match="should be rotations"):
        from_state(state, state.__getitem__, "rotate")


def test_older_names_of_the_tables_and_none(tmp_path: Path) -> None:
    rows = np.ones((3, 8), np.float32)
    for part in ("_embedding.weight", "weight"):
        state = {f"{end}_representations.0.{part}": rows for end in ("entity", "relation")}
        assert from_state(state, state.__getitem__, "distmult")["entities"].shape == (3, 8)
    with pytest.raises(DataFormatError, match="no table of entity vectors"):
        from_state({"encoder.weight": rows}, lambda _: rows, "distmult")


class Bomb:
    """Un-pickling one of these makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return os.system, (f"touch {self.path}",)


def wrapped(folder: Path, program: bytes, kind: int = zipfile.ZIP_STORED) -> Path:
    """A file as torch.save lays it out, with any program."""
    path = folder / "trained_model.pkl"
    with zipfile.ZipFile(path, "w", kind) as archive:
        archive.writestr("trained_model/data.pkl", program)
        archive.writestr("trained_model/data/0", bytes(64))
    return path


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_a_pickle_that_would_run_a_command_runs_nothing(tmp_path: Path, protocol: int) -> None:
    mark = tmp_path / "mark"
    program = pickle.dumps(Bomb(mark), protocol)
    pickle.loads(program)  # noqa: S301  it works
    assert mark.exists()
    mark.unlink()
    for path in (wrapped(tmp_path, program), tmp_path / "plain.pkl"):
        if path.name == "plain.pkl":
            path.write_bytes(program)
        with pytest.raises(DataFormatError, match=r"safetensors\.torch\.save_file"):
            read_saved(path, None)
    assert not mark.exists()
    told = opcodes.read(program)
    assert isinstance(told, opcodes.Call)
    assert told.made_by == "posix.system"


def billion_laughs() -> bytes:
    """A list of two times a list of two times ... 60 deep: 2 ** 60 items when written out."""
    layers = b"".join(b"(h%ch%c" % (i, i) + b"lq" + bytes([i + 1]) for i in range(60))
    return b"\x80\x02]q\x00" + layers + b"."


def nested_modules() -> bytes:
    """Modules that hold the next twice, 40 deep: 2 ** 40 parts when walked without care."""
    make = b"cpykeen.models\nRotatE\n)\x81"
    program = b"\x80\x02" + make + b"q\x00"
    for i in range(40):
        inner = bytes([i])
        parts = b"}(X\x01\x00\x00\x00ah" + inner + b"X\x01\x00\x00\x00bh" + inner + b"u"
        program += make + b"}X\x08\x00\x00\x00_modules" + parts + b"sbq" + bytes([i + 1])
    return program + b"."


@pytest.mark.parametrize(
    "program",
    [
        billion_laughs(),
        nested_modules(),
        b"\x80\x02" + b"}" * 60_000 + b".",
        b"\x80\x02\x8a\xff" + b"\xff" * 255 + b".",
        b"\x80\x02\x8b\xff\xff\xff\x7f",
        b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\x7f",
        b"\x80\x02",
        b".",
        b"\x80\x02h\x05.",
        b"\x80\x02(.",
        b"\x80\x02K\x01.",
        b"\x80\x02K\x01\x82\x01.",
        b"garbage",
        b"",
    ],
)
def test_a_pickle_bomb_takes_neither_memory_nor_time(tmp_path: Path, program: bytes) -> None:
    path = wrapped(tmp_path, program)
    tracemalloc.start()
    with pytest.raises(LladorError):
        read_saved(path, None)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 200e6


def test_a_compressed_member_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = wrapped(tmp_path, bytes(30_000_000), zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 1e6
    tracemalloc.start()
    with pytest.raises(DataFormatError, match="compressed inside"):
        read_saved(path, None)
    assert tracemalloc.get_traced_memory()[1] < 5e6
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("shape", "strides", "offset"),
    [
        ((1_000_000, 1_000_000), (0, 0), 0),
        ((4, 8), (8, 1), 0),
        ((2, 2), (2, 1), 15),
        ((2,), (1, 1), 0),
    ],
)
def test_a_tensor_never_reaches_beyond_its_numbers(tmp_path: Path, shape, strides, offset) -> None:
    """Sixteen float32 are stored; a stride of 0 would make a terabyte of one of them."""
    path = wrapped(tmp_path, pickle.dumps({}, 2))
    place = torch_file.TensorPlace("0", "FloatStorage", offset, shape, strides)
    file = torch_file.TorchFile(path, "trained_model/", "", None, {"table": place})
    with pytest.raises(DataFormatError, match="reaches beyond the 16 numbers"):
        file.read("table")


def test_it_reads_what_un_pickling_gives() -> None:
    """Plain data of every protocol, against pickle itself."""
    content = ["text", 1, -5, 2**70, 1.5, True, None, ("a", (1, 2)), b"bytes", [], [[1], "two"]]
    for protocol in range(3, 6):
        assert opcodes.read(pickle.dumps(content, protocol)) == content
    told = opcodes.read(pickle.dumps({"a": 1, "b": {"c": 2}}))
    assert told.get("a") == 1
    assert told.get("b").get("c") == 2


def test_every_instruction_is_followed_or_refused() -> None:
    """None is taken for another: whatever Python adds is refused by name."""
    known = {*opcodes._INSTRUCTIONS, *opcodes._LITERALS, *opcodes._CONSTANTS, *opcodes._EMPTY}
    known |= {*opcodes._TUPLES, "STOP", "PROTO", "FRAME"}
    rest = {one.name for one in pickletools.opcodes} - known
    assert {"INST", "OBJ", "EXT1", "EXT2", "EXT4", "PERSID", "NEXT_BUFFER"} <= rest
    assert not known - {one.name for one in pickletools.opcodes}
