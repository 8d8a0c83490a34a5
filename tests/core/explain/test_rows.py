"""Explanations as rows, as JSON and on the command line."""

import json

import pytest

from llador_core.__main__ import main
from llador_core.explain import explain
from llador_core.explain.rows import (
    explanation_json,
    lowest_plausibility,
    objection_rows,
    path_rows,
    path_words,
)
from llador_core.explain.titles import noun, title
from llador_core.graph import Graph
from llador_core.training.runs import default_run

PAIR = ["--drug", "propranolol", "--disease", "asthma"]


@pytest.fixture(scope="module")
def pair(starter: Graph) -> tuple[int, int]:
    return starter.mapped("Compound::DB00571"), starter.mapped("Disease::DOID:2841")


def test_every_path_and_every_kind_of_objection_has_a_row(
    starter: Graph, pair: tuple[int, int]
) -> None:
    explanation = explain(starter, *pair)
    rows = path_rows(starter, explanation)
    assert len(rows) == sum(len(group.paths) for group in explanation.groups)
    assert rows[0]["path"] == "Propranolol -inhibits-> ADRB2 -is linked to-> asthma"
    assert rows[0]["entities"] == "Compound::DB00571 | Gene::154 | Disease::DOID:2841"
    assert rows[0]["plausibility"] is None
    against = objection_rows(starter, explanation)
    assert [row["kind"] for row in against if not row["found"]] == [
        group.title for group in explanation.against if group.nothing
    ]
    assert sum(row["found"] for row in against) == sum(
        len(group.objections) for group in explanation.against
    )
    assert len({tuple(row) for row in rows}) == len({tuple(row) for row in against}) == 1


def test_the_document_names_entities_and_relations(starter: Graph, pair: tuple[int, int]) -> None:
    explanation = explain(starter, *pair, max_length=2)
    document = json.loads(json.dumps(explanation_json(starter, explanation)))
    step = document["for"][0]["paths"][0]["steps"][1]
    assert (step["head"], step["relation"], step["tail"]) == (
        "Disease::DOID:2841",
        "associates",
        "Gene::154",
    )
    assert (step["source"], step["words"]) == ("Gene::154", "is linked to")
    assert document["against"][0]["kind"] == "contraindicated"
    assert document["n_paths"] == explanation.n_paths
    path = explanation.groups[0].paths[0]
    assert path_words(starter, path).startswith("Propranolol -")
    assert lowest_plausibility(path) is None


@pytest.mark.parametrize(
    ("turns", "types", "words"),
    [
        (("acts", "linked"), ("Gene",), "Acts on a protein that is linked to the disease"),
        (
            ("acts", "interacts", "acts back", "treats"),
            ("Gene", "Gene", "Compound"),
            "Acts on a protein that interacts with a protein that is acted on by a drug that "
            "treats the disease",
        ),
        (
            ("acts", "participates", "participates back"),
            ("Gene", "Biological Process"),
            "Acts on a protein that takes part in a process involving the disease",
        ),
        (("treats", "includes back"), ("Disease",), "Treats a kind of the disease"),
        (
            ("causes", "causes back", "treats"),
            ("Side Effect", "Compound"),
            "Shares a side effect with a drug that treats the disease",
        ),
    ],
)
def test_titles_need_no_codes(turns: tuple[str, ...], types: tuple[str, ...], words: str) -> None:
    assert title(turns, types) == words


def test_types_of_other_graphs_get_an_article() -> None:
    assert noun("Organism") == "an organism"
    assert noun("Phenotype") == "a phenotype"


def test_command_line_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", *PAIR, "--through", "ADRB2", "--max-length", "2"]) == 0
    out = capsys.readouterr().out
    assert "FOR Propranolol in asthma: 1 path\n" in out
    assert "Propranolol -inhibits-> ADRB2 -is linked to-> asthma" in out
    assert "Propranolol is contraindicated in asthma." in out
    assert "Nothing found in this graph." in out
    assert "For research only" in out


def test_command_line_as_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    run = default_run("starter").name
    assert main(["explain", *PAIR, "--run", run, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["run"] == run
    assert "For research only" in document["notice"]
    assert document["drug"]["name"] == "Propranolol"
    plausibility = document["for"][0]["paths"][0]["steps"][0]["plausibility"]
    assert 0 <= plausibility <= 100
    assert {"kind", "title", "nothing", "objections"} == set(document["against"][0])


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--through", "ADRB2x"], "Did you mean 'ADRB2'?"),
        (["--max-length", "9"], "from 1 to 4 edges, found 9"),
        (["--run", "nothing"], "There is no run named"),
    ],
)
def test_bad_input_is_one_sentence(
    extra: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", *PAIR, *extra]) == 2
    assert message in capsys.readouterr().err
