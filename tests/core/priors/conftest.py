from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from llador_core.graph import Graph, Relation

ENTITIES = (
    ("C:1", "donepezil", "Compound", ("aricept",)),
    ("D:1", "Alzheimer's disease", "Disease", ("AD", "Alzheimer disease")),
    ("G:1", "ACHE", "Gene", ()),
)


def small_graph(folder: Path | None, checksum: str = "a" * 64) -> Graph:
    ids, names, kinds, synonyms = zip(*ENTITIES, strict=True)
    types = tuple(sorted(set(kinds)))
    return Graph(
        name="small",
        entity_ids=ids,
        entity_names=names,
        synonyms=synonyms,
        type_names=types,
        entity_types=np.array([types.index(kind) for kind in kinds]),
        relations=(Relation("treats", "treats"), Relation("binds", "binds")),
        triples=np.array([[0, 0, 1], [0, 1, 2]], np.int32),
        checksum=checksum,
        texts_folder=folder,
    )


PRIORS_LINES = (
    '{"id": "C:1", "background": "Inhibits acetylcholinesterase.", "treatment": "For dementia.", '
    '"caution": "Slows the heart."}\n'
    '{"id": "G:1", "background": "Splits acetylcholine."}\n'
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "priors.jsonl").write_text(PRIORS_LINES, encoding="utf-8")
    return tmp_path


@pytest.fixture
def graph(folder: Path) -> Graph:
    return small_graph(folder)
