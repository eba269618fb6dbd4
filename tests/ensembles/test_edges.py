"""Where the formulas begin and end, and what is taken where nothing is said."""

import math
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import normalize

from mlcourse.ensembles import (
    BIER,
    AdaBoost,
    Adversary,
    Augmented,
    DivideAndConquer,
    Division,
    LearnerMasks,
    UnitGroups,
    activation_loss,
    best_stump,
    bier_loss,
    binomial_deviance,
    concatenate,
    match_clusters,
    random_affine,
    shared_error,
    variance_of_mean,
)


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_the_unit_of_the_weights_does_not_choose_the_stump(scale):
    """Equal errors are told by shares of the weight, not by weights."""
    X = np.array([[1.0, 3.0], [2.0, 1.0], [4.0, 2.0], [5.0, 0.0]])
    weights = scale * np.array([1.0, 1.0, 3.0, 2.0])
    assert best_stump(X, np.array([1, 1, 0, 1]), weights) == (1, 1.5, 1, 0)


def test_one_learner_that_is_silent_costs_nothing():
    part = torch.zeros(3, 2, requires_grad=True)
    value = activation_loss([part])
    value.backward()
    assert value.item() == 0
    assert part.grad.abs().max() == 0


def test_lengths_are_exact_in_double_precision():
    """Weights of a third and two thirds are no numbers of single precision."""
    parts = [torch.randn(4, d, dtype=torch.float64) for d in (2, 3)]
    lengths = concatenate(parts, weights=[1, 2]).norm(dim=1)
    assert lengths.tolist() == pytest.approx([1.0] * 4, abs=1e-14)


@pytest.mark.parametrize("loss", [binomial_deviance, partial(bier_loss, sizes=(2, 2))])
def test_half_precision_is_computed_in_single(loss):
    values = normalize(torch.randn(4, 4, generator=torch.Generator().manual_seed(0)))
    values = values.half()
    labels = torch.tensor([0, 0, 1, 1])
    got = loss(values, labels)
    assert got.dtype == torch.float32
    assert got.item() == pytest.approx(loss(values.float(), labels).item(), rel=1e-6)


def test_a_cost_that_is_no_number_of_single_precision():
    """ln(1 + e^(0.3 * 2 * 0.2)) of a negative pair, to the last digits."""
    sim = torch.full((2, 2), 0.7, dtype=torch.float64)
    value = binomial_deviance(sim, torch.tensor([4, 7]), cost=0.3).item()
    assert value == pytest.approx(math.log1p(math.exp(0.12)), rel=1e-14)


def test_the_smallest_of_each():
    assert LearnerMasks(1, 1, generator=torch.Generator()).masks.shape == (1, 1)
    none = torch.empty(0, dtype=torch.int64)
    assert match_clusters(none, none, n_clusters=1).shape == (0,)
    assert variance_of_mean(variance=0.5, correlation=0, n_learners=2) == 0.25
    assert variance_of_mean(variance=0, correlation=0, n_learners=2) == 0
    small = 0.1 * torch.tensor([[1.0, -1.0, 2.0], [2.0, 0.0, 1.0]])
    assert shared_error(small)[1] == pytest.approx(shared_error(30 * small)[1])
    assert shared_error(small)[1] > 0.2


def test_what_is_taken_where_nothing_is_said():
    """The numbers of the sources; a change of them is a change for everybody."""
    g = torch.Generator()
    x = torch.rand(2, 1, 9, 9, generator=g.manual_seed(0))
    said = {"angle": 10, "zoom": 1.1, "shift": 2}
    expected = random_affine(x, **said, generator=g.manual_seed(1))
    assert torch.equal(random_affine(x, generator=g.manual_seed(1)), expected)
    shown = Augmented(nn.Flatten(), generator=g.manual_seed(1))
    assert torch.equal(shown(x), expected.flatten(1))

    assert AdaBoost().n_rounds == 50
    adversary = Adversary((1, 2), generator=g)
    assert (adversary.regressors[0][0].out_features, adversary.norm_weight) == (
        512,
        1e5,
    )
    bier = BIER(nn.Linear(3, 2), sizes=(1, 1))
    assert (bier.weight, bier.norm_weight) == (5e-5, 1e5)
    assert (bier.beta1, bier.beta2, bier.cost) == (2, 0.5, 25)
    division = Division(merge_at=1, generator=g)
    assert (division.levels, division.every) == ((4,), 2)
    conquer = DivideAndConquer(
        lambda z, y: z.sum(), view=lambda z, k: z, which=lambda: 0,
        penalty=lambda: torch.tensor(300.0),
    )  # fmt: skip
    assert conquer(torch.ones(1, 2), torch.tensor([0])).item() == pytest.approx(5)


@pytest.mark.errors
def test_columns_that_are_no_learner_s_are_told():
    with pytest.raises(
        ValueError, match="add up to the 4 columns there are, got .2, 1"
    ):
        UnitGroups((2, 1))(torch.ones(1, 4))
    adversary = Adversary((1, 2), hidden=2, generator=torch.Generator())
    for columns in ((1, 2, 3), (1,), (2, 1)):
        with pytest.raises(ValueError, match=r"must have \[1, 2\] columns, got"):
            adversary([torch.ones(3, k) for k in columns])
