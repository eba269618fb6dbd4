"""Several psi: what makes them differ, and how they are heard together."""

from mlcourse.ensembles.activation import activation_loss, norm_penalty
from mlcourse.ensembles.adaboost import AdaBoost
from mlcourse.ensembles.adversary import Adversary
from mlcourse.ensembles.augmentation import random_affine
from mlcourse.ensembles.augmented import Augmented
from mlcourse.ensembles.best_stump import best_stump
from mlcourse.ensembles.bier import BIER
from mlcourse.ensembles.bier_loss import bier_loss
from mlcourse.ensembles.boosting import boosted_weights
from mlcourse.ensembles.cascade import independent_pairs, nested_pairs
from mlcourse.ensembles.cluster_batches import ClusterBatches
from mlcourse.ensembles.clusters import cluster, match_clusters
from mlcourse.ensembles.correlation import activation_correlation, cross_correlation
from mlcourse.ensembles.deviance import binomial_deviance
from mlcourse.ensembles.divide_and_conquer import DivideAndConquer
from mlcourse.ensembles.division import Division
from mlcourse.ensembles.exit_losses import exit_losses
from mlcourse.ensembles.groups import concatenate, split_learners
from mlcourse.ensembles.hdc import hdc_loss
from mlcourse.ensembles.independent import Independent
from mlcourse.ensembles.learner_weights import group_sizes, learner_weights
from mlcourse.ensembles.masks import LearnerMasks
from mlcourse.ensembles.multi_exit import MultiExit
from mlcourse.ensembles.stump import Stump
from mlcourse.ensembles.unit_groups import UnitGroups
from mlcourse.ensembles.variance import shared_error, variance_of_mean

__all__ = [
    "BIER",
    "AdaBoost",
    "Adversary",
    "Augmented",
    "ClusterBatches",
    "DivideAndConquer",
    "Division",
    "Independent",
    "LearnerMasks",
    "MultiExit",
    "Stump",
    "UnitGroups",
    "activation_correlation",
    "activation_loss",
    "best_stump",
    "bier_loss",
    "binomial_deviance",
    "boosted_weights",
    "cluster",
    "concatenate",
    "cross_correlation",
    "exit_losses",
    "group_sizes",
    "hdc_loss",
    "independent_pairs",
    "learner_weights",
    "match_clusters",
    "nested_pairs",
    "norm_penalty",
    "random_affine",
    "shared_error",
    "split_learners",
    "variance_of_mean",
]
