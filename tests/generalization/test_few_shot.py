"""Few-shot adaptation: episodes, and a copy of the last layer that learns from them."""

from collections import Counter

import pytest
import torch
from torch import nn

from mlcourse.generalization import adapt_head, few_shot_episode


@pytest.mark.parametrize("shots", [1, 2, 3])
def test_every_class_gives_its_shots_and_keeps_the_rest(generator, shots):
    y = torch.tensor([5, 3, 5, 0, 3, 0, 5, 3, 0, 3, 5, 0, 0, 3, 5, 5])
    support, query = few_shot_episode(y, shots=shots, generator=generator)
    assert Counter(y[support].tolist()) == {0: shots, 3: shots, 5: shots}
    assert torch.equal(torch.cat([support, query]).sort().values, torch.arange(16))
    assert (support.diff() > 0).all()
    assert (query.diff() > 0).all()


def test_points_are_drawn_evenly():
    """Each of 5 points of a class is chosen 2 times in 5; within 4 deviations."""
    y = torch.tensor([1, 0, 1, 0, 1, 1, 0, 0, 1, 0])
    g, counts = torch.Generator().manual_seed(0), torch.zeros(10)
    for _ in range(1000):
        counts[few_shot_episode(y, shots=2, generator=g)[0]] += 1
    assert counts.sum() == 4000
    assert (counts - 400).abs().max() < 4 * (1000 * 0.4 * 0.6) ** 0.5


def test_a_seed_repeats_it():
    y, state = torch.arange(40) % 4, torch.get_rng_state()

    def drawn(seed):
        g = torch.Generator().manual_seed(seed)
        return [few_shot_episode(y, shots=2, generator=g)[0].tolist() for _ in range(2)]

    assert drawn(0) == drawn(0)
    assert drawn(0) != drawn(1)
    assert drawn(0)[0] != drawn(0)[1]
    assert torch.equal(torch.get_rng_state(), state)


def pull(z, labels):
    """Squared distances in a class, minus those between classes."""
    same = labels[:, None] == labels
    dist = torch.cdist(z, z)
    return dist[same].square().mean() - dist[~same].square().clamp(max=1).mean()


@pytest.fixture
def support(generator):
    y = torch.arange(12) % 3
    return torch.randn(3, 5, generator=generator)[y] + torch.randn(
        12, 5, generator=generator
    ), y


@pytest.mark.parametrize("steps", [0, 1, 7])
def test_it_is_adam_on_a_copy(support, steps):
    f, y = support
    torch.manual_seed(0)  # first weights of a layer have no generator
    head = nn.Linear(5, 2)
    before = [w.clone() for w in head.parameters()]
    new = adapt_head(head, f, y, loss=pull, steps=steps, lr=0.01)
    own = nn.Linear(5, 2)
    own.load_state_dict(head.state_dict())
    adam = torch.optim.Adam(own.parameters(), lr=0.01)
    for _ in range(steps):
        adam.zero_grad()
        pull(own(f), y).backward()
        adam.step()
    for ours, expected in zip(new.parameters(), own.parameters(), strict=True):
        torch.testing.assert_close(ours, expected)
    assert all(map(torch.equal, before, head.parameters()))
    assert not new.training


def test_it_lowers_the_loss_of_a_frozen_network_too(support):
    f, y = support
    torch.manual_seed(0)
    head = nn.Linear(5, 2).requires_grad_(False)
    f.requires_grad_()
    new = adapt_head(head, f, y, loss=pull, steps=50, lr=0.01)
    assert pull(new(f), y) < pull(head(f), y) - 0.05
    assert f.grad is None
    assert not head.weight.requires_grad


@pytest.mark.errors
def test_errors(support):
    f, y = support
    g, head = torch.Generator(), nn.Linear(5, 2)
    with pytest.raises(ValueError, match="shots must be >= 1, got 0"):
        few_shot_episode(y, shots=0, generator=g)
    with pytest.raises(ValueError, match=r"shots \+ 2 = 5 points, the smallest has 4"):
        few_shot_episode(y, shots=3, generator=g)
    with pytest.raises(ValueError, match="the smallest has 0"):
        few_shot_episode(y[:0], shots=1, generator=g)
    with pytest.raises(ValueError, match="steps must be >= 0, got -1"):
        adapt_head(head, f, y, loss=pull, steps=-1)
    with pytest.raises(ValueError, match="lr must be > 0, got 0"):
        adapt_head(head, f, y, loss=pull, steps=1, lr=0)
    with pytest.raises(ValueError, match="labels must be one whole number"):
        adapt_head(head, f, y[1:], loss=pull, steps=1)
