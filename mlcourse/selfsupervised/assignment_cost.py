"""What an assignment of cliques to batches costs."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlcourse.selfsupervised._members import check_sim


def assignment_cost(
    batches: Int[Tensor, "b r"],
    similarity: Float[Tensor, "k k"],
    *,
    repeat: float | int = 1.0,
    cover: float | int = 1.0,
) -> float:
    r"""Similar cliques in one batch, equal ones in the next, and cliques left out.

    .. math:: E(X) = \operatorname{tr}(X S X^\top)
        - \operatorname{tr}(X \operatorname{diag}(S) X^\top)
        + \lambda_1 \sum_{b} \langle X_b, X_{b+1} \rangle
        + \lambda_2 \sum_k \Bigl[ 1 - \sum_b X_{bk} \Bigr]_+

    with X_bk = 1 if batch b holds clique k. Each pair in a batch counts twice; a clique
    is no conflict with itself, which is why the second trace is taken off.

    Parameters
    ----------
    batches : (B, r), the cliques of each batch, different ones in a row
    similarity : (K, K) = S, symmetric
    repeat, cover : lambda_1 and lambda_2, in the unit of S

    Returns
    -------
    float, in the unit of S

    Raises
    ------
    ValueError : unless S is symmetric, and the rows hold different cliques of it

    Source: Bautista, Sanakoyeu, Tikhoncheva, Ommer, NIPS 2016. The last term stands for
    their reward for covering all cliques, whose exact form we do not know.

    >>> S = torch.tensor([[1.0, 0.5, 0.2], [0.5, 1.0, 0.1], [0.2, 0.1, 1.0]])
    >>> round(assignment_cost(torch.tensor([[0, 1], [2, 0]]), S), 4)  # 2 * 0.7 + 1
    2.4
    >>> round(assignment_cost(torch.tensor([[2, 0], [0, 2]]), S), 4)  # 2 * 0.4 + 2 + 1
    3.8
    """
    S = check_sim(similarity).double()
    check_batches(batches, len(S))
    X = torch.zeros(len(batches), len(S), dtype=torch.float64, device=S.device)
    X.scatter_(1, batches, 1)
    conflicts = ((X @ S) * X).sum() - (X @ S.diagonal()).sum()
    repeats = (X[1:] * X[:-1]).sum()
    left_out = (1 - X.sum(dim=0)).clamp(min=0).sum()
    return float(conflicts + repeat * repeats + cover * left_out)


def check_batches(batches: Tensor, n: int) -> None:
    """Raise ValueError unless batches are (B, r), different numbers from 0 to n - 1."""
    if batches.ndim != 2 or batches.dtype != torch.int64:
        raise ValueError(
            "batches must hold the numbers of the cliques of each batch in a row, "
            f"(B, r), got shape {tuple(batches.shape)} of {batches.dtype}"
        )
    ordered = batches.sort(dim=1).values
    if batches.numel() and not (ordered.min() >= 0 and ordered.max() < n):
        raise ValueError(
            f"batches must hold numbers of the {n} cliques, from 0, got "
            f"{int(ordered.min())} to {int(ordered.max())}"
        )
    twice = (ordered[:, 1:] == ordered[:, :-1]).any(dim=1)
    if twice.any():
        raise ValueError(
            f"a batch must hold each clique once, but {int(twice.sum())} of "
            f"{len(batches)} batches hold one twice, the first of them in row "
            f"{int(twice.nonzero()[0, 0])}"
        )
