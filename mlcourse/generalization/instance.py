"""Every image a class of its own: the key of its other view, against older keys."""

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import softplus

from mlcourse._check import check_points, check_positive


def instance_nce_loss(
    query: Float[Tensor, "n k"],
    key: Float[Tensor, "n k"],
    negatives: Float[Tensor, "m k"],
    *,
    temperature: float | int = 0.1,
    log_weights: Float[Tensor, "n m"] | None = None,
) -> Float[Tensor, ""]:
    r"""Mean cross-entropy of each query's own key among weighted negatives.

    .. math:: L = -\frac1n \sum_i \log \frac{e^{q_i^\top k_i / \tau}}
        {e^{q_i^\top k_i / \tau} + \sum_j \bar w_{ij}\, e^{q_i^\top v_j / \tau}},
        \qquad \bar w_{ij} = \frac{m\, w_{ij}}{\sum_l w_{il}}

    Parameters
    ----------
    query, key : (n, k), rows of length 1: two views of n images
    negatives : (m, k), keys of other images
    temperature : tau > 0, in the unit of a cosine; theirs is 0.01
    log_weights : (n, m), log w, up to a number for each row; -inf leaves a negative
        out. None weighs all alike

    Returns
    -------
    () : no unit, >= 0; 0 without queries or negatives

    Raises
    ------
    ValueError : for shapes that do not fit, or temperature <= 0

    Source: He, Fan, Wu, Xie, Girshick, CVPR 2020 (MoCo, equal weights); Milbich et al.,
    ECCV 2020 (DaNCE: negatives by inverse distance density, here as their expectation;
    their code multiplies cosines by the weights).

    >>> q, k = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.6, 0.8]])
    >>> instance_nce_loss(q, k, torch.eye(2), temperature=1.0)  # log 1 + e^.4 + e^-.6
    tensor(1.1121)
    """
    check_positive(temperature, "temperature")
    query, key = check_points(query, "query"), check_points(key, "key")
    negatives = check_points(negatives, "negatives")
    if query.shape != key.shape or negatives.shape[1:] != key.shape[1:]:
        raise ValueError(
            "query and key must be of one shape, negatives of as many columns, got "
            f"{tuple(query.shape)}, {tuple(key.shape)}, {tuple(negatives.shape)}"
        )
    rivals = query @ negatives.T / temperature  # (n, m)
    if log_weights is not None:
        if log_weights.shape != rivals.shape:
            raise ValueError(
                f"log_weights must be one number for each of the {tuple(rivals.shape)} "
                f"queries and negatives, got {tuple(log_weights.shape)}"
            )
        share = log_weights.log_softmax(dim=1).nan_to_num(nan=-torch.inf)
        rivals = rivals + share + math.log(max(len(negatives), 1))
    own = (query * key).sum(dim=1) / temperature
    if not rivals.numel():
        return own.sum() * 0
    least = torch.finfo(rivals.dtype).min / 4  # finite, where none is left
    rivals = rivals.clamp(min=least)
    return softplus(rivals.logsumexp(dim=1) - own).mean()
