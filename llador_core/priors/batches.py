"""The batch endpoint: hand in tens of thousands of requests, collect the answers days later.

Half the price, for answers within a day. A batch that fails, expires or loses requests leaves them
listed with a reason; the next hand-in asks for them again.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from llador_core.errors import ConfigError, ProviderError
from llador_core.priors.answers import Reply, Request, open_store
from llador_core.priors.asking import Dialect, read_reply
from llador_core.priors.batch_state import (
    CREATING,
    BatchState,
    forget_batch,
    list_batches,
    name_batch,
    note_batch,
    note_collected,
    note_status,
    requests_of,
)
from llador_core.priors.endpoint import Endpoint, judge_error
from llador_core.priors.plan import Plan

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types import Batch

MAX_REQUESTS, MAX_BYTES = 50_000, 190_000_000  # of a batch; OpenAI's limits are 50,000 and 200 MB
URL: Final = "/v1/chat/completions"
_OVER = ("completed", "failed", "expired", "cancelled")


@dataclass(frozen=True)
class Collected:
    """What one look at the batch endpoint brought.

    Attributes
    ----------
    n_answered, n_aside : int
        Requests settled now: with a text, or kept aside with a reason.
    n_open : int
        Requests still worked on.
    words : tuple of str
        A sentence for each batch that is not simply done.
    """

    n_answered: int
    n_aside: int
    n_open: int
    words: tuple[str, ...]


def hand_in(graph_name: str, plan: Plan, endpoint: Endpoint) -> int:
    """Hand in everything that is left to ask of a plan, and return the number of batches.

    Raises
    ------
    ConfigError
        The estimated cost is over the budget.
    ProviderError
        The service refused; batches that were made before stay.
    """
    _check_budget(plan)
    with open_store(graph_name) as store:
        store.note_asked(plan.requests)
    n = 0
    with endpoint.synchronous() as client:
        for requests, content in _files(plan):
            digest = note_batch(graph_name, endpoint.host, plan.definition, requests)
            try:
                made = _make(client, digest, content)
            except Exception as error:
                if getattr(error, "status_code", None) is not None:
                    forget_batch(graph_name, digest)  # else it may have been made all the same
                raise _sentence(error, endpoint, plan, n) from error
            name_batch(graph_name, digest, made.id, made.status)
            n += 1
    return n


def collect(graph_name: str, plan: Plan, endpoint: Endpoint) -> Collected:
    """Fetch what the batch endpoint has done of a plan's text set, and keep it.

    Raises
    ------
    ProviderError
        The service refused or cannot be reached; it can be asked again any time.
    """
    n_answered = n_aside = n_open = 0
    words: list[str] = []
    mine = [b for b in list_batches(graph_name) if b.definition == plan.definition]
    with endpoint.synchronous() as client:
        for state in mine:
            if state.collected or state.host != endpoint.host:
                continue
            try:
                found = _adopt(client, graph_name, state)
                if found is None:
                    continue
                state, batch = found  # noqa: PLW2901  it may have its name only now
                if batch.status not in _OVER:
                    note_status(graph_name, state.id, batch.status)
                    n_open += state.n_requests
                    words.append(_standing(state, batch))
                    continue
                settled = _read_results(client, graph_name, state, batch, plan)
            except Exception as error:
                raise _sentence(error, endpoint, plan, 0) from error
            note_collected(graph_name, state, settled, _problem(batch))
            good = sum(reply.status == "answered" for _, reply in settled)
            n_answered, n_aside = n_answered + good, n_aside + len(settled) - good
            if batch.status != "completed":
                words.append(f"Batch {state.id} {batch.status}. {_problem(batch)}".strip())
    return Collected(n_answered, n_aside, n_open, tuple(words))


def _check_budget(plan: Plan) -> None:
    cost = plan.price and plan.price.cost(plan.tokens_in, plan.tokens_out, is_batch=True)
    if plan.ask.budget_usd is not None and cost and cost > plan.ask.budget_usd:
        raise ConfigError(
            f"The batch would cost about ${cost:,.2f}, the budget is ${plan.ask.budget_usd:,.2f}. "
            "Raise it, or describe fewer entities with --limit."
        )
    tokens = plan.tokens_in + plan.tokens_out
    if plan.ask.budget_tokens is not None and tokens > plan.ask.budget_tokens:
        raise ConfigError(
            f"The batch would take about {tokens:,} tokens, the budget is "
            f"{plan.ask.budget_tokens:,}. Raise it, or describe fewer entities with --limit."
        )


def _files(plan: Plan) -> Iterator[tuple[list[Request], bytes]]:
    """Yield the requests of each batch with the file to upload."""
    dialect = Dialect(plan)
    requests: list[Request] = []
    lines: list[bytes] = []
    size = 0
    for request in plan.todo:
        body = dialect.body(request, plan.ask.model)
        asked = {"custom_id": request.key, "method": "POST", "url": URL, "body": body}
        line = json.dumps(asked, ensure_ascii=False).encode() + b"\n"
        if requests and (len(requests) == MAX_REQUESTS or size + len(line) > MAX_BYTES):
            yield requests, b"".join(lines)
            requests, lines, size = [], [], 0
        requests.append(request)
        lines.append(line)
        size += len(line)
    if requests:
        yield requests, b"".join(lines)


def _make(client: OpenAI, digest: str, content: bytes) -> Batch:
    file = client.files.create(file=(f"{digest}.jsonl", content), purpose="batch")
    return client.batches.create(
        input_file_id=file.id,
        endpoint=URL,
        completion_window="24h",
        metadata={"llador": digest},
    )


def _adopt(client: OpenAI, graph_name: str, state: BatchState) -> tuple[BatchState, Batch] | None:
    """Return a batch as the service has it; None for one that was noted but never made."""
    if state.status != CREATING:
        batch = client.batches.retrieve(state.id)
        return dataclasses.replace(state, status=batch.status), batch
    for batch in client.batches.list(limit=100):
        if (batch.metadata or {}).get("llador") == state.digest:
            name_batch(graph_name, state.digest, batch.id, batch.status)
            return dataclasses.replace(state, id=batch.id, status=batch.status), batch
    forget_batch(graph_name, state.id)
    return None


def _read_results(
    client: OpenAI, graph_name: str, state: BatchState, batch: Batch, plan: Plan
) -> list[tuple[Request, Reply]]:
    """Return a reply for every request of a batch; those without a result have a reason."""
    left = requests_of(graph_name, state.id)
    settled: list[tuple[Request, Reply]] = []
    for file in (batch.output_file_id, batch.error_file_id):
        for line in client.files.content(file).text.split("\n") if file else ():
            found = _line(line)
            request = left.pop(str(found.get("custom_id")), None)
            if request is not None:
                settled.append((request, _reply(found, plan, state.host)))
    why = _problem(batch) or "the service gave no result"
    lost = Reply("failed", error=f"batch: {why}", host=state.host)
    return [*settled, *((request, lost) for request in left.values())]


def _line(line: str) -> dict[str, Any]:
    try:
        content = json.loads(line)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _reply(found: dict[str, Any], plan: Plan, host: str) -> Reply:
    response = found.get("response") or {}
    error = found.get("error") or {}
    if error or response.get("status_code") != 200:
        body = response.get("body") or {}
        said = error.get("message") or (body.get("error") or {}).get("message") or "no reason given"
        return Reply("failed", error=f"batch: {said}"[:300], host=host)
    reply = read_reply(response.get("body"), plan.spec)
    if reply is None:
        return Reply("failed", error="batch: what came back is not an answer", host=host)
    cost = None
    if plan.price is not None:
        cost = plan.price.cost(reply.tokens_in or 0, reply.tokens_out or 0, is_batch=True)
    return dataclasses.replace(reply, cost_usd=cost, host=host)


def _problem(batch: Batch) -> str:
    """Return what the service says went wrong with a whole batch, "" for nothing."""
    if batch.errors is not None and batch.errors.data:
        return "; ".join(dict.fromkeys(e.message or "" for e in batch.errors.data[:3]))[:300]
    if batch.status == "expired":
        return "it expired before everything was answered"
    return "it was cancelled" if batch.status == "cancelled" else ""


def _standing(state: BatchState, batch: Batch) -> str:
    counts = batch.request_counts
    done = f", {counts.completed + counts.failed:,} of {counts.total:,} done" if counts else ""
    return f"Batch {state.id}: {batch.status.replace('_', ' ')}{done}."


def _sentence(error: Exception, endpoint: Endpoint, plan: Plan, n_made: int) -> Exception:
    problem = judge_error(error, endpoint, plan.ask.model)  # raises what is a bug
    saved = f"{n_made} batches were handed in and stay." if n_made else ""
    if getattr(error, "status_code", None) in (404, 405):
        return ProviderError(
            f"{endpoint.host} has no batch endpoint, or no longer knows this batch "
            f"({problem.words}). Repeat the command without --batch to ask one by one.",
            saved,
        )
    if problem.kind == "stop":
        return ProviderError(problem.words, saved)
    return ProviderError(
        f"{endpoint.host} did not take part: {problem.words}. Repeat the command later.", saved
    )
