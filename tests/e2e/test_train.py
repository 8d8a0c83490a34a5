"""The live demo in a real Chromium: it outlives the server that started it, and ends in a case."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from llador_core import jobs
from llador_core.training import queue
from tests.e2e.browser import served, settle
from tests.e2e.conftest import Visit

pytestmark = pytest.mark.e2e
ENDS_MS = 240_000  # the machine may be busy
AT_WORK = re.compile("no prior · .*at work")
SMALL = quote("dim=32\nsteps=1800\nvalidate_every=60\nbatch_size=128")


def shown(page: Page) -> tuple[list[str], int]:
    """Return which training the page follows, and how many pictures it has of it."""
    return page.get_by_text("at work").all_inner_texts(), page.locator("canvas").count()


def test_a_demo_outlives_its_server_and_leads_to_the_case(
    tmp_path: Path, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLADOR_HOME", str(tmp_path))
    try:
        with served(tmp_path) as address:
            page = visit(f"{address}/train?what=demo&size=1000&set={SMALL}")
            page.get_by_role("button", name="Start the demo").click()
            at_work = page.get_by_text(AT_WORK)
            expect(page.get_by_text("1st in line")).to_be_visible(timeout=ENDS_MS)
            expect(at_work).to_be_visible(timeout=ENDS_MS)
            visitor = visit(f"{address}/train")
            expect(visitor.get_by_text(AT_WORK)).to_be_visible()
        states = [job.state for job in queue.list_jobs()]
        assert {"running", "waiting"} & set(states), "both were over before the server was"
        assert set(states) <= {"running", "waiting", "done"}, "without a server"
        with served(tmp_path) as address:
            page = visit(f"{address}/train")
            expect(page.get_by_text("Time so far")).to_be_visible(timeout=ENDS_MS)
            page.locator("canvas").first.wait_for(timeout=ENDS_MS)
            for _ in range(4):  # pictures change when one training ends and the next begins
                before = shown(page)
                chart = page.locator("canvas").first
                chart.evaluate("one => one.setAttribute('data-mark', 'first')")
                page.wait_for_timeout(1500)
                if before == shown(page):
                    is_same = page.locator("canvas[data-mark=first]").count() == 1
                    assert is_same, "it must not flicker"
                    break
            case = page.get_by_role("link", name="Case study: full LLM prior against the other")
            expect(case).to_be_visible(timeout=ENDS_MS)
            settle(page)
            case.click()
            page.wait_for_url(lambda url: "step=4" in url)
            settle(page)
            expect(page.get_by_role("heading", name="Alzheimer's disease").first).to_be_visible()
            expect(page.get_by_text("What did the prior move?")).to_be_visible()
            assert page.get_by_test_id("stAlert").count() == 0
    finally:
        for name in jobs.names():
            jobs.cancel(name)
