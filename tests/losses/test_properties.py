"""What every loss keeps: finite at the edges, blind to order, clear about mistakes."""

from functools import partial

import pytest
import torch
from torch.nn.functional import normalize

from mlcourse.distances import cosine, euclidean, sqeuclidean
from mlcourse.judgements import all_triplets, dissimilar_pairs, similar_pairs
from mlcourse.losses import (
    MarginLoss,
    SoftTripleLoss,
    arcface_loss,
    circle_loss,
    contrastive_loss,
    cosface_loss,
    generalized_lifted_structure_loss,
    info_nce_loss,
    l_softmax_loss,
    lifted_structure_loss,
    multi_similarity_loss,
    nca_loss,
    norm_softmax_loss,
    npair_loss,
    pair_weights,
    proxy_anchor_loss,
    proxy_nca_loss,
    smooth_ap_loss,
    soft_triplet_loss,
    sphereface_loss,
    supcon_loss,
    triplet_loss,
)

C, DIM = 4, 3


def on_pairs(loss):
    return lambda z, y: loss(euclidean(z, z), similar_pairs(y), dissimilar_pairs(y))


def on_triplets(loss):
    return lambda z, y: loss(euclidean(z, z), all_triplets(y))


def on_sim(loss):
    return lambda z, y: loss(1 - cosine(z, z), y)


def on_dist(loss):
    return lambda z, y: loss(euclidean(z, z), y)


def weights(z):
    """Class weights or proxies; the first lies on the first axis."""
    rows = torch.tensor([[1, 0, 0], [0, 1, 0], [0, 1, 1], [-1, 0, 2.0]])
    return rows.to(z.dtype)


def on_cos(loss):
    return lambda z, y: loss(1 - cosine(z, weights(z)), y)


def sphereface(z, y):
    return sphereface_loss(1 - cosine(z, weights(z)), z.norm(dim=1), y)


def l_softmax(z, y):
    w = weights(z)
    return l_softmax_loss(1 - cosine(z, w), z.norm(dim=1), w.norm(dim=1), y)


def soft_triple(z, y):
    loss = SoftTripleLoss(C, DIM, generator=torch.Generator().manual_seed(0))
    return loss.to(torch.promote_types(z.dtype, torch.float32))(z, y)


#: Each as a function of embeddings z (n, 3) and labels from 0 to 3.
LOSSES = {
    "contrastive": on_pairs(contrastive_loss),
    "margin": on_pairs(lambda dist, S, D: MarginLoss()(dist, S, D)),
    "triplet": on_triplets(triplet_loss),
    "soft triplet": on_triplets(soft_triplet_loss),
    "multi-similarity": on_sim(multi_similarity_loss),
    "multi-similarity, mined": on_sim(partial(multi_similarity_loss, epsilon=0.1)),
    "n-pair": lambda z, y: npair_loss(z @ z.flip(0).T),
    "info-nce": on_sim(info_nce_loss),
    "supcon": on_sim(supcon_loss),
    "lifted": on_dist(lifted_structure_loss),
    "generalized lifted": on_dist(generalized_lifted_structure_loss),
    "circle": on_sim(circle_loss),
    "smooth-ap": on_sim(smooth_ap_loss),
    "nca": on_dist(nca_loss),
    "proxy-nca": lambda z, y: proxy_nca_loss(sqeuclidean(z, weights(z)), y),
    "proxy-nca++": lambda z, y: proxy_nca_loss(
        9 * sqeuclidean(z, weights(z)), y, include_positive=True
    ),
    "proxy-anchor": on_cos(proxy_anchor_loss),
    "soft-triple": soft_triple,
    "norm-softmax": on_cos(norm_softmax_loss),
    "cosface": on_cos(cosface_loss),
    "arcface": on_cos(arcface_loss),
    "sphereface": sphereface,
    "l-softmax": l_softmax,
}
every = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)

Z = torch.randn(6, DIM, generator=torch.Generator().manual_seed(3))
Y = torch.tensor([2, 0, 0, 3, 2, 2])
#: Embeddings and labels of batches that break careless code.
EDGES = {
    "duplicate rows": (torch.cat([Z[:3], Z[:3]]), Y),
    "all rows equal": (torch.ones(6, DIM), Y),
    "a zero vector": (torch.cat([Z[:5], torch.zeros(1, DIM)]), Y),
    "all zero": (torch.zeros(6, DIM), Y),
    "on a class weight": (torch.cat([torch.eye(3)[:1], Z[:5]]), torch.tensor([0] * 6)),
    "against its class weight": (-torch.eye(3), torch.tensor([0, 1, 1])),
    "one class": (Z, torch.full((6,), 2)),
    "all labels differ": (Z[:4], torch.arange(4)),
    "one point": (Z[:1], Y[:1]),
    "two points of one class": (Z[1:3], Y[1:3]),
    "two points of two classes": (Z[:2], Y[:2]),
    "large": (1e4 * Z, Y),
    "small": (1e-6 * Z, Y),
}


