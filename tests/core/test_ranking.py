"""Ranked candidates: ranks by a loop, statuses by the split, shifts by subtraction."""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest

from llador_core.errors import ConfigError
from llador_core.graph import Graph
from llador_core.names import resolve
from llador_core.priors.texts import load_texts
from llador_core.ranking import mean_ranks, rank_candidates
from llador_core.safeguard import level
from llador_core.training.runs import Run, default_run, list_runs, load_run, partner


@pytest.fixture(scope="module")
def shipped() -> tuple[Run, Run]:
    info = default_run("starter")
    base = partner(info)
    assert base is not None
    return load_run(info.name), load_run(base.name)


def test_mean_ranks_by_a_loop() -> None:
    scores = np.random.default_rng(0).integers(0, 6, 40).astype(float)
    for score, rank in zip(scores, mean_ranks(scores), strict=True):
        ties = sum(scores == score) - 1
        assert rank == 1 + sum(scores > score) + ties / 2
    assert set(mean_ranks(np.zeros(9))) == {5.0}


def test_all_drugs_for_alzheimers(starter: Graph, shipped: tuple[Run, Run]) -> None:
    run, base = shipped
    disease = resolve(starter, "alzheimers", "disease")
    rows = rank_candidates(starter, run, disease=disease, base=base, texts=load_texts(starter))
    assert {row.entity for row in rows} == set(starter.drugs.tolist())
    assert [row.rank for row in rows] == sorted(row.rank for row in rows)
    assert [row.score for row in rows] == sorted((row.score for row in rows), reverse=True)
    assert rows[0].percentile == 100
    assert rows[-1].percentile == pytest.approx(0, abs=0.2)
    split = run.split(starter)
    for row in rows:
        train = ((split.train[:, [0, 2]] == (row.entity, disease)).all(1)) & (
            split.train[:, 1] == starter.treatment_relation
        )
        held = np.concatenate([split.valid, split.test])
        is_held = (held[:, [0, 2]] == (row.entity, disease)).all(1).any()
        assert row.status == ("known" if train.any() else "held_out" if is_held else "new")
        assert row.shift == row.base_rank - row.rank
    avoid = {row.entity for row in rows if row.is_contraindicated}
    assert avoid == set(starter.neighbours_with_role(disease, "contraindicated").tolist())
    donepezil = resolve(starter, "donepezil", "drug")
    assert next(row for row in rows if row.entity == donepezil).prior_names_it


def test_both_directions_use_the_same_score(starter: Graph, shipped: tuple[Run, Run]) -> None:
    run, _ = shipped
    disease = resolve(starter, "Alzheimer's disease", "disease")
    drug = resolve(starter, "memantine", "drug")
    by_disease = {r.entity: r.score for r in rank_candidates(starter, run, disease=disease)}
    by_drug = {r.entity: r.score for r in rank_candidates(starter, run, drug=drug)}
    assert set(by_drug) == set(starter.diseases.tolist())
    assert by_disease[drug] == pytest.approx(by_drug[disease], abs=1e-5)


def test_the_raw_order_is_the_models_and_the_default_weighs_caution(
    starter: Graph, shipped: tuple[Run, Run]
) -> None:
    run, base = shipped
    assert run.safeguard is not None
    disease = resolve(starter, "alzheimers", "disease")
    column = starter.diseases.tolist().index(disease)
    raw = rank_candidates(starter, run, disease=disease, base=base, order="raw")
    combined = rank_candidates(starter, run, disease=disease, base=base)
    by_model = {r.entity: r.rank for r in raw}
    assert all(r.rank == r.raw_rank for r in raw)
    assert all(r.raw_rank == by_model[r.entity] for r in combined)
    for rows, scores in (
        (raw, run.scorer.treatment_scores(starter)),
        (combined, run.safeguard.combined),
    ):
        ranks = dict(zip(starter.drugs.tolist(), mean_ranks(scores[:, column]), strict=True))
        assert {r.entity: r.rank for r in rows} == ranks
        np.testing.assert_array_equal(
            run.pair_scores(starter, "raw" if rows is raw else "combined"), scores
        )
    base_combined = rank_candidates(starter, base, disease=disease)
    expected = {r.entity: r.rank for r in base_combined}
    assert all(r.base_rank == expected[r.entity] for r in combined)
    for row in combined:
        drug = starter.drugs.tolist().index(row.entity)
        assert row.caution_score == pytest.approx(float(run.safeguard.caution[drug, column]))
        assert row.caution == level(row.caution_score)


