"""Which x enter a batch: S and D can only hold pairs that meet in one."""

from mlcourse.samplers.class_balanced import ClassBalancedBatches
from mlcourse.samplers.class_distances import class_distances
from mlcourse.samplers.class_mined import class_mined_negatives
from mlcourse.samplers.class_miner import ClassMiner
from mlcourse.samplers.class_tree import class_tree
from mlcourse.samplers.epoch_hook import EpochHook
from mlcourse.samplers.hierarchical import HierarchicalBatches

__all__ = [
    "ClassBalancedBatches",
    "ClassMiner",
    "EpochHook",
    "HierarchicalBatches",
    "class_distances",
    "class_mined_negatives",
    "class_tree",
]
