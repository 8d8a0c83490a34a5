"""The report: every section, every foreign text escaped, nothing asked of the internet."""

from __future__ import annotations

import copy
import dataclasses
import io
import re
from pathlib import Path

import pytest
from docx import Document

from llador_core.__main__ import main
from llador_core.escape import plain
from llador_core.figures import export
from llador_core.graph import Graph
from llador_core.priors.texts import Texts, load_texts
from llador_core.report import Case, gather, to_docx, to_html
from llador_core.report.case import NOTICE, reasons_of
from llador_core.training import runs

ALZHEIMER = "Disease::DOID:10652"
MADE = "2026-01-02 03:04 UTC"
SECTIONS = ("short", "known", "trust", "candidates", "moved", "careful", "explained", "origin")
NASTY = "<script>alert(1)</script> \"q\" 'a' & | \u202eZ\x00\n![p](https://evil.example/p.png)"


def make(graph: Graph, texts: Texts | None, **more: object) -> Case:
    info = runs.default_run("starter")
    base, mechanism = runs.partner(info), runs.partner(info, "mechanism")
    assert base is not None
    assert mechanism is not None
    return gather(
        graph,
        runs.load_run(info.name),
        graph.mapped(ALZHEIMER),
        base=runs.load_run(base.name),
        mechanism=runs.load_run(mechanism.name),
        texts=texts,
        created=MADE,
        **more,  # type: ignore[arg-type]
    )


@pytest.fixture(scope="module")
def case(starter: Graph) -> Case:
    return make(starter, load_texts(starter))


@pytest.fixture(scope="module")
def page(case: Case) -> str:
    return to_html(case)


@pytest.fixture(scope="module")
def evil(starter: Graph) -> Case:
    """The same case with every text of the graph and of the LLM bent on harm."""
    n = starter.n_entities
    graph = dataclasses.replace(
        starter,
        entity_names=[f"{NASTY} {i}" for i in range(n)],
        synonyms=[(NASTY,)] * n,
        title=NASTY,
        licence=NASTY,
        citation=NASTY,
        notes=(NASTY,),
    )
    texts = load_texts(starter)
    assert texts is not None
    words = [NASTY] * n
    source = dataclasses.replace(texts.provenance, model=NASTY, prompt=NASTY)
    first = int(starter.drugs[0])
    return make(graph, Texts(words, words, words, source), shortlist={first: (NASTY, NASTY)})


def without_library(page: str) -> str:
    library = export.library()
    assert page.count(library) == 1
    return page.replace(library, "")


def test_every_section_is_there_with_its_figure_and_its_table(case: Case, page: str) -> None:
    told = without_library(page)
    assert re.findall(r'<section id="(\w+)"', told) == list(SECTIONS)
    assert told.count("<figure>") == told.count("Plotly.newPlot(") == 5
    assert told.count("The same as a table") == 5
    assert len(re.findall(r'role="img" aria-label="[^"]{20,}"', told)) == 5
    assert told.count(NOTICE) == 2
    for pick in case.picks:
        assert f"<h3>{pick.candidate.name}</h3>" in told
    assert told.count("<h4>For</h4>") == told.count("<h4>Against</h4>") == len(case.picks) == 5
    assert case.run.name in told
    assert case.graph.checksum in told
    assert told.count("Model-written, unreviewed: Claude") == len(case.picks) + 1


def test_the_table_is_the_ranking(case: Case, page: str) -> None:
    [body] = re.findall(r"<caption>The first 20 of.*?</table>", page, re.DOTALL)
    drugs = re.findall(r"<tr><td[^>]*>([\d,.]+)</td><td[^>]*>([^<]*)</td>", body)
    assert [name for _, name in drugs] == [c.name for c in case.new[:20]]
    assert all(c.status == "new" for c in case.new)
    assert all(not p.candidate.is_contraindicated for p in case.picks)


def test_the_same_case_gives_the_same_page_but_for_its_date(starter: Graph, page: str) -> None:
    again = make(starter, load_texts(starter))
    assert to_html(again) == page
    later = to_html(dataclasses.replace(again, created="2027-01-01 00:00 UTC"))
    assert later.replace("2027-01-01 00:00 UTC", MADE) == page


def test_nothing_is_asked_of_the_internet(page: str) -> None:
    told = without_library(page)
    links = re.compile(r'<a href="https://[^"]+" rel="noreferrer"')  # opened by the reader alone
    assert len(links.findall(told)) > 5
    told = links.sub("<a", told)
    assert not re.findall(r'(?:src|href|action|data)\s*=\s*["\']?\s*(?:https?:)?//', told)
    assert "<link" not in told
    assert "@import" not in told
    assert "url(" not in told
    assert "default-src 'none'" in told


def test_every_foreign_text_is_escaped(evil: Case) -> None:
    told = without_library(to_html(evil))
    assert told.count("&lt;script&gt;alert(1)") > 100
    assert "<script>alert" not in told
    assert "\u202e" not in told
    assert "\x00" not in told
    assert "<img" not in told
    # the figures' own scripts hold names as JSON, where a tag must not end the script
    for script in re.findall(r"<script[^>]*>(.*?)</script>", told, re.DOTALL):
        assert "<script" not in script
    assert told.count("<script") == told.count("</script>") == 1 + 5  # the library, the figures


def test_a_shortlist_is_what_is_explained(evil: Case) -> None:
    assert evil.is_shortlist
    assert [p.candidate.entity for p in evil.picks] == [int(evil.graph.drugs[0])]
    assert "on the shortlist" in to_html(evil)


