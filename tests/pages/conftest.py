"""Pages are tested as they run: app.py from its entrance, with the runs that ship."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from llador_core.paths import REPOSITORY
from llador_core.training import runs
from llador_core.training.runs import RunInfo

Open = Callable[..., AppTest]


@pytest.fixture
def open_page() -> Open:
    """Return a function that opens a page with parameters in its address."""

    def opened(page: str = "case_study", **params: str | list[str]) -> AppTest:
        app = AppTest.from_file(REPOSITORY / "app.py", default_timeout=30)
        for name, value in params.items():
            app.query_params[name] = value
        if page != "case_study":
            app.switch_page(f"pages/{page}.py")
        return app.run()

    return opened


@pytest.fixture(scope="session")
def default_run() -> RunInfo:
    """The run that the app opens with."""
    return runs.default_run("starter")


@pytest.fixture
def own_run(home: Path, default_run: RunInfo) -> Iterator[Path]:
    """A copy of a pretrained run among the user's own, to be damaged."""
    folder = home / "runs" / "starter-distmult-full-mine"
    shutil.copytree(default_run.folder, folder)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def fresh_cache() -> Iterator[None]:
    """Nothing cached by other tests, and nothing left to them."""
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()
