"""Losses of pairs, triplets and lists: each equals a loop over its formula."""

import math
from functools import partial
from itertools import combinations

import pytest
import torch

from mlcourse.judgements import all_triplets, dissimilar_pairs, similar_pairs
from mlcourse.losses import (
    MarginLoss,
    circle_loss,
    contrastive_loss,
    generalized_lifted_structure_loss,
    info_nce_loss,
    lifted_structure_loss,
    multi_similarity_loss,
    nca_loss,
    npair_loss,
    smooth_ap_loss,
    soft_triplet_loss,
    supcon_loss,
    triplet_loss,
)

exp, log = math.exp, math.log


def others(y):
    """Anchor, its positives, its negatives; for every point."""
    n = range(len(y))
    for i in n:
        yield (
            i,
            [j for j in n if j != i and y[j] == y[i]],
            [j for j in n if y[j] != y[i]],
        )


def mean(values):
    values = list(values)
    return sum(values) / len(values)


# --- loops over the formulas --------------------------------------------------------


def multi_similarity(S, y, a, b, base, epsilon=None):
    total = 0
    for i, P, N in others(y):
        if epsilon is not None:
            kept_N = [k for k in N if P and S[i][k] > min(S[i][j] for j in P) - epsilon]
            P = [j for j in P if N and S[i][j] < max(S[i][k] for k in N) + epsilon]
            N = kept_N
        total += log(1 + sum(exp(-a * (S[i][j] - base)) for j in P)) / a
        total += log(1 + sum(exp(b * (S[i][k] - base)) for k in N)) / b
    return total / len(y)


def npair(S):
    n = range(len(S))
    return mean(log(1 + sum(exp(S[i][j] - S[i][i]) for j in n if j != i)) for i in n)


def info_nce(S, y, t):
    return mean(
        -log(exp(S[i][p] / t) / (exp(S[i][p] / t) + sum(exp(S[i][k] / t) for k in N)))
        for i, P, N in others(y)
        for p in P
    )


def supcon(S, y, t):
    return mean(
        -mean(log(exp(S[i][p] / t) / sum(exp(S[i][a] / t) for a in P + N)) for p in P)
        for i, P, N in others(y)
        if P
    )


def lifted(D, y, m):
    N = {i: negatives for i, _, negatives in others(y)}
    pairs = [(i, j) for i, j in combinations(range(len(y)), 2) if y[i] == y[j]]
    total = 0
    for i, j in pairs:
        push = sum(exp(m - D[i][k]) for k in N[i]) + sum(exp(m - D[j][k]) for k in N[j])
        total += max(0, log(push) + D[i][j]) ** 2
    return total / (2 * len(pairs))


def generalized_lifted(D, y, m):
    return sum(
        max(
            0, log(sum(exp(D[i][p]) for p in P)) + log(sum(exp(m - D[i][k]) for k in N))
        )
        for i, P, N in others(y)
        if P and N
    ) / len(y)


def circle(S, y, m, g):
    losses = []
    for i, P, N in others(y):
        push = sum(exp(g * max(0, S[i][k] + m) * (S[i][k] - m)) for k in N)
        pull = sum(exp(-g * max(0, 1 + m - S[i][p]) * (S[i][p] - 1 + m)) for p in P)
        losses.append(log(1 + push * pull))
    return mean(loss for loss in losses if loss > 0)


def smooth_ap(S, y, t):
    def above(q, i, j):
        return 1 / (1 + exp((S[q][i] - S[q][j]) / t))

    return 1 - mean(
        mean(
            (1 + sum(above(q, i, j) for j in P if j != i))
            / (1 + sum(above(q, i, j) for j in P + N if j != i))
            for i in P
        )
        for q, P, N in others(y)
        if P
    )


def nca(D, y):
    return mean(
        -log(sum(exp(-D[i][p]) for p in P) / sum(exp(-D[i][j]) for j in P + N))
        for i, P, N in others(y)
        if P
    )


