"""Surrogate labels, the hook that renews them, and batches that show them."""

import pytest
import torch
from sklearn.metrics import normalized_mutual_info_score as nmi
from torch import nn

from mlcourse.generalization import (
    SurrogateBatches,
    SurrogateClusters,
    class_standardize,
    surrogate_labels,
)
from mlcourse.samplers import ClassBalancedBatches, EpochHook
from mlcourse.training import train


@pytest.fixture
def planted(generator):
    """12 classes of 20, far apart; a factor of three values that all of them share."""
    y = torch.arange(12).repeat_interleave(20)
    factor = torch.randint(3, (240,), generator=generator)
    directions = 3 * torch.randn(3, 8, generator=generator)
    f = 10 * torch.randn(12, 8, generator=generator)[y] + directions[factor]
    return f + 0.3 * torch.randn(240, 8, generator=generator), y, factor


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_standardized_features_give_the_factor_raw_ones_the_class(planted):
    f, y, factor = planted
    own = surrogate_labels(class_standardize(f, y), n_clusters=3, generator=seeded())
    raw = surrogate_labels(f, n_clusters=12, generator=seeded())
    assert nmi(factor, own) > 0.9
    assert nmi(y, own) < 0.1
    assert nmi(y, raw) > 0.8


def test_centres_are_means_and_points_go_to_the_nearest(planted):
    """What k-means has settled is a fixed point of its two steps."""
    f = planted[0]
    c = surrogate_labels(f, n_clusters=5, generator=seeded(1))
    centres = torch.stack([f[c == k].mean(dim=0) for k in range(5)])
    assert torch.equal(torch.cdist(f, centres).argmin(dim=1), c)


def test_a_seed_repeats_it_and_the_generator_moves_on(planted):
    f, _, _ = planted
    g, state = seeded(), torch.get_rng_state()
    first = surrogate_labels(f, n_clusters=9, generator=g)
    assert not torch.equal(g.get_state(), seeded().get_state())
    assert torch.equal(first, surrogate_labels(f, n_clusters=9, generator=seeded()))
    assert torch.equal(torch.get_rng_state(), state)
    assert first.dtype == torch.int64


@pytest.mark.errors
def test_errors_of_labels():
    with pytest.raises(ValueError, match="n_clusters must be from 1 to the number of"):
        surrogate_labels(torch.zeros(3, 2), n_clusters=4, generator=seeded())
    with pytest.raises(ValueError, match="features must be finite"):
        surrogate_labels(torch.tensor([[torch.nan]]), n_clusters=1, generator=seeded())


# --- the hook -------------------------------------------------------------------------


def clusters(planted, *, every=2, auxiliary=None, n_clusters=3):
    f, y, _ = planted
    return SurrogateClusters(
        f, y, auxiliary=auxiliary or (lambda: f), n_clusters=n_clusters, every=every,
        generator=seeded(),
    )  # fmt: skip


@pytest.mark.parametrize(("every", "rounds"), [(1, 6), (2, 3), (3, 2), (9, 1)])
def test_it_clusters_every_so_many_epochs_by_the_auxiliary_head(planted, every, rounds):
    """Before epochs 0, every, 2 every, ... of 6; the first time by the features."""
    f, y, factor = planted
    asked = []

    def auxiliary():
        asked.append(1)
        return f

    hook = clusters(planted, every=every, auxiliary=auxiliary)
    assert isinstance(hook, EpochHook)
    assert nmi(factor, hook.assignment) > 0.9
    for _ in range(6):
        hook.refresh(torch.zeros(240, 2))
    assert len(hook.assignments) == rounds == 1 + len(asked)
    if rounds > 1:  # those of raw features follow the classes
        assert nmi(y, hook.assignment) > 0.5


def test_state_goes_on(planted):
    hook, other = clusters(planted), clusters(planted)
    for _ in range(3):
        hook.refresh(torch.zeros(1, 1))
    other.load_state_dict(hook.state_dict())
    other.generator.set_state(hook.generator.get_state())
    for part in (hook, other):
        part.refresh(torch.zeros(1, 1))
        part.refresh(torch.zeros(1, 1))
    assert len(hook.assignments) == len(other.assignments) == 3
    assert torch.equal(hook.assignment, other.assignment)


@pytest.mark.errors
def test_errors_of_the_hook(planted):
    with pytest.raises(ValueError, match="every must be >= 1 epoch, got 0"):
        clusters(planted, every=0)


