"""The report as one HTML file: interactive figures, tables, nothing loaded from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from llador_core.explain import ObjectionGroup, PathGroup
from llador_core.figures import caution, export, neighbourhood, proposals, recall, shift
from llador_core.figures.style import ordinal
from llador_core.links import pair_links
from llador_core.ranking import Candidate
from llador_core.report import words
from llador_core.report.case import NOTICE, Case, Pick
from llador_core.report.html import bullets, figure, paragraph, table, tag, text
from llador_core.report.style import CSS

N_LISTED = 20
N_PROPOSED = 12
N_KINDS = 4
N_OBJECTIONS = 4
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; base-uri 'none'; form-action 'none'"
)


def to_html(case: Case) -> str:
    """Return the whole page; the same case gives the same page."""
    head = (
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{text(case.name)} · LLaDoR report</title><style>{CSS}</style>"
        f"<script>{export.library()}</script>"
    )
    parts = (_top, _in_short, _known, _trust, _candidates, _moved, _careful, _explained, _origin)
    body = "".join(part(case) for part in parts)
    end = tag("footer", paragraph(NOTICE))
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{body}{end}</body></html>\n'


def _section(title: str, *content: str, key: str) -> str:
    return tag("section", tag("h2", text(title)) + "".join(content), id=key)


def _rows(rows: Sequence[Mapping[str, Any]], caption: str) -> str:
    return table(list(rows[0]) if rows else [], [list(row.values()) for row in rows], caption)


def _top(case: Case) -> str:
    graph, info = case.graph, case.run.info
    also = ", ".join(graph.synonyms[case.disease][:3])
    line = f"{graph.title or graph.name} · {case.model}, prior {info.prior} · {case.created}"
    return tag(
        "header",
        tag("p", "LLaDoR · drug repurposing case", "kicker")
        + tag("h1", text(case.name))
        + (paragraph(f"Also called {also}", kind="also") if also else "")
        + paragraph(line, kind="line")
        + paragraph(NOTICE, kind="notice"),
    )


def _in_short(case: Case) -> str:
    told = [words.known(case), words.leader(case), words.trust(case)]
    return _section("In short", bullets(text(sentence) for sentence in told), key="short")


def _known(case: Case) -> str:
    groups = neighbourhood.neighbour_groups(case.graph, case.disease)
    drawn = export.piece(neighbourhood.neighbourhood_figure(case.name, groups), "figure-known")
    twin = _rows(neighbourhood.neighbourhood_rows(groups), f"What the graph ties to {case.name}")
    alt = neighbourhood.neighbourhood_alt(case.name, groups)
    texts = _written(case, case.disease)
    return _section("What the graph knows", figure(drawn, alt, twin), texts, key="known")


def _trust(case: Case) -> str:
    title = "Can this list be trusted?"
    if not case.curves:
        return _section(title, paragraph(words.trust(case)), key="trust")
    drawn = export.piece(recall.recall_figure(case.curves, case.n), "figure-trust")
    shares = [
        {name: f"{value:.0%}" if isinstance(value, float) else value for name, value in row.items()}
        for row in recall.recall_rows(case.curves)
    ]
    twin = _rows(shares, "Share of hidden known drugs found among the first drugs of a list")
    return _section(
        title,
        paragraph(words.trust(case), words.hidden(case)),
        figure(drawn, recall.recall_alt(case.curves), twin),
        key="trust",
    )


def _candidates(case: Case) -> str:
    first = case.new[:N_PROPOSED]
    drawn = export.piece(proposals.proposals_figure(first, case.n), "figure-candidates")
    twin = table(
        ["Rank", "Drug", "Without the prior"],
        [[c.rank, c.name, c.base_rank] for c in first],
        "The first new candidates",
    )
    head = ["Rank", "Drug", "Caution", "Without prior", "Shift", "Score alone", "Facts", "Class"]
    listed = table(
        head,
        [_row(case, c) for c in case.new[:N_LISTED]],
        f"The first {min(N_LISTED, len(case.new))} of {len(case.new):,} drugs that the graph does "
        "not know to treat or ease it",
    )
    key = (
        "✕ the graph lists it as to be avoided · △ the model predicts caution; no sign does not "
        "mean safe · ✱ a text names the answer · ▲▼ places moved · score alone: the rank without "
        "regard to predicted caution"
    )
    return _section(
        "Candidates",
        paragraph(words.leader(case)),
        figure(drawn, proposals.proposals_alt(first), twin),
        listed,
        paragraph(key, kind="small"),
        key="candidates",
    )


def _row(case: Case, c: Candidate) -> list[Any]:
    moved = words.shift(c.shift)
    return [
        *(c.rank, c.name, case.flags(c), c.base_rank),
        *(moved, c.raw_rank, c.degree, case.classes(c.entity)),
    ]


def _moved(case: Case) -> str:
    shifts = [
        shift.Shift(c.name, c.base_rank, c.rank, None, c.prior_names_it, c.status)
        for c in case.candidates
        if c.base_rank is not None
    ]
    if not shifts:
        sentence = "There is no run without a prior to compare with, so no shift can be told."
        return _section("What the prior moved", paragraph(sentence), key="moved")
    movers = shift.pick_movers(shifts)
    drawn = export.piece(shift.shift_figure(movers, case.n), "figure-moved")
    twin = _rows(shift.shift_rows(movers), "The drugs that the prior moved farthest")
    return _section(
        "What the prior moved", figure(drawn, shift.shift_alt(movers), twin), key="moved"
    )


def _careful(case: Case) -> str:
    title = "What to be careful about"
    if not case.records_avoid:
        return _section(title, paragraph(words.NO_CAUTIONS), key="careful")
    drawn = export.piece(caution.caution_figure(case.candidates, case.n), "figure-caution")
    twin = table(
        ["Rank", "Drug to avoid", "By score alone", "Without the prior"],
        [[c.rank, c.name, c.raw_rank, c.base_rank] for c in case.avoid],
        "Drugs that the graph lists as contraindicated",
    )
    why = (
        "To a model, “harmful in this disease” is a tie much as “helps in it” is, so a high rank "
        "must be read together with the cautions."
    )
    alt = caution.caution_alt(case.candidates, case.n)
    told = paragraph(why, words.safeguarded(case))
    return _section(title, told, figure(drawn, alt, twin), key="careful")


def _explained(case: Case) -> str:
    cards = "".join(_card(case, pick) for pick in case.picks)
    told = paragraph(words.picked(case), "Each with what speaks for it and what against it.")
    notes = dict.fromkeys(note for pick in case.picks for note in pick.explanation.notes)
    cards += "".join(paragraph(note, kind="small") for note in notes)
    return _section("Why these, and what speaks against them", told, cards, key="explained")


def _card(case: Case, pick: Pick) -> str:
    c, found = pick.candidate, pick.explanation
    base = "" if c.base_rank is None else f", {ordinal(c.base_rank)} without the prior"
    where = f"{ordinal(c.rank)} of {case.n:,}{base} · {c.degree:,} facts"
    flags = case.flags(c)
    judged = [w for w in (pick.verdict and f"Verdict: {pick.verdict}", pick.note) if w]
    for_it = "".join(_kind(case, group) for group in found.groups[:N_KINDS])
    return tag(
        "article",
        tag("h3", text(c.name))
        + paragraph(where + (f" · {flags}" if flags else ""), kind="line")
        + "".join(paragraph(sentence, kind="verdict") for sentence in judged)
        + tag("h4", "For")
        + (for_it or paragraph("No path was found."))
        + tag("h4", "Against")
        + _against(pick)
        + _written(case, c.entity)
        + _look_up(case, c.entity),
    )


def _look_up(case: Case, drug: int) -> str:
    """Return links that open when the reader clicks them, and not before."""
    found = pair_links(case.graph, drug, case.disease)
    if not found:
        return ""
    anchors = [
        tag("a", text(link.site), href=link.url, rel="noreferrer", title=link.what)
        for link in found
    ]
    return tag("p", "Look it up: " + " · ".join(anchors), "small links")


def _kind(case: Case, group: PathGroup) -> str:
    more = f"{group.n_paths:,} such paths" if group.n_paths > 1 else ""
    title = tag("p", f"{tag('b', text(group.title))} {tag('span', text(more), 'source')}", "kind")
    paths = []
    for found in group.paths:
        line, sources = text(words.path(case.graph, found)), text(f"[{words.sources(found)}]")
        paths.append(f"{line} {tag('span', sources, 'source')}")
    return title + bullets(paths, "paths")


def _against(pick: Pick) -> str:
    """Return what was found, then what was looked for in vain, each reason once."""
    groups = pick.explanation.against
    parts = [_objections(group) for group in groups if group.objections]
    if pick.candidate.caution in ("some", "strong"):
        title = f"The model predicts caution ({pick.candidate.caution})"
        reasons = pick.reasons or ("No single fact or sentence stands out.",)
        parts.append(tag("dt", text(title)) + "".join(tag("dd", text(r)) for r in reasons))
    for reason in dict.fromkeys(group.nothing for group in groups if not group.objections):
        kinds = [g.title for g in groups if not g.objections and g.nothing == reason]
        parts.append(tag("dt", text(" · ".join(kinds))) + tag("dd", text(reason), "nothing"))
    return tag("dl", "".join(parts))


def _objections(group: ObjectionGroup) -> str:
    shown = [objection.sentence for objection in group.objections[:N_OBJECTIONS]]
    rest = len(group.objections) - len(shown)
    shown += [f"and {rest:,} more of this kind"] if rest > 0 else []
    return tag("dt", text(group.title)) + "".join(tag("dd", text(told)) for told in shown)


def _written(case: Case, entity: int) -> str:
    """Return the texts about an entity, each with who wrote it."""
    found = case.written(entity)
    if not found:
        return ""
    parts = "".join(tag("p", tag("b", text(what)) + " " + text(words)) for what, words in found)
    return tag("blockquote", parts + paragraph(case.writer, kind="small"))


def _origin(case: Case) -> str:
    rows = "".join(
        tag("dt", text(what)) + tag("dd", text(value)) for what, value in case.provenance()
    )
    return _section("Where this comes from", tag("dl", rows, "origin"), key="origin")
