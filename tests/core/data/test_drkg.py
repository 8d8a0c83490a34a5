"""DRKG's archive: five lines of it with side files, all that can be wrong, and the real file."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from llador_core import names, paths
from llador_core.data import cache, drkg, drkg_relations, find_files, load_graph
from llador_core.data.specs import DRKG
from llador_core.errors import DataFormatError, MissingDataError
from llador_core.graph import Graph
from llador_core.priors.vectors import load_vectors

TRIPLES = """\
Compound::DB1\tDRUGBANK::treats::Compound:Disease\tDisease::MESH:D1
Compound::DB1\tHetionet::CtD::Compound:Disease\tDisease::MESH:D1
Gene::7\tDGIDB::INHIBITOR::Gene:Compound\tCompound::DB1
Disease::MESH:D1\tMESH::is_a::Disease:Disease\tDisease::MESH:D2
Gene::7\tNEWS::seen_with::Gene:Disease\tDisease::MESH:D1
"""
ENTITIES = """\
id\tname\ttype\tdescription\tsynonyms\txref\tstatus
Compound::DB1\tDrug one\tCompound\tBlocks <sub>the</sub> &beta;-gene, p < 1.\tUno|First|Uno\t\tx
Disease::MESH:D1\tnothing\tDisease\t\tIllness one\tDOID:1\t
Gene::99\tElsewhere\tGene\t\t\t\t
"""
NAMES = "id\tname\ttype\nGene::7\tSEVEN\tGene\nCompound::DB1\tAnother\tCompound\n"


def archive(folder: Path, content: str | bytes, member: str = "./drkg.tsv") -> Path:
    """Write an archive with `content` as its table, and something behind it as upstream has."""
    data = content.encode() if isinstance(content, str) else content
    file = folder / drkg.ARCHIVE
    with tarfile.open(file, "w:gz") as tar:
        for name, body in ((member, data), ("./embed/readme.txt", b"no table")):
            info = tarfile.TarInfo(name)
            info.size = len(body)
            tar.addfile(info, io.BytesIO(body))
    return file


@pytest.fixture
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A raw folder with the sample and both side files, free to be damaged."""
    folder = tmp_path / "raw" / "drkg"
    folder.mkdir(parents=True)
    monkeypatch.setenv("LLADOR_RAW", str(folder.parent))
    monkeypatch.setenv("LLADOR_HOME", str(tmp_path / "home"))
    archive(folder, TRIPLES)
    (folder / drkg.ENTITIES).write_bytes(gzip.compress(ENTITIES.encode()))
    (folder / drkg.NAMES).write_bytes(gzip.compress(NAMES.encode()))
    return folder


def test_every_cell_of_the_sample_arrives(raw: Path) -> None:
    graph = load_graph("drkg")
    labeled = [
        (graph.entity_ids[h], graph.relations[r].name, graph.entity_ids[t])
        for h, r, t in graph.triples.tolist()
    ]
    assert labeled == [tuple(line.split("\t")) for line in TRIPLES.splitlines()]
    assert {graph.entity_ids[i]: graph.type_of(i) for i in range(graph.n_entities)} == {
        "Compound::DB1": "Compound",
        "Disease::MESH:D1": "Disease",
        "Disease::MESH:D2": "Disease",
        "Gene::7": "Gene",
    }
    assert (graph.drug_type, graph.disease_type) == ("Compound", "Disease")


def test_the_side_files_tell_names_the_first_wins_and_ids_fill_the_gaps(raw: Path) -> None:
    graph = load_graph("drkg")
    named = dict(zip(graph.entity_ids, graph.entity_names, strict=True))
    assert named == {
        "Compound::DB1": "Drug one",
        "Disease::MESH:D1": "Illness one",  # its name is "nothing", so the first synonym serves
        "Disease::MESH:D2": "Disease::MESH:D2",
        "Gene::7": "SEVEN",
    }
    drug = graph.mapped("Compound::DB1")
    assert graph.synonyms[drug] == ("Uno", "First")
    assert graph.descriptions[drug] == "Blocks the β-gene, p < 1."
    assert names.resolve(graph, "first", "drug") == drug


