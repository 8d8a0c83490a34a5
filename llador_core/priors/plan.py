"""What is going to be asked, and what it will take: entities, tokens, cost and time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from llador_core.config import check_range
from llador_core.errors import ConfigError
from llador_core.graph import Graph
from llador_core.priors.answers import STATUSES, Definition, Request, Status, statuses
from llador_core.priors.batch_state import open_keys
from llador_core.priors.places import check_set_name
from llador_core.priors.prices import Price, find_price, user_file
from llador_core.priors.prompts import PromptSpec, find_prompt
from llador_core.priors.selection import select
from llador_core.priors.sets import default_set_name
from llador_core.priors.tallies import answered_sums

CHARS_PER_TOKEN = 4.0
OVERHEAD_TOKENS = 8  # of roles and separators
WORDS_TO_TOKENS = 1.4
LATENCY_S = 3.0  # where no earlier answer tells
ENOUGH = 5  # earlier answers from which the estimate is made
BATCH_H = 24


@dataclass(frozen=True)
class Ask:
    """What a person wants described, by whom and within which limits.

    Attributes
    ----------
    prompt, model : str
    temperature : float or None
        None leaves it to the model; some take no other.
    max_tokens : int or None
        Of an answer; None takes the prompt's.
    types, around, hops, limit
        As in `select`.
    text_set : str or None
        Name of the set; None makes one of prompt and model.
    retry : tuple of Status
        Which answers that were kept aside are asked for again; failures always are.
    budget_usd, budget_tokens : float, int or None
        At most, in this run.
    concurrency : int
        Requests in flight at most.
    rate_rpm : float or None
        Requests a minute at most; None as fast as the service allows.
    """

    prompt: str = "good"
    model: str = "gpt-4o-mini"
    temperature: float | None = 0.7
    max_tokens: int | None = None
    types: tuple[str, ...] = ()
    around: str | None = None
    hops: int = 1
    limit: int | None = None
    text_set: str | None = None
    retry: tuple[Status, ...] = ()
    budget_usd: float | None = None
    budget_tokens: int | None = None
    concurrency: int = 8
    rate_rpm: float | None = None

    def __post_init__(self) -> None:
        if not self.model.strip() or not self.model.isprintable():
            raise ConfigError("Name the model that writes, with --model.")
        unknown = [status for status in self.retry if status not in STATUSES[1:]]
        if unknown:
            raise ConfigError(
                f"'{unknown[0]}' cannot be asked for again. Choose among {', '.join(STATUSES[1:])}."
            )
        ranges: dict[str, tuple[float, float]] = {
            "temperature": (0, 2),
            "max_tokens": (1, 100_000),
            "hops": (0, 10),
            "limit": (1, 10**9),
            "budget_usd": (0, 10**6),
            "budget_tokens": (0, 10**12),
            "concurrency": (1, 1000),
            "rate_rpm": (0.1, 10**6),
        }
        for name, (low, high) in ranges.items():
            if (value := getattr(self, name)) is not None:
                check_range("describe", name, value, low, high)


@dataclass(frozen=True)
class Plan:
    """What is asked, and what is estimated for it. Nothing has been sent.

    Attributes
    ----------
    ask : Ask
    spec : PromptSpec
    definition : Definition
    text_set : str
    requests : tuple of Request
        Of every selected entity, in order.
    todo : tuple of Request
        Those that are sent, one for each key.
    counts : mapping from Status to int
        Selected entities by the status of what is there already.
    n_in_batch : int
        Selected entities that a batch endpoint is working on; they are not asked otherwise.
    price : Price or None
    tokens_in, tokens_out : int
        Estimated, of `todo`.
    seconds : float
        Estimated.
    is_calibrated : bool
        By earlier answers to the same prompt.
    """

    ask: Ask
    spec: PromptSpec
    definition: Definition
    text_set: str
    requests: tuple[Request, ...]
    todo: tuple[Request, ...]
    counts: dict[Status, int]
    n_in_batch: int
    price: Price | None
    tokens_in: int
    tokens_out: int
    seconds: float
    is_calibrated: bool

    @property
    def cost_usd(self) -> float | None:
        """Estimated; None without a price."""
        return None if self.price is None else self.price.cost(self.tokens_in, self.tokens_out)

    @property
    def parameters(self) -> dict[str, Any]:
        """What the model is told beside the prompt."""
        found: dict[str, Any] = json.loads(self.definition.parameters)
        return found

    def tokens_of(self, request: Request) -> tuple[int, int]:
        """Return the tokens of a request and at most of its answer, for a budget."""
        return _tokens(request), int(self.parameters["max_tokens"])


def make_plan(graph: Graph, ask: Ask) -> Plan:
    """Return what would be asked and what it would take. Asks nobody.

    Raises
    ------
    UnknownNameError
        No such prompt, type or disease.
    ConfigError
        The set is there with another definition, nothing is to be described, or there is a budget
        in dollars but no price.
    DataFormatError
        A price table, a prompt or the file of answers cannot be read.
    """
    spec = find_prompt(ask.prompt)
    parameters: dict[str, Any] = {"max_tokens": ask.max_tokens or spec.max_tokens}
    if ask.temperature is not None:
        parameters["temperature"] = ask.temperature
    definition = Definition.of(spec.name, spec.version, ask.model, parameters)
    name = check_set_name(ask.text_set or default_set_name(definition))
    entities = select(graph, ask.types, ask.around, ask.hops, ask.limit)
    requests = tuple(_request(graph, e, spec, definition) for e in entities.tolist())
    found = statuses(graph.name)
    again = {*ask.retry, "failed"}
    counts: dict[Status, int] = {}
    todo: dict[str, Request] = {}
    handed_in = open_keys(graph.name)
    n_in_batch = sum(request.key in handed_in for request in requests)
    for request in requests if spec.asks else ():
        status = found.get(request.key)
        if request.key in handed_in:
            continue
        if status is not None:
            counts[status] = counts.get(status, 0) + 1
        if status is None or status in again:
            todo.setdefault(request.key, request)
    price = find_price(ask.model)
    if ask.budget_usd is not None and price is None and spec.asks:
        raise ConfigError(
            f"A budget in dollars needs the price of '{ask.model}', which no table has. Add it to "
            f"{user_file()}, or set a budget in tokens with --budget-tokens."
        )
    tokens_in, tokens_out, latency, is_calibrated = _estimate(
        graph.name, spec, definition, tuple(todo.values())
    )
    a_second = ask.concurrency / latency
    if ask.rate_rpm is not None:
        a_second = min(a_second, ask.rate_rpm / 60)
    return Plan(
        ask,
        spec,
        definition,
        name,
        requests,
        tuple(todo.values()),
        counts,
        n_in_batch,
        price,
        tokens_in,
        tokens_out,
        len(todo) / a_second,
        is_calibrated,
    )


def plan_words(plan: Plan, is_batch: bool = False) -> list[str]:
    """Return the plan in sentences, as a person wants to read it before paying."""
    n = len(plan.requests)
    lines = [
        f"{n:,} entit{'y' if n == 1 else 'ies'} for the text set '{plan.text_set}': prompt "
        f"{plan.spec.name} v{plan.spec.version}, model {plan.ask.model}."
    ]
    if not plan.spec.asks:
        return [*lines, "The prompt 'none' asks nobody: the bare names are the texts. Cost: none."]
    if plan.counts:
        told = ", ".join(f"{count:,} {status}" for status, count in plan.counts.items())
        lines.append(f"There already: {told.replace('_', ' ')}.")
    if plan.n_in_batch:
        lines.append(
            f"At the batch endpoint: {plan.n_in_batch:,}. Collect them with describe --batch."
        )
    if not plan.todo:
        return [*lines, "Nothing is left to ask."]
    how = "measured on earlier answers" if plan.is_calibrated else "by the length of the texts"
    lines.append(
        f"To ask: {len(plan.todo):,} requests, about {plan.tokens_in:,} tokens in and "
        f"{plan.tokens_out:,} out ({how})."
    )
    lines.append(_cost_words(plan, is_batch))
    lines.append(
        f"Time: up to {BATCH_H} hours at the batch endpoint."
        if is_batch
        else f"Time: about {duration_words(plan.seconds)} with {plan.ask.concurrency} at a time."
    )
    return lines


def _cost_words(plan: Plan, is_batch: bool) -> str:
    if plan.price is None:
        return (
            f"Cost: unknown, no table has a price of '{plan.ask.model}'. Add it to {user_file()}."
        )
    cost = plan.price.cost(plan.tokens_in, plan.tokens_out, is_batch)
    checked = f" (prices of {plan.price.checked})" if plan.price.checked else ""
    return (
        f"Cost: about ${cost:,.2f}{checked}." if cost >= 0.01 else f"Cost: under 1 cent{checked}."
    )


def duration_words(seconds: float) -> str:
    """Return a length of time as people say it."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"


