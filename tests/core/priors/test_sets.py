"""Sets of texts: what goes in, what stays out, and that nothing that was written is lost."""

from __future__ import annotations

import json

import pytest

from llador_core import paths
from llador_core.errors import ConfigError, DataFormatError, MissingDataError, UnknownNameError
from llador_core.priors import embedders, reviews, vectors
from llador_core.priors.answers import (
    Definition,
    Reply,
    Request,
    answers_file,
    answers_of,
    open_store,
)
from llador_core.priors.publish import publish
from llador_core.priors.reviews import TextPlace, current_reviews, review, reviews_of
from llador_core.priors.sets import (
    coverage,
    default_set_name,
    define,
    delete_set,
    list_sets,
    write_set,
)
from llador_core.priors.tallies import tallies
from llador_core.priors.texts import UNREVIEWED, Provenance, load_texts
from llador_core.priors.vectors import load_vectors, make_vectors, stored_embedders

DEFINITION = Definition.of("good", "1", "model-a", {"temperature": 0.7, "max_tokens": 500})


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("LLADOR_HOME", str(tmp_path / "home"))


def asked(entity: str, definition: Definition = DEFINITION, user: str = "") -> Request:
    user = user or f"Describe {entity}."
    return Request(entity, definition.key("", user), "", user)


def answer(entity: str, text: str, status: str = "answered", **more) -> None:
    fields = {"background": text} if status == "answered" else {}
    with open_store("small") as store:
        store.note_asked([asked(entity)])
        store.record(asked(entity), DEFINITION, Reply(status, text, fields, **more))


def test_a_set_is_what_was_answered(graph):
    define(graph, "mine", DEFINITION)
    answer("C:1", "A drug.")
    answer("D:1", "I cannot help with that.", "refused")
    found = publish(graph, "mine")
    assert (found.n_texts, found.n_entities) == (1, 3)
    assert "1 of 3 entities (33%)" in found.words
    texts = load_texts(graph, "mine")
    assert list(texts.background) == ["A drug.", "", ""]
    assert texts.provenance.model == "model-a"
    assert texts.provenance.prompt.startswith("good v1: Background, appearance")
    assert texts.provenance.review == UNREVIEWED
    assert coverage(texts) == 1
    assert load_texts(graph).background[0] == "Inhibits acetylcholinesterase."  # its own stay


def test_reviews_change_a_set_and_keep_every_version(graph):
    define(graph, "mine", DEFINITION)
    for entity in ("C:1", "D:1", "G:1"):
        answer(entity, f"About {entity}.")
    place = TextPlace("mine", "C:1", "background")
    first = review("small", place, "edited", "About C:1.", "Better.", note="why", reviewer="Ada")
    second = review("small", place, "edited", "Better.", "Best.")
    review("small", TextPlace("mine", "D:1", "background"), "rejected", "About D:1.")
    found = publish(graph, "mine")
    assert list(load_texts(graph, "mine").background) == ["Best.", "", "About G:1."]
    assert (found.n_edited, found.n_rejected) == (1, 1)
    assert "2 texts reviewed by a person" in load_texts(graph, "mine").provenance.review
    versions = reviews_of("small", "mine", "C:1")
    assert [(v.id, v.before, v.text, v.parent) for v in versions] == [
        (first, "About C:1.", "Better.", None),
        (second, "Better.", "Best.", first),
    ]
    assert answers_of("small", "C:1")[0].reply.raw == "About C:1."
    reviewed = publish(graph, "mine", "reviewed")
    assert list(load_texts(graph, "mine").background) == ["Best.", "", ""]
    assert reviewed.n_unreviewed == 1


def test_a_rejection_does_not_outlive_the_text_it_was_about(graph):
    define(graph, "mine", DEFINITION)
    answer("C:1", "Wrong.")
    review("small", TextPlace("mine", "C:1", "background"), "rejected", "Wrong.")
    assert publish(graph, "mine").n_texts == 0
    answer("C:1", "Right.")
    assert publish(graph, "mine").n_texts == 1
    assert [a.reply.raw for a in answers_of("small", "C:1", is_latest=False)] == [
        "Wrong.",
        "Right.",
    ]


def test_an_approved_text_stays_when_the_model_is_asked_again(graph):
    define(graph, "mine", DEFINITION)
    answer("C:1", "Approved words.")
    review("small", TextPlace("mine", "C:1", "background"), "approved", "Approved words.")
    answer("C:1", "Other words.")
    publish(graph, "mine")
    assert load_texts(graph, "mine").background[0] == "Approved words."