def test_a_run_without_prior_and_a_graph_without_texts_say_so(starter: Graph) -> None:
    info = next(r for r in runs.list_runs("starter") if r.prior == "none")
    graph = dataclasses.replace(starter, descriptions=["From the source."] * starter.n_entities)
    case = gather(graph, runs.load_run(info.name), graph.mapped(ALZHEIMER), created=MADE)
    page = without_library(to_html(case))
    assert "no run without a prior to compare with" in page
    assert "Description from the graph&#x27;s source" in page
    assert "Model-written" not in page
    assert words_of(to_docx(case))


def words_of(content: bytes) -> str:
    sheet = Document(io.BytesIO(content))
    cells = [c.text for table in sheet.tables for row in table.rows for c in row.cells]
    return "\n".join([*(p.text for p in sheet.paragraphs), *cells])


def test_the_hand_out_opens_and_tells_the_case(case: Case) -> None:
    content = to_docx(case)
    told = words_of(content)
    assert len(content) < 200_000
    sheet = Document(io.BytesIO(content))
    assert sheet.sections[0].footer.paragraphs[0].text == NOTICE
    assert told.count(NOTICE) == 1
    for part in (case.name, case.run.name, case.graph.checksum, "Against:", "For:", MADE):
        assert part in told
    for candidate in case.new[:10]:
        assert candidate.name in told
    assert told.count("[Model-written, unreviewed: Claude") == len(case.picks)


def test_the_hand_out_holds_hostile_names(evil: Case) -> None:
    told = words_of(to_docx(evil))
    assert plain(evil.name) in told
    assert "\u202e" not in told


def test_names_that_xml_cannot_hold_do_not_stop_the_hand_out(starter: Graph) -> None:
    names = [f"odd\ufffe\uffff\x0b {i}" for i in range(starter.n_entities)]
    odd = make(dataclasses.replace(starter, entity_names=names), None)
    assert f"odd {starter.mapped(ALZHEIMER)}" in words_of(to_docx(odd))


@pytest.mark.parametrize("ending", ["html", "docx"])
def test_the_command_writes_one_file(ending: str, tmp_path: Path) -> None:
    out = tmp_path / f"case.{ending}"
    assert main(["report", "--disease", "AD", "--out", str(out)]) == 0
    start = b"<!doctype html>" if ending == "html" else b"PK"
    assert out.read_bytes().startswith(start)
    assert [f.name for f in tmp_path.iterdir()] == [out.name]


def test_the_command_refuses_other_endings_and_unknown_diseases(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "--disease", "AD", "--out", str(tmp_path / "case.pdf")]) == 2
    assert "ends in .html or .docx, not in '.pdf'" in capsys.readouterr().err
    assert main(["report", "--disease", "Alzhimer", "--out", str(tmp_path / "case.html")]) == 2
    assert "Did you mean" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_predicted_caution_is_told_with_its_reasons(case: Case) -> None:
    warned = [dataclasses.replace(c, caution="strong") for c in case.candidates]
    pick = dataclasses.replace(
        case.picks[0],
        candidate=dataclasses.replace(case.picks[0].candidate, caution="strong"),
        reasons=("Because <b>of</b> this.",),
    )
    doubtful = dataclasses.replace(case, candidates=tuple(warned), picks=(pick,))
    page = without_library(to_html(doubtful))
    assert page.count("△ strong caution predicted") == 20 + 1  # the table and the card
    assert "<dt>The model predicts caution (strong)</dt><dd>Because &lt;b&gt;" in page
    assert "The model predicts caution (strong). Because <b>of</b> this." in words_of(
        to_docx(doubtful)
    )
    assert "caution predicted" not in without_library(to_html(case))


def test_reasons_come_from_similar_drugs_and_from_sentences(case: Case, starter: Graph) -> None:
    drug = next(c for c in case.candidates if c.name == "Trihexyphenidyl")
    assert not reasons_of(case, dataclasses.replace(drug, caution="no sign"))
    told = reasons_of(case, dataclasses.replace(drug, caution="strong"))
    assert any("in common, is to be avoided in it." in sentence for sentence in told)
    assert any(
        sentence.startswith("The text on ") and "Model-written, unreviewed" in sentence
        for sentence in told
    )


def test_a_guarded_run_tells_what_caution_removed_and_what_it_cost(case: Case) -> None:
    def judged(top: float, hits: float) -> dict[str, object]:
        metrics = {"top 5%": {"value": top}, "Hits@10": {"value": hits}}
        return {"n_contraindicated": 42, "metrics": metrics}

    guarded = copy.deepcopy(case.run.metrics["run"])
    guarded["drug-ranking"]["n_pairs"] = 77
    metrics = {
        **case.run.metrics,
        "guarded": guarded,
        "incompatibility": {"raw": judged(0.2, 0.7), "combined": judged(0.01, 0.9)},
    }
    run = dataclasses.replace(case.run, metrics=metrics, safeguard=object())  # type: ignore[arg-type]
    weighed = dataclasses.replace(case, run=run)
    for told in (without_library(to_html(weighed)), words_of(to_docx(weighed))):
        assert "42 drugs to avoid were hidden too" in told
        assert "20.0% of them stand in the top 5%" in told
        assert "caution 1.0%" in told
        assert "77 known drug-disease pairs" in told
        assert "weighed against predicted caution" in told
    alone = without_library(to_html(dataclasses.replace(weighed, order="raw")))
    assert "were hidden too" not in alone
    assert "77 known" not in alone
    assert "the model&#x27;s score alone" in alone
