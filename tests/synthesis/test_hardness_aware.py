"""HDML: its objectives by loop, and who gets a gradient of which."""

import math

import pytest
import torch
from torch import nn
from torch.nn.functional import normalize

from mlcourse.losses import npair_loss
from mlcourse.networks import UnitSphere
from mlcourse.synthesis import HDML, SplitEmbedding, hardness_lambda

DIM, D, CLASSES = 3, 6, 6


def parts(seed=7, dtype=torch.float64):
    """Trunk, head, synthesizer and classifier with weights from a seed."""
    generator = torch.Generator().manual_seed(seed)
    trunk = nn.Linear(4, D)
    head = nn.Sequential(nn.Linear(D, DIM), UnitSphere())
    synthesizer = nn.Sequential(nn.Linear(DIM, 5), nn.Tanh(), nn.Linear(5, D))
    classifier = nn.Linear(D, CLASSES)
    for part in (trunk, head, synthesizer, classifier):
        for weight in part.parameters():
            draw = torch.randn(weight.shape, generator=generator, dtype=dtype)
            weight.data = draw
    return trunk, head, synthesizer, classifier


def hdml(*, seed=7, j_avg=1.0, j_gen=0.8, **more):
    """HDML in the middle of training, by the running means."""
    trunk, *own = parts(seed)
    model = HDML(*own, loss=npair_loss, **({"alpha": 1.0} | more))
    model.j_avg.mean.fill_(j_avg)
    model.j_gen.mean.fill_(j_gen)
    return trunk, own, model


def entropy(scores, label):
    """-log softmax, by the definition."""
    return -math.log(math.exp(scores[label]) / sum(math.exp(s) for s in scores))


def by_loop(y, labels, own, alpha, balance, j_avg):
    """J of real and synthetic tuples, J_i, J_f: every point and pair for itself."""
    head, synthesizer, classifier = own
    pairs = []
    for c in sorted(set(labels.tolist())):
        rows = [i for i, label in enumerate(labels.tolist()) if label == c]
        if len(rows) > 1:
            pairs.append(rows[:2])
    z = [head(row[None])[0] for row in y]

    def made(point):
        return synthesizer(point[None])[0]

    j = j_syn = 0.0
    entropies = [
        entropy(classifier(made(z[i])).tolist(), labels[i]) for i in range(len(y))
    ]
    for a, p in pairs:
        real, synthetic = [], []
        anchor = head(made(z[a])[None])[0]
        for _, n in pairs:
            d_pos, d_neg = (z[a] - z[p]).norm(), (z[a] - z[n]).norm()
            share = hardness_lambda(d_pos, d_neg, alpha=alpha, j_avg=j_avg)
            hat = made(z[a] + share * (z[n] - z[a]))
            entropies.append(entropy(classifier(hat).tolist(), labels[n]))
            real.append((z[a] @ z[n]).item())
            synthetic.append((anchor @ head(hat[None])[0]).item())
        own_column = pairs.index([a, p])
        j += entropy(real, own_column) / len(pairs)
        j_syn += entropy(synthetic, own_column) / len(pairs)
    squares = [((y[i] - made(z[i])) ** 2).sum().item() for i in range(len(y))]
    j_i = (1 - balance) * sum(squares) / len(y)
    j_i += balance * sum(entropies) / len(entropies)
    scores = classifier(y).tolist()
    j_f = sum(entropy(row, c) for row, c in zip(scores, labels, strict=True)) / len(y)
    return [j, j_syn, j_i, j_f]


@pytest.mark.parametrize(
    ("alpha", "balance", "j_avg"),
    [(1, 0.5, 1.0), (7, 0.2, 3.0), (2, 0, 1.0), (2, 1, 1.0)],
)
@torch.no_grad()
def test_objectives_are_loops_over_their_formulas(y, labels, alpha, balance, j_avg):
    _, own, model = hdml(alpha=alpha, balance=balance, j_avg=j_avg)
    ours = [value.item() for value in model.objectives(y, labels)]
    expected = by_loop(y, labels, own, alpha, balance, j_avg)
    assert ours == pytest.approx(expected, rel=1e-6)  # j_avg is kept in float32
    assert abs(ours[0] - ours[1]) > 1e-3


