"""Tests for ClassBalancedBatches."""

import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from mlcourse.samplers import ClassBalancedBatches

#: Classes 0 to 9 of 1 to 10 points, shuffled, with gaps between their numbers.
LABELS = 7 * torch.arange(10).repeat_interleave(torch.arange(1, 11))
LABELS = LABELS[torch.randperm(55, generator=torch.Generator().manual_seed(5))]


def batches(classes=3, per_class=4, n_batches=20, seed=0, labels=LABELS):
    return ClassBalancedBatches(
        labels, classes=classes, per_class=per_class, n_batches=n_batches,
        generator=torch.Generator().manual_seed(seed),
    )  # fmt: skip


def test_every_batch_has_its_classes_and_no_point_twice():
    sampler = batches()
    drawn = list(sampler)
    assert len(drawn) == len(sampler) == 20
    for batch in drawn:
        assert len(batch) == len(set(batch)) == 12
        _, size = LABELS[batch].unique(return_counts=True)
        assert size.tolist() == [4, 4, 4]


def test_small_classes_are_left_out_and_counted():
    sampler = batches(n_batches=200)
    assert sampler.left_out == 3
    drawn = LABELS[torch.tensor(list(sampler)).flatten()].unique()
    assert drawn.tolist() == [7 * c for c in range(3, 10)]


def test_all_classes_with_all_their_points_make_a_batch():
    (batch,) = batches(classes=1, per_class=10, n_batches=1)
    assert (LABELS[batch] == 63).all()
    (batch,) = batches(classes=10, per_class=1, n_batches=1)
    assert LABELS[batch].sort().values.tolist() == list(range(0, 70, 7))


def test_every_class_and_every_point_is_drawn_as_often_as_the_next():
    """Of 7 classes 3 a batch; 6000 batches: 5 standard deviations are 0.032."""
    drawn = torch.tensor(list(batches(n_batches=6000)))
    per_class = [(LABELS[drawn] == 7 * c).any(dim=1) for c in range(3, 10)]
    for found in per_class:
        assert found.float().mean().item() == pytest.approx(3 / 7, abs=0.032)
    points = drawn[LABELS[drawn] == 63].bincount(minlength=55)[LABELS == 63]
    # a point of the class of 10: in 3 / 7 * 4 / 10 of the batches
    assert (points / 6000).tolist() == pytest.approx([6 / 35] * 10, abs=0.025)


def test_epochs_differ_and_a_seed_repeats_them():
    sampler = batches()
    first, second = list(sampler), list(sampler)
    assert first != second
    again = batches()
    assert [list(again), list(again)] == [first, second]
    assert list(batches(seed=1)) != first


def test_serves_a_data_loader():
    data = TensorDataset(torch.arange(55), LABELS)
    for index, labels in DataLoader(data, batch_sampler=batches(n_batches=2)):
        assert torch.equal(LABELS[index], labels)
        assert len(index) == 12


@pytest.mark.errors
@pytest.mark.parametrize(
    ("message", "keywords"),
    [
        ("only 7 of 10 classes have so many", {"classes": 8}),
        ("batches of 1 classes with 11 points", {"classes": 1, "per_class": 11}),
        ("classes must be >= 1, got 0", {"classes": 0}),
        ("per_class must be >= 1", {"per_class": 0}),
        ("n_batches must be >= 1", {"n_batches": 0}),
        ("one whole number for each", {"labels": LABELS.float()}),
    ],
)
def test_a_mistake_is_told(message, keywords):
    with pytest.raises(ValueError, match=message):
        batches(**keywords)
