"""The map shows everybody once, each arrow the right way round, and stays light when large."""

from __future__ import annotations

import html
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from llador_core.figures import embedding_map, map_layers
from llador_core.figures.embedding_map import Arrow, Scene, entity_at
from llador_core.figures.map_layers import Layer
from llador_core.graph import Graph
from llador_core.projection.maps import EmbeddingMap
from tests.builders import random_graph

NASTY = "<b>Evil</b> & <script>x</script>"


@pytest.fixture
def graph() -> Graph:
    return random_graph(0)


def map_of(n: int) -> EmbeddingMap:
    draw = np.random.default_rng(0)
    base, run = draw.uniform(-1, 1, (2, n, 2)).astype(np.float32)
    shift = draw.uniform(0, 2, n).astype(np.float32)
    kept = draw.integers(0, 11, n).astype(np.uint8)
    return EmbeddingMap(base, run, shift, kept, 10, 0.2, "2026-01-01T00:00:00Z")


@pytest.fixture
def scene(graph: Graph) -> Scene:
    disease, known, new = int(graph.diseases[0]), int(graph.drugs[0]), int(graph.drugs[1])
    arrows = [
        Arrow(disease, "Flu", "disease"),
        Arrow(known, NASTY, "known", "1st in the list"),
        Arrow(new, "Beta", "candidate", "2nd in the list"),
        Arrow(int(graph.drugs[2]), "Gamma", "avoid"),
    ]
    names = [f"n{i}" for i in range(graph.n_entities)]
    layers = map_layers.layers_by_type(graph, graph.type_names)
    found = map_of(graph.n_entities)
    return Scene(found, "run", layers, arrows, names, graph.entity_ids)


def dots(figure: Any, scene: Scene) -> list[Any]:
    return list(figure.data[: len(scene.layers)])


def test_everybody_is_drawn_once_where_they_stand(scene: Scene, graph: Graph) -> None:
    for places in ("run", "base"):
        shown = replace(scene, places=places)
        traces = dots(embedding_map.embedding_map_figure(shown), shown)
        assert sum(len(t.x) for t in traces) == graph.n_entities
        for trace in traces:
            for i, name in enumerate(trace.text):
                entity = int(name[1:])
                assert (trace.x[i], trace.y[i]) == tuple(shown.xy[entity])
                assert trace.customdata[i][0] == scene.found.shift[entity]
                assert trace.customdata[i][1] == scene.found.kept[entity]


def test_all_dots_are_webgl_and_no_two_layers_look_alike(scene: Scene) -> None:
    figure = embedding_map.embedding_map_figure(scene)
    assert {t.type for t in figure.data} == {"scattergl"}
    looks = [(t.marker.color, t.marker.symbol) for t in dots(figure, scene)]
    assert len({symbol for _, symbol in looks}) == len(looks)


def test_an_arrow_leads_from_the_base_to_the_run(scene: Scene) -> None:
    figure = embedding_map.embedding_map_figure(scene)
    lines = [t for t in figure.data if t.mode == "lines"]
    assert len(lines) == 4
    found = scene.found
    for line, arrow in zip(lines, scene.arrows, strict=True):
        start, end = found.base_xy[arrow.entity], found.run_xy[arrow.entity]
        np.testing.assert_array_equal(np.array([line.x[:2], line.y[:2]]).T, [start, end])
        assert np.isnan(line.x[2])
    heads = [t for t in figure.data if t.marker.angle is not None]
    for head, arrow in zip(heads, scene.arrows, strict=True):
        x, y = found.run_xy[arrow.entity] - found.base_xy[arrow.entity]
        turned = np.radians(head.marker.angle[0])
        np.testing.assert_allclose([np.sin(turned), np.cos(turned)], [x, y] / np.hypot(x, y), 1e-5)


def test_a_click_meets_the_entity_that_is_drawn_there(scene: Scene) -> None:
    figure = embedding_map.embedding_map_figure(scene)
    ends = {arrow.entity for arrow in scene.arrows}
    for curve, trace in enumerate(figure.data):
        for point in range(len(trace.x)):
            entity = entity_at(scene, curve, point)
            if trace.mode == "lines":
                assert entity is None
            elif curve < len(scene.layers):
                assert trace.text[point] == f"n{entity}"
            else:
                assert entity in ends
    assert entity_at(scene, 99, 0) is None
    assert entity_at(scene, 0, 99_999) is None
    assert entity_at(scene, -1, 0) is None


def test_foreign_names_are_shown_literally(scene: Scene) -> None:
    spec = embedding_map.embedding_map_figure(scene).to_json()
    assert "<script" not in spec
    assert "\\u003cscript" not in spec
    assert "\\u0026lt;b" in spec or "&lt;b" in spec


def test_the_map_can_be_moved_but_not_saved_without_its_notice(scene: Scene) -> None:
    figure = embedding_map.embedding_map_figure(scene)
    assert figure.layout.yaxis.scaleanchor == "x"  # or directions would be untrue
    assert figure.layout.dragmode == "pan"
    config = embedding_map.MAP_CONFIG
    assert config["scrollZoom"]
    assert not any("toImage" in str(group) for group in config["modeBarButtons"])


def test_a_zoom_shows_the_marked_area_and_names_who_is_in_it(scene: Scene) -> None:
    x, y = scene.found.run_xy[scene.arrows[1].entity].astype(float)
    area = np.array([[x - 0.1, y - 0.1], [x + 0.1, y - 0.1], [x + 0.1, y + 0.1]])
    zoomed = embedding_map.embedding_map_figure(replace(scene, area=area, is_zoomed=True)).layout
    assert zoomed.yaxis.range == pytest.approx((y - 0.112, y + 0.112))
    assert zoomed.xaxis.range[0] <= x - 0.1 < x + 0.1 <= zoomed.xaxis.range[1]
    named = [note.text for note in zoomed.annotations]
    assert len(named) < len(scene.arrows)
    assert any("Evil" in text for text in named)


