"""A run of a graph without contraindications orders its lists with similar pairs, everywhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from llador_core.hubs import score_of
from llador_core.ranking import list_scores
from llador_core.safeguard import similar
from llador_core.training.config import TrainConfig, make_config
from llador_core.training.runs import load_run
from llador_core.training.train import train
from tests.builders import random_graph


@pytest.mark.parametrize("is_asked", [True, False])
def test_lists_tables_and_metrics_have_the_same_order(
    tmp_path: Path, is_asked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(similar, "FEWEST_VALID", 2)
    graph = random_graph(seed=2, n_drugs=40, n_diseases=40)
    settings = {"dim": 8, "steps": 4, "batch_size": 32, "n_negatives": 4, "validate_every": 4}
    config = TrainConfig(prior="none", similar_pairs=is_asked, **settings)
    folder = train(graph, config, out=tmp_path)
    run = load_run(str(folder))
    raw, combined = run.pair_scores(graph, "raw"), run.pair_scores(graph)
    kept = [name for name in ("similar.json", "similar.safetensors") if (folder / name).is_file()]
    if run.similar is None:
        assert not kept and "guarded" not in run.metrics
        np.testing.assert_array_equal(raw, combined)
        assert not is_asked
        return
    assert is_asked and len(kept) == 2
    assert "drug-ranking" in run.metrics["guarded"]
    assert np.abs(raw - combined).max() > 1e-3
    for order, table in (("raw", raw), ("combined", combined)):
        disease, drug = int(graph.diseases[3]), int(graph.drugs[5])
        column = list_scores(graph, run, graph.drugs, disease, True, order)
        row = list_scores(graph, run, graph.diseases, drug, False, order)
        np.testing.assert_allclose(column, table[:, 3], atol=1e-4)
        np.testing.assert_allclose(row, table[5], atol=1e-4)
        some = graph.diseases[[3, 1]]
        np.testing.assert_allclose(score_of(graph, run, order)(some), table[:, [3, 1]], atol=1e-4)


def test_only_large_graphs_and_our_recipe_ask_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = random_graph(seed=2)
    assert not make_config(graph, "distmult", "none").similar_pairs
    monkeypatch.setattr(type(graph), "n_triples", property(lambda _: 300_000))
    ours = make_config(graph, "distmult", "none")
    assert ours.similar_pairs and ours.treat_batch and ours.loss == "cross_entropy"
    assert not make_config(graph, "transe", "none").treat_batch
    assert not make_config(graph, "distmult", "none", recipe="paper").similar_pairs
    assert not make_config(graph, "distmult", "none", settings=["optimizer=adam"]).treat_batch
