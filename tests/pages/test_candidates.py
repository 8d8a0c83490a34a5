"""The table is the core's ranking, every control is in the address, and the export says whence."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from llador_core.graph import Graph
from llador_core.priors.texts import load_texts
from llador_core.ranking import Candidate, rank_candidates
from llador_core.safeguard import similar
from llador_core.training import runs
from llador_core.training.runs import RunInfo
from pages._ui import cached, table
from pages._ui.cached import View
from pages._ui.inputs import Filters
from tests.pages.conftest import Open

ALZHEIMER = "Disease::DOID:10652"
DONEPEZIL = "Compound::DB00843"


@pytest.fixture(scope="module")
def ranking(starter: Graph, default_run: RunInfo) -> list[Candidate]:
    base = runs.partner(default_run)
    assert base is not None
    return rank_candidates(
        starter,
        runs.load_run(default_run.name),
        disease=starter.mapped(ALZHEIMER),
        base=runs.load_run(base.name),
        texts=load_texts(starter),
    )


@pytest.fixture
def view(starter: Graph, default_run: RunInfo) -> View:
    return cached.view("starter", starter.mapped(ALZHEIMER), default_run)


def listed(app: AppTest) -> list[str]:
    assert not app.exception
    assert not app.error
    ids: list[str] = app.dataframe[0].value["Id"].tolist()
    return ids


def test_the_table_is_the_ranking(open_page: Open, ranking: list[Candidate]) -> None:
    app = open_page("candidates")
    assert listed(app) == [c.id for c in ranking]
    shown = app.dataframe[0].value
    assert shown["Rank"].tolist() == [c.rank for c in ranking]
    assert shown["Without prior"].tolist() == [c.base_rank for c in ranking]
    assert shown["Percentile"].tolist() == [c.percentile for c in ranking]
    assert shown["Edges"].tolist() == [c.degree for c in ranking]
    assert [c.split()[-1] for c in shown["Caution"]] == [
        (c.caution or "").split()[-1] for c in ranking
    ]
    assert ["avoid" in f for f in shown["Flags"]] == [c.is_contraindicated for c in ranking]
    assert ["named" in f for f in shown["Flags"]] == [c.prior_names_it for c in ranking]
    assert set(shown["Status"]) == {"● New", "◆ Hidden", "■ Known"}


@pytest.mark.parametrize(
    ("params", "keep"),
    [
        ({"status": "New"}, lambda c: c.status == "new"),
        ({"status": ["Known", "Hidden"]}, lambda c: c.status != "new"),
        ({"safe": "true"}, lambda c: not c.is_contraindicated),
        ({"unnamed": "true"}, lambda c: not c.prior_names_it),
        ({"moved": "100"}, lambda c: c.shift >= 100),
        (
            {"status": "New", "safe": "true", "moved": "10"},
            lambda c: c.status == "new" and not c.is_contraindicated and c.shift >= 10,
        ),
    ],
    ids=["new", "known", "safe", "unnamed", "moved", "all"],
)
def test_a_link_opens_with_its_filters(
    params: dict[str, str | list[str]],
    keep: object,
    open_page: Open,
    ranking: list[Candidate],
) -> None:
    assert callable(keep)
    expected = [c.id for c in ranking if keep(c)]
    assert 0 < len(expected) < len(ranking)
    assert listed(open_page("candidates", **params)) == expected


def test_a_link_opens_in_its_order_and_a_click_changes_the_address(
    open_page: Open, starter: Graph, default_run: RunInfo, ranking: list[Candidate]
) -> None:
    raw = rank_candidates(
        starter, runs.load_run(default_run.name), disease=starter.mapped(ALZHEIMER), order="raw"
    )
    by_score = [c.id for c in raw]
    assert by_score != [c.id for c in ranking]
    app = open_page("candidates", order="raw")
    assert listed(app) == by_score
    assert app.segmented_control(key="order_pick").value == "raw"
    app.segmented_control(key="order_pick").set_value("combined").run()
    assert listed(app) == [c.id for c in ranking]
    assert "order" not in app.query_params
    app.segmented_control(key="order_pick").set_value("raw").run()
    assert listed(app) == by_score
    assert app.query_params["order"] == "raw"


def test_a_run_without_a_safeguard_offers_no_order_and_no_caution(
    open_page: Open, own_run: Path
) -> None:
    (own_run / "safeguard.json").unlink()
    (own_run / "safeguard.safetensors").unlink()
    app = open_page("candidates", run=own_run.name, drug=DONEPEZIL)
    assert len(listed(app)) == 636
    assert app.segmented_control(key="order_pick").disabled
    assert "Caution" not in app.dataframe[0].value
    assert not any("The model predicts" in m.value for m in app.markdown)


def test_a_run_with_similar_pairs_is_ordered_by_them_and_says_so(
    open_page: Open, own_run: Path, starter: Graph
) -> None:
    for file in own_run.glob("safeguard.*"):
        file.unlink()
    draw, shape = np.random.default_rng(0), (len(starter.drugs), len(starter.diseases))
    tables = [draw.standard_normal((n, 4)).astype(np.float32) for n in shape]
    similar.save(similar.SimilarPairs(tables[0], tables[1], 1.0, {}), own_run)
    app = open_page("candidates", run=own_run.name)
    assert not app.exception
    order = app.segmented_control(key="order_pick")
    assert list(order.options) == ["With similar pairs", "Score alone"]
    assert not order.disabled
    guarded = runs.load_run(str(own_run)).metrics["guarded"]["drug-ranking"]["metrics"]
    trust = open_page(run=own_run.name, step="2")
    share = f"{guarded['Hits@10']['value']:.0%}"
    assert any(share in words.value for words in trust.markdown)


def test_a_damaged_safeguard_is_a_sentence(open_page: Open, own_run: Path) -> None:
    (own_run / "safeguard.safetensors").write_bytes(b"half")
    app = open_page("candidates", run=own_run.name)
    assert not app.exception
    assert "The safeguard of run" in app.error[0].value


def test_the_card_says_what_speaks_against_the_drug(open_page: Open) -> None:
    app = open_page("candidates", drug="trihexyphenidyl")
    said = " ".join(m.value for m in app.markdown)
    assert "**The model predicts strong caution.**" in said
    assert "contraindicated in Alzheimer" in said
    assert "worsens dementia" in said
    assert "does not mean safe" in " ".join(
        m.value for m in open_page("candidates", drug=DONEPEZIL).markdown
    )


def test_a_link_opens_with_its_class(open_page: Open, starter: Graph) -> None:
    name = "Cholinergic Muscarinic Antagonists"
    members = {
        starter.entity_ids[t]
        for h, _, t in starter.triples_with_role("includes")
        if starter.entity_names[h] == name
    }
    assert members
    assert set(listed(open_page("candidates", **{"class": name}))) == members


def test_filters_that_nothing_passes_are_a_state(open_page: Open) -> None:
    app = open_page("candidates", moved="99999")
    assert not app.exception
    assert "No drug passes these filters" in app.info[0].value
    assert app.get("download_button")[0].proto.disabled


@pytest.mark.parametrize(
    "junk", [{"moved": "many"}, {"status": "Cured"}, {"class": "<b>"}, {"safe": "perhaps"}]
)
def test_junk_in_a_filter_falls_back_to_none(junk: dict[str, str], open_page: Open) -> None:
    assert len(listed(open_page("candidates", **junk))) == 636


def test_a_run_without_a_prior_has_no_columns_to_compare(open_page: Open) -> None:
    plain = next(r for r in runs.list_runs("starter") if r.prior == "none")
    app = open_page("candidates", run=plain.name)
    assert len(listed(app)) == 636
    assert "Without prior" not in app.dataframe[0].value
    assert app.number_input(key="moved").disabled


def test_the_card_shows_the_texts_word_for_word_with_their_source(
    open_page: Open, starter: Graph
) -> None:
    texts = load_texts(starter)
    assert texts is not None
    drug = starter.mapped(DONEPEZIL)
    app = open_page("candidates", drug=DONEPEZIL)
    assert [s.value for s in app.subheader] == ["Donepezil"]
    assert [t.value for t in app.text] == [
        texts.background[drug],
        texts.treatment[drug],
        texts.caution[drug],
    ]
    source = " ".join(c.value for c in app.caption)
    assert "unreviewed" in source
    assert texts.provenance.model.split()[0] in source
    ties = " ".join(m.value for m in app.markdown)
    assert "disease it treats" in ties or "diseases it treats" in ties
    assert "drug class" in ties
    assert "ACHE" in ties


def test_a_drug_may_be_given_by_a_synonym_and_stays_when_filters_hide_it(open_page: Open) -> None:
    app = open_page("candidates", drug="donepezil", status="New")
    assert DONEPEZIL not in listed(app)
    assert [s.value for s in app.subheader] == ["Donepezil"]


def test_without_a_drug_the_page_says_how_to_choose_one(open_page: Open) -> None:
    app = open_page("candidates")
    assert not app.subheader
    assert any("Tick the box" in c.value for c in app.caption)


def export(view: View, some: list[Candidate]) -> tuple[dict[str, str], list[dict[str, str]]]:
    filters = Filters(("New",), True, False, "Statins", 5)
    lines = table.to_csv(view, some, filters.words()).splitlines()
    head = [line for line in lines if line.startswith("# ")]
    pairs = dict(line[2:].split(": ", 1) for line in head)
    return pairs, list(csv.DictReader(io.StringIO("\n".join(lines[len(head) :]))))


def test_the_export_is_the_ranking(view: View, ranking: list[Candidate]) -> None:
    _, rows = export(view, ranking)
    assert [r["id"] for r in rows] == [c.id for c in ranking]
    assert [float(r["rank"]) for r in rows] == [c.rank for c in ranking]
    assert [float(r["shift"]) for r in rows] == [c.shift for c in ranking]
    assert [r["status"] for r in rows] == [c.status for c in ranking]
    assert [r["contraindicated"] == "true" for r in rows] == [c.is_contraindicated for c in ranking]
    assert [float(r["rank_by_score_alone"]) for r in rows] == [c.raw_rank for c in ranking]
    assert [r["predicted_caution"] for r in rows] == [c.caution for c in ranking]


def test_the_export_says_whence(view: View, starter: Graph, default_run: RunInfo) -> None:
    head, _ = export(view, list(view.candidates[:3]))
    assert "research only" in head["notice"]
    assert head["graph checksum"] == starter.checksum
    assert head["run"] == default_run.name
    assert default_run.model in head["model"]
    assert head["prior"].startswith("full; texts by Claude")
    assert "unreviewed" in head["prior"]
    assert head["trained"] == default_run.created
    assert head["rows"].startswith("3 of 636; status New, without contraindicated")
    assert "class Statins" in head["rows"]
    assert head["exported"].endswith("Z")
    assert "weighed against predicted caution" in head["order"]


def test_the_file_is_named_after_the_disease(starter: Graph) -> None:
    name = table.file_name(starter, starter.mapped(ALZHEIMER))
    assert name == "llador-alzheimer-s-disease-candidates.csv"


def test_the_json_holds_what_the_csv_does(view: View, ranking: list[Candidate]) -> None:
    document = json.loads(table.to_json(view, ranking, "all"))
    head, rows = export(view, ranking)
    assert document["notice"] == head["notice"]
    assert document["provenance"]["graph checksum"] == head["graph checksum"]
    assert [row["id"] for row in document["rows"]] == [row["id"] for row in rows]
    assert document["rows"][0]["rank"] == ranking[0].rank
    assert document["rows"][0]["contraindicated"] is ranking[0].is_contraindicated
    assert list(document["rows"][0]) == list(rows[0])


def test_every_figure_s_table_can_be_taken_along(open_page: Open) -> None:
    app = open_page(step="2")
    before = [button.proto.label for button in app.get("download_button")]
    assert "JSON" not in before
    app.session_state["recall-table"] = True
    app.run()
    labels = [button.proto.label for button in app.get("download_button")]
    assert sorted({*labels} - {*before}) == ["CSV", "JSON"]
