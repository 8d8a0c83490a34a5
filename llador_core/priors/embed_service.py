"""Text vectors by an OpenAI-compatible service: in batches, politely, several at a time."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Iterator, Mapping, Sequence
from queue import Queue
from typing import Any

import numpy as np

from llador_core.errors import ProviderError
from llador_core.priors.embedders import Choice, Vectors
from llador_core.priors.endpoint import Endpoint, Problem, find_endpoint, judge_error
from llador_core.priors.pace import Pace

BATCH_TEXTS, BATCH_CHARS = 128, 200_000  # under the limits of inputs and tokens of a request
CONCURRENCY = 4
MAX_TRIES = 6
BACK_OFF_S = 0.5
_Item = tuple[list[int], Vectors] | Exception | None


def embed_by_service(texts: Sequence[str], choice: Choice) -> Iterator[tuple[list[int], Vectors]]:
    """Yield unit vectors of texts as they come, with their places.

    Raises
    ------
    MissingDataError, ConfigError
        No key, or no address.
    ProviderError
        The service refused, or failed again and again. What was yielded is not asked again.
    """
    endpoint = find_endpoint(choice.base_url)
    came: Queue[_Item] = Queue()

    def work() -> None:
        try:
            asyncio.run(_Run(texts, choice, endpoint, came).work())
            came.put(None)
        except Exception as error:  # noqa: BLE001  raised again by the one who reads
            came.put(error)

    # Batches are asked for in a loop of its own, so that the reader can write while others are on
    # their way.
    threading.Thread(target=work, daemon=True).start()
    while (item := came.get()) is not None:
        if isinstance(item, Exception):
            raise item
        yield item


class _Run:
    """Asks for the vectors of many texts."""

    def __init__(
        self, texts: Sequence[str], choice: Choice, endpoint: Endpoint, came: Queue[_Item]
    ) -> None:
        self.texts, self.choice, self.endpoint, self.came = texts, choice, endpoint, came
        self.batches = list(_cut(texts))[::-1]
        self.pace = Pace()
        self.width: int | None = None

    async def work(self) -> None:
        async with self.endpoint.asynchronous() as client:
            workers = [self._worker(client) for _ in range(min(CONCURRENCY, len(self.batches)))]
            ends = await asyncio.gather(*workers, return_exceptions=True)
        for end in ends:
            if isinstance(end, BaseException):
                raise end

    async def _worker(self, client: Any) -> None:
        while self.batches:
            places = self.batches.pop()
            try:
                self.came.put((places, await self._ask(client, places)))
            except BaseException:
                self.batches.clear()  # the others end what is on its way, and begin nothing new
                raise

    async def _ask(self, client: Any, places: list[int]) -> Vectors:
        problem = Problem("skip", "nothing was asked")
        n_tries = 0
        while n_tries < MAX_TRIES:
            while (pause := self.pace.reserve()) > 0:
                await asyncio.sleep(min(pause, 0.5))
            came = await self._once(client, [self.texts[i] for i in places])
            if isinstance(came, np.ndarray):
                return came
            problem = came
            if problem.kind == "wait":
                self.pace.refused(problem.wait_s)
                continue
            self.pace.failed()
            if problem.kind != "retry":
                break
            n_tries += 1
            wait = max(problem.wait_s or 0.0, BACK_OFF_S * 2**n_tries * random.uniform(0.25, 1))
            await asyncio.sleep(wait)
        saved = "Every vector that came is kept; the same command goes on from here."
        reason = (
            problem.words
            if problem.kind == "stop"
            else (
                f"{self.endpoint.host} gave no vectors: {problem.words}. Check --embedder and "
                "--base-url, then repeat the command."
            )
        )
        raise ProviderError(reason, saved)

    async def _once(self, client: Any, texts: list[str]) -> Vectors | Problem:
        body: dict[str, Any] = {"model": self.choice.model, "input": texts}
        if self.choice.dimensions:
            body["dimensions"] = self.choice.dimensions
        try:
            async with asyncio.timeout(self.endpoint.timeout_s):
                raw = await client.embeddings.with_raw_response.create(
                    encoding_format="float", **body
                )
                content = raw.http_response.json()
        except Exception as error:  # noqa: BLE001  judged, and raised again where it is a bug
            return judge_error(error, self.endpoint, self.choice.model)
        self.pace.answered(raw.headers)
        return self._read(content, len(texts))

    def _read(self, content: Mapping[str, Any], n: int) -> Vectors | Problem:
        try:
            rows = sorted(content["data"], key=lambda row: int(row["index"]))
            vectors = np.array([row["embedding"] for row in rows], np.float32)
        except (KeyError, TypeError, ValueError):
            return Problem("retry", "what came back is not vectors of the protocol")
        if vectors.ndim != 2 or len(vectors) != n or not np.isfinite(vectors).all():
            return Problem("retry", f"{n} vectors were asked for, {vectors.shape} numbers came")
        asked = self.choice.dimensions
        if asked and vectors.shape[1] != asked:
            return Problem(
                "stop",
                f"{self.endpoint.host} gave {vectors.shape[1]} dimensions where {asked} were asked "
                f"for: the model '{self.choice.model}' has one width. Leave --dimensions away.",
            )
        length = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.where(length > 0, length, 1), np.float32)


def _cut(texts: Sequence[str]) -> Iterator[list[int]]:
    """Yield the places of texts, as many together as a request holds."""
    batch: list[int] = []
    n_chars = 0
    for i, text in enumerate(texts):
        if batch and (len(batch) == BATCH_TEXTS or n_chars + len(text) > BATCH_CHARS):
            yield batch
            batch, n_chars = [], 0
        batch.append(i)
        n_chars += len(text)
    if batch:
        yield batch
