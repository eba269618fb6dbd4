"""DiVA: the sum of its heads' losses, who is compared with whom, and the key."""

import pytest
import torch
from torch import nn

from mlcourse.distances import euclidean
from mlcourse.generalization import DiVA, InstanceNCE, adversarial_decorrelation
from mlcourse.judgements import all_triplets
from mlcourse.losses import MarginLoss, triplet_loss

SIZES = {"class": 3, "shared": 2, "sample": 2, "key": 2}


def ranked(margin):
    def loss(z, labels):
        return triplet_loss(euclidean(z, z), all_triplets(labels), margin=margin)

    return loss


LOSSES = {"class": ranked(0.5), "shared": ranked(0.2)}


def attract(query, key):
    return (query - key).square().sum()


def projections(names=("shared", "sample")):
    generator = torch.Generator().manual_seed(5)
    made = {name: nn.Linear(2, 3).double() for name in names}
    for part in made.values():
        for weight in part.parameters():
            weight.data = torch.randn(weight.shape, generator=generator).double()
    return made


@pytest.fixture
def z(labels, generator):
    return torch.randn(len(labels), 9, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize(("weight", "gamma"), [(1.0, 0.0), (0.3, 20.0)])
def test_it_is_the_sum_of_its_terms(z, labels, weight, gamma):
    R = projections()
    model = DiVA(SIZES, LOSSES, sample=attract, gamma=gamma, projections=R,
                 weights={"shared": weight, "sample": 0.1})  # fmt: skip
    one, two, query, key = z[:, :3], z[:, 3:5], z[:, 5:7], z[:, 7:]
    values = {
        "class": LOSSES["class"](one, labels),
        "shared": LOSSES["shared"](two, labels),
        "sample": attract(query, key),
        "adversary shared": adversarial_decorrelation(one, two, projection=R["shared"]),
        "adversary sample": adversarial_decorrelation(
            one, query, projection=R["sample"]
        ),
    }
    factors = (1, weight, 0.1, gamma, gamma)
    expected = sum(w * v for w, v in zip(factors, values.values(), strict=True))
    assert model(z, labels).item() == pytest.approx(expected.item(), rel=1e-12)
    assert model.values == pytest.approx({k: v.item() for k, v in values.items()})


def test_the_first_head_is_in_every_adversary_and_no_other_pair_is(z, labels):
    """Without losses, shared and sample have gradients of their own adversary alone."""
    z.requires_grad_()
    R = projections()
    slopes = {}
    for names in (("shared",), ("sample",), ("shared", "sample")):
        model = DiVA(SIZES, {}, gamma=2.0, projections={n: R[n] for n in names})
        (slopes[names],) = torch.autograd.grad(model(z, labels), z)
    both = slopes["shared", "sample"]
    torch.testing.assert_close(both, slopes[("shared",)] + slopes[("sample",)])
    assert (slopes[("shared",)][:, 5:] == 0).all()
    assert (both[:, :7].abs().sum(dim=0) > 0).all()
    assert (both[:, 7:] == 0).all()


def test_parts_are_in_the_order_given(z):
    parts = DiVA(SIZES, {}).parts(z)
    assert list(parts) == list(SIZES)
    assert torch.equal(parts["sample"], z[:, 5:7])


def test_two_heads_of_one_loss_are_two_embeddings(z, labels):
    model = DiVA({"a": 4, "b": 5}, {"a": ranked(0.2), "b": ranked(0.2)})
    alone = ranked(0.2)(z[:, :4], labels) + ranked(0.2)(z[:, 4:], labels)
    assert model(z, labels).item() == pytest.approx(alone.item())


def test_modules_among_the_losses_and_the_queue_belong_to_it(z, labels):
    class Bounded(nn.Module):
        def __init__(self):
            super().__init__()
            self.loss = MarginLoss()

        def forward(self, z, labels):
            return self.loss.beta * z.square().sum()

    queue = InstanceNCE(20, 2).double()
    model = DiVA(SIZES, {"class": Bounded()}, sample=queue, projections=projections())
    names = [name for name, _ in model.named_parameters()]
    assert names == [
        "projections.shared.weight", "projections.shared.bias",
        "projections.sample.weight", "projections.sample.bias",
        "owned.class.loss.beta",
    ]  # fmt: skip
    z[:, 5:] = nn.functional.normalize(z[:, 5:].view(-1, 2, 2), dim=2).flatten(1)
    model(z, labels)
    assert queue.filled == len(z)
    assert model.values["sample"] == 0
    model(z, labels)
    assert model.values["sample"] > 0
    assert "owned.sample.queue" in model.state_dict()


def test_no_loss_is_0(z, labels):
    assert DiVA(SIZES, {})(z, labels).item() == 0


@pytest.mark.errors
def test_errors(z, labels):
    with pytest.raises(ValueError, match=r"lacks \['other'\]"):
        DiVA(SIZES, {"other": attract})
    with pytest.raises(ValueError, match=r"lacks \['key'\]"):
        DiVA({"class": 3, "sample": 2}, {}, sample=attract)
    with pytest.raises(ValueError, match=r"lacks \['intra', 'x'\]"):
        DiVA(SIZES, {}, weights={"x": 1}, projections={"intra": nn.Identity()})
    with pytest.raises(ValueError, match="gamma must be >= 0, got -1"):
        DiVA(SIZES, {}, gamma=-1)
    with pytest.raises(ValueError, match=r"as in \{'class': 3, .*, got 8"):
        DiVA(SIZES, {})(z[:, 1:], labels)
