"""Score functions against a naive formula per triple, on both kinds of array, and PyKEEN."""

import cmath
import math

import numpy as np
import pytest
import torch

from llador_core.models.interactions import (
    INTERACTIONS,
    bilinear_query,
    distance_query,
    to_score_space,
)

DIM = 8


def naive(name: str, h: list[float], r: list[float], t: list[float], constants: dict) -> float:
    """The formulas of METHOD.md, one number at a time."""
    half = len(h) // 2
    hc = [complex(h[i], h[half + i]) for i in range(half)]
    tc = [complex(t[i], t[half + i]) for i in range(half)]
    if name == "transe":
        return -sum(abs(a + b - c) for a, b, c in zip(h, r, t, strict=True))
    if name == "distmult":
        return sum(a * b * c for a, b, c in zip(h, r, t, strict=True))
    if name == "complex":
        rc = [complex(r[i], r[half + i]) for i in range(half)]
        return sum(a * b * c.conjugate() for a, b, c in zip(hc, rc, tc, strict=True)).real
    if name == "rotate":
        return -sum(abs(a * cmath.exp(1j * b) - c) for a, b, c in zip(hc, r, tc, strict=True))
    if name == "protate":
        sines = (abs(math.sin((a + b - c) / 2)) for a, b, c in zip(h, r, t, strict=True))
        return -float(constants["modulus"]) * sum(sines)
    modulus = phase = 0.0
    for i in range(half):
        r_phase, r_mod, bias = r[i], abs(r[half + i]), r[2 * half + i]
        bias = max(min(bias, 1.0), -r_mod)
        modulus += (h[i] * (r_mod + bias) - t[i] * (1 - bias)) ** 2
        phase += abs(math.sin((h[half + i] + r_phase - t[half + i]) / 2))
    w = constants["weights"]
    return -(float(w[0]) * math.sqrt(modulus) + float(w[1]) * phase)


def draw(name: str, n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, dict]:
    generator = np.random.default_rng(seed)
    width = INTERACTIONS[name].relation_width(DIM)
    h, t = generator.normal(size=(2, n, DIM))
    r = generator.normal(size=(n, width)) * 1.5
    shapes = dict(INTERACTIONS[name].constants)
    return h, r, t, {k: generator.uniform(0.5, 2, shape) for k, shape in shapes.items()}


@pytest.mark.parametrize("name", INTERACTIONS)
def test_equals_the_formula_on_both_kinds_of_array(name: str) -> None:
    h, r, t, constants = draw(name, 20)
    score = INTERACTIONS[name].score
    expected = [
        naive(name, *(x.tolist() for x in triple), constants)
        for triple in zip(h, r, t, strict=True)
    ]
    np.testing.assert_allclose(score(h, r, t, **constants), expected, atol=1e-5)
    tensors = [torch.from_numpy(x) for x in (h, r, t)]
    constants = {k: torch.as_tensor(v) for k, v in constants.items()}
    np.testing.assert_allclose(score(*tensors, **constants).numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("name", INTERACTIONS)
def test_broadcasts_a_batch_against_candidates(name: str) -> None:
    h, r, t, constants = draw(name, 6)
    score = INTERACTIONS[name].score
    grid = score(h[:, None], r[:, None], t[None], **constants)
    assert grid.shape == (6, 6)
    for i in range(6):
        np.testing.assert_allclose(grid[i], score(h[i], r[i], t, **constants), rtol=1e-9)


@pytest.mark.parametrize("name", INTERACTIONS)
def test_every_part_of_a_triple_and_every_constant_changes_the_score(name: str) -> None:
    h, r, t, constants = draw(name, 1)
    score = INTERACTIONS[name].score
    before = score(h, r, t, **constants)
    assert score(h + 0.1, r, t, **constants) != before
    assert score(h, r + 0.1, t, **constants) != before
    assert score(h, r, t + 0.1, **constants) != before
    for key in constants:
        assert score(h, r, t, **(constants | {key: constants[key] * 1.1})) != before


@pytest.mark.parametrize("name", ["distmult", "complex"])
@pytest.mark.parametrize("side", ["head", "tail"])
def test_bilinear_query_times_candidate_is_the_score(name: str, side: str) -> None:
    h, r, t, _ = draw(name, 10)
    known, candidate = (h, t) if side == "tail" else (t, h)
    query = bilinear_query(name, known, r, side)
    np.testing.assert_allclose(
        (query * candidate).sum(-1), INTERACTIONS[name].score(h, r, t), atol=1e-9
    )


@pytest.mark.parametrize("name", ["transe", "rotate", "protate"])
def test_distance_query_turns_the_tail_back(name: str) -> None:
    h, r, t, constants = draw(name, 10)
    score = INTERACTIONS[name].score
    zero = np.zeros_like(r)
    forward = score(distance_query(name, h, r, "tail"), zero, t, **constants)
    backward = score(h, zero, distance_query(name, t, r, "head"), **constants)
    expected = score(h, r, t, **constants)
    np.testing.assert_allclose(forward, expected, atol=1e-5)
    np.testing.assert_allclose(backward, expected, atol=1e-5)


def test_rotate_sums_moduli_and_does_not_take_their_l2_norm() -> None:
    h = np.array([3.0, 0.0, 4.0, 0.0])  # 3 + 4i and 0
    t = np.array([0.0, 1.0, 0.0, 0.0])  # 0 and 1
    assert INTERACTIONS["rotate"].score(h, np.zeros(2), t) == pytest.approx(-(5 + 1), abs=1e-5)


def test_gradients_are_finite_where_a_modulus_is_zero() -> None:
    for name in ("rotate", "hake"):
        width = INTERACTIONS[name].relation_width(DIM)
        h = torch.zeros(DIM, requires_grad=True)
        constants = {"weights": torch.ones(2)} if name == "hake" else {}
        INTERACTIONS[name].score(h, torch.zeros(width), torch.zeros(DIM), **constants).backward()
        assert torch.isfinite(h.grad).all()


@pytest.mark.parametrize("name", INTERACTIONS)
def test_a_unit_length_row_spreads_its_angles_over_the_circle(name: str) -> None:
    spec = INTERACTIONS[name]
    rows = np.random.default_rng(0).uniform(-1, 1, (200, 64)) * math.sqrt(3 / 64)
    halves = np.split(to_score_space(spec, rows), 2, -1)
    for i, half in enumerate(halves):
        if spec.phase_halves[0] <= i < spec.phase_halves[1]:
            assert 0.98 * math.pi < np.abs(half).max() <= math.pi + 1e-9
        else:
            np.testing.assert_array_equal(half, np.split(rows, 2, -1)[i])


@pytest.mark.parametrize("name", ["transe", "distmult", "complex"])
def test_equals_pykeen_where_pykeen_is_right(name: str) -> None:
    """PyKEEN's RotatE takes the L2 norm over moduli, so it is no reference here."""
    interactions = pytest.importorskip("pykeen.nn.modules")
    h, r, t, _ = (torch.as_tensor(x) if isinstance(x, np.ndarray) else x for x in draw(name, 12))
    ours = INTERACTIONS[name].score(h, r, t)
    if name == "transe":
        theirs = interactions.TransEInteraction(p=1)(h, r, t)
    elif name == "distmult":
        theirs = interactions.DistMultInteraction()(h, r, t)
    else:
        as_complex = [torch.complex(*x.chunk(2, -1)) for x in (h, r, t)]
        theirs = interactions.ComplExInteraction()(*as_complex)
    torch.testing.assert_close(ours, theirs)
