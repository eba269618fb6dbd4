"""Fixtures of the distances tests."""

import pytest
import torch


@pytest.fixture(params=[0, 1])
def generator(request):
    return torch.Generator().manual_seed(request.param)
