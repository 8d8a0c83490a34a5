"""What the pages draw: figures with their table twins, LLM texts, the drug's card."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import streamlit as st

from llador_core.escape import markdown, plain
from llador_core.figures.neighbourhood import Group, neighbour_groups
from llador_core.figures.style import CONFIG, count, ordinal
from llador_core.graph import Graph
from llador_core.priors.texts import Provenance, TextField, Texts
from llador_core.ranking import Candidate
from llador_core.safeguard import CautionLevel
from pages._ui import cached, exports, frame, sentences, state
from pages._ui.cached import View

STATUS_MARKS = {
    "new": "● New",
    "held_out": "◆ Hidden",
    "known": "■ Known",
    "absent": "○ Not in model",
}
FIELD_TITLES: dict[TextField, str] = {
    "background": "How it works",
    "treatment": "Standing in therapy",
    "caution": "Cautions",
}
FLAG_HELP = (
    "✕ avoid: the graph lists it as contraindicated. ◐ eases: known to ease the disease, though "
    "not as a treatment of it. ✱ named: the LLM's text on the drug names the disease, or the "
    "other way round."
)
CAUTION_HELP = (
    "What the model predicts from contraindications of similar drugs and diseases and from the "
    "texts it was given: **strong** from an even chance that this graph would list it as "
    "contraindicated, **some** from 1 in 10. **No sign does not mean safe.**"
)
CAUTION_MARKS = {"strong": "▲ strong", "some": "△ some", "no sign": "no sign"}
N_NAMES = 8
N_REASONS = 3
# Readable on the dark page as well: what a browser says of its theme comes late at times.
WORDS = "#667178"
MISSING = "—"


def show_figure(
    figure: Any, alt: str, rows: Sequence[Mapping[str, Any]], key: str, **columns: Any
) -> None:
    """Draw a Plotly figure with its words for screen readers, and the same numbers as a table."""
    fit_theme(figure)
    st.plotly_chart(figure, config=CONFIG, alt=plain(alt), key=key)
    show_twin(alt, rows, key, **columns)


def show_option(
    option: Mapping[str, Any], alt: str, rows: Sequence[Mapping[str, Any]], key: str, height: int
) -> None:
    """Draw an ECharts option with its words, and the same numbers as a table."""
    st.echarts_chart(dict(option), height=height, key=key, alt=plain(alt))
    show_twin(alt, rows, key)


def is_dark() -> bool:
    """Return whether the reader's page is dark."""
    return st.context.theme.type == "dark"


def show_twin(alt: str, rows: Sequence[Mapping[str, Any]], key: str, **columns: Any) -> None:
    """Offer what a figure shows as a table."""
    twin = st.expander(
        "The same as a table",
        icon=":material/table_rows:",
        key=f"{key}-table",
        bind="query-params",  # and so that nobody waits for a table that stays closed
    )
    if twin.open:
        shown = [{name: _cell(value) for name, value in row.items()} for row in rows]
        twin.dataframe(shown, hide_index=True, alt=plain(alt), column_config=columns or None)
        with twin:
            exports.offer(rows, key, alt)


def fit_theme(figure: Any) -> None:
    """Give the words of a figure more contrast than Streamlit's grey has on our paper."""
    if st.context.theme.type != "light":
        return
    figure.update_layout(font_color=WORDS)
    for axes in (figure.update_xaxes, figure.update_yaxes):
        axes(tickfont_color=WORDS, title_font_color=WORDS)


def _cell(value: Any) -> Any:
    return plain(value) if isinstance(value, str) else value


def show_header(view: View) -> None:
    """Show the disease as the page's title, its synonyms and the graph it is seen in."""
    graph, disease = view.graph, view.disease
    st.title(markdown(view.disease_name), anchor=False)
    synonyms = [markdown(name) for name in graph.synonyms[disease][:3]]
    also = f" · also called {', '.join(synonyms)}" if synonyms else ""
    st.caption(f"{markdown(graph.title or graph.name)}{also}", help=_source_words(graph))


