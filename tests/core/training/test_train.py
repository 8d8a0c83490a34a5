"""Training: deterministic, resumable bit for bit, every setting counts, whole folders or none."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from llador_core.config import from_dict
from llador_core.data.splits import split_by_pair
from llador_core.errors import ConfigError, LladorError, MissingDataError, StorageError
from llador_core.graph import Graph
from llador_core.models.interactions import INTERACTIONS
from llador_core.priors.anchors import Anchors
from llador_core.training import loop
from llador_core.training.checkpoint import Progress
from llador_core.training.config import TrainConfig, make_config
from llador_core.training.device import pick_device
from llador_core.training.loop import Trainer
from llador_core.training.optimizers import OPTIMIZERS
from llador_core.training.runs import list_runs, load_run
from llador_core.training.train import run_name, train
from tests.builders import graph_of

FAST = ["dim=16", "steps=40", "batch_size=64", "n_negatives=16", "validate_every=20"]


def anchors_of(graph: Graph, dim: int = 16) -> Anchors:
    draw = np.random.default_rng(0)
    matrix = draw.normal(size=(graph.n_entities, dim)).astype(np.float32)
    has = np.ones(graph.n_entities, bool)
    has[::7] = False
    return Anchors(np.where(has[:, None], matrix / 4, 0).astype(np.float32), has)


def final(graph: Graph, folder: Path, *settings: str, prior: str = "full", **changes) -> np.ndarray:
    config = make_config(
        graph, changes.pop("model", "distmult"), prior, settings=[*FAST, *settings], **changes
    )
    anchors = None if prior == "none" else anchors_of(graph, config.dim)
    trainer = Trainer(graph, split_by_pair(graph, 0), config, anchors)
    folder.mkdir(exist_ok=True)
    trainer.train(folder)
    return trainer.model.to_scorer().entities


@pytest.mark.parametrize("model", INTERACTIONS)
@pytest.mark.parametrize("recipe", ["paper", "llador"])
def test_every_model_learns(small: Graph, tmp_path: Path, model: str, recipe: str) -> None:
    config = make_config(small, model, "none", recipe, [*FAST, "steps=60", "lr=0.01"])
    losses: list[float] = []
    trainer = Trainer(small, split_by_pair(small, 0), config, None)
    trainer.train(tmp_path, lambda progress: losses.append(progress.loss))
    assert losses[-1] < losses[0]


def test_the_same_seed_gives_the_same_weights_and_another_does_not(
    small: Graph, tmp_path: Path
) -> None:
    first = final(small, tmp_path, seed=1)
    assert np.array_equal(first, final(small, tmp_path, seed=1))
    assert not np.array_equal(first, final(small, tmp_path, seed=2))


CHANGES = {
    "mix": 0.7,
    "pull": 3.0,
    "distance": "euclidean",
    "link_weight": 0.2,
    "n_negatives": 8,
    "start": 0.5,
    "typed_share": 0.0,
    "shared_negatives": False,
    "loss": "cross_entropy",
    "adversarial_temperature": 1.0,
    "is_subsampled": False,
    "treat_weight": 1,
    "batch_size": 32,
    "steps": 20,
    "lr": 0.01,
    "lr_drops": "half",
    "seed": 5,
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_setting_changes_the_result(small: Graph, tmp_path: Path, name: str) -> None:
    before = final(small, tmp_path)
    value = json.dumps(CHANGES[name])
    assert not np.array_equal(before, final(small, tmp_path, f"{name}={value}"))


SPARSE = ("optimizer=rowwise-adagrad", "lr=0.1")
SPARSE_CHANGES = {
    "optimizer": "adagrad",
    "chunk_size": 16,
    "relation_balance": 0.5,
    "n3": 0.1,
    "precision": "bf16",
    "treat_batch": 16,
}


@pytest.mark.parametrize("name", [*CHANGES, *SPARSE_CHANGES])
def test_every_setting_changes_the_result_of_the_sparse_engine(
    small: Graph, tmp_path: Path, name: str
) -> None:
    before = final(small, tmp_path / "a", *SPARSE)
    value = SPARSE_CHANGES.get(name, CHANGES.get(name))
    text = value if isinstance(value, str) else json.dumps(value)
    assert not np.array_equal(before, final(small, tmp_path / "b", *SPARSE, f"{name}={text}"))


@pytest.mark.parametrize("name", sorted(set(SPARSE_CHANGES) - {"optimizer"}))
def test_settings_of_the_sparse_engine_need_it(name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} needs an optimizer .* Set optimizer=rowwise"):
        TrainConfig(**{name: SPARSE_CHANGES[name]})


def test_settings_that_do_not_go_together() -> None:
    with pytest.raises(ConfigError, match="batch_size 512 is no multiple of chunk_size 100"):
        TrainConfig(optimizer="adagrad", chunk_size=100)
    with pytest.raises(ConfigError, match="chunk_size is 64 and n_negatives 128"):
        TrainConfig(optimizer="adagrad", chunk_size=64, shared_negatives=False)
    with pytest.raises(ConfigError, match="n_negatives 0"):
        TrainConfig(n_negatives=0, shared_negatives=False)
    with pytest.raises(ConfigError, match="are for DistMult and ComplEx, not TransE"):
        TrainConfig(model="transe", optimizer="adagrad", n3=0.1)


def test_margin_and_turn_change_the_distance_models(small: Graph, tmp_path: Path) -> None:
    before = final(small, tmp_path, model="rotate")
    assert not np.array_equal(before, final(small, tmp_path, "margin=2", model="rotate"))
    assert not np.array_equal(before, final(small, tmp_path, "turn=1", model="rotate"))


def test_every_field_of_the_config_is_tested_to_matter() -> None:
    elsewhere = {
        "model",
        "prior",
        "recipe",
        "dim",
        "reduce",
        "margin",
        "turn",
        "split",
        "split_seed",
        "is_caution_held_out",
        "texts",
        "similar_pairs",
    }
    stopping = {"validate_every", "patience", "tolerance"}
    fields = {field.name for field in dataclasses.fields(TrainConfig)}
    assert fields == set(CHANGES) | set(SPARSE_CHANGES) | elsewhere | stopping


def test_mix_one_without_pull_equals_the_plain_embedding(small: Graph, tmp_path: Path) -> None:
    plain = final(small, tmp_path, "start=0.1", prior="none")
    assert np.array_equal(plain, final(small, tmp_path, "mix=1", "pull=0"))


class Killed(BaseException):
    """Stands for a kill: nothing of ours may catch it."""


def dying_at(step: int, patch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Let training end with `error` when it is about to take a step."""
    take = loop.Trainer._step

    def dies(self: Trainer, number: int) -> Tensor:
        if number == step:
            raise error
        return take(self, number)

    patch.setattr(loop.Trainer, "_step", dies)


