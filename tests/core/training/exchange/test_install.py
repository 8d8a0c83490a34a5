"""A checkpoint becomes a run like any other, and says what it lacks."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from llador_core.errors import ConfigError, DataFormatError, MissingDataError, UnknownNameError
from llador_core.evaluation.protocols import evaluate
from llador_core.graph import Graph
from llador_core.models.checkpoints import Checkpoint
from llador_core.ranking import rank_candidates
from llador_core.training.exchange.install import install
from llador_core.training.runs import default_run, list_runs, load_run, partner
from llador_core.training.train import make_split

Make = Callable[..., Checkpoint]


def without(checkpoint: Checkpoint, rows: list[int]) -> Checkpoint:
    """The checkpoint without some of its entities."""
    kept = [i for i in range(len(checkpoint.entity_ids)) if i not in rows]
    ids = tuple(checkpoint.entity_ids[i] for i in kept)
    return replace(checkpoint, entities=checkpoint.entities[kept], entity_ids=ids)


def test_an_imported_run_is_listed_as_such(small: Graph, make: Make, own_home: Path) -> None:
    made = install(small, make("rotate"))
    (info,) = list_runs("small")
    assert info.is_finished
    assert info.is_imported
    assert (info.recipe, info.split_kind, info.prior) == ("imported", "unknown", "none")
    assert info.name.startswith("small-rotate-imported-")
    assert made.n_matched == small.n_entities
    assert default_run("small") == info


def test_rows_are_matched_by_id_in_any_order(small: Graph, make: Make, own_home: Path) -> None:
    plain = make()
    order = np.random.default_rng(5).permutation(len(plain.entity_ids))
    turned = replace(
        plain,
        entities=np.concatenate([plain.entities[order], plain.entities[:1]]),
        entity_ids=(*(plain.entity_ids[i] for i in order), "Gene::unknown"),
        relations=plain.relations[::-1].copy(),
        relation_ids=plain.relation_ids[::-1],
    )
    first, second = install(small, plain, name="plain"), install(small, turned, name="turned")
    runs = [load_run(one.folder.name) for one in (first, second)]
    np.testing.assert_array_equal(runs[0].scorer.entities, runs[1].scorer.entities)
    np.testing.assert_array_equal(runs[0].scorer.relations, runs[1].scorer.relations)
    assert (first.n_dropped, second.n_dropped) == (0, 1)


def test_rows_are_matched_by_name_where_ids_are_names(
    small: Graph, make: Make, own_home: Path
) -> None:
    made = install(small, replace(make(), entity_ids=tuple(small.entity_names)))
    assert made.n_matched == small.n_entities
    record = json.loads((made.folder / "run.json").read_text())
    assert record["imported"]["matched_by"] == "name"


def test_absent_drugs_stand_last_and_absent_diseases_cannot_be_asked(
    small: Graph, make: Make, own_home: Path
) -> None:
    drugs, disease = small.drugs[:3].tolist(), int(small.diseases[0])
    made = install(small, without(make(), [*drugs, disease]))
    assert (made.n_absent, made.absent_drugs, made.absent_diseases) == (4, 3, 1)
    run = load_run(made.folder.name)
    rows = rank_candidates(small, run, disease=int(small.diseases[1]))
    assert {row.entity for row in rows[-3:]} == set(drugs)
    assert {row.rank for row in rows[-3:]} == {len(rows) - 1.0}
    assert {row.status for row in rows if row.entity in drugs} == {"absent"}
    for asked in ({"disease": disease}, {"drug": drugs[0]}):
        with pytest.raises(MissingDataError, match=r"was trained without .* Choose another run"):
            rank_candidates(small, run, **asked)


def test_too_few_drugs_or_another_graph_is_refused(
    small: Graph, make: Make, own_home: Path
) -> None:
    few = without(make(), small.drugs[: len(small.drugs) // 2 + 1].tolist())
    with pytest.raises(DataFormatError, match=r"has 19 of the 40 drugs .*at least half"):
        install(small, few)
    other = replace(make(), entity_ids=tuple(f"x{i}" for i in range(small.n_entities)))
    with pytest.raises(DataFormatError, match="ids look like 'x0', the graph's like 'Compound::"):
        install(small, other)
    assert list_runs("small") == []


def test_the_relation_that_treats(small: Graph, make: Make, own_home: Path) -> None:
    names = tuple("GNBR::T" if r.name == "treats" else r.name for r in small.relations)
    renamed = replace(make(), relation_ids=names)
    with pytest.raises(UnknownNameError, match=r"Name the one that means 'treats' with --treats"):
        install(small, renamed)
    made = install(small, renamed, treats="GNBR::T", name="renamed")
    plain = install(small, make(), name="plain")
    scores = [load_run(m.folder.name).scorer.treatment_scores(small) for m in (made, plain)]
    np.testing.assert_array_equal(*scores)
    assert made.treats == "GNBR::T"


def test_absent_relations_are_told(small: Graph, make: Make, own_home: Path) -> None:
    plain = make()
    kept = [i for i, name in enumerate(plain.relation_ids) if name != "inhibits"]
    names = tuple(plain.relation_ids[i] for i in kept)
    made = install(small, replace(plain, relations=plain.relations[kept], relation_ids=names))
    assert made.absent_relations == ("inhibits",)


def test_what_may_have_been_seen_judges_nothing(small: Graph, make: Make, own_home: Path) -> None:
    run = load_run(install(small, make()).folder.name)
    split = run.split(small)
    assert len(split.train) == small.n_triples
    assert run.metrics["run"] == {}
    with pytest.raises(MissingDataError, match="it may have seen every known treatment"):
        evaluate(small, split, run.pair_scores(small), "drug-ranking")
    rows = rank_candidates(small, run, disease=int(small.diseases[0]))
    assert {row.status for row in rows} == {"known", "new"}


def test_a_split_that_is_vouched_for_judges(small: Graph, make: Make, own_home: Path) -> None:
    first = install(small, make(), name="first")
    config = load_run("first").config
    split = make_split(small, config)
    from llador_core.data.split_file import save_split

    save_split(split, small, first.folder / "splits.npz")  # as if it had been trained here
    made = install(small, make(seed=1), name="second", split_of="first")
    run = load_run(made.folder.name)
    np.testing.assert_array_equal(run.split(small).test, split.test)
    assert run.info.split_kind == "pair"
    assert run.metrics["run"]["drug-ranking"]["n_pairs"] == len(split.test)
    assert partner(run.info) == run.info  # never another: its training is not ours


@pytest.mark.parametrize("name", ["a/b", "..", ".hidden", "a..b", "", "x" * 200, "a b", "x."])
def test_a_name_that_is_none(small: Graph, make: Make, own_home: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="cannot be the name of a run"):
        install(small, make(), name=name or " ")
    assert list_runs("small") == []


def test_a_taken_name_changes_nothing(small: Graph, make: Make, own_home: Path) -> None:
    made = install(small, make(), name="mine")
    before = (made.folder / "weights.safetensors").read_bytes()
    with pytest.raises(ConfigError, match="A run named 'mine' is there already"):
        install(small, make(seed=1), name="mine")
    assert (made.folder / "weights.safetensors").read_bytes() == before
    assert [one.name for one in (own_home / "runs").iterdir()] == ["mine"]


def test_a_full_disk_leaves_nothing(
    small: Graph, make: Make, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from llador_core.training.exchange import install as module

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "save_split", full)
    with pytest.raises(Exception, match="the disk is full"):
        install(small, make())
    assert list((own_home / "runs").iterdir()) == []
