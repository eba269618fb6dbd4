"""Smooth-AP: average precision with a sigmoid for every comparison of ranks."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlcourse._check import check_positive
from mlcourse.losses._matrix import as_square, positives


def smooth_ap_loss(
    sim: Float[Tensor, "n n"],
    labels: Int[Tensor, " n"],
    *,
    temperature: float | int = 0.01,
) -> Float[Tensor, ""]:
    r"""One minus the mean smooth average precision; a query is not in its own list.

    .. math::
        L = 1 - \operatorname*{mean}_{q : P_q \ne \emptyset} \frac{1}{|P_q|}
        \sum_{i \in P_q} \frac{1 + \sum_{j \in P_q \setminus i} \sigma_{qij}}
        {1 + \sum_{j \ne i, q} \sigma_{qij}}, \quad
        \sigma_{qij} = \frac{1}{1 + e^{(S_{qi} - S_{qj}) / \tau}}

    Parameters
    ----------
    sim : (n, n), similarities S(psi(x_q), psi(x_i))
    labels : (n,); P_q holds the other points of the label of q
    temperature : tau > 0, in the unit of sim; towards 0 the exact AP, and no gradient

    Returns
    -------
    () : from 0 to 1; 0 where no query has a positive. O(n^2 m) time and memory, m the
        mean number of positives.

    Raises
    ------
    ValueError : unless sim is (n, n), labels (n,) whole numbers, and tau > 0

    Source: Brown, Xie, Kalogeiton, Zisserman, ECCV 2020, eq. 8; there the query stands
    in its own list, at rank 1, which flatters every value.

    >>> sim = torch.tensor([[1.0, 0.5, 0.8], [0.5, 1.0, 0.2], [0.8, 0.2, 1.0]])
    >>> smooth_ap_loss(sim, torch.tensor([0, 0, 1]))  # AP 1/2 and 1
    tensor(0.2500)
    """
    check_positive(temperature, "temperature")
    sim = as_square(sim, "sim")
    positive = positives(labels, len(sim))
    q, i = positive.nonzero(as_tuple=True)
    if not len(q):
        return sim.sum() * 0
    row = sim[q]  # (t, n)
    above = torch.sigmoid((row - row.gather(1, i[:, None])) / temperature)
    index = torch.arange(len(sim), device=sim.device)
    above = torch.where((index == q[:, None]) | (index == i[:, None]), 0, above)
    among = torch.where(positive[q], above, 0).sum(dim=1)
    precision = (1 + among) / (1 + above.sum(dim=1))  # (t,)
    friends = positive.sum(dim=1)
    return 1 - (precision / friends[q]).sum() / (friends > 0).sum()
