"""Agreement of runs: ranks by a loop, the interval by sorting, and who may be asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from llador_core.agreement import (
    Standing,
    agree,
    drug_place,
    drug_ranks,
    is_comparable,
    was_trained_on,
)
from llador_core.errors import ConfigError, DataFormatError
from llador_core.graph import Graph
from llador_core.ranking import rank_candidates
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
