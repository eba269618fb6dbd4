"""Tests for mlcourse.linear._psd."""

import numpy as np
import pytest
from scipy.linalg import polar

from mlcourse.linear import project_psd
from mlcourse.linear._psd import fixed_signs, root


def test_projection_by_hand():
    # Eigenvalues 3 on (1, 2) / sqrt 5 and -5 on (2, -1) / sqrt 5.
    M = (3 * np.outer([1, 2], [1, 2]) - 5 * np.outer([2, -1], [2, -1])) / 5
    expected = np.array([[0.6, 1.2], [1.2, 2.4]])
    np.testing.assert_allclose(project_psd(M), expected, atol=1e-14)


def test_projection_equals_the_polar_form(rng):
    # Higham's theorem: half of M plus the symmetric factor of its polar decomposition.
    M = rng.normal(size=(6, 6))
    M = M + M.T
    np.testing.assert_allclose(project_psd(M), (M + polar(M)[1]) / 2, atol=1e-12)


def test_no_matrix_of_the_cone_is_nearer(rng):
    M = rng.normal(size=(4, 4))
    nearest = project_psd(M)
    for _ in range(200):
        B = rng.normal(size=(4, 4))
        other = nearest + 0.1 * rng.normal() * B @ B.T
        if np.linalg.eigvalsh(other)[0] >= 0:
            gap = np.linalg.norm(M - other) - np.linalg.norm(M - nearest)
            assert gap > -1e-12


def test_projection_keeps_what_is_in_the_cone_and_is_idempotent(rng):
    B = rng.normal(size=(5, 3))
    np.testing.assert_allclose(project_psd(B @ B.T), B @ B.T, atol=1e-13)
    M = rng.normal(size=(5, 5))
    once = project_psd(M)
    np.testing.assert_allclose(project_psd(once), once, atol=1e-13)
    assert np.array_equal(once, once.T)
    np.testing.assert_allclose(project_psd((M + M.T) / 2), once, atol=1e-13)


def test_negative_definite_goes_to_zero():
    assert np.array_equal(project_psd(-np.diag([1.0, 2.0])), np.zeros((2, 2)))


def test_root_gives_back_the_metric_largest_first(rng):
    B = rng.normal(size=(2, 4))
    L = root(B.T @ B)  # rank 2: Cholesky would fail
    np.testing.assert_allclose(L.T @ L, B.T @ B, atol=1e-13)
    norms = np.linalg.norm(L, axis=1)
    assert (np.diff(norms) <= 1e-7).all()
    assert (norms[2:] < 1e-7).all()


@pytest.mark.errors  # whole numbers are refused by the pass that checks types
@pytest.mark.parametrize("dtype", [np.float32, np.int64])
def test_is_computed_in_float64(dtype):
    M = np.array([[5, 2, 1], [2, -3, 7], [1, 7, 2]]).astype(dtype)
    found = project_psd(M)
    assert found.dtype == np.float64
    assert np.array_equal(found, project_psd(M.astype(np.float64)))


def test_signs_are_fixed_by_the_largest_entry():
    L = np.array([[1.0, -3.0], [0.2, 0.1], [0.0, 0.0]])
    assert fixed_signs(L).tolist() == [[-1.0, 3.0], [0.2, 0.1], [0.0, 0.0]]


@pytest.mark.errors
@pytest.mark.parametrize(
    ("M", "message"),
    [
        (np.zeros((2, 3)), r"\(d, d\) matrix, got shape \(2, 3\)"),
        (np.zeros(3), r"got shape \(3,\)"),
        (np.array([[np.nan]]), "must be finite.*distance of 0"),
    ],
)
def test_wrong_input_says_what_and_why(M, message):
    with pytest.raises(ValueError, match=message):
        project_psd(M)
