"""L: what the judgements, or the labels, ask of the distances."""

from mlcourse.losses.annealed import annealed
from mlcourse.losses.arcface import arcface_loss
from mlcourse.losses.circle import circle_loss
from mlcourse.losses.contrastive import contrastive_loss
from mlcourse.losses.cosface import cosface_loss
from mlcourse.losses.global_loss import global_loss
from mlcourse.losses.hierarchical_triplet import hierarchical_triplet_loss
from mlcourse.losses.info_nce import info_nce_loss
from mlcourse.losses.l_softmax import l_softmax_loss
from mlcourse.losses.lifted_structure import (
    generalized_lifted_structure_loss,
    lifted_structure_loss,
)
from mlcourse.losses.margin import MarginLoss
from mlcourse.losses.multi_similarity import multi_similarity_loss
from mlcourse.losses.nca import nca_loss
from mlcourse.losses.norm_softmax import norm_softmax_loss
from mlcourse.losses.npair import npair_loss
from mlcourse.losses.pair_weights import pair_weights
from mlcourse.losses.proxies import Proxies
from mlcourse.losses.proxy_anchor import proxy_anchor_loss
from mlcourse.losses.proxy_nca import proxy_nca_loss
from mlcourse.losses.slopes_lists import (
    info_nce_slopes,
    multi_similarity_slopes,
)
from mlcourse.losses.slopes_pairs import contrastive_slopes, triplet_slopes
from mlcourse.losses.slopes_sets import (
    generalized_lifted_structure_slopes,
    nca_slopes,
    npair_slopes,
)
from mlcourse.losses.slopes_supcon import supcon_slopes
from mlcourse.losses.smooth_ap import smooth_ap_loss
from mlcourse.losses.soft_triple import SoftTripleLoss
from mlcourse.losses.sphereface import sphereface_loss
from mlcourse.losses.supcon import supcon_loss
from mlcourse.losses.triplet import soft_triplet_loss, triplet_loss

__all__ = [
    "MarginLoss",
    "Proxies",
    "SoftTripleLoss",
    "annealed",
    "arcface_loss",
    "circle_loss",
    "contrastive_loss",
    "contrastive_slopes",
    "cosface_loss",
    "generalized_lifted_structure_loss",
    "generalized_lifted_structure_slopes",
    "global_loss",
    "hierarchical_triplet_loss",
    "info_nce_loss",
    "info_nce_slopes",
    "l_softmax_loss",
    "lifted_structure_loss",
    "multi_similarity_loss",
    "multi_similarity_slopes",
    "nca_loss",
    "nca_slopes",
    "norm_softmax_loss",
    "npair_loss",
    "npair_slopes",
    "pair_weights",
    "proxy_anchor_loss",
    "proxy_nca_loss",
    "smooth_ap_loss",
    "soft_triplet_loss",
    "sphereface_loss",
    "supcon_loss",
    "supcon_slopes",
    "triplet_loss",
    "triplet_slopes",
]
