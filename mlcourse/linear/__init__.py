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
from mlcourse.linear.lmnn import LMNN
from mlcourse.linear.lsml import lsml
from mlcourse.linear.lsml_estimator import LSML
from mlcourse.linear.mcml import MCML
from mlcourse.linear.mlkr import MLKR
from mlcourse.linear.mmc import mmc
from mlcourse.linear.mmc_estimator import MMC
from mlcourse.linear.nca import nca_objective
from mlcourse.linear.nca_estimator import NCA
from mlcourse.linear.oasis import oasis
from mlcourse.linear.oasis_estimator import OASIS
from mlcourse.linear.rca import RCA, rca
from mlcourse.linear.scml import scml
from mlcourse.linear.scml_estimator import SCML
from mlcourse.linear.sdml import sdml
from mlcourse.linear.sdml_estimator import SDML
from mlcourse.linear.whitening import Whitening

__all__ = [
    "DNE",
    "GMML",
    "ITML",
    "KISSME",
    "LDA",
    "LFDA",
    "LMNN",
    "LSML",
    "MCML",
    "MLKR",
    "MMC",
    "NCA",
    "OASIS",
    "RCA",
    "SCML",
    "SDML",
    "MahalanobisLearner",
    "Taxonomy",
    "Whitening",
    "gmml",
    "itml",
    "kissme",
    "lsml",
    "mmc",
    "nca_objective",
    "oasis",
    "project_psd",
    "rca",
    "scml",
    "sdml",
]
