"""Losses beside pytorch-metric-learning: CPU time of value and gradient, one thread.

OMP_NUM_THREADS=1 python benchmarks/losses.py [--batch 128 512 2048] [--classes 1000]
"""

import warnings

import torch
from torch.nn.functional import normalize

from mlcourse.judgements import all_triplets, dissimilar_pairs, similar_pairs
from mlcourse.losses import (
    circle_loss,
    contrastive_loss,
    generalized_lifted_structure_loss,
    info_nce_loss,
    lifted_structure_loss,
    multi_similarity_loss,
    nca_loss,
    smooth_ap_loss,
    supcon_loss,
    triplet_loss,
)

with warnings.catch_warnings():
    warnings.simplefilter("default")
    from pytorch_metric_learning import losses as pml
    from pytorch_metric_learning import miners

DIM, PER_CLASS = 128, 4
#: The peer lists positives x negatives here: more than 12 GB beyond this batch.
TOO_LARGE = {"lifted structure": 256, "InfoNCE": 256, "Smooth-AP": 512}


def gram(u, v):
    """Cosines of unit vectors: one product of matrices."""
    return u @ v.T


def chords(u):
    """Distances of unit vectors from their cosines, as the peer computes them."""
    return torch.addmm(u.new_full((), 2), u, u.T, alpha=-2).clamp(min=1e-12).sqrt()


def on_batch(labels):
    """Name -> (ours, peer), each a function of embeddings that are not normalised."""
    miner = miners.MultiSimilarityMiner(epsilon=0.1)
    peers = {
        "contrastive": pml.ContrastiveLoss(),
        "triplet": pml.TripletMarginLoss(margin=0.2),
        "multi-similarity": pml.MultiSimilarityLoss(),
        "InfoNCE": pml.NTXentLoss(temperature=0.1),
        "SupCon": pml.SupConLoss(),
        "lifted structure": pml.LiftedStructureLoss(),
        "generalized lifted": pml.GeneralizedLiftedStructureLoss(),
        "circle": pml.CircleLoss(m=0.25, gamma=64),
        "Smooth-AP": pml.SmoothAPLoss(),
        "NCA": pml.NCALoss(),
    }
    ours = {
        "contrastive": lambda u: contrastive_loss(
            chords(u), similar_pairs(labels), dissimilar_pairs(labels)
        ),
        "triplet": lambda u: triplet_loss(chords(u), all_triplets(labels)),
        "multi-similarity": lambda u: multi_similarity_loss(gram(u, u), labels),
        "InfoNCE": lambda u: info_nce_loss(gram(u, u), labels),
        "SupCon": lambda u: supcon_loss(gram(u, u), labels),
        "lifted structure": lambda u: lifted_structure_loss(chords(u), labels),
        "generalized lifted": lambda u: generalized_lifted_structure_loss(
            chords(u), labels
        ),
        "circle": lambda u: circle_loss(gram(u, u), labels),
        "Smooth-AP": lambda u: smooth_ap_loss(gram(u, u), labels),
        "NCA": lambda u: nca_loss(2 - 2 * gram(u, u), labels),
    }
    cases = {
        name: (lambda z, f=ours[name]: f(normalize(z)), lambda z, g=peer: g(z, labels))
        for name, peer in peers.items()
    }
    cases["multi-similarity, mined"] = (
        lambda z: multi_similarity_loss(
            gram(normalize(z), normalize(z)), labels, epsilon=0.1
        ),
        lambda z: peers["multi-similarity"](z, labels, miner(z, labels)),
    )
    return cases
