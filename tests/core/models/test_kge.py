"""The trainable model and the torch-free scorer say the same."""

import numpy as np
import pytest
import torch

from llador_core.errors import DataFormatError
from llador_core.models.interactions import INTERACTIONS, to_score_space
from llador_core.models.kge import build_model
from llador_core.models.scorer import Scorer


def build(name: str, anchored: bool = True) -> torch.nn.Module:
    generator = torch.Generator().manual_seed(3)
    anchors = torch.randn(9, 8, generator=generator) if anchored else None
    return build_model(name, 9, 2, 8, generator=generator, anchors=anchors, mix=0.4)


@pytest.mark.parametrize("name", INTERACTIONS)
@pytest.mark.parametrize("side", ["head", "tail"])
@pytest.mark.parametrize("is_shared", [True, False])
def test_candidates_score_as_triples_do(name: str, side: str, is_shared: bool) -> None:
    model = build(name)
    rows = to_score_space(model.spec, model.entities())
    known, r = torch.tensor([0, 4, 5]), torch.tensor([0, 1, 0])
    index = None if is_shared else torch.tensor([[1, 2], [3, 0], [8, 8]])
    found = model.score_candidates(rows[known], model.relations[r], rows, side, index)
    picked = torch.arange(9).expand(3, 9) if index is None else index
    here, there, relation = rows[known][:, None], rows[picked], model.relations[r][:, None]
    h, t = (here, there) if side == "tail" else (there, here)
    torch.testing.assert_close(found, model.score(h, relation, t), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", INTERACTIONS)
def test_scorer_equals_the_trained_model(name: str) -> None:
    model = build(name)
    rows = to_score_space(model.spec, model.entities())
    scorer = model.to_scorer()
    h, r, t = np.array([0, 3, 8]), np.array([0, 1, 1]), np.array([2, 2, 5])
    expected = model.score(rows[h], model.relations[r], rows[t]).detach().numpy()
    np.testing.assert_allclose(scorer.score(h, r, t), expected, atol=1e-4)
    grid = scorer.score_pairs(np.array([0, 3]), 1, np.array([2, 5, 6]))
    assert grid.shape == (2, 3)
    assert grid[1, 0] == pytest.approx(float(expected[1]), abs=1e-4)


def test_every_parameter_gets_a_gradient() -> None:
    for name in INTERACTIONS:
        model = build(name)
        rows = to_score_space(model.spec, model.entities())
        model.score(rows[:4], model.relations[[0, 1, 0, 1]], rows[4:8]).sum().backward()
        for parameter in model.parameters():
            assert parameter.grad is not None
            assert parameter.grad.abs().sum() > 0


def test_start_values_are_seeded() -> None:
    def rows(seed: int) -> torch.Tensor:
        generator = torch.Generator().manual_seed(seed)
        return build_model("rotate", 9, 2, 8, generator=generator).entities()

    assert torch.equal(rows(1), rows(1))
    assert not torch.equal(rows(1), rows(2))


@pytest.mark.parametrize("name", ["transe", "rotate", "protate", "hake"])
def test_random_triples_start_near_the_margin(name: str) -> None:
    generator = torch.Generator().manual_seed(0)
    model = build_model(name, 400, 10, 128, generator=generator, margin=12.0)
    scorer = model.to_scorer()
    draw = np.random.default_rng(0)
    scores = scorer.score(*(draw.integers(n, size=500) for n in (400, 10, 400)))
    assert -8 < scores.mean() < 8


def test_weights_of_another_shape_or_not_finite_are_refused() -> None:
    with pytest.raises(DataFormatError, match="RotatE of dim 8 needs relation rows of 4"):
        Scorer("rotate", np.zeros((3, 8), np.float32), np.zeros((2, 8), np.float32))
    bad = np.full((3, 8), np.nan, np.float32)
    with pytest.raises(DataFormatError, match="not finite"):
        Scorer("transe", bad, np.zeros((2, 8), np.float32))
    with pytest.raises(DataFormatError, match="needs the learned constant 'modulus'"):
        Scorer("protate", np.zeros((3, 8), np.float32), np.zeros((2, 8), np.float32))
