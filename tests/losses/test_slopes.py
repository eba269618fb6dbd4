"""Closed-form slopes: equal to what autograd finds in the losses, on ragged batches."""

from functools import partial

import pytest
import torch

from mlcourse.judgements import all_triplets, dissimilar_pairs, similar_pairs
from mlcourse.losses import (
    contrastive_loss,
    contrastive_slopes,
    generalized_lifted_structure_loss,
    generalized_lifted_structure_slopes,
    info_nce_loss,
    info_nce_slopes,
    multi_similarity_loss,
    multi_similarity_slopes,
    nca_loss,
    nca_slopes,
    npair_loss,
    npair_slopes,
    pair_weights,
    supcon_loss,
    supcon_slopes,
    triplet_loss,
    triplet_slopes,
)


def by_autograd(loss, values):
    point = values.clone().requires_grad_()
    (slopes,) = torch.autograd.grad(loss(point), point)
    return slopes


def same(loss, slopes, values):
    expected = by_autograd(loss, values)
    assert torch.allclose(slopes(values), expected, rtol=1e-9, atol=1e-12)
    assert torch.allclose(slopes(values).abs(), pair_weights(loss, values))


def test_pairs_and_triplets(dist, labels):
    S, D, T = similar_pairs(labels), dissimilar_pairs(labels), all_triplets(labels)
    S, T = torch.cat([S, S[:2]]), torch.cat([T, T[:5]])  # some twice
    pairs = {"S": S, "D": D, "margin": 1.5}
    same(partial(contrastive_loss, **pairs), partial(contrastive_slopes, **pairs), dist)
    triplets = {"T": T, "margin": 0.4}
    same(partial(triplet_loss, **triplets), partial(triplet_slopes, **triplets), dist)


@pytest.mark.parametrize(
    ("loss", "slopes", "keywords"),
    [
        (
            multi_similarity_loss,
            multi_similarity_slopes,
            {"alpha": 3, "beta": 7, "base": 0.2},
        ),
        (multi_similarity_loss, multi_similarity_slopes, {}),
        (info_nce_loss, info_nce_slopes, {"temperature": 0.3}),
        (info_nce_loss, info_nce_slopes, {}),
        (supcon_loss, supcon_slopes, {"temperature": 0.3}),
        (supcon_loss, supcon_slopes, {}),
    ],
)
def test_lists(sim, labels, loss, slopes, keywords):
    keywords = {"labels": labels, **keywords}
    same(partial(loss, **keywords), partial(slopes, **keywords), sim)


@pytest.mark.parametrize("margin", [1.0, -0.5])
def test_sets(sim, dist, labels, margin):
    same(npair_loss, npair_slopes, sim)
    same(partial(nca_loss, labels=labels), partial(nca_slopes, labels=labels), dist)
    keywords = {"labels": labels, "margin": margin}
    same(
        partial(generalized_lifted_structure_loss, **keywords),
        partial(generalized_lifted_structure_slopes, **keywords),
        dist,
    )


def test_pull_and_push_balance_in_every_row(sim, dist, labels):
    for slopes in (
        info_nce_slopes(sim, labels),
        supcon_slopes(sim, labels),
        nca_slopes(dist, labels),
        npair_slopes(sim),
        generalized_lifted_structure_slopes(dist, labels),
        triplet_slopes(dist, all_triplets(labels)),
    ):
        assert torch.allclose(slopes.sum(dim=1), torch.zeros(len(labels)).double())


def test_supcon_pushes_an_easy_positive():
    """Of three friends the nearest has more than a third of the softmax."""
    sim = torch.zeros(4, 4)
    sim[0, 1] = 1.0
    slopes = supcon_slopes(sim, torch.zeros(4, dtype=torch.int64))
    assert slopes[0, 1] > 0 > slopes[0, 2]


def test_slopes_are_finite_without_positives_or_negatives():
    values = torch.rand(3, 3)
    for labels in (torch.arange(3), torch.zeros(3, dtype=torch.int64)):
        for slopes in (
            multi_similarity_slopes,
            info_nce_slopes,
            supcon_slopes,
            generalized_lifted_structure_slopes,
            nca_slopes,
        ):
            assert slopes(values, labels).isfinite().all()
