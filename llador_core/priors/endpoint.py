"""The service that is asked: its address, its key, and what its refusals mean.

The key comes from the environment and goes into one header. It is in no setting, no file, no log
and no message: whatever a service says is cleaned of it before it is kept or shown.
"""

from __future__ import annotations

import ipaddress
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from llador_core.errors import ConfigError, MissingDataError

if TYPE_CHECKING:
    from openai import APIStatusError, AsyncOpenAI, OpenAI

log = logging.getLogger(__name__)

OPENAI_URL = "https://api.openai.com/v1"
KEY_VARIABLES = ("LLADOR_API_KEY", "OPENAI_API_KEY")
Kind = Literal["stop", "wait", "retry", "skip"]


@dataclass(frozen=True)
class Endpoint:
    """Where to ask. Made by `find_endpoint`.

    Attributes
    ----------
    url : str
        Without credentials, without a slash at the end.
    key : str
        Not shown when printed.
    timeout_s : float
        For one answer.
    """

    url: str
    key: str = field(repr=False)
    timeout_s: float = 60.0

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    def asynchronous(self) -> AsyncOpenAI:
        """Return a client that never retries by itself: what is retried is decided here."""
        from openai import AsyncOpenAI

        return AsyncOpenAI(
            api_key=self.key, base_url=self.url, max_retries=0, timeout=self.timeout_s
        )

    def synchronous(self) -> OpenAI:
        from openai import OpenAI

        return OpenAI(api_key=self.key, base_url=self.url, max_retries=0, timeout=self.timeout_s)

    def clean(self, text: str) -> str:
        """Return what a service said on one line, without the key, in at most 300 characters."""
        for secret in (self.key, self.key[:12], self.key[-8:]):
            if len(secret) >= 8 and not _is_placeholder(self.key):
                text = text.replace(secret, "[key]")
        return " ".join(text.split())[:300]


@dataclass(frozen=True)
class Problem:
    """What an error means for the work.

    Attributes
    ----------
    kind : "stop", "wait", "retry" or "skip"
        End the whole run; hold everything back for `wait_s`; try this request again later; give
        this one up.
    words : str
        For the reader; a sentence where it stops the run.
    wait_s : float or None
        As the service asks for.
    is_unreachable : bool
        No connection came about.
    """

    kind: Kind
    words: str
    wait_s: float | None = None
    is_unreachable: bool = False


def find_endpoint(base_url: str | None = None, timeout_s: float = 60.0) -> Endpoint:
    """Return the endpoint at an address, with the key from the environment.

    Parameters
    ----------
    base_url : str or None
        None means `OPENAI_BASE_URL`, else OpenAI.
    timeout_s : float

    Raises
    ------
    ConfigError
        The address is none, or carries credentials.
    MissingDataError
        There is no key, and the service is not on this machine or in its network.
    """
    url = check_url(base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI_URL)
    key = next((os.environ[v].strip() for v in KEY_VARIABLES if os.environ.get(v, "").strip()), "")
    host = urlsplit(url).hostname or ""
    if not key:
        if not is_near(host):
            raise MissingDataError(
                f"There is no API key for {host}. Set the environment variable OPENAI_API_KEY (or "
                "LLADOR_API_KEY), or name a service on this machine with --base-url, such as "
                "http://localhost:11434/v1 for Ollama."
            )
        key = _PLACEHOLDER
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ConfigError(
            "The API key in the environment has characters that no key has (spaces, line ends or "
            "letters beyond ASCII). Copy it again."
        )
    if url.startswith("http:") and not is_near(host) and not _is_placeholder(key):
        log.warning("The key goes to %s without encryption: the address begins with http.", host)
    return Endpoint(url, key, timeout_s)


