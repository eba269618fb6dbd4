"""Mahalanobis distance: Euclid after a linear map."""

import torch
from jaxtyping import Float
from torch import Tensor

from mlcourse.distances._points import as_form, as_points
from mlcourse.distances.euclidean import euclidean


def mahalanobis(
    x: Float[Tensor, "n d"], y: Float[Tensor, "m d"], M: Float[Tensor, "d d"]
) -> Float[Tensor, "n m"]:
    r"""Distance under the form M = L'L. A metric where M > 0, else a pseudo-metric.

    .. math:: \Delta_M(x_i, y_j) = \sqrt{(x_i - y_j)^\top M (x_i - y_j)}
        = \lVert L x_i - L y_j \rVert_2

    Parameters
    ----------
    x, y : (n, d), (m, d); half and bfloat16 are computed in float32
    M : (d, d), positive semi-definite. I is Euclid, the inverse covariance of the data
        is Mahalanobis' own choice. Only its symmetric part counts. Eigenvalues between
        -sqrt(eps) times the largest and 0 are round-off and taken as 0.

    Returns
    -------
    (n, m) : in units of x times the root of M's; exact zeros as in ``euclidean``. The
        gradient at distance 0 is taken as 0. O(d^3 + (n + m) d^2 + n m d) time.

    Raises
    ------
    ValueError : if M is not (d, d) or has a negative eigenvalue (it says which, and how
        to project); TypeError, ValueError : unless x, y are (n, d) and (m, d)

    Source: Mahalanobis, Proc. Nat. Inst. Sci. India 2, 1936.

    >>> x, y = torch.tensor([[0.0, 0.0]]), torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    >>> mahalanobis(x, y, torch.tensor([[4.0, 0.0], [0.0, 9.0]]))
    tensor([[2., 3.]])
    """
    x, y = as_points(x, y)
    M = as_form(M, x)
    L = _root((M + M.T).detach() / 2)
    # Far from 0, L x would lose digits: move the origin to where the points are.
    center = y.detach().mean(dim=0) if len(y) else 0
    dist = euclidean((x - center) @ L.T, (y - center) @ L.T)
    if M.requires_grad:  # an eigenbasis has no gradient where two eigenvalues are equal
        a, b = (x - center).detach(), (y - center).detach()
        square = ((a @ M) * a).sum(dim=1)[:, None] + ((b @ M) * b).sum(dim=1)
        square = square - a @ (M + M.T) @ b.T
        slope = torch.where(dist > 0, 0.5 / dist, 0).detach()
        dist = dist + slope * (square - square.detach())  # adds 0, and dDelta/dM
    return dist


def _root(M: Float[Tensor, "d d"]) -> Float[Tensor, "d d"]:
    """L with L'L = M."""
    L: Tensor
    L, fails = torch.linalg.cholesky_ex(M, upper=True)  # fast, but for M > 0 only
    if not fails:
        return L
    values, vectors = torch.linalg.eigh(M)
    smallest, largest = values[0].item(), values.abs().max().item()
    if smallest < -(torch.finfo(M.dtype).eps ** 0.5) * largest:
        raise ValueError(
            "M must be positive semi-definite, but its smallest eigenvalue is "
            f"{smallest:.4g}; project it: w, V = torch.linalg.eigh((M + M.T) / 2), "
            "then M = (V * w.clamp(min=0)) @ V.T"
        )
    L = (vectors * values.clamp(min=0).sqrt()).T
    return L
