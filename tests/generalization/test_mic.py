"""MIC's loss: which rows and columns each term sees, and who gets which gradient."""

import pytest
import torch
from torch import nn

from mlcourse.distances import euclidean
from mlcourse.generalization import MIC, adversarial_decorrelation
from mlcourse.judgements import all_triplets
from mlcourse.losses import triplet_loss

DIM, OTHER, GROUPS, PER_GROUP = 3, 2, 2, 3


def ranked(z, labels):
    return triplet_loss(euclidean(z, z), all_triplets(labels), margin=0.5)


def projection():
    part = nn.Linear(OTHER, DIM).double()
    generator = torch.Generator().manual_seed(5)
    for weight in part.parameters():
        weight.data = torch.randn(weight.shape, generator=generator).double()
    return part


def mic(loss=ranked, other=ranked, **change):
    numbers = {"dim": DIM, "groups": GROUPS, "per_group": PER_GROUP} | change
    return MIC(loss, other, projection(), **numbers)


@pytest.fixture
def batch(labels, generator):
    """Ten points of classes, six of surrogate clusters; their classes say nothing."""
    z = torch.randn(16, DIM + OTHER, generator=generator, dtype=torch.float64)
    return z, torch.cat([labels, torch.full((6,), 7)])


@pytest.mark.parametrize(("weight", "gamma"), [(1.0, 0.0), (0.3, 20.0), (2, 1)])
def test_it_is_the_sum_of_its_terms(batch, labels, weight, gamma):
    z, y = batch
    model = mic(weight=weight, gamma=gamma)
    own = ranked(z[:10, :3], labels)
    shared = ranked(z[10:, 3:], torch.tensor([0, 0, 0, 1, 1, 1]))
    found = adversarial_decorrelation(z[:, :3], z[:, 3:], projection=model.projection)
    expected = own + weight * shared + gamma * found
    assert model(z, y).item() == pytest.approx(expected.item(), rel=1e-12)
    values = {"class": own, "surrogate": shared, "adversary": found}
    assert model.values == pytest.approx({k: v.item() for k, v in values.items()})


def test_classes_of_the_second_part_change_nothing(batch):
    z, y = batch
    other = y.clone()
    other[10:] = torch.arange(6)
    assert torch.equal(mic(gamma=1.0)(z, y), mic(gamma=1.0)(z, other))


def test_without_the_adversary_each_head_learns_from_its_own_part(batch):
    z, y = batch
    z.requires_grad_()
    (slope,) = torch.autograd.grad(mic(gamma=0.0)(z, y), z)
    assert (slope[:10, 3:] == 0).all()
    assert (slope[10:, :3] == 0).all()
    assert slope[:10, :3].abs().max() > 0
    assert slope[10:, 3:].abs().max() > 0


def test_the_adversary_sees_both_parts(batch):
    """With no other loss, every row has a gradient, turned for the heads alone."""
    z, y = batch
    z.requires_grad_()
    model = mic(lambda z, y: z.sum() * 0, lambda z, y: z.sum() * 0, gamma=3.0)
    slope, own = torch.autograd.grad(model(z, y), [z, model.projection.weight])
    assert (slope.abs().sum(dim=1) > 0).all()
    assert own.abs().max() > 0


def test_its_parameters_are_those_of_the_projection_and_of_the_losses():
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.beta = nn.Parameter(torch.tensor(1.0))

        def forward(self, z, y):
            return self.beta * z.sum()

    names = {name for name, _ in mic(Own(), Own()).named_parameters()}
    assert names == {"loss.beta", "surrogate_loss.beta", "projection.weight",
                     "projection.bias"}  # fmt: skip


@pytest.mark.errors
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dim": 0}, "dim must be > 0, got 0"),
        ({"groups": 0}, "groups must be > 0"),
        ({"per_group": -1}, "per_group must be > 0"),
        ({"weight": 0.0}, "weight must be > 0, got 0.0"),
        ({"gamma": -1.0}, "gamma must be >= 0, got -1.0"),
        ({"gamma": float("nan")}, "gamma must be >= 0"),
    ],
)
def test_errors_of_numbers(change, message):
    with pytest.raises(ValueError, match=message):
        mic(**change)


@pytest.mark.errors
def test_errors_of_batches(batch):
    z, y = batch
    with pytest.raises(ValueError, match=r"more than groups \* per_group = 6 rows"):
        mic()(z[:6], y[:6])
    with pytest.raises(ValueError, match="dim = 3 columns, got"):
        mic()(z[:, :3], y)