def test_without_side_files_ids_are_the_names(raw: Path) -> None:
    with_names = load_graph("drkg").checksum
    (raw / drkg.ENTITIES).unlink()
    (raw / drkg.NAMES).unlink()
    graph = load_graph("drkg")
    assert graph.entity_names == graph.entity_ids
    assert not graph.descriptions
    assert graph.checksum == paths.checksum(raw / drkg.ARCHIVE) != with_names


def test_hetionets_nodes_name_entities_where_no_better_file_does(raw: Path) -> None:
    (raw / drkg.NAMES).unlink()
    nodes = raw.parent / "hetionet" / "hetionet-v1.0-nodes.tsv"
    nodes.parent.mkdir()
    nodes.write_text("id\tname\tkind\nGene::7\tSeventh\tGene\n", "utf-8")
    files, missing = find_files(DRKG)
    assert not missing
    assert [file.name for file in files] == [drkg.ARCHIVE, drkg.ENTITIES, nodes.name]
    graph = load_graph("drkg")
    assert graph.entity_names[graph.mapped("Gene::7")] == "Seventh"


def test_the_archive_is_what_the_graph_needs(raw: Path) -> None:
    (raw / drkg.ARCHIVE).unlink()
    with pytest.raises(MissingDataError, match=r"needs drkg\.tar\.gz from https://github\.com"):
        load_graph("drkg")


def test_words_read_right_in_both_directions(raw: Path) -> None:
    graph = load_graph("drkg")
    by_name = {relation.name: relation for relation in graph.relations}
    inhibits = by_name["DGIDB::INHIBITOR::Gene:Compound"]
    assert inhibits.role == "inhibits"
    assert (inhibits.words, inhibits.inverse_words) == ("is inhibited by", "inhibits")
    is_a = by_name["MESH::is_a::Disease:Disease"]
    assert (is_a.role, is_a.words, is_a.inverse_words) == ("includes", "is a kind of", "includes")
    unknown = by_name["NEWS::seen_with::Gene:Disease"]
    assert (unknown.role, unknown.words) == (None, "seen with")


def test_counts_that_differ_are_notes_and_repeats_are_counted(raw: Path) -> None:
    archive(raw, TRIPLES + TRIPLES.splitlines(keepends=True)[0])
    graph = load_graph("drkg")
    assert graph.n_duplicates == 1
    assert "4 entities here, 97,238 as published" in graph.notes[0]
    assert "5 triples here, 5,874,261 as published" in graph.notes[1]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("\tDisease::MESH:D2", "", r"line 4: expected 3 columns .*found 2 columns \(Disease"),
        ("Gene::7\tNEWS", "\tNEWS", r"line 5: .*found no value in the column head"),
        ("Gene::7\tNEWS", "Seven\tNEWS", r"line 5: expected ids .*'Gene::348', found 'Seven'"),
        ("\t", ",", r"line 1: .*found 1 column .*comma-separated"),
        (TRIPLES, "", r"drkg\.tsv in .* is empty"),
        (TRIPLES, "\n\n", r"drkg\.tsv in .* is empty"),
    ],
    ids=["two-columns", "no-head", "no-type", "commas", "empty", "blank"],
)
def test_a_bad_row_is_blamed_with_its_line(raw: Path, old: str, new: str, sentence: str) -> None:
    assert old in TRIPLES
    archive(raw, TRIPLES.replace(old, new))
    with pytest.raises(DataFormatError, match=sentence):
        load_graph("drkg")


def test_bytes_that_are_not_utf8_are_blamed_with_their_line(raw: Path) -> None:
    archive(raw, TRIPLES.encode().replace(b"Gene::7\tNEWS", b"Gene::\xff\tNEWS"))
    with pytest.raises(DataFormatError, match="line 5: expected UTF-8 text, found the byte 0xFF"):
        load_graph("drkg")


