"""A whole run as one zip file: written the same each time, and taken in only when it is sound."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from pathlib import Path
from typing import IO

import numpy as np

from llador_core.errors import ConfigError, DataFormatError, LladorError
from llador_core.graph import Graph
from llador_core.paths import make_folder, storage_errors, write_atomically
from llador_core.training.exchange.install import check_name, new_folder
from llador_core.training.folder import check_format, read_json
from llador_core.training.runs import Run, load_run

# Every file that a run may have, and how large it may be, in bytes.
MEMBERS = {
    "config.json": 1 << 20,
    "run.json": 8 << 20,
    "metrics.json": 64 << 20,
    "progress.jsonl": 256 << 20,
    "safeguard.json": 8 << 20,
    "similar.json": 8 << 20,
    "entities.tsv": 1 << 30,
    "relations.tsv": 64 << 20,
    "splits.npz": 1 << 30,
    "weights.safetensors": 32 << 30,
    "safeguard.safetensors": 32 << 30,
    "similar.safetensors": 32 << 30,
}
NEEDED = ("config.json", "run.json", "metrics.json", "entities.tsv", "splits.npz")
NEEDED_TOO = ("weights.safetensors",)
MAX_RATIO = 200  # numbers hardly shrink; what unpacks to more is made to fill a disk
SMALL = 1 << 20
_BLOCK = 1 << 20
_EPOCH = (1980, 1, 1, 0, 0, 0)


def to_zip(run: Run) -> bytes:
    """Return a run as a zip file: a folder of its name; the same bytes for the same run."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in MEMBERS:
            file = run.info.folder / name
            if file.is_file():
                member = zipfile.ZipInfo(f"{run.name}/{name}", _EPOCH)
                member.compress_type = zipfile.ZIP_DEFLATED
                member.external_attr = 0o644 << 16
                archive.writestr(member, file.read_bytes())
    return content.getvalue()


def write_zip(run: Run, to: Path) -> Path:
    """Write a run as a zip file: `to`, or a file of the run's name in the folder `to`.

    Raises
    ------
    ConfigError
        The file is there already.
    StorageError
        Nothing could be written.
    """
    path = to if to.suffix == ".zip" else to / f"{run.name}.zip"
    if path.exists():
        raise ConfigError(f"{path} is there already. Choose another name or remove it.")
    make_folder(path.parent)
    write_atomically(path, to_zip(run))
    return path


