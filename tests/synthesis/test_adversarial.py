"""DAML: its objectives by loop, who gets a gradient of which, and the game played."""

import pytest
import torch
from torch import nn

from mlcourse.distances import euclidean
from mlcourse.judgements import all_triplets
from mlcourse.miners import random_triplets
from mlcourse.synthesis import DAML, adversarial_loss

DIM, D = 3, 6


def parts(seed=7):
    """Trunk, head and synthesizer with weights from a seed."""
    generator = torch.Generator().manual_seed(seed)
    trunk, head = nn.Linear(4, D), nn.Linear(D, DIM)
    synthesizer = nn.Sequential(nn.Linear(3 * D, 5), nn.Tanh(), nn.Linear(5, D))
    for part in (trunk, head, synthesizer):
        for weight in part.parameters():
            weight.data = torch.randn(
                weight.shape, generator=generator, dtype=torch.float64
            )
    return trunk, head, synthesizer


def every(z, labels):
    """All triplets."""
    return all_triplets(labels)


def daml(*, seed=7, judge=every, **more):
    trunk, *own = parts(seed)
    return trunk, own, DAML(*own, judge=judge, **more)


def loss_by_loop(rows, margin, reg, adv):
    """Of (y_syn, y, y_neg, d_syn, d_pos) one after the other."""
    total = 0.0
    for y_syn, y, y_neg, d_syn, d_pos in rows:
        hard = sum((s - t) ** 2 for s, t in zip(y_syn, y, strict=True))
        near = sum((s - t) ** 2 for s, t in zip(y_syn, y_neg, strict=True))
        total += hard + reg * near + adv * max(d_syn - d_pos - margin, 0)
    return total / max(len(rows), 1)


def by_loop(y, labels, own, margin, reg, adv):
    """J_psi of real and synthetic negatives, J_G, rate: triplet by triplet."""
    head, synthesizer = own

    def d(u, v):
        return ((head(u[None]) - head(v[None])) ** 2).sum().item()

    real, synthetic, rows, rate = [], [], [], []
    n = len(y)
    for a in range(n):
        for p in range(n):
            for k in range(n):
                if a == p or labels[a] != labels[p] or labels[a] == labels[k]:
                    continue
                made = synthesizer(torch.cat([y[k], y[a], y[p]])[None])[0]
                real.append(max(d(y[a], y[p]) - d(y[a], y[k]) + margin, 0))
                synthetic.append(max(d(y[a], y[p]) - d(y[a], made) + margin, 0))
                rate.append(d(y[a], made) < d(y[a], y[p]) + margin)
                point = [t.tolist() for t in (made, y[a], y[k])]
                rows.append([*point, d(y[a], made), d(y[a], y[p])])
    total = len(rows)
    means = [sum(values) / total for values in (real, synthetic, rate)]
    return [*means[:2], loss_by_loop(rows, margin, reg, adv), means[2]]


# --- values ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("margin", "reg", "adv"), [(1.0, 1.0, 50.0), (0.2, 0.5, 3.0), (2, 0, 0)]
)
@torch.no_grad()
def test_objectives_are_loops_over_their_formulas(y, labels, margin, reg, adv):
    _, own, model = daml(margin=margin, reg=reg, adv=adv)
    y, labels = y[:7], labels[:7]
    ours = [value.item() for value in model.objectives(y, labels)]
    expected = by_loop(y, labels, own, margin, reg, adv)
    assert ours == pytest.approx(expected)
    assert 0 < ours[3] < 1


@pytest.mark.parametrize(
    ("place", "expected"),
    [(1.5, [4, 2.75, 2.5, 1]), (3.0, [4, 0, 213, 0])],  # 9 + 4 + 50 * (9 - 4 - 1)
)
def test_one_triplet_by_hand_with_the_papers_weights(place, expected):
    """Anchor 0, positive 2, negative 1; margin 1, lambda_1 = 1, lambda_2 = 50."""
    constant = nn.Linear(3, 1)
    nn.init.zeros_(constant.weight)
    nn.init.constant_(constant.bias, place)
    model = DAML(nn.Identity(), constant, judge=lambda z, y: torch.tensor([[0, 1, 2]]))
    assert model.violation_rate == model.batches == 0
    y, labels = torch.tensor([[0.0], [2.0], [1.0]]), torch.tensor([0, 0, 1])
    assert [v.item() for v in model.objectives(y, labels)] == expected
    d_syn, d_pos = torch.tensor([place**2]), torch.tensor([4.0])
    y_syn = torch.tensor([[place]])
    assert adversarial_loss(y_syn, y[:1], y[2:], d_syn, d_pos) == expected[2]