def test_a_cut_archive_is_one_sentence(raw: Path) -> None:
    noise = np.random.default_rng(0).integers(10**9, size=4000).tolist()
    more = "".join(f"Gene::{n}\tGNBR::B::Gene:Gene\tGene::7\n" for n in noise)
    file = archive(raw, TRIPLES + more)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(DataFormatError, match="damaged or cut short"):
        load_graph("drkg")


def test_a_file_that_is_no_archive_is_one_sentence(raw: Path) -> None:
    (raw / drkg.ARCHIVE).write_text(TRIPLES)
    with pytest.raises(DataFormatError, match="damaged or cut short"):
        load_graph("drkg")


def test_an_archive_without_the_table_says_so(raw: Path) -> None:
    archive(raw, TRIPLES, member="./other.tsv")
    with pytest.raises(DataFormatError, match=r"holds no file drkg\.tsv"):
        load_graph("drkg")


def test_texts_of_the_graph_belong_into_the_home(raw: Path, tmp_path: Path) -> None:
    graph = load_graph("drkg")
    assert graph.texts_folder == tmp_path / "home" / "texts" / "drkg"
    with pytest.raises(MissingDataError, match=r"embed --graph drkg`"):
        load_vectors(graph)


def test_every_relation_of_drkg_has_words_and_an_origin() -> None:
    relations = drkg_relations.RELATIONS
    published = [r for r in relations if r.name.split("::")[0] not in ("MESH", "DISEASES")]
    published = [r for r in published if "DISGENET" not in r.name and "transporter" not in r.name]
    assert len({r.name for r in published}) == len(published) == 107
    for relation in relations:
        assert relation.words
        assert relation.inverse_words
        assert relation.origin
        assert not relation.is_symmetric or relation.words == relation.inverse_words
    treats = {r.name for r in relations if r.role == "treats"}
    assert treats == {
        "DRUGBANK::treats::Compound:Disease",
        "GNBR::T::Compound:Disease",
        "Hetionet::CtD::Compound:Disease",
    }


def test_what_handles_a_drug_is_no_target() -> None:
    roles = {relation.name.split("::")[1]: relation.role for relation in drkg_relations.RELATIONS}
    for no_target in ("enzyme", "carrier", "transporter", "CuG", "CdG"):
        assert roles[no_target] is None
    assert roles["target"] == "targets"


@pytest.fixture(scope="module")
def real(raw_data: Path) -> Graph:
    if not (raw_data / "drkg" / drkg.ARCHIVE).is_file():
        pytest.skip(f"no {drkg.ARCHIVE} in {raw_data / 'drkg'}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LLADOR_RAW", str(raw_data))
        return load_graph("drkg")


def test_the_real_file_holds_what_is_known_of_it(real: Graph) -> None:
    assert (real.n_entities, real.n_triples, real.n_relations) == (53_067, 1_230_759, 37)
    assert (len(real.drugs), len(real.diseases)) == (7_834, 4_999)
    treated = real.triples_with_role("treats")
    assert len(treated) == 755 + 11_556
    assert len(np.unique(treated[:, [0, 2]], axis=0)) == 11_971
    assert real.relations[real.treatment_relation].name == "DRUGBANK::treats::Compound:Disease"
    alzheimer = names.resolve(real, "Alzheimer's disease", "disease")
    assert real.entity_ids[alzheimer] == "Disease::MESH:D000544"
    assert len(real.neighbours_with_role(alzheimer, "treats")) == 60
    assert all(relation.origin and relation.words for relation in real.relations)


def test_the_real_file_loads_the_same_from_the_cache(
    real: Graph, raw_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLADOR_RAW", str(raw_data))

    def no_parsing(*_: object) -> None:
        raise AssertionError("parsed although it is cached")

    monkeypatch.setattr(cache, "_write", no_parsing)
    cached = load_graph("drkg")
    np.testing.assert_array_equal(cached.triples, real.triples)
    assert cached.entity_ids == real.entity_ids
    assert cached.synonyms == real.synonyms
    assert cached.descriptions == real.descriptions
    assert cached.relations == real.relations
