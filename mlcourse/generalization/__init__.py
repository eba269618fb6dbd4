"""Other classes, other x: what helps where nobody trained, and how to measure it."""

from mlcourse.generalization.adapt import adapt_head
from mlcourse.generalization.adversary import adversarial_decorrelation
from mlcourse.generalization.aggregated import aggregated_score
from mlcourse.generalization.distillation import similarity_distillation
from mlcourse.generalization.few_shot import few_shot_episode
from mlcourse.generalization.frechet import chance_distances, frechet_distance
from mlcourse.generalization.heads import Heads
from mlcourse.generalization.instance import instance_nce_loss
from mlcourse.generalization.instance_queue import InstanceNCE
from mlcourse.generalization.intra_class import intra_class_triplets
from mlcourse.generalization.mic import MIC
from mlcourse.generalization.momentum_keys import MomentumKeys
from mlcourse.generalization.ood_shift import ood_splits
from mlcourse.generalization.ood_split import OODSplit
from mlcourse.generalization.probes import factor_accuracy, factor_r2
from mlcourse.generalization.s2sd import s2sd_loss
from mlcourse.generalization.shared import shared_triplets
from mlcourse.generalization.sharing import DiVA
from mlcourse.generalization.standardize import class_standardize
from mlcourse.generalization.surrogate import surrogate_labels
from mlcourse.generalization.surrogate_batches import SurrogateBatches
from mlcourse.generalization.surrogate_clusters import SurrogateClusters

__all__ = [
    "MIC",
    "DiVA",
    "Heads",
    "InstanceNCE",
    "MomentumKeys",
    "OODSplit",
    "SurrogateBatches",
    "SurrogateClusters",
    "adapt_head",
    "adversarial_decorrelation",
    "aggregated_score",
    "chance_distances",
    "class_standardize",
    "factor_accuracy",
    "factor_r2",
    "few_shot_episode",
    "frechet_distance",
    "instance_nce_loss",
    "intra_class_triplets",
    "ood_splits",
    "s2sd_loss",
    "shared_triplets",
    "similarity_distillation",
    "surrogate_labels",
]
