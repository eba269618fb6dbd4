"""Tests for negatives by a histogram, and for the policy that bends it."""

import math
from collections import Counter

import pytest
import torch
from scipy.stats import chisquare
from torch import nn

from mlcourse.distances import euclidean
from mlcourse.losses import triplet_loss
from mlcourse.miners import PolicyMiner, histogram_triplets
from mlcourse.miners._bins import even_bins, normalised
from mlcourse.miners._held_out import hold_out, spread_of, state_of
from mlcourse.miners._policy import Policy
from mlcourse.networks import mlp
from mlcourse.samplers import ClassBalancedBatches, EpochHook
from mlcourse.training import train

EDGES = torch.tensor([0.2, 0.6, 1.0, 1.4])


def draw(dist, labels, weights, seed=0, edges=EDGES):
    return histogram_triplets(
        dist, labels, edges=edges, weights=torch.tensor(weights),
        generator=torch.Generator().manual_seed(seed),
    )  # fmt: skip


# --- the histogram --------------------------------------------------------------------


def bin_of(d):
    """The bin of a distance, or None beyond them."""
    inside = [k for k in range(3) if EDGES[k] <= d < EDGES[k + 1]]
    return inside[0] if inside else None


def test_every_pair_has_a_negative_of_a_bin_with_weight(matrix, labels):
    weights = [0.0, 2.0, 0.5]
    T = draw(matrix, labels, weights).tolist()
    expected = []
    for a in range(len(labels)):
        others = [n for n in range(len(labels)) if labels[n] != labels[a]
                  and bin_of(matrix[a, n]) in (1, 2)]  # fmt: skip
        for p in range(len(labels)):
            if p != a and labels[p] == labels[a] and others:
                expected.append((a, p, others))
    assert [(a, p) for a, p, _ in T] == [(a, p) for a, p, _ in expected]
    for (_, _, n), (_, _, others) in zip(T, expected, strict=True):
        assert n in others


def test_negatives_are_drawn_in_proportion_to_the_weight_of_their_bin():
    """One pair, six strangers, two in a bin; fails a right draw once in 10 000."""
    d = torch.tensor([0.0, 0.1, 0.2, 0.59, 0.61, 0.99, 1.1, 1.3, 1.4, 0.19])
    dist = d.expand(10, 10)
    labels = torch.tensor([7, 7, 0, 1, 2, 3, 4, 5, 6, 8])
    weights = [3.0, 1.0, 2.0]
    n = [draw(dist, labels, weights, seed=s)[0, 2].item() for s in range(3000)]
    found = Counter(n)
    assert set(found) == {2, 3, 4, 5, 6, 7}  # 1.4 and 0.19 are beyond
    share = torch.tensor([3, 3, 1, 1, 2, 2]) / 12 * 3000
    assert chisquare([found[i] for i in range(2, 8)], share).pvalue > 1e-4


def test_one_bin_is_a_band(matrix, labels):
    T = draw(matrix, labels, [5.0], edges=EDGES[[0, 3]])
    apart = matrix[T[:, 0], T[:, 2]]
    assert len(T) > 20
    assert ((apart >= EDGES[0]) & (apart < EDGES[3])).all()


def test_only_ratios_of_weights_count(matrix, labels):
    one = draw(matrix, labels, [0.2, 0.1, 0.7])
    assert torch.equal(one, draw(matrix, labels, [2.0, 1.0, 7.0]))
    assert torch.equal(one, draw(matrix.float(), 7 * labels - 3, [0.2, 0.1, 0.7]))
    assert not torch.equal(one, draw(matrix, labels, [0.2, 0.1, 0.7], seed=1))
    assert not one.requires_grad


def test_batches_without_a_triplet_have_none(matrix):
    for labels in (torch.zeros(15).long(), torch.arange(15)):
        assert draw(matrix, labels, [1.0, 1.0, 1.0]).shape == (0, 3)
    labels = torch.arange(15) // 2
    assert draw(matrix, labels, [0.0, 0.0, 0.0]).shape == (0, 3)
    assert draw(matrix + 5, labels, [1.0, 1.0, 1.0]).shape == (0, 3)
    assert draw(matrix[:0, :0], labels[:0], [1.0, 1.0, 1.0]).shape == (0, 3)


# --- the policy -----------------------------------------------------------------------


