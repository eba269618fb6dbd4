"""psi(x) = L x: distances that a matrix makes. NumPy, in scikit-learn's API."""

from mlcourse.linear._base import MahalanobisLearner, Taxonomy
from mlcourse.linear._psd import project_psd
from mlcourse.linear.dne import DNE
from mlcourse.linear.gmml import GMML, gmml
from mlcourse.linear.itml import itml
from mlcourse.linear.itml_estimator import ITML
from mlcourse.linear.kissme import KISSME, kissme
from mlcourse.linear.lda import LDA
from mlcourse.linear.lfda import LFDA
from mlcourse.linear.mmc import mmc
from mlcourse.linear.mmc_estimator import MMC
from mlcourse.linear.oasis import oasis
from mlcourse.linear.oasis_estimator import OASIS
from mlcourse.linear.rca import RCA, rca
from mlcourse.linear.whitening import Whitening

__all__ = [
    "DNE",
    "GMML",
    "ITML",
    "KISSME",
    "LDA",
    "LFDA",
    "MMC",
    "OASIS",
    "RCA",
    "MahalanobisLearner",
    "Taxonomy",
    "Whitening",
    "gmml",
    "itml",
    "kissme",
    "mmc",
    "oasis",
    "project_psd",
    "rca",
]
