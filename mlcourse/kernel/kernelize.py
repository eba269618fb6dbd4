"""The KPCA trick: a linear learner, unchanged, on kernel coordinates."""

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from mlcourse.kernel._base import Kernel
from mlcourse.kernel.coordinates import KernelCoordinates
from mlcourse.kernel.nystroem import Nystroem


def kernelize(
    learner: BaseEstimator | str,
    *,
    kernel: Kernel,
    gamma: float | None = None,
    n_components: int | None = None,
    degree: int = 3,
    coef0: float = 1.0,
    landmarks: int | None = None,
    random_state: int | np.random.RandomState | None = None,
) -> Pipeline:
    r"""Turn a learner of a matrix L into the learner of x -> L z(x).

    .. math:: \psi(x) = L z(x) = U \bar k_x, \qquad U = L \Lambda^{-1/2} V^\top,
        \qquad HKH = V \Lambda V^\top

    Parameters
    ----------
    learner : any linear learner that sees only distances or inner products: NCA gives
        KNCA, LMNN gives KLMNN, LFDA gives KLFDA, DNE gives KDNE; "passthrough" keeps
        the kernel's own distance
    kernel, gamma, degree, coef0 : as in KernelCoordinates
    n_components : int >= 1 or None; kernel coordinates that the learner sees (not rows
        of L); fewer coordinates regularise
    landmarks : int >= 2 or None; Nyström's method with that many, None takes all points
    random_state : draws the landmarks; unused without them

    Returns
    -------
    Pipeline of the steps "kernel" and "learner", not fitted; a grid search reaches
    gamma as kernel__gamma

    Notes
    -----
    The same optimum as in the feature space, for every objective that sees phi only
    through the training points' distances and does not gain from a longer L: the
    part of a row of L outside their span changes nothing (representer theorem).

    Source: Chatpatanasiri, Korsrilabutr, Tangchanachaianan, Kijsirikul,
    Neurocomputing 73, 2010; Zhang, Nie, Xiang, Neurocomputing 73, 2010.

    >>> from sklearn.neighbors import NeighborhoodComponentsAnalysis as NCA
    >>> X, y = np.array([[-2.0], [-1.0], [1.0], [2.0], [9.0]]), [0, 1, 1, 0, 0]
    >>> knca = kernelize(NCA(1, random_state=0), kernel="poly", degree=2).fit(X, y)
    >>> z = knca.transform(X)  # |x| decides: so it is x^2 that knca looks at
    >>> bool(abs(z[0] - z[3]) < abs(z[0] - z[1]))
    True
    """
    first: KernelCoordinates | Nystroem
    if landmarks is None:
        first = KernelCoordinates(
            n_components, kernel=kernel, gamma=gamma, degree=degree, coef0=coef0
        )
    else:
        first = Nystroem(
            landmarks,
            n_components=n_components,
            kernel=kernel,
            gamma=gamma,
            degree=degree,
            coef0=coef0,
            random_state=random_state,
        )
    return Pipeline([("kernel", first), ("learner", learner)])
