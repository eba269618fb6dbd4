"""Two embeddings kept apart: an adversary looks for one in the other."""

from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import normalize

from mlcourse._check import check_points
from mlcourse._reversal import reverse_gradient


def adversarial_decorrelation(
    z: Float[Tensor, "n k"],
    other: Float[Tensor, "n j"],
    *,
    projection: Callable[[Tensor], Tensor],
) -> Float[Tensor, ""]:
    r"""What a projection finds of one embedding in another; both learn to hide it.

    .. math:: \ell_{\text{adv}} = -\frac{1}{n} \sum_{i=1}^n \frac1k \bigl\lVert
        \psi_\alpha^r(x_i) \odot R\bigl(\psi_\beta^r(x_i)\bigr) \bigr\rVert^2

    with all rows of length 1, the product by coordinates, and r ``reverse_gradient``.
    Descent makes R find more, and the embeddings show less.

    Parameters
    ----------
    z : (n, k), psi_alpha of n points
    other : (n, j), psi_beta of the same points
    projection : R, from (n, j) to (n, k); its parameters are to be trained

    Returns
    -------
    () : from -1 / k to 0; 0 without points. Independent even directions give -1 / k^2,
        R z' = z -3 / (k^2 + 2 k): the weight must be large, and larger in more
        dimensions.

    Raises
    ------
    ValueError : unless z and other are finite and have equally many rows, and R has the
        columns of z

    Source: Roth, Brattoli, Ommer, ICCV 2019 (mutual information loss);
    Milbich, Roth, Brattoli, Ommer, TPAMI 2020. It is no bound on mutual information.

    >>> import torch
    >>> z = torch.tensor([[0.6, 0.8], [1.0, 0.0]])
    >>> round(adversarial_decorrelation(z, z, projection=lambda u: u).item(), 4)
    -0.3848
    """
    z, other = check_points(z, "z"), check_points(other, "other")
    if len(z) != len(other):
        raise ValueError(
            f"z and other must be of the same points, got {len(z)} and {len(other)} "
            "rows; both are heads of one batch"
        )
    u = normalize(reverse_gradient(z), dim=1)
    v = projection(normalize(reverse_gradient(other), dim=1))
    if v.shape != u.shape:
        raise ValueError(
            f"projection must lead to the {z.shape[1]} columns of z, shape "
            f"{tuple(u.shape)}, got {tuple(v.shape)}; mlp((j, hidden, k)) does"
        )
    found = (u * normalize(v, dim=1)).square().sum()
    return -found / max(z.numel(), 1)
