"""How long a reader waits on the pages that explain: pair, neighbourhood, embedding map.

    python benchmarks/explore_latency.py

On the built-in graph, and on the DRKG-format graph where its file (LLADOR_RAW) and a run with a
text prior beside one without (LLADOR_HOME) are here, their map made by `project`. Drives a real
Chromium on a warm server, as a reader who comes from another page; each figure is the median of
five. A click on a node includes the 150 ms that Streamlit waits for a second one. Writes
benchmarks/results/explore_latency.json and ends with status 1 when a bar is missed.
"""

from __future__ import annotations

import json
import re
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))

from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402

from benchmarks.machine import commit, machine, today  # noqa: E402
from llador_core.data import list_graphs, load_graph  # noqa: E402
from llador_core.explain import explain  # noqa: E402
from llador_core.explain.neighbourhood import surroundings  # noqa: E402
from llador_core.graph import Graph  # noqa: E402
from llador_core.paths import home  # noqa: E402
from llador_core.ranking import rank_candidates  # noqa: E402
from llador_core.training import runs  # noqa: E402
from tests.e2e.browser import launch, served, settle  # noqa: E402
from tests.e2e.test_neighbourhood import pixel  # noqa: E402

RESULT = REPOSITORY / "benchmarks" / "results" / "explore_latency.json"
N_REPEATS = 5
FIGURE = ".js-plotly-plot .main-svg"
MAP = ".js-plotly-plot .gl-canvas"
NETWORK = "[data-testid=stEChartsChart][aria-busy=false]"
WHY = "Why this drug? Open the pair"


class Case(NamedTuple):
    """What is looked at on a graph, and how long a reader may wait for it, in seconds."""

    graph: str
    disease: str
    bars: dict[str, float]


CASES = (
    Case(
        "starter",
        "Disease::DOID:10652",
        {"pair_s": 1.0, "paths_s": 0.3, "expand_s": 1.0, "map_s": 1.0},
    ),
    Case(
        "drkg",
        "Disease::MESH:D000544",
        {"pair_s": 1.5, "paths_s": 0.3, "expand_s": 0.3, "map_s": 3.0},
    ),
)


def seconds(action: Callable[[], object]) -> float:
    """Return how long `action` takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def first_new(graph: Graph, disease: int, n: int) -> list[int]:
    """Return the first drugs that the default run proposes for a disease."""
    run = runs.load_run(runs.default_run(graph.name).name)
    rows = rank_candidates(graph, run, disease=disease)
    return [row.entity for row in rows if row.status == "new"][:n]


def paths(graph: Graph, disease: int, drugs: list[int]) -> list[float]:
    """Return the seconds of finding all paths of a pair, in this process, the graph being read."""
    run = runs.load_run(runs.default_run(graph.name).name)
    explain(graph, drugs[0], disease, run=run)  # the first call builds what all others use
    return [seconds(lambda d=drug: explain(graph, d, disease, run=run)) for drug in drugs[1:]]


def pairs(page: Page, address: str, case: Case, graph: Graph, drugs: list[int]) -> list[float]:
    """Return the seconds from a click on the candidates page to a pair with its last figure."""
    took = []
    for drug in drugs:
        page.goto(
            f"{address}/candidates?graph={case.graph}&disease={case.disease}"
            f"&drug={graph.entity_ids[drug]}"
        )
        link = page.get_by_role("link", name=WHY)
        link.wait_for()
        settle(page)

        def follow(link: object = link) -> None:
            link.click()  # type: ignore[attr-defined]
            page.get_by_role("heading", name="Against", exact=True).wait_for()
            page.locator(FIGURE).nth(2).wait_for()  # a plot has three layers
            page.get_by_role("heading", name="Look it up").wait_for()

        took.append(seconds(follow))
    return took[1:]


def expansions(page: Page, address: str, case: Case, graph: Graph) -> list[float]:
    """Return the seconds from a click on a node to the picture with its neighbours."""
    focus = graph.mapped(case.disease)
    others = [e for e in surroundings(graph, focus, focus).entities if e != focus]
    took: list[float] = []
    for other in others[: N_REPEATS + 1]:
        page.goto(f"{address}/neighbourhood?graph={case.graph}&node={case.disease}")
        page.wait_for_selector(NETWORK)
        settle(page)
        x, y = pixel(page, graph, case.disease, graph.entity_ids[other])

        def click(x: float = x, y: float = y) -> None:
            page.mouse.click(x, y)
            page.wait_for_url(re.compile("expand"))
            page.get_by_text(re.compile("more by expanding")).wait_for()

        took.append(seconds(click))
    return took[1:]


def maps(page: Page, address: str, case: Case) -> list[float]:
    """Return the seconds from a click on the case study to the map of all entities, drawn."""
    took = []
    for _ in range(N_REPEATS + 1):
        page.goto(f"{address}/?graph={case.graph}&disease={case.disease}")
        page.wait_for_selector(FIGURE)
        link = page.get_by_role("link", name="What moved")
        link.wait_for()
        settle(page)

        def follow(link: object = link) -> None:
            link.click()  # type: ignore[attr-defined]
            page.wait_for_selector(MAP)

        took.append(seconds(follow))
    return took[1:]


def measure(browser: Browser, case: Case) -> dict[str, list[float]]:
    """Return every time measured on a graph, by name."""
    graph = load_graph(case.graph)
    disease = graph.mapped(case.disease)
    drugs = first_new(graph, disease, N_REPEATS + 1)
    times = {"paths_s": paths(graph, disease, drugs)}
    with served(home()) as address:
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        page.set_default_timeout(120_000)
        times["pair_s"] = pairs(page, address, case, graph, drugs)
        times["expand_s"] = expansions(page, address, case, graph)
        times["map_s"] = maps(page, address, case)
        page.close()
    return times


def is_ready(case: Case) -> bool:
    """Return whether the graph is here with a run that has a twin without prior."""
    if not any(info.name == case.graph and info.is_here for info in list_graphs()):
        return False
    finished = [run for run in runs.list_runs(case.graph) if run.is_finished]
    return any(run.prior != "none" and runs.partner(run) for run in finished)


def main() -> int:
    report: dict[str, object] = {
        "date": today(),
        "commit": commit(),
        "machine": machine(),
    }
    missed: list[str] = []
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for case in CASES:
            if not is_ready(case):
                print(f"{case.graph}: left out, its file or its two runs are not here.")
                continue
            times = measure(browser, case)
            medians = {name: round(statistics.median(values), 3) for name, values in times.items()}
            late = [name for name, bar in case.bars.items() if medians[name] > bar]
            missed += [f"{case.graph} {name}" for name in late]
            report[case.graph] = {
                "median": medians,
                "worst": {name: round(max(values), 3) for name, values in times.items()},
                "bars": case.bars,
                "missed": late,
            }
        browser.close()
    RESULT.write_text(json.dumps(report, indent=2) + "\n", "utf-8")
    print(json.dumps(report, indent=2))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
