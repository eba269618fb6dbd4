"""How alike are two points along the data? Walks on the graph of neighbours say it."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlcourse.miners._walks import Walks


@torch.no_grad()
def manifold_similarity(
    z: Float[Tensor, "n d"],
    anchors: Int[Tensor, " m"],
    *,
    k: int = 30,
    power: float | int = 3,
    alpha: float | int = 0.99,
) -> Float[Tensor, "m n"]:
    r"""Similarity to each anchor by random walks that start at it again and again.

    .. math:: (I - \alpha S) f_r = e_r, \qquad S = D^{-1/2} W D^{-1/2}, \qquad
        w_{ij} = \bigl[1 - \tfrac12 |z_i - z_j|^2 \bigr]_+^{\,p}
        \text{ if } i \in N_k(j) \text{ and } j \in N_k(i)

    with D the diagonal of the row sums of W. For unit vectors w is the cosine to the
    power p.

    Parameters
    ----------
    z : (n, d), all points: unit vectors, or others with neighbours nearer than sqrt 2
    anchors : (m,), rows of z
    k : 1 <= k < n, neighbours of a point; an edge needs both to have the other
    power : p > 0; the larger, the less a far neighbour counts
    alpha : from 0 to below 1; the larger, the longer the walks

    Returns
    -------
    (m, n) : f, in float64, up to 1e-5; exactly 0 where no walk arrives. Time of
        O(n k) a step of conjugate gradients and anchor, memory of O(n (k + m)).

    Raises
    ------
    ValueError : unless z is finite (n, d), anchors index it, and numbers are in range

    Source: Iscen, Tolias, Avrithis, Chum, CVPR 2018; k, p and alpha are theirs. Their
    code ends after 20 steps of the solver; here the residual decides.

    >>> z = torch.tensor([[0.0], [0.1], [0.2], [1.3]])
    >>> f = manifold_similarity(z, torch.tensor([0]), k=2, alpha=0.5)
    >>> [round(value, 3) for value in f[0].tolist()]
    [1.198, 0.403, 0.395, 0.0]
    """
    walks = Walks(z, k=k, power=power, alpha=alpha)
    if len(anchors) and not (anchors.min() >= 0 and anchors.max() < len(z)):
        raise ValueError(
            f"anchors must be rows of z, from 0 to {len(z) - 1}, got "
            f"{int(anchors.min())} to {int(anchors.max())}"
        )
    return walks.similarity(anchors).to(z.device)
