"""What every Mahalanobis learner shares: L, M, checked labels, a place in a map."""

from typing import Any, Literal, NamedTuple

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
)
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data


class Taxonomy(NamedTuple):
    """A learner's place in the map of Bellet, Habrard, Sebban, arXiv:1306.6709.

    ``scales_with`` holds "n" (points) and "d" (coordinates) where the method is cheap
    in them: two stars or more in the survey's table, our own judgement where a method
    is not in it.
    """

    supervision: Literal["none", "weak", "full"]
    optimum: Literal["global", "local"]
    scales_with: tuple[Literal["n", "d"], ...]
    reduces_dimension: bool
    form: Literal["linear", "linear similarity"] = "linear"
    regularizer: str = "none"
    online: bool = False


class MahalanobisLearner(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator
):
    r"""Base class; a subclass's fit(X, y) sets components_ = L, of shape (k, d).

    .. math:: \Delta_M(x, x') = \lVert L x - L x' \rVert_2, \qquad M = L^\top L
    """

    taxonomy: Taxonomy
    components_: Float[np.ndarray, "k d"]

    def transform(self, X: ArrayLike) -> Float[np.ndarray, "n k"]:
        """psi(x) = L x, row by row, in float64."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=np.float64)
        embedded: Float[np.ndarray, "n k"] = X @ self.components_.T
        return embedded

    def metric(self) -> Float[np.ndarray, "d d"]:
        """M = L'L, positive semi-definite."""
        check_is_fitted(self)
        L = self.components_
        M: Float[np.ndarray, "d d"] = L.T @ L
        return M

    def _labelled(
        self, X: ArrayLike, y: ArrayLike | None, *, min_classes: int = 2
    ) -> tuple[Float[np.ndarray, "n d"], Int[np.ndarray, " n"]]:
        """X in float64 and the classes as codes 0 to C - 1, in the order of names."""
        points, y = validate_data(self, X, y, dtype=np.float64, ensure_min_samples=2)
        y = np.asarray(y)
        if y.dtype.kind not in "iub":  # whole numbers need no look at each value
            check_classification_targets(y)
        classes, codes = np.unique(y, return_inverse=True)
        if len(classes) < min_classes:
            raise ValueError(
                f"{type(self).__name__} needs at least {min_classes} classes, got "
                f"{len(classes)} class ({classes[0]!r}); with a single class nothing "
                "is dissimilar"
            )
        return points, codes

    def _n_rows(self, largest: int, what: str = "the number of features") -> int:
        """n_components if it is from 1 to largest; largest where it is None."""
        k: int | None = self.n_components
        if k is not None and not 1 <= k <= largest:
            raise ValueError(
                f"n_components must be from 1 to {what}, {largest} "
                f"(n_features = {self.n_features_in_}), got {k}; None takes all"
            )
        return largest if k is None else k

    @property
    def _n_features_out(self) -> int:
        return len(self.components_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = self.taxonomy.supervision != "none"
        return tags
