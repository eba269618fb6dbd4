"""One number for a curve of performance over shift."""

import torch
from jaxtyping import Float
from torch import Tensor


def aggregated_score(
    distance: Float[Tensor, " s"], performance: Float[Tensor, " s"]
) -> float:
    r"""Aggregated generalization score: the area under performance over scaled shift.

    .. math:: \mathrm{AGS} = \int_0^1 a(u) \, du, \qquad
        u = \frac{F - F_{\min}}{F_{\max} - F_{\min}}

    with a linear between the splits; of splits with one F, such as a split with several
    seeds, a is the mean there.

    Parameters
    ----------
    distance : (s,), F of each split, in any order
    performance : (s,), a there, such as Recall@1

    Returns
    -------
    float, in the unit of performance: its mean over the range of shifts. It means
        something beside another of the same splits alone.

    Raises
    ------
    ValueError : unless both are finite (s,), with two different distances

    Source: Milbich, Roth, Sinha, Schmidt, Ghassemi, Ommer, NeurIPS 2021.

    >>> F, a = torch.tensor([1.0, 5.0, 2.0]), torch.tensor([0.75, 0.25, 0.5])
    >>> aggregated_score(F, a)  # (0.75 + 0.5) / 8 + 3 (0.5 + 0.25) / 8
    0.4375
    """
    F, a = torch.as_tensor(distance).double(), torch.as_tensor(performance).double()
    if F.ndim != 1 or F.shape != a.shape or not (F.isfinite() & a.isfinite()).all():
        raise ValueError(
            "distance and performance must be finite numbers, one a split, got shapes "
            f"{tuple(F.shape)} and {tuple(a.shape)}"
        )
    shifts, code, count = F.unique(return_inverse=True, return_counts=True)
    if len(shifts) < 2:
        raise ValueError(
            f"distance must have two different values, got {shifts.tolist()}; "
            "one split has no curve"
        )
    mean = torch.zeros_like(shifts).index_add_(0, code, a) / count
    u = (shifts - shifts[0]) / (shifts[-1] - shifts[0])
    return torch.trapezoid(mean, u).item()