def _source_words(graph: Graph) -> str:
    """Return licence, citation and notes of a graph as Markdown."""
    told = [f"**Licence** {markdown(graph.licence)}" if graph.licence else ""]
    told += [f"**Cite** {markdown(graph.citation)}" if graph.citation else ""]
    told += [markdown(note) for note in graph.notes]
    return "\n\n".join(words for words in told if words)


def show_groups(groups: Sequence[Group], n_names: int = N_NAMES) -> None:
    """Say in words what an entity is tied to, one line for each group."""
    lines = []
    for group in groups:
        names = ", ".join(markdown(name) for name in group.names[:n_names])
        rest = len(group.names) - n_names
        more = f" and {rest:,} more" if rest > 0 else ""
        lines.append(f"- **{len(group.names):,} {markdown(group.words)}**: {names}{more}")
    # A list, not a table: st.table would have the first page wait for pandas.
    st.markdown("\n".join(lines) or "The graph knows nothing more of it.")


class HasTexts(Protocol):
    """A view that may know what the LLM wrote."""

    @property
    def graph(self) -> Graph: ...

    @property
    def texts(self) -> Texts | None: ...


def show_llm_text(view: HasTexts, entity: int, fields: Sequence[TextField]) -> None:
    """Show what the LLM wrote about an entity, with who wrote it when, word for word."""
    texts = view.texts
    if texts is None:
        show_description(view.graph, entity)
        return
    for field in fields:
        text = plain(texts.of(field)[entity])
        if text:
            st.markdown(f":small[**{FIELD_TITLES[field]}**]")
            st.text(text)
    show_provenance(texts.provenance)


def show_description(graph: Graph, entity: int) -> None:
    """Show the source's own description of an entity, where no LLM wrote one."""
    text = plain(graph.descriptions[entity]) if graph.descriptions else ""
    if not text:
        st.caption("No LLM wrote about this graph, and its source does not describe this entity.")
        return
    st.text(text)
    st.caption(
        ":material/menu_book: Description from the graph's source, not by an LLM · "
        f"{markdown(graph.title or graph.name)}",
        help=_source_words(graph),
    )


def show_provenance(source: Provenance) -> None:
    """Say who wrote an LLM text: model, date, prompt, and that nobody reviewed it."""
    st.caption(
        f":material/edit_note: {markdown(source.review).capitalize()} · "
        f"{markdown(source.model)}, {markdown(source.date)}",
        help=f"Prompt: {markdown(source.prompt)}",
    )


def show_drug_card(
    view: View, candidate: Candidate, *between: Callable[[View, Candidate], None]
) -> None:
    """Show one drug: where it stands and why to doubt it, what the LLM wrote, what is known.

    Parameters
    ----------
    view : View
    candidate : Candidate
    between : functions
        Show what other parts of the page know of it, between its standing and the texts.
    """
    n = len(view.candidates)
    st.subheader(markdown(candidate.name), anchor=False)
    with st.container(horizontal=True, gap="small"):
        show_flags(view, candidate)
    with st.grid(3, min_column_width=90, gap="small"):
        st.metric(
            "Rank",
            ordinal(candidate.rank),
            help=f"Among {n:,} drugs; 1st is best. A rank is no probability.",
        )
        st.metric(
            "Without prior",
            MISSING if candidate.base_rank is None else ordinal(candidate.base_rank),
            help="Rank by the same model trained without the LLM's texts.",
        )
        st.metric(
            "Edges",
            f"{candidate.degree:,}",
            help="Facts about this drug in the graph. Well-studied drugs have many, and models "
            "tend to favour them.",
        )
    show_caution(view, candidate)
    for part in between:
        part(view, candidate)
    link_pair(view, candidate, "Why this drug? Open the pair")
    is_written = view.texts is not None
    text_label = "What the LLM wrote" if is_written else "Its description"
    tab_text, tab_graph = st.tabs([text_label, "What the graph knows"])
    with tab_text:
        show_llm_text(view, candidate.entity, ("background", "treatment", "caution"))
    with tab_graph:
        show_groups(neighbour_groups(view.graph, candidate.entity))


