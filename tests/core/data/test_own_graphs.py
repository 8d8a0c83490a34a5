"""Graphs of the user's own: folders in the home folder, loaded and listed by name."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from llador_core import paths
from llador_core.data import graph_names, list_graphs, load_graph, own_folder, source_files
from llador_core.errors import UnknownNameError

SAMPLE = Path(__file__).parents[2] / "data" / "local"


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The five-line sample as a graph of the user's own, in a home of this test's own."""
    monkeypatch.setenv("LLADOR_HOME", str(tmp_path))
    return shutil.copytree(SAMPLE, paths.graphs_folder() / "mine")


def test_a_folder_at_home_is_a_graph_by_its_name(mine: Path) -> None:
    assert "mine" in graph_names()
    info = next(info for info in list_graphs() if info.name == "mine")
    assert (info.is_own, info.is_here, info.where) == (True, True, str(mine))
    assert load_graph("mine").checksum == load_graph(str(SAMPLE)).checksum
    assert [file.parent for file in source_files("mine")] == [mine] * len(source_files("mine"))


def test_it_tells_its_title_and_licence(mine: Path) -> None:
    (mine / "graph.json").write_text(json.dumps({"title": "Ours", "licence": "CC0", "n": 3}))
    graph = load_graph("mine")
    assert (graph.title, graph.licence) == ("Ours", "CC0")
    (mine / "graph.json").write_text("{")
    assert load_graph("mine").title == "mine"


def test_no_name_leads_out_of_the_folder(mine: Path) -> None:
    shutil.copytree(mine, paths.home() / "outside")
    for name in ("../outside", "..", ".", "", "a/b", "starter"):
        assert own_folder(name) is None
    with pytest.raises(UnknownNameError, match="mine"):
        load_graph("mien")
