"""How long a reader waits: server start to first page, page switch, step, ranking in the app.

    python benchmarks/app_latency.py

Drives a real Chromium; each figure is the median of five. Writes
benchmarks/results/app_latency.json and ends with status 1 when a bar is missed.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))

from playwright.sync_api import Page, Playwright, sync_playwright  # noqa: E402

from benchmarks.machine import commit, machine, today  # noqa: E402
from llador_core.data import load_graph  # noqa: E402
from llador_core.priors.texts import load_texts  # noqa: E402
from llador_core.ranking import rank_candidates  # noqa: E402
from llador_core.training import runs  # noqa: E402
from tests.e2e.browser import launch, served  # noqa: E402

RESULT = REPOSITORY / "benchmarks" / "results" / "app_latency.json"
N_REPEATS = 5
BARS = {"first_page_s": 5.0, "page_switch_s": 1.0, "step_s": 1.0, "rank_s": 0.1, "cold_rank_s": 2.0}
FIGURE = ".js-plotly-plot .main-svg"
TABLE = '[data-testid="stDataFrame"] canvas'


def seconds(action: Callable[[], object]) -> float:
    """Return how long `action` takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def first_page(playwright: Playwright) -> float:
    """Return seconds from starting the server to the landing page with its figure drawn."""
    browser = launch(playwright)
    page = browser.new_page()
    with tempfile.TemporaryDirectory() as home:
        start = time.perf_counter()
        with served(Path(home)) as address:
            page.goto(address)
            page.wait_for_selector(FIGURE)
            took = time.perf_counter() - start
    browser.close()
    return took


def moves(page: Page) -> dict[str, list[float]]:
    """Return the seconds of page switches, there and back, and of steps of the story."""

    def to_candidates() -> None:
        page.get_by_role("link", name="Candidates").click()
        page.wait_for_selector(TABLE)

    def to_case_study() -> None:
        page.get_by_role("link", name="Case study").click()
        page.wait_for_selector(FIGURE)

    def to_step(title: str) -> None:
        page.get_by_role("button", name="Next").click()
        page.get_by_role("heading", name=title).wait_for()
        page.wait_for_selector(FIGURE)

    switches = []
    for _ in range(N_REPEATS):
        for move in (to_candidates, to_case_study):
            switches.append(seconds(move))
            page.wait_for_timeout(300)
    titles = ("Can this list be trusted?", "Who is proposed?", "What did the prior move?")
    steps = []
    for title in (*titles, "What to be careful about?"):
        steps.append(seconds(lambda title=title: to_step(title)))  # type: ignore[misc]
        page.wait_for_timeout(300)
    return {"page_switch_s": switches, "step_s": steps}


def ranking() -> list[float]:
    """Return the seconds of ranking all drugs for a disease, everything read beforehand."""
    graph = load_graph("starter")
    info = runs.default_run("starter")
    twin = runs.partner(info)
    run, base = runs.load_run(info.name), runs.load_run(twin.name) if twin else None
    texts = load_texts(graph)

    def rank(disease: int) -> None:
        rank_candidates(graph, run, disease=disease, base=base, texts=texts)

    rank(int(graph.diseases[0]))  # the first call builds what all others use
    return [seconds(lambda d=d: rank(int(d))) for d in graph.diseases[1 : N_REPEATS + 1]]


def cold_ranking() -> list[float]:
    """Return the seconds of the command `rank`, each in a process of its own."""
    command = [sys.executable, "-m", "llador_core", "rank", "--json", "--run"]
    command += [runs.default_run("starter").name, "--disease", "Alzheimer's disease"]

    def rank() -> None:
        subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=True)

    return [seconds(rank) for _ in range(N_REPEATS)]


def measure() -> dict[str, list[float]]:
    """Return every time measured, by name."""
    with sync_playwright() as playwright:
        times = {"first_page_s": [first_page(playwright) for _ in range(N_REPEATS)]}
        browser = launch(playwright)
        with tempfile.TemporaryDirectory() as home, served(Path(home)) as address:
            page = browser.new_page()
            page.goto(address)
            page.wait_for_selector(FIGURE)
            times |= moves(page)
        browser.close()
    return times | {"rank_s": ranking(), "cold_rank_s": cold_ranking()}


def main() -> int:
    times = measure()
    medians = {name: round(statistics.median(values), 3) for name, values in times.items()}
    missed = [name for name, bar in BARS.items() if medians[name] > bar]
    report = {
        "date": today(),
        "commit": commit(),
        "machine": machine(),
        "median": medians,
        "worst": {name: round(max(values), 3) for name, values in times.items()},
        "bars": BARS,
        "missed": missed,
    }
    RESULT.write_text(json.dumps(report, indent=2) + "\n", "utf-8")
    print(json.dumps(report, indent=2))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
