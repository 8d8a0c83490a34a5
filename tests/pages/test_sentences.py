"""The plain sentences say what the numbers say, also where that is not flattering."""

from __future__ import annotations

from typing import Any

import pytest

from llador_core.figures.neighbourhood import Group
from llador_core.figures.recall import Kind, RecallCurve
from llador_core.figures.shift import Shift
from llador_core.ranking import Candidate
from llador_core.training.runs import RunInfo
from pages._ui import sentences


def curve(kind: Kind, recall: float) -> RecallCurve:
    return RecallCurve(kind, f"the {kind} list", (1, 10), (0.0, recall))


def candidate(rank: float, **more: Any) -> Candidate:
    fields: dict[str, Any] = {
        "rank": rank,
        "entity": int(rank),
        "id": f"d{rank:g}",
        "name": f"Drug {rank:g}",
        "score": 0.0,
        "percentile": 50.0,
        "status": "new",
        "degree": 1,
        "prior_names_it": False,
        "is_contraindicated": False,
    }
    return Candidate(**fields | more)


OTHERS = [curve("base", 0.2), curve("text", 0.6), curve("popularity", 0.1), curve("random", 0.01)]


@pytest.mark.parametrize(("own", "is_ahead"), [(0.61, True), (0.6, False), (0.3, False)])
def test_the_verdict_goes_to_whoever_is_ahead(own: float, is_ahead: bool) -> None:
    told = sentences.verdict(curve("prior", own), OTHERS)
    assert ("a simple rule does as well" in told) is not is_ahead
    assert "the text list" in told
    assert told.startswith("Without the prior it is 20%")
    assert "the popularity list 10% and the random list 1%" in told


def test_the_verdict_needs_neither_texts_nor_a_twin() -> None:
    told = sentences.verdict(curve("base", 0.3), [curve("popularity", 0.1), curve("random", 0.2)])
    assert told.startswith("The best control, the random list, reaches 20%")


def test_what_was_hidden_depends_on_the_split() -> None:
    own = curve("prior", 0.5)
    assert "**9 known drug–disease pairs**" in sentences.found(own, "pair", 9, 636)
    assert "every known treatment of some diseases" in sentences.found(own, "disease", 9, 636)
    assert "**50%** stand among the first 10 of 636 drugs" in sentences.found(own, "pair", 9, 636)


def test_treatments_are_counted_in_words() -> None:
    one = Group("treats", "treatment", "treatments", ("a",))
    two = Group("contraindicated", "drug to avoid", "drugs to avoid", ("b", "c"))
    assert sentences.treated(one, two) == (
        "**1 drug** is known to treat it, and 2 should be avoided in it."
    )
    assert "none is listed" in sentences.treated(one, None)
    assert "No drug is known" in sentences.treated(None, two)


def test_hidden_drugs_of_the_disease_are_told_with_their_ranks() -> None:
    some = [candidate(1), candidate(2, status="held_out"), candidate(5, status="held_out")]
    told = sentences.own_hidden("flu", some)
    assert "2 known drugs were hidden: Drug 2 (2nd) and Drug 5 (5th)" in told
    assert "None of the hidden pairs" in sentences.own_hidden("flu", some[:1])


def test_the_leader_and_where_the_others_came_from() -> None:
    new = [candidate(3, base_rank=51.0, is_contraindicated=True), candidate(4, base_rank=50.0)]
    assert sentences.leader(new, 636).startswith("**Drug 3** leads")
    assert "3rd of 636" in sentences.leader(new, 636)
    assert sentences.came_from(new) == (
        "Of the first 2, **1** is listed as to be avoided (✕) and **1** stood below place 50 "
        "without the prior."
    )
    assert "without the prior" not in sentences.came_from([candidate(3)])
    assert sentences.came_from([]) == ""
    assert "already known" in sentences.leader([], 636)


def test_the_farthest_are_told_with_what_is_known_of_them() -> None:
    moved = [Shift("up", 90, 3, status="held_out"), Shift("down", 2, 80)]
    assert sentences.farthest(moved) == (
        "The prior lifts **up**, a known use hidden from training, from 90th to 3rd and drops "
        "**down** from 2nd to 80th."
    )
    assert sentences.farthest([]) == "The prior moves nobody far."


def test_how_much_was_restated() -> None:
    risers = [Shift("a", 100, 1, 5, names_it=True), Shift("b", 100, 1, 90)]
    told = sentences.restated(risers)
    assert "**1 of the 2 risers**" in told
    assert "1 of the 2 still make more than half" in told
    assert "mechanisms" not in sentences.restated([Shift("a", 9, 3)])
    assert sentences.restated([]) == "No drug rose into the first 40."


def test_a_run_without_a_twin_says_what_to_do(tmp_path: Any) -> None:
    plain = RunInfo("x", tmp_path, "starter", "rotate", "none")
    alone = RunInfo("x", tmp_path, "starter", "rotate", "full")
    assert "Choose a run with a prior" in sentences.no_twin(plain)
    assert "train --graph starter --model rotate --prior none" in sentences.no_twin(alone)


def test_names_are_escaped() -> None:
    assert "<b>" not in sentences.leader([candidate(1, name="<b>")], 9).replace("\\<b", "")
    assert r"\<b\>" in sentences.farthest([Shift("<b>", 9, 3)])
    assert r"\<b\>" in sentences.own_hidden("<b>", [])


def test_what_speaks_against_the_first_where_no_cautions_are_recorded() -> None:
    assert "**3 of the first 12** proposals" in sentences.doubtful(3, 12)
    assert "does not mean that they are safe" in sentences.doubtful(0, 12)
