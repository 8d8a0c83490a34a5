"""The project keeps the rules of DESIGN.md, and the checker sees a breach of each."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from llador_core.paths import REPOSITORY
from tests.architecture import imports, part_of, sources, violations

HEAVY = ("torch", "pykeen", "plotly", "pyarrow", "rapidfuzz", "networkx", "streamlit", "pandas")


def test_the_project_keeps_every_rule() -> None:
    assert len(sources(REPOSITORY)) > 10
    assert violations(REPOSITORY) == []


PLANTED = [
    ("llador_core/graph.py", "from llador_core.data import load_graph", "graph imports data"),
    ("llador_core/data/x.py", "def f():\n    import llador_core.models.kge", "data imports models"),
    ("llador_core/models/x.py", "from llador_core.priors import texts", "models imports priors"),
    ("llador_core/models/x.py", "from ..priors import texts", "models imports priors"),
    ("llador_core/priors/x.py", "from llador_core import ranking", "priors imports ranking"),
    ("llador_core/evaluation/x.py", "import llador_core.training", "evaluation imports training"),
    ("llador_core/training/x.py", "from llador_core.ranking import f", "training imports ranking"),
    ("llador_core/ranking.py", "import llador_core.explain.paths", "ranking imports explain"),
    ("llador_core/ranking.py", "from llador_core import figures", "ranking imports figures"),
    ("llador_core/figures/x.py", "from pages._ui import state", "figures imports pages/_ui"),
    ("llador_core/data/x.py", "from llador_core import __main__", "data imports __main__"),
    ("llador_core/__main__.py", "import pages._ui.state", "__main__ imports pages/_ui"),
    ("pages/_ui/x.py", "from pages import candidates", "pages/_ui imports pages"),
    ("pages/_ui/x.py", "import app", "pages/_ui imports app"),
    ("llador_core/helpers.py", "", "'helpers' has no place"),
    ("llador_core/ranking.py", "import streamlit as st", "imports streamlit"),
    ("llador_core/x/y.py", "def f():\n    from streamlit import cache_data", "imports streamlit"),
    ("llador_core/ranking.py", "import importlib\nimportlib.import_module('streamlit')", "streaml"),
    ("pages/candidates.py", "import plotly.graph_objects as go", "imports plotly"),
    ("llador_core/ranking.py", "from plotly import express", "imports plotly"),
    ("llador_core/ranking.py", "def f():\n    import umap", "imports umap"),
    ("llador_core/projection/x.py", "import umap", "umap at module level"),
    ("llador_core/data/x.py", "import openai", "imports openai"),
    ("llador_core/models/kge.py", "from pykeen.models import RotatE", "imports pykeen"),
    ("llador_core/data/x.py", "import pickle", "imports pickle"),
    ("llador_core/data/x.py", "from joblib import load", "imports joblib"),
    ("llador_core/models/x.py", "import torch\ntorch.load('weights')", "calls torch.load"),
    ("llador_core/data/x.py", "np.load('x', allow_pickle=True)", "sets allow_pickle"),
    ("llador_core/data/x.py", "np.load('x', allow_pickle=1)", "sets allow_pickle"),
    ("pages/candidates.py", "st.markdown(x, unsafe_allow_html=True)", "sets unsafe_allow_html"),
    ("app.py", "st.markdown(x, unsafe_allow_html=flag)", "sets unsafe_allow_html"),
    ("pages/candidates.py", "x = 1\n" * 121, "pages/candidates.py has 121 lines, at most 120"),
    ("app.py", "x = 1\n" * 121, "app.py has 121 lines"),
    ("llador_core/data/x.py", "x = 1\n" * 331, "has 331 lines, at most 330"),
    ("tests/test_x.py", "def test_it():\n    pass", "test_it asserts nothing"),
    (
        "tests/core/test_x.py",
        'def test_it():\n    """Words."""\n    f()',
        "test_it asserts nothing",
    ),
    ("tests/test_x.py", "class TestX:\n    def test_it(self):\n        ...", "asserts nothing"),
]


def plant(root: Path, place: str, text: str) -> None:
    (root / place).parent.mkdir(parents=True, exist_ok=True)
    (root / place).write_text(text, "utf-8")


@pytest.mark.parametrize(("place", "text", "sentence"), PLANTED)
def test_a_planted_breach_is_seen(tmp_path: Path, place: str, text: str, sentence: str) -> None:
    plant(tmp_path, place, text)
    found = violations(tmp_path)
    assert any(sentence in breach for breach in found), found
    assert all(breach.startswith(place) for breach in found)


ALLOWED = [
    ("llador_core/data/x.py", "from llador_core.graph import Graph\nimport pykeen.datasets"),
    ("llador_core/data/x.py", "from llador_core.data import tsv\nfrom . import tsv"),
    ("llador_core/evaluation/x.py", "from llador_core.data import splits"),
    ("llador_core/figures/x.py", "import plotly\nfrom llador_core.ranking import Candidate"),
    ("llador_core/projection/x.py", "def f():\n    import umap"),
    ("llador_core/priors/generators.py", "def f():\n    import openai"),
    ("llador_core/models/pykeen_bridge.py", "def f():\n    import pykeen"),
    ("llador_core/__main__.py", "from llador_core import __version__, ranking, report, cli"),
    ("pages/_ui/x.py", "import streamlit\nfrom llador_core.figures import shift"),
    ("pages/candidates.py", "from pages._ui import state\n" * 120),
    ("app.py", "import streamlit\nfrom pages._ui import frame"),
    ("llador_core/data/x.py", "np.load('x', allow_pickle=False)"),
    ("tests/test_x.py", "def holds(x):\n    assert x\ndef test_it():\n    holds(1)"),
    ("tests/test_x.py", "def test_it():\n    np.testing.assert_allclose(1, 1)"),
]


@pytest.mark.parametrize(("place", "text"), ALLOWED)
def test_what_the_design_allows_is_left_alone(tmp_path: Path, place: str, text: str) -> None:
    plant(tmp_path, place, text)
    assert violations(tmp_path) == []


def test_reading_a_graph_and_ranking_import_nothing_heavy() -> None:
    modules = ("data", "data.splits", "evaluation", "names", "priors", "ranking", "training.runs")
    code = "\n".join(f"import llador_core.{module}" for module in modules)
    code += f"\nimport sys\nprint(*(name for name in {HEAVY} if name in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


def pinned(file: str) -> set[str]:
    lines = (REPOSITORY / file).read_text("utf-8").splitlines()
    return {line.split("==")[0].lower() for line in lines if "==" in line}


def test_every_imported_package_is_pinned() -> None:
    """The app's packages in requirements.txt; those of `make vectors` and the bridge in -dev."""
    runtime, every = pinned("requirements.txt"), pinned("requirements.txt")
    every |= pinned("requirements-dev.txt")
    distributions = packages_distributions()
    for file in sources(REPOSITORY):
        place = file.relative_to(REPOSITORY).as_posix()
        for module, line, _ in imports(place, ast.parse(file.read_text("utf-8"))):
            package = module.split(".")[0]
            if part_of(module) is not None or package in sys.stdlib_module_names:
                continue
            names = {
                name.lower().replace("_", "-") for name in distributions.get(package, [package])
            }
            is_optional = place == "llador_core/priors/embed_local.py" or "pykeen" in place
            assert names & (every if is_optional else runtime), f"{place}:{line}: {package}"


def test_every_pin_is_one_exact_version() -> None:
    for file in ("requirements.txt", "requirements-dev.txt"):
        for line in (REPOSITORY / file).read_text("utf-8").splitlines():
            is_pin = re.fullmatch(r"[\w.-]+==\d+(\.\d+)+", line)
            assert is_pin or line.startswith(("#", "-r ")), f"{file}: {line}"
