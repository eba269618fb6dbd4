"""Which changes of the data each closed form sees: rotations, units, affine maps."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from mlcourse.linear import DNE, GMML, KISSME, LDA, LFDA, RCA, Whitening

CLOSED = [Whitening, RCA, LDA, LFDA, DNE, GMML, KISSME]
AFFINE = [Whitening, RCA, LDA]  # and no other: who uses Euclid's neighbours cannot be


def distances(learner, X, y):
    return pdist(learner.fit(X, y).transform(X))


@pytest.mark.parametrize("cls", CLOSED)
def test_a_rotation_leaves_the_distances(cls, blobs, rotation):
    X, y = blobs
    np.testing.assert_allclose(
        distances(cls(), X @ rotation, y), distances(cls(), X, y), rtol=1e-6
    )


@pytest.mark.parametrize("cls", CLOSED)
def test_the_metric_of_rotated_points_is_rotated(cls, blobs, rotation):
    X, y = blobs
    M, turned = cls().fit(X, y).metric(), cls().fit(X @ rotation, y).metric()
    np.testing.assert_allclose(
        turned, rotation.T @ M @ rotation, atol=1e-6 * np.trace(M)
    )


@pytest.mark.parametrize("cls", [Whitening, RCA, LDA, KISSME])
def test_with_fewer_points_than_features_too(cls, rng):
    X, y = rng.normal(size=(12, 30)), np.arange(12) % 3
    Q = np.linalg.qr(rng.normal(size=(30, 30)))[0]
    M, turned = cls().fit(X, y).metric(), cls().fit(X @ Q, y).metric()
    np.testing.assert_allclose(turned, Q.T @ M @ Q, atol=1e-5 * np.trace(M))


@pytest.mark.parametrize("cls", CLOSED)
def test_order_and_shift_leave_the_metric(cls, blobs, rng):
    X, y = blobs
    M = cls().fit(X, y).metric()
    order = rng.permutation(len(y))
    atol = 1e-8 * np.trace(M)
    np.testing.assert_allclose(cls().fit(X[order], y[order]).metric(), M, atol=atol)
    np.testing.assert_allclose(cls().fit(X - 50, y).metric(), M, atol=atol)


@pytest.mark.parametrize("cls", CLOSED)
def test_an_affine_map_leaves_the_distances_of_some(cls, blobs, affinity):
    X, y = blobs
    before, after = distances(cls(), X, y), distances(cls(), X @ affinity - 3, y)
    assert np.allclose(before / before[0], after / after[0], rtol=1e-6) == (
        cls in AFFINE
    )


@pytest.mark.parametrize("cls", [Whitening, RCA, LDA])
def test_units_of_the_features_do_not_matter_to_the_invariant(cls, blobs):
    X, y = blobs
    units = np.array([1e-6, 1.0, 1e5, 1e-3, 10.0])
    np.testing.assert_allclose(
        distances(cls(), X * units, y), distances(cls(), X, y), rtol=1e-6
    )


@pytest.mark.parametrize("cls", [Whitening, RCA, LDA, LFDA, KISSME])
def test_a_redundant_feature_changes_no_distance(cls, blobs):
    # Inverse covariances only: for them a linear combination tells nothing new.
    X, y = blobs
    if cls in (LFDA, KISSME):
        wide = np.c_[X, np.full(len(X), 2.3)]  # Euclid would see a combination
    else:
        wide = np.c_[X, X @ [1.0, -2.0, 0.5, 0.0, 3.0], np.full(len(X), 2.3)]
    np.testing.assert_allclose(
        distances(cls(), wide, y), distances(cls(), X, y), rtol=1e-6
    )


@pytest.mark.parametrize("cls", [RCA, LDA, LFDA, DNE])
def test_n_components_keeps_the_first_rows(cls, blobs):
    X, y = blobs
    all_rows = cls().fit(X, y).components_
    assert np.array_equal(cls(2).fit(X, y).components_, all_rows[:2])


@pytest.mark.errors
@pytest.mark.parametrize(
    ("learner", "message"),
    [
        (RCA(6), r"n_components must be from 1 to the rank of the data, 5"),
        (LDA(4), r"from 1 to min\(classes - 1, rank of the data\), 3 .*got 4; None"),
        (LFDA(0), r"from 1 to the rank of the data, 5 .* got 0"),
        (DNE(6), r"from 1 to the number of features, 5"),
        (LFDA(n_neighbors=0), "n_neighbors must be >= 1, got 0"),
        (DNE(n_neighbors=0), "n_neighbors must be >= 1, got 0"),
        (RCA(reg=2.0), "reg must be from 0"),
        (LDA(reg=-1.0), "reg must be from 0"),
        (LFDA(reg=2.0), "reg must be from 0"),
        (KISSME(reg=2.0), "reg must be from 0"),
        (GMML(t=1.5), r"t must be from 0 \(S alone\) to 1 \(D alone\), got 1.5"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_wrong_parameters_say_what_is_right(learner, message, blobs):
    with pytest.raises(ValueError, match=message):
        learner.fit(*blobs)


@pytest.mark.errors
@pytest.mark.parametrize("cls", [LDA, LFDA, DNE, GMML, KISSME])
def test_one_class_is_refused(cls, blobs):
    X, y = blobs
    with pytest.raises(ValueError, match=r"at least 2 classes, got 1 class"):
        cls().fit(X, np.zeros_like(y))


@pytest.mark.errors
@pytest.mark.parametrize("cls", [RCA, GMML, KISSME])
def test_who_needs_similar_points_says_so(cls, blobs):
    X, _ = blobs
    with pytest.raises(ValueError, match="similar points|pairs in S"):
        cls().fit(X[:15], np.arange(15))
