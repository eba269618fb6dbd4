"""BIER's loss: each small embedding on the pairs that those before it left undone."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlcourse.ensembles.boosting import boosted_weights
from mlcourse.ensembles.deviance import binomial_deviance
from mlcourse.ensembles.groups import split_learners


def bier_loss(
    z: Float[Tensor, "n k"],
    labels: Int[Tensor, " n"],
    *,
    sizes: Sequence[int],
    beta1: float | int = 2.0,
    beta2: float | int = 0.5,
    cost: float | int = 25.0,
) -> Float[Tensor, ""]:
    r"""Mean deviance of the learners, each on pairs weighted by those before it.

    .. math:: L = \frac1M \sum_m L_{\mathrm{dev}}(s_m, w_m), \qquad
        s_m = \cos(\psi_m(x), \psi_m(x'))

    with L_dev of ``binomial_deviance`` and w_m of ``boosted_weights``.

    Parameters
    ----------
    z : (n, k), embeddings of M learners side by side, of any length
    labels : (n,), class of each point, any integers
    sizes : (d_1, ..., d_M), columns of each, as of ``group_sizes``
    beta1, beta2, cost : of ``binomial_deviance``

    Returns
    -------
    () : its gradient reaches a learner through its own cosines alone, not through the
        weights that it gives to the next

    Raises
    ------
    ValueError : as ``split_learners`` and ``binomial_deviance``

    Source: Opitz, Waltner, Possegger, Bischof, ICCV 2017. One learner is plain
    binomial deviance.

    >>> z = torch.tensor([[1.0, 2.0], [1.0, 3.0], [1.0, -1.0]])
    >>> # the first takes all for alike, at a cost of 25.3; the second corrects it
    >>> bier_loss(z, torch.tensor([0, 0, 1]), sizes=(1, 1))
    tensor(12.6988)
    """
    sims = torch.stack([f @ f.T for f in split_learners(z, sizes=sizes)])
    w = boosted_weights(sims, labels, beta1=beta1, beta2=beta2, cost=cost)
    values = [
        binomial_deviance(s, labels, weights=v, beta1=beta1, beta2=beta2, cost=cost)
        for s, v in zip(sims, w, strict=True)
    ]
    return torch.stack(values).mean()
