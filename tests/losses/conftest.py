"""Batches for the tests of losses: ragged classes, a singleton, no order of labels."""

import pytest
import torch


@pytest.fixture(params=[0, 1, 2])
def generator(request):
    return torch.Generator().manual_seed(request.param)


@pytest.fixture
def labels():
    """Classes of 4, 3, 2 and 1 points, with gaps between the numbers, shuffled."""
    return torch.tensor([7, 3, 3, 0, 7, 9, 0, 7, 3, 7])


@pytest.fixture
def dist(labels, generator):
    """Distances of 10 points in the plane, float64."""
    z = torch.randn(len(labels), 2, generator=generator, dtype=torch.float64)
    return torch.cdist(z, z)


@pytest.fixture
def sim(labels, generator):
    """A matrix that is not symmetric, so that rows and columns are told apart."""
    n = len(labels)
    return 2 * torch.rand(n, n, generator=generator, dtype=torch.float64) - 1
