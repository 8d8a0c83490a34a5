"""The engine that touches only its rows: against the dense one, a reference, and its own laws."""

import dataclasses

import numpy as np
import pytest
import torch

from llador_core.data.splits import split_by_pair
from llador_core.graph import Graph
from llador_core.models import pairwise
from llador_core.models.anchoring import DISTANCES, distance_gradient
from llador_core.models.interactions import INTERACTIONS, to_score_space
from llador_core.models.kge import KnowledgeGraphEmbedding, build_model
from llador_core.training.batches import Batch, Batches
from llador_core.training.config import TrainConfig
from llador_core.training.losses import link_loss
from llador_core.training.negatives import KnownTriples
from llador_core.training.optimizers import OPTIMIZERS, Touched, touch
from llador_core.training.sparse import SparseStep

DIM = 16
SHARED = {"chunk_size": 16}
KINDS = {
    "shared": {},
    "chunks": SHARED,
    "own": {"shared_negatives": False, "typed_share": 0.0},
    "all": {"n_negatives": 0},
}
LOSSES = {
    "logsigmoid": {},
    "adversarial": {"adversarial_temperature": 0.7},
    "cross_entropy": {"loss": "cross_entropy"},
}


def config_of(model: str = "distmult", **changes) -> TrainConfig:
    values = {"optimizer": "rowwise-adagrad", "dim": DIM, "batch_size": 64, "n_negatives": 9}
    return TrainConfig(model=model, **(values | {"prior": "none", "margin": 3.0} | changes))


def model_of(graph: Graph, config: TrainConfig) -> KnowledgeGraphEmbedding:
    draw = torch.Generator().manual_seed(1)
    anchors = torch.randn(graph.n_entities, DIM, generator=draw) / 4
    has = torch.arange(graph.n_entities) % 5 > 0
    return build_model(
        config.model,
        graph.n_entities,
        graph.n_relations,
        DIM,
        generator=draw,
        margin=config.margin,
        turn=1.0,
        anchors=anchors if config.is_anchored else None,
        has_anchor=has if config.is_anchored else None,
        mix=0.4,
    )


def step_of(graph: Graph, config: TrainConfig) -> SparseStep:
    split = split_by_pair(graph, 0)
    known = KnownTriples(split.train, graph.n_entities, graph.n_relations)
    treats = graph.relations_with_role("treats")
    batches = Batches(split.train, known, treats, config, torch.device("cpu"))
    return SparseStep(model_of(graph, config), batches, config)


