"""What to have written: the service, the model, the prompt, which entities, within which limits."""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import urlsplit

import streamlit as st

from llador_core.errors import MissingDataError
from llador_core.escape import markdown, plain
from llador_core.graph import Graph
from llador_core.priors.answers import STATUSES
from llador_core.priors.endpoint import KEY_VARIABLES, OPENAI_URL, check_url, is_near
from llador_core.priors.plan import Ask
from llador_core.priors.prompts import PROMPTS, user_prompts
from pages._ui import state

DEFAULT_MODEL = "gpt-4o-mini"
DEFAULT_PROMPT = "structured"
AGAIN = STATUSES[1:-1]  # failed ones are asked again in any case


@dataclass(frozen=True)
class Service:
    """Where to ask. The key is held by the session alone.

    Attributes
    ----------
    url : str
        As typed; "" for OpenAI.
    has_key : bool
        In the session or the environment.
    """

    url: str
    has_key: bool


def keep() -> None:
    """Keep what the form holds while another part of the page is shown."""
    for name in [name for name in st.session_state if str(name).startswith("make_")]:
        st.session_state[name] = st.session_state[name]


def pick_service() -> Service:
    """Show address and key of the service."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        url = st.text_input(
            "Address of the service",
            value=os.environ.get("OPENAI_BASE_URL", ""),
            placeholder=OPENAI_URL,
            key="make_url",
            max_chars=300,
            help="Any service that speaks OpenAI's protocol: OpenAI itself, vLLM, Ollama "
            "(http://localhost:11434/v1) and others.",
        )
        key = st.text_input(
            "API key",
            type="password",
            key="make_key",
            autocomplete="off",
            placeholder="From the environment" if environment_key() else "sk-…",
            help="Held in this browser session alone, and given to the one process that asks. It "
            "is written nowhere. Better still: set OPENAI_API_KEY before the app starts.",
        )
    return Service((url or "").strip(), bool((key or "").strip()) or environment_key())


def environment_key() -> bool:
    """Return whether the environment holds a key."""
    return any(os.environ.get(name, "").strip() for name in KEY_VARIABLES)


def check_service(service: Service) -> None:
    """Raise ConfigError for an address that is none, MissingDataError without a key."""
    url = check_url(service.url or OPENAI_URL)
    host = urlsplit(url).hostname or ""
    if not service.has_key and not is_near(host):
        raise MissingDataError(
            f"There is no API key for {host}. Type it above, or set OPENAI_API_KEY before the app "
            "starts; a service on this machine, such as http://localhost:11434/v1 for Ollama, "
            "needs none."
        )


def is_batch() -> bool:
    """Return whether the batch endpoint is to be used."""
    return bool(st.session_state.get("make_batch"))


def child_environment() -> dict[str, str]:
    """Return the variables that a process needs to ask: the key typed in this session."""
    key = str(st.session_state.get("make_key") or "").strip()
    return {KEY_VARIABLES[0]: key} if key else {}


def pick_ask(graph: Graph) -> Ask:
    """Show the question and its limits. Raises ConfigError for values that cannot be."""
    own, problems = user_prompts()
    names = [*PROMPTS, *own]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        model = st.text_input("Model", value=DEFAULT_MODEL, key="make_model", max_chars=100)
        prompt = st.selectbox(
            "Prompt",
            names,
            index=names.index(DEFAULT_PROMPT),
            format_func=lambda name: f"{name} v{({**PROMPTS, **own})[name].version}",
            key="make_prompt",
            help="  \n".join(
                f"**{markdown(name)}** {markdown(spec.words)}"
                for name, spec in {**PROMPTS, **own}.items()
            ),
        )
    for problem in problems:
        st.caption(f":material/error: {markdown(problem)}")
    types, around, hops, limit = _pick_entities(graph)
    with st.expander("Limits and settings", icon=":material/tune:"):
        with st.grid(3, min_column_width=150):
            budget = st.number_input(
                "Spend at most (USD)",
                min_value=0.0,
                value=None,
                step=1.0,
                key="make_budget",
                placeholder="No limit",
            )
            tokens = st.number_input(
                "Use at most (tokens)",
                min_value=1,
                value=None,
                step=100_000,
                key="make_tokens",
                placeholder="No limit",
            )
            rate = st.number_input(
                "Requests a minute",
                min_value=1.0,
                value=None,
                step=60.0,
                key="make_rate",
                placeholder="As fast as allowed",
            )
            concurrency = st.number_input(
                "Requests at a time", min_value=1, max_value=200, value=8, key="make_at_once"
            )
            temperature = st.number_input(
                "Temperature",
                min_value=0.0,
                max_value=2.0,
                value=0.7,
                step=0.1,
                key="make_temperature",
                placeholder="The model's own",
                help="0.7 is the paper's; empty leaves it to the model, as some take no other.",
            )
            longest = st.number_input(
                "Longest answer (tokens)",
                min_value=1,
                value=None,
                step=100,
                key="make_longest",
                placeholder="The prompt's",
            )
        retry = st.pills(
            "Ask again what was kept aside as",
            list(AGAIN),
            selection_mode="multi",
            key="make_retry",
            format_func=lambda status: status.replace("_", " "),
        )
        st.toggle(
            "Batch endpoint",
            key="make_batch",
            help="For large graphs: handed in at once, answered within a day, at OpenAI for half "
            "the price. Press the same button later, even days later, to collect the answers.",
        )
        text_set = st.text_input(
            "Name of the set", key="make_set", max_chars=80, placeholder="Prompt and model"
        )
    return Ask(
        prompt=prompt,
        model=(model or "").strip(),
        temperature=None if temperature is None else float(temperature),
        max_tokens=None if longest is None else int(longest),
        types=types,
        around=around,
        hops=hops,
        limit=limit,
        text_set=(text_set or "").strip() or None,
        retry=tuple(retry or ()),
        budget_usd=None if budget is None else float(budget),
        budget_tokens=None if tokens is None else int(tokens),
        concurrency=int(concurrency),
        rate_rpm=None if rate is None else float(rate),
    )


def _pick_entities(graph: Graph) -> tuple[tuple[str, ...], str | None, int, int | None]:
    """Show which entities are described: types, the surroundings of a disease, the first some."""
    label = {plain(name): name for name in graph.type_names}
    types = st.pills(
        "Only these types",
        list(label),
        selection_mode="multi",
        key="make_types",
        help="None chosen means all.",
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        around, hops = None, 1
        if len(graph.triples_with_role("treats")):
            disease = state.current_disease(graph)
            if st.toggle(
                f"Only around {plain(graph.entity_names[disease])}",
                key="make_around",
                help="The disease of the other pages. Choose another one there, or with "
                "`disease=` in the address.",
            ):
                around = graph.entity_ids[disease]
                hops = int(
                    st.number_input("Hops", min_value=0, max_value=4, value=1, key="make_hops")
                )
        limit = st.number_input(
            "Only the first",
            min_value=1,
            value=None,
            step=50,
            key="make_limit",
            placeholder="All",
            width=150,
            help="The nearest, then drugs and diseases, then the best connected: try a prompt on "
            "20 before you pay for all.",
        )
    chosen = tuple(label[name] for name in types or ())
    return chosen, around, hops, None if limit is None else int(limit)
