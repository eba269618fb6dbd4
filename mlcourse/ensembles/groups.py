"""Many small embeddings as one: cut it into learners, and put them together again."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import normalize

from mlcourse._check import check_points
from mlcourse.ensembles._sizes import check_sizes, shares_of


def split_learners(
    z: Float[Tensor, "n k"], *, sizes: Sequence[int]
) -> tuple[Float[Tensor, "n _"], ...]:
    r"""The columns of each learner, each row of length 1.

    .. math:: z = [z_1; \dots; z_M], \qquad
        \psi_m = z_m / \lVert z_m \rVert

    Parameters
    ----------
    z : (n, k), embeddings of M learners side by side
    sizes : (d_1, ..., d_M), columns of each; they add up to k

    Returns
    -------
    M tensors (n, d_m) : what each learner says by itself; rows of 0 stay 0

    Raises
    ------
    ValueError : unless z is finite (n, k), and sizes add up to k

    Source: Opitz, Waltner, Possegger, Bischof, ICCV 2017.

    >>> z = torch.tensor([[3.0, 4.0, -2.0], [0.0, 1.0, 5.0]])
    >>> split_learners(z, sizes=(2, 1))[0]
    tensor([[0.6000, 0.8000],
            [0.0000, 1.0000]])
    """
    z = check_points(z, "z")
    parts = z.split(check_sizes(sizes, z.shape[1]), dim=1)
    return tuple(normalize(part, dim=1) for part in parts)


def concatenate(
    parts: Sequence[Float[Tensor, "n _"]],
    *,
    weights: Sequence[float | int] | None = None,
) -> Float[Tensor, "n k"]:
    r"""One embedding, whose dot product is the learners' weighted mean cosine.

    .. math:: \psi = [\sqrt{\alpha_1} \psi_1; \dots; \sqrt{\alpha_M} \psi_M], \qquad
        \langle \psi(x), \psi(x') \rangle = \sum_m \alpha_m \cos(\psi_m(x), \psi_m(x'))

    Parameters
    ----------
    parts : M tensors (n, d_m), embeddings by each learner, of any length
    weights : (M,), >= 0; alpha is the weights over their sum. None: 1/M each

    Returns
    -------
    (n, d_1 + ... + d_M) : of length 1, unless a part of it is 0

    Raises
    ------
    ValueError : unless all parts are finite, of n rows, with a weight each

    Source: Opitz, Waltner, Possegger, Bischof, ICCV 2017; with equal weights the mean
    of independent networks: Guo, Gould, arXiv:1506.07224, 2015.

    >>> a, b = torch.tensor([[3.0, 4.0]]), torch.tensor([[-2.0]])
    >>> concatenate([a, b], weights=[1, 3])
    tensor([[ 0.3000,  0.4000, -0.8660]])
    """
    units = [normalize(check_points(part, "a part"), dim=1) for part in parts]
    alpha = shares_of(weights, len(units))
    if len({len(unit) for unit in units}) > 1:
        raise ValueError(
            "parts must embed the same points, a row each, got "
            f"{[len(unit) for unit in units]} rows"
        )
    return torch.cat(
        [a**0.5 * unit for a, unit in zip(alpha.tolist(), units, strict=True)], dim=1
    )