@torch.no_grad()
def test_numbers_that_are_not_given_are_the_papers(y, labels):
    """alpha 90, lambda 1/2; a mean over 64 batches."""
    _, *own = parts()
    model = HDML(*own, loss=npair_loss)
    for value in (*range(63), 1.0):
        assert model.j_avg.mean == math.inf
        model.j_avg.update(torch.tensor(float(value)))
    assert model.j_avg.mean.item() == (sum(range(63)) + 1) / 64
    ours = [value.item() for value in model.objectives(y, labels)]
    j_avg = model.j_avg.mean.item()
    assert ours == pytest.approx(by_loop(y, labels, own, 90, 0.5, j_avg), rel=1e-6)


@torch.no_grad()
def test_one_point_is_a_mean_of_one(y, labels):
    _, own, model = hdml(alpha=1, balance=0.5)
    ours = [value.item() for value in model.objectives(y[:1], labels[:1])]
    assert ours == pytest.approx(by_loop(y[:1], labels[:1], own, 1, 0.5, 1.0))


def test_value_is_the_weighted_sum(y, labels):
    _, _, model = hdml(j_gen=0.8, beta=0.5)
    j, j_syn, j_i, j_f = (v.item() for v in model.objectives(y, labels))
    real = math.exp(-0.5 / 0.8)
    expected = real * j + (1 - real) * j_syn + j_i + j_f
    assert model(y, labels).item() == pytest.approx(expected, rel=1e-6)


def test_pairs_are_the_first_two_of_each_class():
    """Dots of anchors 0, 4, 1 of classes 0, 2, 5 with positives 3, 5, 2, by hand."""
    seen = []

    def keep(sim):
        seen.append(sim)
        return sim.sum()

    y = torch.arange(1.0, 9).double()[:, None]
    labels = torch.tensor([0, 5, 5, 0, 2, 2, 5, 1])
    one = nn.Identity()
    model = HDML(one, one, nn.Linear(1, 6).double(), loss=keep)
    model.objectives(y, labels)
    expected = torch.tensor([1.0, 5, 2])[:, None] * torch.tensor([4.0, 6, 3])
    assert torch.equal(seen[0], expected.double())
    assert torch.equal(seen[1], expected.double())  # nothing is pulled before a mean


def test_hard_negatives_by_hand():
    """J_avg = 0, perfect synthesizer: negatives as far as positives, towards them."""
    seen = []

    def keep(sim):
        seen.append(sim)
        return sim.sum()

    y = torch.tensor([[0.0, 1], [0, 3], [4, 1], [7, 1]])  # d+ = 2 and 3
    one = nn.Identity()
    model = HDML(one, one, nn.Linear(2, 2), loss=keep)
    model.j_avg.mean.fill_(0.0)
    model.objectives(y, torch.tensor([0, 0, 1, 1]))
    # anchor (0, 1): positive (0, 3); negative (7, 1) comes to (2, 1)
    # anchor (4, 1): positive (7, 1); negative (0, 3), sqrt 20 away, to distance 3
    share = 3 / 20**0.5
    hat = torch.tensor([4 - 4 * share, 1 + 2 * share])
    expected = torch.tensor([[3.0, 1.0], [4 * hat[0] + hat[1], 29.0]])
    torch.testing.assert_close(seen[1], expected)


# --- who gets a gradient of which -----------------------------------------------------


def gradients(value, weights):
    return torch.autograd.grad(value, weights, allow_unused=True, retain_graph=True)


def test_each_part_gets_the_gradient_of_its_own_objective_alone(labels, generator):
    """One backward pass of the sum is three, each for its own parameters."""
    trunk, (head, synthesizer, classifier), model = hdml()
    x = torch.randn(len(labels), 4, generator=generator, dtype=torch.float64)
    y = trunk(x)
    j, j_syn, j_i, j_f = model.objectives(y, labels)
    real = torch.exp(torch.tensor(-1 / 0.8))
    own = {
        "metric": (real * j + (1 - real) * j_syn, [trunk, head]),
        "synthesizer": (j_i, [synthesizer]),
        "classifier": (j_f, [classifier]),
    }
    weights = {
        name: [w for part in members for w in part.parameters()]
        for name, (_, members) in own.items()
    }
    whole = model(trunk(x), labels)
    for name, (value, _) in own.items():
        for other, rows in weights.items():
            found = gradients(value, rows)
            if other == name:
                for ours, alone in zip(gradients(whole, rows), found, strict=True):
                    torch.testing.assert_close(ours, alone)
                    assert alone.abs().max() > 1e-6
            else:
                assert found == (None,) * len(rows), (name, other)


