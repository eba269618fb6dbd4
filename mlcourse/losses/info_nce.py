"""InfoNCE: each positive alone against all negatives."""

from jaxtyping import Float, Int
from torch import Tensor

from mlcourse._check import check_positive
from mlcourse.losses._logsumexp import log1p_exp, logsumexp_over
from mlcourse.losses._matrix import as_square, entries, same_class


def info_nce_loss(
    sim: Float[Tensor, "n n"],
    labels: Int[Tensor, " n"],
    *,
    temperature: float | int = 0.1,
) -> Float[Tensor, ""]:
    r"""Mean cross-entropy over ordered positive pairs (NT-Xent with labels).

    .. math::
        L = -\frac{1}{|P|} \sum_{(i, p) \in P} \log \frac{e^{S_{ip} / \tau}}
            {e^{S_{ip} / \tau} + \sum_{k \in N_i} e^{S_{ik} / \tau}}

    The denominator holds this positive and all negatives, no other positive.

    Parameters
    ----------
    sim : (n, n), cosine similarities S(psi(x_i), psi(x_j))
    labels : (n,); two views of one image share a label
    temperature : tau > 0, in the unit of sim

    Returns
    -------
    () : no unit, >= 0; 0 without positive pairs, or without negatives. O(n^2) memory.

    Raises
    ------
    ValueError : unless sim is (n, n), labels (n,) whole numbers, and tau > 0

    Source: van den Oord, Li, Vinyals, arXiv:1807.03748, 2018, eq. 4; Chen, Kornblith,
    Norouzi, Hinton, ICML 2020, eq. 1, where each anchor has one positive.

    >>> import torch
    >>> sim = torch.tensor([[1.0, 0.5, 0.4], [0.5, 1.0, 0.5], [0.4, 0.5, 1.0]])
    >>> info_nce_loss(sim, torch.tensor([0, 0, 1]))  # (log 1.368 + log 2) / 2
    tensor(0.5032)
    """
    check_positive(temperature, "temperature")
    sim = as_square(sim, "sim")
    same = same_class(labels, len(sim))
    rivals = logsumexp_over(sim, ~same, scale=1 / temperature)
    i, p = same.fill_diagonal_(False).nonzero(as_tuple=True)
    rise = rivals.index_select(0, i)  # the smallest float if there is no rival
    rise = rise - entries(sim, i, p) / temperature
    return log1p_exp(rise).sum() / max(len(i), 1)
