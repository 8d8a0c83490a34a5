"""A split on the disk: row numbers into the graph's triples."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llador_core import paths
from llador_core.data.splits import Kind, Split, Triples
from llador_core.errors import DataFormatError, MissingDataError
from llador_core.graph import Graph, Ints

KINDS: Mapping[str, Kind] = {
    "pair": "pair",
    "disease": "disease",
    "drug": "drug",
    "unknown": "unknown",
}


def save_split(split: Split, graph: Graph, path: Path) -> None:
    """Write a split as row numbers into `graph.triples`.

    Raises
    ------
    StorageError
        Nothing could be written.
    """
    content = io.BytesIO()
    np.savez_compressed(
        content,
        train_rows=_rows_of(graph, split.train),
        valid_rows=_rows_of(graph, split.valid),
        test_rows=_rows_of(graph, split.test),
        caution_valid_rows=_rows_of(graph, split.caution_valid),
        caution_test_rows=_rows_of(graph, split.caution_test),
        held_out_diseases=split.held_out_diseases.astype(np.int64),
        held_out_drugs=split.held_out_drugs.astype(np.int64),
        n_triples=np.int64(graph.n_triples),
        seed=np.int64(split.seed),
        kind=np.str_(split.kind),
    )
    paths.write_atomically(path, content.getvalue())


def load_split(path: Path, graph: Graph) -> Split:
    """Return a saved split of `graph`.

    Raises
    ------
    MissingDataError
        There is no such file.
    DataFormatError
        The file is damaged or belongs to another version of the graph.
    """
    if not path.is_file():
        raise MissingDataError(f"There is no split in {path}; train the run again.")
    try:
        with np.load(path, allow_pickle=False) as saved:
            arrays: dict[str, NDArray[Any]] = {name: saved[name] for name in saved.files}
        rows = {part: arrays[f"{part}_rows"] for part in ("train", "valid", "test")}
        # splits from before contraindications were held out lack these
        none = np.empty(0, np.int64)
        cautions = ("caution_valid", "caution_test")
        rows |= {part: arrays.get(f"{part}_rows", none).astype(np.int64) for part in cautions}
        n_triples, seed = int(arrays["n_triples"]), int(arrays["seed"])
        kind, diseases = str(arrays["kind"]), arrays["held_out_diseases"]
        drugs = arrays.get("held_out_drugs", none)
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise DataFormatError(
            f"{path} is damaged (expected the arrays of a split, found: {error}); train again."
        ) from error
    if n_triples != graph.n_triples:
        raise DataFormatError(
            f"{path} splits a graph of {n_triples:,} triples, but '{graph.name}' has "
            f"{graph.n_triples:,}: the run belongs to another version of the graph; train again."
        )
    used = np.concatenate(list(rows.values()))
    is_inside = not len(used) or 0 <= used.min() <= used.max() < n_triples
    if kind not in KINDS or not is_inside or np.bincount(used, minlength=1).max() > 1:
        raise DataFormatError(
            f"{path} is damaged (expected each of {n_triples:,} rows at most once); train again."
        )
    return Split(
        kind=KINDS[kind],
        seed=seed,
        n_removed=n_triples - len(used),
        held_out_diseases=diseases,
        held_out_drugs=drugs,
        **{part: graph.triples[some] for part, some in rows.items()},
    )


def _rows_of(graph: Graph, triples: Triples) -> NDArray[np.int32]:
    """Return the row of each triple in `graph.triples`."""
    known = _triple_keys(graph, graph.triples)
    order = np.argsort(known)
    wanted = _triple_keys(graph, triples)
    place = np.minimum(np.searchsorted(known, wanted, sorter=order), len(known) - 1)
    found = order[place]
    if not np.array_equal(known[found], wanted):
        raise ValueError("The split holds triples that the graph does not have.")
    return found.astype(np.int32)


def _triple_keys(graph: Graph, triples: Triples) -> Ints:
    h, r, t = triples.astype(np.int64).T
    keys: Ints = (h * graph.n_relations + r) * graph.n_entities + t
    return keys
