"""The commands that make a prior, from end to end against a service on this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from llador_core import jobs, paths
from llador_core.__main__ import main
from llador_core.priors.answers import answers_file, statuses
from tests.core.priors.service import Service, serving
from tests.core.priors.test_describe import local_graph

KEY = "sk-distinctive-0f9e8d7c6b5a"


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("LLADOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("LLADOR_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)


@pytest.fixture
def folder(tmp_path) -> Path:
    return local_graph(tmp_path / "tiny", 30)


@pytest.fixture
def service():
    with serving(Service(key=KEY)) as found:
        yield found


def run(folder, *arguments, service=None, status=0, capsys=None):
    told = ["describe", "--graph", str(folder), "--model", "fake-1", *arguments]
    assert main(told + (["--base-url", service.url] if service else [])) == status


def test_a_dry_run_asks_nobody_and_keeps_nothing(folder, capsys, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    run(folder, "--dry-run")
    told = capsys.readouterr().out
    assert "30 entities for the text set 'good-fake-1'" in told
    assert "To ask: 30 requests" in told
    assert "Cost: unknown" in told
    run(folder, "--dry-run", "--json", "--limit", "7")
    document = json.loads(capsys.readouterr().out)
    assert (document["n_to_ask"], document["cost_usd"]) == (7, None)
    assert not (paths.home() / "texts").exists()


def test_from_a_question_to_vectors(folder, service, capsys):
    service.rule = lambda user, _n: "refuse" if "entity 3," in user else "answer"
    run(folder, "--set", "mine", service=service)
    told = capsys.readouterr()
    assert "Asked: 29 answered, 1 refused in" in told.out
    assert "texts for 29 of 30 entities (97%)" in told.out
    assert "embed --graph" in told.out
    assert jobs.follow("describe-tiny-mine").state == "done"
    assert main(["embed", "--graph", str(folder), "--texts", "mine", "--embedder", "tfidf"]) == 0
    made = paths.home() / "texts" / "tiny" / "sets" / "mine" / "vectors-tfidf.safetensors"
    assert made.is_file()
    service.rule = lambda _user, _n: "answer"
    run(folder, "--set", "mine", "--retry", "refused", "--json", service=service)
    document = json.loads(capsys.readouterr().out)
    assert document["run"]["counts"] == {"answered": 1}
    assert document["published"]["n_texts"] == 30
    assert main(["sets", "--graph", str(folder)]) == 0
    assert "30 answered" in capsys.readouterr().out
    assert max(service.paid.values()) == 2  # the one that refused first
    assert service.paid.total() == 31
    for file in paths.home().rglob("*"):
        assert not file.is_file() or KEY.encode() not in file.read_bytes(), file


def test_vectors_by_a_service_tell_their_cost_first(folder, service, capsys):
    run(folder, "--set", "mine", service=service)
    words = ["embed", "--graph", str(folder), "--texts", "mine", "--dimensions", "6"]
    words += ["--embedder", "openai:text-embedding-3-small", "--base-url", service.url]
    assert main(words) == 0
    told = capsys.readouterr().err
    assert "60 different texts" in told
    assert "about $0.00" in told
    name = "vectors-openai-text-embedding-3-small-6.safetensors"
    assert (paths.home() / "texts" / "tiny" / "sets" / "mine" / name).is_file()
    assert main(words) == 0
    assert service.embedded.total() == 60  # a second run pays nothing
    assert main([*words[:-4], "--embedder", "nonsense"]) == 2


def test_the_bare_name_is_a_set_too(folder, capsys, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    run(folder, "--prompt", "none", "--set", "names")
    assert "texts for 0 of 30 entities" in capsys.readouterr().out
    assert main(["embed", "--graph", str(folder), "--texts", "names", "--embedder", "tfidf"]) == 0


def test_a_batch_by_two_commands(folder, service, capsys):
    run(folder, "--set", "mine", "--batch", service=service)
    assert "Handed in: 30 requests in 1 batch." in capsys.readouterr().out
    run(folder, "--set", "mine", service=service)  # not asked a second time, one by one
    assert service.asked.total() == 0
    service.work_off("batch_1")
    capsys.readouterr()
    run(folder, "--set", "mine", "--batch", service=service)
    told = capsys.readouterr().out
    assert "Collected: 30 texts, 0 kept aside." in told
    assert "Handed in" not in told
    assert len(service.batches) == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--base-url", "not an address"], "is not the address of a service"),
        (["--base-url", "not an address", "--dry-run"], "is not the address of a service"),
        (["--base-url", "ftp://host/v1"], "is not the address of a service"),
        (["--base-url", "http://localhost:99999999/v1"], "is not an address"),
        (["--base-url", f"https://user:{KEY}@host.example/v1"], "carries credentials"),
        (["--base-url", "https://host.example/v1?key=x"], "without '?'"),
        (["--prompt", "goood"], "Did you mean 'good'"),
        (["--types", "Compund"], "Did you mean 'Compound'"),
        (["--around", "no such"], "no disease in graph 'tiny'"),
        (["--retry", "refuced"], "cannot be asked for again"),
        (["--temperature", "hot"], "is a number from 0 to 2"),
        (["--temperature", "7"], "temperature"),
        (["--budget-usd", "1"], "needs the price of 'fake-1'"),
        (["--set", "../up"], "cannot be the name of a text set"),
    ],
)
def test_bad_input_gets_one_sentence(folder, capsys, arguments, told):
    run(folder, *arguments, status=2)
    error = capsys.readouterr().err
    last = error.strip().split("\n")[-1]
    assert last.startswith("llador: ")
    assert told in last
    assert KEY not in error
    assert not answers_file("tiny").exists()


def test_a_missing_key_names_the_variable(folder, capsys, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    run(folder, status=2)
    assert "Set the environment variable OPENAI_API_KEY" in capsys.readouterr().err


def test_a_refused_key_says_what_is_saved(folder, service, capsys):
    run(folder, "--set", "mine", service=service)
    service.key = "another"
    run(folder, "--set", "more", "--prompt", "original", service=service, status=2)
    error = capsys.readouterr().err
    assert "refused the key" in error
    assert "Saved: nothing in" in error
    assert KEY not in error
    assert "refused the key" in jobs.follow("describe-tiny-more").problem


def test_no_key_is_needed_on_this_machine(folder, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    with serving(Service(key="none-needed")) as service:
        run(folder, service=service)
    assert set(statuses("tiny").values()) == {"answered"}


def test_two_people_do_not_ask_the_same_at_once(folder, service, capsys):
    with jobs.reporting("describe-tiny-mine"):
        run(folder, "--set", "mine", service=service, status=2)
    assert "Another process is computing this already" in capsys.readouterr().err
    assert service.asked.total() == 0


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_an_interrupted_command_keeps_what_came(tmp_path, how):
    folder = local_graph(tmp_path / "cut", 200)
    with serving(Service(latency_s=0.05, key=KEY)) as service:
        words = [sys.executable, "-m", "llador_core", "describe", "--graph", str(folder)]
        words += ["--model", "fake-1", "--base-url", service.url, "--concurrency", "4"]
        child = subprocess.Popen(
            words, cwd=paths.REPOSITORY, env=dict(os.environ), stderr=subprocess.PIPE, text=True
        )
        end = time.monotonic() + 60
        while service.paid.total() < 20 and time.monotonic() < end:
            time.sleep(0.005)
        child.send_signal(how)
        _, error = child.communicate(timeout=30)
        time.sleep(0.1)
        n_paid = service.paid.total()
    assert child.returncode in (2, 143)
    assert "Traceback" not in error
    kept = Counter(statuses("cut").values())
    assert n_paid - 4 <= kept["answered"] <= n_paid < 200
