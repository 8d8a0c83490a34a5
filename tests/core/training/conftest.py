"""A graph small enough to train on in a second, in a folder as a user would bring it."""

from pathlib import Path

import numpy as np
import pytest

from llador_core.data import load_graph
from llador_core.graph import Graph
from llador_core.priors.texts import load_texts

N_DRUGS, N_DISEASES = 40, 30


def write_graph(folder: Path, seed: int = 0) -> Path:
    """Write a graph whose drugs treat the diseases of their own group, with texts that say so."""
    draw = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    drugs = [f"Compound::{i}" for i in range(N_DRUGS)]
    diseases = [f"Disease::{i}" for i in range(N_DISEASES)]
    genes = [f"Gene::{i}" for i in range(20)]
    rows = ["id\tname\ttype"]
    rows += [f"{d}\tdrug {d[10:]}\tCompound" for d in drugs]
    rows += [f"{d}\tdisease {d[9:]}\tDisease" for d in diseases]
    rows += [f"{g}\tgene {g[6:]}\tGene" for g in genes]
    (folder / "entities.tsv").write_text("\n".join(rows) + "\n", "utf-8")
    triples = set()
    for i, drug in enumerate(drugs):
        for j, disease in enumerate(diseases):
            if i % 5 == j % 5 and draw.random() < 0.6:
                triples.add((drug, "treats", disease))
            elif draw.random() < 0.05:
                triples.add((drug, "contraindicated_in", disease))
        triples.add((drug, "inhibits", genes[i % 20]))
    triples |= {(d, "associates", genes[j % 20]) for j, d in enumerate(diseases)}
    lines = ["head\trelation\ttail", *("\t".join(t) for t in sorted(triples))]
    (folder / "triples.tsv").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    graph = load_graph(str(write_graph(tmp_path_factory.mktemp("graphs") / "small")))
    assert load_texts(graph) is None
    return graph