def reference_loss(
    model: KnowledgeGraphEmbedding, batch: Batch, config: TrainConfig
) -> torch.Tensor:
    """Return the loss of a batch with every (triple, negative) pair written out."""
    table = to_score_space(model.spec, model.entities())
    own = batch.drawn.repeat_interleave(len(batch.known) // len(batch.drawn), 0)
    here, there, relation = table[batch.known], table[batch.target], model.relations[batch.relation]

    def score(candidates: torch.Tensor) -> torch.Tensor:
        k, r = here[:, None], relation[:, None]
        ends = (k, r, candidates) if batch.side == "tail" else (candidates, r, k)
        return model.score(*ends)

    positive, negative = score(there[:, None])[:, 0], score(table[own])
    counts = (~batch.is_known).float()
    if config.loss == "cross_entropy":
        every = torch.cat([positive[:, None], negative.masked_fill(batch.is_known, -1e9)], 1)
        losses = -torch.log_softmax(every, 1)[:, 0]
    else:
        share = counts
        if config.adversarial_temperature:
            hard = torch.exp(negative.detach() * config.adversarial_temperature) * counts
            share = hard
        share = share / share.sum(1, keepdim=True).clamp(min=1e-9)
        losses = -torch.log(torch.sigmoid(positive)) - (
            share * torch.log(torch.sigmoid(-negative))
        ).sum(1)
    loss = config.link_weight * (losses * batch.weights).mean()
    if config.is_anchored:
        rows = model.entities()[batch.known]
        distance = DISTANCES[config.distance]
        loss = loss + config.pull * model.entities.pull_loss(rows, batch.known, distance)
    if config.n3:
        for x in (here, there, relation):
            size = x.abs()
            if config.model == "complex":
                size = torch.complex(*x.chunk(2, -1)).abs()
            loss = loss + config.n3 * (size**3).sum() / len(here)
    return loss


class Plain:
    """Gradient descent without any state: what moved is the gradient."""

    def __init__(self, table: torch.Tensor) -> None:
        self.table = table

    def update(self, rows: Touched, gradient: torch.Tensor, lr: float) -> None:
        self.table.index_add_(0, rows.ids, gradient, alpha=-lr)


def check_step(graph: Graph, config: TrainConfig, number: int) -> None:
    step = step_of(graph, config)
    before = {name: value.clone() for name, value in step.model.state_dict().items()}
    batch = step.batches.batch(number)
    loss = reference_loss(step.model, batch, config)
    gradients = torch.autograd.grad(loss, list(step.model.parameters()))
    names = [name for name, _ in step.model.named_parameters()]
    step.entity_rows, step.relation_rows = Plain(step.free), Plain(step.relations)
    changed: dict[str, torch.Tensor] = {}
    for name, constant in step.numbers.items():
        constant.update = lambda g, _, name=name: changed.update({f"constants.{name}": g})
    found = step(number, lr=1.0)
    torch.testing.assert_close(found, loss.detach(), rtol=1e-4, atol=1e-5)
    for name, gradient in zip(names, gradients, strict=True):
        value = step.model.state_dict()[name]
        mine = changed[name] if name in changed else before[name] - value
        torch.testing.assert_close(
            mine, gradient, rtol=3e-3, atol=3e-5, msg=lambda text, name=name: f"{name}: {text}"
        )


@pytest.mark.parametrize("model", INTERACTIONS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", [0, 1])
def test_a_step_follows_the_gradient(small: Graph, model: str, kind: str, number: int) -> None:
    check_step(small, config_of(model, **KINDS[kind]), number)


@pytest.mark.parametrize("model", INTERACTIONS)
@pytest.mark.parametrize("loss", LOSSES)
def test_a_step_with_anchors_follows_the_gradient(small: Graph, model: str, loss: str) -> None:
    check_step(small, config_of(model, prior="full", **LOSSES[loss]), 0)


@pytest.mark.parametrize("model", ["distmult", "complex"])
def test_a_step_with_cubes_follows_the_gradient(small: Graph, model: str) -> None:
    check_step(small, config_of(model, n3=0.3), 1)


def test_a_step_in_parts_is_the_step(small: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        __import__("llador_core.training.sparse").training.sparse._SCORES, "cpu", 70
    )
    for model in ("complex", "hake"):
        check_step(small, config_of(model, **LOSSES["cross_entropy"]), 0)


@pytest.mark.parametrize("name", DISTANCES)
def test_gradients_of_distances_to_anchors(name: str) -> None:
    draw = torch.Generator().manual_seed(0)
    x, anchor = torch.randn(7, DIM, generator=draw), torch.randn(7, DIM, generator=draw)
    leaf = x.clone().requires_grad_()
    expected = DISTANCES[name](leaf, anchor)
    (gradient,) = torch.autograd.grad(expected.sum(), leaf)
    found, mine = distance_gradient(name, x, anchor)
    torch.testing.assert_close(found, expected.detach())
    torch.testing.assert_close(mine, gradient, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_only_touched_rows_change(small: Graph, optimizer: str) -> None:
    config = config_of("rotate", optimizer=optimizer, n_negatives=3, batch_size=8)
    step = step_of(small, config)
    before = step.free.clone()
    state = {name: value.clone() for name, value in step.state().items()}
    batch = step.batches.batch(0)
    touched = torch.cat([batch.known, batch.target, batch.drawn.flatten()]).unique()
    step(0, lr=0.1)
    moved = (step.free != before).any(1)
    assert moved.nonzero()[:, 0].tolist() == touched.tolist()
    for name, value in step.state().items():
        if name.startswith("entities/"):
            changed = (value != state[name]).reshape(len(value), -1).any(1)
            assert changed.nonzero()[:, 0].tolist() == touched.tolist(), name
    assert sum(v.numel() for k, v in step.state().items() if k[:8] == "entities") <= (
        before.numel() + 2 * len(before)
    )


def by_hand(name: str, table: np.ndarray, steps: list[tuple[int, np.ndarray]]) -> np.ndarray:
    """Return the table after single-row updates, one number after the other."""
    table = table.astype(float).copy()
    sums, first, count = np.zeros_like(table), np.zeros_like(table), np.zeros(len(table))
    row_sums, second = np.zeros(len(table)), np.zeros(len(table))
    for row, g in steps:
        count[row] += 1
        if name == "adagrad":
            sums[row] += g**2
            table[row] -= 0.1 * g / (np.sqrt(sums[row]) + 1e-10)
        elif name == "rowwise-adagrad":
            row_sums[row] += (g**2).mean()
            table[row] -= 0.1 * g / (np.sqrt(row_sums[row]) + 1e-10)
        else:
            first[row] = 0.9 * first[row] + 0.1 * g
            second[row] = 0.999 * second[row] + 0.001 * (g**2).mean()
            size = np.sqrt(second[row] / (1 - 0.999 ** count[row])) + 1e-8
            table[row] -= 0.1 * first[row] / (1 - 0.9 ** count[row]) / size
    return table


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("way", ["loops", "torch", "padded"])
def test_optimizers_are_those_of_the_books(name: str, way: str, monkeypatch) -> None:
    if way != "loops":
        monkeypatch.setattr(pairwise, "compiled_loops", lambda: None)
    draw = np.random.default_rng(0)
    start = draw.normal(size=(6, 5)).astype(np.float32)
    table = torch.from_numpy(start.copy())
    optimizer = OPTIMIZERS[name](table)
    steps = []
    for rows in ([0, 3], [3, 5], [0, 3]):
        gradient = draw.normal(size=(2, 5)).astype(np.float32)
        steps += list(zip(rows, gradient, strict=True))
        ids, g, real = torch.tensor(rows), torch.from_numpy(gradient), None
        if way == "padded":  # as on a GPU, where zeros fill up
            ids, g = torch.cat([ids, torch.zeros(2).long()]), torch.cat([g, torch.zeros(2, 5)])
            real = torch.tensor([1.0, 1, 0, 0])[:, None]
        optimizer.update(Touched(ids, ids, real), g, lr=0.1)
    np.testing.assert_allclose(table.numpy(), by_hand(name, start, steps), rtol=1e-4, atol=1e-5)


def test_touched_rows_with_fixed_shapes_are_the_same_rows() -> None:
    asked = torch.tensor([4, 2, 4, 0, 7, 2])
    plain = touch(asked)
    assert plain.ids.tolist() == [0, 2, 4, 7]
    assert torch.equal(plain.ids[plain.place], asked)
    padded = _as_on_a_gpu(asked)
    assert padded.ids.tolist() == [0, 2, 4, 7, 0, 0]
    assert padded.is_real[:, 0].tolist() == [1, 1, 1, 1, 0, 0]
    assert torch.equal(padded.place, plain.place)


def _as_on_a_gpu(asked: torch.Tensor) -> Touched:
    from llador_core.training import optimizers

    return optimizers._padded(asked)


def test_losses_do_not_change_what_they_are_given() -> None:
    draw = torch.Generator().manual_seed(0)
    positive, negative = torch.randn(5, generator=draw), torch.randn(5, 4, generator=draw)
    is_known = torch.rand(5, 4, generator=draw) < 0.3
    weights = torch.rand(5, generator=draw)
    for changes in LOSSES.values():
        given = [x.clone() for x in (positive, negative, is_known, weights)]
        link_loss(config_of(**changes), positive, negative, is_known, weights)
        for x, same in zip((positive, negative, is_known, weights), given, strict=True):
            assert torch.equal(x, same)


@pytest.mark.parametrize("changes", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("way", ["loops", "torch"])
def test_batches_never_count_a_known_triple(small: Graph, changes, way, monkeypatch) -> None:
    if way == "torch":
        from llador_core.training import batches as module

        monkeypatch.setattr(module, "loops_for", lambda _: None)
    step = step_of(small, config_of(**changes))
    true = {tuple(row) for row in step.batches.triples.tolist()}
    for number in (0, 1, 5):
        batch = step.batches.batch(number)
        assert batch.side == ("tail", "head")[number % 2]
        own = batch.drawn.repeat_interleave(len(batch.known) // len(batch.drawn), 0)
        for i, (k, r, t) in enumerate(
            zip(*(x.tolist() for x in (batch.known, batch.relation, batch.target)), strict=True)
        ):
            assert ((k, r, t) if batch.side == "tail" else (t, r, k)) in true
            for entity, flag in zip(own[i].tolist(), batch.is_known[i].tolist(), strict=True):
                corrupted = (k, r, entity) if batch.side == "tail" else (entity, r, k)
                assert flag is (corrupted in true)


def test_every_triple_comes_once_in_an_epoch_and_treatments_more_often(small: Graph) -> None:
    step = step_of(small, config_of(batch_size=7, treat_weight=3))
    pool = step.batches._pool
    rows = torch.cat([pool.rows(number, 7) for number in range(pool.n)])
    counts = np.bincount(rows.numpy())
    is_treat = np.isin(step.batches.triples[:, 1].numpy(), small.relations_with_role("treats"))
    assert set(counts[is_treat]) == {21}  # seven epochs
    assert set(counts[~is_treat]) == {7}


def test_relations_can_be_visited_equally_often(small: Graph) -> None:
    def shares(balance: float) -> np.ndarray:
        config = config_of(relation_balance=balance, treat_weight=1, batch_size=500)
        batches = step_of(small, config).batches
        seen = torch.cat([batches.batch(n).relation for n in range(40)])
        return np.bincount(seen.numpy(), minlength=small.n_relations) / len(seen)

    present = shares(1.0)
    present = present[present > 0]
    np.testing.assert_allclose(present, 1 / len(present), atol=0.02)
    assert np.ptp(shares(0.01)) > 0.2


def test_batches_depend_on_the_seed_and_the_step_alone(small: Graph) -> None:
    def fields(batch: Batch) -> list[torch.Tensor]:
        return [v for v in dataclasses.astuple(batch) if isinstance(v, torch.Tensor)]

    for changes in ({}, {"relation_balance": 0.5}):
        one, other = (step_of(small, config_of(seed=3, **changes)).batches for _ in range(2))
        for n in range(200):
            one.batch(n)
        for n in (199, 63, 64, 3):
            same = zip(fields(one.batch(n)), fields(other.batch(n)), strict=True)
            assert all(torch.equal(x, y) for x, y in same)
        third = step_of(small, config_of(seed=4, **changes)).batches
        assert not torch.equal(third.batch(3).drawn, other.batch(3).drawn)
        assert not torch.equal(third.batch(3).known, other.batch(3).known)


def test_padded_rows_train_as_exact_ones(small: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole training as on a GPU, where shapes are fixed and there are no compiled loops."""
    from llador_core.training import batches as drawing
    from llador_core.training import optimizers, sparse

    for optimizer in OPTIMIZERS:
        tables = []
        for is_gpu in (False, True):
            with monkeypatch.context() as patch:
                if is_gpu:
                    patch.setattr(pairwise, "compiled_loops", lambda: None)
                    patch.setattr(drawing, "loops_for", lambda _: None)
                    patch.setattr(sparse, "touch", optimizers._padded)
                step = step_of(small, config_of("rotate", optimizer=optimizer, prior="full"))
                for number in range(6):
                    step(number, lr=0.05)
                tables.append(step.free.clone())
        torch.testing.assert_close(tables[0], tables[1], rtol=1e-3, atol=1e-4)
