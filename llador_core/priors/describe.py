"""Asking a language model about many entities at once: quickly, politely, and never twice.

Each worker takes a request, waits for its turn, asks, judges the answer and commits it to the store
before it takes the next. So whatever ends the process, all that was answered is kept; only what was
on its way at that moment is asked again.
"""

from __future__ import annotations

import asyncio
import dataclasses
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from llador_core.errors import ProviderError
from llador_core.graph import Graph
from llador_core.priors.answers import Reply, Request, Status, Store, open_store
from llador_core.priors.asking import Asker
from llador_core.priors.endpoint import Endpoint, Problem
from llador_core.priors.pace import Pace
from llador_core.priors.plan import CHARS_PER_TOKEN, Plan, duration_words
from llador_core.priors.work_queue import MAIN_TASK, WorkQueue, cancelled_by_signal
from llador_core.priors.writer import Writer

Report = Callable[[float, str], None]
MAX_TRIES = 6
BACK_OFF_S = 0.5
MAX_BACK_OFF_S = 30.0
STALLED_S = 300.0  # of refusals only, after which it is no use to go on
UNREACHABLE = 3  # connections refused in a row without any answer
REFUSED = 8  # requests given up in a row


@dataclass
class Outcome:
    """What a run brought.

    Attributes
    ----------
    counts : mapping from Status to int
        Of the requests that were settled in this run.
    tokens_in, tokens_out : int
    cost_usd : float
    is_priced : bool
    seconds : float
    stopped : str
        Why it ended before everything was asked, a sentence; "" where it did not.
    n_left : int
        Requests not settled.
    """

    counts: dict[Status, int] = field(default_factory=dict)
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float = 0.0
    is_priced: bool = True
    seconds: float = 0.0
    stopped: str = ""
    n_left: int = 0

    @property
    def n_settled(self) -> int:
        return sum(self.counts.values())

    @property
    def words(self) -> str:
        """One sentence on what is there now."""
        told = ", ".join(f"{n:,} {status}" for status, n in self.counts.items()) or "nothing"
        cost = f"${self.cost_usd:,.2f}" if self.is_priced else "cost unknown"
        left = f"; {self.n_left:,} not asked yet" if self.n_left else ""
        return (
            f"{told.replace('_', ' ')} in {duration_words(self.seconds)}: {self.tokens_in:,} "
            f"tokens in, {self.tokens_out:,} out, {cost}{left}."
        )


def describe(graph: Graph, plan: Plan, endpoint: Endpoint, report: Report | None = None) -> Outcome:
    """Ask for everything that is left to ask of a plan, and return what it brought.

    Each answer is in the store before the worker that got it goes on. Where the work ends early
    (wrong key, unknown model, no network, quota or budget used up), `stopped` says why.

    Raises
    ------
    StorageError, DataFormatError
        The store cannot be written or read.
    """
    with open_store(graph.name) as store:
        store.note_asked(plan.requests)
        run = _Run(plan, endpoint, store, report or (lambda _share, _words: None))
        try:
            with asyncio.Runner() as runner, cancelled_by_signal(runner):
                return runner.run(run.work())
        except asyncio.CancelledError:
            raise SystemExit(143) from None  # as `jobs` ends a process that is cancelled


class _Stopped(Exception):  # noqa: N818  not an error: the run ends early
    """The whole run ends; its text is the reason."""