LISTS = {
    "multi_similarity": (multi_similarity_loss, multi_similarity, (2, 50, 0.5),
                         {"alpha": 2, "beta": 50, "base": 0.5}),
    "multi_similarity, mined": (
        multi_similarity_loss, multi_similarity, (3, 9, 0.4, 0.1),
        {"alpha": 3, "beta": 9, "base": 0.4, "epsilon": 0.1}),
    "info_nce": (info_nce_loss, info_nce, (0.2,), {"temperature": 0.2}),
    "supcon": (supcon_loss, supcon, (0.2,), {"temperature": 0.2}),
    "lifted": (lifted_structure_loss, lifted, (0.7,), {"margin": 0.7}),
    "generalized lifted": (generalized_lifted_structure_loss, generalized_lifted,
                           (0.7,), {"margin": 0.7}),
    "circle": (circle_loss, circle, (0.25, 6), {"m": 0.25, "gamma": 6}),
    "smooth_ap": (smooth_ap_loss, smooth_ap, (0.3,), {"temperature": 0.3}),
    "nca": (nca_loss, nca, (), {}),
}  # fmt: skip
every = pytest.mark.parametrize("name", LISTS)


@every
def test_list_loss_equals_its_loop(name, sim, dist, labels):
    loss, loop, args, keywords = LISTS[name]
    values = dist if "lifted" in name or name == "nca" else sim
    expected = loop(values.tolist(), labels.tolist(), *args)
    assert loss(values, labels, **keywords).item() == pytest.approx(expected, rel=1e-12)


@every
def test_list_loss_has_the_documented_defaults(name, sim, dist, labels):
    """A default that changes is a change for everybody: DESIGN pins it."""
    pinned = {
        "multi_similarity": (2, 50, 0.5), "multi_similarity, mined": (2, 50, 0.5),
        "info_nce": (0.1,), "supcon": (0.1,), "lifted": (1,),
        "generalized lifted": (1,), "circle": (0.25, 64), "smooth_ap": (0.01,),
        "nca": (),
    }  # fmt: skip
    loss, loop, _, _ = LISTS[name]
    values = dist if "lifted" in name or name == "nca" else sim
    if name == "smooth_ap":
        values = values / 2  # 1 / 0.01 in the exponent of a plain loop
    expected = loop(values.tolist(), labels.tolist(), *pinned[name])
    assert loss(values, labels).item() == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("name", sorted(LISTS.keys() - {"circle"}))
def test_list_loss_has_the_gradient_of_its_formula(name, sim, dist, labels):
    loss, _, _, keywords = LISTS[name]
    values = dist if "lifted" in name or name == "nca" else sim
    loss = partial(loss, labels=labels, **keywords)
    assert torch.autograd.gradcheck(loss, values.clone().requires_grad_())


def test_gradient_of_circle_holds_its_weights_fixed(sim, labels):
    """At fixed weights the loss is a log-sum-exp, whose slope is known."""
    m, g = 0.25, 6.0
    point = sim.clone().requires_grad_()
    circle_loss(point, labels, m=m, gamma=g).backward()
    expected = torch.zeros_like(sim)
    anchors = [(i, P, N) for i, P, N in others(labels.tolist()) if P and N]
    for i, P, N in anchors:
        a_p, a_n = (1 + m - sim[i, P]).clamp(min=0), (sim[i, N] + m).clamp(min=0)
        pull, push = -g * a_p * (sim[i, P] - 1 + m), g * a_n * (sim[i, N] - m)
        share = torch.sigmoid(pull.logsumexp(0) + push.logsumexp(0)) / len(anchors)
        expected[i, P] = -share * g * a_p * pull.softmax(0)
        expected[i, N] = share * g * a_n * push.softmax(0)
    assert torch.allclose(point.grad, expected, atol=1e-12)


def test_npair_equals_its_loop_and_its_gradient(sim):
    assert npair_loss(sim).item() == pytest.approx(npair(sim.tolist()), rel=1e-12)
    assert torch.autograd.gradcheck(npair_loss, sim.clone().requires_grad_())


# --- pairs and triplets ---------------------------------------------------------------

