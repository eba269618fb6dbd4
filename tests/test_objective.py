"""The formula on one batch: every slot is used, and judged without gradient."""

import pytest
import torch

from mlcourse.distances import cosine, euclidean
from mlcourse.judgements import all_triplets, dissimilar_pairs, similar_pairs
from mlcourse.losses import (
    MarginLoss,
    contrastive_loss,
    multi_similarity_loss,
    triplet_loss,
)
from mlcourse.objective import objective
from mlcourse.regularizers import embedding_norm


@pytest.fixture
def x():
    return torch.randn(6, 4, generator=torch.Generator().manual_seed(0)).double()


LABELS = torch.tensor([0, 1, 0, 1, 2, 2])


def psi(x):
    return x[:, :3] * 1.5


@pytest.mark.parametrize(
    ("judge", "loss"),
    [
        (lambda dist, y: (all_triplets(y),), triplet_loss),
        (lambda dist, y: (similar_pairs(y), dissimilar_pairs(y)), contrastive_loss),
        (lambda dist, y: (similar_pairs(y), dissimilar_pairs(y)), MarginLoss()),
        (lambda dist, y: (y,), lambda dist, y: multi_similarity_loss(-dist, y)),
    ],
)
def test_is_the_loss_of_the_judged_distances(x, judge, loss):
    dist = euclidean(psi(x), psi(x))
    expected = loss(dist, *judge(dist, LABELS))
    value = objective(x, LABELS, psi=psi, delta=euclidean, judge=judge, loss=loss)
    assert torch.equal(value, expected)


def test_adds_the_regularizer_times_its_weight(x):
    def judge(dist, y):
        return (all_triplets(y),)

    plain = objective(
        x, LABELS, psi=psi, delta=cosine, judge=judge, loss=triplet_loss, weight=9.0
    )
    value = objective(
        x, LABELS, psi=psi, delta=cosine, judge=judge, loss=triplet_loss,
        regularizer=embedding_norm, weight=0.25,
    )  # fmt: skip
    assert value.item() == pytest.approx((plain + embedding_norm(psi(x)) / 4).item())
    unweighted = objective(
        x, LABELS, psi=psi, delta=cosine, judge=judge, loss=triplet_loss,
        regularizer=embedding_norm,
    )  # fmt: skip
    assert torch.equal(unweighted, plain)  # lambda is 0 unless given


def test_judges_see_no_gradient_and_the_loss_does(x):
    seen = []

    def judge(dist, y):
        seen.append(dist)
        return (all_triplets(y),)

    point = x.clone().requires_grad_()
    objective(
        point, LABELS, psi=psi, delta=euclidean, judge=judge, loss=triplet_loss
    ).backward()
    assert not seen[0].requires_grad
    assert torch.equal(seen[0], euclidean(psi(x), psi(x)))
    assert point.grad[:, :3].abs().sum() > 0