class _Run:
    """One run over a plan's requests."""

    def __init__(self, plan: Plan, endpoint: Endpoint, store: Store, report: Report) -> None:
        self.plan, self.endpoint, self.store, self.report = plan, endpoint, store, report
        self.pace = Pace(plan.ask.rate_rpm)
        self.queue = WorkQueue(plan.todo)
        self.outcome = Outcome(is_priced=plan.price is not None)
        self.started = time.monotonic()
        self.reserved_tokens = 0
        self.last_good = self.started
        self.n_unreachable = self.n_given_up = 0

    async def work(self) -> Outcome:
        task = asyncio.current_task()
        assert task is not None
        task.set_name(MAIN_TASK)
        async with (
            self.endpoint.asynchronous() as client,
            Writer(self.store, self.plan.definition) as writer,
        ):
            asker = Asker(client, self.endpoint, self.plan)
            n_workers = min(self.plan.ask.concurrency, max(1, len(self.plan.todo)))
            await asyncio.gather(*(self._worker(asker, writer) for _ in range(n_workers)))
        self.outcome.seconds = time.monotonic() - self.started
        self.outcome.n_left = len(self.plan.todo) - self.outcome.n_settled
        return self.outcome

    async def _worker(self, asker: Asker, writer: Writer) -> None:
        """Ask until all is settled. A stop ends no request that is on its way: it may be paid."""
        try:
            while (item := await self.queue.take()) is not None:
                request, n_tries = item
                if not await self._turn(request):
                    return
                try:
                    await self._ask(asker, writer, request, n_tries)
                finally:  # only now: until its cost is counted, it stays set aside
                    self.reserved_tokens -= sum(self.plan.tokens_of(request))
        except _Stopped as stop:
            self.outcome.stopped = self.outcome.stopped or str(stop)
            self.queue.close()

    async def _ask(self, asker: Asker, writer: Writer, request: Request, n_tries: int) -> None:
        """Ask once; commit and count the answer, or see to it that it is asked again."""
        sent = time.monotonic()
        reply = self._learn(request, n_tries, await asker.ask(request))
        if reply is None:
            return
        await writer.save(request, self._priced(request, reply, sent))
        self._settled(request, reply)
        if self.n_given_up >= REFUSED:
            raise _Stopped(
                f"{REFUSED} requests in a row were given up, the last because {reply.error}. "
                "Mend that, then repeat the command."
            )

    def _learn(
        self, request: Request, n_tries: int, came: tuple[Reply, Mapping[str, str]] | Problem
    ) -> Reply | None:
        """Return the reply that settles a request, None where it is asked again."""
        if isinstance(came, Problem):
            return self._trouble(request, n_tries, came)
        reply, headers = came
        self.pace.answered(headers)
        self.last_good, self.n_unreachable, self.n_given_up = time.monotonic(), 0, 0
        return reply

    def _trouble(self, request: Request, n_tries: int, problem: Problem) -> Reply | None:
        if problem.kind == "stop":
            raise _Stopped(problem.words)
        if problem.kind == "wait":
            self.pace.refused(problem.wait_s)
            if time.monotonic() - self.last_good > STALLED_S + (problem.wait_s or 0):
                raise _Stopped(
                    f"{self.endpoint.host} has refused everything for {STALLED_S / 60:.0f} minutes "
                    f"({problem.words}). Try again later, or with a lower --rate."
                )
            self.queue.put_back(request, n_tries, 0.0)
            return None
        self.pace.failed()
        self._check_reachable(problem)
        if problem.kind == "retry" and n_tries + 1 < MAX_TRIES:
            # Full jitter, so that those who failed together do not come back together.
            most = min(MAX_BACK_OFF_S, BACK_OFF_S * 2**n_tries)
            delay = max(problem.wait_s or 0.0, random.uniform(most / 4, most))
            self.queue.put_back(request, n_tries + 1, delay)
            return None
        self.n_given_up += 1
        tries = f" after {n_tries + 1} tries" if n_tries else ""
        return Reply("failed", error=f"{problem.words}{tries}")

    def _check_reachable(self, problem: Problem) -> None:
        self.n_unreachable = self.n_unreachable + 1 if problem.is_unreachable else 0
        if self.n_unreachable >= max(UNREACHABLE, self.plan.ask.concurrency):
            raise _Stopped(
                f"{self.endpoint.host} cannot be reached ({problem.words}). Check the network and "
                "--base-url, then repeat the command."
            )

    def _priced(self, request: Request, reply: Reply, sent: float) -> Reply:
        price, is_paid = self.plan.price, reply.status != "failed"
        cost = price.cost(*_tokens(request, reply)) if price is not None and is_paid else None
        latency = time.monotonic() - sent
        return dataclasses.replace(reply, cost_usd=cost, latency_s=latency, host=self.endpoint.host)

    def _settled(self, request: Request, reply: Reply) -> None:
        self.queue.settled()
        outcome, tokens = self.outcome, _tokens(request, reply)
        outcome.counts[reply.status] = outcome.counts.get(reply.status, 0) + 1
        outcome.tokens_in += tokens[0]
        outcome.tokens_out += tokens[1]
        if self.plan.price is not None:
            outcome.cost_usd += self.plan.price.cost(*tokens)
        n, total = outcome.n_settled, len(self.plan.todo)
        spent = f", ${outcome.cost_usd:,.4f} so far" if outcome.is_priced else ""
        aside = n - outcome.counts.get("answered", 0)
        kept_aside = f", {aside:,} kept aside" if aside else ""
        # The last hundredth is for publishing the set.
        self.report(0.99 * n / total, f"{n:,} of {total:,} asked{kept_aside}{spent}")

    async def _turn(self, request: Request) -> bool:
        """Return True once a request may go out, its tokens set aside; False where all ends."""
        tokens = sum(self.plan.tokens_of(request))
        while not self.queue.is_closed:
            if self._fits(tokens):
                pause = self.pace.reserve()
                if pause <= 0:
                    self.reserved_tokens += tokens
                    return True
            elif self.reserved_tokens == 0:
                raise _Stopped(
                    "The budget is used up: the next request might go beyond it. Raise it to go on."
                )
            else:  # what is on its way may take less than was set aside
                pause = 0.02
            await asyncio.sleep(min(pause, 0.5))
        return False

    def _fits(self, tokens: int) -> bool:
        ask, outcome = self.plan.ask, self.outcome
        planned = self.reserved_tokens + tokens
        if ask.budget_tokens is not None:
            spent = outcome.tokens_in + outcome.tokens_out
            if spent + planned > ask.budget_tokens:
                return False
        if ask.budget_usd is not None and self.plan.price is not None:
            dearest = self.plan.price.cost(0, planned)
            dearest = max(dearest, self.plan.price.cost(planned, 0))
            return outcome.cost_usd + dearest <= ask.budget_usd
        return True


def _tokens(request: Request, reply: Reply) -> tuple[int, int]:
    """Return the tokens that were used; estimated where the service does not tell."""
    if reply.status == "failed":
        return 0, 0
    asked, answered = len(request.system) + len(request.user), len(reply.raw)
    guesses = (round(asked / CHARS_PER_TOKEN), round(answered / CHARS_PER_TOKEN))
    told = (reply.tokens_in, reply.tokens_out)
    return guesses[0] if told[0] is None else told[0], guesses[1] if told[1] is None else told[1]


def check(outcome: Outcome) -> None:
    """Raise ProviderError where a run ended early, with what is saved."""
    if outcome.stopped:
        raise ProviderError(
            outcome.stopped, f"Saved: {outcome.words} The same command goes on from here."
        )
