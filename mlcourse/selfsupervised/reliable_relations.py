"""S and D without labels: only the relations that are very likely right."""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlcourse.selfsupervised._members import check_sim


class Relations(NamedTuple):
    """What ``reliable_relations`` gives: pairs, and what the similar ones weigh."""

    S: Int[Tensor, "s 2"]
    D: Int[Tensor, "r 2"]
    weights: Float[Tensor, " s"]


@torch.no_grad()
def reliable_relations(
    sim: Float[Tensor, "n n"], *, similar: float | int, dissimilar: float | int
) -> Relations:
    r"""The most similar pairs are in S, the least similar in D, all others unknown.

    .. math:: S = \{ (i, j) : s_{ij} \ge q_{1 - \sigma} \}, \qquad
        D = \{ (i, j) : s_{ij} \le q_\delta \}, \qquad i < j

    with q the quantiles of all pairs. What is in neither must not be taken for
    dissimilar: most pairs of one class are there.

    Parameters
    ----------
    sim : (n, n), similarities or ``reliability``, symmetric; the diagonal is not used
    similar, dissimilar : sigma and delta, shares of the n (n - 1) / 2 pairs, from 0, at
        most 1 together

    Returns
    -------
    S, D : (s, 2), (r, 2), pairs i < j, in lexicographic order, exactly these shares,
        rounded. Among equally similar pairs the first count as the more similar
    weights : (s,), sim of the pairs of S, by which to draw or to weigh them

    Raises
    ------
    ValueError : unless sim is symmetric (n, n), and the shares are in their range

    Source: Bautista, Sanakoyeu, Tikhoncheva, Ommer, NIPS 2016; Milbich, Ghori, Diego,
    Ommer, Pattern Recognition 102, 2020: most relations are unreliable. Two quantiles
    are the plainest way to leave those out.

    >>> x = torch.tensor([0.0, 1.0, 3.0, 7.0])
    >>> S, D, weights = reliable_relations(
    ...     -(x[:, None] - x).abs(), similar=1 / 3, dissimilar=1 / 6
    ... )
    >>> S.tolist(), D.tolist(), weights.tolist()
    ([[0, 1], [1, 2]], [[0, 3]], [-1.0, -2.0])
    """
    sim = check_sim(sim)
    if min(similar, dissimilar) < 0 or similar + dissimilar > 1:
        raise ValueError(
            "similar and dissimilar must be shares of all pairs, from 0, and at most 1 "
            f"together, got {similar} and {dissimilar}"
        )
    i, j = torch.triu_indices(len(sim), len(sim), offset=1, device=sim.device)
    s = sim[i, j]
    order = s.argsort(descending=True, stable=True)
    first = order[: round(similar * len(s))].sort().values
    last = order[len(s) - round(dissimilar * len(s)) :].sort().values
    pairs = torch.stack([i, j], dim=1)
    return Relations(pairs[first], pairs[last], s[first])
