"""A web server on this machine that sends a file, and misbehaves as it is told to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server:
    """What the server sends, how it misbehaves, and what it was asked.

    Attributes
    ----------
    content : bytes
    etag : str
        "" for none.
    knows_ranges : bool
    cut_after : list of int
        So many bytes are sent of each of the next answers, then the connection is cut.
    statuses : list of int
        The next answers are these instead.
    page : str
        Sent as a web page in the place of the file.
    says_length : int or None
        In the place of the real length.
    silence_s : float
        Waits so long in the middle of an answer.
    asked : list of dict
        The headers of each request.
    """

    def __init__(self) -> None:
        self.content = bytes(range(256)) * 4096  # 1 MB
        self.etag = '"one"'
        self.knows_ranges = True
        self.cut_after: list[int] = []
        self.statuses: list[int] = []
        self.page = ""
        self.says_length: int | None = None
        self.silence_s = 0.0
        self.pace_bytes_s = 0
        self.asked: list[dict[str, str]] = []
        self.stopped = threading.Event()
        self.url = ""


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None: ...

        def do_GET(self) -> None:
            server.asked.append(dict(self.headers))
            if server.statuses:
                self.send_response(server.statuses.pop(0))
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            if server.page:
                body = server.page.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                return
            self._send_file()

        def _send_file(self) -> None:
            asked = self.headers.get("Range", "")
            same = self.headers.get("If-Range", server.etag) == server.etag
            start = 0
            if asked and server.knows_ranges and same:
                start = int(asked.removeprefix("bytes=").rstrip("-"))
                if start >= len(server.content):
                    self.send_response(416)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                self.send_response(206)
                end = len(server.content)
                self.send_header("Content-Range", f"bytes {start}-{end - 1}/{end}")
            else:
                self.send_response(200)
            body = server.content[start:]
            length = len(body) if server.says_length is None else server.says_length
            self.send_header("Content-Length", str(length))
            if server.etag:
                self.send_header("ETag", server.etag)
            self.end_headers()
            self._write(body)

        def _write(self, body: bytes) -> None:
            n = server.cut_after.pop(0) if server.cut_after else len(body)
            step = server.pace_bytes_s // 10 or len(body) or 1
            for i in range(0, n, step):
                self.wfile.write(body[i : min(i + step, n)])
                self.wfile.flush()
                if server.pace_bytes_s and server.stopped.wait(0.1):
                    return
            if server.silence_s:
                server.stopped.wait(server.silence_s)
            self.close_connection = True

    return Handler


@contextmanager
def serving(change: Callable[[Server], None] | None = None) -> Iterator[Server]:
    """Serve inside the block, at `server.url`."""
    server = Server()
    if change:
        change(server)
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server))
    http.daemon_threads = True
    server.url = f"http://127.0.0.1:{http.server_port}/file.bin"
    thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stopped.set()
        http.shutdown()
        http.server_close()
        thread.join()
