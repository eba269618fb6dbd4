"""Tests for the global loss: means and variances of both kinds of distances."""

import numpy as np
import pytest
import torch

from mlcourse.judgements import dissimilar_pairs, similar_pairs
from mlcourse.losses import global_loss


def by_numpy(dist, S, D, margin, weight):
    near = np.array([dist[i, j].item() for i, j in S])
    far = np.array([dist[i, j].item() for i, j in D])
    hinge = max(near.mean() - far.mean() + margin, 0)
    return near.var() + far.var() + weight * hinge


@pytest.mark.parametrize("margin", [0.01, 0.4, 3.0])
def test_equals_the_formula_in_numpy(dist, labels, margin):
    S, D = similar_pairs(labels), dissimilar_pairs(labels)
    got = global_loss(dist, S, D, margin=margin, weight=0.7)
    expected = by_numpy(dist, S, D, margin, 0.7)
    assert got.item() == pytest.approx(expected, abs=1e-12)


def test_gradient_is_that_of_finite_differences(dist, labels):
    S, D = similar_pairs(labels), dissimilar_pairs(labels)
    d = dist.clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda d: global_loss(d, S, D, margin=3.0), (d,))


def test_0_where_both_heaps_are_narrow_and_apart():
    dist = torch.tensor([[0.0, 0.1, 0.7], [0.1, 0.0, 0.7], [0.7, 0.7, 0.0]])
    S, D = torch.tensor([[0, 1], [1, 0]]), torch.tensor([[0, 2], [1, 2]])
    assert global_loss(dist, S, D, margin=0.5).item() == pytest.approx(0, abs=1e-7)
    assert global_loss(dist, S, D, margin=0.7).item() == pytest.approx(0.08)


def test_a_kind_without_pairs_adds_nothing(dist):
    none, D = torch.zeros(0, 2, dtype=torch.int64), torch.tensor([[0, 1], [0, 2]])
    d = dist.clone().requires_grad_()
    total = global_loss(d, none, none)
    total.backward()
    assert total == 0
    assert d.grad.eq(0).all()
    half = (dist[0, 1] - dist[0, 2]) / 2
    for S_, D_ in ((none, D), (D, none)):
        assert global_loss(dist, S_, D_).item() == pytest.approx(half.item() ** 2)
    one = global_loss(dist.half(), D[:1], none)
    assert one.dtype == torch.float32
    assert one == 0


@pytest.mark.errors
def test_a_mistake_is_told(dist):
    S = torch.tensor([[0, 1]])
    with pytest.raises(ValueError, match="margin must be > 0"):
        global_loss(dist, S, S, margin=0)
    with pytest.raises(ValueError, match="weight must be >= 0"):
        global_loss(dist, S, S, weight=-1)
    with pytest.raises(ValueError, match="D must hold indices"):
        global_loss(dist, S, S + 9)
