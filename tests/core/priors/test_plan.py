"""The dry run: who is described, what it takes, and what it would cost."""

from __future__ import annotations

import pytest

from llador_core import paths
from llador_core.errors import ConfigError, DataFormatError, UnknownNameError
from llador_core.priors.answers import Reply, answers_file, open_store
from llador_core.priors.plan import Ask, make_plan, plan_words
from llador_core.priors.prices import find_price
from llador_core.priors.selection import select
from tests.builders import graph_of

KINDS = {"d1": "Compound", "d2": "Compound", "x": "Disease", "y": "Disease"}
KINDS |= {f"g{i}": "Gene" for i in range(4)}
TRIPLES = [
    ("d1", "treats", "x"),
    ("d2", "treats", "y"),
    ("d1", "binds", "g0"),
    ("g0", "associates", "y"),
    ("g0", "interacts", "g1"),
    ("g0", "interacts", "g2"),
    ("g1", "interacts", "g2"),
]


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("LLADOR_HOME", str(tmp_path))


@pytest.fixture
def graph():
    return graph_of(TRIPLES, KINDS)


def named(graph, entities):
    return [graph.entity_ids[e] for e in entities]


def test_drugs_and_diseases_come_first_then_the_best_connected(graph):
    assert named(graph, select(graph)) == ["d1", "y", "d2", "x", "g0", "g1", "g2", "g3"]
    assert named(graph, select(graph, limit=3)) == ["d1", "y", "d2"]
    assert named(graph, select(graph, types=("gene",), limit=1)) == ["g0"]


@pytest.mark.parametrize(
    ("hops", "expected"),
    [(0, ["x"]), (1, ["x", "d1"]), (2, ["x", "d1", "g0"]), (3, ["x", "d1", "g0", "y", "g1", "g2"])],
)
def test_surroundings_are_by_hops_in_both_directions(graph, hops, expected):
    assert named(graph, select(graph, around="x", hops=hops)) == expected


def test_what_does_not_exist_is_told(graph):
    with pytest.raises(UnknownNameError, match="'Gene'"):
        select(graph, types=("Gen",))
    with pytest.raises(UnknownNameError, match="no disease in graph"):
        select(graph, around="d1")
    with pytest.raises(ConfigError, match="No entity is of these types"):
        select(graph, types=("gene",), around="x", hops=1)


def test_a_plan_counts_tokens_money_and_time(graph):
    plan = make_plan(graph, Ask(model="gpt-4o-mini", concurrency=4))
    assert len(plan.todo) == 8
    assert 8 * 100 < plan.tokens_in < 8 * 250
    assert 8 * 100 < plan.tokens_out < 8 * 400
    expected = (plan.tokens_in * 0.15 + plan.tokens_out * 0.60) / 1e6
    assert plan.cost_usd == pytest.approx(expected)
    assert plan.seconds == pytest.approx(8 * 3 / 4)
    slower = make_plan(graph, Ask(model="gpt-4o-mini", rate_rpm=6))
    assert slower.seconds == pytest.approx(80)
    words = " ".join(plan_words(plan))
    assert "8 entities for the text set 'good-gpt-4o-mini'" in words
    assert "prices of 20" in words
    assert not answers_file(graph.name).exists()  # planning keeps nothing


def test_earlier_answers_make_the_estimate_better(graph):
    ask = Ask(model="m")
    plan = make_plan(graph, ask)
    with open_store(graph.name) as store:
        store.note_asked(plan.requests)
        for request in plan.todo[:5]:
            reply = Reply("answered", "t", {"background": "t"}, 1000, 50, latency_s=0.5)
            store.record(request, plan.definition, reply)
        store.record(plan.todo[5], plan.definition, Reply("refused", "no"))
    after = make_plan(graph, ask)
    assert after.is_calibrated
    assert after.counts == {"answered": 5, "refused": 1}
    assert len(after.todo) == 2
    assert 1900 < after.tokens_in < 2100
    assert after.tokens_out == 100
    assert after.seconds == pytest.approx(2 * 0.5 / 8)
    assert len(make_plan(graph, Ask(model="m", retry=("refused",))).todo) == 3


def test_without_a_price_the_cost_is_unknown_but_tokens_are_told(graph):
    plan = make_plan(graph, Ask(model="some-model"))
    words = " ".join(plan_words(plan))
    assert plan.cost_usd is None
    assert "Cost: unknown" in words and "prices.toml" in words and "tokens in" in words
    with pytest.raises(ConfigError, match="needs the price of 'some-model'"):
        make_plan(graph, Ask(model="some-model", budget_usd=1.0))


def test_the_users_prices_win():
    shipped = find_price("gpt-4o-mini-2024-07-18")
    assert (shipped.input_usd, shipped.output_usd, shipped.batch_discount) == (0.15, 0.60, 0.5)
    (paths.home() / "prices.toml").write_text(
        'batch_discount = 0.25\n[models."gpt-4o-mini"]\ninput = 1\noutput = 2.5\n'
    )
    mine = find_price("gpt-4o-mini")
    assert mine.cost(1e6, 1e6) == 3.5
    assert mine.cost(1e6, 1e6, is_batch=True) == pytest.approx(3.5 * 0.75)
    assert find_price("gpt-4o").input_usd == 2.5  # the shipped table still has the others


@pytest.mark.parametrize(
    "content",
    ["[models", '[models."a"]\noutput = 1', '[models."a"]\ninput = "x"', "batch_discount = 2"],
)
def test_a_broken_price_table_is_told(content):
    (paths.home() / "prices.toml").write_text(content)
    with pytest.raises(DataFormatError, match=r"prices\.toml"):
        find_price("a")


@pytest.mark.parametrize(
    "changes",
    [
        {"temperature": 3.0},
        {"concurrency": 0},
        {"budget_usd": -1.0},
        {"hops": -1},
        {"model": " "},
        {"retry": ("answered",)},
        {"rate_rpm": 0.0},
    ],
)
def test_settings_out_of_range_are_refused(changes):
    with pytest.raises(ConfigError):
        Ask(**changes)


def test_the_bare_name_asks_nobody(graph):
    plan = make_plan(graph, Ask(prompt="none"))
    assert plan.todo == ()
    assert "asks nobody" in " ".join(plan_words(plan))