def test_the_graphs_own_texts_are_reviewed_into_a_set_of_their_own(graph):
    before = (graph.texts_folder / "priors.jsonl").read_bytes()
    review(
        "small", TextPlace("", "C:1", "caution"), "edited", "Slows the heart.", "Slows the pulse."
    )
    publish(graph, "checked", of="")
    texts = load_texts(graph, "checked")
    assert (texts.caution[0], texts.treatment[0]) == ("Slows the pulse.", "For dementia.")
    assert (graph.texts_folder / "priors.jsonl").read_bytes() == before
    assert current_reviews("small", "checked") == {}
    with pytest.raises(ConfigError, match="cannot be made of itself"):
        publish(graph, "checked", of="checked")


def test_entities_that_are_asked_the_same_share_one_answer(graph):
    define(graph, "mine", DEFINITION)
    twins = [asked("C:1", user="Describe it."), asked("D:1", user="Describe it.")]
    with open_store("small") as store:
        store.note_asked(twins)
        store.record(twins[0], DEFINITION, Reply("answered", "Twin.", {"background": "Twin."}))
    assert publish(graph, "mine").n_texts == 2
    assert tallies("small")[0].counts == {"answered": 1}


def test_what_changes_the_question_changes_the_key():
    keys = {
        Definition.of(prompt, version, model, {"temperature": t}).key(system, user)
        for prompt, version, model, t, system, user in (
            ("good", "1", "a", 0.7, "s", "u"),
            ("gold", "1", "a", 0.7, "s", "u"),
            ("good", "2", "a", 0.7, "s", "u"),
            ("good", "1", "b", 0.7, "s", "u"),
            ("good", "1", "a", 0.1, "s", "u"),
            ("good", "1", "a", 0.7, "S", "u"),
            ("good", "1", "a", 0.7, "s", "U"),
            ("good", "1", "a", 0.7, "", "su"),
        )
    }
    assert len(keys) == 8
    assert {len(key) for key in keys} == {64}  # a batch's custom_id holds no more


def test_tallies_count_every_attempt_that_cost(graph):
    answer("C:1", "", "refused", tokens_in=10, tokens_out=2, cost_usd=0.1)
    answer("C:1", "Now.", tokens_in=10, tokens_out=5, cost_usd=0.2)
    answer("D:1", "Free?", tokens_in=1, tokens_out=1)
    (tally,) = tallies("small")
    assert tally.counts == {"answered": 2}
    assert (tally.tokens_in, tally.tokens_out, tally.n_unpriced) == (21, 8, 1)
    assert tally.cost_usd == pytest.approx(0.3)


def test_a_set_never_mixes_definitions(graph):
    define(graph, "mine", DEFINITION)
    define(graph, "mine", DEFINITION)
    other = Definition.of("good", "1", "model-b", {"temperature": 0.7})
    with pytest.raises(ConfigError, match=r"made of model-a.*not of model-b.*--set"):
        define(graph, "mine", other)
    write_set(graph, "foreign", {"C:1": {"background": "x"}}, Provenance())
    with pytest.raises(ConfigError, match="other texts"):
        define(graph, "foreign", DEFINITION)


@pytest.mark.parametrize("name", ["../up", "a/b", ".hidden", "a..b", "", "x" * 81, "sp ace"])
def test_names_that_could_leave_the_folder_are_refused(graph, name):
    with pytest.raises(ConfigError, match="cannot be the name of a text set"):
        define(graph, name, DEFINITION)


def test_an_unknown_set_names_the_nearest(graph):
    with pytest.raises(UnknownNameError, match="describe --graph small"):
        load_texts(graph, "mine")
    write_set(graph, "good-model", {"C:1": {"background": "x"}}, Provenance())
    with pytest.raises(UnknownNameError, match="'good-model'"):
        load_texts(graph, "good-modle")
    with pytest.raises(MissingDataError, match="Nothing was asked"):
        publish(graph, "good-model")


def test_sets_are_listed_with_those_not_published_yet(graph):
    define(graph, "asked-only", DEFINITION)
    write_set(graph, "files-only", {}, Provenance("m", "p", "d"))
    found = {s.name: (s.definition, s.is_published) for s in list_sets(graph)}
    assert found == {
        "": (None, True),
        "asked-only": (DEFINITION, False),
        "files-only": (None, True),
    }
    delete_set(graph, "files-only")
    assert [s.name for s in list_sets(graph)] == ["", "asked-only"]


