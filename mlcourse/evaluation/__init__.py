"""Is Delta(psi, psi) good? Every point asks, and all other points answer."""

from mlcourse.evaluation.map_at_r import map_at_r
from mlcourse.evaluation.r_precision import r_precision
from mlcourse.evaluation.recall import recall_at_k

__all__ = ["map_at_r", "r_precision", "recall_at_k"]
