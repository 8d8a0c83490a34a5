"""Describing against a real HTTP server that misbehaves as real ones do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from llador_core import paths
from llador_core.graph import Graph
from llador_core.priors import describe as describing
from llador_core.priors.answers import answers_of, statuses
from llador_core.priors.describe import check, describe
from llador_core.priors.endpoint import find_endpoint
from llador_core.priors.plan import Ask, make_plan
from llador_core.priors.publish import publish
from llador_core.priors.sets import define
from llador_core.priors.tallies import tallies
from llador_core.priors.texts import load_texts
from tests.builders import graph_of

from .service import Service, serving, share

KEY = "sk-test-key"


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("LLADOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("LLADOR_API_KEY", raising=False)
    monkeypatch.setattr(describing, "BACK_OFF_S", 0.02)


def many(n: int) -> Graph:
    """Return a graph of n entities of three types."""
    kinds = {f"e{i}": ("Compound", "Disease", "Gene")[i % 3] for i in range(n)}
    return graph_of([("e0", "treats", "e1"), ("e0", "binds", "e2")], kinds, name="many")


def ask(**changes) -> Ask:
    return Ask(**{"model": "fake-1", "text_set": "mine", **changes})


def run(graph: Graph, service: Service, timeout_s: float = 30.0, **changes):
    plan = make_plan(graph, ask(**changes))
    define(graph, plan.text_set, plan.definition)
    return describe(graph, plan, find_endpoint(service.url, timeout_s))


def misbehaving(user: str, n: int) -> str:
    """Half refuse for good; of the first tries others fail in every way there is."""
    x = share(user)
    if x < 0.5:
        return "refuse"
    if n == 1:
        for limit, what in ((0.55, "500"), (0.6, "cut"), (0.65, "broken"), (0.7, "503")):
            if x < limit:
                return what
    return {0: "empty", 1: "german", 2: "long"}.get(int(x * 1e6) % 50, "answer")


def test_a_thousand_entities_are_described_or_listed_with_a_reason():
    graph = many(1000)
    with serving(Service(misbehaving, latency_s=0.002)) as service:
        outcome = run(graph, service, concurrency=12)
    assert outcome.stopped == ""
    assert outcome.n_left == 0
    assert service.most_in_flight <= 12
    found = {a.entity: a for a in answers_of("many")}
    assert set(found) == set(graph.entity_ids)
    counts = Counter(a.reply.status for a in found.values())
    assert counts == outcome.counts
    assert 450 < counts["refused"] < 550
    assert counts["empty"] and counts["wrong_language"] and counts["too_long"]
    assert counts["failed"] == 0
    assert all(a.reply.error for a in found.values() if a.reply.status != "answered")
    for answer in found.values():
        if answer.reply.status == "answered":  # each got the answer to its own question
            assert answer.reply.fields == {"background": service.text(answer.user)}
            assert answer.reply.tokens_in == len(answer.user) // 4
    assert max(service.paid.values()) == 1
    published = publish(graph, "mine")
    assert published.n_texts == counts["answered"]
    assert sum(map(bool, load_texts(graph, "mine").background)) == counts["answered"]


def test_a_second_run_asks_only_for_what_is_wanted_again():
    graph = many(90)
    with serving(Service(misbehaving)) as service:
        run(graph, service)
        before = service.paid.total()
        assert run(graph, service).n_settled == 0
        assert service.paid.total() == before
        service.rule = lambda _user, _n: "answer"
        n_refused = Counter(statuses("many").values())["refused"]
        again = run(graph, service, retry=("refused",))
    assert again.counts == {"answered": n_refused}
    assert service.paid.total() == before + n_refused
    kept = [a for a in answers_of("many", is_latest=False) if a.attempt == 1]
    assert Counter(a.reply.status for a in kept)["refused"] == n_refused  # the originals stay


def test_what_fails_for_good_is_listed_and_tried_again_next_time(monkeypatch):
    monkeypatch.setattr(describing, "MAX_TRIES", 3)
    graph = many(20)
    with serving(Service(lambda user, _n: "500" if share(user) < 0.2 else "answer")) as service:
        n_bad = sum(share(r.user) < 0.2 for r in make_plan(graph, ask()).requests)
        outcome = run(graph, service)
        assert outcome.counts["failed"] == n_bad > 0
        failed = answers_of("many", statuses=["failed"])
        assert "the service failed (500: It failed) after 3 tries" in failed[0].reply.error
        assert max(service.asked.values()) == 3
        service.rule = lambda _user, _n: "answer"
        assert run(graph, service).counts == {"answered": n_bad}


def test_slow_answers_time_out_and_are_asked_again():
    def once_slow(user: str, n: int) -> str:
        return "slow" if n == 1 and share(user) < 0.3 else "answer"

    graph = many(12)
    with serving(Service(once_slow)) as service:
        started = time.monotonic()
        outcome = run(graph, service, timeout_s=0.5)
    assert outcome.counts == {"answered": 12}
    assert time.monotonic() - started < 2.0  # the answers that came late were not waited for
    assert any(n > 1 for n in service.asked.values())


def test_the_rate_limit_is_used_and_kept():
    """At least 0.9 of what the limit lets through is used, from the first request to the last.

    The strict law for all kinds of limits is in test_pace, on a clock of its own; here a rate that
    even a busy machine can follow, and the better of two tries, since it may be very busy.
    """
    rate, size, n = 30.0, 10, 120
    graph, used = many(n), []
    for turn in ("first", "second"):
        with serving(Service(latency_s=0.02, rate=rate, size=size)) as service:
            outcome = run(graph, service, concurrency=16, text_set=turn, **TURNS[turn])
        assert outcome.counts == {"answered": n}
        assert service.most_in_flight <= 16
        assert service.n_refused <= n
        used.append(n / (size + rate * (service.last_accepted - service.allowed_from)))
        if used[-1] >= 0.9:
            break
    assert max(used) >= 0.9, (used, service.n_refused)


TURNS = {"first": {}, "second": {"temperature": 0.5}}


def test_a_wish_slower_than_the_limit_is_kept():
    graph = many(40)
    with serving(Service()) as service:
        outcome = run(graph, service, rate_rpm=3600)
    assert 0.6 <= outcome.seconds < 2.0
    assert outcome.counts == {"answered": 40}


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("key", "refused the key"),
        ("model", "does not know the model 'other-model'"),
        ("quota", "quota of this key"),
        ("page", "base URL is not that of its API"),
        ("nobody", "cannot be reached"),
    ],
)
def test_what_no_patience_mends_stops_at_once(what, told, monkeypatch):
    graph = many(50)
    service = Service(lambda _u, n: "quota" if what == "quota" and n else "answer")
    with serving(service):
        if what == "key":
            monkeypatch.setenv("OPENAI_API_KEY", "sk-wrong-secret-key")
        if what == "page":
            service.url = service.url.removesuffix("/v1") + "/other"
        changes = {"model": "other-model", "text_set": "x"} if what == "model" else {}
        if what != "nobody":
            outcome = run(graph, service, concurrency=4, **changes)
    if what == "nobody":
        outcome = run(graph, service, concurrency=4)
    assert told in outcome.stopped
    assert "sk-wrong-secret-key" not in outcome.stopped
    assert service.asked.total() <= 4
    assert outcome.n_left == 50
    with pytest.raises(Exception, match="The same command goes on from here"):
        check(outcome)
    assert statuses("many") == {}


def test_a_refused_request_stops_nothing_but_many_in_a_row_do():
    graph = many(60)
    with serving(Service(lambda user, _n: "400" if share(user) < 0.1 else "answer")) as service:
        assert set(run(graph, service).counts) == {"answered", "failed"}
        service.rule = lambda _user, _n: "400"
        outcome = run(graph, service, prompt="original", text_set="other", concurrency=1)
    assert "8 requests in a row were given up" in outcome.stopped
    assert outcome.n_settled == 8


@pytest.mark.parametrize("knows_formats", [True, False])
def test_structured_answers_with_and_without_schemas(knows_formats):
    graph = many(9)
    with serving(Service(knows_formats=knows_formats)) as service:
        outcome = run(graph, service, prompt="structured", concurrency=3)
        assert outcome.counts == {"answered": 9}
    formats = [b.get("response_format", {}).get("type") for b in service.bodies]
    if knows_formats:
        assert set(formats) == {"json_schema"}
    else:
        assert formats[-1] is None
        assert 1 <= formats.count("json_schema") <= 3
    publish(graph, "mine")
    texts = load_texts(graph, "mine")
    assert all(texts.background)
    assert set(texts.caution) == {"None known."}
    assert set(texts.treatment) == {""}


def test_a_malformed_structured_answer_is_kept_aside():
    graph = many(6)
    with serving(Service(lambda _u, _n: "html")) as service:
        outcome = run(graph, service, prompt="structured")
    assert outcome.counts == {"malformed": 6}
    assert answers_of("many")[0].reply.raw.startswith("<script>")
    assert answers_of("many")[0].reply.error == "it is not JSON"


@pytest.mark.parametrize("what", ["html", "surrogate"])
def test_markup_and_broken_characters_are_data(what):
    graph = many(3)
    with serving(Service(lambda _u, _n: what)) as service:
        run(graph, service)
    publish(graph, "mine")
    text = load_texts(graph, "mine").background[0]
    assert text.startswith("<script>" if what == "html" else "Half a pair ?")


def test_a_budget_is_never_exceeded(monkeypatch):
    (paths.home()).mkdir(parents=True)
    (paths.home() / "prices.toml").write_text('[models."fake-1"]\ninput = 1.0\noutput = 2.0\n')
    graph = many(200)
    with serving(Service()) as service:
        dollars = run(graph, service, budget_usd=0.02, max_tokens=60)
        tokens = run(graph, service, budget_tokens=3000, max_tokens=60)
    assert "budget is used up" in dollars.stopped
    assert 0.015 < dollars.cost_usd <= 0.02
    assert "budget is used up" in tokens.stopped
    assert 2000 < tokens.tokens_in + tokens.tokens_out <= 3000
    assert dollars.n_settled + tokens.n_settled == len(statuses("many"))
    (tally,) = tallies("many")
    assert tally.cost_usd == pytest.approx(dollars.cost_usd + tokens.cost_usd)


def local_graph(folder: Path, n: int) -> Path:
    folder.mkdir(parents=True)
    rows = "".join(f"e{i}\tentity {i}\t{('Compound', 'Disease')[i % 2]}\n" for i in range(n))
    (folder / "entities.tsv").write_text("id\tname\ttype\n" + rows)
    (folder / "triples.tsv").write_text("head\trelation\ttail\ne0\ttreats\te1\n")
    return folder


def command(folder: Path, service: Service, *more: str) -> list[str]:
    told = ["--model", "fake-1", "--base-url", service.url, "--set", "mine", "--concurrency", "6"]
    return [sys.executable, "-m", "llador_core", "describe", "--graph", str(folder), *told, *more]


def test_nothing_is_paid_twice_after_kills_at_any_moment(tmp_path):
    """What was committed when the process died is never asked again.

    What was on its way at that moment (at most the number of requests at a time) is asked once
    more: no client can know whether the service had begun to work on it.
    """
    folder, n, n_kills = local_graph(tmp_path / "killed", 240), 240, 3
    secret = "sk-a-very-distinctive-key-0123456789"
    environment = {**os.environ, "OPENAI_API_KEY": secret}
    with serving(Service(latency_s=0.03, key=secret)) as service:
        for kill in range(n_kills):
            child = subprocess.Popen(
                command(folder, service),
                env=environment,
                cwd=paths.REPOSITORY,
                stderr=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            goal = service.asked.total() + 25 + 17 * kill
            end = time.monotonic() + 30
            while service.asked.total() < goal and time.monotonic() < end:
                time.sleep(0.001)
            child.send_signal(signal.SIGKILL)
            child.communicate()
            time.sleep(0.1)  # what the server still had in hand has been counted
            kept = {a.user for a in answers_of("killed")}
            asked_before = Counter(service.asked)
            n_paid_twice = sum(n - 1 for n in service.paid.values() if n > 1)
            assert len(kept) > 10
            assert n_paid_twice <= 6 * kill
        done = subprocess.run(
            command(folder, service),
            env=environment,
            cwd=paths.REPOSITORY,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    again = {user for user in kept if service.asked[user] > asked_before[user]}
    assert again == set()
    assert set(statuses("killed").values()) == {"answered"}
    assert len(service.paid) == n
    assert sum(n - 1 for n in service.paid.values() if n > 1) <= 6 * n_kills
    assert service.most_in_flight <= 12  # a killed process's requests may outlive it
    assert f"texts for {n} of {n} entities" in done.stdout
    for file in (tmp_path / "home").rglob("*"):
        assert not file.is_file() or secret.encode() not in file.read_bytes(), file
    assert secret not in done.stdout + done.stderr
