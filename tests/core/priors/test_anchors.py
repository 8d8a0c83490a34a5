from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from llador_core.errors import ConfigError, UnknownNameError
from llador_core.priors.anchors import PRIORS, Anchors, Reduce, make_anchors
from llador_core.priors.vectors import FIELDS, FieldVectors

WIDTH = 12
N = 60
DIM = 8
EVERY = pytest.mark.parametrize("reduce", get_args(Reduce))
TEXT_PRIORS = [name for name, spec in PRIORS.items() if spec.fields]


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def vectors() -> FieldVectors:
    generator = np.random.default_rng(7)
    share = {"name": 0.95, "background": 0.9, "treatment": 0.4, "caution": 0.3}
    has = {field: generator.random(N) < share[field] for field in FIELDS}
    for field in FIELDS:
        has[field][:2] = False  # two entities without any text
    rows = {f: unit(generator.standard_normal((N, WIDTH))) * has[f][:, None] for f in FIELDS}
    return FieldVectors(rows, has, "fake", "0" * 64)


def anchors(vectors, prior, reduce="pca", seed=0, dim=DIM) -> Anchors:
    made = make_anchors(vectors, prior, dim, reduce, seed)
    assert made is not None
    return made


def renumbered(vectors, order):
    return replace(
        vectors,
        vectors={f: rows[order] for f, rows in vectors.vectors.items()},
        has={f: has[order] for f, has in vectors.has.items()},
    )


def rewritten(vectors, *fields):
    generator = np.random.default_rng(99)
    new = {f: unit(generator.standard_normal((N, WIDTH))) * vectors.has[f][:, None] for f in fields}
    return replace(vectors, vectors={**vectors.vectors, **new})


def test_none_has_no_anchors(vectors):
    assert make_anchors(vectors, "none", DIM) is None


@EVERY
@pytest.mark.parametrize("prior", TEXT_PRIORS)
def test_shapes_and_mask(vectors, prior, reduce):
    made = anchors(vectors, prior, reduce)
    assert made.matrix.shape == (N, DIM)
    assert made.matrix.dtype == np.float32
    assert np.isfinite(made.matrix).all()
    assert not made.matrix[~made.has].any()
    assert (np.linalg.norm(made.matrix[made.has], axis=1) > 0).all()
    expected = np.logical_or.reduce([vectors.has[f] for f in PRIORS[prior].fields])
    assert made.has.sum() == expected.sum() <= N - 2
    if prior != "shuffled":
        np.testing.assert_array_equal(made.has, expected)


@pytest.mark.parametrize("reduce", ["pca", "blend"])
@pytest.mark.parametrize("prior", TEXT_PRIORS)
def test_rows_have_unit_length(vectors, prior, reduce):
    made = anchors(vectors, prior, reduce)
    np.testing.assert_allclose(np.linalg.norm(made.matrix[made.has], axis=1), 1, atol=1e-6)


@EVERY
@pytest.mark.parametrize("prior", ["full", "mechanism", "name"])
def test_renumbering_entities_permutes_anchors(vectors, prior, reduce):
    order = np.random.default_rng(1).permutation(N)
    before, after = (
        anchors(vectors, prior, reduce),
        anchors(renumbered(vectors, order), prior, reduce),
    )
    np.testing.assert_allclose(after.matrix, before.matrix[order], atol=1e-5)
    np.testing.assert_array_equal(after.has, before.has[order])


@EVERY
def test_mechanism_knows_nothing_of_treatment_and_caution(vectors, reduce):
    changed = rewritten(vectors, "treatment", "caution")
    np.testing.assert_array_equal(
        anchors(vectors, "mechanism", reduce).matrix, anchors(changed, "mechanism", reduce).matrix
    )


@EVERY
@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("prior", ["full", "mechanism", "name"])
def test_a_field_matters_exactly_when_the_prior_names_it(vectors, prior, field, reduce):
    one, other = anchors(vectors, prior, reduce), anchors(rewritten(vectors, field), prior, reduce)
    assert np.array_equal(one.matrix, other.matrix) is (field not in PRIORS[prior].fields)


def test_slice_is_first_half_of_name_beside_first_half_of_mean_description(vectors):
    made = anchors(vectors, "full", "slice")
    entity = int(np.flatnonzero(vectors.has["name"] & vectors.has["treatment"])[0])
    texts = [f for f in FIELDS[1:] if vectors.has[f][entity]]
    mean = np.mean([vectors.vectors[f][entity] for f in texts], axis=0)
    expected = [*vectors.vectors["name"][entity][:4], *(mean / np.linalg.norm(mean))[:4]]
    np.testing.assert_allclose(made.matrix[entity], expected, atol=1e-6)


