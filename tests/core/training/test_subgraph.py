"""The surroundings of a disease: near, bounded, whole, with their texts, and a graph like any."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from llador_core import paths
from llador_core.data import list_graphs, load_graph
from llador_core.data.splits import split_by_pair
from llador_core.errors import ConfigError, MissingDataError
from llador_core.graph import Graph
from llador_core.priors.texts import load_texts
from llador_core.priors.vectors import load_vectors
from llador_core.training.plan import meanings
from llador_core.training.subgraph import default_name, induced, make_subgraph, members, nearness
from tests.builders import graph_of

ALZHEIMER = "Disease::DOID:10652"


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LLADOR_HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("max_triples", [500, 2000, 8000, 100_000])
def test_it_is_all_triples_between_its_members_and_no_more_than_asked_for(
    starter: Graph, max_triples: int
) -> None:
    disease = starter.mapped(ALZHEIMER)
    kept = members(starter, disease, max_triples)
    part = induced(starter, kept)
    assert len(part.triples) <= max_triples
    assert len(part.triples) > 0.9 * min(max_triples, starter.n_triples)
    assert disease in kept.tolist()
    is_kept = np.isin(starter.triples[:, [0, 2]], kept).all(axis=1)
    labeled = {
        (part.entity_ids[h], part.relations[r].name, part.entity_ids[t])
        for h, r, t in part.triples.tolist()
    }
    assert labeled == {
        (starter.entity_ids[h], starter.relations[r].name, starter.entity_ids[t])
        for h, r, t in starter.triples[is_kept].tolist()
    }
    assert part.degree.min() > 0
    assert len(split_by_pair(part, 0).test) >= 5


def test_what_treats_the_disease_belongs_to_it(starter: Graph) -> None:
    disease = starter.mapped(ALZHEIMER)
    kept = set(members(starter, disease, 8000).tolist())
    assert set(starter.neighbours_with_role(disease, "treats").tolist()) <= kept
    own = set(starter.neighbours(disease).entity.tolist())
    assert len(own & kept) > 0.9 * len(own)


def test_near_is_what_few_steps_without_hubs_lead_to() -> None:
    triples = [("drug", "binds", "target"), ("target", "associates", "disease")]
    triples += [("hub", "associates", "disease")]
    triples += [(f"gene{i}", "interacts", "hub") for i in range(50)]
    triples += [("drug2", "binds", "hub"), ("far", "binds", "away")]
    types = {end: "Gene" for triple in triples for end in (triple[0], triple[2])}
    graph = graph_of(triples, types)
    near = nearness(graph, graph.mapped("disease"))
    assert near[graph.mapped("drug")] > 10 * near[graph.mapped("drug2")] > 0
    assert near[graph.mapped("far")] == 0


def test_it_is_a_graph_like_any_with_texts_and_vectors(starter: Graph) -> None:
    disease = starter.mapped(ALZHEIMER)
    name = make_subgraph(starter, disease, 2000)
    part = load_graph(name)
    assert part.title == "Surroundings of Alzheimer's disease (starter)"
    assert (part.licence, name) == (starter.licence, default_name(starter, disease, 2000))
    assert name in [info.name for info in list_graphs() if info.is_own]
    told = json.loads((paths.graphs_folder() / name / "graph.json").read_text())
    assert told["source_checksum"] == starter.checksum
    assert {r.name: r.role for r in part.relations}.items() <= {
        r.name: r.role for r in starter.relations
    }.items()
    texts, all_texts = load_texts(part), load_texts(starter)
    assert texts is not None
    assert all_texts is not None
    assert texts.provenance == all_texts.provenance
    places = [starter.mapped(entity) for entity in part.entity_ids]
    assert list(texts.caution) == [all_texts.caution[i] for i in places]
    vectors, all_vectors = load_vectors(part), load_vectors(starter)
    for field in ("name", "treatment"):
        np.testing.assert_allclose(
            vectors.vectors[field],  # type: ignore[index]
            all_vectors.vectors[field][places],  # type: ignore[index]
            atol=1e-3,
        )


def test_it_is_made_once_and_never_replaces_another_graph(starter: Graph, own_home: Path) -> None:
    disease = starter.mapped(ALZHEIMER)
    name = make_subgraph(starter, disease, 1000, "mine")
    before = (own_home / "graphs" / name / "triples.tsv").stat().st_mtime_ns
    assert make_subgraph(starter, disease, 1000, "mine") == "mine"
    assert (own_home / "graphs" / name / "triples.tsv").stat().st_mtime_ns == before
    for size, taken in ((1200, "mine"), (1000, "starter"), (1000, "hetionet")):
        with pytest.raises(ConfigError, match=f"another graph named '{taken}'"):
            make_subgraph(starter, disease, size, taken)
    assert [f.name for f in (own_home / "graphs").iterdir()] == ["mine"], "nothing half-written"


@pytest.mark.parametrize("name", ["../x", "a/b", ".hidden", "a..b", "-x", " x"])
def test_a_name_is_no_path(starter: Graph, name: str) -> None:
    with pytest.raises(ConfigError, match="cannot be the name of a graph"):
        make_subgraph(starter, starter.mapped(ALZHEIMER), 1000, name)


def test_too_few_treatments_or_triples_are_a_sentence(starter: Graph, own_home: Path) -> None:
    with pytest.raises(ConfigError, match="from 200 to 5,000,000, found 10"):
        make_subgraph(starter, starter.mapped(ALZHEIMER), 10)
    graph = graph_of(
        [("d", "treats", "x"), ("d2", "binds", "x")], dict.fromkeys(("d", "x", "d2"), "T")
    )
    with pytest.raises(MissingDataError, match="1 treated drug-disease pairs among 2 triples"):
        make_subgraph(graph, 1, 1000)
    assert not (own_home / "graphs").exists()


def test_a_disk_that_fills_up_leaves_nothing(
    starter: Graph, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from llador_core.priors import slices

    def full(*_: object, **__: object) -> None:
        with paths.storage_errors(own_home):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(slices, "write_atomically", full)
    with pytest.raises(paths.StorageError, match="disk is full"):
        make_subgraph(starter, starter.mapped(ALZHEIMER), 1000)
    assert list((own_home / "graphs").iterdir()) == []


def test_every_setting_says_what_it_means() -> None:
    undocumented = [name for name, words in meanings().items() if not words]
    assert undocumented == []
