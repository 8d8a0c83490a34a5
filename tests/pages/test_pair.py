"""The pair is the core's ranking and explanation, in the address, and bad links still open."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from llador_core.escape import markdown, plain
from llador_core.explain import explain
from llador_core.figures.style import ordinal
from llador_core.graph import Graph
from llador_core.hubs import measure, score_of
from llador_core.priors import leakage
from llador_core.priors.texts import Texts, load_texts
from llador_core.ranking import Candidate, rank_candidates
from llador_core.shortlist import store
from llador_core.training import runs
from llador_core.training.runs import RunInfo
from pages._ui import cached, directions, pair_export, pair_view, reasons
from pages._ui.pair_view import Pair
from tests.pages.conftest import Open

ALZHEIMER, PARKINSON = "Disease::DOID:10652", "Disease::DOID:14330"
DONEPEZIL, HALOPERIDOL, MEMANTINE = (
    *("Compound::DB00843", "Compound::DB00502"),
    "Compound::DB01043",
)


def opened(open_page: Open, drug: str = HALOPERIDOL, disease: str = PARKINSON, **more) -> AppTest:
    app = open_page("pair", drug=drug, disease=disease, **more)
    assert not app.exception
    assert not app.error
    return app


def words(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.info, app.warning)
    return "\n".join(str(e.value) for kind in kinds for e in kind)


def asked(app: AppTest, name: str) -> str:
    value = app.query_params[name]
    return value if isinstance(value, str) else value[0]


def metrics(app: AppTest) -> dict[str, str]:
    return {m.label: m.value for m in app.metric}


@pytest.fixture
def pair(starter: Graph, default_run: RunInfo) -> Pair:
    view = cached.view("starter", starter.mapped(PARKINSON), default_run)
    drug = starter.mapped(HALOPERIDOL)
    return Pair(view, next(c for c in view.candidates if c.entity == drug), is_default=False)


def test_without_a_choice_the_first_new_proposal_is_shown(
    open_page: Open, starter: Graph, default_run: RunInfo
) -> None:
    app = open_page("pair")
    assert not app.exception
    view = cached.view("starter", starter.mapped(ALZHEIMER), default_run)
    first = next(c for c in view.candidates if c.status == "new" and c.entity not in view.easing)
    assert app.title[0].value == f"{markdown(first.name)} for {markdown(view.disease_name)}?"
    assert "as no drug was chosen" in words(app)


def test_the_verdict_is_the_ranking(open_page: Open, starter: Graph, pair: Pair) -> None:
    app = opened(open_page)
    run = runs.load_run(pair.view.run.name)
    drug, disease = starter.mapped(HALOPERIDOL), starter.mapped(PARKINSON)
    row = next(r for r in rank_candidates(starter, run, disease=disease) if r.entity == drug)
    shown = metrics(app)
    assert shown["Rank"] == ordinal(row.rank)
    assert pair.candidate.base_rank is not None
    assert shown["Without the prior"] == ordinal(pair.candidate.base_rank)
    assert shown["Drug studied"] == f"{starter.degree[drug]} facts"
    assert shown["Disease studied"] == f"{starter.degree[disease]} facts"
    share = measure(starter, score_of(starter, run)).share[starter.drugs.tolist().index(drug)]
    assert shown["Top 50 elsewhere"] == f"{share:.0%}"
    assert "Contraindicated]" in words(app)  # a badge
    assert f"In the top 50 of {share:.0%} of diseases" in words(app)


def test_every_installed_run_has_its_say_but_the_controls(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = pair_view.ask_runs(pair)
    assert asked.agreement is not None
    told = {s.run.name: s.rank for s in asked.agreement.standings}
    assert told[pair.view.run.name] == pair.candidate.rank
    assert pair.view.base is not None
    assert told[pair.view.base.name] == pair.candidate.base_rank
    real = runs.list_runs("starter")
    control = dataclasses.replace(real[0], prior="shuffled", name="control")
    gone = dataclasses.replace(real[0], name="gone", folder=Path("/nowhere"))
    late = dataclasses.replace(real[0], name="late", is_finished=False, problem="It is unfinished.")
    monkeypatch.setattr(runs, "list_runs", lambda _graph=None: [*real, control, gone, late])
    again = pair_view.ask_runs(pair)
    assert again.agreement == asked.agreement
    assert again.n_controls == asked.n_controls + 1
    assert len(again.problems) == len(asked.problems) + 2


def test_for_and_against_are_the_explanation(open_page: Open, starter: Graph, pair: Pair) -> None:
    app = opened(open_page)
    found = explain(
        starter, pair.drug, pair.disease, run=runs.load_run(pair.view.run.name), n_per_group=3
    )
    assert [s.value for s in app.subheader][:2] == ["For", "Against"]
    said = words(app)
    assert f"**{found.n_paths} paths** of **{found.n_groups} kinds**" in said
    labels = [e.label for e in app.expander]
    for title, is_mechanism, n_kinds in reasons.PARTS:
        groups = [group for group in found.groups if group.is_mechanism is is_mechanism]
        assert groups
        assert f"**{title}**" in said
        for place, group in enumerate(groups):
            is_shown = any(f"{markdown(group.title)} :" in label for label in labels)
            assert is_shown is (place < n_kinds)
    for path in found.groups[0].paths:
        for entity in path.entities:
            assert markdown(starter.entity_names[entity]) in said
        for step in path.steps:
            assert markdown(step.origin) in said
    for objections in found.against:
        for objection in objections.objections:
            assert markdown(objection.sentence) in said
        if objections.nothing:
            assert f"**{markdown(objections.title)}**: {markdown(objections.nothing)}" in said
    charts = [c.proto.alt for c in app.get("plotly_chart")]
    assert len(charts) == 2
    assert all(len(alt) > 20 for alt in charts)


def test_a_link_opens_with_its_controls(open_page: Open, pair: Pair) -> None:
    app = opened(
        open_page,
        through="DRD2",
        length="4",
        each="10",
        kinds="true",
        direction=directions.DRUGS,
        **{"open-best": "false", "open-contraindicated": "false"},
    )
    said = words(app)
    assert app.button(key=f"through-{pair.graph.mapped('Gene::1813')}")
    assert app.get_by_key("each").value == 10
    assert app.toggle(key="kinds").value
    assert app.get_by_key("direction").value == directions.DRUGS
    assert "Haloperidol is contraindicated in Parkinson\\'s disease" not in said
    found = explain(
        pair.graph,
        pair.drug,
        pair.disease,
        run=runs.load_run(pair.view.run.name),
        through=(pair.graph.mapped("Gene::1813"),),
        n_per_group=10,
    )
    assert f"**{found.n_paths} paths** of **{found.n_groups} kinds**" in said
    [drugs] = [d.value for d in app.dataframe if "Drug" in d.value]
    assert drugs["Drug"].tolist() == [plain(c.name) for c in pair.view.candidates[:200]]


def test_every_control_is_in_the_address(open_page: Open) -> None:
    app = opened(open_page)
    for key in ("length", "each", "kinds", "direction"):
        assert app.get_by_key(key).proto.query_param_key == key
    foldable = [expander.proto.query_param_key for expander in app.expander]
    assert all(foldable)
    assert sum(key.startswith("open-") for key in foldable) > 5
    app.text_input(key="through_query").set_value("DRD2").run()
    [match] = [b for b in app.button if str(b.key) == "match-through_query-" + drd2(app)]
    match.click().run()
    assert asked(app, "through") == "Gene::1813"
    app.button(key="through-" + drd2(app)).click().run()
    assert "through" not in app.query_params
    app.text_input(key="drug_query").set_value("memantin").run()
    next(b for b in app.button if str(b.key).startswith("match-drug_query")).click().run()
    assert asked(app, "drug") == MEMANTINE
    app.text_input(key="disease_query").set_value("alzheimer").run()
    next(b for b in app.button if str(b.key).startswith("match-disease_query")).click().run()
    assert asked(app, "disease") == ALZHEIMER
    assert app.title[0].value == r"Memantine for Alzheimer\'s disease?"


def drd2(app: AppTest) -> str:
    assert not app.exception
    return str(cached.graph("starter").mapped("Gene::1813"))


@pytest.mark.parametrize(
    "junk",
    [{"length": "9"}, {"each": "many"}, {"direction": "up"}, {"open-x": "1"}, {"kinds": "?"}],
)
def test_junk_in_a_control_is_the_default(open_page: Open, junk: dict[str, str]) -> None:
    app = opened(open_page, **junk)
    assert app.get_by_key("length").value == 4
    assert app.get_by_key("each").value == 3
    assert app.get_by_key("direction").value == directions.DISEASES


def test_a_drug_alone_lists_its_diseases(
    open_page: Open, starter: Graph, default_run: RunInfo
) -> None:
    app = open_page("pair", drug="memantine")
    assert not app.exception
    assert app.title[0].value == "Memantine: for which disease?"
    run = runs.load_run(default_run.name)
    expected = rank_candidates(starter, run, drug=starter.mapped(MEMANTINE))
    assert app.dataframe[0].value["Disease"].tolist() == [plain(c.name) for c in expected]
    assert app.dataframe[0].value["Rank"].tolist() == [c.rank for c in expected]


def test_what_the_llm_wrote_is_there_with_the_naming_sentences_marked(
    open_page: Open, starter: Graph
) -> None:
    texts = load_texts(starter)
    assert texts is not None
    app = opened(open_page, drug=DONEPEZIL, disease=ALZHEIMER)
    said = words(app)
    ends = starter.mapped(DONEPEZIL), starter.mapped(ALZHEIMER)
    n_marked = 0
    for entity, other in (ends, ends[::-1]):
        for field in ("background", "treatment", "caution"):
            for sentence in leakage.sentences(starter, texts, entity, field):
                mark = f":orange-background[✱ {markdown(sentence.text)}]"
                assert markdown(sentence.text) in said
                assert (mark in said) is (other in sentence.named)
                n_marked += other in sentence.named
    assert n_marked >= 2
    assert "unreviewed" in said
    assert texts.provenance.model.split()[0] in said
    mechanism = next(r for r in runs.list_runs("starter") if r.prior == "mechanism")
    assert mechanism
    assert "with texts on mechanisms alone, which name no use" in said


def test_the_page_offers_links_and_asks_for_none(open_page: Open) -> None:
    urls = [b.url for b in opened(open_page).get("link_button")]
    assert len(urls) >= 6
    for site in ("pubmed", "clinicaltrials", "drugbank", "mesh", "opentargets"):
        assert any(site in url for url in urls), site
    assert all(url.startswith("https://") for url in urls)


def test_an_entity_without_text_is_told(
    open_page: Open, starter: Graph, monkeypatch: pytest.MonkeyPatch, fresh_cache: None
) -> None:
    texts = load_texts(starter)
    assert texts is not None
    drug = starter.mapped(HALOPERIDOL)

    def without(column: object) -> list[str]:
        return ["" if i == drug else t for i, t in enumerate(column)]  # type: ignore[call-overload]

    mute = Texts(
        *(without(texts.of(f)) for f in ("background", "treatment", "caution")),
        provenance=texts.provenance,
    )
    monkeypatch.setattr(cached, "texts_if_any", lambda _graph, _texts: mute)
    assert "Nothing was written about Haloperidol" in words(opened(open_page))
    monkeypatch.setattr(cached, "texts_if_any", lambda _graph, _texts: None)
    cached.st.cache_resource.clear()
    assert "No text was written for this graph" in words(opened(open_page))


def test_a_run_without_its_twins_is_told(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "partner", lambda *_: None)
    app = opened(open_page)
    assert metrics(app)["Without the prior"] == "—"
    assert metrics(app)["Moved by the prior"] == "—"


def test_a_run_without_a_prior_has_a_page_too(open_page: Open) -> None:
    plain_run = next(r for r in runs.list_runs("starter") if r.prior == "none")
    app = opened(open_page, run=plain_run.name)
    assert metrics(app)["Without the prior"] == "—"
    assert "read none of these texts" in words(app)
    [moved] = [m for m in app.metric if m.label == "Moved by the prior"]
    assert moved.delta == "this run read no LLM text"


def test_no_path_is_a_sentence(open_page: Open) -> None:
    app = opened(open_page, length="2", through="UTRN")
    assert "There is no path of up to 2 edges from Haloperidol" in words(app)
    assert len(app.get("plotly_chart")) == 1  # the runs, but no picture of nothing


def test_an_unknown_way_is_told_and_left_out(open_page: Open) -> None:
    app = opened(open_page, through=["DRD2", "no such gene at all"])
    assert "There is no entity" in app.warning[0].value
    assert "It is left out" in app.warning[0].value
    assert app.button(key="through-" + drd2(app))


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"drug": "donepzil", "disease": ALZHEIMER}, "There is no drug"),
        ({"drug": DONEPEZIL, "disease": "alzhimer"}, "There is no disease"),
        ({"drug": "<script>x</script>"}, "There is no drug"),
        ({"drug": ALZHEIMER}, "There is no drug"),
        ({"run": "starter-distmult-full-gone"}, "There is no run"),
    ],
)
def test_a_bad_link_says_so_on_a_page_that_still_works(
    open_page: Open, params: dict[str, str], sentence: str
) -> None:
    app = open_page("pair", **params)
    assert not app.exception
    assert sentence in app.error[0].value
    assert app.text_input(key="drug_query")
    assert app.text_input(key="disease_query")
    assert app.button(key="back-to-start")


def test_drug_and_disease_in_each_other_s_place_are_put_right(open_page: Open) -> None:
    app = opened(open_page, drug="Parkinson's disease", disease="haloperidol")
    assert app.title[0].value == r"Haloperidol for Parkinson\'s disease?"
    assert "in each other's place" in words(app)
    assert asked(app, "drug") == "haloperidol"


def test_the_card_and_the_story_link_to_the_pair(open_page: Open) -> None:
    card = open_page("candidates", drug=DONEPEZIL)
    links = [link.proto for link in card.get("page_link")]
    [link] = [p for p in links if p.label == "Why this drug? Open the pair"]
    assert "drug=Compound%3A%3ADB00843" in link.query_string
    assert "disease=Disease%3A%3ADOID%3A10652" in link.query_string
    for step in ("3", "4"):
        story = open_page(step=step)
        labels = [p.proto.label for p in story.get("page_link")]
        assert any(label.startswith("Why ") and "Open the pair" in label for label in labels)


@pytest.fixture
def exported(pair: Pair) -> tuple[str, str]:
    found = cached.explanation(
        "starter",
        pair.drug,
        pair.disease,
        pair.view.run,
        max_length=4,
        through=(),
        n_per_group=3,
    )
    said = "paths of up to 4 edges"
    return pair_export.to_csv(pair, found, said), pair_export.to_json(pair, found, said)


def test_the_exports_say_whence_and_hold_both_sides(
    exported: tuple[str, str], starter: Graph, default_run: RunInfo
) -> None:
    lines = exported[0].splitlines()
    head = dict(line[2:].split(": ", 1) for line in lines if line.startswith("# "))
    rows = list(csv.DictReader(io.StringIO("\n".join(lines[len(head) :]))))
    document = json.loads(exported[1])
    for told in (head, {"notice": document["notice"], **document["provenance"]}):
        assert "research only" in told["notice"]
        assert told["run"] == default_run.name
        assert told["graph checksum"] == starter.checksum
        assert "Haloperidol" in told["drug"]
        assert "paths of up to 4 edges" in told["rows"]
    assert {row["side"] for row in rows} == {"for", "against"}
    n_paths = sum(len(kind["paths"]) for kind in document["for"])
    assert sum(row["side"] == "for" for row in rows) == n_paths
    assert any(row["found"] == "false" and "Nothing" in row["says"] for row in rows)
    assert any("contraindicated in" in row["says"] for row in rows)
    assert document["pair"]["status"] == "new"


def test_the_pair_leads_to_its_surroundings_and_the_map(open_page: Open) -> None:
    links = {p.proto.label: p.proto.query_string for p in opened(open_page).get("page_link")}
    network = next(query for label, query in links.items() if "network" in label)
    assert "entity=Compound%3A%3ADB00502" in network
    assert "with=Disease%3A%3ADOID%3A14330" in network
    assert any("as a map" in label for label in links)


def test_predicted_caution_and_its_reasons_are_told(
    open_page: Open, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = cached.ranked

    def warned(*args: object, **more: object) -> tuple[Candidate, ...]:
        rows = real(*args, **more)  # type: ignore[arg-type]
        return tuple(
            dataclasses.replace(c, caution="strong", caution_score=0.9, raw_rank=c.rank + 2)
            for c in rows
        )

    monkeypatch.setattr(cached, "ranked", warned)
    said = words(opened(open_page))
    assert "Predicted caution: strong]" in said  # a badge
    assert f"{ordinal(pair.candidate.rank + 2)} before predicted caution is weighed in" in said
    for reason in cached.caution_reasons("starter", pair.drug, pair.disease):
        if reason.kind == "text":
            assert f"“{markdown(reason.text.rstrip(';'))}”" in said
        if reason.kind == "similar":
            assert f"{markdown(reason.name)} is contraindicated in" in said


def test_a_pair_can_be_judged_where_it_is_read(open_page: Open, pair: Pair) -> None:
    app = opened(open_page)
    app.button(key="shortlist-add").click().run()
    assert [row.drug for row in store.entries("starter", disease=PARKINSON)] == [HALOPERIDOL]
    [verdict] = [b for b in app.get("button_group") if str(b.key).startswith("verdict-")]
    verdict.set_value("drop").run()
    assert not app.exception
    [entry] = store.entries("starter", disease=PARKINSON)
    assert entry.verdict == "drop"
    store.remove(entry.place, entry.drug)


@pytest.mark.parametrize("params", [{"drug": MEMANTINE}, {"direction": directions.DRUGS}, {}])
def test_each_direction_can_be_saved(open_page: Open, params: dict[str, str]) -> None:
    keys = {str(button.key) for button in open_page("pair", **params).get("download_button")}
    kind = "Drugs" if "direction" in params else "Diseases"
    assert {f"{kind}-ranked-CSV", f"{kind}-ranked-JSON"} <= keys