def test_one_optimizer_with_groups_is_three_optimizers(labels, generator):
    """Three steps of Adam with three rates: the same weights to the last bit."""
    x = torch.randn(len(labels), 4, generator=generator, dtype=torch.float64)
    rates = (1e-2, 3e-2, 1e-1)

    def groups(trunk, own):
        return [[*trunk.parameters(), *own[0].parameters()],
                list(own[1].parameters()), list(own[2].parameters())]  # fmt: skip

    trunk, own, model = hdml(window=1)
    rows = zip(groups(trunk, own), rates, strict=True)
    adam = torch.optim.Adam([{"params": p, "lr": lr} for p, lr in rows])
    for _ in range(3):
        adam.zero_grad()
        model(trunk(x), labels).backward()
        adam.step()

    trunk3, own3, model3 = hdml(window=1)
    three = [torch.optim.Adam(p, lr=lr)
             for p, lr in zip(groups(trunk3, own3), rates, strict=True)]  # fmt: skip
    for _ in range(3):
        j, j_syn, j_i, j_f = model3.objectives(trunk3(x), labels)
        real = torch.exp(-1 / model3.j_gen.mean)
        model3.j_avg.update(j)
        model3.j_gen.update(j_i)
        for adam, value in zip(
            three, (real * j + (1 - real) * j_syn, j_i, j_f), strict=True
        ):
            adam.zero_grad()
            value.backward(retain_graph=True)
        for adam in three:
            adam.step()
    for part, other in zip((trunk, *own), (trunk3, *own3), strict=True):
        for ours, theirs in zip(part.parameters(), other.parameters(), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-12)


def test_gradients_are_finite_differences(y, labels):
    """Of the synthesizer's and the classifier's weights, in their own objectives."""
    _, (_, synthesizer, classifier), model = hdml()
    for part, k in ((synthesizer, 2), (classifier, 3)):
        value = model.objectives(y, labels)[k]
        for weight in part.parameters():
            (slope,) = torch.autograd.grad(value, weight, retain_graph=True)
            at, step = weight.data.view(-1), 1e-6
            before = at[0].item()
            values = []
            for sign in (1, -1):
                at[0] = before + sign * step
                values.append(model.objectives(y, labels)[k].item())
            at[0] = before
            expected = (values[0] - values[1]) / (2 * step)
            assert slope.view(-1)[0].item() == pytest.approx(expected, rel=1e-5)


def test_metric_objective_by_finite_differences_where_nothing_is_pulled(y, labels):
    """With lambda_0 = 1 no number is held fixed, so features and head are exact."""
    _, (head, *_), model = hdml(j_avg=math.inf)
    y.requires_grad_()
    value = model.objectives(y, labels)[1]
    weight = head[0].weight
    slopes = torch.autograd.grad(value, (y, weight))
    for tensor, slope in zip((y, weight), slopes, strict=True):
        for i in range(3):
            at, step = tensor.data.view(-1), 1e-6
            before, values = at[i].item(), []
            for sign in (1, -1):
                at[i] = before + sign * step
                values.append(model.objectives(y, labels)[1].item())
            at[i] = before
            expected = (values[0] - values[1]) / (2 * step)
            assert slope.view(-1)[i].item() == pytest.approx(expected, abs=1e-8)


# --- running means --------------------------------------------------------------------


def test_means_are_of_whole_windows(y, labels):
    """Infinite in the first window: nothing is pulled, no synthetic tuple counts."""
    _, _, model = hdml(window=2, j_avg=math.inf, j_gen=math.inf)
    values = []
    for k in range(5):
        j, j_syn, j_i, j_f = (v.item() for v in model.objectives(k * y, labels))
        share = math.exp(-1 / model.j_gen.mean.item())
        expected = share * j + (1 - share) * j_syn + j_i + j_f
        assert model(k * y, labels).item() == pytest.approx(expected, rel=1e-6)
        values.append((j, j_i))
        for mean, column in ((model.j_avg, 0), (model.j_gen, 1)):
            if k == 0:
                assert mean.mean.item() == math.inf
            else:
                start = (k + 1) // 2 * 2 - 2
                window = [v[column] for v in values[start : start + 2]]
                assert mean.mean.item() == pytest.approx(sum(window) / 2, rel=1e-6)


def test_state_has_the_means_and_no_head():
    _, _, model = hdml(j_avg=2.5)
    state = model.state_dict()
    assert state["j_avg.mean"] == 2.5
    assert not any(name.startswith("_head") for name in state)
    names = {name.split(".")[0] for name, _ in model.named_parameters()}
    assert names == {"synthesizer", "classifier"}


# --- degenerate batches ---------------------------------------------------------------

