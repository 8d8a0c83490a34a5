"""What speaks against a drug for a disease, every kind of objection that was looked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from llador_core.escape import markdown
from llador_core.explain import Explanation, ObjectionGroup, Step
from llador_core.explain.kinds import origin
from llador_core.figures.style import count, listed
from pages._ui import cached, show
from pages._ui.pair_view import Pair

MAX_SHARED = 4
NOTHING = "Nothing found in this graph."


def show_against(pair: Pair, found: Explanation) -> None:
    """Show the objections of every kind, and the kinds of which nothing was found."""
    st.subheader("Against", icon=":material/do_not_disturb_on:", anchor=False)
    kinds = [_from_graph(group) for group in found.against]
    kinds += _from_caution(pair)
    told = [kind for kind in kinds if kind.lines]
    n = sum(len(kind.lines) for kind in told)
    st.markdown(
        f"**{count(n, 'objection')}** of **{count(len(told), 'kind')}**; {len(kinds)} kinds were "
        "looked for."
        if n
        else f"**Nothing found in this graph**, though {len(kinds)} kinds of objection were looked "
        "for. That is no proof of safety: much is not in the graph."
    )
    for kind in told:
        opened = st.expander(
            f"{markdown(kind.title)} :red-badge[{len(kind.lines)}]",
            expanded=True,
            key=slug(kind.key),
            bind="query-params",
        )
        if opened.open:
            with opened:
                for line in kind.lines:
                    st.markdown(line)
                if kind.is_written and pair.view.texts:
                    show.show_provenance(pair.view.texts.provenance)
    silent = [kind for kind in kinds if not kind.lines]
    if silent:
        st.markdown("\n".join(f"- **{markdown(k.title)}**: {markdown(k.nothing)}" for k in silent))


@dataclass(frozen=True)
class Kind:
    """One kind of objection: its lines in Markdown, or why there is none."""

    key: str
    title: str
    lines: tuple[str, ...]
    nothing: str
    is_written: bool = False


def _from_graph(group: ObjectionGroup) -> Kind:
    lines = tuple(f"{markdown(o.sentence)}  \n:small[{sources(o.steps)}]" for o in group.objections)
    return Kind(group.kind, group.title, lines, group.nothing)


def _from_caution(pair: Pair) -> list[Kind]:
    """Return what speaks against the pair by likeness of drugs and in the LLM's words."""
    drug, disease = (markdown(name) for name in pair.names)
    graph = pair.graph
    avoided = graph.relations_with_role("contraindicated").tolist()
    source = markdown(listed(list(dict.fromkeys(origin(graph, r) for r in avoided)), MAX_SHARED))
    alike, written = [], []
    text_set = pair.view.text_set
    for reason in cached.caution_reasons(graph.name, pair.drug, pair.disease, text_set):
        name, shared = markdown(reason.name), markdown(listed(reason.shared, MAX_SHARED))
        sentence = reason.text.rstrip(";")
        if reason.kind == "similar":
            alike.append(
                f"{name} is contraindicated in {disease}; with {drug} it shares {shared}.  \n"
                f":small[source: {source}]"
            )
        elif reason.kind == "text":
            written.append(
                f"On {name}: “{markdown(sentence)}”  \n:small[the sentence names {shared}]"
            )
    silence = "No caution in them names the other side, its class or a resembling disease."
    if pair.view.texts is None:
        silence = "No text was written for this graph."
    return [
        Kind("similar", "Drugs like it are to be avoided", tuple(alike), NOTHING),
        Kind("written", "The LLM's texts warn of it", tuple(written), silence, is_written=True),
    ]


def sources(steps: Sequence[Step]) -> str:
    """Return where edges come from, and how the run scores the least expected, in Markdown."""
    origins = dict.fromkeys(step.origin for step in steps)
    if len(origins) == 1:
        parts = [f"source: {markdown(steps[0].origin)}"]
    else:
        parts = [f"{markdown(step.words)}: {markdown(step.origin)}" for step in steps]
    known = [step.plausibility for step in steps if step.plausibility is not None]
    if known:
        parts.append(f"model percentile {min(known):.0f}")
    return " · ".join(parts)


def slug(key: str) -> str:
    """Return a kind as a name of letters and dashes, for the address."""
    return "open-" + re.sub(r"[^a-z0-9]+", "-", key.lower()).strip("-")
