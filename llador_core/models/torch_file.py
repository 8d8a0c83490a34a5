"""Tensors of a file that `torch.save` wrote, read without un-pickling anything."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llador_core.errors import DataFormatError
from llador_core.models import opcodes
from llador_core.models.opcodes import Call, Name, Stored, Table

MAX_PROGRAM = 64 << 20  # bytes; the tensors lie beside the program, so it is small
MAX_MEMBERS = 10_000
MAX_NODES = 5_000
_KINDS = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ComplexFloatStorage": "<c8",
    "ComplexDoubleStorage": "<c16",
}
_WRAPPERS = ("torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state")


@dataclass(frozen=True)
class TensorPlace:
    """Where the numbers of a tensor lie: storage, kind of number, offset, shape and strides."""

    storage: str
    kind: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class TorchFile:
    """What a saved file holds, before any tensor is read.

    Attributes
    ----------
    path : Path
    prefix : str
        Folder inside the archive.
    made_by : str
        Class of the saved object, "" for a plain state dictionary.
    root : Call or Table
    tensors : dict from name to TensorPlace
        Named as in a state dictionary.
    """

    path: Path
    prefix: str
    made_by: str
    root: Any
    tensors: dict[str, TensorPlace]

    def read(self, name: str) -> NDArray[Any]:
        """Return a tensor. Raises DataFormatError where it reaches beyond its numbers."""
        return _read_tensor(self, name)

    def module(self, name: str) -> Call | None:
        """Return a direct part of the saved model, such as "interaction"; None without it."""
        found = state_of(self.root).get("_modules")
        part = found.get(name) if isinstance(found, Table) else None
        return part if isinstance(part, Call) else None


def open_file(path: Path) -> TorchFile:
    """Return what a file of `torch.save` holds.

    Raises
    ------
    DataFormatError
        It is in the format of before 2020, compressed, damaged, or holds no model.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = _checked(archive, path)
            program = next(name for name in names if name.rpartition("/")[2] == "data.pkl")
            prefix = program.removesuffix("data.pkl")
            if archive.getinfo(program).file_size > MAX_PROGRAM:
                raise DataFormatError(f"{path.name} is no saved model: its pickle is too long.")
            order = (
                archive.read(prefix + "byteorder") if prefix + "byteorder" in names else b"little"
            )
            root = opcodes.read(archive.read(program))
    except (zipfile.BadZipFile, StopIteration, NotImplementedError) as error:
        raise DataFormatError(
            f"{path.name} is not a file that a recent torch.save wrote."
        ) from error
    if order != b"little":
        raise DataFormatError(f"{path.name} was written on a big-endian machine; export it anew.")
    made_by = root.made_by if isinstance(root, Call) else ""
    return TorchFile(path, prefix, made_by, root, dict(_tensors(root)))


def _checked(archive: zipfile.ZipFile, path: Path) -> set[str]:
    """Return the names of the members, none of which may unpack to more than the file holds."""
    members = archive.infolist()
    size = path.stat().st_size
    if len(members) > MAX_MEMBERS:
        raise DataFormatError(f"{path.name} has {len(members):,} members; a saved model has few.")
    for member in members:
        is_plain = member.compress_type == zipfile.ZIP_STORED
        if not is_plain or member.file_size != member.compress_size or member.file_size > size:
            raise DataFormatError(
                f"{path.name} is compressed inside, which torch.save never does; it is refused, as "
                "it could unpack to more than the memory holds."
            )
    return {member.filename for member in members}


def state_of(node: Any) -> Table:
    """Return what an object was to be filled with, empty where that is no dictionary."""
    state = node.state if isinstance(node, Call) else node
    return state if isinstance(state, Table) else Table()


def parts_of(node: Any) -> list[Any]:
    """Return the parts of a saved module, in order."""
    parts = state_of(node).get("_modules")
    return [part for _, part in parts.pairs] if isinstance(parts, Table) else []


def _tensors(root: Any) -> Iterator[tuple[str, TensorPlace]]:
    """Yield the tensors of a state dictionary, or of a whole saved module."""
    if isinstance(root, Table):
        for name, value in root.pairs:
            place = _tensor(value)
            if isinstance(name, str) and place is not None:
                yield name, place
        return
    waiting: list[tuple[str, Any]] = [("", root)]
    n_nodes = 0
    while waiting:
        prefix, node = waiting.pop()
        n_nodes += 1
        if n_nodes > MAX_NODES:  # parts that hold each other would be walked for ever
            raise DataFormatError("The saved model has too many parts to be one of PyKEEN's.")
        state = state_of(node)
        for group in ("_parameters", "_buffers"):
            found = state.get(group)
            for name, value in found.pairs if isinstance(found, Table) else ():
                place = _tensor(value)
                if place is not None:
                    yield f"{prefix}{name}", place
        parts = state.get("_modules")
        for name, part in parts.pairs if isinstance(parts, Table) else ():
            if isinstance(name, str) and len(prefix) < 1_000:
                waiting.append((f"{prefix}{name}.", part))


def _tensor(node: Any) -> TensorPlace | None:
    for _ in range(2):
        if isinstance(node, Call) and node.made_by in _WRAPPERS:
            node = (
                node.arguments[0] if isinstance(node.arguments, tuple) and node.arguments else None
            )
    is_tensor = isinstance(node, Call) and node.made_by == "torch._utils._rebuild_tensor_v2"
    if not is_tensor or not isinstance(node.arguments, tuple) or len(node.arguments) < 4:
        return None
    stored, offset, shape, strides = node.arguments[:4]
    key = stored.key if isinstance(stored, Stored) else None
    if not (isinstance(key, tuple) and len(key) > 2 and isinstance(key[1], Name)):
        return None
    if not isinstance(key[2], str):
        return None
    numbers = (offset, *shape, *strides) if isinstance(shape, tuple) else (None,)
    if not all(type(number) is int and number >= 0 for number in numbers):
        return None
    return TensorPlace(key[2], key[1].dotted.rpartition(".")[2], offset, shape, strides)


def _read_tensor(file: TorchFile, name: str) -> NDArray[Any]:
    place = file.tensors[name]
    kind = _KINDS.get(place.kind)
    if kind is None:
        raise DataFormatError(f"Tensor '{name}' is stored as {place.kind}; save it as float32.")
    try:
        with zipfile.ZipFile(file.path) as archive:
            content = archive.read(f"{file.prefix}data/{place.storage}")
    except (KeyError, zipfile.BadZipFile, EOFError) as error:
        raise DataFormatError(f"The numbers of tensor '{name}' are missing or damaged.") from error
    n_numbers = len(content) // np.dtype(kind).itemsize
    numbers = np.frombuffer(content, kind, n_numbers)
    is_paired = len(place.shape) == len(place.strides)
    reach = zip(place.shape, place.strides, strict=True) if is_paired else ()
    last = place.offset + sum((n - 1) * step for n, step in reach)
    n_wanted = prod(place.shape)
    is_inside = is_paired and last < len(numbers) and n_wanted <= len(numbers)
    if not place.shape or 0 in place.shape or not is_inside:
        raise DataFormatError(
            f"Tensor '{name}' of shape {place.shape} reaches beyond the {len(numbers):,} numbers "
            "stored for it; the file is damaged."
        )
    size = numbers.itemsize
    view = np.lib.stride_tricks.as_strided(
        numbers[place.offset :], place.shape, tuple(step * size for step in place.strides)
    )
    return np.array(view)
