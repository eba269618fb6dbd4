"""Points in planted groups, and similarities that break every symmetry."""

import pytest
import torch


@pytest.fixture(params=[0, 1, 2])
def generator(request):
    return torch.Generator().manual_seed(request.param)


@pytest.fixture
def sim(generator):
    """(30, 30), symmetric, no two alike, 1 on the diagonal; float64."""
    half = torch.rand(30, 30, generator=generator, dtype=torch.float64)
    return ((half + half.T) / 2).fill_diagonal_(1)


@pytest.fixture
def planted(generator):
    """Eight classes of ten points, some of them close: points (80, 5), labels (80,)."""
    labels = torch.arange(8).repeat_interleave(10)
    centres = 3 * torch.randn(8, 5, generator=generator, dtype=torch.float64)
    noise = torch.randn(80, 5, generator=generator, dtype=torch.float64)
    return centres[labels] + noise, labels


@pytest.fixture
def member(generator):
    """Six cliques of 1, 2, 3, 4, 4 and 5 of 30 points, some of which overlap."""
    rows = torch.zeros(6, 30, dtype=torch.bool)
    for k, size in enumerate((3, 1, 4, 2, 5, 4)):
        rows[k, torch.randperm(30, generator=generator)[:size]] = True
    return rows
