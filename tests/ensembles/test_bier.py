"""BIER: deviance, boosted weights and their loop, by hand and pair by pair."""

import math

import pytest
import torch
from torch import nn

from mlcourse.datasets import glyphs
from mlcourse.ensembles import (
    BIER,
    Adversary,
    UnitGroups,
    activation_loss,
    bier_loss,
    binomial_deviance,
    boosted_weights,
    group_sizes,
    learner_weights,
    norm_penalty,
    split_learners,
)
from mlcourse.networks import convnet
from mlcourse.samplers import ClassBalancedBatches
from mlcourse.synthesis import SplitEmbedding
from mlcourse.training import embed, train

SIZES = (1, 2, 3)
NUMBERS = [{}, {"beta1": 1.5, "beta2": 0.2, "cost": 4.1}]


def value_of(a):
    return math.log1p(math.exp(-a)) if a > -30 else -a


def argument(s, same, beta1=2.0, beta2=0.5, cost=25.0):
    return beta1 * (s - beta2) if same else -cost * beta1 * (s - beta2)


def by_loop(z, labels, sizes, **numbers):
    """Every ordered pair by itself: values of the learners, and weights (m, i, j)."""
    n, M = len(z), len(sizes)
    parts = [part.tolist() for part in z.split(sizes, dim=1)]
    total = [[0.0, 0.0] for _ in range(M)]
    count, weights = [0, 0], torch.zeros(M, n, n, dtype=torch.float64)
    for i in range(n):
        for j in range(n):
            if i == j:
                continue
            same = bool(labels[i] == labels[j])
            count[same] += 1
            so_far, w = 0.0, 1.0
            for m in range(M):
                u, v = parts[m][i], parts[m][j]
                dot = sum(a * b for a, b in zip(u, v, strict=True))
                s = dot / math.hypot(*u) / math.hypot(*v)
                weights[m, i, j] = w
                total[m][same] += w * value_of(argument(s, same, **numbers))
                nu = 2 / (m + 2)
                so_far = (1 - nu) * so_far + nu * s
                a = argument(so_far, same, **numbers)
                w = 1 / (1 + math.exp(a)) if a < 500 else 0.0
    values = [
        sum(part / max(c, 1) for part, c in zip(row, count, strict=True))
        for row in total
    ]
    return values, weights


def cosines(z, sizes=SIZES):
    return torch.stack([f @ f.T for f in split_learners(z, sizes=sizes)])


# --- how much each learner counts -----------------------------------------------------


@pytest.mark.parametrize("m", [1, 2, 3, 4, 7])
def test_learner_weights_are_the_recursion_unrolled(m):
    """Of unit vectors in place of similarities, s^M holds the weights themselves."""
    so_far = torch.zeros(m, dtype=torch.float64)
    for k in range(1, m + 1):
        nu = 2 / (k + 1)
        so_far = (1 - nu) * so_far + nu * torch.eye(m, dtype=torch.float64)[k - 1]
    torch.testing.assert_close(learner_weights(m), so_far)
    assert learner_weights(m).sum().item() == pytest.approx(1)


def test_learner_weights_by_hand():
    assert learner_weights(3).tolist() == pytest.approx([1 / 6, 1 / 3, 1 / 2])
    assert learner_weights(4).tolist() == pytest.approx([0.1, 0.2, 0.3, 0.4])


@pytest.mark.parametrize(
    ("dim", "m", "sizes"),
    [
        (512, 3, (85, 171, 256)), (512, 4, (51, 102, 154, 205)), (6, 3, (1, 2, 3)),
        (7, 3, (1, 2, 4)), (5, 1, (5,)), (64, 3, (11, 21, 32)),
        (100, 4, (10, 20, 30, 40)),
    ],
)  # fmt: skip
def test_group_sizes(dim, m, sizes):
    assert group_sizes(dim, n_learners=m) == sizes


