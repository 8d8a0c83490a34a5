"""What a report says in sentences: plain text, escaped by whoever shows it."""

from __future__ import annotations

from itertools import pairwise

from llador_core.evaluation.pairs import UNKNOWN_SPLIT
from llador_core.explain import Path
from llador_core.figures.recall import RecallCurve
from llador_core.figures.style import count, listed, ordinal
from llador_core.graph import Graph
from llador_core.report.case import FIRST, PROTOCOL, Case

NO_CAUTIONS = (
    "This graph records no contraindications, so it cannot tell which drugs to avoid: that no drug "
    "is marked says nothing about safety."
)


def known(case: Case) -> str:
    """Say what the graph knows of the disease."""
    graph = case.graph
    n_treats = len(graph.neighbours_with_role(case.disease, "treats"))
    avoid = f"{len(case.avoid)} should be" if case.avoid else "none is listed as to be"
    end = f"treat it, and {avoid} avoided in it." if case.records_avoid else "treat it."
    n_facts = int(graph.degree[case.disease])
    return (
        f"Of the graph's {graph.n_triples:,} facts {n_facts:,} are about {case.name}: "
        f"{count(n_treats, 'drug')} {end}"
    )


def leader(case: Case) -> str:
    """Say who is first among the new ones."""
    if not case.new:
        return "Every drug of this graph is already known to treat or ease it."
    first = case.new[0]
    return (
        f"{first.name} leads the drugs not yet known to treat it, {ordinal(first.rank)} of "
        f"{case.n:,}. A rank is no probability; it says whom to look at first."
    )


def trust(case: Case) -> str:
    """Say how many hidden pairs are found, beside the run without a prior and the controls."""
    if not case.curves:
        return UNKNOWN_SPLIT
    own, *others = case.curves
    n_pairs = case.run.metrics_by(case.order)["run"][PROTOCOL]["n_pairs"]
    best = max((c for c in others if c.kind != "mechanism"), key=lambda c: c.at(FIRST))
    ahead = own.at(FIRST) > best.at(FIRST)
    verdict = (
        f"the best it is compared with, {best.label}, finds {best.at(FIRST):.0%}"
        if ahead
        else f"but {best.label} finds {best.at(FIRST):.0%}, so by this test that does as well"
    )
    return (
        f"{n_pairs:,} known drug-disease pairs were hidden from training. {_capital(own)} "
        f"{own.at(FIRST):.0%} of them stand among the first {FIRST} of {case.n:,} drugs; {verdict}."
    )


def _capital(curve: RecallCurve) -> str:
    return curve.label[:1].upper() + curve.label[1:]


def hidden(case: Case) -> str:
    """Say where this disease's own hidden drugs stand; "" where it is not known what was hidden."""
    if not case.curves:
        return ""
    own = [f"{c.name} ({ordinal(c.rank)})" for c in case.known if c.status == "held_out"]
    if not own:
        return f"None of the hidden pairs was of {case.name} itself."
    return (
        f"Of {case.name} itself, {count(len(own), 'known drug')} had been hidden: {listed(own, 6)}."
    )


def safeguarded(case: Case) -> str:
    """Say what weighing against caution removed from the top, and what it cost; "" without it."""
    judged = case.run.metrics.get("incompatibility", {})
    if not case.is_guarded or "combined" not in judged:
        return ""

    def share(order: str, metric: str) -> float:
        return float(judged[order]["metrics"][metric]["value"])

    return (
        f"{judged['raw']['n_contraindicated']} drugs to avoid were hidden too, over all diseases: "
        f"by the model's score alone {share('raw', 'top 5%'):.1%} of them stand in the top 5% of "
        f"their list, weighed against predicted caution {share('combined', 'top 5%'):.1%}. Of the "
        f"hidden treatments {share('raw', f'Hits@{FIRST}'):.0%} stand among the first {FIRST} by "
        f"the score alone, {share('combined', f'Hits@{FIRST}'):.0%} so weighed. No sign of caution "
        "does not mean safe."
    )


def picked(case: Case) -> str:
    """Say which drugs are explained, and why these."""
    n = count(len(case.picks), "drug")
    if case.is_shortlist:
        return f"The {n} on the shortlist, best rank first, whatever the verdict."
    return f"The first {n} that the graph neither has as a use nor lists as to be avoided."


def path(graph: Graph, found: Path) -> str:
    """Return a path on one line: 'Memantine inhibits GRIN1, which is linked to ...'."""
    parts = [f"{graph.entity_names[found.entities[0]]}"]
    for step, (_, there) in zip(found.steps, pairwise(found.entities), strict=True):
        parts.append(f"{step.words} {graph.entity_names[there]}")
    return " → ".join(parts)


def sources(found: Path) -> str:
    """Return where the edges of a path come from, each source once."""
    return "; ".join(dict.fromkeys(step.origin for step in found.steps if step.origin))


def shift(value: float | None) -> str:
    """Return places moved: '▲ 52', '▼ 3', '=', '' where nothing is compared."""
    if value is None:
        return ""
    return "=" if value == 0 else f"{'▲' if value > 0 else '▼'} {abs(value):g}"