def link_pair(view: View, candidate: Candidate, label: str) -> None:
    """Link to the page of a drug beside the disease; `label` is Markdown."""
    st.page_link(
        frame.PAIR,
        label=label,
        icon=":material/balance:",
        query_params=state.link(drug=candidate.id, disease=view.graph.entity_ids[view.disease]),
    )


def show_caution(view: View, candidate: Candidate) -> None:
    """Say how much caution the model predicts, and what in the graph and the texts speaks for it.

    The edges and sentences are looked up, not what the prediction was computed from.
    """
    if candidate.caution is None:
        return
    reasons = cached.caution_reasons(view.graph.name, candidate.entity, view.disease, view.text_set)
    told = [f"- {sentences.reason(reason, view.disease_name)}" for reason in reasons]
    with st.container(border=True, gap="small"):
        st.markdown(
            sentences.predicted_caution(candidate.caution, bool(reasons)), help=CAUTION_HELP
        )
        if candidate.raw_rank not in (None, candidate.rank):
            st.caption(f"By the model's score alone it stands {ordinal(candidate.raw_rank)}.")
        if told:
            st.markdown("\n".join(told[:N_REASONS]))
        if len(told) > N_REASONS:
            with st.expander(f"{count(len(told) - N_REASONS, 'more reason')}"):
                st.markdown("\n".join(told[N_REASONS:]))
        if view.texts and any(reason.kind == "text" for reason in reasons):
            show_provenance(view.texts.provenance)


def caution_words(level: CautionLevel | None) -> str:
    """Return a predicted caution as a symbol and a word."""
    return MISSING if level is None else CAUTION_MARKS[level]


def show_no_drug() -> None:
    """Say how to open a card."""
    st.markdown("**No drug chosen**")
    st.caption(
        "Tick the box at the left of a row to read the drug's card: where it stands, what the LLM "
        "wrote about it, and what the graph knows of it."
    )


def flag_words(view: View, candidate: Candidate) -> str:
    """Return a drug's warnings as symbols with words: '✕ avoid, ✱ named'."""
    marks = (
        ("✕ avoid", candidate.is_contraindicated),
        ("◐ eases", candidate.entity in view.easing),
        ("✱ named", candidate.prior_names_it),
    )
    return ", ".join(word for word, is_set in marks if is_set)


def show_flags(view: View, candidate: Candidate) -> None:
    """Show a drug's status and warnings as badges: word, symbol and colour."""
    look = {
        "new": ("New proposal", "fiber_new", "blue"),
        "held_out": ("Known, hidden from training", "visibility_off", "violet"),
        "known": ("Known use", "verified", "gray"),
        "absent": ("Not in this model, so it stands last", "block", "gray"),
    }
    label, icon, colour = look[candidate.status]
    st.badge(label, icon=f":material/{icon}:", color=colour)
    if candidate.is_contraindicated:
        st.badge("Contraindicated", icon=":material/block:", color="red")
    if candidate.entity in view.easing:
        st.badge("Known to ease it", icon=":material/healing:", color="green")
    if candidate.prior_names_it:
        st.badge(
            "LLM text names it" if view.texts else "Its text names it",
            icon=":material/record_voice_over:",
            color="orange",
            help=f"The text on the drug names {markdown(view.disease_name)}, or the other "
            "way round: the prior may have stated the answer instead of helping to find it.",
        )


def shift_words(shift: float | None) -> str:
    """Return a shift as a symbol and a number: '▲ 52', '▼ 3', '='."""
    if shift is None:
        return MISSING
    return "=" if shift == 0 else f"{'▲' if shift > 0 else '▼'} {abs(shift):g}"


def n_drugs(view: View) -> str:
    return count(len(view.candidates), "drug")
