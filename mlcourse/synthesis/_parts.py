"""Parts with objectives of their own: each sees the others as they stand."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from mlcourse._check import check_classes, check_positive


def frozen(part: nn.Module, x: Tensor) -> Tensor:
    """part(x), from which a gradient reaches x and no parameter of the part."""
    weights = {name: value.detach() for name, value in part.named_parameters()}
    value: Tensor = torch.func.functional_call(part, weights, (x,))
    return value


def mean_cross_entropy(
    scores: Float[Tensor, "m c"], labels: Int[Tensor, " m"]
) -> Float[Tensor, ""]:
    """Mean over the rows of -log softmax of the own class; 0 where there is none."""
    check_classes(labels, len(scores), scores.shape[1])
    return cross_entropy(scores, labels, reduction="sum") / max(len(labels), 1)


def check_hdml(*, alpha: float | int, beta: float | int, balance: float | int) -> None:
    """Raise ValueError unless alpha and beta are > 0, and 0 <= balance <= 1."""
    check_positive(alpha, "alpha")
    check_positive(beta, "beta")
    if not 0 <= balance <= 1:
        raise ValueError(f"balance must be from 0 to 1, got {balance}")
