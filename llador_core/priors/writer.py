"""Committing answers without holding up those who ask."""

from __future__ import annotations

import asyncio

from llador_core.priors.answers import Definition, Reply, Request, Store


class Writer:
    """Commits answers; those that come while the disk is busy share the next commit."""

    def __init__(self, store: Store, definition: Definition) -> None:
        self._store, self._definition = store, definition
        self._waiting: list[tuple[Request, Reply, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Writer:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:  # the work was interrupted: what has come is still kept
            await asyncio.wait([self._task])

    async def save(self, request: Request, reply: Reply) -> None:
        """Return once the answer is on the disk.

        Raises
        ------
        sqlite3.Error
            It could not be written.
        """
        written = asyncio.get_running_loop().create_future()
        self._waiting.append((request, reply, written))
        if self._task is None:
            self._task = asyncio.create_task(self._write())
        await written

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            settled = [(request, reply) for request, reply, _ in batch]
            problem: Exception | None = None
            try:
                await asyncio.to_thread(self._store.record_all, settled, self._definition)
            except Exception as error:  # noqa: BLE001  raised again by those who wait
                problem = error
            for _, _, written in batch:
                if written.done():  # cancelled
                    continue
                if problem is None:
                    written.set_result(None)
                else:
                    written.set_exception(problem)
        self._task = None
