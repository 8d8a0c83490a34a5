"""What an explanation holds, and the laws it keeps whatever the graph."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from llador_core.errors import ConfigError, DataFormatError
from llador_core.explain import Explanation, Path, explain
from llador_core.explain.heldout import held_out_pairs
from llador_core.graph import Graph, pair_keys
from llador_core.names import resolve
from llador_core.training.runs import Run, default_run, load_run
from tests.builders import graph_of, renumbered
from tests.core.explain.conftest import dense_graph

TYPES = {
    "drug": "Compound",
    "friend": "Compound",
    "ill": "Disease",
    "kin": "Disease",
    "gene": "Gene",
    "hub": "Gene",
    "process": "Biological Process",
    "class": "Pharmacologic Class",
    "nausea": "Side Effect",
    **{f"noise_{i}": "Disease" for i in range(20)},
}
SMALL = [
    ("drug", "treats", "ill"),
    ("drug", "palliates", "ill"),
    ("ill", "mentioned_with", "drug"),
    ("drug", "inhibits", "gene"),
    ("drug", "binds", "gene"),
    ("ill", "associates", "gene"),
    ("friend", "treats", "ill"),
    ("friend", "inhibits", "gene"),
    ("class", "includes", "drug"),
    ("class", "includes", "friend"),
    ("drug", "treats", "kin"),
    ("ill", "resembles", "kin"),
]


def explained(graph: Graph, **settings: object) -> Explanation:
    return explain(graph, graph.mapped("drug"), graph.mapped("ill"), **settings)


def every_path(explanation: Explanation) -> list[Path]:
    return [path for group in explanation.groups for path in group.paths]


def said(graph: Graph, path: Path) -> str:
    words = (f"{step.words} {graph.entity_names[step.target]}" for step in path.steps)
    return " ".join([graph.entity_names[path.entities[0]], *words])


def test_the_kinds_of_path_are_said_in_plain_words() -> None:
    graph = graph_of(SMALL, TYPES)
    explanation = explained(graph)
    assert {group.title: said(graph, group.paths[0]) for group in explanation.groups} == {
        "Acts on a protein that is linked to the disease": "drug inhibits gene is linked to ill",
        "Shares a target with a drug that treats the disease": (
            "drug inhibits gene is inhibited by friend treats ill"
        ),
        "Treats a disease that resembles the disease": "drug treats kin resembles ill",
        "Shares its drug class with a drug that treats the disease": (
            "drug belongs to class includes friend treats ill"
        ),
        "Shares its drug class with a drug that acts on a protein that is linked to the disease": (
            "drug belongs to class includes friend inhibits gene is linked to ill"
        ),
    }


def test_mechanisms_come_before_analogies_and_the_best_first() -> None:
    for seed in range(5):
        graph = dense_graph(seed)
        for disease in graph.diseases.tolist():
            groups = explain(graph, int(graph.drugs[0]), disease).groups
            order = [(not g.is_mechanism, -g.paths[0].score) for g in groups]
            assert order == sorted(order)
            for group in groups:
                assert group.is_mechanism == group.key.startswith("acts > ")
                scores = [path.score for path in group.paths]
                assert scores == sorted(scores, reverse=True)


def test_no_path_takes_an_edge_between_the_pair(dense: Graph) -> None:
    for drug in dense.drugs.tolist():
        for disease in dense.diseases.tolist():
            for path in every_path(explain(dense, drug, disease)):
                assert path.entities[0] == drug
                assert path.entities[-1] == disease
                assert len(set(path.entities)) == len(path.entities) >= 3
                assert {drug, disease} not in [set(ends) for ends in pairwise(path.entities)]


def test_edges_between_the_pair_change_no_path() -> None:
    with_edges = graph_of(SMALL, TYPES)
    between = [t for t in SMALL if {t[0], t[2]} == {"drug", "ill"}]
    assert len(between) == 3
    without = graph_of([t for t in SMALL if t not in between], TYPES)
    one, other = (every_path(explained(graph, max_length=4)) for graph in (with_edges, without))
    assert [path.entities for path in one] == [path.entities for path in other]


def test_every_step_is_an_edge_of_the_graph_and_no_contraindication(dense: Graph) -> None:
    triples = set(map(tuple, dense.triples.tolist()))
    paths = every_path(explain(dense, int(dense.drugs[1]), int(dense.diseases[1])))
    assert paths
    for step in (step for path in paths for step in path.steps):
        ends = (step.source, step.target) if step.is_forward else (step.target, step.source)
        assert (ends[0], step.relation, ends[1]) in triples
        assert dense.relations[step.relation].role not in (None, "contraindicated")
        assert step.plausibility is None


def test_a_hub_lowers_the_scores_of_the_paths_through_it() -> None:
    through_hub = [*SMALL, ("drug", "inhibits", "hub"), ("ill", "associates", "hub")]
    noise = [(f"noise_{i}", "associates", "hub") for i in range(20)]
    quiet, loud = graph_of(through_hub, TYPES), graph_of([*through_hub, *noise], TYPES)

    def best(graph: Graph, stop: str) -> float:
        paths = every_path(explained(graph, max_length=2))
        return next(p.score for p in paths if graph.mapped(stop) in p.entities)

    assert best(loud, "hub") < best(quiet, "hub")
    assert best(loud, "gene") >= best(quiet, "gene")


def test_more_sources_make_an_edge_stronger() -> None:
    graph = graph_of(SMALL, TYPES)
    poorer = graph_of([t for t in SMALL if t != ("drug", "binds", "gene")], TYPES)
    scores = [explained(g, max_length=2).groups[0].paths[0].score for g in (graph, poorer)]
    assert scores[0] > scores[1]


def test_opposite_actions_on_a_target_are_no_argument() -> None:
    triples = [t for t in SMALL if t != ("friend", "inhibits", "gene")]
    graph = graph_of([*triples, ("friend", "activates", "gene")], TYPES)
    titles = [group.title for group in explained(graph).groups]
    assert "Shares a target with a drug that treats the disease" not in titles
    (group,) = [g for g in explained(graph).against if g.kind == "opposite_action"]
    assert group.objections


def test_through_keeps_scores_and_drops_the_rest(dense: Graph) -> None:
    drug, disease = int(dense.drugs[0]), int(dense.diseases[0])
    every = {
        p.entities: p.score for p in every_path(explain(dense, drug, disease, n_per_group=999))
    }
    for gene in dense.entities_of_type("Gene").tolist():
        through = explain(dense, drug, disease, through=(gene,), n_per_group=999)
        kept = {path.entities: path.score for path in every_path(through)}
        assert all(gene in entities for entities in kept)
        for entities in kept.keys() & every.keys():
            assert kept[entities] == pytest.approx(every[entities])


def test_through_an_end_of_the_pair_is_no_demand() -> None:
    graph = graph_of(SMALL, TYPES)
    ends = (graph.mapped("drug"), graph.mapped("ill"))
    assert explained(graph, through=ends).groups == explained(graph).groups


def test_numbering_changes_nothing(dense: Graph) -> None:
    other = renumbered(dense, np.random.default_rng(1).permutation(dense.n_entities))
    drug, disease = int(dense.drugs[0]), int(dense.diseases[0])
    there = [other.mapped(dense.entity_ids[e]) for e in (drug, disease)]
    one, two = explain(dense, drug, disease), explain(other, *there)
    assert (one.n_paths, one.n_groups) == (two.n_paths, two.n_groups)
    assert [g.score for g in one.groups] == pytest.approx([g.score for g in two.groups])
    assert sorted(g.key for g in one.groups) == sorted(g.key for g in two.groups)
    assert [[o.sentence for o in g.objections] for g in one.against] == [
        [o.sentence for o in g.objections] for g in two.against
    ]


def test_shares_of_all_mechanisms_and_of_all_analogies_sum_to_one(dense: Graph) -> None:
    for drug in dense.drugs[:3].tolist():
        explanation = explain(dense, drug, int(dense.diseases[0]), n_per_group=999, max_length=2)
        for is_mechanism in (True, False):
            groups = [g for g in explanation.groups if g.is_mechanism == is_mechanism]
            shares = [path.share for group in groups for path in group.paths]
            assert not shares or sum(shares) == pytest.approx(1.0)


def test_a_pair_without_a_path_says_so() -> None:
    graph = graph_of([("drug", "treats", "ill"), ("friend", "treats", "kin")], TYPES)
    explanation = explained(graph)
    assert explanation.groups == ()
    assert explanation.n_paths == 0
    assert explanation.notes[0].startswith("There is no path of up to 4 edges from drug to ill")
    by_way = explained(graph_of(SMALL, TYPES), through=(graph.mapped("process"),))
    assert "through process" in by_way.notes[0]


def test_relations_that_explain_nothing_are_named_in_their_words() -> None:
    notes = explained(graph_of(SMALL, TYPES)).notes
    assert any("'mentioned with'" in note for note in notes)
    without = [t for t in SMALL if t[1] != "mentioned_with"]
    assert explained(graph_of(without, TYPES)).notes == ()


def test_wrong_input_is_a_sentence() -> None:
    graph = graph_of(SMALL, TYPES)
    drug, ill, gene = (graph.mapped(name) for name in ("drug", "ill", "gene"))
    with pytest.raises(ConfigError, match="'gene' is a Gene, not a Compound"):
        explain(graph, gene, ill)
    with pytest.raises(ConfigError, match="'drug' is a Compound, not a Disease"):
        explain(graph, drug, drug)
    with pytest.raises(ConfigError, match="from 1 to 4 edges, found 5"):
        explained(graph, max_length=5)
    with pytest.raises(ConfigError, match="found 0"):
        explained(graph, n_per_group=0)


@pytest.fixture(scope="module")
def run() -> Run:
    return load_run(default_run("starter").name)


def test_a_run_says_how_plausible_each_edge_is(starter: Graph, run: Run) -> None:
    drug = resolve(starter, "memantine", "drug")
    disease = resolve(starter, "Alzheimer's disease", "disease")
    plain, weighed = explain(starter, drug, disease), explain(starter, drug, disease, run=run)
    values = [s.plausibility for path in every_path(weighed) for s in path.steps]
    assert values
    assert all(value is not None and 0 <= value <= 100 for value in values)
    assert np.mean(values) > 80  # edges the model was trained on are what it expects
    assert plain.groups[0].key == weighed.groups[0].key
    assert explain(starter, drug, disease, run=run) == weighed


def test_treatments_held_out_from_the_run_are_not_walked(starter: Graph, run: Run) -> None:
    hidden = held_out_pairs(starter, run)
    judged = run.split(starter).test
    disease = int(np.bincount(judged[:, 2]).argmax())
    n_walked = 0
    for drug in starter.drugs[::40].tolist():
        for path in every_path(explain(starter, drug, disease, run=run)):
            ends = np.array(list(pairwise(path.entities)))
            n_walked += len(ends)
            assert not np.isin(pair_keys(ends, starter.n_entities), hidden).any()
    assert n_walked > 0


def test_a_run_of_another_graph_is_refused(starter: Graph, run: Run) -> None:
    other = replace(starter, checksum="f" * 64)
    with pytest.raises(DataFormatError, match="another version"):
        explain(other, int(other.drugs[0]), int(other.diseases[0]), run=run)


def test_an_entity_with_twenty_thousand_neighbours_is_no_burden() -> None:
    n = 20_000
    types = {**TYPES, **{f"g{i}": "Gene" for i in range(n)}}
    ids = {name: i for i, name in enumerate(types)}
    small = graph_of(
        [("drug", "binds", "hub"), ("friend", "treats", "ill"), ("ill", "associates", "gene")],
        types,
    )
    relations = (*small.relations, replace(small.relations[0], name="interacts", role="interacts"))
    near_hub = [(ids["hub"], len(small.relations), ids[f"g{i}"]) for i in range(n)]
    near_gene = [(ids["gene"], len(small.relations), ids[f"g{i}"]) for i in range(n)]
    triples = np.concatenate([small.triples, np.array(near_hub + near_gene, np.int32)])
    graph = replace(small, relations=relations, triples=triples)
    explanation = explained(graph)
    assert explanation.n_paths == n
    assert len(explanation.groups[0].paths) == 10