def test_adversarial_loss_is_a_loop(generator):
    y_syn, y, y_neg = torch.randn(3, 9, 4, generator=generator, dtype=torch.float64)
    d_syn, d_pos = 3 * torch.rand(2, 9, generator=generator, dtype=torch.float64)
    for margin, reg, adv in ((0.1, 2, 7.0), (1.0, 0.3, 0)):
        ours = adversarial_loss(
            y_syn, y, y_neg, d_syn, d_pos, margin=margin, reg=reg, adv=adv
        )
        rows = zip(*(t.tolist() for t in (y_syn, y, y_neg, d_syn, d_pos)), strict=True)
        assert ours.item() == pytest.approx(loss_by_loop(list(rows), margin, reg, adv))


@pytest.mark.parametrize("reg", [0.0, 1.0, 3.0])
def test_slopes_and_the_best_place_without_an_adversary(reg, generator):
    """d J_hard / d y~ = 2 (y~ - y); between anchor and negative nothing pulls."""
    y_syn, y, y_neg = torch.randn(3, 5, 4, generator=generator, dtype=torch.float64)
    d_syn, d_pos = torch.zeros(5).double(), torch.ones(5).double()
    best = (y + reg * y_neg) / (1 + reg)
    for place in (y_syn, best):
        place = place.clone().requires_grad_()
        value = adversarial_loss(place, y, y_neg, d_syn, d_pos, reg=reg)
        (slope,) = torch.autograd.grad(value, place)
        expected = 2 * (place - y) + 2 * reg * (place - y_neg)
        torch.testing.assert_close(slope, expected.detach() / 5)
    torch.testing.assert_close(slope, torch.zeros_like(slope), atol=1e-12, rtol=0)


def test_the_adversary_asks_until_the_judgement_is_violated():
    """Slope lambda_2 / t above d_pos + margin, none below."""
    zero = torch.zeros(4, 1)
    d_syn = torch.tensor([0.4, 0.69, 0.71, 2.0], requires_grad=True)
    value = adversarial_loss(
        zero, zero, zero, d_syn, torch.full((4,), 0.5), margin=0.2, adv=8.0
    )
    assert torch.autograd.grad(value, d_syn)[0].tolist() == [0, 0, 2, 2]


# --- who gets a gradient of which -----------------------------------------------------


def gradients(value, weights):
    return torch.autograd.grad(value, weights, allow_unused=True, retain_graph=True)


@pytest.mark.parametrize("warm_up", [0, 1])
def test_each_part_gets_the_gradient_of_its_own_objective_alone(
    labels, generator, warm_up
):
    trunk, (head, synthesizer), model = daml(warm_up=warm_up)
    x = torch.randn(len(labels), 4, generator=generator, dtype=torch.float64)
    j_real, j_syn, j_gen, _ = model.objectives(trunk(x), labels)
    own = {
        "metric": (j_real if warm_up else j_syn,
                   [*trunk.parameters(), *head.parameters()]),
        "synthesizer": (j_gen, list(synthesizer.parameters())),
    }  # fmt: skip
    whole = model(trunk(x), labels)
    for name, (value, _) in own.items():
        for other, (_, rows) in own.items():
            found = gradients(value, rows)
            if other != name:
                assert found == (None,) * len(rows)
                continue
            for ours, alone in zip(gradients(whole, rows), found, strict=True):
                if alone is not None:  # a head's bias moves no distance
                    torch.testing.assert_close(ours, alone)
            assert sum(g.abs().max() for g in found if g is not None) > 1e-3


def test_one_optimizer_with_groups_is_two_optimizers(labels, generator):
    x = torch.randn(len(labels), 4, generator=generator, dtype=torch.float64)
    trunk, own, model = daml()
    groups = [[*trunk.parameters(), *own[0].parameters()], list(own[1].parameters())]
    rows = zip(groups, (1e-2, 1e-1), strict=True)
    adam = torch.optim.Adam([{"params": p, "lr": lr} for p, lr in rows])
    for _ in range(3):
        adam.zero_grad()
        model(trunk(x), labels).backward()
        adam.step()
    trunk2, own2, model2 = daml()
    f = torch.optim.Adam([*trunk2.parameters(), *own2[0].parameters()], lr=1e-2)
    g = torch.optim.Adam(own2[1].parameters(), lr=1e-1)
    for _ in range(3):
        _, j_syn, j_gen, _ = model2.objectives(trunk2(x), labels)
        for adam, value in ((f, j_syn), (g, j_gen)):
            adam.zero_grad()
            value.backward(retain_graph=True)
        f.step()
        g.step()
    for part, other in zip((trunk, *own), (trunk2, *own2), strict=True):
        for ours, theirs in zip(part.parameters(), other.parameters(), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-12)


