"""Graphs of one's own from any table: what is guessed, what is kept, and all that can be wrong."""

from __future__ import annotations

import gzip
import json
import string
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from llador_core import jobs, paths
from llador_core.__main__ import main
from llador_core.data import columns, list_graphs, load_graph, local_tsv, own_folder, plan, sniff
from llador_core.data.importing import Imported, import_table
from llador_core.data.plan import Plan, memory_needed
from llador_core.data.rows import sample
from llador_core.errors import ConfigError, DataFormatError, MissingDataError, StorageError
from llador_core.graph import Graph

ROWS = [
    ("DB1", "Drug", "indication", "D1", "Disorder"),
    ("DB2", "Drug", "indication", "D2", "Disorder"),
    ("DB1", "Drug", "targets", "G1", "Gene"),
    ("G1", "Gene", "associated_with", "D1", "Disorder"),
    ("D2", "Disorder", "contraindication", "DB1", "Drug"),  # the wrong way round
    ("DB1", "Drug", "indication", "D1", "Disorder"),  # a repeat
]
HEADER = ("subject_id", "subject_type", "predicate", "object_id", "object_type")


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLADOR_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("LLADOR_RAW", raising=False)


def table(folder: Path, text: str | bytes, name: str = "t.csv") -> Path:
    file = folder / name
    data = text.encode() if isinstance(text, str) else text
    file.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return file


def written(separator: str = ",", rows: Any = ROWS, header: Any = HEADER) -> str:
    return "".join(separator.join(cells) + "\n" for cells in [*([header] if header else []), *rows])


def imported(file: Path, name: str = "mine", **changes: Any) -> Imported:
    found = sniff.look(file, skips_bad=changes.get("skips_bad", False))
    return import_table(Plan(name, found, columns.guess(found.columns, found.rows), **changes))


def facts(graph: Graph) -> set[tuple[str, str, str]]:
    return {
        (graph.entity_ids[h], graph.relations[r].name, graph.entity_ids[t])
        for h, r, t in graph.triples.tolist()
    }


EXPECTED = {
    ("DB1", "indication", "D1"),
    ("DB2", "indication", "D2"),
    ("DB1", "targets", "G1"),
    ("G1", "associated_with", "D1"),
    ("DB1", "contraindication", "D2"),
}


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.txt", "t.csv.gz", "t.parquet"])
def test_the_same_graph_comes_of_every_kind_of_table(tmp_path: Path, name: str) -> None:
    if name == "t.parquet":
        arrays = {c: [row[i] for row in ROWS] for i, c in enumerate(HEADER)}
        parquet.write_table(pa.table(arrays), tmp_path / name)
        file = tmp_path / name
    else:
        separator = {"t.tsv": "\t", "t.txt": ";"}.get(name, ",")
        file = table(tmp_path, written(separator), name)
    result = imported(file)
    graph = load_graph("mine")
    assert facts(graph) == facts(result.graph) == EXPECTED
    assert result.dropped == {"repeats of another row": 1}
    assert (graph.drug_type, graph.disease_type) == ("Compound", "Disease")
    assert {r.name: r.role for r in graph.relations} == {
        "indication": "treats",
        "targets": "targets",
        "associated_with": "associates",
        "contraindication": "contraindicated",
    }
    told = " ".join(graph.notes)
    assert "6 rows read, 5 kept, left out: 1 (repeats of another row)" in told
    assert "1 of 1 edges 'contraindication' ran from a disease to a drug" in told
    assert "'Drug' is called Compound and 'Disorder' is called Disease" in told


def test_the_folder_tells_where_it_came_from_and_loads_anywhere(tmp_path: Path) -> None:
    file = table(tmp_path, written())
    folder = imported(file, title="Ours", licence="CC0", citation="We, 2026").folder
    told = json.loads((folder / "graph.json").read_text("utf-8"))
    assert (told["title"], told["licence"], told["citation"]) == ("Ours", "CC0", "We, 2026")
    assert told["import"]["sha256"] == paths.checksum(file)
    assert (told["import"]["rows"], told["import"]["kept"]) == (6, 5)
    [info] = [one for one in list_graphs() if one.is_own]
    assert (info.n_entities, info.n_triples) == (5, 5)
    assert facts(load_graph(str(folder))) == EXPECTED
    assert sorted(one.name for one in folder.parent.iterdir()) == ["mine"]


