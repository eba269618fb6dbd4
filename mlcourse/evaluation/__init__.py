"""Is Delta(psi, psi) good? Every point asks, and all other points answer."""

from mlcourse.evaluation.clustering import ami, nmi
from mlcourse.evaluation.map_at_r import map_at_r
from mlcourse.evaluation.pair_f1 import pair_f1
from mlcourse.evaluation.r_precision import r_precision
from mlcourse.evaluation.recall import recall_at_k
from mlcourse.evaluation.report import evaluate
from mlcourse.evaluation.spectrum import density, spectral_decay

__all__ = [
    "ami",
    "density",
    "evaluate",
    "map_at_r",
    "nmi",
    "pair_f1",
    "r_precision",
    "recall_at_k",
    "spectral_decay",
]