@pytest.mark.parametrize("at", [1, 13, 25, 39])
@pytest.mark.parametrize("optimizer", ["adam", *OPTIMIZERS])
def test_resuming_gives_the_very_same_weights(
    small: Graph, tmp_path: Path, at: int, optimizer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = "hake" if optimizer == "adagrad" else "distmult"
    settings = [*FAST, f"optimizer={optimizer}", "treat_weight=2"]
    config = make_config(small, model, "full", settings=settings)
    split, anchors = split_by_pair(small, 0), anchors_of(small)
    whole = Trainer(small, split, config, anchors)
    (tmp_path / "whole").mkdir()
    (tmp_path / "cut").mkdir()
    whole.train(tmp_path / "whole", checkpoint_every=10)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        dying_at(at, patch, Killed())
        Trainer(small, split, config, anchors).train(tmp_path / "cut", checkpoint_every=10)
    resumed = Trainer(small, split, config, anchors)
    resumed.train(tmp_path / "cut", checkpoint_every=10)
    for name, value in whole.model.state_dict().items():
        assert np.array_equal(value.numpy(), resumed.model.state_dict()[name].numpy()), name
    for name, value in whole.engine.state().items():
        assert np.array_equal(value.numpy(), resumed.engine.state()[name].numpy()), name
    assert resumed.progress.best_step == whole.progress.best_step


@pytest.mark.parametrize("optimizer", ["adam", "rowwise-adagrad"])
def test_the_best_weights_are_those_that_stay(
    small: Graph, tmp_path: Path, optimizer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the best validation lies before a kill and training goes on much worse."""
    results = {10: 0.6, 20: 0.1, 30: 0.1, 40: 0.1}
    monkeypatch.setattr(Trainer, "judge", lambda self: {"MRR": results[self.progress.step]})
    settings = [*FAST, f"optimizer={optimizer}", "validate_every=10"]
    config = make_config(small, "distmult", "none", settings=settings)
    split = split_by_pair(small, 0)
    early = dataclasses.replace(config, patience=1)
    (tmp_path / "early").mkdir()
    (tmp_path / "late").mkdir()
    stopped = Trainer(small, split, early, None)
    stopped.train(tmp_path / "early")
    assert (stopped.progress.step, stopped.progress.best_step) == (20, 10)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        dying_at(25, patch, Killed())
        Trainer(small, split, config, None).train(tmp_path / "late", checkpoint_every=6)
    late = Trainer(small, split, config, None)
    late.train(tmp_path / "late", checkpoint_every=6)
    assert (late.progress.step, late.progress.best_step) == (40, 10)
    best, last = stopped.model.to_scorer().entities, late.model.to_scorer().entities
    assert np.array_equal(best, last)


@pytest.mark.parametrize("optimizer", ["adam", "rowwise-adagrad"])
def test_memory_that_runs_out_is_a_sentence_and_the_checkpoint_stays(
    small: Graph, tmp_path: Path, optimizer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = [*FAST, f"optimizer={optimizer}"]
    config = make_config(small, "distmult", "none", settings=settings)
    split = split_by_pair(small, 0)
    with monkeypatch.context() as patch:
        dying_at(25, patch, torch.OutOfMemoryError("CUDA out of memory"))
        words = r"ran out at step 25\. Lower batch_size \(now 64\).*--resume goes on"
        with pytest.raises(LladorError, match=words):
            Trainer(small, split, config, None).train(tmp_path, checkpoint_every=10)
    resumed = Trainer(small, split, config, None)
    resumed._restore(tmp_path)
    assert resumed.progress.step == 20


def test_progress_is_told_in_between_and_boundedly(
    small: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = make_config(small, "distmult", "none", settings=[*FAST, "optimizer=adagrad"])
    trainer = Trainer(small, split_by_pair(small, 0), config, None)
    seen: list[Progress] = []
    monkeypatch.setattr(loop, "TELL_EVERY_S", 0.0)
    monkeypatch.setattr(loop, "MOST_LINES", 1e9)
    trainer.train(tmp_path, seen.append)
    assert [p.step for p in seen] == list(range(1, 41))
    assert [p.step for p in seen if p.is_validated] == [20, 40]
    assert {p.steps for p in seen} == {40}
    assert all(p.triples_per_s > 0 and p.eta_s >= 0 for p in seen)
    assert seen[-1].eta_s == 0
    assert seen[-1].metrics["MRR"] == seen[-1].valid_mrr
    trainer.progress.seconds, trainer._told_at = 3600.0, 100.0
    monkeypatch.setattr(loop, "TELL_EVERY_S", 1.0)
    monkeypatch.setattr(loop, "MOST_LINES", 1000)
    assert not trainer._is_time(103.5)
    assert trainer._is_time(103.7)


def test_stops_early_when_validation_gets_clearly_worse(
    small: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = iter([0.5, 0.6, 0.56, 0.3, 0.2, 0.1, 0.0])
    monkeypatch.setattr(loop, "validate", lambda *_: {"MRR": next(results)})
    config = make_config(
        small, "distmult", "none", settings=[*FAST, "steps=700", "validate_every=1", "patience=3"]
    )
    trainer = Trainer(small, split_by_pair(small, 0), config, None)
    trainer.train(tmp_path)
    # .56 cannot be told from .6 and is kept as the later one; then three clearly worse ones
    assert (trainer.progress.step, trainer.progress.best_step) == (6, 3)


def test_a_diverging_loss_is_a_sentence(small: Graph, tmp_path: Path) -> None:
    config = make_config(small, "distmult", "none", settings=[*FAST, "lr=10", "loss=cross_entropy"])
    trainer = Trainer(small, split_by_pair(small, 0), config, None)
    trainer.engine.weights[:] = float("nan")
    with pytest.raises(LladorError, match=r"Training diverged at step 20.*Lower lr"):
        trainer.train(tmp_path)


def test_a_run_is_whole_and_reads_back(small: Graph, tmp_path: Path) -> None:
    seen: list[Progress] = []
    config = make_config(small, "rotate", "none", settings=FAST)
    folder = train(small, config, out=tmp_path, report=seen.append)
    run = load_run(str(folder))
    assert run.config == config
    assert run.scorer.entities.shape == (small.n_entities, 16)
    assert [p.step for p in seen if p.is_validated] == [20, 40]
    assert not (folder / "checkpoint.safetensors").exists()
    assert {"run", "baselines", "split"} <= set(run.metrics)
    assert len(run.split(small).test) == len(split_by_pair(small, 0).test)
    with pytest.raises(ConfigError, match="is there already"):
        train(small, config, out=tmp_path)


def test_a_prior_without_text_vectors_names_what_makes_them(small: Graph, tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match="vectors"):
        train(small, make_config(small, "distmult", "full", settings=FAST), out=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_an_unfinished_run_and_a_sentence(
    small: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno

    from llador_core.training import train as module

    def full(path: Path, weights: object) -> None:
        with module.storage_errors(path):
            raise OSError(errno.ENOSPC, "No space left on device")

    config = make_config(small, "distmult", "none", settings=FAST)
    with monkeypatch.context() as patch, pytest.raises(StorageError, match="the disk is full"):
        patch.setattr(module, "_write_weights", full)
        train(small, config, out=tmp_path)
    (folder,) = tmp_path.iterdir()
    with pytest.raises(MissingDataError, match="is unfinished"):
        load_run(str(folder))
    assert load_run(str(train(small, config, out=tmp_path, is_resumed=True))).info.is_finished


def test_a_checkpoint_is_never_thrown_away(
    small: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = make_config(small, "distmult", "none", settings=[*FAST, "steps=400"])
    with monkeypatch.context() as patch, pytest.raises(Killed):
        dying_at(350, patch, Killed())
        train(small, config, out=tmp_path)
    with pytest.raises(ConfigError, match="with --resume to go on"):
        train(small, config, out=tmp_path)
    seen: list[int] = []
    train(small, config, out=tmp_path, is_resumed=True, report=lambda p: seen.append(p.step))
    assert min(seen) > 300


def test_half_weights_are_those_that_were_judged(small: Graph, tmp_path: Path) -> None:
    from llador_core.evaluation.protocols import evaluate

    config = make_config(small, "distmult", "none", settings=FAST)
    run = load_run(str(train(small, config, out=tmp_path, is_half=True)))
    assert run.provenance["weights"] == "float16"
    scores = run.scorer.treatment_scores(small)
    again = evaluate(small, run.split(small), scores, "drug-ranking", run.config.split_seed)
    assert run.metrics["run"]["drug-ranking"] == again.to_json()


def test_config_errors() -> None:
    with pytest.raises(ConfigError, match="RotatE needs an even dim, found 17"):
        TrainConfig(model="rotate", dim=17)
    with pytest.raises(LladorError, match=r"no model named 'rotat'\. Did you mean 'rotate'"):
        TrainConfig(model="rotat")
    with pytest.raises(LladorError, match=r"no prior named 'ful'\. Did you mean 'full'"):
        TrainConfig(prior="ful")
    with pytest.raises(ConfigError, match="mix must be from 0 to 1, found 2"):
        TrainConfig(mix=2.0)
    assert TrainConfig().fingerprint("a") != TrainConfig().fingerprint("b")
    assert TrainConfig().fingerprint("a") != TrainConfig(seed=1).fingerprint("a")


@pytest.mark.parametrize(("n_treats", "weight"), [(2_000, 35), (50, 64), (60_000, 4)])
def test_treatments_are_a_quarter_of_what_a_large_graph_learns(n_treats: int, weight: int) -> None:
    tiny = graph_of([("a", "treats", "b"), ("a", "binds", "b")], {"a": "Compound", "b": "Disease"})
    relations = (np.arange(210_000) >= n_treats).astype(np.int32)
    triples = np.stack([np.zeros_like(relations), relations, np.ones_like(relations)], axis=1)
    large = dataclasses.replace(tiny, triples=triples)
    assert make_config(large, "transe", "none").treat_weight == weight
    assert make_config(large, "transe", "none", settings=["treat_weight=7"]).treat_weight == 7
    bilinear = make_config(large, "distmult", "none")  # meets treatments in batches of their own
    assert (bilinear.treat_weight, bilinear.treat_batch > 0) == (1, True)
    assert make_config(tiny, "distmult", "none").treat_weight == TrainConfig().treat_weight
    assert make_config(large, "transe", "none").optimizer == "adagrad"
    assert (bilinear.optimizer, bilinear.lr) == ("adagrad", 0.1)
    other = make_config(large, "distmult", "none", settings=["optimizer=rowwise-adam"])
    assert other.lr == TrainConfig().lr  # not the recipe's, which is another optimizer's
    assert make_config(tiny, "distmult", "none").optimizer == "adam"


def test_each_optimizer_has_its_learning_rate(small: Graph) -> None:
    def lr(*settings: str, **changes) -> float:
        return make_config(small, "distmult", "none", settings=settings, **changes).lr

    assert lr() == lr("optimizer=adam") == TrainConfig().lr
    assert lr("optimizer=rowwise-adagrad") == lr(optimizer="rowwise-adagrad") == 0.1
    assert lr("optimizer=adagrad", "lr=0.3") == lr("optimizer=adagrad", lr=0.3) == 0.3


def test_a_setting_that_came_later_changes_a_name_only_where_it_is_set() -> None:
    later = [field for field in dataclasses.fields(TrainConfig) if field.metadata]
    assert "texts" in {field.name for field in later}
    plain = TrainConfig()
    assert not {field.name for field in later} & set(plain.to_json())
    other = dataclasses.replace(plain, texts="mine")
    assert other.fingerprint("a") != plain.fingerprint("a")
    assert from_dict(TrainConfig, other.to_json()) == other


def test_shipped_runs_keep_their_names(starter: Graph) -> None:
    for info in list_runs("starter"):
        if info.is_pretrained:
            assert run_name(starter, load_run(info.name).config) == info.name


def test_devices_are_picked_or_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    assert pick_device("auto").type == pick_device("cpu").type == "cpu"
    with pytest.raises(ConfigError, match=r"needs an NVIDIA GPU .* Use --device cpu"):
        pick_device("cuda")
    with pytest.raises(LladorError, match=r"no device named 'gpu'\. Did you mean"):
        pick_device("gpu")
    with pytest.raises(LladorError, match="no device named 'cpu:1'"):
        pick_device("cpu:1")
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    assert str(pick_device("auto")) == "cuda"
    assert str(pick_device("cuda:0")) == "cuda:0"
    with pytest.raises(ConfigError, match="this machine has 1 NVIDIA GPUs, counted from 0"):
        pick_device("cuda:1")
