"""The benchmark of explanations: which pairs it judges, and what it counts as a hit."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.explain_quality import curated_pairs, judge, methods, targets, tuned_on
from llador_core.data import load_graph
from llador_core.explain import explain
from tests.builders import graph_of

TYPES = {
    **{f"Compound::{i}": "Compound" for i in range(3)},
    "Disease::1": "Disease",
    **{f"Gene::{i}": "Gene" for i in range(4)},
}
GRAPH = graph_of(
    [
        ("Compound::0", "binds", "Gene::0"),
        ("Compound::0", "binds", "Gene::1"),
        ("Compound::1", "binds", "Gene::1"),
        ("Compound::1", "treats", "Disease::1"),
        ("Compound::2", "treats", "Disease::1"),
    ],
    TYPES,
)
ROWS = [
    "drug\tdisease\tgenes",
    "Compound::0\tDisease::1\tGene::0|Gene::9",
    "Compound::0\tDisease::1\tGene::1",
    "Compound::1\tDisease::1\t",
    "Compound::7\tDisease::1\tGene::1",
    "Compound::2\tDisease::1\tGene::9",
]


def test_pairs_need_drug_disease_and_a_protein_of_the_graph(tmp_path: Path) -> None:
    (tmp_path / "gold").mkdir()
    (tmp_path / "gold" / "drugmechdb_paths.tsv").write_text("\n".join(ROWS) + "\n", "utf-8")
    pairs = curated_pairs(GRAPH, tmp_path)
    drug, disease = GRAPH.mapped("Compound::0"), GRAPH.mapped("Disease::1")
    assert pairs == {(drug, disease): {GRAPH.mapped("Gene::0"), GRAPH.mapped("Gene::1")}}


def test_the_engine_is_judged_by_its_first_path_and_controls_by_chance() -> None:
    drug, disease = GRAPH.mapped("Compound::0"), GRAPH.mapped("Disease::1")
    shared, other = GRAPH.mapped("Gene::1"), GRAPH.mapped("Gene::0")
    compared = methods(GRAPH)
    assert targets(GRAPH, drug) == [other, shared]
    for name, method in compared.items():
        by_chance = 0.5 if name == "random target" else 1.0
        assert method(drug, disease, {shared}) == by_chance, name
        assert method(drug, disease, {other}) == 1.0 - by_chance or by_chance == 0.5, name
    report = judge({(drug, disease): {shared}}, {"all": [(drug, disease)]}, compared["ours"])
    assert report["all"] == 1.0


def test_the_halves_are_by_drug_and_always_the_same() -> None:
    pairs = {(drug, disease): {0} for drug in range(20) for disease in (50, 51)}
    half = tuned_on(pairs)
    assert len(half) == 10
    assert tuned_on(pairs) == half


def test_the_best_path_names_a_curated_protein_often_enough(
    raw_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLADOR_RAW", str(raw_data))
    if not (raw_data / "gold" / "drugmechdb_paths.tsv").is_file():
        pytest.skip("no curated mechanisms among the upstream files")
    graph = load_graph("drkg")
    hits = []
    for (drug, disease), curated in list(curated_pairs(graph, raw_data).items())[::20]:
        groups = explain(graph, drug, disease, n_per_group=1).groups
        hits.append(bool(groups) and not curated.isdisjoint(groups[0].paths[0].entities))
    assert np.mean(hits) >= 0.68