BATCHES = {
    "no point": [],
    "one point": [0],
    "one class": [2, 2, 2],
    "no two of a class": [0, 1, 2, 5],
}


@pytest.mark.parametrize("rows", BATCHES.values(), ids=BATCHES)
@pytest.mark.parametrize("j_avg", [0.0, 1.0, math.inf])
def test_without_two_pairs_the_metric_has_nothing_to_learn(rows, j_avg, generator):
    _, _, model = hdml(j_avg=j_avg)
    y = torch.randn(len(rows), D, generator=generator, dtype=torch.float64)
    y.requires_grad_()
    j, j_syn, j_i, j_f = model.objectives(y, torch.tensor(rows, dtype=torch.int64))
    assert (j.item(), j_syn.item()) == (0, 0)
    assert (j_i.item() > 0) == (j_f.item() > 0) == (len(rows) > 0)
    (slope,) = torch.autograd.grad(j + j_syn, y)
    assert (slope == 0).all()


@pytest.mark.parametrize("j_avg", [0.0, 1.0, math.inf])
def test_identical_points_give_no_nan(labels, j_avg):
    trunk, own, model = hdml(j_avg=j_avg)
    x = torch.ones(len(labels), 4, dtype=torch.float64)
    value = model(trunk(x), labels)
    value.backward()
    assert value.isfinite()
    for part in (trunk, *own):
        assert all(w.grad.isfinite().all() for w in part.parameters())


def test_half_precision_is_computed_in_single(labels):
    own = parts(dtype=torch.float32)[1:]
    model = HDML(*own, loss=npair_loss)
    y = torch.randn(len(labels), D, generator=torch.Generator().manual_seed(0)).half()
    assert torch.equal(model(y, labels), model(y.float(), labels))


def test_a_synthesizer_with_batch_norm_trains_too(y, labels):
    norm = nn.Sequential(nn.Linear(DIM, D), nn.BatchNorm1d(D)).double()
    _, head, _, classifier = parts()
    model = HDML(head, norm, classifier, loss=npair_loss)
    model(y, labels).backward()
    assert all(w.grad.isfinite().all() for w in norm.parameters())


def test_same_input_same_value_and_no_global_draw(y, labels):
    models = [hdml()[2] for _ in range(3)]
    before = torch.get_rng_state()
    assert len({model(y, labels).item() for model in models}) == 1
    assert torch.equal(torch.get_rng_state(), before)


def test_order_of_other_classes_counts_nothing(y, labels):
    """New numbers for the classes, with the classifier's rows moved along."""
    _, (_, _, classifier), model = hdml()
    expected = model(y, labels).item()
    swap = torch.tensor([4, 1, 3, 2, 0, 5])
    for weight in classifier.parameters():
        weight.data = weight.data[swap.argsort()]
    _, _, other = hdml()
    other.classifier = classifier
    assert other(y, swap[labels]).item() == pytest.approx(expected)


# --- split embedding ------------------------------------------------------------------


def test_features_in_training_and_embeddings_in_use():
    trunk, head, *_ = parts()
    psi = SplitEmbedding(trunk, head)
    x = torch.ones(2, 4, dtype=torch.float64)
    assert torch.equal(psi(x), trunk(x))
    assert torch.equal(psi.eval()(x), head(trunk(x)))
    assert torch.equal(psi.train()(x), trunk(x))
    assert {n.split(".")[0] for n, _ in psi.named_parameters()} == {"trunk", "head"}
    torch.testing.assert_close(normalize(psi.eval()(x)), psi(x))


# --- errors ---------------------------------------------------------------------------


@pytest.mark.errors
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"alpha": 0.0}, "alpha must be > 0, got 0.0"),
        ({"beta": -1}, "beta must be > 0, got -1"),
        ({"balance": 1.1}, "balance must be from 0 to 1, got 1.1"),
        ({"window": 0}, "window must be >= 1 batch, got 0"),
    ],
)
def test_errors_of_numbers(change, message):
    with pytest.raises(ValueError, match=message):
        hdml(**change)


@pytest.mark.errors
def test_errors_of_batches(y, labels):
    _, _, model = hdml()
    with pytest.raises(ValueError, match="labels must be from 0 to C - 1 = 5"):
        model(y, labels + 1)
    with pytest.raises(ValueError, match="labels must be one whole number for each"):
        model(y, labels[:-1])
    with pytest.raises(ValueError, match="y must be finite"):
        model(y / 0, labels)
    with pytest.raises(ValueError, match=r"y must be an \(n, d\) matrix"):
        model(y[0], labels[:1])