# --- the batches ----------------------------------------------------------------------


def batches(planted, *, groups=2, per_group=5, noise=0.0, n_batches=40, seed=0):
    given = [[k, k + 1] for k in range(n_batches)]
    hook = clusters(planted)
    return hook, SurrogateBatches(
        given, hook, groups=groups, per_group=per_group, noise=noise,
        generator=seeded(seed),
    )  # fmt: skip


def test_a_batch_is_the_given_one_and_groups_of_clusters(planted):
    hook, made = batches(planted)
    seen = set()
    for k, batch in enumerate(made):
        assert batch[:2] == [k, k + 1]
        first, second = batch[2:7], batch[7:]
        assert len(set(first)) == len(set(second)) == 5
        own = [set(hook.assignment[part].tolist()) for part in (first, second)]
        assert [len(part) for part in own] == [1, 1]
        assert own[0] != own[1]
        seen |= own[0] | own[1]
    assert seen == {0, 1, 2}


@pytest.mark.parametrize("noise", [0.1, 0.3])
def test_noise_shows_other_clusters(planted, noise):
    """A share of the places, within four standard deviations and what a mode hides."""
    hook, made = batches(planted, noise=noise, n_batches=200, groups=3, per_group=8)
    foreign, total = 0, 200 * 24
    for batch in made:
        groups = hook.assignment[batch[2:]].view(3, 8)
        foreign += int((groups != groups.mode(dim=1).values[:, None]).sum())
    spread = (noise * (1 - noise) / total) ** 0.5
    assert foreign / total == pytest.approx(noise, abs=4 * spread + 0.02)


def test_all_places_are_foreign_at_noise_1(planted):
    """With two clusters, the group of one then holds points of the other alone."""
    f, y, _ = planted
    hook = SurrogateClusters(
        f, y, auxiliary=lambda: f, n_clusters=2, generator=seeded()
    )
    seen = {}
    for noise in (0.0, 1.0):
        made = SurrogateBatches([[]] * 9, hook, groups=2, per_group=4, noise=noise,
                                generator=seeded(4))  # fmt: skip
        seen[noise] = [hook.assignment[b].view(2, 4) for b in made]
    for rows in seen[1.0]:
        assert (rows == rows[:, :1]).all()
        assert rows[0, 0] != rows[1, 0]


def test_a_seed_repeats_them_and_epochs_differ(planted):
    _, made = batches(planted)
    first = list(made)
    assert first != list(made)
    assert first == list(batches(planted)[1])
    assert first != list(batches(planted, seed=1)[1])


def test_small_clusters_are_never_drawn():
    x = torch.tensor([0.0] * 5 + [9.0] * 4 + [50.0]).view(10, 1)
    hook = SurrogateClusters(x, torch.zeros(10).long(), auxiliary=lambda: x,
                             n_clusters=3, generator=seeded())  # fmt: skip
    made = SurrogateBatches([[]] * 30, hook, groups=2, per_group=3, noise=0.0,
                            generator=seeded())  # fmt: skip
    assert all(9 not in batch for batch in made)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"groups": 0}, "groups must be > 0, got 0"),
        ({"per_group": 0}, "per_group must be > 0, got 0"),
        ({"noise": 1.5}, "noise must be from 0 to 1, got 1.5"),
        ({"groups": 4}, "asked for 4 clusters with 5 points each, but only 3"),
        ({"per_group": 200}, "but only 0 have so many"),
    ],
)
def test_errors_of_batches(planted, change, message):
    with pytest.raises(ValueError, match=message):
        batches(planted, **change)


def test_they_train(planted):
    """A whole run: the hook is refreshed and the second half follows it."""
    f, y, _ = planted
    psi = nn.Linear(8, 2)
    hook = SurrogateClusters(f, y, auxiliary=lambda: psi(f).detach(), n_clusters=3,
                             every=1, generator=seeded())  # fmt: skip
    balanced = ClassBalancedBatches(y[:200], classes=3, per_class=2, n_batches=2,
                                    generator=seeded())  # fmt: skip
    made = SurrogateBatches(balanced, hook, groups=2, per_group=2, generator=seeded())
    sizes = []

    def loss(z, labels):
        sizes.append(len(z))
        return z.square().mean()

    train(psi, loss, f, y, batches=made, validation=(f[:40], 100 + y[:40]), epochs=3,
          generator=seeded(), hooks=[hook])  # fmt: skip
    assert sizes == [10] * 6
    assert len(hook.assignments) == 3
