"""Several psi: what makes them differ, and how they are heard together."""

from mlcourse.ensembles.adaboost import AdaBoost
from mlcourse.ensembles.stump import Stump, best_stump

__all__ = ["AdaBoost", "Stump", "best_stump"]
