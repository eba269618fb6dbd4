"""Which x enter a batch: S and D can only hold pairs that meet in one."""

from mlcourse.samplers.class_balanced import ClassBalancedBatches

__all__ = ["ClassBalancedBatches"]
