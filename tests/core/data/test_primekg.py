"""PrimeKG's kg.csv: a sample of it, all that can be wrong, and what its relations mean."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from llador_core import names
from llador_core.data import load_graph
from llador_core.data.primekg import COLUMNS
from llador_core.data.primekg_relations import HEAD_TYPES, RELATIONS, TYPES
from llador_core.data.specs import PRIMEKG
from llador_core.errors import DataFormatError
from llador_core.graph import Graph

SAMPLE = Path(__file__).parents[2] / "data" / "primekg_sample" / "kg.csv"


@pytest.fixture
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The sample, free to be damaged."""
    folder = tmp_path / "raw" / "primekg"
    folder.mkdir(parents=True)
    monkeypatch.setenv("LLADOR_RAW", str(folder.parent))
    monkeypatch.setenv("LLADOR_HOME", str(tmp_path / "home"))
    return Path(shutil.copy(SAMPLE, folder))


def facts(graph: Graph) -> set[tuple[str, str, str]]:
    return {
        (graph.entity_ids[h], graph.relations[r].name, graph.entity_ids[t])
        for h, r, t in graph.triples.tolist()
    }


EXPECTED = {
    ("Compound::DB00843", "indication", "Disease::MONDO:0004975"),
    ("Compound::DB00843", "contraindication", "Disease::MONDO:0004979"),
    ("Compound::DB00843", "off-label use", "Disease::MONDO:0013924"),
    ("Compound::DB00843", "drug_protein::target", "Gene::43"),
    ("Compound::DB00843", "drug_protein::enzyme", "Gene::1565"),
    ("Compound::DB00843", "drug_drug", "Compound::DB00674"),
    ("Compound::DB00843", "drug_effect", "Effect or Phenotype::HP:0002315"),
    ("Disease::MONDO:0004975", "disease_protein", "Gene::43"),
    (
        "Disease::MONDO:0004975",
        "disease_phenotype_positive",
        "Effect or Phenotype::HP:0002354",
    ),
    ("Disease::MONDO:0001627", "disease_disease", "Disease::MONDO:0004975"),
    ("Gene::43", "protein_protein", "Gene::1565"),
    ("Gene::43", "bioprocess_protein", "Biological Process::GO:0008291"),
    ("Anatomy::UBERON:0000955", "anatomy_protein_present", "Gene::43"),
    ("Exposure::MESH:D010575", "exposure_disease", "Disease::MONDO:0004975"),
    ("Gene::43", "pathway_protein", "Pathway::R-HSA-112316"),
}


def test_each_edge_is_kept_once_and_runs_the_way_its_relation_says(raw: Path) -> None:
    graph = load_graph("primekg")
    assert facts(graph) == EXPECTED
    assert graph.n_triples == len(EXPECTED)
    assert graph.n_duplicates == 1
    n_rows = len(raw.read_text("utf-8").splitlines()) - 1
    assert (
        f"of {n_rows} rows, {n_rows - 1 - len(EXPECTED)} were the other direction"
        in (graph.notes[0])
    )
    assert (graph.drug_type, graph.disease_type) == ("Compound", "Disease")


def test_order_of_rows_changes_nothing_but_the_hierarchy(raw: Path) -> None:
    head, *rows = raw.read_text("utf-8").splitlines()
    random.Random(1).shuffle(rows)
    raw.write_text("\n".join([head, *rows]) + "\n", "utf-8")
    same = {"disease_disease", "drug_drug", "protein_protein"}  # one type at both ends
    assert {f for f in facts(load_graph("primekg")) if f[1] not in same} == {
        f for f in EXPECTED if f[1] not in same
    }


def test_names_quoted_cells_and_groups_of_diseases_arrive(raw: Path) -> None:
    graph = load_graph("primekg")
    named = dict(zip(graph.entity_ids, graph.entity_names, strict=True))
    assert named["Compound::DB00674"] == 'Galantamine, "(-)"'
    group = graph.mapped("Disease::MONDO:0013924")
    assert graph.entity_names[group] == "osteogenesis imperfecta"
    assert names.resolve(graph, "MONDO:0012592", "disease") == group
    assert {graph.type_of(i) for i in range(graph.n_entities)} <= set(TYPES.values())


def test_roles_are_those_that_explanations_rest_on() -> None:
    roles = {relation.name: relation.role for relation in RELATIONS}
    assert roles["indication"] == "treats"
    assert roles["contraindication"] == "contraindicated"
    assert roles["off-label use"] == "palliates"
    assert roles["drug_protein::target"] == "targets"
    assert roles["drug_protein::enzyme"] is None
    symmetric = {relation.name for relation in RELATIONS if relation.is_symmetric}
    assert symmetric == {"drug_drug", "protein_protein", "exposure_protein"}
    assert set(HEAD_TYPES) <= set(roles)
    assert set(HEAD_TYPES.values()) <= set(TYPES)
    assert PRIMEKG.n_triples * 2 == 8_100_498


def damaged(text: str) -> list[tuple[str, str]]:
    lines = text.splitlines()
    return [
        ("", "is empty"),
        (lines[0] + "\n", "expected at least one row"),
        (text.replace("x_name", "name", 1), r"line 1: expected the columns .*x_name"),
        ("\n".join([*lines[:3], "a,b,c", *lines[3:]]), r"line 4: expected 12 columns .* found 3"),
        (
            text.replace("DB00843,drug", "DB00843,drug", 1).replace(",0,", ",x,", 1),
            "cannot be read",
        ),
        (text.replace(",0,", ",-5,", 1), "expected x_index from 0"),
        (text.replace(",0,", ",99999999,", 1), "expected x_index from 0"),
    ]


@pytest.mark.parametrize("place", range(7))
def test_a_file_that_is_something_else_is_one_sentence(raw: Path, place: int) -> None:
    content, words = damaged(raw.read_text("utf-8"))[place]
    raw.write_text(content, "utf-8")
    with pytest.raises(DataFormatError, match=words):
        load_graph("primekg")


def test_bytes_that_are_no_text_are_named_by_line(raw: Path) -> None:
    raw.write_bytes(raw.read_bytes().replace(b"Donepezil", b"Donep\xe9zil", 1))
    with pytest.raises(DataFormatError, match=r"line 2: expected UTF-8 text, found the byte 0xE9"):
        load_graph("primekg")


def test_two_entities_of_one_id_are_refused(raw: Path) -> None:
    text = raw.read_text("utf-8")
    row = "protein_protein,ppi,90,43,gene/protein,ACHE,NCBI,91,43,gene/protein,ACHE2,NCBI\n"
    raw.write_text(text + row, "utf-8")
    with pytest.raises(DataFormatError, match="have the same id 43 of NCBI"):
        load_graph("primekg")


def test_the_sample_has_the_columns_of_the_real_file() -> None:
    assert SAMPLE.read_text("utf-8").splitlines()[0].split(",") == list(COLUMNS)