def test_gradients_are_finite_differences(y, labels):
    """Head and features in J_psi, the synthesizer in J_G."""
    _, (head, synthesizer), model = daml()
    y.requires_grad_()
    for tensors, k in (
        ((y, head.weight), 0),
        ((y, head.weight), 1),
        (tuple(synthesizer.parameters()), 2),
    ):
        slopes = torch.autograd.grad(model.objectives(y, labels)[k], tensors)
        for tensor, slope in zip(tensors, slopes, strict=True):
            at, step = tensor.data.view(-1), 1e-6
            before, values = at[1].item(), []
            for sign in (1, -1):
                at[1] = before + sign * step
                values.append(model.objectives(y, labels)[k].item())
            at[1] = before
            expected = (values[0] - values[1]) / (2 * step)
            assert slope.view(-1)[1].item() == pytest.approx(
                expected, rel=1e-4, abs=1e-6
            )


# --- the game -------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_violations_rise_with_steps_of_the_synthesizer_and_fall_with_the_metrics(seed):
    """Two rounds against a frozen opponent, on six classes of four points."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(6).repeat_interleave(4)
    centres = 3 * torch.randn(6, D, generator=generator, dtype=torch.float64)
    y = centres[labels]
    y = y + torch.randn(y.shape, generator=generator, dtype=torch.float64)
    _, (head, synthesizer), model = daml(seed=seed, margin=1.0)
    f = torch.optim.Adam(head.parameters(), lr=1e-2)
    g = torch.optim.Adam(synthesizer.parameters(), lr=3e-2)

    def steps(adam, k, n):
        for _ in range(n):
            adam.zero_grad()
            model.objectives(y, labels)[k].backward()
            adam.step()
        return model.objectives(y, labels)[3].item()

    steps(f, 0, 60)  # pre-train the metric
    rates = [steps(f, 1, 60)]
    for _ in range(2):
        frozen = [w.clone() for w in head.parameters()]
        rates.append(steps(g, 2, 40))
        assert all(map(torch.equal, frozen, head.parameters()))
        frozen = [w.clone() for w in synthesizer.parameters()]
        rates.append(steps(f, 1, 120))
        assert all(map(torch.equal, frozen, synthesizer.parameters()))
    rises = [b - a for a, b in zip(rates[::2], rates[1::2], strict=False)]
    falls = [a - b for a, b in zip(rates[1::2], rates[2::2], strict=True)]
    assert min(rises) > 0.05, rates
    assert min(falls) > 0.05, rates


# --- count, rate, warm-up -------------------------------------------------------------


def test_warm_up_is_of_the_real_negatives(y, labels):
    _, _, model = daml(warm_up=2)
    j_real, j_syn, j_gen, rate = (v.item() for v in model.objectives(y, labels))
    values = [model(y, labels).item() for _ in range(4)]
    expected = [j_real + j_gen] * 2 + [j_syn + j_gen] * 2
    assert values == pytest.approx(expected)
    assert j_real != pytest.approx(j_syn)
    assert model.batches == 4
    assert model.violation_rate.item() == pytest.approx(rate)


def test_state_has_the_count_and_no_head(y, labels):
    _, _, model = daml()
    model(y, labels)
    assert model.state_dict()["batches"] == 1
    names = {name.split(".")[0] for name, _ in model.named_parameters()}
    assert names == {"synthesizer"}


def test_judge_sees_embeddings_without_a_gradient(y, labels):
    seen = []

    def judge(z, codes):
        seen.append((z, codes))
        return torch.tensor([[1, 2, 0]])

    _, (head, _), model = daml(judge=judge)
    model.objectives(y.requires_grad_(), labels)
    z, codes = seen[0]
    assert torch.equal(z, head(y))
    assert not z.requires_grad
    assert codes is labels


@pytest.mark.parametrize(
    ("place", "margin", "rate"),
    [(1.3, 1.0, 1), (1.3, 0.6, 0), (1.5, 1.0, 0), (1.5, 1.25, 0), (0.9, 0.1, 1),
     (-1.4, 1.0, 1)],
)  # fmt: skip
def test_a_negative_inside_the_margin_violates_by_hand(place, margin, rate):
    """D(y, y+) = 1; the synthetic negative is at ``place``, the anchor at 0."""
    constant = nn.Linear(3, 1)
    nn.init.zeros_(constant.weight)
    nn.init.constant_(constant.bias, place)
    one = nn.Identity()
    model = DAML(one, constant, judge=lambda z, y: torch.tensor([[0, 1, 2]]),
                 margin=margin)  # fmt: skip
    y, labels = torch.tensor([[0.0], [1.0], [5.0]]), torch.tensor([0, 0, 1])
    _, j_syn, _, found = model.objectives(y, labels)
    assert found.item() == rate
    assert (j_syn.item() > 0) == rate


# --- degenerate batches ---------------------------------------------------------------

BATCHES = {
    "no point": [],
    "one point": [0],
    "one class": [2, 2, 2],
    "no two of a class": [0, 1, 2, 5],
}


@pytest.mark.parametrize("rows", BATCHES.values(), ids=BATCHES)
def test_without_triplets_nothing_is_learned(rows, generator):
    _, (_, synthesizer), model = daml()
    y = torch.randn(len(rows), D, generator=generator, dtype=torch.float64)
    y.requires_grad_()
    values = model.objectives(y, torch.tensor(rows, dtype=torch.int64))
    assert [v.item() for v in values] == [0, 0, 0, 0]
    (slope,) = torch.autograd.grad(values[0] + values[1], y)
    assert (slope == 0).all()
    for slope in torch.autograd.grad(values[2], list(synthesizer.parameters())):
        assert (slope == 0).all()


def test_identical_points_cost_the_margin(labels):
    trunk, own, model = daml(margin=0.7)
    y = trunk(torch.ones(len(labels), 4, dtype=torch.float64))
    assert model.objectives(y, labels)[0].item() == pytest.approx(0.7)
    model(y, labels).backward()
    for part in (trunk, *own):
        for weight in part.parameters():
            assert weight.grad is None or weight.grad.isfinite().all()


def test_a_perfect_copy_of_the_anchor_violates_every_judgement(y, labels):
    """The collapse when lambda_1 is too small: J_psi is d_pos + m, without cure."""
    copy = nn.Linear(3 * D, D, bias=False).double()
    copy.weight.data = torch.eye(3 * D, dtype=torch.float64)[D : 2 * D]
    _, (head, _), _ = daml()
    model = DAML(head, copy, judge=every, reg=0.0)
    _, j_syn, j_gen, rate = model.objectives(y, labels)
    z, (a, p, _) = head(y), every(y, labels).T
    d_pos = (z[a] - z[p]).square().sum(1)
    assert j_syn.item() == pytest.approx((d_pos + 1).mean().item())
    assert (j_gen.item(), rate.item()) == (0, 1)


def test_same_seed_same_value_and_no_global_draw(y, labels):
    def drawn(seed):
        generator = torch.Generator().manual_seed(seed)
        _, _, model = daml(
            judge=lambda z, c: random_triplets(euclidean(z, z), c, generator=generator)
        )
        before = torch.get_rng_state()
        values = [model(y, labels).item() for _ in range(3)]
        assert torch.equal(torch.get_rng_state(), before)
        return values

    assert drawn(0) == drawn(0)
    assert drawn(0) != drawn(1)
    assert len(set(drawn(0))) == 3


def test_half_precision_is_computed_in_single(labels, generator):
    _, own, _ = daml()
    model = DAML(*(part.float() for part in own), judge=every)
    y = torch.randn(len(labels), D, generator=generator).half()
    assert torch.equal(model(y, labels), model(y.float(), labels))


# --- errors ---------------------------------------------------------------------------


@pytest.mark.errors
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"margin": 0}, "margin must be > 0, got 0"),
        ({"reg": -1.0}, "reg must be >= 0, got -1.0"),
        ({"adv": float("nan")}, "adv must be >= 0, got nan"),
    ],
)
def test_errors_of_numbers(change, message):
    with pytest.raises(ValueError, match=message):
        daml(**change)
    y, d = torch.zeros(2, 1), torch.zeros(2)
    with pytest.raises(ValueError, match=message):
        adversarial_loss(y, y, y, d, d, **change)


@pytest.mark.errors
def test_errors_of_batches(y, labels):
    _, _, model = daml(judge=lambda z, c: torch.tensor([[0, 1]]))
    with pytest.raises(ValueError, match="T must hold triplets"):
        model(y, labels)
    _, _, model = daml(judge=lambda z, c: torch.tensor([[0, 1, 10]]))
    with pytest.raises(ValueError, match="T must hold indices from 0 to n - 1 = 9"):
        model(y, labels)
    with pytest.raises(ValueError, match="y must be finite"):
        model(y / 0, labels)
