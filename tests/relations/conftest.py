"""Fixtures of the relations tests."""

import pytest
import torch


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


@pytest.fixture
def points(generator):
    """Sixty points in five dimensions, float64."""
    return torch.randn(60, 5, generator=generator, dtype=torch.float64)
