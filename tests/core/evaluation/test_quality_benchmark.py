"""The benchmark's bookkeeping; the runs themselves are too long for a test."""

from __future__ import annotations

import json
import sys

import pytest

from llador_core.paths import REPOSITORY


@pytest.fixture
def quality(monkeypatch):
    monkeypatch.syspath_prepend(str(REPOSITORY / "benchmarks"))
    import quality_starter

    yield quality_starter
    for name in ("quality_starter", "quality_tables"):
        sys.modules.pop(name, None)


def record(quality, cell, mrr=0.5, hits=0.5, valid_mrr=0.1, seconds=10.0):
    def report(value):
        metrics = dict.fromkeys(("MRR", "Hits@1", "Hits@10", "Hits@50", "AUC"), value)
        return {"n_pairs": 9, "metrics": {name: {"value": v} for name, v in metrics.items()}}

    reports = {"sampled-50": report(mrr), "drug-ranking": report(hits)}
    return {
        "key": cell.key,
        "fingerprint": quality.fingerprint(cell),
        "commit": "c",
        "seconds": seconds,
        "valid_mrr": valid_mrr,
        "run": reports,
        "baselines": {"text": {"sampled-50": report(0.7), "drug-ranking": report(0.6)}},
        "split": {"seed": cell.seed},
    }


def test_the_plan_is_every_setting_once_with_all_first_seeds_first(quality):
    cells = quality.planned(5)
    assert len(set(cells)) == len(cells) == 5 * (3 * 3 + 3 * 5)
    assert [cell.seed for cell in cells] == sorted(cell.seed for cell in cells)


def test_every_planned_cell_is_a_valid_run_of_its_own(quality):
    cells = [*quality.planned(2), quality.Cell("llador", "rotate", "full", "disease", 1)]
    assert len({quality.fingerprint(cell) for cell in cells}) == len(cells)


def test_kept_cells_are_found_and_those_of_other_settings_or_cut_short_are_not(quality, tmp_path):
    good, old, cut = quality.planned(1)[:3]
    path = tmp_path / "cells.jsonl"
    lines = [
        json.dumps(record(quality, good, mrr=0.1)),
        json.dumps({**record(quality, old), "fingerprint": "of old settings"}),
        json.dumps(record(quality, good, mrr=0.2)),
        json.dumps(record(quality, cut))[:40],
    ]
    path.write_text("\n".join(lines))
    kept = quality.current([good, old, cut], path)
    assert list(kept) == [good]
    assert kept[good]["run"]["sampled-50"]["metrics"]["MRR"]["value"] == 0.2


def test_zero_shot_takes_the_model_that_validates_best_not_the_one_that_tests_best(quality):
    one, other = (quality.Cell("llador", m, "full", "pair", 0) for m in ("transe", "rotate"))
    done = {
        one: record(quality, one, mrr=0.9, valid_mrr=0.2),
        other: record(quality, other, mrr=0.5, valid_mrr=0.3),
    }
    cells = quality.zero_shot(done, 2)
    assert {cell.model for cell in cells} == {"rotate"}
    assert {cell.prior for cell in cells} == {"none", "full", "mechanism"}
    assert {(cell.split, cell.seed) for cell in cells} == {("disease", 0), ("disease", 1)}
    assert quality.zero_shot({}, 2) == []


def test_tables_give_mean_and_spread_and_say_which_bar_is_missed(quality):
    from quality_tables import markdown, summary

    done = {}
    scores = {"none": 0.4, "full": 0.5, "shuffled": 0.3}
    for prior, mrr in scores.items():
        for seed, shift in ((0, -0.1), (1, 0.1)):
            cell = quality.Cell("paper", "transe", prior, "pair", seed)
            done[cell] = record(quality, cell, mrr=mrr + shift)
    cell = quality.Cell("llador", "rotate", "full", "pair", 0)
    done[cell] = record(quality, cell, mrr=0.8, hits=0.57, seconds=61.0)
    result = summary(done)
    full = next(r for r in result["rows"] if (r["recipe"], r["prior"]) == ("paper", "full"))
    assert full["seeds"] == [0, 1]
    assert full["sampled-50"]["MRR"] == {"mean": 0.5, "sd": 0.1414}
    text = next(r for r in result["rows"] if r["model"] == "text")
    assert text["seeds"] == [0, 1]
    met = {bar["what"]: (bar["measured"], bar["is_met"]) for bar in result["bars"]}
    assert met == {
        "paper, transe: MRR gain of full over none": (0.1, False),
        "paper, transe: MRR gain of shuffled over none": (-0.1, True),
        "llador, best model, full: MRR": (0.8, True),
        "llador, best model, full: drug ranking Hits@10": (0.57, False),
        "llador, slowest model and prior: median seconds": (61.0, False),
    }
    tables = markdown(result)
    assert "| paper | transe | full | 2 | 0.500 ± 0.141 |" in tables
    assert "| 0.57 | >= 0.58 | **no** |" in tables
    json.dumps(result, allow_nan=False)