S = torch.tensor([[0, 1], [0, 2]])
D = torch.tensor([[0, 3], [1, 3], [2, 3]])
#: d(0,1) = 0.5, d(0,2) = 2; d(0,3) = 0.7, d(1,3) = 1.9, d(2,3) = 0.2
HAND = torch.tensor(
    [[0, 0.5, 2, 0.7], [0.5, 0, 9, 1.9], [2, 9, 0, 0.2], [0.7, 1.9, 0.2, 0]]
).double()


def test_contrastive_by_hand():
    expected = (0.25 + 4 + (1.5 - 0.7) ** 2 + 0 + (1.5 - 0.2) ** 2) / 2 / 5
    assert contrastive_loss(HAND, S, D, margin=1.5).item() == pytest.approx(expected)


def test_margin_by_hand():
    # pulls: 0.2 + 0.5 - 1.2 < 0, 0.2 + 2 - 1.2 = 1; pushes: 0.7, -0.5, 1.2
    loss = MarginLoss()
    assert loss(HAND, S, D).item() == pytest.approx((1 + 0.7 + 1.2) / 3, rel=1e-6)


def test_margin_has_a_boundary_for_each_class_of_the_first_point():
    loss = MarginLoss(margin=0.2, n_classes=3, nu=0.5).double()
    with torch.no_grad():
        loss.beta.copy_(torch.tensor([1.0, 0.4, 9.0]))
    labels = torch.tensor([0, 0, 1, 2])
    # anchors 0, 0 of S: beta 1; anchors 0, 1, 2 of D: beta 1, 1, 0.4
    hinges = [0.2 + 0.5 - 1, 0.2 + 2 - 1, 0.2 - 0.7 + 1, 0.2 - 1.9 + 1, 0.2 - 0.2 + 0.4]
    active = [h for h in hinges if h > 0]
    price = 0.5 * (1 + 1 + 1 + 1 + 0.4) / 5
    value = loss(HAND, S, D, labels)
    assert value.item() == pytest.approx(sum(active) / len(active) + price)
    value.backward()
    # two active pushes at class 0 and one pull: (1 - 1) / 3; class 1: one push
    expected = [0.5 * 4 / 5 + 0, 0.5 / 5 + 1 / 3, 0]
    assert loss.beta.grad.tolist() == pytest.approx(expected)


def test_margin_shares_one_boundary_without_classes():
    loss = MarginLoss(beta=0.6, nu=0.5)
    assert loss.beta.shape == ()
    assert [p is loss.beta for p in loss.parameters()] == [True]
    free = MarginLoss(beta=0.6)
    gap = loss(HAND, S, D) - free(HAND, S, D)
    assert gap.item() == pytest.approx(0.5 * 0.6, rel=1e-5)


def test_triplets_equal_their_loop(dist, labels):
    T = all_triplets(labels)
    gaps = [dist[a, p].item() - dist[a, n].item() for a, p, n in T.tolist()]
    hinge = mean(max(0, gap + 0.3) for gap in gaps)
    soft = mean(log(1 + exp(gap)) for gap in gaps)
    assert triplet_loss(dist, T, margin=0.3).item() == pytest.approx(hinge, rel=1e-12)
    assert soft_triplet_loss(dist, T).item() == pytest.approx(soft, rel=1e-12)
    hinge = mean(max(0, gap + 0.2) for gap in gaps)
    assert triplet_loss(dist, T).item() == pytest.approx(hinge, rel=1e-12)


def test_pairs_equal_their_loop(dist, labels):
    S, D = similar_pairs(labels), dissimilar_pairs(labels)
    total = sum(dist[i, j].item() ** 2 / 2 for i, j in S.tolist())
    total += sum(max(0, 1 - dist[i, j].item()) ** 2 / 2 for i, j in D.tolist())
    value = contrastive_loss(dist, S, D).item()
    assert value == pytest.approx(total / (len(S) + len(D)), rel=1e-12)


