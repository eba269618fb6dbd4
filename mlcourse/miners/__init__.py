"""Which of a batch's judgements: q(p | a) and q(n | a, p), from the distances."""

from mlcourse.miners.distance_weighted import distance_weighted_triplets
from mlcourse.miners.easy_positive import easy_positive_triplets
from mlcourse.miners.easy_positive_one import ephn_triplets, epshn_triplets
from mlcourse.miners.hard import hard_triplets
from mlcourse.miners.hierarchical import violate_margins
from mlcourse.miners.histogram import histogram_triplets
from mlcourse.miners.manifold import manifold_pools
from mlcourse.miners.manifold_similarity import manifold_similarity
from mlcourse.miners.multi_similarity import multi_similarity_pairs
from mlcourse.miners.nearest_negatives import nearest_negatives
from mlcourse.miners.nearest_semihard import nearest_semihard_triplets
from mlcourse.miners.policy import PolicyMiner
from mlcourse.miners.random import random_triplets
from mlcourse.miners.semihard import semihard_triplets
from mlcourse.miners.smart import SmartMiner
from mlcourse.miners.sphere import sphere_log_density

__all__ = [
    "PolicyMiner",
    "SmartMiner",
    "distance_weighted_triplets",
    "easy_positive_triplets",
    "ephn_triplets",
    "epshn_triplets",
    "hard_triplets",
    "histogram_triplets",
    "manifold_pools",
    "manifold_similarity",
    "multi_similarity_pairs",
    "nearest_negatives",
    "nearest_semihard_triplets",
    "random_triplets",
    "semihard_triplets",
    "sphere_log_density",
    "violate_margins",
]
