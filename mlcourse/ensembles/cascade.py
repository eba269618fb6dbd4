"""Which pairs reach which exit: a funnel that hands the hardest on."""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor


@torch.no_grad()
def nested_pairs(
    losses: Float[Tensor, "k p"], *, shares: Sequence[float | int]
) -> tuple[Int[Tensor, " _"], ...]:
    r"""HDC's cascade: an exit keeps the hardest of the pairs that the one before kept.

    .. math:: P_0 = \text{all}, \qquad
        P_k = \text{the } \lceil h_k |P_{k - 1}| \rceil \text{ pairs of }
        P_{k - 1} \text{ with the largest } \ell_k

    Parameters
    ----------
    losses : (K, p), of each pair at each exit, in order; each exit ranks by its own
    shares : (h_1, ..., h_K), each above 0 and at most 1

    Returns
    -------
    K tensors of columns of losses, hardest first. Of equal losses the earlier column
        comes first. Their lengths are the funnel.

    Raises
    ------
    ValueError : unless losses is (K, p) with a share for each of K exits, in its range

    Source: Yuan, Yang, Zhang, ICCV 2017; 1, 0.5 and 0.2 in their code.

    >>> losses = torch.tensor([[4.0, 3.0, 2.0, 1.0], [0.0, 5.0, 9.0, 7.0]])
    >>> nested_pairs(losses, shares=(0.75, 0.5))
    (tensor([0, 1, 2]), tensor([2, 1]))
    """
    check_shares(losses, shares)
    kept: list[Tensor] = []
    alive = torch.arange(losses.shape[1], device=losses.device)
    for loss, share in zip(losses, shares, strict=True):
        alive = alive[hardest(loss[alive], share)]
        kept.append(alive)
        alive = alive.sort().values
    return tuple(kept)


@torch.no_grad()
def independent_pairs(
    losses: Float[Tensor, "k p"], *, shares: Sequence[float | int]
) -> tuple[Int[Tensor, " _"], ...]:
    r"""What HDC's code does: each exit chooses among all pairs, whatever came before.

    .. math:: P_k = \text{the } \lceil h_k p \rceil \text{ pairs with the largest }
        \ell_k

    Parameters
    ----------
    losses, shares : as in ``nested_pairs``

    Returns
    -------
    as ``nested_pairs``; what an exit chooses, the one before need not have

    Raises
    ------
    ValueError : as ``nested_pairs``

    Source: the code of Yuan, Yang, Zhang, ICCV 2017.

    >>> losses = torch.tensor([[4.0, 3.0, 2.0, 1.0], [0.0, 5.0, 9.0, 7.0]])
    >>> independent_pairs(losses, shares=(0.75, 0.5))
    (tensor([0, 1, 2]), tensor([2, 3]))
    """
    check_shares(losses, shares)
    rows = zip(losses, shares, strict=True)
    return tuple(hardest(loss, share) for loss, share in rows)


def hardest(loss: Float[Tensor, " p"], share: float | int) -> Int[Tensor, " _"]:
    """The largest losses, a share of them, rounded up; largest first."""
    size = math.ceil(share * len(loss) - 1e-9)
    return loss.argsort(descending=True, stable=True)[:size]


def check_shares(losses: Tensor, shares: Sequence[float | int]) -> None:
    """Raise ValueError unless there is a share in (0, 1] for each row of losses."""
    if losses.ndim != 2 or len(losses) != len(shares):
        raise ValueError(
            "losses must be (K, p), a row for each of the K exits that shares has, got "
            f"shape {tuple(losses.shape)} and {len(shares)} shares"
        )
    if not all(0 < share <= 1 for share in shares):
        raise ValueError(f"shares must be above 0 and at most 1, got {tuple(shares)}")
