"""The batch endpoint: handed in, worked off days later, collected once."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from llador_core.errors import ConfigError, ProviderError
from llador_core.priors import batches
from llador_core.priors.answers import answers_of, statuses
from llador_core.priors.batch_state import list_batches, open_keys
from llador_core.priors.batches import collect, hand_in
from llador_core.priors.describe import describe
from llador_core.priors.endpoint import find_endpoint
from llador_core.priors.plan import Ask, make_plan, plan_words
from llador_core.priors.publish import publish
from llador_core.priors.sets import define

from .service import Service, serving, share
from .test_describe import many


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("LLADOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-key")


@pytest.fixture
def service():
    with serving(Service()) as found:
        yield found


def plan_of(graph, **changes):
    plan = make_plan(graph, Ask(model="fake-1", text_set="mine", **changes))
    define(graph, plan.text_set, plan.definition)
    return plan


def test_a_batch_is_collected_by_key_and_paid_once(service):
    graph = many(40)
    endpoint = find_endpoint(service.url)
    assert hand_in("many", plan_of(graph), endpoint) == 1
    waiting = plan_of(graph)
    assert (waiting.todo, waiting.n_in_batch) == ((), 40)
    assert "At the batch endpoint: 40" in " ".join(plan_words(waiting))
    describe(graph, waiting, endpoint)  # asks nothing: all is at the batch endpoint
    assert service.asked.total() == 0
    found = collect("many", waiting, endpoint)
    assert (found.n_open, found.n_answered) == (40, 0)
    assert "in progress" in found.words[0]
    service.work_off("batch_1")
    found = collect("many", plan_of(graph), endpoint)
    assert (found.n_answered, found.n_aside, found.n_open) == (40, 0, 0)
    for answer in answers_of("many"):
        assert answer.reply.fields["background"] == service.text(answer.user)
    again = collect("many", plan_of(graph), endpoint)
    assert (again.n_answered, len(answers_of("many", is_latest=False))) == (0, 40)
    assert plan_of(graph).todo == ()
    assert publish(graph, "mine").n_texts == 40


def test_what_a_batch_loses_is_listed_and_handed_in_again(service):
    def rule(user, _n):
        x = share(user)
        return "lose" if x < 0.2 else "500" if x < 0.4 else "refuse" if x < 0.5 else "answer"

    service.rule = rule
    graph = many(60)
    endpoint = find_endpoint(service.url)
    users = [r.user for r in plan_of(graph).requests]
    expected = Counter(rule(user, 1) for user in users)
    hand_in("many", plan_of(graph), endpoint)
    service.work_off("batch_1", "expired")
    found = collect("many", plan_of(graph), endpoint)
    assert found.n_answered == expected["answer"]
    assert found.n_aside == 60 - expected["answer"]
    assert "expired" in found.words[0]
    reasons = Counter(a.reply.error for a in answers_of("many") if a.reply.status == "failed")
    assert reasons == {
        "batch: It broke": expected["500"],
        "batch: it expired before everything was answered": expected["lose"],
    }
    service.rule = lambda _user, _n: "answer"
    assert len(plan_of(graph).todo) == expected["lose"] + expected["500"]
    hand_in("many", plan_of(graph), endpoint)
    service.work_off("batch_2")
    collect("many", plan_of(graph), endpoint)
    assert Counter(statuses("many").values()) == {
        "answered": 60 - expected["refuse"],
        "refused": expected["refuse"],
    }
    assert max(service.paid.values()) == 1


def test_more_requests_than_a_batch_holds_make_several(service, monkeypatch):
    monkeypatch.setattr(batches, "MAX_REQUESTS", 15)
    graph = many(40)
    endpoint = find_endpoint(service.url)
    assert hand_in("many", plan_of(graph), endpoint) == 3
    lines = [len(service.files[b["input_file_id"]].splitlines()) for b in service.batches.values()]
    assert lines == [15, 15, 10]
    first = json.loads(service.files["file-1"].splitlines()[0])
    assert first["url"] == "/v1/chat/completions"
    assert len(first["custom_id"]) == 64
    service.work_off("batch_2")
    found = collect("many", plan_of(graph), endpoint)
    assert (found.n_answered, found.n_open) == (15, 25)
    for batch in ("batch_1", "batch_3"):
        service.work_off(batch)
    assert collect("many", plan_of(graph), endpoint).n_answered == 25


def test_a_large_file_is_cut_by_its_size(service, monkeypatch):
    monkeypatch.setattr(batches, "MAX_BYTES", 5000)
    graph = many(20)
    n = hand_in("many", plan_of(graph), find_endpoint(service.url))
    assert n > 2
    assert all(len(f) <= 5000 for f in service.files.values())


def test_a_batch_made_as_the_line_was_cut_is_found_again(service):
    service.cuts_batches = True
    graph = many(10)
    endpoint = find_endpoint(service.url)
    with pytest.raises(ProviderError):
        hand_in("many", plan_of(graph), endpoint)
    assert len(service.batches) == 1
    assert list_batches("many")[0].status == "creating"
    assert plan_of(graph).todo == ()  # it may have been made, so nothing is asked again yet
    service.cuts_batches = False
    service.work_off("batch_1")
    assert collect("many", plan_of(graph), endpoint).n_answered == 10
    assert max(service.paid.values()) == 1


def test_a_batch_that_was_never_made_is_forgotten(service):
    service.cuts_batches = True
    graph = many(10)
    endpoint = find_endpoint(service.url)
    with pytest.raises(ProviderError):
        hand_in("many", plan_of(graph), endpoint)
    service.batches.clear()
    assert collect("many", plan_of(graph), endpoint).n_open == 0
    assert open_keys("many") == set()
    assert len(plan_of(graph).todo) == 10


def test_a_refused_key_leaves_nothing_half_handed_in(service, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-another-secret-key")
    graph = many(10)
    with pytest.raises(ProviderError, match="refused the key") as caught:
        hand_in("many", plan_of(graph), find_endpoint(service.url))
    assert "sk-another-secret-key" not in str(caught.value)
    assert list_batches("many") == []
    assert len(plan_of(graph).todo) == 10


def test_a_service_without_batches_says_so(service):
    graph = many(10)
    endpoint = find_endpoint(service.url.removesuffix("/v1") + "/else")
    with pytest.raises(ProviderError, match="without --batch"):
        hand_in("many", plan_of(graph), endpoint)


def test_a_budget_holds_for_batches(service):
    graph = many(10)
    with pytest.raises(ConfigError, match=r"about [\d,]+ tokens, the budget is 100"):
        hand_in("many", plan_of(graph, budget_tokens=100), find_endpoint(service.url))
    assert service.files == {}
