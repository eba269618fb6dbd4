"""Batches for the tests of miners: ragged classes, a singleton, no order of labels."""

import pytest
import torch


@pytest.fixture(params=[0, 1, 2])
def generator(request):
    return torch.Generator().manual_seed(request.param)


@pytest.fixture
def labels():
    """Classes of 5, 4, 3, 2 and 1 points, with gaps between the numbers, shuffled."""
    return torch.tensor([7, 3, 3, -2, 7, 9, -2, 7, 3, 7, 4, 4, 3, 7, -2])


@pytest.fixture
def matrix(labels, generator):
    """From 0 to 2, not symmetric, so that rows and columns are told apart; float64."""
    n = len(labels)
    return 2 * torch.rand(n, n, generator=generator, dtype=torch.float64)


@pytest.fixture
def tied(labels, generator):
    """Whole numbers from 0 to 3: many equal distances."""
    n = len(labels)
    return torch.randint(4, (n, n), generator=generator).double()
