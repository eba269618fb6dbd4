"""Small networks whose weights are drawn from a given generator."""

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Generator, nn


def drawn(make: Callable[[], nn.Module], *, generator: Generator) -> nn.Module:
    """Build a module without touching the global random state; draw its weights.

    Uniform within 1 / sqrt(inputs of a unit), as PyTorch does; biases are 0.
    """
    with torch.device("meta"):
        module = make()
    module = module.to_empty(device=generator.device)
    for parameter in module.parameters():
        if parameter.ndim > 1:
            nn.init.kaiming_uniform_(parameter, a=5**0.5, generator=generator)
        else:
            nn.init.zeros_(parameter)
    return module


def perceptron(*widths: int) -> nn.Sequential:
    """Linear layers with a ReLU between any two."""
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def image_to_code(size: int, dim: int) -> nn.Sequential:
    """(n, 1, size, size) -> (n, dim): two convolutions of stride 2, a linear layer."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 5, stride=2, padding=2),
        nn.ReLU(),
        nn.Conv2d(16, 32, 5, stride=2, padding=2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(32 * (size // 4) ** 2, dim),
    )


def code_to_image(size: int, dim: int) -> nn.Sequential:
    """(n, dim) -> (n, 1, size, size): the same layers the other way round."""
    return nn.Sequential(
        nn.Linear(dim, 32 * (size // 4) ** 2),
        nn.ReLU(),
        nn.Unflatten(1, (32, size // 4, size // 4)),
        nn.ConvTranspose2d(32, 16, 4, stride=2, padding=1),
        nn.ReLU(),
        nn.ConvTranspose2d(16, 1, 4, stride=2, padding=1),
    )
