"""What the case study says in words: plain sentences with the numbers, whoever is ahead.

They are Markdown with every name escaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from llador_core.escape import markdown
from llador_core.figures.neighbourhood import Group
from llador_core.figures.recall import RecallCurve
from llador_core.figures.shift import Shift
from llador_core.figures.style import count, listed, ordinal
from llador_core.ranking import Candidate
from llador_core.safeguard import CautionLevel, CautionReason
from llador_core.training.runs import RunInfo

FIRST = 10  # how far down a list a reader looks
WHY_CAUTION = (
    "To a model, “harmful in this disease” is a tie much as “helps in it” is, so a high rank must "
    "be read together with the cautions."
)


NO_CAUTIONS = (
    "This graph records no contraindications, so it cannot tell which drugs to avoid: that no drug "
    "is marked says nothing about safety."
)


def predicted_caution(level: CautionLevel, has_reasons: bool) -> str:
    """Say how much caution a model predicts for a drug, never that it is safe."""
    if level == "no sign":
        found = "though this stands against it" if has_reasons else "and nothing was found here"
        return f"**The model sees no sign of caution**, {found}; that does not mean safe."
    found = "" if has_reasons else " No single edge or sentence says so; similar cases do."
    return f"**The model predicts {level} caution.**{found}"


def reason(one: CautionReason, disease_name: str) -> str:
    """Say one thing that speaks against a drug for a disease."""
    name, disease = markdown(one.name), markdown(disease_name)
    shared = markdown(listed(one.shared, 3))
    return {
        "edge": f"The graph lists it as **contraindicated in {disease}**.",
        "resembling": f"Contraindicated in **{name}**, which resembles {disease}.",
        "similar": f"**{name}**, alike in {shared}, is contraindicated in {disease}.",
        "text": f"The LLM's text on {name}, naming {shared}: “{markdown(one.text.rstrip(';'))}”",
    }[one.kind]


def safeguarded(report: Mapping[str, Any]) -> str:
    """Say what weighing against caution removed from the top, and what it cost, on hidden pairs.

    Parameters
    ----------
    report : mapping
        "incompatibility" of a run's metrics.
    """
    raw, combined = report["raw"], report["combined"]

    def share(of: Mapping[str, Any], metric: str) -> float:
        return float(of["metrics"][metric]["value"])

    before, after = share(raw, "top 5%"), share(combined, "top 5%")
    found, kept = share(raw, f"Hits@{FIRST}"), share(combined, f"Hits@{FIRST}")
    change = "no harder" if kept == found else "harder" if kept < found else "easier"
    return (
        f"We also hid **{raw['n_contraindicated']} drugs to avoid**, over all diseases. By the "
        f"model's score alone **{before:.1%}** of them stand in the top 5% of the list; weighed "
        f"against predicted caution, **{after:.1%}**. Hidden treatments "
        f"became {change} to find: by the score alone **{found:.0%}** of them stand among the "
        f"first {FIRST}, now **{kept:.0%}**."
    )


def removed(gone: Sequence[Candidate], n_top: int) -> str:
    """Say which drugs predicted caution took from the top of this disease's list."""
    if not gone:
        return f"Here it took no drug out of the first {n_top}."
    avoid = sum(c.is_contraindicated for c in gone)
    names = [f"{markdown(c.name)}{' ✕' if c.is_contraindicated else ''}" for c in gone]
    told = f", {avoid} of them listed in the graph as to be avoided (✕)" if avoid else ""
    return (
        f"Here it took **{count(len(gone), 'drug')}** out of the first {n_top}{told}: "
        f"{listed(names, 8)}."
    )


def doubtful(n: int, n_all: int) -> str:
    """Say against how many of the first proposals the graph holds something else."""
    recorded = "What it does record are side effects, symptoms and what drugs do to their targets."
    if not n:
        return (
            f"{recorded} By these nothing speaks against the first {n_all} proposals, which does "
            "not mean that they are safe."
        )
    return (
        f"{recorded} By these something speaks against **{n} of the first {n_all}** proposals: a "
        "side effect that is a symptom of the disease, or an action against that of its treatments."
    )


def treated(treats: Group | None, avoid: Group | None, records_avoid: bool = True) -> str:
    """Say how many drugs are known to treat a disease, and how many to avoid.

    `records_avoid` tells whether the graph records contraindications at all.
    """
    to_avoid = f"{len(avoid.names)} should be" if avoid else "none is listed as to be"
    if treats is None:
        return (
            "No drug is known to treat it, so every proposal rests on what similar diseases, "
            "genes and texts say."
        )
    drugs = count(len(treats.names), "drug")
    is_are = "is" if len(treats.names) == 1 else "are"
    if not records_avoid:
        return f"**{drugs}** {is_are} known to treat it."
    return f"**{drugs}** {is_are} known to treat it, and {to_avoid} avoided in it."


