"""What every page has, whatever it shows."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from llador_core.paths import REPOSITORY
from pages._ui import frame
from tests.core.figures.test_style import contrast
from tests.pages.conftest import Open

PAGES = sorted(path.stem for path in (REPOSITORY / "pages").glob("*.py"))
TOOLS = [Path(path).stem for path in frame.TOOLS]
ABOUT_A_CASE = [page for page in PAGES if page not in TOOLS]


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_with_notice_links_and_a_title(page: str, open_page: Open) -> None:
    app = open_page(page)
    assert not app.exception
    assert any("For research only" in caption.value for caption in app.caption)
    assert [link.label for link in app.get("page_link")][:2] == ["Case study", "Candidates"]
    [title] = [title.value for title in app.title]
    assert (r"Alzheimer\'s disease" in title) is (page in ABOUT_A_CASE)


@pytest.mark.parametrize("page", PAGES)
def test_every_page_sets_itself_up_before_all_else(page: str) -> None:
    tree = ast.parse((REPOSITORY / "pages" / f"{page}.py").read_text("utf-8"))
    body = [n for n in tree.body if not isinstance(n, ast.Import | ast.ImportFrom)]
    first = ast.unparse(body[1])  # after the docstring
    assert first == f"frame.page_setup(frame.{page.upper()})"


def test_every_page_can_be_reached() -> None:
    assert sorted(Path(path).stem for path in frame.LINKS | frame.TOOLS) == PAGES


def test_links_take_the_choices_along_but_no_filters(open_page: Open) -> None:
    app = open_page("candidates", disease="Disease::DOID:14330", safe="true", step="3")
    [case, candidates] = app.get("page_link")[:2]
    for link in (case, candidates):
        assert "DOID%3A14330" in link.proto.query_string
        assert "step=3" in link.proto.query_string
        assert "safe" not in link.proto.query_string


def test_browsing_never_imports_torch_nor_the_first_page_pandas() -> None:
    code = """
import sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("app.py", default_timeout=60)
assert not app.run().exception
print("first page:", *[m for m in ("pandas", "scipy", "sklearn") if m in sys.modules])
for step in "12345":
    app.query_params["step"] = step
    assert not app.run().exception
for page in ("candidates", "pair", "embedding_shift", "train"):
    assert not app.switch_page(f"pages/{page}.py").run().exception
print(*[m for m in ("torch", "pykeen", "sentence_transformers", "umap") if m in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    # Half a second of pandas would come before the first picture.
    assert done.stdout.splitlines() == ["first page:", ""]


@pytest.mark.parametrize(("theme", "is_set"), [("light", True), ("dark", False), (None, False)])
def test_words_of_figures_are_darkened_on_paper_alone(theme: str | None, is_set: bool) -> None:
    app = AppTest.from_file(REPOSITORY / "app.py", default_timeout=30)
    if theme:
        app.context = {"theme": theme}
    app.run()
    layout = json.loads(app.get("plotly_chart")[0].proto.spec)["layout"]
    assert ("color" in layout["font"]) is is_set
    if is_set:
        assert contrast(layout["font"]["color"], "#FCFCFA") >= 4.5
        assert contrast(layout["font"]["color"], "#10181D") >= 3


@pytest.fixture
def two_graphs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The starter graph and Hetionet's sample, whose runs nobody has trained."""
    monkeypatch.setenv("LLADOR_RAW", str(REPOSITORY / "tests" / "data"))


def test_one_graph_is_no_choice(
    open_page: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LLADOR_RAW", str(tmp_path))
    assert "graph_pick" not in [box.key for box in open_page().selectbox]


@pytest.mark.parametrize("page", PAGES)
def test_the_graph_is_chosen_on_every_page_and_stands_in_the_address(
    page: str, open_page: Open, two_graphs: None
) -> None:
    app = open_page(page, disease="Disease::DOID:14330", step="2")
    pick = app.selectbox(key="graph_pick")
    assert (pick.value, len(pick.options)) == ("starter", 2)
    pick.set_value("hetionet").run()
    assert not app.exception
    # the disease belongs to the old graph, the step to none
    assert dict(app.query_params) == {"step": "2", "graph": "hetionet"}
    app.selectbox(key="graph_pick").set_value("starter").run()
    assert dict(app.query_params) == {"step": "2"}


def test_filters_stay_in_the_address_with_their_widgets_when_the_graph_changes() -> None:
    def script() -> None:
        from pages._ui import state

        state.choose_graph("hetionet")

    app = AppTest.from_function(script)
    given = {"safe": "true", "moved": "10", "drug": "Compound::DB00843", "class": "Dyes"}
    for name, value in given.items():
        app.query_params[name] = value
    kept = {"safe": "true", "moved": "10", "graph": "hetionet"}
    assert {name: app.query_params[name] for name in app.run().query_params} == kept


def test_a_link_to_a_graph_opens_with_it_chosen(open_page: Open, two_graphs: None) -> None:
    app = open_page("candidates", graph="hetionet")
    assert app.selectbox(key="graph_pick").value == "hetionet"
    assert "no finished run of graph" in app.info[0].value
    assert open_page(graph="nonsense").selectbox(key="graph_pick").value is None