def test_pca_at_full_width_keeps_every_angle_of_the_centred_texts(vectors):
    whole = {f: np.ones(N, bool) for f in FIELDS}
    generator = np.random.default_rng(3)
    rows = {f: unit(generator.standard_normal((N, WIDTH))) for f in FIELDS}
    made = anchors(FieldVectors(rows, whole, "fake", ""), "mechanism", dim=2 * WIDTH)
    wide = np.hstack([rows["name"], rows["background"]]).astype(float)
    wide = unit(wide - wide.mean(axis=0))
    np.testing.assert_allclose(made.matrix @ made.matrix.T, wide @ wide.T, atol=1e-5)


def test_pca_keeps_the_directions_of_largest_variance(vectors):
    generator = np.random.default_rng(5)
    loud = np.zeros((N, WIDTH))
    loud[:, [2, 9]] = generator.standard_normal((N, 2))
    rows = unit(loud + 0.01 * generator.standard_normal((N, WIDTH)))
    has = {f: np.full(N, f == "name") for f in FIELDS}
    zero = np.zeros((N, WIDTH), np.float32)
    fields = {f: rows if f == "name" else zero for f in FIELDS}
    made = anchors(FieldVectors(fields, has, "fake", ""), "name", dim=2)
    centred = rows - rows.mean(axis=0)
    np.testing.assert_allclose(
        made.matrix @ made.matrix.T, unit(centred[:, [2, 9]]) @ unit(centred[:, [2, 9]]).T, atol=0.1
    )


@pytest.mark.parametrize("reduce", ["pca", "blend"])
def test_signs_do_not_depend_on_the_solver(vectors, monkeypatch, reduce):
    before = anchors(vectors, "full", reduce).matrix
    solve = np.linalg.eigh

    def flipped(matrix):
        values, axes = solve(matrix)
        return values, axes * np.where(np.arange(axes.shape[1]) % 2, 1, -1)

    monkeypatch.setattr(np.linalg, "eigh", flipped)
    np.testing.assert_allclose(anchors(vectors, "full", reduce).matrix, before, atol=1e-6)


def test_blend_meets_the_same_words_in_different_fields(vectors):
    """A drug's treatment that says what a disease's background says: `pca` cannot see it."""
    shared = vectors.vectors["treatment"].copy()
    drug, disease = np.flatnonzero(vectors.has["treatment"] & vectors.has["background"])[:2]
    background = vectors.vectors["background"].copy()
    background[disease] = shared[drug]
    same = replace(vectors, vectors={**vectors.vectors, "background": background})

    def gained(reduce):
        before, after = (anchors(v, "full", reduce, dim=WIDTH).matrix for v in (vectors, same))
        return after[drug] @ after[disease] - before[drug] @ before[disease]

    assert gained("blend") > gained("pca") + 0.1


def test_shuffled_deals_the_rows_of_full_to_others(vectors):
    full, shuffled = anchors(vectors, "full"), anchors(vectors, "shuffled")
    assert sorted(map(tuple, full.matrix.tolist())) == sorted(map(tuple, shuffled.matrix.tolist()))
    moved = (full.matrix != shuffled.matrix).any(axis=1)
    assert moved.mean() > 0.8


@EVERY
@pytest.mark.parametrize("prior", TEXT_PRIORS)
def test_seed_matters_for_the_controls_only(vectors, prior, reduce):
    one, same, other = (anchors(vectors, prior, reduce, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.matrix, same.matrix)
    changes = not np.array_equal(one.matrix, other.matrix)
    assert changes is (PRIORS[prior].control is not None)


def test_random_ignores_what_the_texts_say(vectors):
    np.testing.assert_array_equal(
        anchors(vectors, "random").matrix, anchors(rewritten(vectors, *FIELDS), "random").matrix
    )


def test_inputs_are_left_as_they_were(vectors):
    before = {f: rows.copy() for f, rows in vectors.vectors.items()}
    for prior in TEXT_PRIORS:
        anchors(vectors, prior)
    for field in FIELDS:
        np.testing.assert_array_equal(before[field], vectors.vectors[field])


@pytest.mark.parametrize(
    ("prior", "dim", "reduce", "words"),
    [
        ("full", 7, "slice", "odd"),
        ("full", 2 * WIDTH + 2, "slice", str(2 * WIDTH)),
        ("name", WIDTH + 1, "slice", str(WIDTH)),
        ("mechanism", 2 * WIDTH + 1, "pca", str(2 * WIDTH)),
        ("full", N, "pca", "dim="),
        ("full", WIDTH + 1, "blend", str(WIDTH)),
        ("full", 0, "pca", "at least 1"),
    ],
)
def test_a_dim_that_texts_cannot_fill_is_refused(vectors, prior, dim, reduce, words):
    with pytest.raises(ConfigError, match=words):
        make_anchors(vectors, prior, dim, reduce)


def test_an_unknown_prior_gets_the_nearest_name():
    empty = FieldVectors({}, {}, "fake", "")
    with pytest.raises(UnknownNameError, match="'mechanism'"):
        make_anchors(empty, "mechanisms", DIM)
