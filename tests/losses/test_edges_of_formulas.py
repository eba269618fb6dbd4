"""Where a formula switches: one judgement, ties, the last angle, blocks, one anchor."""

import math
from functools import partial

import pytest
import torch

from mlcourse.losses import (
    MarginLoss,
    Proxies,
    SoftTripleLoss,
    arcface_loss,
    circle_loss,
    contrastive_loss,
    contrastive_slopes,
    cosface_loss,
    generalized_lifted_structure_loss,
    generalized_lifted_structure_slopes,
    info_nce_loss,
    info_nce_slopes,
    l_softmax_loss,
    lifted_structure_loss,
    multi_similarity_loss,
    multi_similarity_slopes,
    nca_loss,
    nca_slopes,
    norm_softmax_loss,
    npair_loss,
    npair_slopes,
    pair_weights,
    proxy_anchor_loss,
    proxy_nca_loss,
    smooth_ap_loss,
    soft_triplet_loss,
    sphereface_loss,
    supcon_loss,
    supcon_slopes,
    triplet_loss,
    triplet_slopes,
)
from mlcourse.losses import _gaps as gaps

exp, log = math.exp, math.log
PAIR, NONE = torch.tensor([[0, 1]]), torch.empty(0, 2, dtype=torch.int64)
#: d(0, 1) = 0.5, d(0, 2) = 1, d(1, 2) = 2
DIST = torch.tensor([[0, 0.5, 1], [0.5, 0, 2], [1, 2, 0]], dtype=torch.float64)
ONE_PAIR = torch.tensor([0, 0, 1])
ZERO = torch.tensor([0])


# --- one judgement, and many --------------------------------------------------------


@pytest.mark.parametrize("times", [1, 2, 5])
def test_a_mean_does_not_change_when_every_judgement_is_repeated(times):
    """One judgement alone included: the mean over it is it."""
    S, T = PAIR.repeat(times, 1), torch.tensor([[0, 1, 2]]).repeat(times, 1)
    none = NONE
    margin = MarginLoss(margin=0.25, beta=0.5, nu=0.5)
    for value, expected in (
        (contrastive_loss(DIST, S, none), 0.5**2 / 2),
        (contrastive_loss(DIST, none, S), 0.5**2 / 2),
        (triplet_loss(DIST, T, margin=1), 0.5),
        (soft_triplet_loss(DIST, T), log(1 + exp(-0.5))),
        (margin(DIST, S, none), 0.25 + 0.5 * 0.5),
        (margin(DIST, none, S), 0.25 + 0.5 * 0.5),
        (contrastive_slopes(DIST, S, none)[0, 1], 0.5),
        (contrastive_slopes(DIST, none, S)[0, 1], -0.5),
        (triplet_slopes(DIST, T, margin=1)[0, 1], 1),
    ):
        assert value.item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("block", [1, 7, 2000])
def test_triplets_in_blocks_add_up_without_losing_the_small_ones(monkeypatch, block):
    """In float32, 2^24 + 1 is 2^24: a sum in that precision would stop there."""
    monkeypatch.setattr(gaps, "BLOCK", block)
    dist = torch.tensor([[0, 2.0**24, 1], [0, 0, 0], [0, 0, 0]], requires_grad=True)
    T = torch.tensor([[0, 1, 1]] + [[0, 1, 0]] + [[0, 2, 0]] * 1000)
    value = triplet_loss(dist, T, margin=0.25)
    value.backward()
    expected = (2.0**24 + 1000 + 0.25 * 1002) / 1002
    assert value.item() == pytest.approx(expected, rel=1e-6)
    assert dist.grad[0].tolist() == pytest.approx([-1001 / 1002, 1 / 1002, 1000 / 1002])


