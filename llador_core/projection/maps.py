"""Finished maps on disk: found by what they were made from, so that none can be out of date.

`projections/<run>--<base>--<method>-<fingerprint>.safetensors`, in the home folder or among what
ships. The fingerprint is over the contents of both runs and the settings: a run that is trained
again has another one, and its old maps are never found.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from llador_core import paths
from llador_core.errors import DataFormatError
from llador_core.projection.geometry import Comparison, Floats, compare, turnover
from llador_core.projection.layout import PCA, MapConfig, fingerprint, lay_out

FORMAT = 1
ARRAYS = ("base_xy", "run_xy", "shift", "kept")
MAX_NAME = 80  # of a run in a file's name
Told = Callable[[float, str], None]


@dataclass(frozen=True)
class Pair:
    """The two runs of a map: their names, and checksums over what is in them."""

    run: str
    base: str
    run_checksum: str
    base_checksum: str


@dataclass(frozen=True, eq=False)
class EmbeddingMap:
    """Two runs in one picture.

    Attributes
    ----------
    base_xy, run_xy : float32 arrays of shape (n_entities, 2)
        From -1 to 1 over both.
    shift : float32 array of shape (n_entities,)
        Measured in the full space, not in the picture; see `geometry.Comparison`.
    kept : uint8 array of shape (n_entities,)
        Nearest neighbours in the full space that stayed, of `n_nearest`.
    n_nearest : int
    explained : float
        Share of the variance in the first two principal components.
    created : str
        ISO date and time in UTC.
    """

    base_xy: NDArray[np.float32]
    run_xy: NDArray[np.float32]
    shift: NDArray[np.float32]
    kept: NDArray[np.uint8]
    n_nearest: int
    explained: float
    created: str

    @property
    def turnover(self) -> NDArray[np.float64]:
        """1 - Jaccard of the neighbours, for every entity: 0 all kept, 1 all new."""
        return turnover(self.kept, self.n_nearest)


def name_of(pair: Pair, config: MapConfig) -> str:
    """Return the name that a map of these runs with these settings has, without extension."""
    made_from = {"format": FORMAT, "pair": asdict(pair), "settings": config.settings}
    safe = [re.sub(r"[^A-Za-z0-9._-]", "_", name)[:MAX_NAME] for name in (pair.run, pair.base)]
    return f"{safe[0]}--{safe[1]}--{config.method}-{fingerprint(made_from)}"


def folders() -> list[Path]:
    """Return the folders that hold maps: the user's, then what ships."""
    return [paths.home() / "projections", paths.assets() / "projections"]


def find(pair: Pair, config: MapConfig) -> Path | None:
    """Return the file of a map, None where it was not computed yet."""
    name = f"{name_of(pair, config)}.safetensors"
    return next((f / name for f in folders() if (f / name).is_file()), None)


def load(path: Path) -> EmbeddingMap:
    """Return the map in a file.

    Raises
    ------
    DataFormatError
        The file is damaged.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="np") as file:
            record = json.loads(file.metadata()["llador"])
            base_xy, run_xy, shift, kept = (file.get_tensor(name) for name in ARRAYS)
        found = EmbeddingMap(
            base_xy,
            run_xy,
            shift,
            kept,
            int(record["n_nearest"]),
            float(record["explained"]),
            str(record["created"]),
        )
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise DataFormatError(
            f"The map {path.name} is damaged ({error}). Compute it again with "
            "`python -m llador_core project`."
        ) from error
    n = len(found.shift)
    shapes = [found.base_xy.shape, found.run_xy.shape, found.kept.shape]
    is_finite = all(np.isfinite(values).all() for values in (base_xy, run_xy, shift))
    if shapes != [(n, 2), (n, 2), (n,)] or not is_finite:
        raise DataFormatError(
            f"The map {path.name} holds arrays that do not belong together. Compute it again with "
            "`python -m llador_core project`."
        )
    return found


def save(found: EmbeddingMap, pair: Pair, config: MapConfig, folder: Path) -> Path:
    """Write a map, whole or not at all, and return its file. Raises StorageError."""
    from safetensors.numpy import save as to_bytes

    record = {
        "format": FORMAT,
        "pair": asdict(pair),
        "settings": config.settings,
        "n_nearest": found.n_nearest,
        "explained": found.explained,
        "created": found.created,
    }
    arrays = {name: np.ascontiguousarray(getattr(found, name)) for name in ARRAYS}
    path = folder / f"{name_of(pair, config)}.safetensors"
    paths.write_atomically(path, to_bytes(arrays, {"llador": json.dumps(record)}))
    return path


def make(
    base: Floats, run: Floats, pair: Pair, config: MapConfig, folder: Path, told: Told
) -> Path:
    """Compute a map of two runs, write it, and return its file.

    The PCA map costs next to nothing once the runs are compared, so it is written first and can be
    looked at while UMAP works; it also keeps what was measured for further maps of the same runs.

    Parameters
    ----------
    base, run : float arrays of shape (n_entities, dim)
        In score space; row i of both is the same entity.
    pair : Pair
    config : MapConfig
    folder : Path
        Where to put the files.
    told : callable
        Called with the share done, from 0 to 1, and what is being done.

    Raises
    ------
    DataFormatError
        The runs do not fit each other.
    MissingDataError
        UMAP is asked for and not installed.
    StorageError
        The file cannot be written.
    """
    told(0.0, "Aligning the two runs")
    _remove_leftovers(folder)
    known = _measured(pair, folder)
    share = 0.95 if config.method == "pca" else 0.02 if known else 0.25
    both = compare(
        base, run, lambda done: told(done * share, "Comparing nearest neighbours"), known
    )
    path = folder / f"{name_of(pair, PCA)}.safetensors"
    if config.method == "pca" or not path.is_file():
        path = save(_lay_out(both, PCA), pair, PCA, folder)
    if config.method == "pca":
        return path
    told(share, "Preparing UMAP")
    begun = share + 0.25  # a guess: UMAP tells nothing before it has found its neighbours
    laid_out = _lay_out(
        both, config, lambda done: told(begun + done * (0.99 - begun), "Laying out with UMAP")
    )
    return save(laid_out, pair, config, folder)


def _remove_leftovers(folder: Path) -> None:
    """Remove what processes that were killed while writing left behind, an hour ago or more."""
    for file in folder.glob(".*.tmp"):
        with suppress(OSError):
            if time.time() - file.stat().st_mtime > 3600:
                file.unlink()


def _measured(pair: Pair, folder: Path) -> tuple[NDArray[np.float32], NDArray[np.uint8]] | None:
    """Return shift and kept neighbours of these runs where a sound PCA map holds them."""
    name = f"{name_of(pair, PCA)}.safetensors"
    path = next((f / name for f in (folder, *folders()) if (f / name).is_file()), None)
    if path is None:
        return None
    try:
        found = load(path)
    except DataFormatError:
        return None
    return found.shift, found.kept


def _lay_out(
    both: Comparison, config: MapConfig, report: Callable[[float], None] | None = None
) -> EmbeddingMap:
    base_xy, run_xy, explained = lay_out(both, config, report)
    created = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return EmbeddingMap(base_xy, run_xy, both.shift, both.kept, both.n_nearest, explained, created)
