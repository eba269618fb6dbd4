"""Global loss: two heaps of distances, each narrow, one well before the other."""

from jaxtyping import Float, Int
from torch import Tensor

from mlcourse._check import check_positive, check_rows
from mlcourse.losses._matrix import as_square, entries


def global_loss(
    dist: Float[Tensor, "n n"],
    S: Int[Tensor, "s 2"],
    D: Int[Tensor, "r 2"],
    *,
    margin: float | int = 0.4,
    weight: float | int = 0.8,
) -> Float[Tensor, ""]:
    r"""Variances of the distances of both kinds, and a hinge on their means.

    .. math::
        L(\Delta, S, D) = \sigma_S^2 + \sigma_D^2 + \lambda\, [\mu_S - \mu_D + m]_+

    with mu, sigma^2 the mean and the variance of Delta over S, over D.

    Parameters
    ----------
    dist : (n, n), squared distances of unit vectors over 4, from 0 to 1, for the margin
        and the weight given here
    S, D : (s, 2), (r, 2), similar and dissimilar pairs (i, j)
    margin : m > 0, by how much the means must differ, in the unit of dist
    weight : lambda >= 0, in the unit of dist

    Returns
    -------
    () : in the squared unit of dist; a kind without pairs adds nothing, and leaves no
        hinge. O(s + r) time beside dist.

    Raises
    ------
    ValueError : unless dist is (n, n), S and D index it, m > 0 and lambda >= 0

    Source: Kumar B G, Carneiro, Reid, CVPR 2016; margin and weight as in their code.

    >>> import torch
    >>> dist = torch.tensor([[0.0, 0.1, 0.3], [0.1, 0.0, 0.5], [0.3, 0.5, 0.0]])
    >>> S, D = torch.tensor([[0, 1]]), torch.tensor([[0, 2], [1, 2]])
    >>> round(global_loss(dist, S, D).item(), 4)  # 0.1^2 + 0.8 * (0.1 - 0.4 + 0.4)
    0.09
    """
    check_positive(margin, "margin")
    if not weight >= 0:
        raise ValueError(f"weight must be >= 0, got {weight}")
    dist = as_square(dist, "dist")
    S = check_rows(S, name="S", width=2, n=len(dist))
    D = check_rows(D, name="D", width=2, n=len(dist))
    near, far = entries(dist, S[:, 0], S[:, 1]), entries(dist, D[:, 0], D[:, 1])
    total = near.sum() * 0 + far.sum() * 0
    for part in (near, far):
        if len(part):
            total = total + part.var(correction=0)
    if len(near) and len(far):
        total = total + weight * (near.mean() - far.mean() + margin).clamp(min=0)
    return total
