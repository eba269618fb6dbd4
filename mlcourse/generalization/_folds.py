"""A probe is fitted to some classes, and reads the others."""

from typing import Any

from jaxtyping import Float
from sklearn.model_selection import GroupKFold, cross_val_predict
from torch import Tensor

from mlcourse._check import check_labels, check_points


def checked(
    z: Tensor, factor: Tensor, labels: Tensor, folds: int
) -> Float[Tensor, "n k"]:
    """Points in float64; error unless each has a factor, and folds are in range."""
    z = check_points(z, "z").detach().cpu().double()
    check_labels(labels, len(z))
    if factor.shape != labels.shape:
        raise ValueError(
            f"factor must be one value for each of the {len(z)} points, got shape "
            f"{tuple(factor.shape)}; of several numbers, probe one after the other"
        )
    n_classes = len(labels.unique())
    if not 2 <= folds <= n_classes:
        raise ValueError(
            f"folds must be from 2 to the number of classes, {n_classes}, got {folds}"
        )
    return z


def read_others(probe: Any, z: Tensor, known: Any, labels: Tensor, folds: int) -> Any:
    """Predictions for each point by what is fitted to the other folds."""
    return cross_val_predict(
        probe, z.numpy(), known, groups=labels.cpu().numpy(), cv=GroupKFold(folds)
    )