def test_the_gradient_of_ppo_is_that_of_the_formula():
    """One step against a loss written out bin by bin, with plain SGD."""
    policy = Policy(4, 3, generator=torch.Generator().manual_seed(0))
    state, actions = torch.tensor([0.3, -1.0, 2.0, 0.5]), torch.tensor([0, 2, 1])
    with torch.no_grad():  # far from the old policy for some bins
        policy.net[-1].bias += torch.tensor([1.0, 0, 0, 0, 0, 0.1, 0, -1.0, 0])
    for advantage in (1.0, -0.7):
        policy.optimizer = torch.optim.SGD(policy.net.parameters(), lr=0.0)
        policy.learn(state, actions, advantage)
        got = [p.grad.clone() for p in policy.net.parameters()]
        policy.net.zero_grad()
        now = policy.net(state).view(3, 3).softmax(dim=1)
        old = policy.old(state).view(3, 3).softmax(dim=1).detach()
        terms = []
        for k, action in enumerate(actions.tolist()):
            ratio = now[k, action] / old[k, action]
            cut = min(max(ratio.item(), 0.8), 1.2)
            whole = ratio * advantage
            terms.append(whole if whole.item() <= cut * advantage + 1e-6
                         else torch.tensor(cut * advantage))  # fmt: skip
        (-sum(terms) / 3).backward()
        expected = [p.grad for p in policy.net.parameters()]
        for a, b in zip(got, expected, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-7)


def test_rewards_are_judged_by_their_running_mean(monkeypatch):
    policy, seen = Policy(2, 1, generator=torch.Generator()), []
    monkeypatch.setattr(policy, "learn", lambda *last: seen.append(last[-1]))
    for reward in (7.0, 1.0, 1.0, -1.0):  # before the first nothing was done
        policy.step(torch.zeros(2), reward)
    assert seen == pytest.approx([1, 1 - 0.05, -1 - 0.05 - 0.05 * 0.95])


def test_the_old_network_is_renewed_after_every_fourth_update_where_lag_is_4():
    policy = Policy(2, 1, generator=torch.Generator().manual_seed(0), lag=4)
    same = []
    for _ in range(8):
        policy.learn(torch.ones(2), torch.tensor([1]), 1.0)
        pairs = zip(policy.net.parameters(), policy.old.parameters(), strict=True)
        same.append(all(torch.equal(new, old) for new, old in pairs))
    assert same == 2 * [False, False, False, True]


def test_the_network_starts_as_pytorchs_do():
    policy = Policy(4, 3, generator=torch.Generator().manual_seed(0))
    assert policy.lag == 5
    assert policy.optimizer.param_groups[0]["lr"] == 0.01
    for layer in policy.net[::2]:
        reach = layer.in_features**-0.5
        assert -reach <= layer.weight.min() < -0.9 * reach
        assert 0.9 * reach < layer.weight.max() <= reach


