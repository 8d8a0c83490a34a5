"""Folders of tab-separated tables: what is accepted, and one exact sentence for what is not."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from llador_core import paths
from llador_core.data import load_graph
from llador_core.errors import DataFormatError, MissingDataError, UnknownNameError
from llador_core.graph import Graph

SAMPLE = Path(__file__).parents[2] / "data" / "local"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the five-line sample, free to be damaged."""
    return shutil.copytree(SAMPLE, tmp_path / "mine")


def edit(file: Path, change: Callable[[bytes], bytes]) -> None:
    before = file.read_bytes()
    after = change(before)
    assert after != before, "the edit changed nothing, so the test would show nothing"
    file.write_bytes(after)


def same(one: Graph, other: Graph) -> bool:
    return (
        list(one.entity_ids) == list(other.entity_ids)
        and list(one.entity_names) == list(other.entity_names)
        and list(one.synonyms) == list(other.synonyms)
        and list(one.descriptions) == list(other.descriptions)
        and one.relations == other.relations
        and np.array_equal(one.entity_types, other.entity_types)
        and np.array_equal(one.triples, other.triples)
    )


def test_every_cell_of_the_sample_arrives() -> None:
    graph = load_graph(str(SAMPLE))
    assert graph.name == "local"
    assert graph.entity_ids == ["drug:1", "drug:2", "dis:1", "gene:1"]
    assert graph.entity_names == ["Aspirin", "Warfarin", "Fever", "PTGS2"]
    assert graph.synonyms == [("ASA", "acetylsalicylic acid"), (), ("pyrexia",), ("COX-2",)]
    assert graph.descriptions == ["An inhibitor of cyclooxygenase.", "", "", "An enzyme."]
    assert [graph.type_of(i) for i in range(4)] == ["Compound", "Compound", "Disease", "Gene"]
    assert graph.triples.tolist() == [[0, 0, 2], [1, 1, 2], [0, 2, 3], [3, 3, 2]]
    assert graph.triples.dtype == np.int32
    assert graph.n_duplicates == 1
    assert graph.texts_folder == SAMPLE.resolve()


def test_roles_come_from_relations_tsv_then_from_the_name() -> None:
    relations = {r.name: r for r in load_graph(str(SAMPLE)).relations}
    assert relations["indication"].role == "treats"
    assert relations["contraindication"].role == "contraindicated"
    assert (relations["slows"].role, relations["slows"].words) == ("inhibits", "slows down")
    assert relations["slows"].inverse_words == "is slowed down by"
    assert relations["knows"].role is None
    assert relations["knows"].words == "knows"


def windows(content: bytes) -> bytes:
    return content.replace(b"\n", b"\r\n")


def with_mark(content: bytes) -> bytes:
    return b"\xef\xbb\xbf" + content


def without_last_line_end(content: bytes) -> bytes:
    return content.rstrip(b"\n")


def with_blank_lines(content: bytes) -> bytes:
    return content.replace(b"\n", b"\n\n")


@pytest.mark.parametrize("form", [windows, with_mark, without_last_line_end, with_blank_lines])
def test_other_forms_of_the_same_tables_give_the_same_graph(
    folder: Path, form: Callable[[bytes], bytes]
) -> None:
    for name in ("entities.tsv", "triples.tsv", "relations.tsv"):
        edit(folder / name, form)
    assert same(load_graph(str(folder)), load_graph(str(SAMPLE)))


def test_columns_are_known_by_name_not_by_place(folder: Path) -> None:
    rows = [line.split("\t") for line in (folder / "triples.tsv").read_text().splitlines()]
    swapped = "\n".join("\t".join([t, "x", h, r]) for h, r, t in rows).replace("x", "weight", 1)
    (folder / "triples.tsv").write_text(swapped)
    assert same(load_graph(str(folder)), load_graph(str(SAMPLE)))


def test_quotes_and_the_letters_na_are_plain_text(folder: Path) -> None:
    edit(folder / "entities.tsv", lambda b: b.replace(b"Aspirin", b'"NA').replace(b"Fever", b"NA"))
    assert load_graph(str(folder)).entity_names[:3] == ['"NA', "Warfarin", "NA"]