def test_known_contraindications_carry_strong_caution_and_stand_low(
    starter: Graph, shipped: tuple[Run, Run]
) -> None:
    run, _ = shipped
    train = run.split(starter).train
    disease = resolve(starter, "alzheimers", "disease")
    rows = rank_candidates(starter, run, disease=disease)
    avoids = starter.relations_with_role("contraindicated")
    known = train[np.isin(train[:, 1], avoids) & (train[:, 2] == disease), 0]
    assert len(known)
    for row in rows:
        if row.entity in known:
            assert row.caution == "strong"
            assert row.rank > len(rows) / 2


def test_a_run_without_a_safeguard_ranks_by_its_score_alone(
    starter: Graph, shipped: tuple[Run, Run], tmp_path: Path
) -> None:
    run, _ = shipped
    folder = Path(shutil.copytree(run.info.folder, tmp_path / run.name))
    (folder / "safeguard.json").unlink()
    (folder / "safeguard.safetensors").unlink()
    old = load_run(str(folder))
    assert old.safeguard is None
    disease = resolve(starter, "alzheimers", "disease")
    rows = rank_candidates(starter, old, disease=disease)
    raw = rank_candidates(starter, run, disease=disease, order="raw")
    assert [r.entity for r in rows] == [r.entity for r in raw]
    assert {(r.caution, r.caution_score) for r in rows} == {(None, None)}


def test_fewer_held_out_contraindications_stand_in_the_top_than_without() -> None:
    """The default list of every shipped run, on the pairs it never saw."""
    for info in list_runs("starter"):
        if not info.is_pretrained:
            continue
        report = load_run(info.name).metrics["incompatibility"]
        raw, combined = (report[order]["metrics"] for order in ("raw", "combined"))
        assert combined["top 20"]["value"] < raw["top 20"]["value"], info.name
        assert combined["Hits@10"]["value"] > raw["Hits@10"]["value"], info.name
        assert combined["AUC"]["value"] > raw["AUC"]["value"], info.name


def test_the_text_counts_only_where_the_prior_read_it(
    starter: Graph, shipped: tuple[Run, Run]
) -> None:
    run, base = shipped
    texts = load_texts(starter)
    disease = resolve(starter, "Alzheimer's disease", "disease")

    def n_named(of: Run) -> int:
        rows = rank_candidates(starter, of, disease=disease, texts=texts)
        return sum(row.prior_names_it for row in rows)

    mechanism = partner(run.info, "mechanism")
    assert mechanism is not None
    assert n_named(run) > n_named(load_run(mechanism.name))
    assert n_named(base) == 0


def test_without_an_llm_the_source_s_descriptions_are_what_the_prior_read(
    starter: Graph, shipped: tuple[Run, Run]
) -> None:
    run, base = shipped
    disease = resolve(starter, "Alzheimer's disease", "disease")
    told = [""] * starter.n_entities
    drug = int(starter.drugs[3])
    told[drug] = "Used for Alzheimer's disease for years."
    described = dataclasses.replace(starter, descriptions=told)
    for of, expected in ((run, {drug}), (base, set())):
        rows = rank_candidates(described, of, disease=disease)
        assert {row.entity for row in rows if row.prior_names_it} == expected
    assert not any(row.prior_names_it for row in rank_candidates(starter, run, disease=disease))


def test_exactly_one_end_of_the_right_type(starter: Graph, shipped: tuple[Run, Run]) -> None:
    run, _ = shipped
    drug = int(starter.drugs[0])
    with pytest.raises(ConfigError, match="either a disease or a drug"):
        rank_candidates(starter, run)
    with pytest.raises(ConfigError, match="is a Compound, not a Disease"):
        rank_candidates(starter, run, disease=drug)


def test_float16_weights_keep_the_ranks(starter: Graph, tmp_path: Path) -> None:
    """The shipped weights are float16: rounding must not move what anyone reads off the list."""
    from llador_core.training.config import make_config
    from llador_core.training.train import train

    config = make_config(starter, "rotate", "full", settings=["steps=60", "validate_every=60"])
    full = load_run(str(train(starter, config, out=tmp_path / "full")))
    half = load_run(str(train(starter, config, out=tmp_path / "half", is_half=True)))
    assert not np.array_equal(full.scorer.entities, half.scorer.entities)
    scores = [run.scorer.treatment_scores(starter) for run in (full, half)]
    ranks = [np.apply_along_axis(mean_ranks, 0, s) for s in scores]
    top = ranks[0] <= 50
    assert np.abs(ranks[0] - ranks[1])[top].mean() < 0.5
    for protocol in ("drug-ranking", "sampled-50"):
        first, second = (run.metrics["run"][protocol]["metrics"]["MRR"] for run in (full, half))
        assert first["value"] == pytest.approx(second["value"], abs=0.005)
