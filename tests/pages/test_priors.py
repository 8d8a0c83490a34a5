"""The page of texts: read and review them, and check what they give away."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from llador_core.graph import Graph
from llador_core.priors.reviews import current_reviews, reviews_of
from llador_core.priors.sets import write_set
from llador_core.priors.texts import Provenance
from llador_core.training import info as run_info
from llador_core.training.runs import default_run
from pages._ui import priors_data, priors_list, priors_mask, priors_text
from tests.pages.conftest import Open

ALZHEIMERS = "Disease::DOID:10652"
DONEPEZIL = "Compound::DB00843"
HTML = '<script>alert("x")</script> :red[loud] [link](http://evil.example)'


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home of the test's own, so that its sets and reviews are seen by no other test."""
    monkeypatch.setenv("LLADOR_HOME", str(tmp_path))
    st.cache_resource.clear()
    yield tmp_path
    st.cache_resource.clear()


@pytest.fixture
def odd_set(own_home: Path, starter: Graph) -> str:
    """A set with HTML, a text of 100,000 characters, and the same text twice."""
    rows = {
        ALZHEIMERS: {"background": HTML, "treatment": "Long " * 20_000},
        DONEPEZIL: {"background": "The same words."},
        "Compound::DB00989": {"background": "The  same WORDS."},
    }
    write_set(starter, "odd", rows, Provenance("some-model", "some prompt", "2026-11-01"))  # type: ignore[arg-type]
    return "odd"


def words(app: AppTest) -> str:
    return " ".join(element.value for element in [*app.markdown, *app.text, *app.caption])


