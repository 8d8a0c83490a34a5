"""Embedders: each gives unit vectors in order, the same text is computed once, and widths hold."""

from __future__ import annotations

import numpy as np
import pytest

from llador_core import paths
from llador_core.errors import ConfigError, MissingDataError, ProviderError, UnknownNameError
from llador_core.priors import embed_cache, embed_service, embedders
from llador_core.priors.anchors import make_anchors
from llador_core.priors.embedders import choose, embed, embed_cached
from llador_core.priors.sets import write_set
from llador_core.priors.texts import Provenance
from llador_core.priors.vectors import load_vectors, make_vectors

from .service import Service, serving

TEXTS = ["acetylcholine rises", "", "a gene of the liver", "acetylcholine falls", "liver gene"]


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("LLADOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-key")
    monkeypatch.setattr(embed_service, "BACK_OFF_S", 0.01)


@pytest.fixture
def service():
    with serving(Service()) as found:
        yield found


def check_unit(vectors, texts):
    lengths = np.linalg.norm(vectors, axis=1)
    np.testing.assert_allclose(lengths, [bool(text) for text in texts], atol=2e-3)
    assert vectors.dtype == np.float32


def test_tfidf_needs_nothing_and_tells_likeness():
    vectors = embed(TEXTS, "tfidf")
    check_unit(vectors, TEXTS)
    likeness = vectors @ vectors.T
    assert likeness[0, 3] > likeness[0, 2] + 0.1
    assert likeness[2, 4] > likeness[2, 3] + 0.1
    np.testing.assert_array_equal(vectors, embed(TEXTS, "tfidf"))
    assert embed(TEXTS, "tfidf/2").shape == (5, 2)
    assert not embed(["", ""], "tfidf").any()


def test_a_service_gets_each_text_once(service):
    choice = choose("openai:e-small", 12, service.url)
    texts = [f"text {i % 200}" for i in range(300)] + [""]
    told = []
    first = embed_cached(texts, choice, lambda done, total: told.append((done, total)))
    check_unit(first, texts)
    assert first.shape == (301, 12)
    assert told[-1] == (200, 200)
    assert set(service.embedded.values()) == {1}
    np.testing.assert_array_equal(first[0], first[200])
    again = embed_cached([*texts, "new"], choice)
    np.testing.assert_array_equal(again[:301], first)
    assert service.embedded.total() == 201
    assert {body["dimensions"] for body in service.bodies} == {12}
    assert all(len(body["input"]) <= embed_service.BATCH_TEXTS for body in service.bodies)
    embed_cached(texts, choose("openai:e-small", 6, service.url))  # another width is another vector
    assert service.embedded.total() == 401


def test_answers_are_put_in_the_order_of_the_texts(service):
    vectors = embed(["b", "a", "b"], choose("openai:e", 4, service.url))
    alone = embed(["a"], choose("openai:e", 4, service.url))
    np.testing.assert_array_equal(vectors[1], alone[0])
    np.testing.assert_array_equal(vectors[0], vectors[2])


def test_a_limited_service_is_waited_for(monkeypatch):
    monkeypatch.setattr(embed_service, "BATCH_TEXTS", 5)
    with serving(Service(rate=40.0, size=2)) as service:
        vectors = embed([f"t{i}" for i in range(60)], choose("openai:e", 4, service.url))
    check_unit(vectors, ["x"] * 60)
    assert service.n_refused > 0


def test_what_came_before_a_failure_is_kept(service, monkeypatch):
    monkeypatch.setattr(embed_service, "BATCH_TEXTS", 10)
    monkeypatch.setattr(embed_service, "CONCURRENCY", 1)
    choice = choose("openai:e", 4, service.url)
    texts = [f"t{i}" for i in range(50)]

    def cut(done: int, _total: int) -> None:
        if done >= 20:
            service.key = "another"

    with pytest.raises(ProviderError, match="refused the key") as caught:
        embed_cached(texts, choice, cut)
    assert "sk-test-key" not in str(caught.value)
    assert "the same command goes on from here" in str(caught.value)
    n_before = service.embedded.total()
    assert 20 <= n_before < 50
    service.key = "sk-test-key"
    embed_cached(texts, choice)
    assert service.embedded.total() <= 60  # at most one batch that was not kept yet
    assert len(service.embedded) == 50


def test_a_service_of_one_width_says_so(service):
    service.ignores_dimensions = True
    with pytest.raises(ProviderError, match="gave 8 dimensions where 4 were asked"):
        embed(["a"], choose("openai:e", 4, service.url))


def test_long_texts_are_cut_and_told(service, caplog):
    embed(["x" * 100_000, "short"], choose("openai:e", None, service.url))
    assert max(len(text) for text in service.embedded) == embedders.MAX_CHARS
    assert "1 texts were cut to 20,000 characters" in caplog.text


def test_names_of_embedders(tmp_path):
    assert choose("openai:m", 5).name == "openai:m/5"
    assert choose("openai:m/5") == choose("openai:m", 5)
    assert choose(str(tmp_path)).kind == "sentence"
    assert choose(f"st:{tmp_path}").name == f"st:{tmp_path.name}"
    assert choose("st:org/model").model == "org/model"
    with pytest.raises(ConfigError, match="always has 384 dimensions"):
        choose("all-MiniLM-L6-v2", 100)
    for unknown in ("nonsense", "openai:", "st:", "/no/such/folder"):
        with pytest.raises(UnknownNameError):
            choose(unknown)


def test_without_a_sentence_model_tfidf_stands_in(monkeypatch):
    assert embedders.best_installed() == "all-MiniLM-L6-v2"
    monkeypatch.setattr(embedders.importlib.util, "find_spec", lambda _name: None)
    assert embedders.best_installed() == "tfidf"


def test_a_folder_that_holds_no_model_is_told(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(MissingDataError, match="cannot be loaded"):
        embed(["a"], str(tmp_path))


def test_a_narrow_embedder_says_what_dim_it_allows(graph, service):
    write_set(graph, "mine", {"C:1": {"background": "aaa"}}, Provenance())
    make_vectors(graph, embedder=choose("openai:e", 6, service.url), texts="mine")
    vectors = load_vectors(graph, "mine@openai:e/6")
    assert (vectors.width, vectors.embedder) == (6, "openai:e/6")
    assert make_anchors(vectors, "full", 2).matrix.shape == (3, 2)
    with pytest.raises(ConfigError, match="Use dim=2 or less"):
        make_anchors(vectors, "full", 8)
    file = paths.home() / "texts" / "small" / "sets" / "mine" / "vectors-openai-e-6.safetensors"
    assert file.is_file()


def test_a_changed_model_of_the_same_name_is_told(service):
    choice = choose("openai:e", None, service.url)
    embed_cached(["a"], choice)
    named = f"{choice.name}|{embedders.embedder_version(choice)}"
    with pytest.raises(Exception, match="Delete the cache"):
        embed_cache.through(named, ["a", "b"], lambda _texts: [([0], np.ones((1, 3)))])
