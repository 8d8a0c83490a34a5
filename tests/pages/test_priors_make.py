"""Having texts written from the page, by a service that speaks the protocol and misbehaves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from llador_core import jobs
from llador_core.cli.describe import job_name
from llador_core.errors import ConfigError, UnknownNameError
from llador_core.graph import Graph
from llador_core.priors.endpoint import KEY_VARIABLES
from llador_core.priors.plan import Ask
from llador_core.priors.price_table import price_rows, save_prices
from llador_core.priors.prices import find_price
from llador_core.priors.prompts import find_prompt
from llador_core.priors.sets import list_sets, write_set
from llador_core.priors.texts import Provenance, load_texts
from llador_core.priors.vectors import stored_embedders
from pages._ui import priors_jobs
from pages._ui.priors_form import Service as Typed
from pages._ui.priors_make import arguments
from tests.core.priors.service import Service, serving, share
from tests.pages.conftest import Open

KEY = "sk-secret-0123456789abcdef"
PATIENCE_S = 90


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home of the test's own and an environment without keys; jobs left over are cancelled."""
    monkeypatch.setenv("LLADOR_HOME", str(tmp_path))
    for name in (*KEY_VARIABLES, "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    st.cache_resource.clear()
    yield tmp_path
    for name in jobs.names():
        jobs.cancel(name)
    st.cache_resource.clear()


def until(is_so: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.1)


def words(app: AppTest) -> str:
    shown = [*app.markdown, *app.text, *app.caption, *app.info, *app.error, *app.warning]
    return " ".join(element.value for element in shown)


def fill(app: AppTest, url: str, n: int = 6) -> AppTest:
    app.text_input(key="make_url").set_value(url)
    app.text_input(key="make_key").set_value(KEY)
    app.text_input(key="make_model").set_value("fake-1")
    app.number_input(key="make_limit").set_value(n)
    return app.run()


def test_the_cost_is_told_before_anything_is_asked(open_page: Open) -> None:
    app = open_page("priors", part="Make")
    assert not app.exception
    values = {metric.label: metric.value for metric in app.metric}
    assert values["Entities"] == values["To ask"] == "4,203"
    assert values["Cost"].startswith("$")
    assert "There is no API key" in app.info[0].value
    assert app.button(key="start_asking").disabled
    app.text_input(key="make_url").set_value("http://localhost:1/v1").run()
    assert not app.button(key="start_asking").disabled  # a service nearby needs no key


@pytest.mark.parametrize("url", ["nonsense", "ftp://a.b/c", "https://me:secret@host/v1"])
def test_an_address_that_is_none_is_told(open_page: Open, url: str) -> None:
    app = open_page("priors", part="Make")
    app.text_input(key="make_url").set_value(url).run()
    assert not app.exception
    assert app.button(key="start_asking").disabled
    assert "base URL" in words(app) or "address of a service" in words(app)
    assert "secret" not in words(app)


def test_a_whole_session_leaves_the_key_nowhere(
    open_page: Open, own_home: Path, starter: Graph, capfd: pytest.CaptureFixture[str]
) -> None:
    def rule(user: str, n: int) -> str:
        return "refuse" if share(user) < 0.4 and n == 1 else "html" if n == 1 else "answer"

    with serving(Service(rule=rule, key=KEY)) as service:
        app = fill(open_page("priors", part="Make"), service.url)
        prompt = app.selectbox(key="make_prompt")
        prompt.set_value("good").run()
        name = priors_jobs.describe_job("starter", "good-fake-1")
        app.button(key="start_asking").click().run()
        assert not app.exception
        until(lambda: jobs.follow(name).state != "running")
        assert jobs.follow(name).state == "done", jobs.follow(name).problem
        app.run()
        refused = [b for b in app.button if b.key == "again-refused"]
        assert len(refused) == 1
        assert "refused by the model" in words(app)
        n_before = sum(service.asked.values())
        refused[0].click().run()
        until(lambda: jobs.follow(name).state != "running")
        app.run()
        assert not [b for b in app.button if b.key == "again-refused"]
        assert n_before < sum(service.asked.values()) <= 12
    texts = load_texts(starter, "good-fake-1")
    assert texts is not None
    assert sum(map(bool, texts.background)) == 6
    reading = open_page("priors", texts="good-fake-1", entity=_written(starter, texts.background))
    assert not reading.exception
    assert "fake\\-1" in words(reading)
    assert "unreviewed" in words(reading)
    assert KEY not in str(dict(app.query_params))
    assert KEY not in words(app)
    for file in own_home.rglob("*"):
        if file.is_file():
            assert KEY.encode() not in file.read_bytes(), file
    told = capfd.readouterr()
    assert KEY not in told.out + told.err
    assert list_sets(starter)[1].name == "good-fake-1"


def _written(graph: Graph, texts: object) -> str:
    return next(graph.entity_ids[i] for i, text in enumerate(texts) if text)  # type: ignore[call-overload]


def test_a_wrong_key_is_told_and_nothing_is_lost(open_page: Open) -> None:
    with serving(Service(key="sk-another-key")) as service:
        app = fill(open_page("priors", part="Make"), service.url)
        app.button(key="start_asking").click().run()
        name = priors_jobs.describe_job("starter", "structured-fake-1")
        until(lambda: jobs.follow(name).state != "running")
        app.run()
    assert not app.exception
    assert "refused the key" in words(app)
    assert KEY not in words(app)


def test_the_form_survives_a_look_at_another_part(open_page: Open) -> None:
    app = fill(open_page("priors", part="Make"), "http://localhost:1/v1")
    app.get("segmented_control")[0].set_value("Read").run()
    assert app.header[0].value.startswith("Alzheimer")
    app.get("segmented_control")[0].set_value("Make").run()
    assert app.text_input(key="make_model").value == "fake-1"
    assert app.text_input(key="make_key").value == KEY


def test_the_command_says_all_that_the_plan_does(starter: Graph) -> None:
    from llador_core.cli import parser
    from llador_core.cli.describe import _ask

    ask = Ask(
        prompt="good",
        model="m",
        temperature=None,
        max_tokens=7,
        types=("Compound", "Disease"),
        around="Disease::DOID:10652",
        hops=2,
        limit=3,
        text_set="x",
        retry=("empty",),
        budget_usd=1.5,
        budget_tokens=9,
        concurrency=2,
        rate_rpm=5.0,
    )
    line = arguments(starter, ask, "x", Typed("http://localhost:1/v1", True), ("refused",))
    parsed = parser(None).parse_args(line)
    assert _ask(parsed) == Ask(**{**ask.__dict__, "retry": ("empty", "refused")})
    assert parsed.base_url == "http://localhost:1/v1"
    assert job_name("starter", "x") == priors_jobs.describe_job("starter", "x")


def test_a_prompt_of_one_s_own_is_previewed_checked_and_saved(open_page: Open) -> None:
    app = open_page("priors", part="Make", entity="Compound::DB00843")
    user = next(t for t in app.text_area if t.label == "What is asked of each entity")
    user.set_value("Tell me about {nme}.").run()
    assert "has no {name}" in app.error[0].value.replace("\\", "")
    next(t for t in app.text_area if t.label == user.label).set_value("What is {name}?").run()
    assert any(text.value == "What is Donepezil?" for text in app.text)
    app.button(key="prompt_save").click().run()
    assert not app.error
    assert find_prompt("mine").user == "What is {name}?"
    assert "mine" in app.selectbox(key="make_prompt").options[-1]


def test_prices_are_added_and_checked() -> None:
    n = len(price_rows())
    assert save_prices([{"model": 'mine "7b"', "input": 1.0, "output": None, "checked": ""}]) == 1
    price = find_price('mine "7b"')
    assert price is not None
    assert (price.input_usd, price.output_usd) == (1.0, 0.0)
    assert price.checked
    assert save_prices([{"model": "other", "input": None, "output": None}]) == 0
    assert len(price_rows()) == n + 1
    with pytest.raises(ConfigError, match="not a number"):
        save_prices([{"model": "bad", "input": -1.0, "output": 0.0}])
    assert find_price("gpt-4o") is not None


def test_vectors_are_computed_in_the_background(open_page: Open, starter: Graph) -> None:
    with pytest.raises(UnknownNameError, match="no embedder"):
        priors_jobs.embed_job("starter", "", "nonsense")
    write_set(starter, "few", {"Compound::DB00843": {"background": "A drug."}}, Provenance())
    app = open_page("priors", part="Make")
    app.selectbox(key="sets_pick").set_value("few")
    app.selectbox(key="embedder").set_value("tfidf").run()
    assert "Only 1 of 4,203 entities" in words(app)
    app.button(key="embed").click().run()
    name = priors_jobs.embed_job("starter", "few", "tfidf")
    until(lambda: jobs.follow(name).state != "running")
    assert jobs.follow(name).state == "done", jobs.follow(name).problem
    app.run()
    assert "There by tfidf" in words(app)
    assert stored_embedders(starter, "few") == ["tfidf"]


def test_a_set_is_published_with_reviews_and_deleted(open_page: Open, starter: Graph) -> None:
    app = open_page("priors", part="Make")
    app.button(key="publish").click().run()
    assert not app.exception
    assert "own-reviewed" in app.info[-1].value.replace("\\", "")
    assert [one.name for one in list_sets(starter)] == ["", "own-reviewed"]
    app.selectbox(key="sets_pick").set_value("own-reviewed").run()
    app.button(key="read_set").click().run()
    assert app.query_params["texts"] == "own-reviewed"
    assert app.header[0].value.startswith("Alzheimer")
    app = open_page("priors", part="Make")
    app.selectbox(key="sets_pick").set_value("own-reviewed").run()
    app.button(key="delete_set").click().run()
    assert [one.name for one in list_sets(starter)] == [""]


def test_a_batch_is_handed_in_and_collected_later(open_page: Open, starter: Graph) -> None:
    with serving(Service(key=KEY)) as service:
        app = fill(open_page("priors", part="Make"), service.url, 3)
        app.toggle(key="make_batch").set_value(True).run()
        assert {m.label: m.value for m in app.metric}["Time"] == "up to a day"
        app.button(key="start_asking").click().run()
        name = priors_jobs.describe_job("starter", "structured-fake-1")
        until(lambda: jobs.follow(name).state != "running")
        assert jobs.follow(name).state == "done", jobs.follow(name).problem
        app.run()
        assert not app.exception
        assert "Handed in" in words(app)
        assert len(service.batches) == 1
        assert not app.button(key="start_asking").disabled