BAD = [
    ("entities.tsv", lambda _: b"", r"line 1: expected a header .*id, name, type.* empty file"),
    ("triples.tsv", lambda _: b"", r"line 1: expected a header .*head, relation, tail.* empty fil"),
    ("triples.tsv", lambda b: b.splitlines()[0], r"line 2: expected at least one row"),
    ("entities.tsv", lambda b: b.splitlines()[0], r"line 2: expected at least one row"),
    ("triples.tsv", lambda b: b.replace(b"head\t", b"subject\t"), r"line 1: .* found 3 columns"),
    ("triples.tsv", lambda b: b.replace(b"\t", b","), r"line 1: .*looks comma-separated"),
    (
        "triples.tsv",
        lambda b: b.replace(b"drug:1\tslows\tgene:1", b"drug:1\tslows"),
        r"line 4: expected 3 columns \(head, relation, tail\) .* found 2 columns \(drug:1, slows\)",
    ),
    (
        "triples.tsv",
        lambda b: b"\n".join(line.rsplit(b"\t", 1)[0] for line in b.splitlines()),
        r"line 1: expected a header .* found 2 columns \(head, relation\)",
    ),
    (
        "triples.tsv",
        lambda b: b.replace(b"knows\tdis:1", b"knows\tdis:9"),
        r"line 6: expected ids of the 4 entities .* found 'dis:9'",
    ),
    ("triples.tsv", lambda b: b.replace(b"slows", b""), r"line 4: .*value in column 'relation'"),
    ("triples.tsv", lambda b: b.replace(b"knows", b"\xe9tat"), r"line 6: .*UTF-8.* byte 0xE9"),
    ("entities.tsv", lambda b: b.replace(b"Fever", b"Fi\xe8vre"), r"line 4: .*UTF-8.* byte 0xE8"),
    (
        "entities.tsv",
        lambda b: b.replace(b"dis:1", b"drug:1"),
        r"line 4: .*each id once, found 'drug:1' again \(first in line 2\)",
    ),
    (
        "entities.tsv",
        lambda b: b.replace(b"dis:1", b""),
        r"line 4: expected a value in column 'id'",
    ),
    ("entities.tsv", lambda b: b.replace(b"\tGene\t", b"\t\t"), r"line 5: .*column 'type'"),
    ("relations.tsv", lambda b: b.replace(b"\tinhibits", b"\tinhibit"), r"roles .* are inhibits"),
    ("relations.tsv", lambda b: b + b"slows\t\t\t\n", r"line 3: .*'slows' again \(first in line 2"),
    ("relations.tsv", lambda b: b.replace(b"relation", b"name"), r"line 1: .*relation"),
]


@pytest.mark.parametrize(("file", "damage", "sentence"), BAD)
@pytest.mark.parametrize("ends", [b"\n", b"\r\n"], ids=["unix", "windows"])
def test_bad_input_is_one_sentence_with_file_and_line(
    folder: Path, file: str, damage: Callable[[bytes], bytes], sentence: str, ends: bytes
) -> None:
    edit(folder / file, damage)
    (folder / file).write_bytes((folder / file).read_bytes().replace(b"\n", ends))
    with pytest.raises(DataFormatError) as error:
        load_graph(str(folder))
    message = str(error.value)
    assert re.search(sentence, message), message
    assert message.startswith(str((folder / file).resolve()))
    assert message.endswith(".")
    assert "\n" not in message


def test_blank_lines_do_not_shift_the_line_that_is_blamed(folder: Path) -> None:
    edit(folder / "triples.tsv", lambda b: b.replace(b"drug:2", b"\n\ndrug:8"))
    with pytest.raises(DataFormatError, match=r"line 5: .*'drug:8'"):
        load_graph(str(folder))


def test_a_folder_without_the_tables_says_what_a_graph_needs(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"no entities\.tsv and no triples\.tsv; a graph"):
        load_graph(str(tmp_path))


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"no folder .*nowhere"):
        load_graph(str(tmp_path / "nowhere"))


def test_an_unknown_name_gives_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'starter'"):
        load_graph("startr")


def test_the_checksum_follows_the_content_not_the_place(folder: Path) -> None:
    assert load_graph(str(folder)).checksum == load_graph(str(SAMPLE)).checksum
    edit(folder / "triples.tsv", lambda b: b.replace(b"drug:2", b"drug:1"))
    assert load_graph(str(folder)).checksum != load_graph(str(SAMPLE)).checksum


def test_the_starter_graph_is_what_its_datasheet_says(starter: Graph) -> None:
    assert (starter.n_entities, starter.n_triples, starter.n_duplicates) == (4_203, 21_174, 0)
    assert starter.notes == ()
    counted = {starter.type_names[t]: n for t, n in enumerate(np.bincount(starter.entity_types))}
    assert counted["Gene"] == 1_578
    assert (len(starter.drugs), len(starter.diseases)) == (636, 157)
    assert len(starter.triples_with_role("treats")) == 1_041
    assert len(starter.triples_with_role("contraindicated")) == 1_156
    assert all(relation.role for relation in starter.relations)
    assert {r.name for r in starter.relations if r.is_symmetric} == {"resembles", "interacts"}
    used = np.bincount(starter.triples[:, 1], minlength=starter.n_relations)
    assert (used > 0).all()


def test_the_starter_folder_is_the_starter_graph(starter: Graph) -> None:
    by_folder = load_graph(str(paths.assets() / "starter"))
    assert by_folder.checksum == starter.checksum
    roles = {r.name: r.role for r in by_folder.relations}
    assert roles == {r.name: r.role for r in starter.relations}