def test_circle_averages_over_the_anchors_with_a_loss_alone():
    """Anchor 0 is on the circle, log 2; 1 loses exp(-1000), 0 in float64; 2 nothing."""
    rows = [[1, 0.75, 0.25], [1, 1, 0], [0.5, 0.5, 1]]
    point = torch.tensor(rows, dtype=torch.float64, requires_grad=True)
    value = circle_loss(point, ONE_PAIR, gamma=8000)
    value.backward()
    assert value.item() == pytest.approx(log(2), rel=1e-12)
    assert point.grad.tolist() == [[0, -2000, 2000], [0, 0, 0], [0, 0, 0]]


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
def test_a_temperature_of_one_and_above(temperature):
    rows, t = [[9, 0.3, 0.8], [0.1, 9, 0.7], [9, 9, 9]], temperature
    sim = torch.tensor(rows, dtype=torch.float64)
    first = log(1 + exp((0.8 - 0.3) / t)), log(1 + exp((0.7 - 0.1) / t))
    for loss in (info_nce_loss, supcon_loss):
        value = loss(sim, ONE_PAIR, temperature=t).item()
        assert value == pytest.approx(sum(first) / 2, rel=1e-12)


# --- hinges: below, inside, on the kink ----------------------------------------------


@pytest.mark.parametrize("margin", [-1.0, 0.25, 0.5, 0.75, 1.0])
def test_lifted_hinges_end_at_zero(margin):
    """Of points 0 and 1 with the stranger 2; J and the anchors' hinges by hand."""
    J = log(exp(margin - 1) + exp(margin - 2)) + 0.5
    value = lifted_structure_loss(DIST, ONE_PAIR, margin=margin)
    assert value.item() == pytest.approx(max(0, J) ** 2 / 2, rel=1e-12)
    hinges = [0.5 + margin - 1, 0.5 + margin - 2]
    value = generalized_lifted_structure_loss(DIST, ONE_PAIR, margin=margin)
    assert value.item() == pytest.approx(sum(max(0, h) for h in hinges) / 3, rel=1e-12)
    slopes = generalized_lifted_structure_slopes(DIST, ONE_PAIR, margin=margin)
    felt = [1 / 3 if h > 0 else 0 for h in hinges]  # on the kink: no slope
    assert slopes[[0, 1], [1, 0]].tolist() == pytest.approx(felt)
    assert slopes[[0, 1], [2, 2]].tolist() == pytest.approx([-f for f in felt])
    if margin == 1:
        default = generalized_lifted_structure_slopes(DIST, ONE_PAIR)
        assert torch.equal(slopes, default)


def test_a_triplet_on_the_margin_is_not_violated():
    T = torch.tensor([[0, 1, 2]])  # 0.5 - 1 + m
    assert (triplet_slopes(DIST, T, margin=0.5) == 0).all()
    assert triplet_slopes(DIST, T, margin=0.5 + 1e-9)[0].tolist() == [0, 1, -1]


def test_mining_leaves_out_what_is_exactly_epsilon_away():
    """Friend 0.5, stranger 0.25: at 0.25 neither is kept, a little above both are."""
    sim = torch.tensor([[1, 0.5, 0.25], [0.5, 1, -1], [0.25, -1, 1]]).double()
    at = multi_similarity_loss(sim, ONE_PAIR, epsilon=0.25).item()
    assert at == 0
    point = sim.clone().requires_grad_()
    multi_similarity_loss(point, ONE_PAIR, epsilon=0.25 + 1e-9).backward()
    assert (point.grad != 0).tolist() == [[False, True, True]] + [[False] * 3] * 2


# --- angles ---------------------------------------------------------------------------


def test_arcface_turns_up_to_the_last_angle():
    """Where theta = pi - m, cos(theta + m) = -1; m = pi, allowed, turns theta = 0."""
    m = 0.5
    cos = torch.tensor([[-math.cos(m), 0.0]], dtype=torch.float64)
    value = arcface_loss(cos, ZERO, margin=m, scale=1).item()
    assert value == pytest.approx(log(1 + exp(1)), rel=1e-12)
    cos = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    value = arcface_loss(cos, ZERO, margin=math.pi, scale=1).item()
    assert value == pytest.approx(log(1 + exp(1)), rel=1e-12)