@every
@pytest.mark.parametrize("edge", EDGES)
def test_value_and_gradient_are_finite_at_the_edges(loss, edge):
    z, y = EDGES[edge]
    for dtype in (torch.float32, torch.float64):
        point = z.to(dtype, copy=True).requires_grad_()
        value = loss(point, y)
        value.backward()
        assert value.shape == ()
        assert value.dtype == dtype
        assert value.isfinite()
        assert point.grad.isfinite().all()


@every
def test_a_network_that_diverged_is_not_hidden(loss):
    z = Z.clone()
    z[1] = torch.nan
    assert loss(z, Y).isnan()


@pytest.mark.parametrize(
    "loss", [circle_loss, partial(multi_similarity_loss, epsilon=0.1)]
)
def test_one_entry_that_is_no_number_is_not_left_out(loss):
    sim = 1 - cosine(Z, Z)
    sim[0, 1] = torch.nan
    assert loss(sim, Y).isnan()


@every
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32(loss, dtype):
    z = normalize(Z).to(dtype)
    point = z.clone().requires_grad_()
    value = loss(point, Y)
    value.backward()
    assert value.dtype == torch.float32
    assert point.grad.dtype == dtype
    assert point.grad.isfinite().all()
    assert value.item() == pytest.approx(loss(z.float(), Y).item(), rel=2e-2, abs=1e-2)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_a_matrix_in_half_precision_does_not_overflow(dtype):
    """exp(50 (S - 0.5)) and exp(64 S) are beyond the largest float16."""
    sim = torch.tensor([[1.0, 1, -1], [1, 1, 1], [-1, 1, 1]], dtype=dtype)
    labels = torch.tensor([0, 0, 1])
    for loss in (multi_similarity_loss, circle_loss, supcon_loss, info_nce_loss,
                 proxy_anchor_loss, arcface_loss, cosface_loss):  # fmt: skip
        value = loss(sim, labels)
        assert value.dtype == torch.float32
        assert value.item() == pytest.approx(
            loss(sim.double(), labels).item(), rel=1e-5
        )


@every
def test_order_of_the_points_changes_nothing(loss):
    z, order = Z.double(), torch.tensor([4, 0, 5, 2, 1, 3])
    if loss is LOSSES["n-pair"]:
        a, b = z[:3], z[3:]
        some = torch.tensor([2, 0, 1])
        value, moved = npair_loss(a @ b.T), npair_loss(a[some] @ b[some].T)
    else:
        value, moved = loss(z, Y), loss(z[order], Y[order])
    assert moved.item() == pytest.approx(value.item(), rel=1e-9)


@pytest.mark.parametrize(
    "name",
    [
        "multi-similarity",
        "info-nce",
        "supcon",
        "lifted",
        "circle",
        "smooth-ap",
        "nca",
        "triplet",
    ],
)
def test_names_of_the_classes_change_nothing(name):
    named = torch.tensor([-5, 100, 100, 7, -5, -5])
    value = LOSSES[name](Z.double(), Y).item()
    assert LOSSES[name](Z.double(), named).item() == pytest.approx(value, rel=1e-12)


@every
def test_a_small_step_against_the_gradient_lowers_the_loss(loss):
    point = Z.to(torch.float64, copy=True).requires_grad_()
    value = loss(point, Y)
    value.backward()
    assert point.grad.abs().sum() > 0
    step = 1e-6 / point.grad.abs().max()
    assert loss(point.detach() - step * point.grad, Y) < value


NONE = torch.empty(0, 2, dtype=torch.int64)


