"""Losses of points against proxies and class weights: each equals its loop."""

import math
from functools import partial

import pytest
import torch
from torch.nn.functional import cross_entropy, normalize

from mlcourse.distances import cosine, sqeuclidean
from mlcourse.losses import (
    Proxies,
    SoftTripleLoss,
    annealed,
    arcface_loss,
    cosface_loss,
    l_softmax_loss,
    norm_softmax_loss,
    proxy_anchor_loss,
    proxy_nca_loss,
    sphereface_loss,
)

exp, log = math.exp, math.log


@pytest.fixture
def labels():
    """Of 6 points in 5 classes; class 3 is not in the batch."""
    return torch.tensor([4, 0, 2, 0, 1, 4])


@pytest.fixture
def cos(labels, generator):
    return 2 * torch.rand(len(labels), 5, generator=generator, dtype=torch.float64) - 1


@pytest.fixture
def norms(labels, generator):
    return 3 * torch.rand(len(labels), generator=generator, dtype=torch.float64)


def mean(values):
    values = list(values)
    return sum(values) / len(values)


# --- loops over the formulas --------------------------------------------------------


def proxy_nca(D, y, include):
    return mean(
        -log(
            exp(-row[c]) / sum(exp(-d) for z, d in enumerate(row) if include or z != c)
        )
        for row, c in zip(D, y, strict=True)
    )


def proxy_anchor(S, y, m, a):
    n, classes = range(len(S)), range(len(S[0]))
    pull = mean(
        log(1 + sum(exp(-a * (S[i][p] - m)) for i in n if y[i] == p)) for p in set(y)
    )
    push = mean(
        log(1 + sum(exp(a * (S[i][p] + m)) for i in n if y[i] != p)) for p in classes
    )
    return pull + push


def softmax_with_target(rows, y, target):
    """Cross-entropy of rows of logits, that of the own class replaced."""
    total = []
    for row, c, t in zip(rows, y, target, strict=True):
        rest = sum(exp(v) for z, v in enumerate(row) if z != c)
        total.append(-log(exp(t) / (exp(t) + rest)))
    return mean(total)


def multiplied(cosine, m):
    theta = math.acos(cosine)
    k = min(int(m * theta / math.pi), m - 1)
    return (-1) ** k * math.cos(m * theta) - 2 * k


def turned(cosine, m, easy=False):
    theta = math.acos(cosine)
    if easy:
        return math.cos(theta + m) if theta < math.pi / 2 else cosine
    return math.cos(theta + m) if theta <= math.pi - m else cosine - m * math.sin(m)


def own(cos, labels):
    return [row[c] for row, c in zip(cos.tolist(), labels.tolist(), strict=True)]


def scaled(cos, s):
    return [[s * value for value in row] for row in cos.tolist()]


@pytest.mark.parametrize("include", [False, True])
def test_proxy_nca_equals_its_loop(cos, labels, include):
    dist = 2 - 2 * cos
    expected = proxy_nca(dist.tolist(), labels.tolist(), include)
    value = proxy_nca_loss(dist, labels, include_positive=include)
    assert value.item() == pytest.approx(expected, rel=1e-12)
    if not include:  # the form of 2017 is the default
        assert proxy_nca_loss(dist, labels).item() == pytest.approx(expected)


def test_proxy_nca_plus_plus_is_the_softplus_of_the_first_form(cos, labels):
    dist = 2 - 2 * cos[:1]
    first = proxy_nca_loss(dist, labels[:1]).item()
    second = proxy_nca_loss(dist, labels[:1], include_positive=True).item()
    assert second == pytest.approx(log(1 + exp(first)), rel=1e-12)


def test_proxy_nca_pulls_a_point_to_its_proxy(generator):
    """The slide's formula lacks the minus sign, and would push it away."""
    z = torch.tensor([[1.0, 0.2]], requires_grad=True)
    proxies = torch.eye(2)
    proxy_nca_loss(sqeuclidean(z, proxies), torch.tensor([0])).backward()
    moved = z.detach() - 0.01 * z.grad
    before, after = (sqeuclidean(x, proxies)[0] for x in (z, moved))
    assert after[0] < before[0]
    assert after[1] > before[1]


