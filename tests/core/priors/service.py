"""A language model's service for tests: a real HTTP server on this machine that can misbehave.

Its answers are arithmetic on the question, so that a test can tell whose answer came back.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Rule = Callable[[str, int], str]  # (what the user said, how often it was asked) -> what to do


def always_answer(_user: str, _n: int) -> str:
    return "answer"


def share(user: str) -> float:
    """Return a number from 0 to 1 that depends on the text alone."""
    return int(hashlib.sha256(user.encode()).hexdigest()[:8], 16) / 2**32


@dataclass
class Service:
    """What the server does, and what it saw."""

    rule: Rule = always_answer
    latency_s: float = 0.0
    key: str = "sk-test-key"
    model: str = "fake-1"
    rate: float | None = None  # tokens a second of the bucket
    size: int = 1
    knows_formats: bool = True
    asked: Counter[str] = field(default_factory=Counter)
    paid: Counter[str] = field(default_factory=Counter)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    embedded: Counter[str] = field(default_factory=Counter)
    n_refused: int = 0
    in_flight: int = 0
    most_in_flight: int = 0
    files: dict[str, bytes] = field(default_factory=dict)
    batches: dict[str, dict[str, Any]] = field(default_factory=dict)
    cuts_batches: bool = False
    ignores_dimensions: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)
    url: str = ""
    allowed_from: float | None = None
    last_accepted: float = 0.0
    level: float = 0.0
    level_at: float = 0.0

    def take(self) -> float | None:
        """Return None where the rate limit lets a request through, else the seconds to wait."""
        if self.rate is None:
            return None
        with self.lock:
            now = time.monotonic()
            if self.allowed_from is None:
                self.allowed_from, self.level, self.level_at = now, float(self.size), now
            self.level = min(self.size, self.level + (now - self.level_at) * self.rate)
            self.level_at = now
            if self.level < 1:
                self.n_refused += 1
                return (1 - self.level) / self.rate
            self.level -= 1
            self.last_accepted = now
            return None

    def work_off(self, batch_id: str, status: str = "completed") -> None:
        """Answer a batch as the rule says: "lose" leaves a request out, "500" fails it."""
        batch = self.batches[batch_id]
        good, bad = [], []
        for line in self.files[batch["input_file_id"]].decode().splitlines():
            asked = json.loads(line)
            user = asked["body"]["messages"][-1]["content"]
            self.asked[user] += 1
            what = self.rule(user, self.asked[user])
            told: dict[str, Any] = {"id": "r", "custom_id": asked["custom_id"], "error": None}
            if what == "lose":
                continue
            if what == "500":
                told["response"] = {"status_code": 500, "body": {"error": {"message": "It broke"}}}
                bad.append(told)
            else:
                self.paid[user] += 1
                content = "I'm sorry, no." if what == "refuse" else self.text(user)
                told["response"] = {"status_code": 200, "body": completion(content, user)}
                good.append(told)
        for name, rows in (("output", good), ("error", bad)):
            if rows:
                file = f"file-{name}-{batch_id}"
                self.files[file] = "\n".join(json.dumps(row) for row in rows[::-1]).encode()
                batch[f"{name}_file_id"] = file
        batch["status"] = status

    def text(self, user: str) -> str:
        """Return the description that this service gives."""
        return (
            f"It is the entity number {share(user):.6f} and acts on the pathway of the receptor "
            "that is known for it in the literature."
        )


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    service: Service

    def log_message(self, *_: Any) -> None:
        return

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def do_GET(self) -> None:
        service = self.service
        if self.path.startswith("/v1/batches?"):
            data = list(service.batches.values())
            self._json(200, {"object": "list", "data": data, "has_more": False})
        elif found := re.fullmatch(r"/v1/batches/(\w+)", self.path):
            batch = service.batches.get(found[1])
            self._json(200, batch) if batch else self._error(404, "no such batch")
        elif found := re.fullmatch(r"/v1/files/([\w-]+)/content", self.path):
            self._send(200, service.files[found[1]], "application/octet-stream")
        else:
            self._error(404, "no such page")

    def do_POST(self) -> None:
        service = self.service
        raw = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.headers.get("authorization") != f"Bearer {service.key}":
            self._error(401, f"Incorrect API key provided: {self.headers.get('authorization')}")
            return
        with service.lock:
            service.in_flight += 1
            service.most_in_flight = max(service.most_in_flight, service.in_flight)
        try:
            self._post(raw)
        finally:
            with service.lock:
                service.in_flight -= 1

    def _post(self, raw: bytes) -> None:
        if self.path == "/v1/files":
            self._upload(raw)
        elif self.path == "/v1/batches":
            self._create_batch(json.loads(raw))
        elif self.path == "/v1/embeddings":
            self._embed(json.loads(raw))
        elif self.path == "/v1/chat/completions":
            self._chat(json.loads(raw))
        else:
            self._error(404, "no such page")

    def _chat(self, body: dict[str, Any]) -> None:
        service, user = self.service, body["messages"][-1]["content"]
        with service.lock:
            service.asked[user] += 1
            n = service.asked[user]
            service.bodies.append(body)
        if body["model"] != service.model:
            self._error(404, f"The model {body['model']} does not exist", "model_not_found")
            return
        if "response_format" in body and not service.knows_formats:
            self._error(400, "response_format is not supported by this server")
            return
        wait = service.take()
        if wait is not None:
            self._error(429, "Rate limit reached", "rate_limit_exceeded", {"retry-after": wait})
            return
        if service.latency_s:
            time.sleep(service.latency_s)
        self._act(service.rule(user, n), user, body)

    def _act(self, what: str, user: str, body: dict[str, Any]) -> None:
        service = self.service
        if what == "cut":
            self.close_connection = True
            self.connection.close()
            return
        if what.isdigit():
            quota = {"429quota": "insufficient_quota"}.get(what)
            self._error(int(what[:3]), "It failed", quota)
            return
        if what == "quota":
            self._error(429, "You exceeded your current quota", "insufficient_quota")
            return
        if what == "slow":
            time.sleep(2.0)
        if what == "broken":
            self._send(200, b'{"choices": [{"message": {"content": "half', "application/json")
            return
        content: str | None = {
            "refuse": "I'm sorry, but I can't help with that.",
            "empty": "  ",
            "long": "word " * 20_000,
            "german": "Es ist ein Mittel, das bei der Behandlung von Schmerzen und Fieber für die "
            "Patienten mit dem Wirkstoff eingesetzt wird.",
            "html": '<script>alert("x")</script> is what it says about the receptor.',
            "surrogate": "Half a pair \ud800 in the text.",
        }.get(what, service.text(user))
        if "JSON object" in body["messages"][0]["content"] and what == "answer":
            fields = {"background": service.text(user), "treatment": "", "caution": "None known."}
            content = json.dumps(fields)
        with service.lock:
            service.paid[user] += 1
        self._json(200, completion(content or "", user))

    def _embed(self, body: dict[str, Any]) -> None:
        service = self.service
        wait = service.take()
        if wait is not None:
            self._error(429, "Rate limit reached", "rate_limit_exceeded", {"retry-after": wait})
            return
        texts = body["input"]
        with service.lock:
            service.embedded.update(texts)
            service.bodies.append(body)
        width = 8 if service.ignores_dimensions else body.get("dimensions", 8)
        rows = [[share(f"{i} {text}") - 0.5 for i in range(width)] for text in texts]
        data = [{"object": "embedding", "index": i, "embedding": r} for i, r in enumerate(rows)]
        usage = {"prompt_tokens": 3 * len(texts), "total_tokens": 3 * len(texts)}
        self._json(200, {"object": "list", "model": "e", "data": data, "usage": usage})

    def _upload(self, raw: bytes) -> None:
        boundary = self.headers["content-type"].split("boundary=")[1].encode()
        parts = raw.split(b"--" + boundary)
        content = next(p for p in parts if b'name="file"' in p).split(b"\r\n\r\n", 1)[1]
        name = f"file-{len(self.service.files) + 1}"
        self.service.files[name] = content.removesuffix(b"\r\n")
        self._json(200, {"id": name, "object": "file", "purpose": "batch"})

    def _create_batch(self, body: dict[str, Any]) -> None:
        batch = {
            "id": f"batch_{len(self.service.batches) + 1}",
            "object": "batch",
            "status": "in_progress",
            "created_at": int(time.time()),
            **body,
        }
        self.service.batches[batch["id"]] = batch
        if self.service.cuts_batches:
            self.close_connection = True
            self.connection.close()
            return
        self._json(200, batch)

    def _error(
        self,
        status: int,
        message: str,
        code: str | None = None,
        headers: dict[str, float] | None = None,
    ) -> None:
        body = {"error": {"message": message, "type": code, "code": code, "param": None}}
        self._send(status, json.dumps(body).encode(), "application/json", headers)

    def _json(self, status: int, content: Any) -> None:
        self._send(status, json.dumps(content).encode(), "application/json")

    def _send(
        self, status: int, body: bytes, kind: str, headers: dict[str, float] | None = None
    ) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, f"{value:.4f}")
        self.end_headers()
        self.wfile.write(body)


def completion(content: str, user: str) -> dict[str, Any]:
    """Return a chat completion as a service writes it."""
    message = {"role": "assistant", "content": content, "refusal": None}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": "fake-1",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
        "usage": {
            "prompt_tokens": len(user) // 4,
            "completion_tokens": len(content) // 4,
            "total_tokens": (len(user) + len(content)) // 4,
        },
    }


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: Any) -> None:
        return  # a client that was killed


@contextmanager
def serving(service: Service) -> Iterator[Service]:
    """Serve on a free port until the block ends."""
    handler = type("Handler", (_Handler,), {"service": service})
    server = _Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    service.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
