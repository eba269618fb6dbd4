"""Tests for the targets of groups."""

import math

import pytest
import torch
from scipy.linalg import orthogonal_procrustes

from mlcourse.selfsupervised import frame_targets, target_loss


@pytest.fixture
def batch(generator):
    """Twelve points in 5 dimensions, four groups, no order."""
    z = torch.randn(12, 5, generator=generator, dtype=torch.float64)
    labels = torch.tensor([7, 2, 2, -1, 4, 7, 4, -1, 2, 7, 4, 2])
    return z, labels


def directions(z, labels):
    rows = [z[labels == c].sum(dim=0) for c in labels.unique()]
    return torch.stack([row / row.norm() for row in rows])


def test_targets_are_orthonormal_and_span_what_the_means_span(batch):
    V, mu = frame_targets(*batch), directions(*batch)
    torch.testing.assert_close(V @ V.T, torch.eye(4).double(), rtol=0, atol=1e-12)
    torch.testing.assert_close(mu @ V.T @ V, mu, rtol=0, atol=1e-12)


def test_drawn_targets_and_the_best_rotation_come_to_the_same(batch, generator):
    """Any orthonormal rows, turned to the means by scipy's Procrustes."""
    mu = directions(*batch)
    for _ in range(3):
        drawn = torch.linalg.qr(torch.randn(5, 5, generator=generator).double())[0][:4]
        W, _ = orthogonal_procrustes(drawn.numpy(), mu.numpy())
        torch.testing.assert_close(
            frame_targets(*batch), drawn @ torch.as_tensor(W), rtol=0, atol=1e-8
        )


def test_no_other_frame_is_nearer(batch, generator):
    V, mu = frame_targets(*batch), directions(*batch)
    best = (V - mu).square().sum()
    for size in (0.01, 0.3, 2.0):
        step = size * torch.randn(5, 5, generator=generator).double()
        turned = V @ torch.linalg.matrix_exp(step - step.T)
        assert (turned - mu).square().sum() > best


def test_loss_equals_a_loop(batch):
    z, labels = batch
    V = dict(zip(labels.unique().tolist(), frame_targets(z, labels), strict=True))
    total = 0.0
    for point, c in zip(z, labels.tolist(), strict=True):
        total += 1 - (point @ V[c]).item() / point.norm().item()
    assert target_loss(z, labels).item() == pytest.approx(total / 12)


def test_by_hand_two_groups_at_60_degrees():
    """Each target is 15 degrees outside of its group."""
    angle = torch.tensor([0.0, math.pi / 3])
    z = torch.stack([angle.cos(), angle.sin()], dim=1)
    loss = target_loss(z, torch.tensor([0, 1]))
    assert loss.item() == pytest.approx(1 - math.cos(math.pi / 12), abs=1e-6)


def test_zero_where_groups_are_points_at_right_angles(generator):
    frame = torch.linalg.qr(torch.randn(6, 6, generator=generator).double())[0][:3]
    labels = torch.tensor([0, 1, 2, 2, 1, 0])
    z = 3 * frame[labels]
    assert target_loss(z, labels).item() == pytest.approx(0, abs=1e-12)


def test_names_lengths_and_rotations_do_not_matter(batch, generator):
    z, labels = batch
    turn = torch.linalg.qr(torch.randn(5, 5, generator=generator).double())[0]
    expected = target_loss(z, labels).item()
    assert target_loss(z @ turn, labels).item() == pytest.approx(expected)
    assert target_loss(z, 10 - 3 * labels).item() == pytest.approx(expected)
    assert target_loss(4 * z, labels).item() == pytest.approx(expected)


def test_the_gradient_is_that_of_fixed_targets(batch):
    z, labels = batch
    z = z.clone().requires_grad_()
    (got,) = torch.autograd.grad(target_loss(z, labels), z)
    V, code = frame_targets(z, labels), labels.unique(return_inverse=True)[1]

    def fixed(z):
        return (1 - (z / z.norm(dim=1, keepdim=True) * V[code]).sum(dim=1)).mean()

    step, numeric = 1e-6, torch.zeros_like(z)
    with torch.no_grad():
        for i in range(12):
            for j in range(5):
                shift = torch.zeros_like(z)
                shift[i, j] = step
                numeric[i, j] = (fixed(z + shift) - fixed(z - shift)) / (2 * step)
    torch.testing.assert_close(got, numeric, rtol=0, atol=1e-8)


def test_descent_pulls_groups_together_and_apart(generator):
    """From one bundle to four groups at right angles."""
    labels = torch.arange(4).repeat_interleave(5)
    z = (1 + 0.1 * torch.randn(20, 6, generator=generator).double()).requires_grad_()
    for _ in range(300):
        (slope,) = torch.autograd.grad(target_loss(z, labels), z)
        z = (z - 5 * slope).detach().requires_grad_()
    unit = torch.nn.functional.normalize(z.detach())
    same = labels[:, None] == labels
    assert (unit @ unit.T)[same].min() > 0.95
    assert (unit @ unit.T)[~same].abs().max() < 0.2


@pytest.mark.errors
@pytest.mark.parametrize(
    ("z", "labels", "message"),
    [
        (torch.ones(3, 2), torch.arange(3), "groups in a batch must be from 1 to"),
        (torch.ones(0, 2), torch.arange(0), "groups in a batch must be from 1 to"),
        (torch.ones(3, 2), torch.arange(2), "labels must be one whole number"),
        (torch.ones(3, 2) * torch.nan, torch.zeros(3).long(), "z must be finite"),
    ],
)
def test_a_mistake_is_told(z, labels, message):
    with pytest.raises(ValueError, match=message):
        target_loss(z, labels)


def test_half_precision_is_computed_in_single():
    z = torch.tensor([[2.0, 0.1], [0.3, 1.0], [1.0, 1.0]]).half()
    y = torch.tensor([4, 7, 7])
    got = target_loss(z, y)
    assert got.dtype == torch.float32
    assert got.item() == pytest.approx(target_loss(z.float(), y).item(), rel=1e-6)