def test_no_judgements_give_zero_and_no_gradient():
    dist = torch.rand(4, 4, requires_grad=True)
    labels, nobody = torch.arange(4), torch.empty(0, dtype=torch.int64)
    margin = MarginLoss(nu=0.3)
    values = [
        contrastive_loss(dist, NONE, NONE),
        margin(dist, NONE, NONE),
        triplet_loss(dist, torch.empty(0, 3, dtype=torch.int64)),
        soft_triplet_loss(dist, torch.empty(0, 3, dtype=torch.int64)),
        info_nce_loss(dist, labels),
        supcon_loss(dist, labels),
        lifted_structure_loss(dist, labels),
        generalized_lifted_structure_loss(dist, labels),
        circle_loss(dist, labels),
        smooth_ap_loss(dist, labels),
        nca_loss(dist, labels),
        info_nce_loss(dist, torch.zeros(4, dtype=torch.int64)),
    ]
    sum(values).backward()
    assert [value.item() for value in values] == [0] * len(values)
    assert (dist.grad == 0).all()
    assert (margin.beta.grad == 0).all()

    empty = torch.rand(0, 0, requires_grad=True)
    for loss in (multi_similarity_loss, info_nce_loss, supcon_loss, circle_loss,
                 lifted_structure_loss, smooth_ap_loss, nca_loss):  # fmt: skip
        assert loss(empty, nobody) == 0
    assert npair_loss(empty) == 0
    row = torch.rand(0, 3, requires_grad=True)
    for loss in (proxy_nca_loss, proxy_anchor_loss, norm_softmax_loss, cosface_loss,
                 arcface_loss):  # fmt: skip
        assert loss(row, nobody) == 0
    assert SoftTripleLoss(2, 3)(row, nobody) == 0


# --- weights of pairs -----------------------------------------------------------------


def test_pair_weights_of_multi_similarity_have_the_papers_closed_form():
    """Eqs. 12 and 13 of CVPR 2019, each weight over the number of anchors."""
    sim = 1 - cosine(Z.double(), Z.double())
    a, b, base, n = 2.0, 5.0, 0.5, len(Y)
    found = pair_weights(partial(multi_similarity_loss, labels=Y, beta=b), sim)
    for i in range(n):
        for j in set(range(n)) - {i}:
            rivals = [
                k for k in range(n) if k != i and (Y[k] == Y[i]) == (Y[j] == Y[i])
            ]
            if Y[i] == Y[j]:
                terms = (-a * (sim[i, rivals] - sim[i, j])).exp().sum()
                weight = 1 / ((a * (sim[i, j] - base)).exp() + terms)
            else:
                terms = (b * (sim[i, rivals] - sim[i, j])).exp().sum()
                weight = 1 / ((b * (base - sim[i, j])).exp() + terms)
            assert found[i, j].item() == pytest.approx(weight.item() / n, rel=1e-9)
    assert (found.diagonal() == 0).all()


def test_pair_weights_of_triplets_count_violations():
    sim = 1 - cosine(Z.double(), Z.double())
    T = all_triplets(Y)
    found = pair_weights(lambda S: triplet_loss(-S, T, margin=0.5), sim)
    expected = torch.zeros_like(sim)
    for a, p, n in T.tolist():
        if sim[a, n] > sim[a, p] - 0.5:
            expected[a, p] += 1
            expected[a, n] += 1
    assert torch.allclose(found * len(T), expected)


def test_pair_weights_leave_no_trace_and_take_constants():
    sim = torch.rand(3, 3, requires_grad=True)
    found = pair_weights(lambda S: (S * torch.tensor([1.0, -2, 3])).sum(), sim)
    assert found.tolist() == [[1, 2, 3]] * 3
    assert sim.grad is None
    assert not found.requires_grad
    assert (pair_weights(lambda S: torch.tensor(1.0), sim) == 0).all()


# --- mistakes -------------------------------------------------------------------------