def found(own: RecallCurve, split_kind: str, n_pairs: int, n: int) -> str:
    """Say how many hidden pairs a run finds among the first of `n` drugs."""
    hidden = (
        f"every known treatment of some diseases (**{n_pairs} pairs**) from training"
        if split_kind == "disease"
        else f"**{n_pairs} known drug–disease pairs** from training, over all diseases,"
    )
    return (
        f"We hid {hidden} and looked for them: {own.label}, **{own.at(FIRST):.0%}** stand among "
        f"the first {FIRST} of {n:,} drugs."
    )


def verdict(own: RecallCurve, others: Sequence[RecallCurve]) -> str:
    """Compare a run with its twin and the controls, whoever is ahead."""
    controls = [c for c in others if c.kind in ("text", "popularity", "random")]
    twin = [f"without the prior it is {c.at(FIRST):.0%}" for c in others if c.kind == "base"]
    best = max(controls, key=lambda c: c.at(FIRST))
    rest = [f"{c.label} {c.at(FIRST):.0%}" for c in controls if c is not best]
    ahead = own.at(FIRST) > best.at(FIRST)
    share = f"{best.at(FIRST):.0%}"
    told = (
        f"the best control, {best.label}, reaches {share}"
        if ahead
        else f"but **{best.label} finds {share}**, so by this test a simple rule does as well"
    )
    sentence = "; ".join([*twin, told])
    return f"{sentence[0].upper()}{sentence[1:]} ({listed(rest, 3)})."


def own_hidden(disease: str, candidates: Sequence[Candidate]) -> str:
    """Say where this disease's own hidden drugs stand."""
    hidden = [c for c in candidates if c.status == "held_out"]
    if not hidden:
        return f"None of the hidden pairs was of {markdown(disease)} itself."
    told = [f"{markdown(c.name)} ({ordinal(c.rank)})" for c in hidden]
    was = "was" if len(hidden) == 1 else "were"
    return (
        f"Of {markdown(disease)} itself, {count(len(hidden), 'known drug')} {was} "
        f"hidden: {listed(told, 5)}."
    )


def leader(new: Sequence[Candidate], n: int) -> str:
    """Say who is first among the new ones, of `n` drugs."""
    if not new:
        return "Every drug of this graph is already known to treat it."
    first = f"**{markdown(new[0].name)}**"
    return (
        f"{first} leads the drugs not yet known to treat it, {ordinal(new[0].rank)} of {n:,}; a "
        "rank is not a probability, it says whom to look at first."
    )


def came_from(new: Sequence[Candidate], records_avoid: bool = True) -> str:
    """Say how many of the first are to be avoided, and how many came from far below."""
    if not new:
        return ""
    avoid = sum(c.is_contraindicated for c in new)
    is_are = "is" if avoid == 1 else "are"
    told = [f"**{avoid or 'none'}** {is_are} listed as to be avoided (✕)"] * records_avoid
    if new[0].base_rank is not None:
        far = sum(c.base_rank is not None and c.base_rank > 50 for c in new)
        told.append(f"**{far}** stood below place 50 without the prior")
    return f"Of the first {len(new)}, {' and '.join(told)}." if told else ""


def no_twin(run: RunInfo) -> str:
    """Say why there is nothing to compare a run with, and what to do."""
    if run.prior == "none":
        return "This run has no prior, so nothing was moved. Choose a run with a prior above."
    return (
        "There is no run of the same settings without a prior to compare with. Make one with "
        f"`python -m llador_core train --graph {run.graph} --model {run.model} "
        "--prior none`."
    )


def farthest(movers: Sequence[Shift]) -> str:
    """Say who rose and who fell farthest."""
    told = []
    for word, some in (
        ("lifts", [s for s in movers if s.rose_by > 0]),
        ("drops", [s for s in movers if s.rose_by < 0]),
    ):
        for s in some[:1]:
            known = {"known": ", a known use,", "held_out": ", a known use hidden from training,"}
            told.append(
                f"{word} **{markdown(s.name)}**{known.get(s.status, '')} from "
                f"{ordinal(s.without)} to {ordinal(s.full)}"
            )
    return f"The prior {' and '.join(told) or 'moves nobody far'}."


def restated(risers: Sequence[Shift], whose: str = "the LLM's own text") -> str:
    """Say how much of the climb may be the text restating the answer."""
    if not risers:
        return "No drug rose into the first 40."
    named = sum(s.names_it for s in risers)
    told = (
        f"For **{named} of the {len(risers)} risers** {whose} names the answer, so it may only "
        "have been restated"
    )
    kept = [s.kept_share for s in risers if s.kept_share is not None]
    if not kept:
        return f"{told}."
    alone = sum(share > 0.5 for share in kept)
    return (
        f"{told}; with texts on mechanisms alone, which name no use, {alone} of the "
        f"{len(risers)} still make more than half of the climb."
    )
