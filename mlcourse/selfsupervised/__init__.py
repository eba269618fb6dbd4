"""S, D, T without labels: which relations can be relied on, and how to learn them."""

from mlcourse.selfsupervised.assign_cliques import assign_cliques
from mlcourse.selfsupervised.assignment_cost import assignment_cost
from mlcourse.selfsupervised.clique_similarity import clashes, clique_similarity
from mlcourse.selfsupervised.cliques import grow_cliques
from mlcourse.selfsupervised.compact import compact_cliques, compactness
from mlcourse.selfsupervised.cosines import cosines
from mlcourse.selfsupervised.diagnostics import clique_purity, right_shares
from mlcourse.selfsupervised.group_relations import group_relations
from mlcourse.selfsupervised.hog import hog
from mlcourse.selfsupervised.random_warp import RandomWarp
from mlcourse.selfsupervised.reliability import reliability
from mlcourse.selfsupervised.reliable_relations import reliable_relations
from mlcourse.selfsupervised.surrogate_batches import SurrogateBatches
from mlcourse.selfsupervised.surrogate_loss import SurrogateLoss
from mlcourse.selfsupervised.targets import frame_targets, target_loss
from mlcourse.selfsupervised.transitivity import extend_cliques

__all__ = [
    "RandomWarp",
    "SurrogateBatches",
    "SurrogateLoss",
    "assign_cliques",
    "assignment_cost",
    "clashes",
    "clique_purity",
    "clique_similarity",
    "compact_cliques",
    "compactness",
    "cosines",
    "extend_cliques",
    "frame_targets",
    "group_relations",
    "grow_cliques",
    "hog",
    "reliability",
    "reliable_relations",
    "right_shares",
    "target_loss",
]