def test_gradients_of_pairs_and_triplets(dist, labels):
    S, D, T = similar_pairs(labels), dissimilar_pairs(labels), all_triplets(labels)
    point = dist.clone().requires_grad_()
    for loss in (
        partial(contrastive_loss, S=S, D=D),
        partial(MarginLoss().double(), S=S, D=D),
        partial(triplet_loss, T=T),
        partial(soft_triplet_loss, T=T),
    ):
        assert torch.autograd.gradcheck(loss, point)


def test_a_repeated_triplet_counts_twice():
    T = torch.tensor([[0, 1, 3], [0, 1, 3], [0, 2, 3]])
    point = HAND.clone().requires_grad_()
    triplet_loss(point, T, margin=1).backward()
    assert point.grad[0].tolist() == pytest.approx([0, 2 / 3, 1 / 3, -1])


# --- identities and limits ------------------------------------------------------------


def test_multi_similarity_mines_what_the_definition_says():
    """Anchor 0: the positives 1 (0.9) and 2 (0.2), the negatives 3 (0.5), 4 (-0.5)."""
    sim = torch.full((5, 5), -1.0, dtype=torch.float64)
    sim[0] = torch.tensor([1, 0.9, 0.2, 0.5, -0.5])
    labels = torch.tensor([0, 0, 0, 1, 2])
    point = sim.clone().requires_grad_()
    multi_similarity_loss(point, labels, epsilon=0.1).backward()
    felt = point.grad[0] != 0
    assert felt.tolist() == [False, False, True, True, False]


def test_smooth_ap_tends_to_the_average_precision(labels, sim):
    from sklearn.metrics import average_precision_score

    exact = [
        average_precision_score([y == i_y for y in rest_y], rest_s)
        for i, (i_y, row) in enumerate(zip(labels.tolist(), sim.tolist(), strict=True))
        if (rest_y := labels.tolist()[:i] + labels.tolist()[i + 1 :]).count(i_y)
        and (rest_s := row[:i] + row[i + 1 :])
    ]
    value = smooth_ap_loss(sim, labels, temperature=1e-6).item()
    assert value == pytest.approx(1 - mean(exact), rel=1e-9)


def test_supcon_ends_above_zero():
    """Collapsed classes, infinitely far apart: log(m - 1) for m = 4."""
    labels = torch.arange(3).repeat_interleave(4)
    sim = torch.where(labels[:, None] == labels, 1.0, -1.0).double()
    assert supcon_loss(sim, labels, temperature=0.01).item() == pytest.approx(log(3))


def test_info_nce_of_one_positive_is_supcon(generator):
    labels = torch.arange(5).repeat(2)
    sim = torch.rand(10, 10, generator=generator, dtype=torch.float64)
    assert info_nce_loss(sim, labels).item() == pytest.approx(
        supcon_loss(sim, labels).item(), rel=1e-12
    )


def test_lifted_structure_keeps_one_row_for_each_point(labels):
    """O(n^2) memory: 2000 points, where pairs x negatives would be 8 GB."""
    labels = torch.arange(2000) // 4
    sim = torch.rand(2000, 2000, generator=torch.Generator().manual_seed(0))
    assert lifted_structure_loss(sim, labels).isfinite()
    assert info_nce_loss(sim, labels).isfinite()


@pytest.mark.parametrize("block", [1, 7, 30])
def test_smooth_ap_in_blocks_is_the_same(monkeypatch, block):
    """However many positives are compared at once; classes of 1, 2, 3 and 4 points."""
    labels = torch.tensor([0, 1, 1, 2, 2, 2, 3, 3, 3, 3])[torch.randperm(10)]
    sim = torch.rand(10, 10, dtype=torch.float64, requires_grad=True)

    def loss(sim):
        return smooth_ap_loss(sim, labels, temperature=0.2)

    whole = loss(sim)
    (slope,) = torch.autograd.grad(whole, sim)
    monkeypatch.setattr("mlcourse.losses.smooth_ap.BLOCK", block)
    torch.testing.assert_close(loss(sim), whole)
    torch.testing.assert_close(torch.autograd.grad(loss(sim), sim)[0], slope)
    assert torch.autograd.gradcheck(loss, sim)