DIST = torch.rand(4, 4)
LABELS = torch.tensor([0, 0, 1, 1])
WRONG = {
    "dist must be .n, n.": lambda: contrastive_loss(torch.rand(3, 4), NONE, NONE),
    "S must hold indices from 0": lambda: contrastive_loss(
        DIST, torch.tensor([[0, 4]]), NONE
    ),
    "D must hold indices from 0": lambda: MarginLoss()(
        DIST, NONE, torch.tensor([[0, -1]])
    ),
    "D must hold pairs": lambda: contrastive_loss(DIST, NONE, torch.zeros(2, 3)),
    "S must hold pairs": lambda: MarginLoss()(DIST, torch.zeros(2, 2), NONE),
    "T must hold triplets": lambda: triplet_loss(DIST, NONE),
    "T must hold indices": lambda: soft_triplet_loss(DIST, torch.tensor([[0, 1, 9]])),
    "margin must be > 0": lambda: triplet_loss(DIST, NONE, margin=0),
    "margin must be > 0, got -1": lambda: contrastive_loss(DIST, NONE, NONE, margin=-1),
    "margin must be > 0, got 0": lambda: MarginLoss(margin=0),
    "nu must be >= 0": lambda: MarginLoss(nu=-1),
    "labels .n,. are needed": lambda: MarginLoss(n_classes=2)(
        DIST, torch.tensor([[0, 1]]), NONE
    ),
    "labels must be from 0 to C - 1 = 1": lambda: MarginLoss(n_classes=2)(
        DIST, torch.tensor([[0, 1]]), NONE, torch.tensor([0, 2, 1, 1])
    ),
    "one whole number for each of the 4 points": lambda: supcon_loss(DIST, LABELS[:3]),
    "shape .4,., got .4,. of torch.float32": lambda: nca_loss(DIST, LABELS.float()),
    "labels must be a torch tensor, got list": lambda: nca_loss(DIST, [0, 0, 1, 1]),
    "S must be a torch tensor, got list": lambda: contrastive_loss(
        DIST, [[0, 1]], NONE
    ),
    "T must be a torch tensor, got list": lambda: triplet_loss(DIST, [[0, 1, 2]]),
    "sim must be a matrix of floats": lambda: circle_loss(torch.rand(4), LABELS),
    "sim must be .n, n., every point": lambda: npair_loss(torch.rand(2, 3)),
    "alpha must be > 0": lambda: multi_similarity_loss(DIST, LABELS, alpha=0),
    "beta must be > 0": lambda: multi_similarity_loss(DIST, LABELS, beta=0),
    "gamma must be > 0": lambda: circle_loss(DIST, LABELS, gamma=0),
    "temperature must be > 0": lambda: info_nce_loss(DIST, LABELS, temperature=0),
    "temperature must be > 0, got -1": lambda: supcon_loss(
        DIST, LABELS, temperature=-1
    ),
    "temperature must be > 0, got -2": lambda: smooth_ap_loss(
        DIST, LABELS, temperature=-2
    ),
    "temperature must be > 0, got -3": lambda: norm_softmax_loss(
        DIST, LABELS, temperature=-3
    ),
    "C - 1 = 3, one for each of the C columns, got 0 to 4": lambda: proxy_nca_loss(
        DIST, torch.tensor([0, 1, 2, 4])
    ),
    "got -1 to 1; number the classes": lambda: proxy_anchor_loss(
        DIST, torch.tensor([0, 1, 1, -1])
    ),
    "got 0 to 7; number the classes": lambda: arcface_loss(
        DIST, torch.tensor([0, 7, 0, 7])
    ),
    "got 0 to 5": lambda: cosface_loss(DIST, torch.tensor([0, 5, 0, 5])),
    "got 1 to 6": lambda: SoftTripleLoss(3, 4)(DIST, torch.tensor([1, 6, 1, 6])),
    "alpha must be > 0, got -4": lambda: proxy_anchor_loss(DIST, LABELS, alpha=-4),
    "scale must be > 0": lambda: cosface_loss(DIST, LABELS, scale=0),
    "scale must be > 0, got -1": lambda: arcface_loss(DIST, LABELS, scale=-1),
    "radians, got 28.6": lambda: arcface_loss(DIST, LABELS, margin=28.6),
    "m must be a whole number": lambda: sphereface_loss(
        DIST, torch.ones(4), LABELS, m=0
    ),
    "m must be a whole number >= 1, got 1.5": lambda: sphereface_loss(
        DIST, torch.ones(4), LABELS, m=1.5
    ),
    "annealing must be >= 0": lambda: sphereface_loss(
        DIST, torch.ones(4), LABELS, annealing=-1
    ),
    "norms must hold 4 lengths": lambda: sphereface_loss(DIST, -torch.ones(4), LABELS),
    "weight_norms must hold 4 lengths": lambda: l_softmax_loss(
        DIST, torch.ones(4), torch.ones(3), LABELS
    ),
    "centers_per_class must be > 0": lambda: SoftTripleLoss(3, 4, centers_per_class=0),
    "n_classes must be > 0": lambda: SoftTripleLoss(0, 4),
    "tau must be >= 0": lambda: SoftTripleLoss(3, 4, tau=-1),
    "loss must return one number": lambda: pair_weights(lambda S: S, DIST),
}


@pytest.mark.errors
@pytest.mark.parametrize("message", WRONG)
def test_a_mistake_is_told(message):
    with pytest.raises((ValueError, TypeError), match=message):
        WRONG[message]()
