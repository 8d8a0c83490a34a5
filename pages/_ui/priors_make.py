"""The part "Make": what it would take first, then have a model write, retry, publish, embed."""

from __future__ import annotations

import streamlit as st

from llador_core.errors import LladorError
from llador_core.escape import markdown
from llador_core.graph import Graph
from llador_core.priors.answers import Definition, Status
from llador_core.priors.plan import Ask, Plan, duration_words, make_plan, plan_words
from llador_core.priors.tallies import Tally, tallies
from pages._ui import (
    cached,
    priors_form,
    priors_jobs,
    priors_prices,
    priors_prompts,
    priors_sets,
)
from pages._ui.priors_form import Service

STATUS_WORDS: dict[Status, str] = {
    "answered": "answered",
    "refused": "refused by the model",
    "empty": "empty, or not known to the model",
    "too_long": "too long",
    "wrong_language": "in another language",
    "malformed": "not in the form asked for",
    "failed": "failed on the way",
}


def show_make(graph_name: str) -> None:
    """Show the form, what it would take, the work in progress, and the sets that came of it."""
    graph = cached.graph(graph_name)
    left, right = st.columns([7, 5], gap="large")
    plan: Plan | None = None
    with left:
        st.header("Have texts written", anchor=False)
        service = priors_form.pick_service()
        try:
            plan = make_plan(graph, priors_form.pick_ask(graph))
        except LladorError as error:
            st.error(markdown(str(error)), icon=":material/error:")
    with right:
        st.header("What it would take", anchor=False)
        if plan is None:
            st.caption("Correct what is marked at the left.")
        else:
            _show_plan(graph, plan, service)
    spec = plan.spec if plan else None
    priors_prompts.show_prompts(graph, spec)
    priors_prices.show_prices(plan.ask.model if plan else "")
    priors_sets.show_sets(graph, plan.text_set if plan else "")


def _show_plan(graph: Graph, plan: Plan, service: Service) -> None:
    """Show entities, tokens, cost and time, the button that starts, and how far it is."""
    is_batch = priors_form.is_batch()
    cost = plan.cost_usd
    if is_batch and plan.price is not None:
        cost = plan.price.cost(plan.tokens_in, plan.tokens_out, is_batch=True)
    with st.grid(4, min_column_width=90, gap="small"):
        st.metric("Entities", f"{len(plan.requests):,}")
        st.metric("To ask", f"{len(plan.todo):,}", help="Without those answered before.")
        st.metric(
            "Cost",
            "unknown" if cost is None else "<1¢" if cost < 0.01 else f"${cost:,.2f}",
            help="By the table of prices below.",
        )
        time = "up to a day" if is_batch else duration_words(plan.seconds)
        st.metric("Time", time if plan.todo else "0 s")
    st.caption("  \n".join(markdown(line) for line in plan_words(plan, is_batch)))
    priors_jobs.show_problem()
    name = priors_jobs.describe_job(graph.name, plan.text_set)
    if not priors_jobs.show_job(name, "The last run is done. Its set is below."):
        _show_start(graph, plan, service, name)
    _show_counts(graph, plan, service, name)


def _show_start(graph: Graph, plan: Plan, service: Service, name: str) -> None:
    """Offer to start; say what stands in the way."""
    problem = ""
    if plan.todo:
        try:
            priors_form.check_service(service)
        except LladorError as error:
            problem = str(error)
    if problem:
        st.info(markdown(problem), icon=":material/key:")
    label = f"Ask {len(plan.todo):,} questions" if plan.todo else "Make the set"
    if priors_form.is_batch():
        label = "Hand in, or collect"
        for line in priors_jobs.told(name):
            st.caption(markdown(line))
    st.button(
        label,
        key="start_asking",
        type="primary",
        icon=":material/play_arrow:",
        disabled=bool(problem),
        on_click=_start,
        args=(graph, plan.ask, plan.text_set, service, name),
        help="Runs in the background; what is answered is kept and never paid for twice.",
    )


def _show_counts(graph: Graph, plan: Plan, service: Service, name: str) -> None:
    """Show what came back so far, with what was kept aside and a way to ask for it again."""
    tally = _tally(graph.name, plan.definition)
    if tally is None:
        return
    st.markdown("**What came back with this prompt and model**")
    for status, words in STATUS_WORDS.items():
        n = tally.counts.get(status, 0)
        if not n:
            continue
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{n:,}** {words}", width="content")
            if status != "answered":
                st.button(
                    "Ask again",
                    key=f"again-{status}",
                    icon=":material/refresh:",
                    type="tertiary",
                    on_click=_start,
                    args=(graph, plan.ask, plan.text_set, service, name, (status,)),
                )
    unpriced = f", {tally.n_unpriced:,} without a price" if tally.n_unpriced else ""
    tokens = f"{tally.tokens_in:,} tokens in, {tally.tokens_out:,} out"
    cost = f", ${tally.cost_usd:,.2f}" if tally.cost_usd else ""
    st.caption(f"{tokens}{cost}{unpriced}.")


def _tally(graph_name: str, definition: Definition) -> Tally | None:
    return next((t for t in tallies(graph_name) if t.definition == definition), None)


def _start(
    graph: Graph,
    ask: Ask,
    text_set: str,
    service: Service,
    name: str,
    retry: tuple[Status, ...] = (),
) -> None:
    priors_jobs.start(name, arguments(graph, ask, text_set, service, retry))


def arguments(
    graph: Graph, ask: Ask, text_set: str, service: Service, retry: tuple[Status, ...] = ()
) -> list[str]:
    """Return the command line that does what a plan says. No key is in it."""
    temperature = "default" if ask.temperature is None else str(ask.temperature)
    given = {
        "graph": graph.name,
        "prompt": ask.prompt,
        "model": ask.model,
        "base-url": service.url,
        "temperature": temperature,
        "set": text_set,
        "max-tokens": ask.max_tokens,
        "types": ",".join(ask.types),
        "around": ask.around,
        "hops": ask.hops if ask.around else None,
        "limit": ask.limit,
        "retry": ",".join(dict.fromkeys([*ask.retry, *retry])),
        "budget-usd": ask.budget_usd,
        "budget-tokens": ask.budget_tokens,
        "concurrency": ask.concurrency,
        "rate": ask.rate_rpm,
    }
    told = [f"--{key}={value}" for key, value in given.items() if value not in (None, "")]
    return ["describe", *told, "--yes", *(["--batch"] if priors_form.is_batch() else [])]
