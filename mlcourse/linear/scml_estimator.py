"""SCML as an estimator: triplets of neighbours, bases of local discriminants."""

from numpy.typing import ArrayLike

from mlcourse.linear._base import MahalanobisLearner, Taxonomy
from mlcourse.linear._bases import local_discriminants
from mlcourse.linear._compositional import sparse_weights
from mlcourse.linear._descent import check_steps, warn_unless
from mlcourse.linear._judged import Judged, near_triplets
from mlcourse.linear._psd import root


class SCML(MahalanobisLearner):
    r"""scml on near triplets: a weight each for discriminants of parts of the data.

    .. math:: \min_{w \ge 0} \frac{1}{|T|} \sum_{(a, p, n) \in T} \bigl[ 1 +
        d_w^2(x_a, x_p) - d_w^2(x_a, x_n) \bigr]_+ + \beta \sum_b w_b, \qquad
        M = \sum_b w_b \, b b^\top

    T: every point, each nearest p of its class, each nearest n of others. Bases b, of
    length 1: LDA of the points of each class nearest to a centre, found by k-means.

    Parameters
    ----------
    n_neighbors, n_impostors : >= 1, nearest points of the own and of other classes
    n_bases : >= 1; None takes 20 d, and no more than 2 (C - 1) a point
    beta, tol, max_iter : as in ``scml``

    Attributes
    ----------
    components_ : (d, d) = L, the root of M, largest eigenvalue first
    bases_, weights_ : (K, d) rows b and (K,) w, most of them 0
    objective_ : as above, at w
    duality_gap_ : no weights are better by more than this share of the objective
    n_iter_ : rounds

    Raises
    ------
    ValueError : with one class, no class of two points, a parameter out of range, or
        all points equal.

    Notes
    -----
    Convex in w. Units of X matter for neighbours, regions and beta: standardise X.

    Source: Shi, Bellet, Sha, AAAI 2014 (random seeds and dual averaging there; here
    nothing is drawn, and the optimum is proved).

    >>> X = [[0.0, 0.0], [9.0, 1.0], [0.0, 3.0], [9.0, 4.0]]
    >>> SCML().fit(X, [0, 0, 1, 1]).metric().round(3) + 0.0
    array([[ 0.001, -0.012],
           [-0.012,  0.115]])
    """

    taxonomy = Taxonomy("full", "global", ("n", "d"), True, regularizer="L1 of weights")

    def __init__(
        self,
        *,
        n_neighbors: int = 3,
        n_impostors: int = 10,
        n_bases: int | None = None,
        beta: float = 1e-5,
        tol: float = 1e-6,
        max_iter: int = 100,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.n_impostors = n_impostors
        self.n_bases = n_bases
        self.beta = beta
        self.tol = tol
        self.max_iter = max_iter

    def fit(self, X: ArrayLike, y: ArrayLike) -> "SCML":
        """X (n, d), class labels y (n,)."""
        points, codes = self._labelled(X, y)
        check_steps(self.max_iter, self.tol)
        sizes = self.n_neighbors, self.n_impostors, self.n_bases
        if any(size is not None and size < 1 for size in sizes):
            raise ValueError(
                f"n_neighbors, n_impostors, n_bases must be >= 1, got {sizes}"
            )
        T = near_triplets(points, codes, self.n_neighbors, self.n_impostors)
        if len(T) == 0:
            raise ValueError("SCML needs similar points: two of one class")
        count = self.n_bases or 20 * points.shape[1]
        self.bases_ = local_discriminants(points, codes, count)
        found = sparse_weights(
            Judged(points, T), self.bases_,
            beta=self.beta, tol=self.tol, max_iter=self.max_iter,
        )  # fmt: skip
        self.weights_, self.objective_, self.duality_gap_, self.n_iter_ = found
        warn_unless(
            self.duality_gap_ <= self.tol, f"stopped after {self.n_iter_} rounds"
        )
        self.components_ = root((self.bases_.T * self.weights_) @ self.bases_)
        return self
