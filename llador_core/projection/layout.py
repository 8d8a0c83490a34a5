"""From `dim` numbers to the two of a picture, the same way for both runs.

Both clouds are laid out together, one below the other, so that their points share one picture:
the first 50 principal components of the stack, then either the first two of them or UMAP.

References
----------
McInnes et al., UMAP, 2018. Deviation: it starts from the two principal components instead of a
spectral layout, which keeps the large-scale arrangement and has no luck in it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from llador_core.config import check_range
from llador_core.errors import MissingDataError
from llador_core.projection.geometry import Comparison, Floats, Report

Method = Literal["umap", "pca"]
N_COMPONENTS = 50  # of which UMAP finds its neighbours; more cost time and change little
_REACH = 10.0  # half width of the layout that UMAP starts from, the size it works at


@dataclass(frozen=True)
class MapConfig:
    """How a map is laid out.

    Parameters
    ----------
    method : "umap" or "pca"
    neighbours : int
        UMAP's: few show small groups, many the large arrangement.
    min_dist : float
        UMAP's: how tightly points may be packed.
    seed : int
        UMAP's.

    Raises
    ------
    ConfigError
        A number is out of range.
    """

    method: Method = "umap"
    neighbours: int = 15
    min_dist: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        check_range("MapConfig", "neighbours", self.neighbours, 2, 200)
        check_range("MapConfig", "min_dist", self.min_dist, 0.0, 0.99)
        check_range("MapConfig", "seed", self.seed, 0, 2**31 - 1)

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that change this map: PCA has no choices."""
        return asdict(self) if self.method == "umap" else {"method": self.method}

    @property
    def words(self) -> str:
        """The settings as a reader takes them in."""
        if self.method == "pca":
            return "PCA"
        return f"UMAP, {self.neighbours} neighbours, packing {self.min_dist:g}, seed {self.seed}"


PCA = MapConfig("pca")


def fingerprint(content: Mapping[str, Any]) -> str:
    """Return 12 hex digits that change with anything in `content`."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]


def has_umap() -> bool:
    """Return whether UMAP is installed, without loading it."""
    return find_spec("umap") is not None


def principal_components(rows: Floats, n: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the first `n` principal components of `rows`, and each one's share of the variance.

    Shapes (n_rows, dim) -> (n_rows, min(n, dim)) and (min(n, dim),). The sign of a component is
    fixed, so that the same rows give the same picture everywhere.
    """
    moved = rows - rows.mean(axis=0)
    values, axes = np.linalg.eigh(moved.T @ moved)  # ascending; (dim,), (dim, dim)
    values, axes = values[::-1], axes[:, ::-1][:, :n]
    largest = axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])]
    return moved @ (axes * np.sign(largest)), values[:n] / values.sum()


def lay_out(
    both: Comparison, config: MapConfig, report: Report | None = None
) -> tuple[NDArray[np.float32], NDArray[np.float32], float]:
    """Return the places of all entities in one picture, base and run.

    Parameters
    ----------
    both : Comparison
    config : MapConfig
    report : callable or None
        Called with the share done, from 0 to 1.

    Returns
    -------
    base, run : float32 arrays of shape (n_entities, 2)
        From -1 to 1 over both.
    explained : float
        Share of the variance that the first two principal components hold.

    Raises
    ------
    MissingDataError
        UMAP is asked for and not installed.
    """
    components, shares = principal_components(np.vstack([both.base, both.run]), N_COMPONENTS)
    found: Floats = components[:, :2]
    if config.method == "umap":
        found = _umap(components, config, report or (lambda _: None))
    middle = (found.min(axis=0) + found.max(axis=0)) / 2
    places = ((found - middle) / np.abs(found - middle).max()).astype(np.float32)
    n = len(both.run)
    return places[:n], places[n:], float(shares[:2].sum())


def _umap(components: NDArray[np.float64], config: MapConfig, report: Report) -> Floats:
    """Return UMAP's layout of `components`, shape (n, up to 50) -> (n, 2)."""
    if not has_umap():
        raise MissingDataError(
            "UMAP is not installed here. Add it with `pip install umap-learn`, or take the PCA "
            "map, which needs nothing more."
        )
    import umap

    start = components[:, :2] / np.abs(components[:, :2]).max() * _REACH
    layout = umap.UMAP(
        n_neighbors=min(config.neighbours, len(components) - 1),
        min_dist=config.min_dist,
        random_state=config.seed,
        n_jobs=1,
        init=start.astype(np.float32),
        tqdm_kwds={"disable": False, "file": _Bar(report), "bar_format": "{n} {total}"},
    )
    places: Floats = layout.fit_transform(components.astype(np.float32))
    return places


class _Bar:
    """A text stream for tqdm that passes on the share done: UMAP has no other way to tell."""

    def __init__(self, report: Report) -> None:
        self.report = report

    def write(self, text: str) -> None:
        numbers = text.split()
        if len(numbers) == 2 and all(number.isdigit() for number in numbers):
            self.report(int(numbers[0]) / max(int(numbers[1]), 1))

    def flush(self) -> None:
        """Nothing is held back."""
