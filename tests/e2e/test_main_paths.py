"""The ways a person goes through the app, in a real Chromium."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Response, expect

from llador_core.escape import WORD_JOINER, plain
from llador_core.graph import Graph
from llador_core.ranking import rank_candidates
from llador_core.training import runs
from tests.e2e.browser import served, settle
from tests.e2e.conftest import Visit

pytestmark = pytest.mark.e2e
STEPS = (
    "What does the graph know?",
    "Can this list be trusted?",
    "Who is proposed?",
    "What did the prior move?",
    "What to be careful about?",
)


def click_row(page: Page, row: int) -> None:
    """Tick the box of a row of the table, which is drawn on a canvas."""
    box = page.get_by_test_id("stDataFrame").locator("canvas").first.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 18, box["y"] + 35 * (row + 1) + 17)
    settle(page)


def shown(page: Page, text: str) -> None:
    expect(page.get_by_text(text, exact=True).first).to_be_visible()


def test_from_landing_through_the_story_to_an_export(address: str, visit: Visit) -> None:
    page = visit(address)
    for step, title in enumerate(STEPS, start=1):
        expect(page.get_by_role("heading", name=title)).to_be_visible()
        expect(page.get_by_role("figure")).to_have_count(1)
        assert len(page.get_by_role("figure").get_attribute("aria-label") or "") > 20
        if step < len(STEPS):
            page.get_by_role("button", name="Next").click()
            page.wait_for_url(f"**/?step={step + 1}")
    page.get_by_role("link", name="Candidates").click()
    settle(page)
    page.get_by_text("Hide contraindicated").click()
    settle(page)
    page.get_by_role("button", name="Known", exact=True).click()
    page.get_by_role("button", name="Hidden", exact=True).click()
    settle(page)
    click_row(page, 0)
    name = page.get_by_role("heading", level=3).inner_text()
    assert "drug=Compound" in page.url
    expect(page.get_by_text("New proposal")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Download as CSV"))).to_have_count(0)

    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("Export")).click()
    lines = Path(download.value.path()).read_text("utf-8").splitlines()
    head = [line for line in lines if line.startswith("# ")]
    rows = list(csv.DictReader(io.StringIO("\n".join(lines[len(head) :]))))
    assert head[0].startswith("# notice: For research only")
    told = dict(line[2:].split(": ", 1) for line in head)
    assert told["rows"] == f"{len(rows)} of 636; status New, without contraindicated"
    assert rows[0]["name"] == name
    assert {row["status"] for row in rows} == {"new"}
    assert {row["contraindicated"] for row in rows} == {"false"}


def test_a_pasted_link_opens_the_same_view_on_a_fresh_server(
    address: str, fresh_address: str, visit: Visit
) -> None:
    link = "/candidates?disease=Disease::DOID:14330&status=New&safe=true&drug=Compound::DB00843"
    here = visit(address + link)
    there = visit(fresh_address + link)
    for page in (here, there):
        expect(page.get_by_role("heading", level=1)).to_have_text("Parkinson's disease")
        expect(page.get_by_role("heading", level=3)).to_have_text("Donepezil")
        expect(page.get_by_role("link", name="Case study")).to_be_visible()
        expect(page.get_by_test_id("stSidebarNav")).to_have_count(0)
        assert "status=New" in page.url
        assert "safe=true" in page.url
    count = re.compile(r"^\d+ of 636 drugs listed\.$")
    assert here.get_by_text(count).first.inner_text() == there.get_by_text(count).first.inner_text()


def test_the_name_of_the_default_page_is_an_address_too(fresh_address: str, visit: Visit) -> None:
    page = visit(f"{fresh_address}/case_study?step=4")
    expect(page.get_by_role("heading", name=STEPS[3])).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_bad_link_has_a_way_on(address: str, visit: Visit) -> None:
    page = visit(f"{address}/?disease=alzhimer&step=3")
    expect(page.get_by_role("alert")).to_contain_text("There is no disease")
    page.get_by_role("button", name="Alzheimer's disease").click()
    expect(page.get_by_role("heading", name=STEPS[2])).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_search_choose_and_carry_the_disease_to_the_other_page(address: str, visit: Visit) -> None:
    page = visit(f"{address}/?step=3")
    page.get_by_role("searchbox").press_sequentially("parkinsn", delay=20)
    page.get_by_role("button", name=re.compile("Parkinson's disease")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Parkinson's disease")
    page.get_by_role("link", name="Candidates").click()
    page.wait_for_url("**/candidates?**")
    expect(page.get_by_role("heading", level=1)).to_have_text("Parkinson's disease")
    page.get_by_role("link", name="Case study").click()
    expect(page.get_by_role("heading", name=STEPS[2])).to_be_visible()
    for _ in range(2):  # one at a time: Streamlit loses a step back while it still runs
        settle(page)
        page.go_back()
    settle(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Parkinson's disease")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Alzheimer's disease")


def test_a_presenter_walks_by_the_arrow_keys(address: str, visit: Visit) -> None:
    page = visit(address)
    expect(page.get_by_role("button", name="Next")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", name=STEPS[1])).to_be_visible()
    settle(page)
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("heading", name=STEPS[0])).to_be_visible()


def test_a_picture_opens_as_a_table(address: str, visit: Visit) -> None:
    page = visit(f"{address}/?step=2")
    expect(page.get_by_test_id("stDataFrame")).to_have_count(0)
    page.get_by_text("The same as a table").click()
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV", exact=True).click()
    head = [
        line
        for line in Path(download.value.path()).read_text("utf-8").splitlines()
        if line.startswith("# ")
    ]
    assert head[0].startswith("# notice: For research only")
    told = dict(line[2:].split(": ", 1) for line in head)
    assert told["run"] == runs.default_run("starter").name
    assert told["address"].startswith("/?")
    assert "step=2" in told["address"]
    assert {"graph checksum", "exported", "prior"} <= set(told)
    page.wait_for_url("**recall-table=true**")
    page.reload()
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()


def test_a_row_can_be_left_again(address: str, visit: Visit, starter: Graph) -> None:
    run = runs.load_run(runs.default_run("starter").name)
    alzheimer = starter.mapped("Disease::DOID:10652")
    ranking = rank_candidates(starter, run, disease=alzheimer)
    row = [c.id for c in ranking].index("Compound::DB00843")
    assert row < 14, "below the fold of the table, so it cannot be clicked"
    page = visit(f"{address}/candidates?drug=Compound::DB00843")
    shown(page, "Donepezil")
    click_row(page, row)
    expect(page.get_by_text("No drug chosen")).to_be_visible()
    assert "drug=" not in page.url


@pytest.mark.parametrize(
    "path",
    [*(f"/?step={n}" for n in range(1, 6)), "/candidates", "/pair", "/embedding_shift"],
)
def test_a_phone_never_scrolls_sideways(path: str, address: str, visit: Visit) -> None:
    page = visit(address + path, width=390, height=844)
    widths = page.evaluate(
        "[...document.querySelectorAll('[data-testid=stMain], body')].map(e => e.scrollWidth)"
    )
    assert max(widths) <= 390


@pytest.mark.parametrize(
    ("scheme", "ground"), [("light", "rgb(252, 252, 250)"), ("dark", "rgb(16, 24, 29)")]
)
def test_the_page_follows_the_reader_s_theme(
    scheme: str, ground: str, address: str, visit: Visit
) -> None:
    page = visit(address, scheme=scheme)
    colour = page.get_by_test_id("stApp").evaluate("e => getComputedStyle(e).backgroundColor")
    assert colour == ground


def test_nothing_is_asked_of_the_internet(address: str, visit: Visit) -> None:
    page = visit(address)
    asked: list[str] = []
    failed: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    def note(response: Response) -> None:
        # A deep link makes Streamlit look for itself below the page first; that is its habit.
        if response.status >= 400 and "/_stcore/" not in response.url:
            failed.append(response.url)

    page.on("response", note)
    pages = ("/candidates?drug=Compound::DB00843", "/pair")
    for path in (*(f"/?step={n}" for n in range(1, 6)), *pages):
        page.goto(address + path)
        page.wait_for_selector("h1")
        settle(page)
    outside = [u for u in asked if not u.startswith((address, address.replace("http", "ws")))]
    assert [u for u in outside if not u.startswith(("data:", "blob:"))] == []
    assert failed == []


NASTY = [
    "<script>window.stolen = 1</script><b>bold</b>",
    "a | b **c** _d_ ~~e~~ `f`",
    "$5 and $x^2$ or $$y$$",
    ":tada: :material/home: :red[x] :blue-badge[y] :streamlit:",
    "[a](https://evil.example) https://evil.example www.evil.example me@evil.example",
    "# big\n- item\n> quote",
    "![pixel](https://evil.example/p.png)",
    "1. one -> two",
    "\u202egnp.exe\u202c \u200fx",
    "back\\slash \\* &lt;b&gt; &amp;",
]
PROBE = """
import json
import streamlit as st
from llador_core.escape import markdown
for i, text in enumerate(json.loads({texts!r})):
    st.container(key=f"a{{i}}").markdown(markdown(text))
    st.container(key=f"b{{i}}").caption("x " + markdown(text))
    st.container(key=f"c{{i}}").button(markdown(text), key=f"button{{i}}")
    st.container(key=f"d{{i}}").title(markdown(text), anchor=False)
    st.container(key=f"e{{i}}").table({{markdown(text): "x"}})
    st.container(key=f"f{{i}}").error(markdown(text))
    st.container(key=f"g{{i}}").expander(markdown(text))
    st.container(key=f"i{{i}}").markdown(f":orange-background[x {{markdown(text)}}]")
    st.container(key=f"j{{i}}").markdown(f":small[:gray[-{{markdown(text)}}-]] x")
    st.container(key=f"h{{i}}").text(text)
"""
MARKUP = "a, img, script, strong, em, del, code, ul, ol, blockquote, .katex, h2"


def test_foreign_text_is_shown_literally_wherever_markdown_goes(
    tmp_path: Path, visit: Visit
) -> None:
    script = tmp_path / "probe.py"
    script.write_text(PROBE.format(texts=json.dumps(NASTY)), "utf-8")
    with served(tmp_path, script) as address:
        page = visit(address)
        page.wait_for_selector(f".st-key-h{len(NASTY) - 1}")
        settle(page)
        for i, text in enumerate(NASTY):
            for place in "abcdefgij":
                element = page.locator(f".st-key-{place}{i}")
                read = " ".join((element.text_content() or "").replace(WORD_JOINER, "").split())
                assert plain(text) in read, (place, text, read)
                assert element.locator(MARKUP).count() == 0, (place, text)
            assert page.locator(f".st-key-h{i}").locator(MARKUP).count() == 0
        assert page.evaluate("window.stolen") is None