@pytest.mark.parametrize(("margin", "alpha"), [(0.1, 32), (0.3, 5)])
def test_proxy_anchor_equals_its_loop(cos, labels, margin, alpha):
    expected = proxy_anchor(cos.tolist(), labels.tolist(), margin, alpha)
    value = proxy_anchor_loss(cos, labels, margin=margin, alpha=alpha).item()
    assert value == pytest.approx(expected, rel=1e-12)
    if alpha == 32:
        assert proxy_anchor_loss(cos, labels).item() == pytest.approx(expected)


@pytest.mark.parametrize("centers", [1, 3])
def test_soft_triple_equals_its_loop(labels, generator, centers):
    la, gamma, margin, tau = 7.0, 0.3, 0.05, 0.4
    loss = SoftTripleLoss(
        5, 4, centers_per_class=centers, la=la, gamma=gamma, margin=margin, tau=tau,
        generator=generator,
    ).double()  # fmt: skip
    z = torch.randn(len(labels), 4, generator=generator, dtype=torch.float64)
    w = normalize(loss.centers.detach(), dim=2)
    rows = []
    for x in normalize(z):
        cosines = [[float(x @ w[c, k]) for k in range(centers)] for c in range(5)]
        rows.append(
            [
                sum(exp(s / gamma) * s for s in row) / sum(exp(s / gamma) for s in row)
                for row in cosines
            ]
        )
    target = [row[c] - margin for row, c in zip(rows, labels.tolist(), strict=True)]
    logits = [[la * value for value in row] for row in rows]
    expected = softmax_with_target(logits, labels.tolist(), [la * t for t in target])
    apart = sum(
        math.sqrt(max(0, 2 - 2 * float(w[c, k] @ w[c, t])))
        for c in range(5)
        for k in range(centers)
        for t in range(k)
    )
    expected += tau * apart / max(1, 5 * centers * (centers - 1))
    assert loss(z, labels).item() == pytest.approx(expected, rel=1e-9)


def test_soft_triple_has_the_papers_defaults_and_shapes():
    loss = SoftTripleLoss(3, 8, generator=torch.Generator().manual_seed(0))
    assert loss.centers.shape == (3, 10, 8)
    assert (loss.la, loss.gamma, loss.margin, loss.tau) == (20, 0.1, 0.01, 0.2)
    again = SoftTripleLoss(3, 8, generator=torch.Generator().manual_seed(0))
    assert torch.equal(loss.centers, again.centers)


def test_soft_triple_learns_and_merges_centres_that_coincide():
    loss = SoftTripleLoss(2, 3, centers_per_class=2)
    with torch.no_grad():
        loss.centers[:, 1] = loss.centers[:, 0]
    loss(torch.randn(4, 3), torch.tensor([0, 1, 1, 0])).backward()
    assert loss.centers.grad.isfinite().all()
    assert loss.centers.grad.abs().sum() > 0


def test_norm_softmax_equals_its_loop(cos, labels):
    for keywords, t in (({"temperature": 0.3}, 0.3), ({}, 0.05)):
        logits = scaled(cos, 1 / t)
        target = [value / t for value in own(cos, labels)]
        expected = softmax_with_target(logits, labels.tolist(), target)
        value = norm_softmax_loss(cos, labels, **keywords).item()
        assert value == pytest.approx(expected, rel=1e-12)


def test_norm_softmax_of_one_point_is_its_surprise():
    value = norm_softmax_loss(torch.zeros(1, 3), torch.tensor([2]))
    assert value.item() == pytest.approx(math.log(3))


def test_cosface_equals_its_loop(cos, labels):
    for keywords, m, s in (({"margin": 0.2, "scale": 5}, 0.2, 5), ({}, 0.35, 64)):
        target = [s * (value - m) for value in own(cos, labels)]
        expected = softmax_with_target(scaled(cos, s), labels.tolist(), target)
        value = cosface_loss(cos, labels, **keywords).item()
        assert value == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("easy", [False, True])
