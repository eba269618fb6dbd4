"""Batches for the tests of generalization: ragged classes, a singleton, in no order."""

import pytest
import torch


@pytest.fixture(params=[0, 1, 2])
def generator(request):
    return torch.Generator().manual_seed(request.param)


@pytest.fixture
def labels():
    """Classes of 4, 3, 2 and 1 points, shuffled; class 4 is not in the batch."""
    return torch.tensor([5, 3, 3, 0, 5, 2, 0, 5, 3, 5])


@pytest.fixture
def z(labels, generator):
    """Embeddings of any length, in float64."""
    return torch.randn(len(labels), 3, generator=generator, dtype=torch.float64)