def test_on_a_phone_names_are_short_and_stand_apart(scene: Scene) -> None:
    long = [replace(arrow, name=f"{arrow.name} of a long kind") for arrow in scene.arrows]
    wide, narrow = (
        embedding_map.embedding_map_figure(replace(scene, arrows=long, is_narrow=is_narrow)).layout
        for is_narrow in (False, True)
    )
    assert len(narrow.annotations) == len(wide.annotations) == len(long)
    for sides in ("left", "right"):
        heights = sorted(a.ay for a in narrow.annotations if a.xanchor == sides)
        tall = narrow.yaxis.range[1] - narrow.yaxis.range[0]
        assert all(b - a > 0.089 * tall for a, b in pairwise(heights))
    assert max(len(html.unescape(a.text)) for a in narrow.annotations) <= 14 + len("<b></b>")
    room = [x.xaxis.range[1] - x.xaxis.range[0] for x in (wide, narrow)]
    assert room[1] > room[0]


def test_a_large_map_names_its_small_layers_only() -> None:
    n = 53_000
    found = map_of(n)
    layers = [
        Layer("many", np.arange(25_000, n), "#123456"),
        Layer("some", np.arange(5_000, 25_000), "#123456"),
        Layer("few", np.arange(5_000), "#123456"),
    ]
    names = ["a name of some length"] * n
    scene = Scene(found, "run", layers, [], names, names)
    figure = embedding_map.embedding_map_figure(scene)
    named = {t.name: t.text is not None for t in figure.data}
    assert named == {"many": False, "some": True, "few": True}
    assert len(figure.to_json()) < 2_500_000


def test_strays_do_not_shrink_the_map(scene: Scene) -> None:
    far = scene.found.run_xy.copy()
    far *= 0.1
    far[-1] = 1.0
    stray = replace(scene, found=replace(scene.found, run_xy=far), arrows=[])
    low, high = embedding_map.embedding_map_figure(stray).layout.yaxis.range
    assert high - low < 1.5
    followed = [Arrow(len(far) - 1, "Stray", "picked")]
    low, high = embedding_map.embedding_map_figure(
        replace(stray, arrows=followed)
    ).layout.yaxis.range
    assert high >= 1.0


def test_a_marked_area_is_closed(scene: Scene) -> None:
    area = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    edge = embedding_map.embedding_map_figure(replace(scene, area=area)).data[-1]
    assert list(edge.x) == [0, 1, 0, 0]
    assert list(edge.y) == [0, 0, 1, 0]


def test_an_empty_map_is_a_state(scene: Scene) -> None:
    empty = replace(scene, layers=[], arrows=[])
    assert len(embedding_map.embedding_map_figure(empty).data) == 0
    assert embedding_map.embedding_map_rows(empty) == []
    assert "0 entities" in embedding_map.embedding_map_alt(empty)


def test_words_and_table_name_the_farthest_first(scene: Scene) -> None:
    shift = scene.found.shift
    order = sorted(scene.arrows, key=lambda arrow: -shift[arrow.entity])
    rows = embedding_map.embedding_map_rows(scene)
    assert [row["Name"] for row in rows] == [arrow.name for arrow in order]
    kept = int(scene.found.kept[order[0].entity])
    assert rows[0]["Neighbours kept of 10"] == kept
    assert rows[0]["Turnover"] == pytest.approx(1 - kept / (20 - kept), abs=0.005)
    alt = embedding_map.embedding_map_alt(scene)
    assert order[0].name in alt
    assert f"{np.median(shift):.2f}" in alt


def test_layers_by_class_hold_every_drug_once(graph: Graph) -> None:
    drugs = graph.drugs.tolist()
    classes = {d: (f"class {i % 9}", "of all") for i, d in enumerate(drugs[:-2])}
    layers = map_layers.layers_by_class(graph, classes, graph.type_names)
    by_label = {layer.label: layer.entities.tolist() for layer in layers}
    assert by_label["of all"] == sorted(drugs[:-2])  # the largest class
    assert by_label["other drugs"] == sorted(drugs[-2:])
    everybody = [e for entities in by_label.values() for e in entities]
    assert sorted(everybody) == list(range(graph.n_entities))
    only_drugs = map_layers.layers_by_class(graph, classes, [graph.drug_type])
    assert sorted(e for layer in only_drugs for e in layer.entities) == sorted(drugs)


def test_layers_by_shift_part_everybody_by_size(graph: Graph) -> None:
    shift = np.random.default_rng(0).permutation(graph.n_entities).astype(np.float32)
    layers = map_layers.layers_by_shift(graph, shift, graph.type_names)
    assert sorted(e for layer in layers for e in layer.entities) == list(range(graph.n_entities))
    tops = [float(shift[layer.entities].max()) for layer in layers]
    assert tops == sorted(tops)
    assert [layer.size for layer in layers] == sorted(layer.size for layer in layers)
    assert map_layers.layers_by_shift(graph, shift, []) == []


def test_layers_show_chosen_types_only(graph: Graph) -> None:
    shown = [graph.disease_type]
    for layers in (
        map_layers.layers_by_type(graph, shown),
        map_layers.layers_by_class(graph, {}, shown),
        map_layers.layers_by_shift(graph, np.ones(graph.n_entities), shown),
    ):
        found = sorted(e for layer in layers for e in layer.entities)
        assert found == graph.diseases.tolist()