def test_arcface_equals_its_loop(cos, labels, easy):
    for keywords, m, s in (({"margin": 1.1, "scale": 5}, 1.1, 5), ({}, 0.5, 64)):
        target = [s * turned(value, m, easy) for value in own(cos, labels)]
        expected = softmax_with_target(scaled(cos, s), labels.tolist(), target)
        value = arcface_loss(cos, labels, easy_margin=easy, **keywords).item()
        assert value == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("m", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("annealing", [0.0, 5.0])
def test_sphereface_and_l_softmax_equal_their_loops(cos, norms, labels, m, annealing):
    psi = [
        (annealing * value + multiplied(value, m)) / (1 + annealing)
        for value in own(cos, labels)
    ]
    logits = [[r * v for v in row] for r, row in zip(norms, cos.tolist(), strict=True)]
    target = [float(r) * p for r, p in zip(norms, psi, strict=True)]
    expected = softmax_with_target(logits, labels.tolist(), target)
    value = sphereface_loss(cos, norms, labels, m=m, annealing=annealing).item()
    assert value == pytest.approx(expected, rel=1e-9)

    lengths = torch.tensor([0.5, 1.0, 1.5, 2.0, 0.1], dtype=torch.float64)
    logits = [[v * w for v, w in zip(row, lengths, strict=True)] for row in logits]
    target = [t * float(lengths[c]) for t, c in zip(target, labels, strict=True)]
    expected = softmax_with_target(logits, labels.tolist(), target)
    value = l_softmax_loss(cos, norms, lengths, labels, m=m, annealing=annealing).item()
    assert value == pytest.approx(expected, rel=1e-9)


def test_multiplied_angle_is_fourfold_without_annealing_by_default(cos, norms, labels):
    assert sphereface_loss(cos, norms, labels) == sphereface_loss(
        cos, norms, labels, m=4, annealing=0
    )
    one = torch.ones(5, dtype=torch.float64)
    assert l_softmax_loss(cos, norms, one, labels) == sphereface_loss(
        cos, norms, labels
    )


def test_no_margin_is_plain_softmax(cos, norms, labels):
    expected = cross_entropy(8 * cos, labels).item()
    for value in (
        norm_softmax_loss(cos, labels, temperature=1 / 8),
        cosface_loss(cos, labels, margin=0, scale=8),
        arcface_loss(cos, labels, margin=0, scale=8),
        sphereface_loss(cos, torch.full((6,), 8.0), labels, m=1),
        proxy_nca_loss(4 * (2 - 2 * cos), labels, include_positive=True),
    ):
        assert value.item() == pytest.approx(expected, rel=1e-6)


def test_gradients_equal_finite_differences(cos, norms, labels):
    lengths = torch.tensor([0.5, 1.0, 1.5, 2.0, 0.1], dtype=torch.float64)
    c, r, w = (v.clone().requires_grad_() for v in (cos, norms, lengths))
    check = torch.autograd.gradcheck
    for loss in (
        partial(proxy_nca_loss, labels=labels),
        partial(proxy_nca_loss, labels=labels, include_positive=True),
        partial(proxy_anchor_loss, labels=labels),
        partial(norm_softmax_loss, labels=labels),
        partial(cosface_loss, labels=labels),
        partial(arcface_loss, labels=labels),
        partial(arcface_loss, labels=labels, easy_margin=True),
    ):
        assert check(loss, c)
    assert check(lambda c, r: sphereface_loss(c, r, labels, annealing=1), (c, r))
    assert check(lambda c, r, w: l_softmax_loss(c, r, w, labels, m=3), (c, r, w))
    soft = SoftTripleLoss(5, 3, centers_per_class=2).double()
    z = torch.randn(6, 3, dtype=torch.float64, requires_grad=True)
    assert check(lambda z, w: soft(z, labels), (z, soft.centers))


# --- corners --------------------------------------------------------------------------


@pytest.mark.parametrize("margin", [0.1, 0.5, 1.0])
def test_the_own_logit_of_arcface_falls_with_the_angle(margin):
    """Beyond pi - m too, where cos(theta + m) would rise again."""
    cos = torch.linspace(1, -1, 2001, dtype=torch.float64)
    rows = torch.stack([cos, torch.zeros_like(cos)], dim=1)
    zero = torch.tensor([0])
    losses = torch.stack(
        [arcface_loss(row[None], zero, margin=margin, scale=1) for row in rows]
    )
    assert (losses.diff() > 0).all()


@pytest.mark.parametrize("m", [2, 3, 4])
def test_the_multiplied_angle_is_continuous_and_falls(m):
    theta = torch.linspace(0, math.pi, 4001, dtype=torch.float64)
    rows = torch.stack([theta.cos(), torch.zeros_like(theta)], dim=1)
    one, zero = torch.tensor([1.0]), torch.tensor([0])
    losses = torch.stack([sphereface_loss(row[None], one, zero, m=m) for row in rows])
    assert (losses.diff() > -1e-12).all()
    assert losses.diff().max() < 0.01
    # psi(0) = 1 and psi(pi) = (-1)^(m-1) cos(m pi) - 2 (m - 1) = 1 - 2 m
    ends = [log(1 + exp(-1)), log(1 + exp(2 * m - 1))]
    assert losses[[0, -1]].tolist() == pytest.approx(ends)


@pytest.mark.parametrize("value", [1.0, -1.0, 1.0000001, -1.0000001])
def test_gradient_is_finite_on_the_class_weight_and_opposite(value):
    for loss in (arcface_loss, cosface_loss, norm_softmax_loss):
        cos = torch.tensor([[value, 0.3]], requires_grad=True)
        loss(cos, torch.tensor([0])).backward()
        assert cos.grad.isfinite().all()
    cos = torch.tensor([[value, 0.3]], requires_grad=True)
    sphereface_loss(cos, torch.tensor([2.0]), torch.tensor([0])).backward()
    assert cos.grad.isfinite().all()


def test_arcface_is_exact_on_the_class_weight():
    cos = torch.tensor([[1.0, 0.0]], dtype=torch.float64, requires_grad=True)
    value = arcface_loss(cos, torch.tensor([0]), margin=0.5, scale=2)
    assert value.item() == pytest.approx(log(1 + exp(-2 * math.cos(0.5))), rel=1e-12)
    value.backward()  # the slope of phi at 0 is taken as cos m
    share = 1 / (1 + exp(2 * math.cos(0.5)))
    assert cos.grad[0, 0].item() == pytest.approx(-2 * share * math.cos(0.5))


def test_an_embedding_on_its_class_weight_trains(generator):
    w = torch.randn(3, 4, generator=generator)
    z = w[:2].clone().requires_grad_()
    arcface_loss(1 - cosine(z, w), torch.tensor([0, 1])).backward()
    assert z.grad.isfinite().all()


def test_schedule_of_the_margin():
    assert annealed(0) == 1000
    assert annealed(50) == pytest.approx(1000 / (1 + 0.12 * 50))
    assert annealed(10**9) == 5
    slow = annealed(4, base=10, gamma=0.5, power=2, minimum=0)
    assert slow == pytest.approx(10 / 9)


def test_proxy_anchor_of_absent_classes_only_pushes(cos, labels):
    point = cos.clone().requires_grad_()
    proxy_anchor_loss(point, labels).backward()
    assert (point.grad[:, 3] > 0).all()
    assert (point.grad[torch.arange(6), labels] < 0).all()


def test_one_proxy_has_nothing_to_compare():
    dist = torch.rand(3, 1, requires_grad=True)
    value = proxy_nca_loss(dist, torch.zeros(3, dtype=torch.int64))
    value.backward()
    assert value == 0
    assert (dist.grad == 0).all()


def test_proxies_compare_points_with_a_vector_a_class(generator):
    loss = Proxies(3, 4, loss=proxy_nca_loss, delta=sqeuclidean, generator=generator)
    z, labels = torch.randn(5, 4, generator=generator), torch.tensor([0, 2, 2, 1, 0])
    assert [name for name, _ in loss.named_parameters()] == ["omega"]
    value = loss(z, labels)
    assert value == proxy_nca_loss(sqeuclidean(z, loss.omega), labels)
    value.backward()
    assert (loss.omega.grad.abs().sum(dim=1) > 0).all()


@pytest.mark.errors
@pytest.mark.parametrize(("n_classes", "dim"), [(0, 2), (2, 0)])
def test_proxies_need_a_class_and_a_coordinate(n_classes, dim, generator):
    numbers = {"loss": proxy_nca_loss, "delta": sqeuclidean, "generator": generator}
    with pytest.raises(ValueError, match="must be > 0, got 0"):
        Proxies(n_classes, dim, **numbers)
