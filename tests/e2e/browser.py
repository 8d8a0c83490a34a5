"""A server of the app on a free port, and a real Chromium to look at it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, Playwright

from llador_core.paths import REPOSITORY

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
IDLE = '[data-testid="stApp"][data-test-script-state="notRunning"]'
START_S = 60


def chromium() -> str | None:
    """Return the path of an installed Chromium, None without one."""
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    return next((path for path in found if path), None)


def launch(playwright: Playwright) -> Browser:
    """Return a running browser."""
    return playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))


@contextmanager
def served(home: Path, script: Path = REPOSITORY / "app.py") -> Iterator[str]:
    """Start a server and yield its address once it answers; stop it at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = {"port": port, "headless": "true", "address": "127.0.0.1"}
    command = [sys.executable, "-m", "streamlit", "run", str(script)]
    command += [f"--server.{name}={value}" for name, value in options.items()]
    environment = {**os.environ, "LLADOR_HOME": str(home), "PYTHONPATH": str(REPOSITORY)}
    with (home / "server.log").open("w") as log:
        server = subprocess.Popen(
            command, cwd=REPOSITORY, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            wait_for(f"http://127.0.0.1:{port}/_stcore/health", server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(10)


def wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    """Return once `address` answers. Raises RuntimeError when the server ends or is too slow."""
    end = time.monotonic() + START_S
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.02)
    raise RuntimeError(f"the server did not answer at {address}; it ended with {server.poll()}")


def settle(page: Page) -> None:
    """Wait until the page has run to its end and nothing is about to run."""
    for _ in range(2):  # a click takes a moment to reach the server, and may set off a second run
        page.wait_for_timeout(120)
        page.wait_for_selector(IDLE)
