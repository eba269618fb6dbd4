"""Do the learners say the same? Correlations of their activations."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from mlcourse._check import check_points
from mlcourse.ensembles._sizes import check_sizes


@torch.no_grad()
def activation_correlation(z: Float[Tensor, "n k"]) -> Float[Tensor, "k k"]:
    r"""Pearson correlation of every two columns of an embedding.

    .. math:: c_{ab} = \frac{\sum_i (z_{ia} - \bar z_a)(z_{ib} - \bar z_b)}
        {\sqrt{\sum_i (z_{ia} - \bar z_a)^2 \sum_i (z_{ib} - \bar z_b)^2}}

    Parameters
    ----------
    z : (n, k), embeddings, best of images that were not trained on

    Returns
    -------
    (k, k) : from -1 to 1, in float64, without a gradient; the diagonal is 1. A column
        that does not change correlates with none: 0, on the diagonal too

    Raises
    ------
    ValueError : unless z is finite (n, k)

    Source: Opitz, Waltner, Possegger, Bischof, ICCV 2017, who look at it to see whether
    learners are diverse.

    >>> activation_correlation(torch.tensor([[1.0, 5.0, 0.0], [2.0, 3.0, 0.0]])).float()
    tensor([[ 1., -1.,  0.],
            [-1.,  1.,  0.],
            [ 0.,  0.,  0.]])
    """
    z = check_points(z, "z").double()
    if not len(z):
        return z.new_zeros(z.shape[1], z.shape[1])
    still = z.amax(dim=0) == z.amin(dim=0)
    z = torch.where(still, 0.0, z - z.mean(dim=0))
    length = torch.linalg.vector_norm(z, dim=0)
    z = z / torch.where(still, 1.0, length)
    return z.T @ z


def cross_correlation(z: Float[Tensor, "n k"], *, sizes: Sequence[int]) -> float:
    r"""Mean absolute correlation of two activations of different learners.

    .. math:: \operatorname*{mean}_{a, b :\, m(a) \ne m(b)} |c_{ab}|

    with m(a) the learner whose column a is.

    Parameters
    ----------
    z : (n, k), embeddings of M >= 2 learners side by side
    sizes : (d_1, ..., d_M), columns of each

    Returns
    -------
    float from 0 to 1. By chance alone it is about sqrt(2 / (pi n)). A low value proves
        nothing by itself: learners of noise do not correlate either.

    Raises
    ------
    ValueError : with one learner, or as ``split_learners``

    Source: Opitz, Waltner, Possegger, Bischof, ICCV 2017.

    >>> z = torch.tensor([[1.0, 5.0, 1.0], [2.0, 3.0, 1.0], [3.0, 1.0, 4.0]])
    >>> round(cross_correlation(z, sizes=(1, 2)), 3)  # (1 + 0.866) / 2
    0.933
    """
    sizes = check_sizes(sizes, z.shape[1])
    if len(sizes) < 2:
        raise ValueError("a correlation across learners needs two of them, got one")
    owner = torch.arange(len(sizes)).repeat_interleave(torch.tensor(sizes))
    apart = owner[:, None] != owner
    return activation_correlation(z)[apart].abs().mean().item()
