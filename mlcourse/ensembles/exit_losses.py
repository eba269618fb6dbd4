"""What every pair of a batch costs at every exit."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlcourse._check import check_labels, check_positive
from mlcourse.ensembles.groups import split_learners


def exit_losses(
    z: Float[Tensor, "n k"],
    labels: Int[Tensor, " n"],
    *,
    sizes: Sequence[int],
    margin: float | int = 1.0,
) -> tuple[Float[Tensor, "m s"], Float[Tensor, "m r"]]:
    r"""Contrastive losses of all pairs of a batch at each exit.

    .. math:: \ell_k^+(i, j) = \lVert f_{ki} - f_{kj} \rVert^2, \qquad
        \ell_k^-(i, j) = [m - \lVert f_{ki} - f_{kj} \rVert^2]_+

    Parameters
    ----------
    z : (n, k), embeddings by K exits side by side; each is taken at length 1
    labels : (n,), class of each point, any integers
    sizes : (d_1, ..., d_K), columns of each exit
    margin : m > 0, of squared distances, which are at most 4

    Returns
    -------
    (K, s), (K, r) : of similar and of dissimilar pairs (i, j), i < j, in the order of
        ``similar_pairs`` and ``dissimilar_pairs``

    Raises
    ------
    ValueError : as ``split_learners``; unless margin > 0

    Source: Yuan, Yang, Zhang, ICCV 2017.

    >>> z = torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, -1.0], [0.8, 0.6, 1.0]])
    >>> exit_losses(z, torch.tensor([5, 5, 2]), sizes=(2, 1))
    (tensor([[2.],
            [4.]]), tensor([[0.6000, 0.2000],
            [1.0000, 0.0000]]))
    """
    check_positive(margin, "margin")
    check_labels(labels, len(z))
    f = split_learners(z, sizes=sizes)
    i, j = torch.triu_indices(len(z), len(z), offset=1, device=z.device)
    square = torch.stack([(part[i] - part[j]).square().sum(dim=1) for part in f])
    same = labels[i] == labels[j]
    return square[:, same], (margin - square[:, ~same]).clamp(min=0)