def check_url(url: str) -> str:
    """Return a service's address without the slash at its end. Raises ConfigError for none."""
    example = "Write it as https://api.openai.com/v1 or http://localhost:8000/v1."
    try:
        parts = urlsplit(url.strip())
        port_is_valid = parts.port is None or parts.port > 0
    except ValueError:
        raise ConfigError(f"The base URL is not an address. {example}") from None
    if parts.username or parts.password or "@" in parts.netloc:
        raise ConfigError(
            "The base URL carries credentials, which would be kept with every answer. Put the key "
            "into the environment variable LLADOR_API_KEY instead."
        )
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_valid:
        raise ConfigError(f"'{url}' is not the address of a service. {example}")
    if parts.query or parts.fragment:
        raise ConfigError(f"The base URL must end with its path, without '?' or '#'. {example}")
    return url.strip().rstrip("/")


def is_near(host: str) -> bool:
    """Return whether a host is this machine or in its network, where keys are seldom needed."""
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal", ".lan")):
        return True
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host  # a bare name is of the local network


def judge_error(error: Exception, endpoint: Endpoint, model: str) -> Problem:
    """Return what an error of the service means. Other errors are bugs and raised again."""
    import openai

    if isinstance(error, TimeoutError | openai.APITimeoutError):
        return Problem("retry", f"no answer within {endpoint.timeout_s:g} s")
    if isinstance(error, openai.APIStatusError):
        return _judge_status(error, endpoint, model)
    if isinstance(error, openai.APIConnectionError):
        # The package wraps what the transport said; only a refused connection never got through.
        is_unreachable = type(error.__cause__).__name__ in ("ConnectError", "ConnectTimeout")
        cause = endpoint.clean(str(error.__cause__ or error)) or "the connection was cut"
        return Problem("retry", f"connection failed: {cause}", is_unreachable=is_unreachable)
    if isinstance(error, ValueError | openai.APIResponseValidationError):
        return Problem("retry", "what came back is not JSON of the protocol")
    raise error


def _judge_status(error: APIStatusError, endpoint: Endpoint, model: str) -> Problem:
    status, said = error.status_code, endpoint.clean(_said(error))
    host = endpoint.host
    codes = {error.code, error.type}
    if status in (401, 403):
        what = "the key is wrong or expired" if status == 401 else "this key may not do that"
        return Problem(
            "stop",
            f"{host} refused the key ({status}: {said}): {what}. Check the environment variable "
            "OPENAI_API_KEY or LLADOR_API_KEY.",
        )
    if status == 404:
        return Problem(
            "stop",
            f"{host} does not know the model '{model}', or the base URL is not that of its API "
            f"(404: {said}). Check --model and --base-url.",
        )
    if status == 402 or codes & {"insufficient_quota", "billing_hard_limit_reached"}:
        return Problem(
            "stop",
            f"The quota of this key at {host} is used up ({status}: {said}). Add credit there, or "
            "use another key or endpoint.",
        )
    if status == 429:
        return Problem("wait", f"too many requests: {said}", retry_after(error.response.headers))
    if status in (408, 409, 425) or status >= 500:
        wait = retry_after(error.response.headers)
        return Problem("retry", f"the service failed ({status}: {said})", wait)
    return Problem("skip", f"the service refused the request ({status}: {said})")


def _said(error: APIStatusError) -> str:
    body = error.body
    if isinstance(body, dict) and isinstance(body.get("message"), str):
        return str(body["message"])
    return error.message


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds a service asks to wait, None where it asks for none."""
    milliseconds = headers.get("retry-after-ms")
    try:
        if milliseconds is not None:
            return max(0.0, float(milliseconds) / 1000)
        return max(0.0, float(headers["retry-after"]))
    except (KeyError, ValueError):
        return _until(headers.get("retry-after", ""))


def _until(date: str) -> float | None:
    """Return the seconds until an HTTP date."""
    from datetime import UTC, datetime
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, (parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


_PLACEHOLDER = "none-needed"


def _is_placeholder(key: str) -> bool:
    return key == _PLACEHOLDER
