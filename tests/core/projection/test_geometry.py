"""What moved: laws of the alignment, and neighbours against a loop a child could check."""

from __future__ import annotations

import numpy as np
import pytest

from llador_core.errors import DataFormatError
from llador_core.models.interactions import INTERACTIONS
from llador_core.models.scorer import Scorer
from llador_core.projection import geometry
from llador_core.projection.geometry import UNRELATED, aligned, centred, compare, n_shared, nearest


@pytest.fixture
def clouds() -> tuple[np.ndarray, np.ndarray]:
    """Two clouds of 60 points in 7 dimensions that resemble each other."""
    draw = np.random.default_rng(0)
    run = draw.normal(size=(60, 7)) * np.linspace(0.5, 2, 7) + 3
    return run + 0.6 * draw.normal(size=run.shape), run


def turn(dim: int, seed: int = 1) -> np.ndarray:
    """Return a random rotation or reflection."""
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(dim, dim)))[0]


def test_identical_runs_do_not_move(clouds: tuple[np.ndarray, np.ndarray]) -> None:
    _, run = clouds
    found = compare(run, run)
    np.testing.assert_allclose(found.shift, 0, atol=1e-6)
    assert set(found.kept) == {10}
    np.testing.assert_allclose(geometry.turnover(found.kept), 0)


@pytest.mark.parametrize("is_mirrored", [False, True])
def test_turning_moving_and_scaling_the_base_changes_nothing(
    clouds: tuple[np.ndarray, np.ndarray], is_mirrored: bool
) -> None:
    base, run = clouds
    turned = turn(7)
    if is_mirrored:
        turned[:, 0] *= -1
    before, after = compare(base, run), compare(5 * base @ turned + 11, run)
    np.testing.assert_allclose(after.shift, before.shift, atol=1e-6)
    np.testing.assert_array_equal(after.kept, before.kept)
    np.testing.assert_allclose(after.base, before.base, atol=1e-9)


def test_a_turned_copy_is_turned_back(clouds: tuple[np.ndarray, np.ndarray]) -> None:
    _, run = clouds
    assert compare(run @ turn(7), run).shift.max() < 1e-6


def test_both_directions_tell_the_same(clouds: tuple[np.ndarray, np.ndarray]) -> None:
    base, run = clouds
    there, back = compare(base, run), compare(run, base)
    np.testing.assert_allclose(there.shift, back.shift, atol=1e-6)
    np.testing.assert_array_equal(there.kept, back.kept)


def test_renumbering_renumbers(clouds: tuple[np.ndarray, np.ndarray]) -> None:
    base, run = clouds
    order = np.random.default_rng(2).permutation(len(run))
    found, other = compare(base, run), compare(base[order], run[order])
    np.testing.assert_allclose(other.shift, found.shift[order], atol=1e-6)
    np.testing.assert_array_equal(other.kept, found.kept[order])


def test_no_other_turn_fits_better(clouds: tuple[np.ndarray, np.ndarray]) -> None:
    base, run = aligned(*clouds)
    best = ((base - run) ** 2).sum()
    for seed in range(20):
        small = turn(7, seed) * 0.1 + np.eye(7)
        u, _, v = np.linalg.svd(small)
        assert ((base @ (u @ v) - run) ** 2).sum() >= best


def test_clouds_have_middle_0_and_size_1(clouds: tuple[np.ndarray, np.ndarray]) -> None:
    for cloud in aligned(*clouds):
        np.testing.assert_allclose(cloud.mean(axis=0), 0, atol=1e-12)
        assert (cloud**2).sum(axis=1).mean() == pytest.approx(1)


def test_clouds_that_share_nothing_shift_by_the_square_root_of_two() -> None:
    draw = np.random.default_rng(3)
    found = compare(draw.normal(size=(1500, 8)), draw.normal(size=(1500, 8)))
    assert np.sqrt((found.shift**2).mean()) == pytest.approx(UNRELATED, abs=0.05)


@pytest.mark.parametrize("block", [1, 37 * 5, 1 << 24])
def test_neighbours_and_turnover_by_a_loop(
    clouds: tuple[np.ndarray, np.ndarray], block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(geometry, "_BLOCK", block)
    both = [centred(cloud[:37]) for cloud in clouds]
    fast = [nearest(cloud, 4) for cloud in both]
    jaccard = []
    for i in range(37):
        sets = []
        for cloud, found in zip(both, fast, strict=True):
            away = [(float(np.linalg.norm(cloud[i] - cloud[j])), j) for j in range(37) if j != i]
            near = {j for _, j in sorted(away)[:4]}
            assert set(found[i].tolist()) == near
            sets.append(near)
        jaccard.append(len(sets[0] & sets[1]) / len(sets[0] | sets[1]))
    kept = n_shared(*fast)
    np.testing.assert_allclose(geometry.turnover(kept, 4), 1 - np.array(jaccard))
    assert 0 < kept.mean() < 4


def test_fewer_entities_than_neighbours() -> None:
    cloud = np.random.default_rng(0).normal(size=(4, 3))
    found = compare(cloud, cloud)
    assert found.n_nearest == 3
    assert found.kept.tolist() == [3, 3, 3, 3]


def test_progress_goes_up_to_the_end(clouds: tuple[np.ndarray, np.ndarray]) -> None:
    shares: list[float] = []
    compare(*clouds, report=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_what_was_measured_is_not_measured_again(clouds: tuple[np.ndarray, np.ndarray]) -> None:
    first = compare(*clouds)
    shares: list[float] = []
    again = compare(*clouds, report=shares.append, measured=(first.shift, first.kept))
    assert shares == []
    np.testing.assert_array_equal(again.base, first.base)
    assert again.shift is first.shift


def test_clouds_that_cannot_be_compared_are_told() -> None:
    cloud = np.random.default_rng(0).normal(size=(9, 4))
    with pytest.raises(DataFormatError, match="9 entities of 4 numbers, the run 9 of 3"):
        compare(cloud, cloud[:, :3])
    with pytest.raises(DataFormatError, match="stand at one point"):
        compare(cloud, np.ones((9, 4)))


def test_arguments_are_left_as_they_were(clouds: tuple[np.ndarray, np.ndarray]) -> None:
    copies = [cloud.copy() for cloud in clouds]
    compare(*clouds)
    for cloud, copy in zip(clouds, copies, strict=True):
        np.testing.assert_array_equal(cloud, copy)


@pytest.mark.parametrize("model", list(INTERACTIONS))
def test_an_angle_stands_as_a_point_on_the_circle(model: str) -> None:
    """Just below and just above a full turn is near, whatever the model calls an angle."""
    spec = INTERACTIONS[model]
    draw = np.random.default_rng(0)
    rows = draw.normal(size=(5, 6)).astype(np.float32)
    constants = {name: np.ones(shape, np.float32) for name, shape in spec.constants}
    relations = np.ones((2, spec.relation_width(6)), np.float32)
    first, last = (half * 3 for half in spec.phase_halves)
    turned = rows.copy()
    turned[:, first:last] += 2 / np.sqrt(6 / 3)  # a full turn, see `to_score_space`
    here, there = (Scorer(model, r, relations, 0.0, constants).positions for r in (rows, turned))
    np.testing.assert_allclose(here, there, atol=1e-4)
    assert here.shape == (5, 6 + (last - first))
    if first == last:
        np.testing.assert_array_equal(here, rows)
