from __future__ import annotations

import numpy as np
import pytest

from llador_core.evaluation.metrics import per_pair
from llador_core.evaluation.named import (
    audit_held_out,
    audit_json,
    held_out,
    judge,
    pair_rows,
    share_rows,
)
from llador_core.evaluation.protocols import evaluate
from llador_core.graph import Graph
from llador_core.priors.texts import load_texts
from llador_core.training.runs import Run, default_run, load_run


@pytest.fixture(scope="module")
def run() -> Run:
    return load_run(default_run("starter").name)


@pytest.fixture(scope="module")
def audit(starter: Graph, run: Run):
    texts = load_texts(starter)
    assert texts
    return audit_held_out(starter, run.split(starter), texts)


@pytest.mark.parametrize("protocol", ["sampled-50", "drug-ranking"])
def test_the_parts_are_the_whole(starter: Graph, run: Run, audit, protocol: str) -> None:
    split, scores = run.split(starter), run.pair_scores(starter, "raw")
    judged = judge(starter, split, scores, audit.is_named, protocol)
    whole = evaluate(starter, split, scores, protocol)
    assert judged.all == whole.metrics
    assert np.array_equal(judged.ranks, whole.ranks)
    n, named = len(audit.drugs), int(audit.is_named.sum())
    assert judged.named is not None
    assert judged.unnamed is not None
    for name, interval in whole.metrics.items():
        mean = judged.named[name].value * named + judged.unnamed[name].value * (n - named)
        assert mean / n == pytest.approx(interval.value)
        by_hand = per_pair(whole.ranks, whole.n_candidates)[name][~audit.is_named].mean()
        assert judged.unnamed[name].value == pytest.approx(by_hand)


def test_pairs_come_in_the_order_of_reports(starter: Graph, run: Run, audit) -> None:
    report = evaluate(starter, run.split(starter), run.pair_scores(starter, "raw"), "sampled-50")
    assert np.array_equal(audit.drugs, report.drugs)
    assert np.array_equal(audit.diseases, report.diseases)
    drugs, _ = held_out(starter, run.split(starter))
    assert np.array_equal(drugs, report.drugs)


def test_where_all_or_none_are_named_a_part_is_missing(starter: Graph, run: Run, audit) -> None:
    split, scores = run.split(starter), run.pair_scores(starter, "raw")
    everything = np.ones(len(audit.drugs), np.bool_)
    assert judge(starter, split, scores, everything, "sampled-50").unnamed is None
    assert judge(starter, split, scores, ~everything, "sampled-50").named is None


def test_the_document_counts_what_its_rows_show(starter: Graph, run: Run, audit) -> None:
    split, scores = run.split(starter), run.pair_scores(starter, "raw")
    judged = {"drug-ranking": judge(starter, split, scores, audit.is_named, "drug-ranking")}
    told = audit_json(starter, audit, judged)
    named = {(r["drug_id"], r["disease_id"]) for r in told["pairs"] if r["is_named"]}
    assert told["n_named"] == len(named)
    assert told["n_pairs"] == len({(r["drug_id"], r["disease_id"]) for r in told["pairs"]})
    assert told["share"] == round(len(named) / told["n_pairs"], 4) > 0.75
    for row in share_rows(audit)[:-1]:
        own = row["text_of"].split()[1].removesuffix("'s")
        found = {
            (r["drug_id"], r["disease_id"])
            for r in pair_rows(starter, audit)
            if r.get("text_of") == own and r.get("field") == row["field"]
        }
        assert len(found) == row["n_named"]
    assert set(told["protocols"]["drug-ranking"]) == {"all", "unnamed", "named"}
