"""S, D, T: what we are told about similarity (the literature's constraints, tuples).

From class labels, from people (checked, closed under what follows from them), from
pairs to triplets, and with errors.
"""

from mlcourse.judgements.checks import check_pairs, check_triplets
from mlcourse.judgements.closure import closure
from mlcourse.judgements.noise import flip_pairs, flip_triplets
from mlcourse.judgements.pairs import dissimilar_pairs, similar_pairs
from mlcourse.judgements.triplets import all_triplets, triplets_from_pairs

__all__ = [
    "all_triplets",
    "check_pairs",
    "check_triplets",
    "closure",
    "dissimilar_pairs",
    "flip_pairs",
    "flip_triplets",
    "similar_pairs",
    "triplets_from_pairs",
]
