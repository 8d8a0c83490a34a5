import math

import pytest
import torch

from llador_core.models.anchoring import DISTANCES, AnchoredEmbedding


def table(n: int = 5, dim: int = 6, seed: int = 0) -> torch.Tensor:
    return torch.randn(n, dim, generator=torch.Generator().manual_seed(seed))


def test_without_anchors_it_is_the_plain_table() -> None:
    free = table()
    embedding = AnchoredEmbedding(free)
    assert torch.equal(embedding(), free)
    assert embedding.pull_loss(embedding(), torch.arange(5), DISTANCES["cosine"]) == 0


def test_mix_one_equals_the_plain_table_and_mix_zero_the_anchors() -> None:
    free, anchors = table(), table(seed=1)
    assert torch.equal(AnchoredEmbedding(free, anchors, mix=1.0)(), free)
    assert torch.equal(AnchoredEmbedding(free, anchors, mix=0.0)(), anchors)
    between = AnchoredEmbedding(free, anchors, mix=0.6)()
    torch.testing.assert_close(between, 0.6 * free + 0.4 * anchors)


def test_an_entity_without_text_keeps_its_free_vector_and_is_not_pulled() -> None:
    free, anchors = table(), table(seed=1)
    has = torch.tensor([True, False, True, True, False])
    embedding = AnchoredEmbedding(free, anchors, has, mix=0.3)
    assert torch.equal(embedding()[1], free[1])
    without = torch.tensor([1, 4])
    assert embedding.pull_loss(embedding(without), without, DISTANCES["cosine"]) == 0
    some = torch.tensor([0, 1])
    only = torch.tensor([0])
    distance = DISTANCES["euclidean"]
    torch.testing.assert_close(
        embedding.pull_loss(embedding(some), some, distance),
        embedding.pull_loss(embedding(only), only, distance),
    )


def test_rows_equal_the_table_at_these_rows() -> None:
    embedding = AnchoredEmbedding(table(), table(seed=1), mix=0.3)
    picked = torch.tensor([[4, 0], [2, 2]])
    assert torch.equal(embedding(picked), embedding()[picked])


def test_anchors_are_saved_but_not_trained() -> None:
    embedding = AnchoredEmbedding(table(), table(seed=1), mix=0.3)
    assert "anchors" in embedding.state_dict()
    assert [name for name, _ in embedding.named_parameters()] == ["free"]


@pytest.mark.parametrize("name", DISTANCES)
def test_a_distance_is_zero_at_the_anchor_and_grows_away_from_it(name: str) -> None:
    x, other = table(seed=2), table(seed=3)
    distance = DISTANCES[name]
    torch.testing.assert_close(distance(x, x), torch.zeros(5), atol=2e-3, rtol=0)
    assert (distance(other, x) > 0.01).all()
    near = x + 0.1 * (other - x)
    assert (distance(near, x) < distance(other, x)).all()


def test_distances_against_hand_counts() -> None:
    x, a = torch.tensor([[1.0, 0.0, 0.0, 1.0]]), torch.tensor([[0.0, 0.0, 1.0, 1.0]])
    # as complex numbers: (1, i) against (i, i): angles pi/2 and 0
    assert float(DISTANCES["cosine"](x, a)) == pytest.approx(0.5)
    assert float(DISTANCES["euclidean"](x, a)) == pytest.approx(math.sqrt(2 / 4))
    assert float(DISTANCES["manhattan"](x, a)) == pytest.approx(0.5)
    assert float(DISTANCES["phase"](x, a)) == pytest.approx(math.sin(math.pi / 4) / 2, abs=1e-5)