class TestRead:
    def test_texts_come_with_who_wrote_them(self, open_page: Open) -> None:
        app = open_page("priors", entity=DONEPEZIL)
        assert not app.exception
        assert app.header[0].value == "Donepezil"
        assert any("acetylcholinesterase" in text.value for text in app.text)
        assert "Model\\-written\\, unreviewed" in words(app)
        assert "Claude" in words(app)
        near = [button for button in app.button if (button.key or "").startswith("near-")]
        assert len(near) == priors_data.N_NEAR
        near[0].click().run()
        assert app.header[0].value != "Donepezil"

    def test_a_review_is_a_version_beside_the_model_s_text(
        self, open_page: Open, starter: Graph
    ) -> None:
        app = open_page("priors", entity=DONEPEZIL)
        key = f"-{DONEPEZIL}-background"
        [original] = [t.value for t in app.text_area if t.key == f"text-{key}"]
        app.text_input(key=priors_text.REVIEWER).set_value("A. Reader")
        app.text_input(key=f"note-{key}").set_value("too long")
        app.text_area(key=f"text-{key}").set_value(original.replace("reversible", "REVERSIBLE!"))
        app.button(key=f"edited-{key}").click().run()
        assert not app.exception
        [version] = reviews_of("starter", "")
        assert (version.verdict, version.note) == ("edited", "too long")
        assert (version.before, version.reviewer) == (original, "A. Reader")
        assert version.text != original
        shown = words(app)
        assert "~~" in shown
        assert "**REVERSIBLE" in shown
        assert "struck out" in shown  # not told by colour alone
        assert starter.texts_folder is not None
        assert original in [
            json.loads(line).get("background")
            for line in (starter.texts_folder / "priors.jsonl").read_text("utf-8").splitlines()
        ]
        app.button(key=f"approved-{key}").click().run()
        assert [v.verdict for v in reviews_of("starter", "")] == ["edited", "approved"]
        assert len(current_reviews("starter", "")) == 1

    def test_an_empty_edit_is_refused_with_a_sentence(self, open_page: Open) -> None:
        app = open_page("priors", entity=DONEPEZIL)
        key = f"-{DONEPEZIL}-background"
        app.text_area(key=f"text-{key}").set_value("  ")
        app.button(key=f"edited-{key}").click().run()
        assert not app.exception
        assert "The edited text is empty" in app.error[0].value
        assert not reviews_of("starter", "")

    def test_html_is_shown_and_never_rendered(self, open_page: Open, odd_set: str) -> None:
        app = open_page("priors", entity=ALZHEIMERS, texts=odd_set)
        assert not app.exception
        assert any(HTML in text.value for text in app.text)  # st.text renders nothing
        compared = open_page("priors", entity=ALZHEIMERS, texts="", against=odd_set)
        marked = [m.value for m in compared.markdown if "script" in m.value]
        assert marked
        for shown in marked:
            assert "<script" not in shown.replace("\\<", "")
            assert not re.search(r"(?<!\\)\]\(", shown)

    def test_an_endless_text_is_cut_and_shown_on_request(
        self, open_page: Open, odd_set: str
    ) -> None:
        app = open_page("priors", entity=ALZHEIMERS, texts=odd_set)
        assert max(len(text.value) for text in app.text) <= priors_text.MOST_SHOWN + 2
        [toggle] = [t for t in app.toggle if t.label.startswith("Show all")]
        toggle.set_value(True).run()
        assert max(len(text.value) for text in app.text) > 90_000

    def test_the_set_as_a_whole(self, open_page: Open, odd_set: str, starter: Graph) -> None:
        app = open_page("priors", texts=odd_set, overview="true", all_texts="true")
        assert not app.exception
        bare = starter.n_entities - 3
        assert f"3 of {starter.n_entities:,} entities" in app.expander(key="overview").label
        assert "1 duplicate" in app.expander(key="overview").label
        assert "Donepezil" in words(app)
        table = app.dataframe[-1].value
        assert len(table) == 4
        assert set(table["State"]) == {"Unreviewed"}
        found = priors_data.overview(priors_data.shelf("starter", odd_set))
        assert len(found.bare) == bare
        assert priors_data.sets(starter)[1].name == odd_set

    def test_filters_of_the_table(self, open_page: Open, odd_set: str) -> None:
        shelf = priors_data.shelf("starter", odd_set)
        every = set(priors_data.STATES.values())
        assert len(priors_list.rows(shelf, "same", None, every)) == 2
        assert len(priors_list.rows(shelf, "", "Disease", every - {"No text"})) == 2
        assert priors_list.rows(shelf, "", None, {"Approved"}) == []
        app = open_page("priors", texts=odd_set, all_texts="true", words="nothing like it")
        assert "No text passes" in app.info[0].value

    def test_an_entity_without_text_says_so(self, open_page: Open, odd_set: str) -> None:
        app = open_page("priors", texts=odd_set, entity="Compound::DB01043")
        assert not app.exception
        assert "no text about this entity" in app.info[0].value

    @pytest.mark.usefixtures("odd_set")
    def test_a_set_that_is_not_there_offers_the_nearest(self, open_page: Open) -> None:
        app = open_page("priors", texts="odder")
        assert not app.exception
        assert "There is no text set" in app.error[0].value
        assert "odd" in app.error[0].value

    def test_a_graph_without_texts_says_how_to_get_some(
        self, open_page: Open, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from llador_core.paths import REPOSITORY

        monkeypatch.setenv("LLADOR_RAW", str(REPOSITORY / "tests" / "data"))
        app = open_page("priors", graph="hetionet")
        assert not app.exception
        assert "No model has written" in app.info[0].value


class TestCheck:
    def test_shares_kin_and_sentences(self, open_page: Open) -> None:
        app = open_page("priors", part="Check")
        assert not app.exception
        assert re.search(r"\*\*173 of 208 held-out pairs \(83%\)", words(app))
        table = app.dataframe[-1].value
        assert {"Drug", "Disease", "By", "Words", "Sentence", "Pair"} == set(table.columns) - {
            "Text of",
            "Field",
        }
        assert all(
            w.split()[0] in s for w, s in zip(table["Words"], table["Sentence"], strict=True)
        )
        commands = " ".join(code.value for code in app.code) + " ".join(
            link.proto.query_string for link in app.get("page_link")
        )
        assert "shuffled" in commands
        assert app.button(key="mask-held-out")

    def test_a_link_to_train_a_control_asks_the_page_for_it(self, open_page: Open) -> None:
        info = default_run("starter")
        asked = priors_mask.train_query(info, "shuffled", "")
        assert asked == {
            "what": "one",
            "graph": "starter",
            "model": "distmult",
            "prior": "shuffled",
            "recipe": "llador",
        }
        app = open_page("train", **asked)
        assert not app.exception
        assert app.selectbox(key="train_prior").value == "shuffled"
        other = replace(info, split_seed=3, dim=64, seed=2)
        assert priors_mask.train_query(other, "full", "x") == {
            **asked,
            "prior": "full",
            "texts": "x",
            "dim": "64",
            "seed": "2",
            "set": "split_seed=3",
        }

    def test_pairs_that_no_text_names(self, open_page: Open) -> None:
        app = open_page("priors", part="Check", named="Not named")
        assert len(app.dataframe[-1].value) == 35
        assert not app.exception

    def test_a_run_without_texts_is_told_so(self, open_page: Open) -> None:
        app = open_page("priors", part="Check", run="starter-distmult-none-ea823796")
        assert "a full prior would read" in words(app)

    def test_without_a_run_the_command_is_named(
        self, open_page: Open, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(run_info, "runs_folders", list)
        app = open_page("priors", part="Check")
        assert not app.exception
        assert "no finished run" in app.info[0].value
