"""What keeps learners apart: activation loss, norms, and the adversary."""

import pytest
import torch

from mlcourse.ensembles import Adversary, activation_loss, norm_penalty

SIZES = (1, 2, 3)


def by_loop(parts):
    """Mean over points and activations of squared products, for every two learners."""
    total = 0.0
    for i in range(len(parts)):
        for j in range(i + 1, len(parts)):
            values = [
                (a * b) ** 2
                for u, v in zip(parts[i].tolist(), parts[j].tolist(), strict=True)
                for a in u
                for b in v
            ]
            total += sum(values) / len(values)
    return total


def test_activation_loss_is_a_loop(z):
    parts = z.split(SIZES, dim=1)
    assert activation_loss(parts).item() == pytest.approx(by_loop(parts))
    assert activation_loss(parts[::-1]).item() == pytest.approx(by_loop(parts))


def test_activation_loss_is_least_where_one_learner_speaks_at_a_time():
    loud, quiet = torch.tensor([[2.0], [0.0]]), torch.tensor([[0.0, 0.0], [1.0, 3.0]])
    assert activation_loss([loud, quiet]) == 0
    assert activation_loss([loud.flip(0), quiet]) == 10  # 4 (1 + 9) / 2 / 2


def test_of_unit_vectors_it_is_constant(z):
    f = [torch.nn.functional.normalize(part) for part in z.split(SIZES, dim=1)]
    assert activation_loss(f).item() == pytest.approx(1 / 2 + 1 / 3 + 1 / 6)


def test_activation_gradient(z):
    z.requires_grad_()
    assert torch.autograd.gradcheck(lambda z: activation_loss(z.split(SIZES, dim=1)), z)


def test_nothing_to_keep_apart():
    assert activation_loss([torch.ones(3, 2)]) == 0
    empty = torch.empty(0, 2, requires_grad=True)
    value = activation_loss([empty, empty])
    value.backward()
    assert value == 0


def test_norm_penalty_is_a_loop(z):
    rows = [(sum(w * w for w in row) - 1) ** 2 for row in z.tolist()]
    assert norm_penalty(z).item() == pytest.approx(sum(rows) / len(rows))
    assert norm_penalty(torch.nn.functional.normalize(z)).item() < 1e-30
    assert norm_penalty(torch.zeros(4, 2)) == 1


# --- adversary ------------------------------------------------------------------------


def make(generator, norm_weight=0.5):
    adversary = Adversary(SIZES, hidden=4, norm_weight=norm_weight, generator=generator)
    adversary = adversary.double()
    with torch.no_grad():
        for p in adversary.parameters():
            p += 0.5 * torch.randn(p.shape, generator=generator, dtype=torch.float64)
    return adversary


def adversary_by_loop(adversary, parts, norm_weight):
    """From the larger learner j to the smaller i, number by number."""
    total, pairs = 0.0, [(0, 1), (0, 2), (1, 2)]
    for (i, j), R in zip(pairs, adversary.regressors, strict=True):
        V1, b1, V2, b2 = (p.detach() for p in R.parameters())
        products = []
        for u, v in zip(parts[i], parts[j], strict=True):
            said = V2 @ (V1 @ v + b1).clamp(min=0) + b2
            products += [(a * b).item() ** 2 for a, b in zip(u, said, strict=True)]
        total -= sum(products) / len(products)
        for V, b in ((V1, b1), (V2, b2)):
            rows = [((w @ w).item() - 1) ** 2 for w in V]
            total += norm_weight * sum(rows) / len(rows)
            total += norm_weight * max((b @ b).item() - 1, 0)
    return total


@pytest.mark.parametrize("norm_weight", [0.0, 0.5, 100])
def test_adversary_is_a_loop(z, generator, norm_weight):
    adversary, parts = make(generator, norm_weight), z.split(SIZES, dim=1)
    expected = adversary_by_loop(adversary, parts, norm_weight)
    assert adversary(parts).item() == pytest.approx(expected)


def test_learners_get_the_opposite_gradient_regressors_their_own(z, generator):
    adversary = make(generator)
    z.requires_grad_()
    value = adversary(z.split(SIZES, dim=1))
    ours = torch.autograd.grad(value, [z, *adversary.parameters()])

    def without_reversal(z):
        total, parts = 0.0, z.split(SIZES, dim=1)
        pairs = [(0, 1), (0, 2), (1, 2)]
        for (i, j), R in zip(pairs, adversary.regressors, strict=True):
            total = total - (parts[i] * R(parts[j])).square().mean()
            for name, p in R.named_parameters():
                if name.endswith("bias"):
                    total = total + 0.5 * (p @ p - 1).clamp(min=0)
                else:
                    total = total + 0.5 * norm_penalty(p)
        return total

    plain = torch.autograd.grad(without_reversal(z), [z, *adversary.parameters()])
    torch.testing.assert_close(ours[0], -plain[0])
    for mine, theirs in zip(ours[1:], plain[1:], strict=True):
        torch.testing.assert_close(mine, theirs)
    assert ours[0].abs().max() > 1e-3


def test_first_weights_have_rows_of_length_1(generator):
    adversary = Adversary(SIZES, hidden=5, norm_weight=9.0, generator=generator)
    assert len(adversary.regressors) == 3
    shapes = [[tuple(p.shape) for p in R.parameters()] for R in adversary.regressors]
    assert shapes[2] == [(5, 3), (5,), (2, 5), (2,)]
    for p in adversary.parameters():
        if p.ndim == 2:
            assert norm_penalty(p).item() < 1e-12
        else:
            assert (p == 0).all()
    zero = [torch.zeros(4, d) for d in SIZES]
    assert adversary(zero).item() == pytest.approx(0, abs=1e-10)


def test_seeds():
    def first(seed):
        generator = torch.Generator().manual_seed(seed)
        adversary = Adversary(SIZES, hidden=3, generator=generator)
        return torch.cat([p.flatten() for p in adversary.parameters()])

    assert torch.equal(first(0), first(0))
    assert not torch.equal(first(0), first(1))


def test_without_points_only_norms_are_left(generator):
    adversary = make(generator)
    value = adversary([torch.empty(0, d, dtype=torch.float64) for d in SIZES])
    expected = adversary_by_loop(
        adversary, [torch.zeros(1, d).double() for d in SIZES], 0.5
    )
    assert value.item() == pytest.approx(expected)


@pytest.mark.errors
def test_errors(generator):
    with pytest.raises(ValueError, match="parts must be of the same points"):
        activation_loss([torch.ones(2, 1), torch.ones(3, 1)])
    for weight in (torch.ones(3), torch.ones(0, 3)):
        with pytest.raises(ValueError, match="weight must be .k, d., a row for each"):
            norm_penalty(weight)
    with pytest.raises(ValueError, match="sizes must be one number >= 1"):
        Adversary((1, 0), generator=generator)
    with pytest.raises(ValueError, match="sizes must be one number >= 1"):
        Adversary((1, 2), hidden=0, generator=generator)
