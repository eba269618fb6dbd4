"""Fixtures of the tests of what a representation forgets."""

import pytest
import torch


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


@pytest.fixture
def draw(generator):
    """Standard normal float64 numbers of a shape."""
    return lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64)


@pytest.fixture
def shaken(draw):
    """Move all parameters of a module to random values, in float64."""

    def shake(module, size=0.3):
        module = module.double()
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.add_(size * draw(*parameter.shape))
        return module

    return shake


def jacobian(f, x):
    """(d, d) derivatives of f at one point x, by autograd."""
    return torch.autograd.functional.jacobian(lambda row: f(row[None])[0], x)


@pytest.fixture
def log_dets():
    """log |det J| of f at every row of x."""
    return lambda f, x: torch.stack(
        [torch.linalg.slogdet(jacobian(f, row)).logabsdet for row in x]
    )
