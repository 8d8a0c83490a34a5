"""Where to look a drug, a disease or both up: addresses of public sites, made of ids and names.

Nothing here asks the internet; a reader opens a link or does not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from llador_core.escape import plain
from llador_core.graph import Graph

MAX_NAME = 200  # characters of a name that go into an address; browsers refuse endless ones


@dataclass(frozen=True)
class Link:
    """An address and what is found there.

    Attributes
    ----------
    site : str
        E.g. "PubMed".
    what : str
        What it opens, in plain words: "papers that name both".
    url : str
        https, every id and name percent-encoded.
    """

    site: str
    what: str
    url: str


# A whole id, as graphs write them ("Compound::DB00843"; the type before "::" may be missing),
# with the part that the site knows -> site, what it opens, address.
_BY_ID: tuple[tuple[str, str, str, str], ...] = (
    (r"(?:.+::)?(DB\d{5})", "DrugBank", "its entry", "https://go.drugbank.com/drugs/{}"),
    (
        r"(?:.+::)?(CHEMBL\d+)",
        "Open Targets",
        "its drug page",
        "https://platform.opentargets.org/drug/{}",
    ),
    (
        r"(?:.+::)?(?:pubchem(?:\.compound)?:|CID:)(\d+)",
        "PubChem",
        "its entry",
        "https://pubchem.ncbi.nlm.nih.gov/compound/{}",
    ),
    (
        r"(?:.+::)?(CHEBI:\d+)",
        "ChEBI",
        "its entry",
        "https://www.ebi.ac.uk/chebi/searchId.do?chebiId={}",
    ),
    (
        r"(?:.+::)?MESH:([CD]\d{6,9})|Symptom::(D\d{6,9})",
        "MeSH",
        "its heading",
        "https://meshb.nlm.nih.gov/record/ui?ui={}",
    ),
    (
        r"(?:.+::)?(DOID:\d+)",
        "Disease Ontology",
        "its term",
        "https://disease-ontology.org/term/{}",
    ),
    (
        r"(?:.+::)?(MONDO:\d{7})",
        "Monarch",
        "its page",
        "https://monarchinitiative.org/{}",
    ),
    (r"(?:.+::)?(?:OMIM|MIM):(\d{6})", "OMIM", "its entry", "https://omim.org/entry/{}"),
    (r"Gene::(\d+)", "NCBI Gene", "its entry", "https://www.ncbi.nlm.nih.gov/gene/{}"),
    (
        r"(?:.+::)?(GO:\d{7})",
        "Gene Ontology",
        "its term",
        "https://amigo.geneontology.org/amigo/term/{}",
    ),
)


def pair_links(graph: Graph, drug: int, disease: int) -> list[Link]:
    """Return where a drug and a disease are looked up together."""
    both = (_name(graph, drug), _name(graph, disease))
    phrases = " AND ".join(f'"{name}"' for name in both)  # words in quotes: the name as a whole
    trials = {"cond": both[1], "intr": both[0]}
    return [
        Link(
            "PubMed",
            "papers that name both",
            f"https://pubmed.ncbi.nlm.nih.gov/?{urlencode({'term': phrases})}",
        ),
        Link(
            "ClinicalTrials.gov",
            "trials of the drug in the disease",
            f"https://clinicaltrials.gov/search?{urlencode(trials)}",
        ),
    ]


def entity_links(graph: Graph, entity: int) -> list[Link]:
    """Return where one entity is looked up: by its id where a site knows it, else by its name."""
    found = _by_id(graph.entity_ids[entity])
    sites = {link.site for link in found}
    name = _name(graph, entity)
    if name and "MeSH" not in sites and graph.type_of(entity) in _ends(graph):
        query = urlencode({"term": name})
        found.append(Link("MeSH", "a search", f"https://www.ncbi.nlm.nih.gov/mesh/?{query}"))
    if name and "Open Targets" not in sites and graph.type_of(entity) in (*_ends(graph), "Gene"):
        query = urlencode({"q": name, "page": 1})
        url = f"https://platform.opentargets.org/search?{query}"
        found.append(Link("Open Targets", "a search", url))
    return found


def _ends(graph: Graph) -> tuple[str, str]:
    return graph.drug_type, graph.disease_type


def _by_id(entity_id: str) -> list[Link]:
    links = []
    for pattern, site, what, address in _BY_ID:
        match = re.fullmatch(pattern, entity_id, re.ASCII | re.IGNORECASE)
        if match:
            part = next(group for group in match.groups() if group)
            links.append(Link(site, what, address.format(quote(part.upper(), safe=":"))))
    return links


def _name(graph: Graph, entity: int) -> str:
    """Return a name fit for a search: one line, without the quotes that would end a phrase."""
    return plain(graph.entity_names[entity].replace('"', " "))[:MAX_NAME]
