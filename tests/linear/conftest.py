"""Fixtures of the linear learners' tests."""

import numpy as np
import pytest


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def blobs(rng):
    """Four classes of unequal size, unequal units, correlated: (X, y), rows mixed."""
    y = np.repeat([0, 1, 2, 3], [12, 20, 9, 15])
    mix = rng.normal(size=(5, 5)) * [3.0, 1.0, 0.3, 1.0, 2.0]
    X = (rng.normal(size=(len(y), 5)) + 1.5 * rng.normal(size=(4, 5))[y]) @ mix + 7.0
    order = rng.permutation(len(y))
    return X[order], y[order]


@pytest.fixture
def rotation(rng):
    """An orthogonal (5, 5) matrix."""
    return np.linalg.qr(rng.normal(size=(5, 5)))[0]


@pytest.fixture
def affinity(rng):
    """An invertible (5, 5) matrix, far from orthogonal."""
    return rng.normal(size=(5, 5)) + np.diag([4.0, 1.0, 2.0, 0.5, 3.0])
