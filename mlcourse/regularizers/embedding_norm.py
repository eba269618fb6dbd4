"""Keep embeddings short, where the loss does not normalise them."""

from jaxtyping import Float
from torch import Tensor

from mlcourse._check import check_points


def embedding_norm(z: Float[Tensor, "n k"]) -> Float[Tensor, ""]:
    r"""Mean squared length: for losses that would win by growing every vector.

    .. math:: R(\psi) = \frac1n \sum_i \lVert z_i \rVert^2

    Parameters
    ----------
    z : (n, k), embeddings that are not normalised (else R = 1)

    Returns
    -------
    () : >= 0, in the unit of z, squared; 0 without points

    Raises
    ------
    ValueError : unless z is a finite (n, k) matrix

    Source: Sohn, NIPS 2016, Sec. 3.2.2, for the N-pair loss.

    >>> import torch
    >>> embedding_norm(torch.tensor([[3.0, 4.0], [0.0, 1.0]]))
    tensor(13.)
    """
    z = check_points(z, "z")
    return z.square().sum() / max(len(z), 1)
