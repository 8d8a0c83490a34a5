"""Who moved towards a disease, by a loop; and marked areas."""

from __future__ import annotations

import numpy as np
import pytest

from llador_core.projection.area import MAX_CORNERS, area_text, inside, read_area
from llador_core.projection.nearness import Move, distances, moves, pick_moves


@pytest.fixture
def clouds() -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(0)
    return draw.normal(size=(50, 5)), draw.normal(size=(50, 5))


def test_ranks_by_a_loop(clouds: tuple[np.ndarray, np.ndarray]) -> None:
    base, run = clouds
    entities = np.arange(3, 40)
    found = moves(base, run, 7, entities)
    assert {m.entity for m in found} == set(entities.tolist()) - {7}
    assert [m.rank_after for m in found] == list(range(1, 37))
    for move in found:
        for rows, rank, away in (
            (base, move.rank_before, move.distance_before),
            (run, move.rank_after, move.distance_after),
        ):
            own = float(np.linalg.norm(rows[move.entity] - rows[7]))
            nearer = [j for j in entities if j != 7 and np.linalg.norm(rows[j] - rows[7]) < own]
            assert rank == 1 + len(nearer)
            assert away == pytest.approx(own)
        assert move.nearer_by == move.rank_before - move.rank_after


def test_ties_share_the_better_rank() -> None:
    rows = np.array([[0.0], [1.0], [-1.0], [2.0]])
    assert distances(rows, 0, np.array([1, 2, 3]))[1].tolist() == [1, 1, 3]


def test_turning_a_run_changes_no_rank(clouds: tuple[np.ndarray, np.ndarray]) -> None:
    base, run = clouds
    turned = run @ np.linalg.qr(np.random.default_rng(1).normal(size=(5, 5)))[0]
    ranks = [
        [(m.entity, m.rank_before, m.rank_after) for m in moves(base, rows, 0, np.arange(50))]
        for rows in (run, turned)
    ]
    assert ranks[0] == ranks[1]


def test_only_those_near_the_disease_are_listed_farthest_first() -> None:
    pairs = [(400, 2), (20, 10), (300, 250), (3, 390), (39, 60), (200, 300)]
    found = [Move(i, before, after, 1.0, 1.0) for i, (before, after) in enumerate(pairs)]
    towards, away = pick_moves(found, 9)
    assert [m.entity for m in towards] == [0, 1]  # 2 stays far off
    assert [m.entity for m in away] == [3, 4]
    assert pick_moves(found, 1) == ([found[0]], [found[3]])
    assert pick_moves([], 3) == ([], [])


def test_an_area_survives_the_address() -> None:
    square = [(-0.5, -0.25), (0.5, -0.25), (0.5, 0.75), (-0.5, 0.75)]
    corners = read_area(area_text(square))
    assert corners is not None
    np.testing.assert_allclose(corners, square)


def test_a_long_lasso_is_thinned() -> None:
    angles = np.linspace(0, 6, 500)
    circle = list(zip(np.cos(angles).tolist(), np.sin(angles).tolist(), strict=True))
    corners = read_area(area_text(circle))
    assert corners is not None
    assert MAX_CORNERS // 2 <= len(corners) <= MAX_CORNERS


@pytest.mark.parametrize(
    "junk", ["", "1,2", "1,2;3,4", "a,b;c,d;e,f", "1,2;3;4,5", "1,2,3;1,2,3;1,2,3", "nan,1;2,3;4,5"]
)
def test_junk_is_no_area(junk: str) -> None:
    assert read_area(junk) is None


def test_more_corners_than_allowed_are_no_area() -> None:
    assert read_area(";".join(["1,2"] * (MAX_CORNERS + 1))) is None


def test_who_is_inside_by_hand() -> None:
    """A shape like a U: its notch is outside."""
    shape = np.array([[0, 0], [4, 0], [4, 4], [3, 4], [3, 1], [1, 1], [1, 4], [0, 4]], float)
    points = np.array([[0.5, 3], [2, 3], [3.5, 3], [2, 0.5], [5, 2], [-1, 2], [2, 9]])
    assert inside(shape, points).tolist() == [True, False, True, True, False, False, False]