def from_zip(source: Path | IO[bytes], graph: Graph | None = None, name: str | None = None) -> Path:
    """Take a run in from a zip file and return its folder; a bad one leaves nothing behind.

    Parameters
    ----------
    source : Path or binary file
    graph : Graph or None
        The graph that the run must belong to; None checks only what needs no graph.
    name : str or None
        Of the run; None takes the name of the folder in the zip file.

    Raises
    ------
    DataFormatError
        It is no zip file of a run, holds something else, would unpack to too much, is damaged, of
        a newer format, or belongs to another version of the graph.
    ConfigError
        A run of that name is there.
    StorageError
        Nothing could be written.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            members, stem = _members(archive)
            chosen = name or stem
            check_name(chosen)
            with new_folder(chosen) as folder:
                for member, info in members.items():
                    _unpack(archive, info, folder / member)
                run = _sound(folder, graph)
                target = folder.with_name(chosen)
                del run
            return target
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise DataFormatError(
            f"The zip file is damaged ({error}). Export the run again."
        ) from error


def graph_named(source: Path | IO[bytes]) -> str:
    """Return the graph that a zipped run says it belongs to. Raises DataFormatError."""
    try:
        with zipfile.ZipFile(source) as archive:
            members, _ = _members(archive)
            content = _content(archive, members["config.json"])
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise DataFormatError(f"The file is no sound zip file ({error}).") from error
    try:
        return str(json.loads(content)["graph"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataFormatError("config.json in the zip file does not name its graph.") from error


def _members(archive: zipfile.ZipFile) -> tuple[dict[str, zipfile.ZipInfo], str]:
    """Return the files of the run in an archive, and the name of their folder.

    Raises DataFormatError for anything that is not one of a run's files, in one folder.
    """
    found: dict[str, zipfile.ZipInfo] = {}
    folders: set[str] = set()
    for info in archive.infolist():
        folder, _, member = info.filename.rpartition("/")
        if not member and folder and "/" not in folder:
            continue  # the folder itself
        if member not in MEMBERS or "/" in folder or "\\" in info.filename:
            raise DataFormatError(
                f"The zip file holds '{info.filename[:80]}', which is no file of a run. Import "
                "what `export-run --format zip` wrote."
            )
        if member in found:
            raise DataFormatError(f"The zip file holds {member} twice.")
        _check_size(member, info)
        found[member] = info
        folders.add(folder)
    lacking = [name for name in (*NEEDED, *NEEDED_TOO) if name not in found]
    if lacking:
        raise DataFormatError(f"The zip file is no finished run: {lacking[0]} is missing.")
    if len(folders) != 1:
        raise DataFormatError("The zip file holds files of several runs; import them one by one.")
    return found, folders.pop()


def _check_size(member: str, info: zipfile.ZipInfo) -> None:
    if info.flag_bits & 1:
        raise DataFormatError("The zip file is encrypted; export the run again without a password.")
    too_large = info.file_size > MEMBERS[member]
    too_dense = info.file_size > SMALL and info.file_size > MAX_RATIO * max(1, info.compress_size)
    if too_large or too_dense:
        raise DataFormatError(
            f"{member} in the zip file would unpack to {info.file_size / 1e6:,.0f} MB from "
            f"{info.compress_size / 1e6:,.1f} MB, more than a run has. It was not unpacked."
        )


def _unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> None:
    """Write one member, never more than it announced."""
    written = 0
    with storage_errors(path), archive.open(info) as packed, path.open("wb") as file:
        while block := packed.read(_BLOCK):
            written += len(block)
            if written > info.file_size:
                raise DataFormatError(f"{path.name} unpacks to more than the zip file announces.")
            file.write(block)


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    with archive.open(info) as packed:
        return packed.read(info.file_size)


def _sound(folder: Path, graph: Graph | None) -> Run:
    """Return the run in an unpacked folder, every file read and checked."""
    _check_split_size(folder / "splits.npz", graph)
    try:
        check_format(folder.name, read_json(folder / "run.json"))
        run = load_run(str(folder))
        tables = {"anchors": run.anchors}
        if run.safeguard is not None:
            tables |= {"treat": run.safeguard.treat, "caution": run.safeguard.caution_logits}
        for what, table in tables.items():
            if table is not None and not np.isfinite(table).all():
                raise DataFormatError(f"The {what} hold numbers that are not finite.")
        if graph is not None:
            run.split(graph)
            _check_shapes(run, graph)
    except LladorError as error:
        words = str(error).replace(folder.name, folder.name[1:].rsplit(".", 2)[0])
        raise DataFormatError(f"The zip file holds no sound run. {words}") from error
    return run


def _check_shapes(run: Run, graph: Graph) -> None:
    rows = len(run.scorer.entities), len(run.scorer.relations)
    if rows != (graph.n_entities, graph.n_relations):
        raise DataFormatError(
            f"Its weights are of {rows[0]:,} entities and {rows[1]:,} relations; graph "
            f"'{graph.name}' has "
            f"{graph.n_entities:,} and {graph.n_relations:,}."
        )
    pairs = (len(graph.drugs), len(graph.diseases))
    if run.safeguard is not None and run.safeguard.treat.shape != pairs:
        raise DataFormatError(
            f"Its safeguard is of {run.safeguard.treat.shape} drugs and diseases, the graph has "
            f"{pairs}."
        )
    if run.anchors is not None and run.anchors.shape != run.scorer.entities.shape:
        raise DataFormatError("Its anchors have another shape than its entities.")


def _check_split_size(path: Path, graph: Graph | None) -> None:
    """Refuse a split, itself a zip file, that would unpack to more than row numbers take."""
    limit = SMALL + 64 * (graph.n_triples if graph else 100_000_000)
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(info.file_size for info in archive.infolist())
    except zipfile.BadZipFile as error:
        raise DataFormatError(f"splits.npz in the zip file is damaged ({error}).") from error
    if size > limit:
        raise DataFormatError(
            f"splits.npz in the zip file would unpack to {size / 1e6:,.0f} MB, more than the split "
            "of this graph can take. It was not read."
        )
