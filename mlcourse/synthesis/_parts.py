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


def square(x: Float[Tensor, "t k"], y: Float[Tensor, "t k"]) -> Float[Tensor, " t"]:
    """Squared Euclidean distance of each row of x to the same row of y."""
    return (x - y).square().sum(dim=1)


def mean_hinge(
    d_pos: Float[Tensor, " t"], d_neg: Float[Tensor, " t"], margin: float | int
) -> Float[Tensor, ""]:
    """Triplet loss of t triplets; 0 where there is none."""
    return (d_pos - d_neg + margin).clamp(min=0).sum() / max(len(d_pos), 1)


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


def check_daml(*, margin: float | int, reg: float | int, adv: float | int) -> None:
    """Raise ValueError unless margin is > 0, and reg and adv are >= 0."""
    check_positive(margin, "margin")
    for name, value in (("reg", reg), ("adv", adv)):
        if not value >= 0:
            raise ValueError(f"{name} must be >= 0, got {value}")
