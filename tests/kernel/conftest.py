"""Fixtures of the kernel chapter's tests."""

import numpy as np
import pytest


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def blobs(rng):
    """Three classes of unequal size, unequal units, correlated, far from the origin."""
    y = np.repeat([0, 1, 2], [12, 20, 9])
    mix = rng.normal(size=(4, 4)) * [2.0, 1.0, 0.5, 1.0]
    X = (rng.normal(size=(len(y), 4)) + 1.5 * rng.normal(size=(3, 4))[y]) @ mix + 7.0
    order = rng.permutation(len(y))
    return X[order], y[order]


@pytest.fixture
def new(rng):
    """Points that no fit has seen, near and far."""
    return rng.normal(size=(15, 4)) * np.linspace(0.5, 20, 15)[:, None] + 7.0
