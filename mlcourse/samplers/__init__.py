"""Which x enter a batch: S and D can only hold pairs that meet in one."""

from mlcourse.samplers.class_balanced import ClassBalancedBatches
from mlcourse.samplers.epoch_hook import EpochHook

__all__ = ["ClassBalancedBatches", "EpochHook"]
