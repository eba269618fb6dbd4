"""Where the formulas begin and end, and what is taken where nothing is said."""

import pytest
import torch
from torch import nn

from mlcourse.generalization import (
    MIC,
    InstanceNCE,
    SurrogateBatches,
    SurrogateClusters,
    adapt_head,
    adversarial_decorrelation,
    chance_distances,
    factor_accuracy,
    factor_r2,
    instance_nce_loss,
    ood_splits,
    s2sd_loss,
    similarity_distillation,
)


def test_the_noise_in_the_second_part_is_drawn_from_the_generator():
    """Whatever torch's own generator says: equal seeds, equal batches."""
    x, y = torch.arange(24.0)[:, None], torch.zeros(24, dtype=torch.int64)

    def batches(other):
        torch.manual_seed(other)
        g = torch.Generator().manual_seed(0)
        c = SurrogateClusters(x, y, auxiliary=lambda: x, n_clusters=3, generator=g)
        return list(
            SurrogateBatches(
                [[0]] * 9, c, groups=2, per_group=3, noise=0.5, generator=g
            )
        )

    assert batches(1) == batches(2)


def test_one_negative_weighs_as_much_as_itself():
    q, k = torch.eye(2), torch.eye(2).flip(0)
    plain = instance_nce_loss(q, k, q[:1], temperature=0.5)
    for weight in (-3.0, 0.0, 7.0):
        log_w = torch.full((2, 1), weight)
        got = instance_nce_loss(q, k, q[:1], temperature=0.5, log_weights=log_w)
        assert got.item() == pytest.approx(plain.item())


def test_a_queue_in_single_precision_meets_keys_in_double():
    nce = InstanceNCE(4, 2, temperature=1.0, weigh=lambda dist: -dist)
    q = torch.eye(2, dtype=torch.float64)
    assert nce(q, q).item() == 0
    assert nce(q, q).dtype == torch.float64


def test_the_smallest_of_each(generator):
    one = torch.tensor([[5.0]])
    assert adversarial_decorrelation(one, one, projection=nn.Identity()).item() == -1
    points = torch.randn(4, 2, generator=generator)
    assert chance_distances(points, size=2, draws=1, generator=generator).shape == (1,)
    sides = torch.arange(4).view(2, 2)
    assert len(ood_splits(points, *sides, swaps=0)) == 1
    z = torch.randn(8, 1, generator=generator)
    classes = torch.arange(8) // 4
    assert factor_r2(z, 3 * z[:, 0], classes, folds=2) > 0.9


@pytest.mark.errors
def test_similarities_of_several_batches_at_once_are_told():
    with pytest.raises(ValueError, match="sim and target must be"):
        similarity_distillation(torch.ones(3, 3, 2), torch.ones(3, 3, 2))


def test_what_is_taken_where_nothing_is_said(generator):
    """The numbers of the sources; a change of them is a change for everybody."""
    means = torch.randn(40, 3, generator=generator)
    sides = torch.arange(40).view(2, 20)
    said = ood_splits(means, *sides, swaps=15, removals=0, per_step=2, rest=5)
    found = ood_splits(means, *sides, swaps=15)
    assert [s.distance for s in found] == [s.distance for s in said]
    other = ood_splits(means, *sides, swaps=15, rest=6)
    assert [s.distance for s in other] != [s.distance for s in said]

    sim, target = torch.rand(2, 4, 4, generator=generator)
    expected = similarity_distillation(sim, target, temperature=1)
    assert torch.equal(similarity_distillation(sim, target), expected)
    z, y = torch.rand(4, 5, generator=generator), torch.arange(4)
    keywords = {"sizes": (2, 3), "loss": lambda z, y: z.sum()}
    expected = s2sd_loss(z, y, gamma=50, temperature=1, **keywords)
    assert torch.equal(s2sd_loss(z, y, **keywords), expected)
    mic = MIC(
        lambda z, y: z.sum(), lambda z, c: z.sum(), nn.Identity(),
        dim=1, groups=1, per_group=1,
    )  # fmt: skip
    z = torch.tensor([[2.0, 0.0], [4.0, 1.0]])
    assert mic(z, torch.tensor([0, 0])).item() == 3  # 2 + 1 * 1 - 0 * ...


def test_probes_have_five_folds_where_nothing_is_said(generator):
    z, classes = torch.randn(60, 2, generator=generator), torch.arange(60) // 5
    factor = z[:, 0] + torch.randn(60, generator=generator)
    said = factor_r2(z, factor, classes, folds=5)
    assert (
        factor_r2(z, factor, classes) == said != factor_r2(z, factor, classes, folds=6)
    )
    kind = (factor > 0).int() + (z[:, 1] + factor > 1).int()
    said = factor_accuracy(z, kind, classes, folds=5)
    assert factor_accuracy(z, kind, classes) == said


def test_clusters_are_found_every_four_epochs_where_nothing_is_said():
    x, y = torch.arange(6.0)[:, None], torch.zeros(6, dtype=torch.int64)
    g = torch.Generator()
    clusters = SurrogateClusters(x, y, auxiliary=lambda: x, n_clusters=2, generator=g)
    count = []
    for _ in range(9):
        clusters.refresh(x)
        count.append(len(clusters.assignments))
    assert count == [1, 1, 1, 1, 2, 2, 2, 2, 3]


def test_where_all_points_are_one_cluster_there_is_nobody_to_swap_in(generator):
    x, y = torch.arange(6.0)[:, None], torch.zeros(6, dtype=torch.int64)
    c = SurrogateClusters(x, y, auxiliary=lambda: x, n_clusters=1, generator=generator)
    both = SurrogateBatches(
        [[9]], c, groups=1, per_group=4, noise=1, generator=generator
    )
    (batch,) = both
    assert batch[0] == 9
    assert len(set(batch[1:])) == 4


def test_scales_do_not_matter_to_what_is_read(generator):
    z, classes = torch.randn(60, 2, generator=generator), torch.arange(60) // 5
    kind = (z.sum(dim=1) > 0).int()
    wide = z * torch.tensor([1e-6, 1e6])
    said = factor_accuracy(z, kind, classes)
    assert factor_accuracy(wide, kind, classes) == pytest.approx(said, abs=0.05)
    assert said > 0.8


def test_a_ten_thousandth_is_the_rate_of_a_head_where_nothing_is_said():
    head, f = nn.Linear(2, 1), torch.eye(2)
    keywords = {"loss": lambda z, y: z.sum(), "steps": 2}
    got = adapt_head(head, f, torch.arange(2), **keywords)
    said = adapt_head(head, f, torch.arange(2), lr=1e-4, **keywords)
    assert torch.equal(got.weight, said.weight)


@pytest.mark.errors
def test_one_class_too_many_and_a_side_too_long_are_told():
    with pytest.raises(ValueError, match="rows of the 4 means"):
        ood_splits(
            torch.rand(4, 2), torch.tensor([0, 1]), torch.tensor([2, 4]), swaps=0
        )
    with pytest.raises(ValueError, match="sim and target must be"):
        similarity_distillation(torch.ones(2, 3), torch.ones(2, 3))