def test_default_names_tell_what_is_unusual():
    def named(version="1", temperature=0.7):
        parameters = {"temperature": temperature}
        return default_set_name(Definition.of("good", version, "org/m:1", parameters))

    assert named() == "good-org-m-1"
    assert named("2", 0.1) == "good-org-m-1-v2-t0.1"


def test_answers_about_entities_that_left_the_graph_are_counted(graph):
    define(graph, "mine", DEFINITION)
    answer("C:1", "Here.")
    answer("Z:9", "Gone.")
    found = publish(graph, "mine")
    assert (found.n_texts, found.n_unknown) == (1, 1)
    assert "1 of entities this graph does not have left out" in found.words


def test_each_set_and_embedder_has_vectors_of_its_own(graph, monkeypatch):
    monkeypatch.setattr(vectors, "embed", _counts)
    monkeypatch.setattr(
        embedders,
        "EMBEDDERS",
        {**embedders.EMBEDDERS, "other": embedders.EMBEDDERS["all-MiniLM-L6-v2"]},
    )
    own = make_vectors(graph)
    write_set(graph, "mine", {"C:1": {"background": "aaa"}}, Provenance())
    first = make_vectors(graph, texts="mine")
    second = make_vectors(graph, texts="mine", embedder="other")
    assert own == graph.texts_folder / "vectors.safetensors"
    assert [first.name, second.name] == [
        "vectors-all-MiniLM-L6-v2.safetensors",
        "vectors-other.safetensors",
    ]
    assert stored_embedders(graph, "mine") == ["all-MiniLM-L6-v2", "other"]
    assert load_vectors(graph, "mine").embedder == "all-MiniLM-L6-v2"
    assert load_vectors(graph, "mine@other").embedder == "other"
    assert load_vectors(graph, "mine", embedder="other").embedder == "other"
    assert load_vectors(graph, "mine").has["background"].tolist() == [True, False, False]
    assert load_vectors(graph).has["background"].tolist() == [True, False, True]
    with pytest.raises(MissingDataError, match=r"by 'third' for the text set 'mine'.*--texts mine"):
        load_vectors(graph, "mine@third")
    write_set(graph, "mine", {"C:1": {"background": "eee"}}, Provenance())
    with pytest.raises(MissingDataError, match="changed after their vectors"):
        load_vectors(graph, "mine")


def _counts(texts, embedder, progress=None):
    import numpy as np

    return np.array([[t.lower().count(c) for c in "aei"] for t in texts], np.float32)


def test_a_newer_file_of_answers_is_refused_and_left_alone(graph):
    answer("C:1", "x")
    import sqlite3

    with sqlite3.connect(answers_file("small")) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(DataFormatError, match="newer version of LLaDoR"):
        answers_of("small")
    with pytest.raises(DataFormatError, match="format 99"):
        answer("D:1", "y")


def test_a_damaged_file_of_answers_is_told(graph):
    file = answers_file("small")
    file.parent.mkdir(parents=True)
    file.write_bytes(b"not a database at all" * 50)
    with pytest.raises(DataFormatError, match="is damaged"):
        answers_of("small")


def test_reading_makes_no_file(graph):
    assert answers_of("small") == []
    assert tallies("small") == []
    assert reviews_of("small", "") == []
    assert not answers_file("small").exists()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"verdict": "edited", "text": " "}, "edited text is empty"),
        ({"verdict": "edited", "text": "x" * (reviews.MAX_TEXT + 1)}, "20,001 characters"),
        ({"verdict": "approved", "note": "x" * (reviews.MAX_NOTE + 1)}, "2,001 characters"),
        ({"verdict": "liked"}, "needs a verdict"),
    ],
)
def test_a_review_that_is_none_is_refused(changes, told):
    values = {"before": "old", **changes}
    verdict = values.pop("verdict")
    with pytest.raises(ConfigError, match=told):
        review("small", TextPlace("mine", "C:1", "background"), verdict, **values)


def test_sets_lie_where_the_contract_says(graph):
    write_set(graph, "mine", {"C:1": {"background": "x <b>"}}, Provenance("m"))
    folder = paths.home() / "texts" / "small" / "sets" / "mine"
    assert json.loads((folder / "priors.jsonl").read_text()) == {"id": "C:1", "background": "x <b>"}
    assert json.loads((folder / "provenance.json").read_text())["model"] == "m"
