"""Agreement of runs: ranks by a loop, the interval by sorting, and who may be asked."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from llador_core import agreement
from llador_core.agreement import (
    Standing,
    agree,
    consensus,
    drug_place,
    drug_ranks,
    is_comparable,
    peers,
    was_trained_on,
)
from llador_core.errors import ConfigError, DataFormatError
from llador_core.evaluation.protocols import evaluate
from llador_core.graph import Graph
from llador_core.ranking import mean_ranks, rank_candidates
from llador_core.training.runs import Run, RunInfo, default_run, list_runs, load_run

ALZHEIMER = "Disease::DOID:10652"


@pytest.fixture(scope="module")
def run() -> Run:
    return load_run(default_run("starter").name)


def info(name: str, **changes: object) -> RunInfo:
    blank = RunInfo(name, Path(name), graph="g", model="distmult", prior="full", is_finished=True)
    return replace(blank, **changes)  # type: ignore[arg-type]


def test_ranks_by_a_loop(starter: Graph, run: Run) -> None:
    disease = starter.mapped(ALZHEIMER)
    scores = run.pair_scores(starter, "combined")[:, starter.diseases.tolist().index(disease)]
    ranks = drug_ranks(starter, run, disease)
    for place in range(0, len(starter.drugs), 37):
        better = sum(score > scores[place] for score in scores)
        equal = sum(score == scores[place] for score in scores) - 1
        assert ranks[place] == 1 + better + equal / 2


def test_a_place_is_where_the_drug_stands(starter: Graph) -> None:
    for drug in starter.drugs[::50].tolist():
        assert starter.drugs[drug_place(starter, drug)] == drug
    with pytest.raises(ConfigError, match="is a Disease, not a Compound"):
        drug_place(starter, starter.mapped(ALZHEIMER))


def test_the_interval_is_that_of_the_ranks() -> None:
    ranks = [31.0, 2.0, 7.5, 2.0]
    told = agree([Standing(info(f"r{i}"), rank, i == 0) for i, rank in enumerate(ranks)], 100)
    assert [s.rank for s in told.standings] == sorted(ranks)
    assert (told.best, told.worst, told.median) == (2, 31, 4.75)
    assert [told.n_within(k) for k in (1, 2, 10, 31)] == [0, 2, 3, 4]
    assert told.n_trained_on == 1


def test_the_order_of_the_runs_changes_nothing() -> None:
    standings = [Standing(info(f"r{i}"), rank) for i, rank in enumerate([3.0, 3.0, 1.0])]
    assert agree(standings, 9) == agree(standings[::-1], 9)


def test_without_a_run_there_is_nothing_to_agree() -> None:
    with pytest.raises(ConfigError, match="No run of this graph"):
        agree([], 10)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"prior": "none"}, True),
        ({"prior": "mechanism"}, True),
        ({"prior": "shuffled"}, False),
        ({"prior": "random"}, False),
        ({"prior": "of the future"}, False),
        ({"is_finished": False}, False),
    ],
)
def test_controls_and_unfinished_runs_have_no_say(
    changes: dict[str, object], expected: bool
) -> None:
    assert is_comparable(info("r", **changes)) is expected


def test_memory_is_told_as_the_ranking_tells_it(starter: Graph, run: Run) -> None:
    disease = starter.mapped(ALZHEIMER)
    rows = rank_candidates(starter, run, disease=disease)
    assert {row.status for row in rows} == {"known", "held_out", "new"}
    for row in rows:
        knew = was_trained_on(starter, run, row.entity, disease)
        assert knew is (row.status == "known")


def test_a_run_of_another_version_is_refused(starter: Graph, run: Run) -> None:
    other = replace(starter, checksum="f" * 64)
    with pytest.raises(DataFormatError, match="another version of graph"):
        drug_ranks(other, run, starter.mapped(ALZHEIMER))


def test_the_shipped_runs_can_all_be_asked(starter: Graph) -> None:
    disease = starter.mapped(ALZHEIMER)
    asked = [i for i in list_runs("starter") if i.is_pretrained and is_comparable(i)]
    assert len(asked) >= 9
    for each in asked[:3]:
        ranks = drug_ranks(starter, load_run(each.name), disease)
        assert ranks.sum() == pytest.approx(len(ranks) * (len(ranks) + 1) / 2)


def test_a_common_list_by_a_loop_over_drugs() -> None:
    table = np.array([[1.0, 2, 3, 4], [2, 1, 4, 3], [1, 4, 2, 3]])
    found = consensus([info("a"), info("b"), info("c")], list(table))
    geometric = [math.prod(column) ** (1 / 3) for column in table.T.tolist()]
    expected = [1 + sum(other < own for other in geometric) for own in geometric]
    assert found.ranks.tolist() == expected == [1, 2, 3, 4]
    assert found.best.tolist() == [1, 1, 2, 3]
    assert found.worst.tolist() == [2, 4, 4, 4]
    assert found.n_runs == 3


def test_a_single_run_is_its_own_consensus_and_order_does_not_matter() -> None:
    draw = np.random.default_rng(0)
    lists = [draw.permutation(50) + 1.0 for _ in range(4)]
    runs = [info(str(i)) for i in range(4)]
    assert (consensus(runs[:1], lists[:1]).ranks == lists[0]).all()
    there, back = consensus(runs, lists), consensus(runs[::-1], lists[::-1])
    assert (there.ranks == back.ranks).all()
    assert sorted(there.ranks) == sorted(mean_ranks(-there.ranks))
    assert (there.best <= there.worst).all()
    with pytest.raises(ConfigError, match="No run"):
        consensus([], [])


def test_peers_differ_in_model_and_seed_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    own = info("own", created="1")
    alike = [info("seed", seed=1, created="2"), info("model", model="rotate", created="3")]
    others = [
        info("copy", created="1"),
        info("prior", prior="mechanism", created="4"),
        info("texts", texts="mine", created="5"),
        info("split", split_seed=3, created="6"),
        info("kind", split_kind="unknown", recipe="imported", created="7"),
        info("unfinished", is_finished=False),
    ]
    monkeypatch.setattr(agreement, "list_runs", lambda _: [*others, *alike, own])
    assert [one.name for one in peers(own)] == ["own", "seed", "model"]
    assert [one.name for one in peers(others[3])] == ["split"]
    elsewhere = info("elsewhere", is_imported=True, created="8")
    assert peers(elsewhere) == [elsewhere]


def test_shipped_runs_have_two_peers_each_and_together_find_more(starter: Graph, run: Run) -> None:
    """By score alone, over the diseases of the hidden pairs, as the docstring says."""
    infos = peers(run.info)
    assert {one.model for one in infos} == {"transe", "distmult", "rotate"}
    split = run.split(starter)
    lists = []
    for one in infos:
        scores = load_run(one.name).pair_scores(starter, "raw")
        lists.append(np.stack([mean_ranks(column) for column in scores.T], axis=1))
    together = np.stack(
        [-consensus(infos, [one[:, i] for one in lists]).ranks for i in range(lists[0].shape[1])],
        axis=1,
    )
    hits = [
        evaluate(starter, split, one, "drug-ranking").metrics["Hits@10"].value
        for one in (together, *(-one for one in lists))
    ]
    assert hits[0] > max(hits[1:]) + 0.03


def test_runs_that_were_stopped_early_have_no_voice(monkeypatch: pytest.MonkeyPatch) -> None:
    own = info("own", created="1", valid_mrr=0.3)
    others = [info("good", seed=1, created="2", valid_mrr=0.5)]
    others += [info("early", seed=2, created="3", valid_mrr=0.05)]
    monkeypatch.setattr(agreement, "list_runs", lambda _: [own, *others])
    assert [one.name for one in peers(own)] == ["own", "good"]
    assert [one.name for one in peers(others[1])] == ["early", "own", "good"]  # itself always
