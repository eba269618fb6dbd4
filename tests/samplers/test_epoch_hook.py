"""Tests for the EpochHook protocol; what train makes of it is in tests/training."""

import pytest
import torch

from mlcourse.samplers import ClassBalancedBatches, EpochHook


class Watch:
    def refresh(self, z):
        self.z = z


@pytest.mark.parametrize("other", [[[0, 1]], None, torch.zeros(2), dict])
def test_a_hook_is_known_by_its_method(other):
    assert isinstance(Watch(), EpochHook)
    assert not isinstance(other, EpochHook)


def test_batches_that_look_at_labels_alone_are_none():
    labels = torch.tensor([0, 0, 1, 1])
    batches = ClassBalancedBatches(
        labels, classes=2, per_class=2, n_batches=1, generator=torch.Generator()
    )
    assert not isinstance(batches, EpochHook)
