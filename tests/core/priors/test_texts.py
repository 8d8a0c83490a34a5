from __future__ import annotations

import json

import pytest

from llador_core.data import load_graph
from llador_core.errors import DataFormatError
from llador_core.priors.texts import TEXT_FIELDS, load_texts


def test_texts_stand_in_entity_order_and_empty_where_none(graph):
    texts = load_texts(graph)
    assert texts.background == ["Inhibits acetylcholinesterase.", "", "Splits acetylcholine."]
    assert texts.treatment == ["For dementia.", "", ""]
    assert texts.of("caution") == ["Slows the heart.", "", ""]


def test_provenance_says_so_when_nothing_is_recorded(graph):
    provenance = load_texts(graph).provenance
    assert provenance.model == "not recorded"
    assert provenance.review == "model-written, unreviewed"


def test_provenance_is_read(graph, folder):
    (folder / "provenance.json").write_text('{"model": "m", "date": "2026", "prompt": "p"}')
    provenance = load_texts(graph).provenance
    assert (provenance.model, provenance.date, provenance.prompt) == ("m", "2026", "p")
    assert provenance.review == "model-written, unreviewed"


def test_a_graph_without_texts_has_none(graph, folder):
    (folder / "priors.jsonl").unlink()
    assert load_texts(graph) is None


def test_windows_line_ends_byte_order_mark_and_blank_lines_are_accepted(graph, folder):
    before = load_texts(graph)
    path = folder / "priors.jsonl"
    content = path.read_text().replace("\n", "\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + content.encode() + b"\r\n")
    assert load_texts(graph).background == before.background


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"id": "C:1", "background": "again"}', "twice, in lines 1 and 3"),
        ('{"id": "C:9", "background": "x"}', "line 3 describes 'C:9'"),
        ('{"background": "x"}', "line 3 has no 'id'"),
        ('{"id": "D:1", "backgroud": "x"}', "Did you mean 'background'"),
        ('{"id": "D:1", "background": 3}', "'background' is a int"),
        ('{"id": "D:1", "background": ', "line 3 is not valid JSON"),
        ('["D:1"]', "line 3 holds a list"),
    ],
)
def test_a_bad_line_is_named(graph, folder, line, words):
    with (folder / "priors.jsonl").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(DataFormatError, match=words):
        load_texts(graph)


def test_bytes_that_are_not_utf8_are_refused(graph, folder):
    with (folder / "priors.jsonl").open("ab") as file:
        file.write(b'{"id": "D:1", "background": "caf\xe9"}')
    with pytest.raises(DataFormatError, match="not UTF-8"):
        load_texts(graph)


def test_a_misspelt_provenance_field_is_refused(graph, folder):
    (folder / "provenance.json").write_text(json.dumps({"modell": "m"}))
    with pytest.raises(DataFormatError, match="Did you mean 'model'"):
        load_texts(graph)


def test_every_starter_entity_is_described_and_the_writer_named():
    graph = load_graph("starter")
    texts = load_texts(graph)
    assert all(texts.background)
    for field in TEXT_FIELDS:
        column = texts.of(field)
        assert len(column) == graph.n_entities
        assert all(column[i] for i in [*graph.drugs, *graph.diseases])
    assert "not recorded" not in (texts.provenance.model, texts.provenance.date)
    assert texts.provenance.review == "model-written, unreviewed"


def test_texts_of_another_graph_are_told_by_their_number(graph, folder):
    lines = [f'{{"id": "X:{i}", "background": "x"}}' for i in range(40)]
    (folder / "priors.jsonl").write_text("\n".join([*lines, '{"id": "C:1", "background": "y"}']))
    with pytest.raises(DataFormatError, match=r"another graph: 40 of the 41 .* 'X:0'"):
        load_texts(graph)
