"""Learners that are not loud about the same images: the activation loss."""

from collections.abc import Sequence
from itertools import combinations

import torch
from jaxtyping import Float
from torch import Tensor


def activation_loss(parts: Sequence[Float[Tensor, "n _"]]) -> Float[Tensor, ""]:
    r"""Mean square of the product of two activations, over all pairs of learners.

    .. math:: L_{\mathrm{act}} = \sum_{i < j} \operatorname*{mean}_{x, a, b}
        \bigl( f_i(x)_a f_j(x)_b \bigr)^2
        = \sum_{i < j} \operatorname*{mean}_x \frac{\lVert f_i(x) \rVert^2}{d_i}
        \frac{\lVert f_j(x) \rVert^2}{d_j}

    The right side says what it asks for: that for each x one learner at most is far
    from 0. By itself it wants all to be 0, which ``norm_penalty`` of the weights
    forbids.

    Parameters
    ----------
    parts : M tensors (n, d_m), f_m = W_m y, not normalized; of lengths 1 the loss is
        constant

    Returns
    -------
    () : 0 with one learner, or without points

    Raises
    ------
    ValueError : if the parts differ in their number of points

    Source: Opitz, Waltner, Possegger, Bischof, ICCV 2017, a sum there and a mean in
    their code. The product of lengths is ours: O(n k) instead of O(n k^2).

    >>> activation_loss([torch.tensor([[1.0, 3.0]]), torch.tensor([[2.0]])])
    tensor(20.)
    """
    if len({len(f) for f in parts}) > 1:
        raise ValueError(
            "parts must be of the same points, a row each, got "
            f"{[len(f) for f in parts]} rows"
        )
    loud = [f.square().mean(dim=1) for f in parts]  # (n,) each
    if not len(parts[0]):
        return parts[0].sum()
    pairs = [(a * b).mean() for a, b in combinations(loud, 2)]
    return torch.stack(pairs).sum() if pairs else 0 * loud[0].sum()


def norm_penalty(weight: Float[Tensor, "k d"]) -> Float[Tensor, ""]:
    r"""How far the rows of a weight matrix are from length 1.

    .. math:: L_{\mathrm{norm}} = \operatorname*{mean}_a
        \bigl( w_a^\top w_a - 1 \bigr)^2

    Parameters
    ----------
    weight : (k, d), k >= 1, one row for each activation

    Returns
    -------
    () : 0 where all rows are of length 1

    Raises
    ------
    ValueError : unless weight is a matrix with a row

    Source: Opitz, Waltner, Possegger, Bischof, ICCV 2017.

    >>> norm_penalty(torch.tensor([[0.6, 0.8], [1.0, 1.0]]))
    tensor(0.5000)
    """
    if weight.ndim != 2 or not len(weight):
        raise ValueError(
            f"weight must be (k, d), a row for each activation, got shape "
            f"{tuple(weight.shape)}"
        )
    return (weight.square().sum(dim=1) - 1).square().mean()
