"""The map of two runs: what is shown, every control in the address, and what is not there yet."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from llador_core import jobs
from llador_core.errors import StorageError
from llador_core.graph import Graph
from llador_core.projection import layout, maps
from llador_core.projection.geometry import centred
from llador_core.projection.layout import PCA, MapConfig
from llador_core.projection.maps import EmbeddingMap, Pair
from llador_core.projection.nearness import moves, pick_moves
from llador_core.training import runs
from llador_core.training.runs import RunInfo
from pages._ui import maps as page_maps
from tests.pages.conftest import Open

ALZHEIMER, DONEPEZIL = "Disease::DOID:10652", "Compound::DB00843"
PAGE = "embedding_shift"


@pytest.fixture(scope="module")
def base() -> RunInfo:
    found = runs.partner(runs.default_run("starter"))
    assert found is not None
    return found


@pytest.fixture(scope="module")
def mechanism() -> RunInfo:
    found = runs.partner(runs.default_run("starter"), "mechanism")
    assert found is not None
    return found


def pair_of(run: RunInfo, base: RunInfo) -> Pair:
    return Pair(run.name, base.name, *(runs.content_checksum(one) for one in (run, base)))


def shipped(run: RunInfo, base: RunInfo, config: MapConfig) -> EmbeddingMap:
    path = maps.find(pair_of(run, base), config)
    assert path is not None
    return maps.load(path)


def figure_of(app: AppTest) -> dict[str, Any]:
    assert not app.exception
    assert not app.error
    [chart] = app.get("plotly_chart")
    spec: dict[str, Any] = json.loads(chart.proto.spec)
    return spec


def places_of(app: AppTest) -> np.ndarray:
    """Return the places of all dots, in no order."""
    found = []
    for trace in figure_of(app)["data"]:
        if "text" in trace:
            found += list(zip(numbers(trace["x"]), numbers(trace["y"]), strict=True))
    return np.array(sorted(found))


def numbers(column: Any) -> list[float]:
    if isinstance(column, list):
        return [float(x) for x in column]
    import base64

    raw = np.frombuffer(base64.b64decode(column["bdata"]), np.dtype(column["dtype"]))
    return [float(x) for x in raw]


def names_of(app: AppTest) -> list[str]:
    found: list[str] = app.dataframe[0].value["Name"].tolist()
    return found


def test_the_shipped_map_is_shown_at_once(
    open_page: Open, default_run: RunInfo, base: RunInfo
) -> None:
    app = open_page(PAGE)
    found = shipped(default_run, base, MapConfig())
    expected = np.array(sorted(found.run_xy.astype(float).tolist()))
    np.testing.assert_allclose(places_of(app), expected, atol=1e-6)
    words = " ".join(m.value for m in app.markdown)
    assert f"**{np.median(found.shift):.2f}**" in words
    captions = " ".join(c.value for c in app.caption)
    assert "Distances in this picture mislead" in captions
    assert "128" in captions
    assert not app.get("progress")
    labels = " ".join(str(a["text"]) for a in figure_of(app)["layout"]["annotations"])
    assert "<b>Alzheimer's disease</b>" in labels


def test_the_lists_are_the_core_s(
    open_page: Open, starter: Graph, default_run: RunInfo, base: RunInfo
) -> None:
    rows = [centred(runs.load_run(one.name).scorer.positions) for one in (base, default_run)]
    found = moves(*rows, starter.mapped(ALZHEIMER), starter.drugs)
    for name, expected in zip(("towards", "away"), pick_moves(found, 60), strict=True):
        app = open_page(PAGE, list=name)
        shown = app.dataframe[0].value
        assert names_of(app) == [starter.entity_names[m.entity] for m in expected]
        assert shown["Before"].tolist() == [m.rank_before for m in expected]
        assert shown["Now"].tolist() == [m.rank_after for m in expected]
    shift = shipped(default_run, base, PCA).shift
    assert shown["Shift"].tolist() == pytest.approx([shift[m.entity] for m in expected])


def test_layout_and_places_are_in_the_address(
    open_page: Open, default_run: RunInfo, base: RunInfo
) -> None:
    found = shipped(default_run, base, PCA)
    app = open_page(PAGE, layout="PCA")
    expected = np.array(sorted(found.run_xy.astype(float).tolist()))
    np.testing.assert_allclose(places_of(app), expected, atol=1e-6)
    app = open_page(PAGE, layout="PCA", places="In the other")
    expected = np.array(sorted(found.base_xy.astype(float).tolist()))
    np.testing.assert_allclose(places_of(app), expected, atol=1e-6)


def legend_of(app: AppTest) -> set[str]:
    return {t["name"] for t in figure_of(app)["data"] if t.get("showlegend", True)}


def test_looks_are_in_the_address(open_page: Open) -> None:
    assert {"Gene", "Compound", "the disease", "known treatment"} <= legend_of(open_page(PAGE))
    by_class = legend_of(open_page(PAGE, colour="Drug class"))
    assert {"not a drug", "other drugs"} <= by_class
    by_shift = legend_of(open_page(PAGE, colour="Size of shift"))
    assert "middle half" in by_shift
    assert any("farthest tenth" in label for label in by_shift)
    assert "proposed" not in legend_of(open_page(PAGE, arrows="0"))
    some = legend_of(open_page(PAGE, types=["Gene", "Disease"]))
    assert {"Gene", "Disease"} <= some
    assert not {"Compound", "Symptom"} & some


def test_other_types_can_be_listed(open_page: Open, starter: Graph) -> None:
    app = open_page(PAGE, of="Gene")
    genes = {starter.entity_names[i] for i in starter.entities_of_type("Gene")}
    assert set(names_of(app)) <= genes
    assert "Rank" not in app.dataframe[0].value


def test_another_base_is_in_the_address(open_page: Open, mechanism: RunInfo) -> None:
    app = open_page(PAGE, base=mechanism.name)
    assert not app.exception
    assert app.selectbox(key="base_pick").value == mechanism.name
    assert any("has not been computed yet" in m.value for m in app.markdown)
    assert app.button(key="compute")
    assert not app.get("plotly_chart")
    assert len(names_of(app)) > 5  # who moved is known without a map


def test_a_found_entity_is_told_with_its_neighbours(
    open_page: Open, starter: Graph, default_run: RunInfo, base: RunInfo
) -> None:
    app = open_page(PAGE, entity="donepezil")
    assert "looked for" in legend_of(app)
    told = next(m.value for m in app.markdown if "**Kept**" in m.value)
    donepezil = starter.mapped(DONEPEZIL)
    near = [page_maps.neighbours(one, donepezil) for one in (base, default_run)]
    kept = set(near[0]) & set(near[1])
    assert len(kept) == shipped(default_run, base, PCA).kept[donepezil]
    lines = dict(zip(("kept", "new", "gone"), told.split("\n"), strict=True))
    for i in near[1]:
        line = lines["kept" if i in kept else "new"]
        assert starter.entity_names[i].split()[0].split("-")[0] in line
    links = [link.proto.query_string for link in app.get("page_link")]
    assert any("DB00843" in link for link in links)
    app.button(key="let_go").click().run()
    assert "entity" not in app.query_params


def test_the_search_puts_an_entity_into_the_address(open_page: Open) -> None:
    app = open_page(PAGE)
    app.text_input(key="entity_query").set_value("BACE1").run()
    matches = [b for b in app.button if str(b.key).startswith("match-entity_query")]
    [found] = [b for b in matches if "BACE1" in b.label]
    found.click().run()
    assert app.query_params["entity"] == "Gene::23621"


def test_a_marked_area_lists_who_is_inside(
    open_page: Open, starter: Graph, default_run: RunInfo, base: RunInfo
) -> None:
    found = shipped(default_run, base, PCA)
    area = "-0.2,-0.2;0.1,-0.2;0.1,0.1;-0.2,0.1"
    app = open_page(PAGE, layout="PCA", list="marked", area=area)
    x, y = found.run_xy.T
    within = np.flatnonzero((x > -0.2) & (x < 0.1) & (y > -0.2) & (y < 0.1))
    assert len(within) > 50
    assert any(c.value.startswith(f"{len(within):,} entities") for c in app.caption)
    farthest = within[np.argsort(-found.shift[within], kind="stable")][:500]
    assert names_of(app)[:20] == [starter.entity_names[i] for i in farthest[:20]]
    app.button(key="zoom_area").click().run()
    assert app.query_params["zoom"] == "area"
    assert figure_of(app)["layout"]["yaxis"]["range"] == pytest.approx([-0.218, 0.118])
    app.button(key="clear_area").click().run()
    assert not {"area", "zoom"} & set(app.query_params)
    assert any("Nothing is marked" in i.value for i in app.info)


@pytest.mark.parametrize(
    "junk",
    [
        {"area": "x", "list": "marked"},
        {"list": "nobody"},
        {"layout": "t-SNE"},
        {"colour": "<b>"},
        {"arrows": "many"},
        {"neighbours": "0", "min_dist": "7", "map_seed": "-1"},
        {"of": "Wizard"},
        {"types": "Wizard"},
    ],
)
def test_junk_in_the_address_is_passed_over(junk: dict[str, str], open_page: Open) -> None:
    figure_of(open_page(PAGE, **junk))


def test_an_unknown_entity_or_base_offers_the_nearest(open_page: Open, base: RunInfo) -> None:
    app = open_page(PAGE, entity="donepzil")
    assert "There is no entity" in app.error[0].value
    app.button(key="instead-entity-Donepezil").click().run()
    figure_of(app)
    app = open_page(PAGE, base=base.name[:-1])
    assert "There is no base" in app.error[0].value
    app.button(key=f"instead-base-{base.name}").click().run()
    figure_of(app)


def test_a_base_that_does_not_fit_gives_way_with_a_sentence(open_page: Open, base: RunInfo) -> None:
    rotate = next(r for r in runs.list_runs("starter") if (r.model, r.prior) == ("rotate", "full"))
    app = open_page(PAGE, run=rotate.name, base=base.name)
    figure_of(app)
    assert any("another model or dim" in c.value for c in app.caption)
    assert "rotate" in app.selectbox(key="base_pick").value
    own = open_page(PAGE, run=rotate.name, base=rotate.name)
    figure_of(own)
    assert not any("another model or dim" in c.value for c in own.caption)


def test_another_layout_forgets_the_marked_area(open_page: Open) -> None:
    app = open_page(PAGE, layout="PCA", area="0,0;1,0;0,1", zoom="area", list="marked")
    pick = next(c for c in app.get("button_group") if c.key == "layout")
    pick.set_value(["UMAP"]).run()
    assert not app.exception
    assert not {"area", "zoom"} & set(app.query_params)


def test_a_plain_run_is_a_sentence(open_page: Open, base: RunInfo) -> None:
    app = open_page(PAGE, run=base.name)
    assert not app.exception
    assert "This run has no prior" in app.info[0].value
    assert app.selectbox(key="base_pick").proto.options, "another run can be chosen at once"
    app.button(key=f"instead-run-{runs.default_run('starter').name}").click().run()
    figure_of(app)


def test_a_run_without_its_partner_is_a_sentence(open_page: Open, own_run: Path) -> None:
    config = json.loads((own_run / "config.json").read_text())
    config["config"]["seed"] = 77
    (own_run / "config.json").write_text(json.dumps(config))
    app = open_page(PAGE, run=own_run.name)
    assert not app.exception
    assert "--prior none" in app.info[0].value
    assert app.text_input(key="disease_query")


def test_a_retrained_run_never_shows_its_old_map(open_page: Open, own_run: Path) -> None:
    assert any(
        "has not been computed" in m.value for m in open_page(PAGE, run=own_run.name).markdown
    )
    weights = own_run / "weights.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(bytes(data))
    os.utime(weights, (1, 1))
    app = open_page(PAGE, run=own_run.name)
    assert not app.exception
    assert not app.get("plotly_chart")


@pytest.fixture
def pca_only(home: Path, default_run: RunInfo, mechanism: RunInfo) -> Iterator[Path]:
    """A PCA map, and no other, of two runs whose maps do not ship."""
    pair = pair_of(default_run, mechanism)
    rows = [runs.load_run(one.name).scorer.positions for one in (mechanism, default_run)]
    path = maps.make(*rows, pair, PCA, home / "projections", lambda *_: None)
    yield path
    shutil.rmtree(home / "projections")
    shutil.rmtree(home / "jobs", ignore_errors=True)


def test_the_pca_map_stands_in_while_umap_is_not_there(
    open_page: Open, mechanism: RunInfo, pca_only: Path
) -> None:
    app = open_page(PAGE, base=mechanism.name)
    expected = np.array(sorted(maps.load(pca_only).run_xy.astype(float).tolist()))
    np.testing.assert_allclose(places_of(app), expected, atol=1e-6)
    assert any("Until then, this is the PCA map" in m.value for m in app.markdown)
    assert any(c.value.startswith("PCA ·") for c in app.caption)


def test_a_running_job_is_followed_by_everyone_and_can_be_cancelled(
    open_page: Open,
    default_run: RunInfo,
    mechanism: RunInfo,
    pca_only: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = maps.name_of(pair_of(default_run, mechanism), MapConfig())
    cancelled: list[str] = []
    monkeypatch.setattr(jobs, "cancel", cancelled.append)
    with jobs.reporting(name) as report:
        report(0.4, "Laying out with UMAP")
        for _ in range(2):  # two visitors
            app = open_page(PAGE, base=mechanism.name)
            figure_of(app)
            [bar] = app.get("progress")
            assert bar.proto.value == 40
            assert bar.proto.text.startswith("Laying out with UMAP")
        app.button(key="cancel").click().run()
    assert cancelled == [name]


def test_a_job_that_ended_early_is_told_and_can_be_started_again(
    open_page: Open,
    default_run: RunInfo,
    mechanism: RunInfo,
    pca_only: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = maps.name_of(pair_of(default_run, mechanism), MapConfig())
    with pytest.raises(SystemExit), jobs.reporting(name):
        raise SystemExit(1)
    app = open_page(PAGE, base=mechanism.name)
    assert "ended before it was done" in app.warning[0].value
    started: list[tuple[str, list[str]]] = []
    monkeypatch.setattr(jobs, "start", lambda *call: started.append(call))
    app.button(key="compute").click().run()
    [(asked, arguments)] = started
    assert asked == name
    assert f"--base={mechanism.name}" in arguments
    assert "--method=umap" in arguments


def test_a_computation_that_cannot_start_says_why(
    open_page: Open, mechanism: RunInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StorageError("Could not write there: the disk is full.")

    monkeypatch.setattr(jobs, "start", full)
    app = open_page(PAGE, base=mechanism.name)
    app.button(key="compute").click().run()
    assert not app.exception
    assert "the disk is full" in app.error[0].value
    assert app.button(key="compute")
    assert not app.run().error


def test_a_damaged_map_is_told_and_can_be_made_again(
    open_page: Open, mechanism: RunInfo, pca_only: Path
) -> None:
    pca_only.write_bytes(pca_only.read_bytes()[:900])
    app = open_page(PAGE, base=mechanism.name, layout="PCA")
    assert not app.exception
    assert "is damaged" in app.error[0].value
    assert app.button(key="compute")


def test_without_umap_the_page_says_so(
    open_page: Open, mechanism: RunInfo, pca_only: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "find_spec", lambda _: None)
    app = open_page(PAGE, base=mechanism.name)
    assert "UMAP is not installed" in app.info[0].value
    figure_of(app)
    figure_of(open_page(PAGE))  # a shipped map needs no UMAP


def test_the_cache_is_asked_by_names_and_stamps_alone() -> None:
    """Streamlit hashes a sample of large arrays, and skips arguments that start with `_`."""
    for name in ("_content", "_map", "_positions", "_neighbours", "_moves", "_figure_names"):
        taken = getattr(page_maps, name).__wrapped__.__annotations__
        allowed = {"str", "int", "Stamp", "tuple[str, Stamp]"}
        assert {kind for arg, kind in taken.items() if arg != "return"} <= allowed
        assert not any(arg.startswith("_") for arg in taken)


def test_every_list_of_the_story_and_the_map_is_a_file_too(open_page: Open) -> None:
    for page, params, key in (
        (PAGE, {}, "who-moved"),
        ("case_study", {"step": "3"}, "proposed"),
    ):
        offered = [b.key for b in open_page(page, **params).get("download_button")]
        assert {f"{key}-CSV", f"{key}-JSON"} <= set(offered)
