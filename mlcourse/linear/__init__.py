"""psi(x) = L x: distances that a matrix makes. NumPy, in scikit-learn's API."""

from mlcourse.linear._base import MahalanobisLearner, Taxonomy
from mlcourse.linear._psd import project_psd

__all__ = ["MahalanobisLearner", "Taxonomy", "project_psd"]