def _request(graph: Graph, entity: int, spec: PromptSpec, definition: Definition) -> Request:
    system, user = spec.render(
        graph.entity_names[entity], graph.type_of(entity), graph.synonyms[entity]
    )
    return Request(graph.entity_ids[entity], definition.key(system, user), system, user)


def _tokens(request: Request, chars_per_token: float = CHARS_PER_TOKEN) -> int:
    return round((len(request.system) + len(request.user)) / chars_per_token) + OVERHEAD_TOKENS


def _estimate(
    graph_name: str, spec: PromptSpec, definition: Definition, todo: Sequence[Request]
) -> tuple[int, int, float, bool]:
    """Return tokens in, tokens out, seconds of an answer, and whether earlier answers told them."""
    n, chars, tokens, out, latency = answered_sums(graph_name, definition)
    if n < ENOUGH:
        guess = spec.max_words * WORDS_TO_TOKENS + (30 if spec.is_structured else 0)
        tokens_in = sum(_tokens(request) for request in todo)
        return tokens_in, round(len(todo) * guess), LATENCY_S, False
    chars_per_token = chars / max(tokens - n * OVERHEAD_TOKENS, 1)
    tokens_in = sum(_tokens(request, chars_per_token) for request in todo)
    return tokens_in, round(len(todo) * out / n), max(latency / n, 0.01), True