@pytest.mark.parametrize("m", [1, 2, 3, 5, 8])
def test_group_sizes_add_up_and_grow(m):
    for dim in range(m * (m + 1) // 2, 200):
        sizes = group_sizes(dim, n_learners=m)
        assert sum(sizes) == dim
        exact = learner_weights(m) * dim
        assert all(abs(a - b) < 1 for a, b in zip(sizes, exact.tolist(), strict=True))
        assert list(sizes) == sorted(sizes)


# --- deviance -------------------------------------------------------------------------


@pytest.mark.parametrize("numbers", NUMBERS, ids=str)
def test_deviance_is_a_loop(z, labels, numbers):
    values, _ = by_loop(z, labels, (6,), **numbers)
    ours = binomial_deviance(cosines(z, (6,))[0], labels, **numbers)
    assert ours.item() == pytest.approx(values[0])


def test_deviance_by_hand():
    """A positive of 0.9: ln(1 + e^-0.8); negatives of 0.4, 0.6: ln(1 + e^-+5)."""
    sim = torch.tensor([[1.0, 0.9, 0.4], [0.9, 1.0, 0.6], [0.4, 0.6, 1.0]]).double()
    expected = (
        math.log1p(math.exp(-0.8))
        + (math.log1p(math.exp(-5)) + math.log1p(math.exp(5))) / 2
    )
    value = binomial_deviance(sim, torch.tensor([8, 8, 1]))
    assert value.item() == pytest.approx(expected)
    weights = torch.tensor([[9.0, 3.0, 0.0], [3.0, 9.0, 2.0], [0.0, 2.0, 9.0]]).double()
    value = binomial_deviance(sim, torch.tensor([8, 8, 1]), weights=weights)
    expected = 3 * math.log1p(math.exp(-0.8)) + 2 * math.log1p(math.exp(5)) / 2
    assert value.item() == pytest.approx(expected)


def test_deviance_does_not_overflow():
    sim = torch.tensor([[1.0, 1.0], [1.0, 1.0]], requires_grad=True)
    value = binomial_deviance(sim, torch.tensor([0, 1]), cost=1e4)
    value.backward()
    assert value.item() == pytest.approx(1e4)
    assert sim.grad.isfinite().all()


# --- boosted weights ------------------------------------------------------------------


@pytest.mark.parametrize("numbers", NUMBERS, ids=str)
def test_weights_are_a_loop(z, labels, numbers):
    _, expected = by_loop(z, labels, SIZES, **numbers)
    ours = boosted_weights(cosines(z), labels, **numbers)
    torch.testing.assert_close(ours, expected)


@pytest.mark.parametrize(
    ("s", "same", "weight"),
    [(0.9, True, 0.310), (0.5, True, 0.5), (0.0, True, 0.731), (-1, True, 0.953),
     (0.5, False, 0.5), (0.0, False, 0.0), (0.6, False, 0.993)],
)  # fmt: skip
def test_weights_by_hand(s, same, weight):
    """Of the second learner, by what the first says: it has nu = 1."""
    sims = torch.tensor([[[1.0, s], [s, 1.0]], [[1.0, -1.0], [-1.0, 1.0]]])
    w = boosted_weights(sims, torch.tensor([3, 3 if same else 4]))
    assert w[0, 0, 1].item() == 1
    assert w[1, 0, 1].item() == pytest.approx(weight, abs=6e-4)
    assert (w.diagonal(dim1=1, dim2=2) == 0).all()


def test_the_third_learner_hears_the_first_two_by_1_and_2_thirds():
    sims = torch.tensor([0.9, 0.3, 0.0])[:, None, None].expand(3, 2, 2)
    w = boosted_weights(sims, torch.tensor([1, 1]))
    s = 0.9 / 3 + 0.3 * 2 / 3
    assert w[2, 0, 1].item() == pytest.approx(1 / (1 + math.exp(2 * (s - 0.5))))


def test_weights_are_the_negative_slope_of_the_deviance(z, labels):
    sims = cosines(z).requires_grad_()
    w = boosted_weights(sims, labels)
    assert not w.requires_grad
    same = labels[:, None] == labels
    a = torch.where(same, 1.0, -25.0).double() * 2 * (sims[0] - 0.5)
    a = a.detach().requires_grad_()
    (slope,) = torch.autograd.grad(nn.functional.softplus(-a).sum(), a)
    off = ~torch.eye(len(z), dtype=torch.bool)
    torch.testing.assert_close(w[1][off], -slope[off])


# --- the loss -------------------------------------------------------------------------


@pytest.mark.parametrize("numbers", NUMBERS, ids=str)
def test_loss_is_the_mean_of_the_loop(z, labels, numbers):
    values, _ = by_loop(z, labels, SIZES, **numbers)
    ours = bier_loss(z, labels, sizes=SIZES, **numbers)
    assert ours.item() == pytest.approx(sum(values) / 3)


def test_one_learner_is_plain_deviance(z, labels):
    f = nn.functional.normalize(z)
    plain = binomial_deviance(f @ f.T, labels)
    assert bier_loss(z, labels, sizes=(6,)).item() == pytest.approx(plain.item())


def test_no_gradient_goes_through_the_weights(z, labels):
    """Of learner m: that of its own deviance with fixed weights, over M."""
    z.requires_grad_()
    (ours,) = torch.autograd.grad(bier_loss(z, labels, sizes=SIZES), z)
    sims = cosines(z)
    fixed = boosted_weights(sims, labels)
    for m, columns in enumerate(((0, 1), (1, 3), (3, 6))):
        value = binomial_deviance(sims[m], labels, weights=fixed[m]) / 3
        (alone,) = torch.autograd.grad(value, z, retain_graph=True)
        a, b = columns
        torch.testing.assert_close(ours[:, a:b], alone[:, a:b])
        others = torch.cat([alone[:, :a], alone[:, b:]], dim=1)
        assert (others == 0).all()
        assert m == 0 or alone[:, a:b].abs().max() > 1e-6


def test_learner_1_is_trained_as_if_alone(z, labels):
    z.requires_grad_()
    (ours,) = torch.autograd.grad(bier_loss(z, labels, sizes=SIZES), z)
    first = bier_loss(z[:, :1], labels, sizes=(1,))
    (alone,) = torch.autograd.grad(first, z)
    torch.testing.assert_close(ours[:, 0], alone[:, 0] / 3)


def test_gradient_is_a_finite_difference_with_the_weights_held(z, labels):
    fixed = boosted_weights(cosines(z), labels)

    def held(z):
        sims = cosines(z)
        return (
            sum(
                binomial_deviance(s, labels, weights=w)
                for s, w in zip(sims, fixed, strict=True)
            )
            / 3
        )

    (slope,) = torch.autograd.grad(
        bier_loss(z.requires_grad_(), labels, sizes=SIZES), z
    )
    z = z.detach()
    for i, a in ((0, 1), (4, 2), (7, 5)):
        step = torch.zeros_like(z)
        step[i, a] = 1e-6
        expected = (held(z + step) - held(z - step)).item() / 2e-6
        assert slope[i, a].item() == pytest.approx(expected, rel=1e-4, abs=1e-7)


def test_order_of_points_and_lengths_change_nothing_order_of_learners_does(z, labels):
    value = bier_loss(z, labels, sizes=SIZES)
    order = torch.tensor([3, 1, 4, 0, 5, 9, 2, 6, 8, 7])
    turned = bier_loss(z[order] * 3, labels[order] * 7 - 3, sizes=SIZES)
    torch.testing.assert_close(turned, value)
    swapped = bier_loss(torch.cat([z[:, 3:], z[:, :3]], 1), labels, sizes=(3, 1, 2))
    assert (swapped - value).abs() > 1e-3


@pytest.mark.parametrize("rows", [[], [0], [1, 2, 3], [4, 4, 4]], ids=str)
def test_without_pairs(rows, generator):
    z = torch.randn(len(rows), 6, generator=generator).requires_grad_()
    value = bier_loss(z, torch.tensor(rows, dtype=torch.int64), sizes=SIZES)
    (slope,) = torch.autograd.grad(value, z)
    assert slope.isfinite().all()
    assert len(rows) > 1 or value.item() == 0


def test_half_precision_is_computed_in_single(z, labels):
    half = z.half()
    assert torch.equal(
        bier_loss(half, labels, sizes=SIZES),
        bier_loss(half.float(), labels, sizes=SIZES),
    )


# --- as a module ----------------------------------------------------------------------


def with_head(generator, **more):
    trunk, head = nn.Linear(4, 5).double(), nn.Linear(5, 6).double()
    for p in (*trunk.parameters(), *head.parameters()):
        p.data = torch.randn(p.shape, generator=generator, dtype=torch.float64)
    x = torch.randn(10, 4, generator=generator, dtype=torch.float64)
    return trunk, head, x, BIER(head, sizes=SIZES, **more)


def test_module_is_the_loss_of_what_the_head_says(labels, generator):
    trunk, head, x, loss = with_head(generator, cost=3.0, beta1=1.0, beta2=0.1)
    expected = bier_loss(
        head(trunk(x)), labels, sizes=SIZES, cost=3.0, beta1=1.0, beta2=0.1
    )
    assert torch.equal(loss(trunk(x), labels), expected)
    assert list(loss.parameters()) == []


def test_diversity_is_asked_of_the_head_alone(labels, generator):
    trunk, head, x, loss = with_head(
        generator, diversity=activation_loss, weight=0.3, norm_weight=2.0
    )
    plain = BIER(head, sizes=SIZES)
    gain = loss(trunk(x), labels) - plain(trunk(x), labels)
    f = trunk(x) @ head.weight.T
    norms = sum(norm_penalty(w) for w in head.weight.split(SIZES))
    expected = 0.3 * (activation_loss(f.split(SIZES, dim=1)) + 2 * norms)
    assert gain.item() == pytest.approx(expected.item())
    found = torch.autograd.grad(gain, trunk.weight, retain_graph=True)[0]
    assert found.abs().max() < 1e-12
    (ours,) = torch.autograd.grad(gain, head.weight)
    (alone,) = torch.autograd.grad(expected, head.weight)
    torch.testing.assert_close(ours, alone)


def test_one_step_of_the_module_makes_the_regressors_better(labels, generator):
    adversary = Adversary(
        SIZES, hidden=4, norm_weight=0.0, generator=generator
    ).double()
    trunk, head, x, loss = with_head(
        generator, diversity=adversary, weight=1.0, norm_weight=0.0
    )
    assert {name for name, _ in loss.named_parameters()} == {
        f"diversity.{name}" for name, _ in adversary.named_parameters()
    }
    parts = [f.detach() for f in (trunk(x) @ head.weight.T).split(SIZES, dim=1)]
    before = adversary(parts).item()
    loss(trunk(x), labels).backward()
    with torch.no_grad():
        for p in adversary.parameters():
            p -= 1e-5 * p.grad
    assert adversary(parts).item() < before


def test_trains_with_the_course_s_loop():
    """Features in training, unit groups in use; the regressors are trained, too."""
    g = torch.Generator().manual_seed(0)
    data = glyphs(generator=g, n_classes=16, per_class=12)
    sizes = (2, 4, 6)
    net = convnet(12, channels=(1, 4, 8), normalized=False, generator=g)
    unit = UnitGroups(sizes, weights=learner_weights(3).tolist())
    psi = SplitEmbedding(net[:-1], nn.Sequential(net[-1], unit))
    adversary = Adversary(sizes, hidden=4, norm_weight=1.0, generator=g)
    first = [p.clone() for p in adversary.parameters()]
    loss = BIER(net[-1], sizes=sizes, diversity=adversary, weight=0.01,
                norm_weight=1.0, cost=1.0)  # fmt: skip
    batches = ClassBalancedBatches(
        data.train.y, classes=4, per_class=4, n_batches=5, generator=g
    )
    history = train(
        psi, loss, data.train.x, data.train.y, batches=batches, epochs=3, lr=1e-2,
        validation=(data.validation.x, data.validation.y), generator=g,
    )  # fmt: skip
    assert history.loss[-1] < history.loss[0]
    assert any(
        not torch.equal(p, old)
        for p, old in zip(adversary.parameters(), first, strict=True)
    )
    z = embed(psi, data.test.x)
    lengths = [f.norm(dim=1) for f in z.split(sizes, dim=1)]
    for length, alpha in zip(lengths, (1 / 6, 1 / 3, 1 / 2), strict=True):
        torch.testing.assert_close(length, torch.full_like(length, alpha**0.5))


# --- errors ---------------------------------------------------------------------------


@pytest.mark.errors
def test_errors(z, labels):
    with pytest.raises(ValueError, match="sizes must be one number >= 1"):
        bier_loss(z, labels, sizes=(1, 2))
    with pytest.raises(ValueError, match="sizes must be one number >= 1"):
        BIER(nn.Linear(3, 5), sizes=SIZES)
    with pytest.raises(ValueError, match="labels must be one whole number"):
        bier_loss(z, labels[1:], sizes=SIZES)
    with pytest.raises(ValueError, match="cost must be > 0"):
        bier_loss(z, labels, sizes=SIZES, cost=0)
    with pytest.raises(ValueError, match="beta1 must be > 0"):
        boosted_weights(cosines(z), labels, beta1=-1)
    with pytest.raises(ValueError, match="by each learner, got .10, 10.; of one"):
        boosted_weights(cosines(z)[0], labels)
    with pytest.raises(ValueError, match="sim must be .n, n. similarities"):
        binomial_deviance(z, labels)
    with pytest.raises(ValueError, match="n_learners must be >= 1, got 0"):
        learner_weights(0)
    with pytest.raises(
        ValueError, match="dim must be at least 6 for 3 learners, got 5"
    ):
        group_sizes(5, n_learners=3)
