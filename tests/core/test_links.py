"""Links: each address is safe whatever the name, and an id is used only where it fits."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llador_core.graph import Graph
from llador_core.links import Link, entity_links, pair_links
from tests.builders import graph_of


def tiny(drug: str = "Compound::DB00843", disease: str = "Disease::DOID:10652", **names: str):
    types = {drug: "Compound", disease: "Disease", "Gene::43": "Gene"}
    graph = graph_of([(drug, "treats", disease), (drug, "inhibits", "Gene::43")], types)
    called = [names.get("drug", "Donepezil"), names.get("disease", "Alzheimer's disease"), "ACHE"]
    object.__setattr__(graph, "entity_names", called)
    return graph


def by_site(links: list[Link]) -> dict[str, str]:
    return {link.site: link.url for link in links}


def test_the_pair_is_asked_for_by_both_names(starter: Graph) -> None:
    drug, disease = (starter.mapped(e) for e in ("Compound::DB00843", "Disease::DOID:10652"))
    urls = by_site(pair_links(starter, drug, disease))
    assert parse_qs(urlsplit(urls["PubMed"]).query) == {
        "term": ['"Donepezil" AND "Alzheimer\'s disease"']
    }
    assert parse_qs(urlsplit(urls["ClinicalTrials.gov"]).query) == {
        "cond": ["Alzheimer's disease"],
        "intr": ["Donepezil"],
    }


@pytest.mark.parametrize(
    ("entity_id", "site", "end"),
    [
        ("Compound::DB00843", "DrugBank", "/drugs/DB00843"),
        ("DB00843", "DrugBank", "/drugs/DB00843"),
        ("Compound::CHEMBL502", "Open Targets", "/drug/CHEMBL502"),
        ("Compound::pubchem:2244", "PubChem", "/compound/2244"),
        ("Compound::chebi:15365", "ChEBI", "chebiId=CHEBI:15365"),
        ("Disease::DOID:10652", "Disease Ontology", "/term/DOID:10652"),
        ("Disease::MONDO:0004975", "Monarch", "/MONDO:0004975"),
        ("Disease::MESH:D000544", "MeSH", "ui=D000544"),
        ("Compound::MESH:C536203", "MeSH", "ui=C536203"),
        ("Symptom::D000787", "MeSH", "ui=D000787"),
        ("Disease::OMIM:104300", "OMIM", "/entry/104300"),
        ("Gene::43", "NCBI Gene", "/gene/43"),
        ("Biological Process::GO:0002526", "Gene Ontology", "/term/GO:0002526"),
    ],
)
def test_an_id_opens_its_own_page(entity_id: str, site: str, end: str) -> None:
    graph = graph_of([("a", "treats", "b")], {"a": "Drug", "b": "Disease", entity_id: "Thing"})
    assert by_site(entity_links(graph, graph.mapped(entity_id)))[site].endswith(end)


@pytest.mark.parametrize(
    "entity_id",
    [
        *("Compound::DB0084", "Compound::DB00843x", "XDB00843", "Gene::BRCA1", "Disease::DOID:"),
        *("Disease::MESH:alzheimer", "Side Effect::C0001125", "Gene::٤٣", "DB00843\n", ""),
        "Compound::DB00843/../../evil",
    ],
)
def test_an_id_that_does_not_fit_is_no_link(entity_id: str) -> None:
    graph = graph_of([("a", "treats", "b")], {"a": "Drug", "b": "Disease", entity_id: "Thing"})
    assert entity_links(graph, graph.mapped(entity_id)) == []


def test_without_an_id_the_name_is_searched_for() -> None:
    graph = tiny(disease="my:disease")
    urls = by_site(entity_links(graph, 1))
    assert set(urls) == {"MeSH", "Open Targets"}
    assert parse_qs(urlsplit(urls["MeSH"]).query)["term"] == ["Alzheimer's disease"]
    assert parse_qs(urlsplit(urls["Open Targets"]).query)["q"] == ["Alzheimer's disease"]


def test_what_is_neither_drug_nor_disease_nor_gene_is_not_searched_for(starter: Graph) -> None:
    for kind in ("Anatomy", "Side Effect", "Pharmacologic Class", "Pathway"):
        assert entity_links(starter, int(starter.entities_of_type(kind)[0])) == []


@given(drug=st.text(max_size=60), disease=st.text(max_size=60))
def test_no_name_breaks_out_of_its_address(drug: str, disease: str) -> None:
    graph = tiny(drug=drug, disease=disease)
    links = [*pair_links(graph, 0, 1), *entity_links(graph, 0), *entity_links(graph, 1)]
    for link in links:
        parts = urlsplit(link.url)
        assert parts.scheme == "https"
        assert not parts.fragment
        assert link.url.isascii()
        assert not set(link.url) & set(" \"'<>()[]{}|\\^`\n")
        assert set(parse_qs(parts.query)) <= {"term", "cond", "intr", "q", "page", "ui"}
    phrase = parse_qs(urlsplit(links[0].url).query)["term"][0]
    assert phrase.count('"') == 4
    assert links[0].url.startswith("https://pubmed.ncbi.nlm.nih.gov/?term=")


def test_endless_names_are_cut() -> None:
    graph = tiny(drug="x" * 10_000)
    assert max(len(link.url) for link in pair_links(graph, 0, 1)) < 400
