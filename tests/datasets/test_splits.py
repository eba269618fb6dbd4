"""Tests for mlcourse.datasets.splits."""

import pytest
import torch

from mlcourse.datasets import split_classes
from mlcourse.datasets.splits import deal_classes


@pytest.fixture
def labels(generator):
    """Rows of 40 classes with gaps in their numbers, out of order; 8 a group."""
    y = torch.arange(40).repeat_interleave(3) * 5 + 2
    y = y[torch.randperm(len(y), generator=generator)]
    return y, (y - 2) // 5 // 8


def test_every_row_is_dealt_once_and_no_class_twice(labels, generator):
    y, group = labels
    rows = split_classes(y, group, generator=generator)
    assert torch.cat(rows).sort().values.tolist() == list(range(len(y)))
    train, validation, test = (set(y[r].tolist()) for r in rows)
    assert len(train | validation | test) == 40
    assert (len(train), len(validation), len(test)) == (20, 10, 10)


def test_every_group_is_dealt_two_to_one_to_one(labels, generator):
    y, group = labels
    for rows, classes in zip(
        split_classes(y, group, generator=generator), (4, 2, 2), strict=True
    ):
        assert (group[rows].bincount() == 3 * classes).all()


def test_a_group_of_three_still_reaches_two_parts(generator):
    group = torch.tensor([0, 0, 0, 1, 1, 1, 2, 2, 2])
    part = deal_classes(group, generator=generator)
    assert all(len(part[group == g].unique()) >= 2 for g in range(3))
    assert part.bincount().tolist() == [5, 2, 2]


def test_the_seed_decides(labels):
    y, group = labels

    def test_rows(seed):
        return split_classes(y, group, generator=torch.Generator().manual_seed(seed))[2]

    assert torch.equal(test_rows(1), test_rows(1))
    assert len({tuple(test_rows(seed).tolist()) for seed in range(5)}) == 5


@pytest.mark.errors
def test_a_class_in_two_groups_is_refused(generator):
    y, group = torch.tensor([4, 4, 9]), torch.tensor([0, 1, 1])
    with pytest.raises(ValueError, match="group must be the same for all rows"):
        split_classes(y, group, generator=generator)


@pytest.mark.errors  # other whole numbers are refused by the pass that checks types
def test_any_whole_numbers_will_do(labels):
    y, group = labels
    want = split_classes(y, group, generator=torch.Generator().manual_seed(3))
    got = split_classes(
        y.to(torch.int16), group.int(), generator=torch.Generator().manual_seed(3)
    )
    assert all(map(torch.equal, got, want))


@pytest.mark.errors
def test_a_group_for_some_rows_only_is_refused(generator):
    with pytest.raises(ValueError, match=r"one number each a row.*\(3,\) and \(2,\)"):
        split_classes(torch.arange(3), torch.zeros(2).long(), generator=generator)
