"""Tests for embedding_norm, spread and rho_triplets."""

import pytest
import torch

from mlcourse.regularizers import embedding_norm, rho_triplets, spread


@pytest.fixture(params=[0, 1, 2])
def z(request):
    generator = torch.Generator().manual_seed(request.param)
    return torch.randn(7, 4, generator=generator, dtype=torch.float64)


def test_embedding_norm_equals_its_loop(z):
    expected = sum(v**2 for row in z.tolist() for v in row) / len(z)
    assert embedding_norm(z).item() == pytest.approx(expected)
    assert embedding_norm(z[:0]) == 0


def test_spread_equals_its_loop(z):
    n, k = z.shape
    cosines = [
        float(z[i] @ z[j] / z[i].norm() / z[j].norm())
        for i in range(n)
        for j in range(n)
        if i != j
    ]
    first, second = (sum(c**p for c in cosines) / len(cosines) for p in (1, 2))
    expected = first**2 + max(0, second - 1 / k)
    assert spread(z).item() == pytest.approx(expected)
    assert spread(3 * z).item() == pytest.approx(expected)


def test_gradients(z):
    point = z.clone().requires_grad_()
    assert torch.autograd.gradcheck(embedding_norm, point)
    assert torch.autograd.gradcheck(spread, point)


def test_spread_is_least_where_random_directions_are():
    uniform = torch.randn(2000, 16, generator=torch.Generator().manual_seed(0))
    assert spread(uniform) < 1e-3
    assert spread(uniform + 1) > 0.2
    assert spread(torch.ones(5, 16)).item() == pytest.approx(2 - 1 / 16)
    assert spread(uniform[:1]) == 0
    zeros = torch.zeros(3, 4, requires_grad=True)
    spread(zeros).backward()
    assert zeros.grad.isfinite().all()


def test_rho_switches_as_often_as_asked():
    T = torch.arange(30_000).view(-1, 3)
    generator = torch.Generator().manual_seed(0)
    switched = rho_triplets(T, probability=0.3, generator=generator)
    changed = (switched != T).any(dim=1)
    # 10,000 draws at 0.3: five standard deviations are 0.023, false alarms 6e-7
    assert changed.float().mean().item() == pytest.approx(0.3, abs=0.023)
    assert torch.equal(switched[~changed], T[~changed])
    a, p, _ = T[changed].unbind(dim=1)
    assert torch.equal(switched[changed], torch.stack([a, a, p], dim=1))


def test_rho_at_the_ends_and_from_the_generator():
    T = torch.tensor([[0, 1, 5], [2, 3, 4]])

    def draw(p, seed=0):
        generator = torch.Generator().manual_seed(seed)
        return rho_triplets(T.repeat(20, 1), probability=p, generator=generator)

    assert torch.equal(draw(0.0), T.repeat(20, 1))
    assert (draw(1.0)[:, 0] == draw(1.0)[:, 1]).all()
    assert torch.equal(draw(0.5), draw(0.5))
    assert not torch.equal(draw(0.5), draw(0.5, seed=1))
    none = torch.empty(0, 3, dtype=torch.int64)
    assert rho_triplets(none, probability=0.5, generator=torch.Generator()).shape == (
        0,
        3,
    )


@pytest.mark.errors
@pytest.mark.parametrize(
    ("message", "call"),
    [
        ("z must be an .n, d. matrix", lambda: embedding_norm(torch.ones(3))),
        ("z must be finite", lambda: spread(torch.full((2, 2), torch.nan))),
        ("from 0 to 1, got 1.5", lambda: rho_triplets(
            torch.zeros(1, 3).long(), probability=1.5, generator=torch.Generator())),
        ("T must hold triplets", lambda: rho_triplets(
            torch.zeros(1, 2).long(), probability=0.5, generator=torch.Generator())),
        ("from 0 to n - 1 = 2, got -1 to 2", lambda: rho_triplets(
            torch.tensor([[0, -1, 2]]), probability=0.5, generator=torch.Generator())),
    ],
)  # fmt: skip
def test_a_mistake_is_told(message, call):
    with pytest.raises(ValueError, match=message):
        call()


def test_one_point_and_two_are_enough():
    assert embedding_norm(torch.tensor([[3.0, 4.0]])) == 25
    assert spread(torch.tensor([[1.0, 0.0], [1.0, 0.0]])) == 1.5  # 1 + (1 - 1/2)
