"""What is left to ask, and ending the work in order when the process is told to end."""

from __future__ import annotations

import asyncio
import heapq
import signal
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from llador_core.priors.answers import Request

MAIN_TASK = "describing"


class WorkQueue:
    """What is to be asked: fresh requests, and failed ones that are due again later."""

    def __init__(self, requests: Sequence[Request]) -> None:
        self._fresh = deque((request, 0) for request in requests)
        self._later: list[tuple[float, int, Request, int]] = []
        self._n_open = len(requests)
        self._n_put = 0
        self.is_closed = False

    def close(self) -> None:
        """Let nobody take anything any more."""
        self.is_closed = True

    async def take(self) -> tuple[Request, int] | None:
        """Return a request and how often it failed; None once all are settled."""
        while self._n_open and not self.is_closed:
            if self._later and self._later[0][0] <= time.monotonic():
                _, _, request, n_tries = heapq.heappop(self._later)
                return request, n_tries
            if self._fresh:
                return self._fresh.popleft()
            await asyncio.sleep(0.02)
        return None

    def put_back(self, request: Request, n_tries: int, delay_s: float) -> None:
        self._n_put += 1
        heapq.heappush(self._later, (time.monotonic() + delay_s, self._n_put, request, n_tries))

    def settled(self) -> None:
        self._n_open -= 1


@contextmanager
def cancelled_by_signal(runner: asyncio.Runner) -> Iterator[None]:
    """Let SIGTERM cancel the work, so that what has come is kept and no task is torn apart."""
    loop = runner.get_loop()

    def leave() -> None:
        for task in asyncio.all_tasks(loop):
            if task.get_name() == MAIN_TASK:
                task.cancel()

    try:
        before = signal.getsignal(signal.SIGTERM)
        loop.add_signal_handler(signal.SIGTERM, leave)
    except (ValueError, RuntimeError, NotImplementedError):  # not the main thread, or Windows
        yield
        return
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
        signal.signal(signal.SIGTERM, before)
