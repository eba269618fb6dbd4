"""Points of a group to one target, and groups of a batch to targets at right angles."""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import normalize

from mlcourse._check import check_labels, check_neighbours, check_points


@torch.no_grad()
def frame_targets(
    z: Float[Tensor, "n k"], labels: Int[Tensor, " n"]
) -> Float[Tensor, "r k"]:
    r"""The orthonormal targets that are nearest to where the groups are.

    .. math:: V = \arg\min_{V V^\top = I} \sum_c \lVert v_c - \mu_c \rVert^2, \qquad
        \mu_c = \frac{\sum_{y_i = c} \psi_i}{\lVert \sum_{y_i = c} \psi_i \rVert}

    Targets that are drawn beforehand, with a rotation for each subset that takes the
    groups as close to them as it can, come to the same: the draw cancels.

    Parameters
    ----------
    z : (n, k), embeddings psi of the points of a batch
    labels : (n,), their groups, r <= k different whole numbers

    Returns
    -------
    V : (r, k), the targets, in the order of the numbers of the groups

    Raises
    ------
    ValueError : unless z is a finite (n, k), labels are (n,), and r is from 1 to k

    Source: the polar factor of the means: Schoenemann, Psychometrika 31, 1966. Random
    targets, one a group: Milbich, Ghori, Diego, Ommer, Pattern Recognition 102, 2020.

    >>> z = torch.tensor([[1.0, 0.5], [1.0, 0.5], [1.0, -0.5]])
    >>> frame_targets(z, torch.tensor([4, 4, 7])).round(decimals=4)
    tensor([[ 0.7071,  0.7071],
            [ 0.7071, -0.7071]])
    """
    z = check_points(z, "z")
    check_labels(labels, len(z))
    groups, code = labels.unique(return_inverse=True)
    check_neighbours(len(groups), z.shape[1], "groups in a batch", "dimensions")
    total = z.new_zeros(len(groups), z.shape[1]).index_add_(0, code, z)
    u, _, v = torch.linalg.svd(normalize(total), full_matrices=False)
    targets: Tensor = u @ v
    return targets


def target_loss(
    z: Float[Tensor, "n k"], labels: Int[Tensor, " n"]
) -> Float[Tensor, ""]:
    r"""How far the points of a batch are from the targets of their groups.

    .. math:: L = \frac1n \sum_{i=1}^{n} \bigl( 1 - \cos(\psi_i,\; v_{y_i}) \bigr)

    with V from ``frame_targets``, through which no gradient flows. A batch of mutually
    distant groups is pulled apart as far as they can be from each other all at once; it
    says nothing of groups that are in no common batch: those relations are unknown.

    Parameters
    ----------
    z : (n, k), embeddings psi of the points of a batch
    labels : (n,), their groups, at most k different whole numbers

    Returns
    -------
    () : from 0 to 2, no unit; 0 if each group is a point and groups are at right angles

    Raises
    ------
    ValueError : as ``frame_targets``

    Source: Milbich, Ghori, Diego, Ommer, Pattern Recognition 102, 2020, where each
    subset has a map of its own to its targets; here one network serves all subsets.

    >>> z = torch.tensor([[2.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> target_loss(z[:2], torch.tensor([4, 7]))
    tensor(0.)
    >>> round(target_loss(z, torch.tensor([4, 7, 7])).item(), 4)
    0.0676
    """
    V = frame_targets(z, labels)
    code = labels.unique(return_inverse=True)[1]
    return (1 - (normalize(z.to(V.dtype)) * V[code]).sum(dim=1)).mean()