def test_actions_are_drawn_by_the_network():
    """Fails a right draw once in 10 000 seeds."""
    policy = Policy(2, 1, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        policy.net[-1].bias += torch.tensor([1.0, 0.0, -1.0])
    state = torch.tensor([0.2, 0.4])
    chance = policy.net(state).softmax(dim=0)
    drawn = torch.stack([policy.act(state) for _ in range(2000)]).flatten()
    found = drawn.bincount(minlength=3).tolist()
    expected = (2000 * chance.detach().double() / chance.double().sum()).tolist()
    assert chisquare(found, [e * 2000 / sum(expected) for e in expected]).pvalue > 1e-4


LABELS = torch.arange(10).repeat_interleave(8)


def miner(score=lambda z, y: 0.0, *, seed=0, labels=LABELS, **keywords):
    return PolicyMiner(
        labels, score=score, generator=torch.Generator().manual_seed(seed), **keywords
    )


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("rewarded", [1, 5])
def test_the_policy_learns_which_bin_is_rewarded(seed, rewarded):
    """A stub of the environment: e rises with the weight of one bin of ten."""
    made = miner(lambda z, y: made.pi[rewarded].item(), seed=seed, bins=10,
                 start=(0, 2))  # fmt: skip
    z = torch.zeros(80, 4)
    for _ in range(150):
        made.refresh(z)
    assert made.pi.argmax() == rewarded
    assert made.pi[rewarded] > 0.4  # 0.1 at first


def test_the_reward_is_the_sign_of_any_change(monkeypatch):
    scores, rewards = iter([0.5, 0.5 + 1e-9, 0.5, 0.5]), []
    made = miner(lambda z, y: next(scores))
    step = made._policy.step

    def noted(state, reward):
        rewards.append(reward)
        return step(state, reward)

    monkeypatch.setattr(made._policy, "step", noted)
    for _ in range(4):
        made.refresh(torch.zeros(len(LABELS), 2))
    assert rewards == [0, 1, -1, 0]


def test_without_a_reward_the_bins_only_wander():
    ends = []
    for seed in range(3):
        made = miner(seed=seed, bins=10, start=(0, 2))
        for _ in range(40):
            made.refresh(torch.zeros(80, 4))
        assert made.scores == [0.0] * 40
        ends.append(made.pi.argmax().item())
    assert len(set(ends)) > 1


def test_bins_by_hand():
    """A bin counts where its middle, 0.25, 0.75, ..., is in start, ends included."""
    edges, pi = even_bins(4, (0, 2), (0.25, 1.25))
    assert edges.tolist() == [0, 0.5, 1, 1.5, 2]
    assert pi.tolist() == pytest.approx([1 / 3.0003] * 3 + [1e-4 / 1.0001], rel=1e-4)
    edges, pi = even_bins(1, (0, 2), (0.5, 1.5))
    assert (edges.tolist(), pi.tolist()) == ([0, 2], [1])


def test_no_share_falls_below_the_floor_whatever_the_sum():
    pi = normalised(torch.tensor([8.0, 0.0004]))
    assert pi.tolist() == pytest.approx([0.9999, 1e-4], rel=1e-3)


def test_weights_are_multiplied_and_stay_a_distribution():
    made = miner()
    assert made.edges.tolist() == pytest.approx(
        [0.1 + 1.3 * k / 29 for k in range(30)], abs=1e-6
    )
    middle = (made.edges[1:] + made.edges[:-1]) / 2
    inside = (middle >= 0.3) & (middle <= 0.7)
    assert made.pi[inside].std() < 1e-7
    assert made.pi[~inside].max() < 2e-4
    for _ in range(30):
        before = made.pi
        made.refresh(torch.zeros(80, 4))
        assert made.pi.sum().item() == pytest.approx(1)
        assert made.pi.min() > 5e-5
        high = (before > 0.02) & (made.pi > 0.02)  # away from the floor
        ratios = (made.pi / before)[high].log()
        steps = (ratios - ratios.max()) / math.log(1.25)
        assert torch.allclose(steps, steps.round(), atol=0.05)


def test_held_out_points_are_some_of_each_class_and_are_never_drawn():
    labels = torch.tensor([3, -1, 9, 4]).repeat_interleave(torch.tensor([20, 10, 3, 1]))
    made = miner(labels=labels, share=0.15)
    counts = Counter(labels[made.held].tolist())
    assert counts == {3: 3, -1: 2}  # two of a class stay
    assert sorted(set(made.held.tolist())) == made.held.tolist()
    batches = ClassBalancedBatches(
        made.drawable, classes=3, per_class=2, n_batches=200,
        generator=torch.Generator().manual_seed(0),
    )  # fmt: skip
    drawn = {row for batch in batches for row in batch}
    assert drawn == set(range(33)) - set(made.held.tolist())
    seen = []
    made = miner(lambda z, y: seen.append((z, y)) or 0.0, labels=labels)
    z = torch.randn(34, 2, generator=torch.Generator().manual_seed(1))
    made.refresh(z)
    assert torch.equal(seen[0][0], z[made.held])
    assert torch.equal(seen[0][1], labels[made.held])


def test_two_points_of_each_class_stay():
    labels = torch.tensor([4, 4, 4, 4, 4, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 1, 1, 2])
    held = hold_out(labels, share=0.9, generator=torch.Generator())
    assert labels[held].bincount(minlength=10).tolist() == [
        0,
        0,
        0,
        0,
        3,
        0,
        0,
        0,
        0,
        8,
    ]


def test_what_the_policy_sees_by_hand():
    """Means of the last 1, 2, 8, 16, 32 scores, their number, and two distances."""
    z = torch.tensor([[0.0, 0], [2, 0], [4, 4], [4, 4], [4, 7]])
    labels = torch.tensor([7, 7, 3, 3, 3])
    assert spread_of(z, labels).tolist() == pytest.approx([6 / 5, 34**0.5])
    assert spread_of(z[:2], labels[:2]).tolist() == [1, 0]  # one class: no two means
    scores = [float(i) for i in range(40)]
    state = state_of(scores, z, labels).tolist()
    assert state == pytest.approx([39, 38.5, 35.5, 31.5, 23.5, 0.4, 1.2, 34**0.5])


def test_it_mines_by_its_weights(matrix, labels):
    made = miner(bins=3, support=(0.2, 1.4), start=(0.6, 1.0))
    assert isinstance(made, EpochHook)
    expected = histogram_triplets(
        matrix, labels, edges=made.edges, weights=made.pi,
        generator=torch.Generator().manual_seed(9),
    )  # fmt: skip
    made.generator.manual_seed(9)
    assert torch.equal(made(matrix, labels), expected)


def test_global_draws_are_neither_used_nor_moved():
    before = torch.get_rng_state()
    first, second = (miner(lambda z, y: z.mean().item()) for _ in range(2))
    torch.manual_seed(5)
    for _ in range(8):
        first.refresh(torch.rand(80, 4, generator=torch.Generator().manual_seed(3)))
    torch.manual_seed(6)
    for _ in range(8):
        second.refresh(torch.rand(80, 4, generator=torch.Generator().manual_seed(3)))
    assert torch.equal(first.pi, second.pi)
    torch.set_rng_state(before)
    miner().refresh(torch.zeros(80, 4))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_stopped_training_ends_as_if_it_had_not_been(tmp_path):
    x = torch.randn(80, 6, generator=torch.Generator().manual_seed(0))
    x += 2 * nn.functional.one_hot(LABELS % 6, 6)

    def run(epochs, **keywords):
        generator = torch.Generator().manual_seed(0)
        psi = mlp((6, 16, 4), generator=generator)
        made = PolicyMiner(
            LABELS, score=lambda z, y: -euclidean(z, z).mean().item(),
            generator=generator, bins=5, start=(0, 2),
        )  # fmt: skip

        def loss(z, labels):
            dist = euclidean(z, z)
            return triplet_loss(dist, made(dist.detach(), labels))

        batches = ClassBalancedBatches(made.drawable, classes=5, per_class=3,
                                       n_batches=4, generator=generator)  # fmt: skip
        history = train(psi, loss, x, LABELS, batches=batches, hooks=[made],
                        validation=(x, LABELS + 10), epochs=epochs, lr=1e-2,
                        generator=generator, **keywords)  # fmt: skip
        return history.loss, made.pi, made.scores

    loss, pi, scores = run(8)
    run(5, checkpoint=tmp_path / "a.pt")
    again = run(8, checkpoint=tmp_path / "a.pt")
    assert again[0] == loss
    assert torch.equal(again[1], pi)
    assert again[2] == scores
    assert len(scores) == 8


def test_labels_of_any_width_serve():
    for dtype in (torch.int8, torch.int32):
        got = miner(labels=LABELS.to(dtype))
        assert torch.equal(got.drawable, miner().drawable)
    many = miner(labels=(torch.arange(400) % 100).to(torch.int8), share=0.3)
    assert many.drawable.max() == 99 + len(many.held)  # none wraps round at 127


def test_a_state_is_not_the_miner_s_own():
    first, second = miner(), miner()
    first.refresh(torch.zeros(80, 4))
    state = first.state_dict()
    second.load_state_dict(state)
    second.refresh(torch.zeros(80, 4))
    assert (len(first.scores), len(second.scores)) == (1, 2)
    assert len(state["own"][1]) == 1


@pytest.mark.errors
@pytest.mark.parametrize(
    ("message", "keywords"),
    [
        ("share must be between 0 and 1", {"share": 0.0}),
        ("share must be between 0 and 1", {"share": 1}),
        ("at most 2 points, two of which", {"labels": torch.arange(20) // 2 + 30}),
        ("bins must be >= 1", {"bins": 0}),
        ("two ascending distances", {"support": (1.0, 0.5)}),
        ("two ascending distances", {"support": (1.0, 1.0)}),
        (
            "from 0.5 to 2.5, 0.5 wide",
            {"bins": 4, "support": (0.5, 2.5), "start": (0, 0.1)},
        ),
        ("start must hold the middle of a bin", {"start": (0.5, 0.5)}),
        ("three ascending factors", {"actions": (1.0, 1.0, 1.5)}),
        ("three ascending factors", {"actions": (0.8, 1.5, 1.5)}),
        ("three ascending factors > 0", {"actions": (0.0, 1.0, 1.5)}),
        ("one whole number for each", {"labels": LABELS.float()}),
    ],
)
def test_a_mistake_is_told(message, keywords):
    with pytest.raises(ValueError, match=message):
        miner(**keywords)


@pytest.mark.errors
def test_a_mistake_in_the_histogram_is_told(matrix, labels):
    with pytest.raises(ValueError, match="for each of the 3 bins"):
        draw(matrix, labels, [1.0, 2.0])
    with pytest.raises(ValueError, match="finite number >= 0"):
        draw(matrix, labels, [1.0, 2.0, -1.0])
    with pytest.raises(ValueError, match="finite number >= 0"):
        draw(matrix, labels, [1.0, 2.0, torch.nan])
    with pytest.raises(ValueError, match="two or more ascending"):
        draw(matrix, labels, [1.0, 2.0, 3.0], edges=EDGES.flip(0))
    with pytest.raises(ValueError, match="two or more ascending"):
        draw(matrix, labels, [1.0, 2.0, 3.0], edges=EDGES[[0, 1, 1, 3]])
    with pytest.raises(ValueError, match="two or more ascending"):
        draw(matrix, labels, [], edges=EDGES[:1])
    with pytest.raises(ValueError, match=r"dist must be an \(n, n\) matrix"):
        draw(matrix[:3], labels, [1.0, 2.0, 3.0])
