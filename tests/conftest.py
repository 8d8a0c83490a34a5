"""Fixtures for every test: no test writes to the real home, and real files are found or skipped."""

from __future__ import annotations

import os

# Read when NumPy and torch are imported. UMAP's threads and torch's, or those of tests side by
# side, wait for each other at full speed on a busy machine.
os.environ.setdefault("NUMBA_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from llador_core import paths
from llador_core.data import load_graph
from llador_core.graph import Graph

settings.register_profile("llador", database=None, deadline=None)  # no time limit on a busy machine
settings.load_profile("llador")


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home of the test session's own."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LLADOR_HOME", str(folder))
        yield folder


@pytest.fixture(scope="session")
def starter() -> Graph:
    """The built-in graph."""
    return load_graph("starter")


@pytest.fixture(scope="session")
def raw_data() -> Path:
    """The folder of real upstream files; skips the test where there is none."""
    given = os.environ.get("LLADOR_RAW")
    folder = Path(given) if given else paths.REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no upstream files: LLADOR_RAW is not set and {folder} does not exist")
    return folder
