"""Gradient reversal: forward the identity, backward its opposite."""

import pytest
import torch
from torch import nn

from mlcourse._reversal import reverse_gradient


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_forward_is_the_identity_to_the_bit(dtype):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(4, 3, 2, generator=generator).to(dtype)
    x[0, 0, 0], x[1, 1, 1] = torch.inf, 1e-30
    assert torch.equal(reverse_gradient(x, weight=3.0), x)
    assert reverse_gradient(x).dtype == dtype


@pytest.mark.parametrize("weight", [0, 1, 0.25, 7.0])
def test_backward_is_minus_weight_times_the_gradient(weight):
    x = torch.tensor([2.0, -3.0, 0.5], dtype=torch.float64, requires_grad=True)
    (plain,) = torch.autograd.grad((x**3).sum(), x)
    (turned,) = torch.autograd.grad((reverse_gradient(x, weight=weight) ** 3).sum(), x)
    assert torch.equal(plain, 3 * x.detach() ** 2)
    assert torch.equal(turned, -weight * plain)


def test_the_weight_is_1_unless_said():
    x = torch.tensor([3.0, -1.0], requires_grad=True)
    reverse_gradient(x).square().sum().backward()
    assert x.grad.tolist() == [-6.0, 2.0]


def test_twice_is_the_product_of_the_weights():
    x = torch.tensor(5.0, requires_grad=True)
    reverse_gradient(reverse_gradient(x, weight=2.0), weight=3.0).backward()
    assert x.grad.item() == 6.0


def test_a_second_derivative_is_turned_too():
    x = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(reverse_gradient(x) ** 3, x, create_graph=True)
    (bend,) = torch.autograd.grad(slope, x)
    assert (slope.item(), bend.item()) == (-12.0, 12.0)  # -3 x^2; -(-6 x)


def test_one_step_makes_the_adversary_better_and_its_input_worse():
    """L falls by a step of the adversary alone, rises by one of its input alone."""
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(20, 3, generator=generator, dtype=torch.float64)
    target = torch.randn(20, 1, generator=generator, dtype=torch.float64)
    maker, adversary = nn.Linear(3, 2).double(), nn.Linear(2, 1).double()

    def loss():
        return (adversary(reverse_gradient(maker(x))) - target).square().mean()

    before = loss()
    before.backward()
    change = {}
    for name, part in (("adversary", adversary), ("maker", maker)):
        kept = [p.detach().clone() for p in part.parameters()]
        with torch.no_grad():
            for p in part.parameters():
                p -= 1e-3 * p.grad
            change[name] = (loss() - before).item()
            for p, old in zip(part.parameters(), kept, strict=True):
                p.copy_(old)
    assert change["adversary"] < -1e-5
    assert change["maker"] > 1e-5


def test_no_gradient_is_asked_for_where_none_is_needed():
    assert not reverse_gradient(torch.ones(2)).requires_grad


@pytest.mark.errors
@pytest.mark.parametrize("weight", [-1, float("nan"), float("inf")])
def test_errors(weight):
    with pytest.raises(ValueError, match="weight must be finite and >= 0, got"):
        reverse_gradient(torch.ones(2), weight=weight)