def test_easy_margin_ends_below_90_degrees():
    cos = torch.tensor([[0.0, 0.3]], dtype=torch.float64)
    value = arcface_loss(cos, ZERO, margin=0.5, scale=1, easy_margin=True).item()
    assert value == pytest.approx(log(1 + exp(0.3)), rel=1e-12)


@pytest.mark.parametrize("m", [2, 3, 4])
@pytest.mark.parametrize("end", [1.0, -1.0])
def test_a_cosine_that_rounding_took_beyond_one_is_at_the_end(m, end):
    """bfloat16 has no number between 1 and 1.0078."""
    cos = torch.tensor([[1.0078125 * end, 0.3]])
    length = torch.tensor([2.0])
    value = sphereface_loss(cos, length, ZERO, m=m).item()
    psi = 1.0 if end > 0 else 1 - 2 * m  # psi(0), psi(pi)
    assert value == pytest.approx(log(1 + exp(2 * (0.3 - psi))), rel=1e-6)


def test_lengths_in_half_precision_do_not_overflow():
    cos = torch.tensor([[0.5, 0.4999]])
    long = torch.tensor([300.0, 300.0])
    value = l_softmax_loss(cos, long[:1].half(), long.half(), ZERO, m=1)
    assert value.dtype == torch.float32
    expected = l_softmax_loss(cos, long[:1], long, ZERO, m=1)
    assert value.item() == pytest.approx(expected.item(), rel=1e-6)
    double = l_softmax_loss(cos, long[:1].double(), long.double(), ZERO, m=1)
    assert double.dtype == torch.float32  # that of the cosines
    assert sphereface_loss(cos, long[:1].double(), ZERO).dtype == torch.float32


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_soft_triple_computes_in_the_precision_of_the_points(dtype):
    """Whatever that of the centres, and 0 without points, also where they are 0."""
    loss = SoftTripleLoss(2, 3, generator=torch.Generator().manual_seed(0))
    z = torch.tensor([[3, 0, 0.5], [0, -2, 1]], dtype=dtype)
    value = loss(z, torch.tensor([0, 1]))
    assert value.dtype == torch.promote_types(dtype, torch.float32)
    halved = loss.half()(z, torch.tensor([0, 1]))
    assert halved.item() == pytest.approx(value.item(), rel=1e-2)
    torch.nn.init.zeros_(loss.centers)
    assert loss(z[:0], torch.empty(0, dtype=torch.int64)) == 0


def test_thirty_merged_centres_cost_nothing():
    """Distances by way of a matrix product would be the root of a rounding error."""
    generator = torch.Generator().manual_seed(0)
    loss = SoftTripleLoss(9, 64, centers_per_class=30, tau=1e4, generator=generator)
    with torch.no_grad():
        loss.centers[:] = loss.centers[:, :1]
    free = SoftTripleLoss(9, 64, centers_per_class=30, tau=0)
    free.load_state_dict(loss.state_dict())
    z, labels = torch.eye(64)[:2], torch.tensor([0, 1])
    assert loss(z, labels) == free(z, labels)


# --- slopes ---------------------------------------------------------------------------


def test_slopes_have_the_defaults_of_their_losses(sim, dist, labels):
    S, D = PAIR, torch.tensor([[3, 4], [0, 2], [5, 6]])
    T = torch.cat([torch.tensor([[0, 4, 1]]), torch.cat([D, D[:, :1] + 1], dim=1)])
    for slopes, loss, values, judged in (
        (contrastive_slopes, contrastive_loss, dist, (S, D)),
        (triplet_slopes, triplet_loss, dist, (T,)),
        (
            generalized_lifted_structure_slopes,
            generalized_lifted_structure_loss,
            dist / 4,
            (labels,),
        ),
        (multi_similarity_slopes, multi_similarity_loss, sim, (labels,)),
        (info_nce_slopes, info_nce_loss, sim, (labels,)),
        (supcon_slopes, supcon_loss, sim, (labels,)),
    ):
        point = values.clone().requires_grad_()
        (expected,) = torch.autograd.grad(loss(point, *judged), point)
        assert torch.allclose(slopes(values, *judged), expected, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.float64])
