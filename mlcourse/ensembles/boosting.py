"""Online gradient boosting: how much a pair still counts for the next learner."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlcourse.ensembles._pairs import check_square, same_and_other
from mlcourse.ensembles.deviance import pair_argument


@torch.no_grad()
def boosted_weights(
    sims: Float[Tensor, "m n n"],
    labels: Int[Tensor, " n"],
    *,
    beta1: float | int = 2.0,
    beta2: float | int = 0.5,
    cost: float | int = 25.0,
) -> Float[Tensor, "m n n"]:
    r"""Weight of each pair for each learner: what those before it left undone.

    .. math:: w_1 = 1, \qquad w_{m + 1} = -\frac{\partial \ln(1 + e^{-a})}{\partial a}
        \Big|_{s^m} = \frac{1}{1 + e^{a(s^m)}}

    with a of ``binomial_deviance`` and s^m of ``learner_weights``.

    Parameters
    ----------
    sims : (M, n, n), cosines by each learner, in order
    labels, beta1, beta2, cost : as in ``binomial_deviance``

    Returns
    -------
    (M, n, n) : from 0 to 1, without a gradient; 0 on the diagonal. 1/2 where s^m is
        beta2, near 0 where the pair is as it should be

    Raises
    ------
    ValueError : unless sims is (M, n, n), or as ``binomial_deviance``

    Source: Opitz, Waltner, Possegger, Bischof, ICCV 2017. Their code has by
    default a fixed step of 0.06 in place of nu_m, and doubles w of negative pairs.

    >>> sims = torch.full((3, 2, 2), 0.9)
    >>> boosted_weights(sims, torch.tensor([5, 5]))[:, 0, 1]
    tensor([1.0000, 0.3100, 0.3100])
    """
    sims = check_square(sims, "each of sims")
    if sims.ndim != 3:
        raise ValueError(
            f"sims must be (M, n, n), a matrix by each learner, got {tuple(sims.shape)}"
            "; of one learner it is sim[None]"
        )
    S, D = same_and_other(labels, sims.shape[-1])
    weight = torch.ones_like(sims)
    so_far = torch.zeros_like(sims[:1].sum(dim=0))
    for m in range(1, len(sims)):
        nu = 2 / (m + 1)
        so_far = (1 - nu) * so_far + nu * sims[m - 1]
        a = pair_argument(so_far, S, beta1=beta1, beta2=beta2, cost=cost)
        weight[m] = torch.sigmoid(-a)
    return weight * (S | D)
