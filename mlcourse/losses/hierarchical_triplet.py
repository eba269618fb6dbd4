"""Triplet loss in which every triplet has a margin of its own."""

from jaxtyping import Float, Int
from torch import Tensor

from mlcourse.losses._gaps import BLOCK, mean_cost


def hierarchical_triplet_loss(
    dist: Float[Tensor, "n n"],
    T: Int[Tensor, "t 3"],
    *,
    margins: Float[Tensor, " t"],
) -> Float[Tensor, ""]:
    r"""Mean hinge over T, each triplet with its margin.

    .. math::
        L(\Delta, T) = \frac{1}{|T|} \sum_{z = (a, p, n) \in T}
            [\Delta_{ap} - \Delta_{an} + \alpha_z]_+

    Parameters
    ----------
    dist : (n, n), squared distances of unit vectors, where the margins are those of
        ``violate_margins``
    T : (t, 3), rows (a, p, n): "a is more similar to p than to n"
    margins : (t,), alpha, in the unit of dist; no gradient goes there

    Returns
    -------
    () : in the unit of dist; 0, with gradient 0, where T is empty; ``triplet_loss``
        where all margins are equal. O(t) time, O(n^2) memory beside T and margins.

    Raises
    ------
    ValueError : unless dist is (n, n), T indexes it, and there is a margin a triplet

    Source: Ge, Huang, Dong, Scott, ECCV 2018; there half of it.

    >>> import torch
    >>> dist = torch.tensor([[0.0, 1.0, 1.5], [1.0, 0.0, 3.0], [1.5, 3.0, 0.0]])
    >>> T = torch.tensor([[0, 1, 2], [1, 0, 2]])
    >>> hierarchical_triplet_loss(dist, T, margins=torch.tensor([1.0, 2.5]))
    tensor(0.5000)
    """
    if margins.shape != (len(T),) or not (margins >= 0).all():
        raise ValueError(
            f"margins must be one number >= 0 for each of the {len(T)} triplets, got "
            f"shape {tuple(margins.shape)}"
            + (f" with {margins.min():.4g}" if margins.numel() else "")
            + "; violate_margins gives them, triplet_loss takes one for all"
        )
    blocks = iter(margins.detach().split(BLOCK))

    def hinge(gap: Tensor) -> tuple[Tensor, Tensor]:
        value = gap.add_(next(blocks)).clamp_(min=0)
        return value, value.sign()

    return mean_cost(dist, T, hinge)
