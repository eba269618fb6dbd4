"""Proxy Anchor: each proxy looks at the whole batch, and at its hardest points most."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlcourse._check import check_classes, check_positive
from mlcourse.losses._logsumexp import grouped_logsumexp, log1p_exp
from mlcourse.losses._matrix import as_float


def proxy_anchor_loss(
    sim: Float[Tensor, "n C"],
    labels: Int[Tensor, " n"],
    *,
    margin: float | int = 0.1,
    alpha: float | int = 32.0,
) -> Float[Tensor, ""]:
    r"""Multi-similarity with the proxies as anchors.

    .. math::
        L = \frac{1}{|P^+|} \sum_{p \in P^+}
              \log\Bigl(1 + \sum_{x \in X_p^+} e^{-\alpha (S(x, p) - m)}\Bigr)
          + \frac{1}{C} \sum_p
              \log\Bigl(1 + \sum_{x \in X_p^-} e^{\alpha (S(x, p) + m)}\Bigr)

    P+: the proxies whose class is in the batch; X_p+, X_p-: the points of the class of
    p, and the others.

    Parameters
    ----------
    sim : (n, C), cosine similarities S(psi(x_i), p_c)
    labels : (n,), from 0 to C - 1
    margin : m, in the unit of sim: positives want S > m, negatives S < -m
    alpha : > 0, sharpness

    Returns
    -------
    () : no unit, >= 0; 0, with gradient 0, without points

    Raises
    ------
    ValueError : unless sim is (n, C), labels (n,) from 0 to C - 1, and alpha > 0

    Source: Kim, Kim, Cho, Kwak, CVPR 2020, eq. 4.

    >>> sim = torch.tensor([[0.5, -0.5]])
    >>> proxy_anchor_loss(sim, torch.tensor([0]), margin=0.5, alpha=1.0)
    tensor(1.0397)
    """
    check_positive(alpha, "alpha")
    sim = as_float(sim, "sim")
    check_classes(labels, *sim.shape)
    if not sim.numel():
        return sim.sum()  # of nothing: 0
    own, n_classes = labels.long(), sim.shape[1]
    pull = -alpha * (sim.gather(1, own[:, None]).squeeze(1) - margin)  # (n,)
    pull = log1p_exp(grouped_logsumexp(pull, own, n_classes))  # 0 for a class not there
    present = torch.zeros_like(pull).index_fill(0, own, 1).sum()
    push = (alpha * (sim + margin)).scatter(1, own[:, None], -torch.inf)
    push = log1p_exp(push.logsumexp(dim=0))
    return pull.sum() / present + push.sum() / n_classes