def test_slopes_keep_the_precision_of_the_matrix(sim, dist, labels, dtype):
    sim, dist = sim.to(dtype), dist.to(dtype)
    T = torch.tensor([[0, 4, 1], [0, 7, 2]])
    for slopes in (
        npair_slopes(sim),
        nca_slopes(dist, labels),
        info_nce_slopes(sim, labels),
        supcon_slopes(sim, labels),
        multi_similarity_slopes(sim, labels),
        generalized_lifted_structure_slopes(dist, labels),
        contrastive_slopes(dist, T[:, :2], T[:, ::2]),
        triplet_slopes(dist, T),
    ):
        assert slopes.dtype == dtype


def test_pair_weights_of_a_loss_that_does_not_look_are_zero():
    """It has a gradient, but not in the matrix."""
    price = torch.tensor(3.0, requires_grad=True)
    found = pair_weights(lambda S: price.square(), torch.rand(2, 3))
    assert found.tolist() == [[0, 0, 0]] * 2


def test_equal_generators_give_equal_proxies():
    def omega(seed):
        generator = torch.Generator().manual_seed(seed)
        parts = {"loss": proxy_nca_loss, "delta": torch.cdist, "generator": generator}
        return Proxies(3, 4, **parts).omega

    assert torch.equal(omega(0), omega(0))
    assert not torch.equal(omega(0), omega(1))


# --- mistakes -------------------------------------------------------------------------

LABELS = torch.tensor([0, 1])
NAMED = {
    "dist": [
        lambda x: contrastive_loss(x, NONE, NONE),
        lambda x: MarginLoss()(x, NONE, NONE),
        lambda x: triplet_loss(x, torch.empty(0, 3, dtype=torch.int64)),
        lambda x: soft_triplet_loss(x, torch.empty(0, 3, dtype=torch.int64)),
        *(
            partial(loss, labels=LABELS)
            for loss in (lifted_structure_loss, generalized_lifted_structure_loss,
                         nca_loss, proxy_nca_loss)
        ),
    ],
    "sim": [
        npair_loss,
        *(
            partial(loss, labels=LABELS)
            for loss in (multi_similarity_loss, info_nce_loss, supcon_loss, circle_loss,
                         smooth_ap_loss, proxy_anchor_loss)
        ),
    ],
    "cos": [
        *(
            partial(loss, labels=LABELS)
            for loss in (arcface_loss, cosface_loss, norm_softmax_loss)
        ),
        lambda x: sphereface_loss(x, torch.ones(2), LABELS),
        lambda x: l_softmax_loss(x, torch.ones(2), torch.ones(2), LABELS),
    ],
    "z": [lambda x: SoftTripleLoss(2, 1)(x, LABELS)],
}  # fmt: skip


@pytest.mark.errors
@pytest.mark.parametrize("name", NAMED)
def test_a_mistake_names_the_argument_and_what_came(name):
    for loss in NAMED[name]:
        for wrong, came in ((torch.ones(2), r"torch.Size\(\[2\]\)"), ([[0.0]], "list")):
            with pytest.raises(ValueError, match=f"^{name} must be a .*, got {came};"):
                loss(wrong)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("message", "norms", "weight_norms"),
    [
        (r"^norms .*, got \(2,\), the least -1; ", [3.0, -1], [1.0, 1]),
        (r"^norms .*, got \(0,\); ", [], [1.0, 1]),
        (r"^weight_norms .*, got \(2,\), the least -2; ", [0.0, 1], [-2.0, 1]),
    ],
)
def test_a_wrong_length_is_named(message, norms, weight_norms):
    lengths = torch.tensor(norms), torch.tensor(weight_norms)
    with pytest.raises(ValueError, match=message):
        l_softmax_loss(torch.eye(2), *lengths, LABELS)


