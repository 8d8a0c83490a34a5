"""A run is anchored to the text set that its settings name, and says what is odd about it."""

from __future__ import annotations

import dataclasses
import json
import logging

import numpy as np
import pytest
from safetensors.numpy import load_file

from llador_core.errors import ConfigError, DataFormatError, MissingDataError, UnknownNameError
from llador_core.priors.places import sets_folder
from llador_core.priors.sets import concerns, write_set
from llador_core.priors.texts import Provenance, load_texts
from llador_core.priors.vectors import make_vectors
from llador_core.training.config import make_config
from llador_core.training.train import train
from tests.builders import random_graph

FAST = ["dim=8", "steps=4", "validate_every=4", "batch_size=64", "n_negatives=8"]


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("LLADOR_HOME", str(tmp_path / "home"))


@pytest.fixture
def graph(tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    return dataclasses.replace(random_graph(3), texts_folder=folder)


def texts_about(graph, word: str, share: float = 1.0) -> dict:
    n = round(share * graph.n_entities)
    return {
        entity: {"background": f"{word} {i} acts on receptor {i % 7} and {word} {i % len(word)}"}
        for i, entity in enumerate(graph.entity_ids[:n])
    }


def config(graph, **changes):
    return make_config(graph, "distmult", "full", settings=FAST, **changes)


def test_runs_are_anchored_to_the_set_they_name(graph):
    anchors = {}
    for name, word in (("one", "alpha"), ("two", "beta")):
        write_set(graph, name, texts_about(graph, word), Provenance("model-" + name))
        make_vectors(graph, embedder="tfidf/10", texts=name)
        run = train(graph, config(graph, texts=name))
        anchors[name] = load_file(run / "weights.safetensors")["anchors"]
        told = json.loads((run / "run.json").read_text())["prior"]
        assert (told["texts"], told["model"], told["embedder"]) == (
            name,
            "model-" + name,
            "tfidf/10",
        )
    assert not np.allclose(anchors["one"], anchors["two"])
    with pytest.raises(UnknownNameError, match="'one' or 'two'"):
        train(graph, config(graph, texts="three"))
    with pytest.raises(MissingDataError, match=r"by 'other'.*--texts one --embedder other"):
        train(graph, config(graph, texts="one@other"))
    with pytest.raises(ConfigError, match="uses no text"):
        make_config(graph, "distmult", "none", texts="one")


def test_a_prior_of_three_percent_is_told_with_its_number(graph, caplog):
    write_set(graph, "few", texts_about(graph, "alpha", 0.03), Provenance())
    make_vectors(graph, embedder="tfidf", texts="few")
    with caplog.at_level(logging.WARNING):
        train(graph, config(graph, texts="few"))
    assert f"Only 1 of {graph.n_entities} entities (2.9%) have a text" in caplog.text


def test_undivided_texts_give_indications_away_to_every_prior(graph):
    write_set(graph, "whole", texts_about(graph, "alpha"), Provenance())
    whole = load_texts(graph, "whole")
    assert concerns(graph, whole, "full") == []
    (said,) = concerns(graph, whole, "mechanism")
    assert "'mechanism' sees all of them" in said
    divided = {e: {**t, "caution": "None."} for e, t in texts_about(graph, "alpha").items()}
    write_set(graph, "parts", divided, Provenance())
    assert concerns(graph, load_texts(graph, "parts"), "mechanism") == []


def test_a_set_of_another_graph_is_refused(graph):
    write_set(graph, "mine", texts_about(graph, "alpha"), Provenance())
    file = sets_folder(graph) / "mine" / "priors.jsonl"
    file.write_text(file.read_text().replace('"id": "', '"id": "other-'))
    with pytest.raises(DataFormatError, match="belongs to another graph"):
        make_vectors(graph, embedder="tfidf", texts="mine")
