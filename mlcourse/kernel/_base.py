"""What every kernel map shares: x -> W' (k_x - mean), for points kept from training."""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
)
from sklearn.metrics.pairwise import pairwise_kernels
from sklearn.utils.validation import check_is_fitted, validate_data

from mlcourse.kernel.median import median_gamma

#: A name of scikit-learn's, or a function of (n, d) and (m, d) that gives (n, m).
Kernel = str | Callable[[np.ndarray, np.ndarray], np.ndarray]


class KernelMap(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Base class; a subclass's fit sets points_, mean_ and weights_."""

    points_: Float[np.ndarray, "m d"]
    mean_: Float[np.ndarray, " m"]
    weights_: Float[np.ndarray, "m r"]

    def transform(self, X: ArrayLike) -> Float[np.ndarray, "n r"]:
        """psi(x) = W' (k_x - mean), row by row, in float64."""
        check_is_fitted(self)
        points = validate_data(self, X, reset=False, dtype=np.float64)
        z: Float[np.ndarray, "n r"] = (self._gram(points) - self.mean_) @ self.weights_
        return z

    def _keep(self, points: Float[np.ndarray, "m d"]) -> Float[np.ndarray, "m m"]:
        """Keep points and settle gamma by them; their kernel matrix."""
        if self.kernel == "precomputed":
            raise ValueError(
                "kernel must be a name of scikit-learn's or a function of two sets of "
                "points, got 'precomputed'; pass the function that computed it"
            )
        if self.gamma is not None and not self.gamma > 0:
            raise ValueError(f"gamma must be > 0 or None, got {self.gamma}")
        if self.gamma is not None and callable(self.kernel):
            raise ValueError(
                f"gamma = {self.gamma} has no effect on a function; bind it there: "
                "functools.partial(rbf_kernel, gamma=...)"
            )
        self.points_, self.gamma_ = points, self.gamma
        if self.gamma is None and self.kernel in ("rbf", "laplacian"):
            self.gamma_ = median_gamma(points, squared=self.kernel == "rbf")
        return self._gram(points)

    def _gram(self, X: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n m"]:
        """k(x, p) of each x with each point p that was kept."""
        Y, shape = self.points_, (len(X), len(self.points_))
        if callable(self.kernel):
            K: np.ndarray = np.asarray(self.kernel(X, Y), dtype=np.float64)
            if K.shape != shape or not np.isfinite(K).all():
                raise ValueError(
                    f"kernel(X, Y) must give finite numbers of shape {shape}, got "
                    f"shape {K.shape}; it takes all rows at once, not one pair"
                )
            return K
        if self.kernel == "rbf":  # sees differences only; far from 0 it loses digits
            X, Y = X - Y.mean(axis=0), Y - Y.mean(axis=0)
        extra: dict[str, Any] = {"degree": self.degree, "coef0": self.coef0}
        if self.gamma_ is not None:  # chi2 has another default than None
            extra["gamma"] = self.gamma_
        K = pairwise_kernels(X, Y, metric=self.kernel, filter_params=True, **extra)
        return K

    @property
    def _n_features_out(self) -> int:
        return int(self.weights_.shape[1])