@pytest.mark.errors
@pytest.mark.parametrize(("name", "sizes"), [("n_classes", (0, 2)), ("dim", (2, 0))])
def test_proxies_and_centres_name_the_size_that_is_wrong(name, sizes):
    parts = {"loss": nca_loss, "delta": torch.cdist, "generator": torch.Generator()}
    for build in (partial(Proxies, **parts), SoftTripleLoss):
        with pytest.raises(ValueError, match=f"^{name} must be > 0, got 0"):
            build(*sizes)


@pytest.mark.errors
@pytest.mark.parametrize("name", ["la", "gamma", "centers_per_class"])
def test_soft_triple_names_the_number_that_is_wrong(name):
    with pytest.raises(ValueError, match=f"^{name} must be > 0, got 0"):
        SoftTripleLoss(2, 2, **{name: 0})


@pytest.mark.errors
def test_soft_triple_names_the_width_that_is_wrong():
    with pytest.raises(ValueError, match=r"^z must be \(n, 3\) .* got \(2, 5\)"):
        SoftTripleLoss(2, 3)(torch.eye(5)[:2], LABELS)


def test_endless_annealing_is_plain_softmax():
    cos = torch.tensor([[0.5, -0.2], [0.9, 0.3]], dtype=torch.float64)
    own = {"labels": torch.tensor([0, 1]), "m": 4, "annealing": math.inf}
    norms = torch.tensor([2.0, 3.0], dtype=torch.float64)
    plain = sphereface_loss(cos, norms, own["labels"], m=1)
    assert sphereface_loss(cos, norms, **own).item() == pytest.approx(plain.item())
    both = l_softmax_loss(cos, norms, torch.ones(2).double(), **own)
    assert both.item() == pytest.approx(plain.item())


def test_pair_weights_where_gradients_are_switched_off():
    """A figure is often drawn under no_grad; the weights are none the less slopes."""
    with torch.no_grad():
        weights = pair_weights(
            lambda S: (2 * S[0, 1] - S[1, 0]).exp(), torch.zeros(2, 2)
        )
    assert weights.tolist() == [[0, 2], [1, 0]]
    assert not weights.requires_grad


def test_margin_takes_short_integers_for_labels():
    loss = MarginLoss(n_classes=3)
    with torch.no_grad():
        loss.beta.copy_(torch.tensor([0.0, 5.0, 1.0]))
    dist, none = torch.full((3, 3), 1.0), torch.empty(0, 2, dtype=torch.int64)
    for dtype in (torch.int8, torch.int32, torch.int64):
        labels = torch.tensor([2, 2, 0], dtype=dtype)
        assert loss(dist, torch.tensor([[0, 1]]), none, labels).item() == (
            pytest.approx(0.2)  # m + 1 - beta of class 2
        )


@pytest.mark.errors
@pytest.mark.parametrize("n", [2, 4])
def test_margin_asks_for_the_label_of_every_point(n):
    pairs, labels = torch.tensor([[0, 1]]), torch.zeros(n, dtype=torch.int64)
    with pytest.raises(ValueError, match="for each of the 3 points"):
        MarginLoss(n_classes=1)(torch.ones(3, 3), pairs, pairs, labels)


@pytest.mark.errors
def test_slopes_refuse_a_judgement_that_is_no_row_of_dist():
    """An index of -1 would count from the end, of another row even."""
    dist, pair = torch.ones(3, 3), torch.tensor([[0, 1]])
    for wrong in ([[1, -1]], [[0, 3]]):
        with pytest.raises(ValueError, match="S must hold indices from 0"):
            contrastive_slopes(dist, torch.tensor(wrong), pair)
        with pytest.raises(ValueError, match="D must hold indices from 0"):
            contrastive_slopes(dist, pair, torch.tensor(wrong))
        with pytest.raises(ValueError, match="T must hold indices from 0"):
            triplet_slopes(dist, torch.tensor([[2, *wrong[0]]]))