def test_what_is_kept_for_loading_is_what_the_files_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("llador_core.data.cache.WORTH_CACHING_BYTES", 0)
    imported(table(tmp_path, written()))
    kept, parsed = load_graph("mine"), local_tsv.parse(local_tsv.files(own_folder("mine")))
    assert list(kept.entity_ids) == parsed.entity_ids
    assert list(kept.entity_names) == parsed.entity_names
    assert kept.type_names == parsed.type_names
    np.testing.assert_array_equal(kept.entity_types, parsed.entity_types)
    np.testing.assert_array_equal(kept.triples, parsed.triples)
    assert tuple(r.name for r in kept.relations) == parsed.relation_names
    assert list(kept.descriptions) == list(parsed.descriptions)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8).filter(
    lambda text: text.strip() and "\x00" not in text
)


@given(st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=30))
def test_every_row_is_kept_or_counted(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    parquet.write_table(
        pa.table({c: [row[i] for row in rows] for i, c in enumerate(("head", "rel", "tail"))}),
        folder / "t.parquet",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LLADOR_HOME", str(folder / "home"))
        result = imported(folder / "t.parquet")
        graph = load_graph("mine")
    assert result.n_rows == len(rows) == graph.n_triples + sum(result.dropped.values())
    cells = [tuple(" ".join(c.split()) for c in row) for row in rows]
    usable = {row for row in cells if all(row)}
    if all(c.isprintable() for row in rows for c in row) and not graph.n_duplicates:
        assert len(usable) >= graph.n_triples
    assert graph.n_triples <= len(set(cells))


def test_types_come_from_ids_and_without_any_from_treatments(tmp_path: Path) -> None:
    rows = [("Drug::1", "treats", "Disorder::2"), ("Gene::3", "associates", "Disorder::2")]
    graph = imported(table(tmp_path, written("\t", rows, None), "a.tsv"), "typed").graph
    assert set(graph.type_names) == {"Compound", "Disease", "Gene"}
    assert "part of their ids before '::'" in " ".join(graph.notes)
    rows = [("a", "treats", "b"), ("c", "associates", "b")]
    result = imported(table(tmp_path, written("\t", rows, None), "b.tsv"), "untyped")
    assert {result.graph.entity_ids[i]: result.graph.type_of(i) for i in range(3)} == {
        "a": "Compound",
        "b": "Disease",
        "c": "Entity",
    }
    assert any("2 of them are drugs or diseases by their place" in n for n in result.notes)
    rows = [("a", "knows", "b"), ("c", "knows", "b")]
    result = imported(table(tmp_path, written("\t", rows, None), "c.tsv"), "nothing")
    assert result.graph.type_names == ("Entity",)
    assert any("nobody has told" in note for note in result.notes)


def test_roles_and_types_can_be_said(tmp_path: Path) -> None:
    rows = [("a", "X", "p", "b", "Y"), ("a", "X", "q", "b", "Y")]
    graph = imported(
        table(tmp_path, written(rows=rows)),
        roles={"p": "treats", "q": ""},
        drug_type="X",
        disease_type="Y",
    ).graph
    assert {r.name: r.role for r in graph.relations} == {"p": "treats", "q": None}
    assert (graph.drug_type, graph.disease_type) == ("Compound", "Disease")
    with pytest.raises(ConfigError, match="No entity has the type 'Z'"):
        imported(tmp_path / "t.csv", "other", drug_type="Z")
    assert own_folder("other") is None
    with pytest.raises(ConfigError, match=r"'treat' is no role .* treats"):
        imported(tmp_path / "t.csv", "other", roles={"p": "treat"})


def test_a_table_of_entities_tells_more(tmp_path: Path) -> None:
    told = (
        "id,name,type,synonyms,description\nDB1,Drug one,Drug,Uno|Eins,It helps\nZ,Nobody,Drug,,\n"
    )
    file = table(tmp_path, told, "e.csv")
    found = sniff.look(file, fewest=1)
    guessed = columns.guess_entities(found.columns)
    graph = imported(table(tmp_path, written()), entities=found, entity_columns=guessed).graph
    drug = graph.mapped("DB1")
    assert (graph.entity_names[drug], graph.synonyms[drug]) == ("Drug one", ("Uno", "Eins"))
    assert graph.descriptions[drug] == "It helps"
    assert "tells of 1 of 5 entities; 1 of its rows have no triple" in " ".join(graph.notes)
    twice = table(tmp_path, told + "DB1,Other,Drug,,\n", "twice.csv")
    with pytest.raises(DataFormatError, match=r"'DB1' stands twice .* rows 2 and 4"):
        imported(
            tmp_path / "t.csv",
            "other",
            entities=sniff.look(twice),
            entity_columns=guessed,
        )


def test_names_in_rows_quotes_and_odd_cells_survive(tmp_path: Path) -> None:
    text = (
        'x_id,x_name,relation,y_id,y_name\n"a, b","Big ""A""",treats,c,=cmd\n'
        '"a, b",Other,treats,<b>d</b>,\n'
    )
    result = imported(table(tmp_path, text))
    named = dict(zip(result.graph.entity_ids, result.graph.entity_names, strict=True))
    assert named == {"a, b": 'Big "A"', "c": "=cmd", "<b>d</b>": "<b>d</b>"}
    assert any("1 entities have more than one name (a, b)" in note for note in result.notes)


def test_rows_without_a_cell_are_counted(tmp_path: Path) -> None:
    rows = [*ROWS, ("", "Drug", "targets", "G1", "Gene"), ("DB1", "Drug", "", "G1", "Gene")]
    result = imported(table(tmp_path, written(rows=rows)))
    assert result.dropped == {"no head": 1, "no relation": 1, "repeats of another row": 1}
    assert facts(result.graph) == EXPECTED


BAD = [
    ("", "is empty"),
    ("\n\n", "is empty"),
    ("a,b\nc,d\n", r"has 2 columns \(a,b\); a graph needs at least three"),
    ("alone\nwords\n", "has 1 column"),
    (
        "a\tb\tc\n" * 5 + "a,b,c\n" + "a\tb\tc\n",
        r"line 6 has 1 \(a,b,c\); it looks separated by com",
    ),
    ("a,b,c\n" * 300 + "a,b\n", r"line 301: expected 3 columns separated by commas, found 2"),
    (b"a,b,c\na,\xff,c\n", "line 2: expected UTF-8 text, found the byte 0xFF"),
    (b"a,b,c\n" * 400 + b"a,\xff,c\n", "line 401: expected UTF-8 text"),
    (b"PK\x03\x04zip", "a packed or office file"),
    (b"PAR1nothing", "a damaged Parquet file"),
    ("a,b,c\n,,\n", "is empty|no row that can be used|a graph needs"),
]


@pytest.mark.parametrize("place", range(len(BAD) - 1))
def test_a_bad_table_is_one_sentence_and_leaves_nothing(tmp_path: Path, place: int) -> None:
    text, words = BAD[place]
    with pytest.raises(DataFormatError, match=words):
        imported(table(tmp_path, text))
    assert not paths.graphs_folder().exists() or not list(paths.graphs_folder().iterdir())


def test_bad_rows_can_be_left_out_and_are_counted(tmp_path: Path) -> None:
    file = table(tmp_path, written() + "x,y\n" + "a,b,c,d,e,f\n")
    with pytest.raises(DataFormatError, match=r"but line 8 has 2 .* Such lines: 8, 9\."):
        imported(file)
    result = imported(file, skips_bad=True)
    assert result.n_rows == 8
    assert result.dropped["another number of columns"] == 2
    assert facts(result.graph) == EXPECTED


def test_a_cut_gzip_file_is_named(tmp_path: Path) -> None:
    whole = gzip.compress((written() * 50).encode())
    (tmp_path / "t.csv.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataFormatError, match="damaged or cut short"):
        imported(tmp_path / "t.csv.gz")
    with pytest.raises(MissingDataError, match="There is no file"):
        sniff.look(tmp_path / "none.csv")


@pytest.mark.parametrize("name", ["", "..", "a/b", "../x", ".hidden", "a b", "x" * 101, "ü"])
def test_what_is_no_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="cannot be the name of a graph"):
        imported(table(tmp_path, written()), name)


def test_a_name_that_exists_is_refused_and_the_old_graph_stays(tmp_path: Path) -> None:
    file = table(tmp_path, written())
    imported(file)
    before = paths.checksum(*local_tsv.files(own_folder("mine")))
    with pytest.raises(ConfigError, match="There is a graph named 'mine' already"):
        imported(file)
    with pytest.raises(ConfigError, match="the app knows"):
        imported(file, "drkg")
    assert paths.checksum(*local_tsv.files(own_folder("mine"))) == before


def test_short_memory_is_told_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = table(tmp_path, written())
    monkeypatch.setattr(plan, "available_memory", lambda: 200_000_000)
    with pytest.raises(StorageError, match=r"6 rows; importing them takes about 250 MB of memory"):
        imported(file)
    monkeypatch.setattr(plan, "available_memory", lambda: 4_000_000_000)
    assert memory_needed(50_000_000) > 4_000_000_000


def test_the_number_of_rows_is_reckoned_well_also_of_gzipped_ones(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    numbers = generator.integers(0, 99_999, (60_000, 2))
    text = "".join(f"e{a},r,e{b}\n" for a, b in numbers.tolist())
    for name in ("t.csv", "t.csv.gz"):
        found = sniff.look(table(tmp_path, text, name))
        assert not found.is_counted
        assert found.n_rows == pytest.approx(60_000, rel=0.15)


GUESSES = [
    ("head relation tail", ("head", "relation", "tail")),
    ("subject predicate object", ("subject", "predicate", "object")),
    ("Source Target Interaction", ("Source", "Interaction", "Target")),
    ("source metaedge target", ("source", "metaedge", "target")),
    ("h r t", ("h", "r", "t")),
    ("drug disease relation", ("drug", "relation", "disease")),
    ("relation x_index x_id y_index y_id", ("x_id", "relation", "y_id")),
]


@pytest.mark.parametrize(("names", "wanted"), GUESSES)
def test_columns_are_known_by_their_names(names: str, wanted: tuple[str, str, str]) -> None:
    header = names.split()
    found = columns.guess(header, [tuple(string.ascii_lowercase[: len(header)])])
    assert (found.head, found.relation, found.tail) == wanted


def test_columns_without_names_are_known_by_their_values() -> None:
    rows = [(f"a{i}", f"b{i}", "treats") for i in range(9)]
    found = columns.guess(["column 1", "column 2", "column 3"], rows)
    assert (found.head, found.relation, found.tail) == ("column 1", "column 3", "column 2")


def test_a_sample_counts_relations_and_types(tmp_path: Path) -> None:
    found = sniff.look(table(tmp_path, written()))
    told = sample(found, columns.guess(found.columns, found.rows), 1 << 20)
    assert told.relations["indication"] == 3
    assert told.types == {"Drug": 5, "Disorder": 5, "Gene": 2}
    assert told.is_all


def test_the_command_previews_imports_and_reports_as_a_job(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(table(tmp_path, written()))
    assert main(["import-graph", file, "--name=mine", "--dry-run", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["columns"]["head"] == "subject_id"
    assert {r["relation"]: r["role"] for r in told["relations"]}["indication"] == "treats"
    assert own_folder("mine") is None
    assert main(["import-graph", file, "--name=mine", "--head=4", "--tail=subject_id"]) == 0
    found = facts(load_graph("mine"))
    assert ("DB1", "indication", "D1") in found  # turned round again
    assert ("G1", "targets", "DB1") in found  # which only treatments and the like are
    assert jobs.follow("import-mine").state == "done"
    capsys.readouterr()
    for wrong, words in (
        (["--name=mine"], "already"),
        (["--name=b", "--head=nope"], "There is no column 'nope' for the head"),
        (["--name=b", "--head=predicate", "--relation=predicate"], "three different columns"),
        (["--name=b", "--role=x"], "Write it as RELATION=ROLE"),
        (["--name=b", "--delimiter=ab"], "one character"),
    ):
        assert main(["import-graph", file, *wrong]) == 2
        assert words in capsys.readouterr().err
