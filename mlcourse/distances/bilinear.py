"""Bilinear similarity: large means close, and no axiom holds."""

from jaxtyping import Float
from torch import Tensor

from mlcourse.distances._points import as_form, as_points


def bilinear(
    x: Float[Tensor, "n d"], y: Float[Tensor, "m d"], M: Float[Tensor, "d d"]
) -> Float[Tensor, "n m"]:
    r"""Similarity under any matrix M. Not a distance: large is close.

    .. math:: s_M(x_i, y_j) = x_i^\top M y_j

    Parameters
    ----------
    x, y : (n, d), (m, d); half and bfloat16 are computed in float32
    M : (d, d), any: neither symmetric nor positive, so nothing has to be projected

    Returns
    -------
    (n, m) : in the unit of x squared, times M's. May be negative; s(x, y) = s(y, x)
        only for symmetric M; s(x, x) need not be the largest. To rank with it, negate
        it.

    Raises
    ------
    ValueError : if M is not (d, d); TypeError, ValueError : unless x, y are tensors
        (n, d) and (m, d)

    Source: Chechik, Sharma, Shalit, Bengio, JMLR 11, 2010 (OASIS). The slide
    "Alternative" names it d_M, but it is a similarity.

    >>> import torch
    >>> x, y = torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, -1.0]])
    >>> bilinear(x, y, torch.tensor([[0.0, 1.0], [2.0, 0.0]]))
    tensor([[11.]])
    """
    x, y = as_points(x, y)
    return x @ as_form(M, x) @ y.T
