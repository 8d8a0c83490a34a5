"""Hetionet in its upstream files: the five-line sample, and the real files where they are."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from llador_core import names
from llador_core.data import cache, hetionet, list_graphs, load_graph
from llador_core.data.specs import HETIONET
from llador_core.errors import DataFormatError, MissingDataError
from llador_core.graph import Graph

SAMPLE = Path(__file__).parents[2] / "data" / "hetionet"


@pytest.fixture
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A raw folder with the sample, free to be damaged."""
    folder = shutil.copytree(SAMPLE, tmp_path / "raw" / "hetionet")
    monkeypatch.setenv("LLADOR_RAW", str(folder.parent))
    return folder


def test_every_cell_of_the_sample_arrives(raw: Path) -> None:
    graph = load_graph("hetionet")
    assert graph.entity_ids[2] == "Gene::NA"
    assert graph.entity_names == ["Drug one", "Disease one", "NA", '5"-gene', "Itch"]
    assert [graph.type_of(i) for i in (0, 1, 2, 4)] == ["Compound", "Disease", "Gene", "Symptom"]
    labeled = [(h, graph.relations[r].name, t) for h, r, t in graph.triples.tolist()]
    assert labeled == [(0, "CtD", 1), (0, "CbG", 2), (1, "DpS", 4), (2, "Gr>G", 3), (3, "Gr>G", 2)]
    assert graph.relations[graph.treatment_relation].name == "CtD"


def test_counts_that_differ_from_the_published_ones_are_told(raw: Path) -> None:
    notes = load_graph("hetionet").notes
    assert len(notes) == 2
    assert "5 entities here, 47,031 as published" in notes[0]
    assert "5 triples here, 2,250,197 as published" in notes[1]


def test_files_may_lie_at_the_top_of_the_raw_folder(
    raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLADOR_RAW", str(raw))
    assert load_graph("hetionet").n_entities == 5


def test_missing_files_are_named_with_their_source_and_their_place(
    raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (raw / hetionet.EDGES).unlink()
    with pytest.raises(MissingDataError) as error:
        load_graph("hetionet")
    for part in (hetionet.EDGES, "https://github.com/hetio/hetionet", "LLADOR_RAW"):
        assert part in str(error.value)
    assert hetionet.NODES not in str(error.value)
    info = {info.name: info for info in list_graphs()}["hetionet"]
    assert not info.is_here
    assert info.where == str(error.value)
    assert {info.name: info for info in list_graphs()}["starter"].is_here


def rewrite(raw: Path, old: bytes, new: bytes) -> None:
    content = gzip.decompress((raw / hetionet.EDGES).read_bytes())
    assert old in content
    (raw / hetionet.EDGES).write_bytes(gzip.compress(content.replace(old, new)))


def test_an_unknown_metaedge_is_blamed_with_its_line(raw: Path) -> None:
    rewrite(raw, b"\tDpS\t", b"\tDxS\t")
    with pytest.raises(DataFormatError, match=r"line 4: .*24 known relations .* found 'DxS'"):
        load_graph("hetionet")


def test_an_edge_to_an_unknown_node_is_blamed_with_its_line(raw: Path) -> None:
    rewrite(raw, b"Symptom::D1", b"Symptom::D9")
    with pytest.raises(DataFormatError, match=r"line 4: .*5 entities.* found 'Symptom::D9'"):
        load_graph("hetionet")


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda _: b"no gzip at all"])
def test_a_cut_download_is_one_sentence(raw: Path, damage: Callable[[bytes], bytes]) -> None:
    file = raw / hetionet.EDGES
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(DataFormatError, match="damaged or cut short"):
        load_graph("hetionet")


def test_every_metaedge_is_there_once_with_words_both_ways() -> None:
    metaedges = [relation.name for relation in hetionet.RELATIONS]
    assert len(set(metaedges)) == len(metaedges) == 24
    assert all(relation.words and relation.inverse_words for relation in hetionet.RELATIONS)
    symmetric = {relation.name for relation in hetionet.RELATIONS if relation.is_symmetric}
    assert symmetric == {"CrC", "DrD", "GcG", "GiG"}
    assert "CC BY-NC" in HETIONET.licence
    assert "eLife" in HETIONET.citation


@pytest.fixture(scope="module")
def real(raw_data: Path) -> Graph:
    if not (raw_data / "hetionet" / hetionet.EDGES).is_file():
        pytest.skip(f"no Hetionet files in {raw_data}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LLADOR_RAW", str(raw_data))
        return load_graph("hetionet")


def test_the_real_files_hold_what_is_known_of_them(real: Graph) -> None:
    assert real.n_entities == 47_031
    assert real.n_triples >= 1_528_111
    assert (len(real.drugs), len(real.diseases)) == (1_552, 137)
    counts = dict(
        zip([r.name for r in real.relations], np.bincount(real.triples[:, 1]), strict=True)
    )
    assert (counts["CtD"], counts["CpD"], counts["DrD"]) == (755, 390, 543)
    alzheimer = names.resolve(real, "Alzheimer's disease", "disease")
    assert real.entity_ids[alzheimer] == "Disease::DOID:10652"
    assert len(real.neighbours_with_role(alzheimer, "treats")) == 4


def test_the_real_files_load_the_same_from_the_cache(
    real: Graph, raw_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLADOR_RAW", str(raw_data))

    def no_parsing(*_: object) -> None:
        raise AssertionError("parsed although it is cached")

    monkeypatch.setattr(cache, "_write", no_parsing)
    cached = load_graph("hetionet")
    np.testing.assert_array_equal(cached.triples, real.triples)
    np.testing.assert_array_equal(cached.entity_types, real.entity_types)
    assert cached.entity_ids == real.entity_ids
    assert cached.entity_names == real.entity_names
    assert cached.checksum == real.checksum
