"""One question to a chat endpoint, in the dialect that the endpoint understands."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from llador_core.priors.answers import Reply, Request
from llador_core.priors.endpoint import Endpoint, Problem, judge_error
from llador_core.priors.judging import RESPONSE_FORMAT, judge
from llador_core.priors.plan import Plan
from llador_core.priors.prompts import PromptSpec

if TYPE_CHECKING:
    from openai import AsyncOpenAI

MAX_RAW = 1_000_000  # characters of an answer that are kept
_NEW_MODELS = re.compile(r"(o\d|gpt-[5-9])")  # at OpenAI; others are learnt from a refusal


class Dialect:
    """How a request is put; learnt from what the endpoint refuses.

    Some endpoints know no JSON schema, some no `response_format` at all, and newer models want
    `max_completion_tokens`. None of these changes what is asked.
    """

    def __init__(self, plan: Plan) -> None:
        self._parameters = plan.parameters
        is_new = _NEW_MODELS.match(plan.ask.model) is not None
        self._limit_name = "max_completion_tokens" if is_new else "max_tokens"
        formats: list[Mapping[str, Any] | None] = [None]
        if plan.spec.is_structured:
            formats = [RESPONSE_FORMAT, {"type": "json_object"}, None]
        self._formats = formats

    def body(self, request: Request, model: str) -> dict[str, Any]:
        """Return what is sent."""
        messages = [{"role": "user", "content": request.user}]
        if request.system:
            messages.insert(0, {"role": "system", "content": request.system})
        body: dict[str, Any] = {"model": model, "messages": messages}
        for name, value in self._parameters.items():
            body[self._limit_name if name == "max_tokens" else name] = value
        if self._formats[0] is not None:
            body["response_format"] = self._formats[0]
        return body

    def adapt(self, said: str, body: Mapping[str, Any]) -> bool:
        """Learn from a refusal of `body`; return whether it is worth asking again."""
        if "response_format" in body and (
            "response_format" in said or "json" in said.lower() or "schema" in said.lower()
        ):
            if self._formats[0] == body["response_format"]:  # else another worker learnt it
                self._formats = self._formats[1:]
            return True
        if "max_tokens" in body and "max_completion_tokens" in said:
            self._limit_name = "max_completion_tokens"
            return True
        return False


class Asker:
    """Asks one endpoint for one plan."""

    def __init__(self, client: AsyncOpenAI, endpoint: Endpoint, plan: Plan) -> None:
        self._client, self._endpoint, self._plan = client, endpoint, plan
        self._dialect = Dialect(plan)

    async def ask(self, request: Request) -> tuple[Reply, Mapping[str, str]] | Problem:
        """Return the judged answer with the headers it came with, or what went wrong."""
        model = self._plan.ask.model
        for _ in range(4):
            body = self._dialect.body(request, model)
            try:
                # The package's own limit is for each part of an answer; this one is for the whole.
                async with asyncio.timeout(self._endpoint.timeout_s):
                    raw = await self._client.chat.completions.with_raw_response.create(**body)
                    content = raw.http_response.json()
            except Exception as error:  # noqa: BLE001  judged, and raised again where it is a bug
                if _status(error) in (400, 422) and self._dialect.adapt(str(error), body):
                    continue
                return self._judged(error)
            reply = read_reply(content, self._plan.spec)
            if reply is None:
                return Problem("retry", "what came back is not an answer of the protocol")
            return reply, dict(raw.headers)
        return Problem("skip", "the endpoint refused every form of the request")

    def _judged(self, error: Exception) -> Problem:
        problem = judge_error(error, self._endpoint, self._plan.ask.model)
        if problem.kind == "skip" and "temperature" in problem.words:
            return Problem(
                "stop",
                f"The model '{self._plan.ask.model}' does not take this temperature "
                f"({problem.words}). Repeat the command with --temperature default.",
            )
        return problem


def read_reply(content: Any, spec: PromptSpec) -> Reply | None:
    """Return the judged answer in the JSON of a chat completion, None where there is none in it."""
    try:
        choice = content["choices"][0]
        message = choice["message"]
        raw = message.get("content") or ""
        usage = content.get("usage") or {}
    except (KeyError, IndexError, TypeError, AttributeError):
        return None
    if not isinstance(raw, str):
        return None
    raw = raw.encode("utf-8", "replace").decode()[:MAX_RAW]  # half a surrogate pair is no text
    judged = judge(raw, spec, choice.get("finish_reason"), message.get("refusal"))
    return Reply(
        judged.status,
        raw or str(message.get("refusal") or ""),
        judged.fields,
        _count(usage, "prompt_tokens"),
        _count(usage, "completion_tokens"),
        error=judged.reason,
    )


def _count(usage: Any, name: str) -> int | None:
    value = usage.get(name) if isinstance(usage, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _status(error: Exception) -> int | None:
    value = getattr(error, "status_code", None)
    return value if isinstance(value, int) else None
