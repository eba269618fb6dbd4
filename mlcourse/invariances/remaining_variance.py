"""What varies over the samples of one code: the variance that is left."""

from jaxtyping import Float
from torch import Tensor


def remaining_variance(measured: Float[Tensor, "q s"]) -> float:
    r"""Share of a measured factor's variance that is left once the code is known.

    .. math:: \frac{\frac1q \sum_i \text{Var}_j(m_{ij})}{\text{Var}_{ij}(m_{ij})}

    Parameters
    ----------
    measured : (q, s), the factor of s samples of each of q codes; s >= 2

    Returns
    -------
    0 if the code decides the factor, about 1 if it says nothing. Both variances are the
    unbiased ones, with 1 / (s - 1) and 1 / (q s - 1); chance may lift it above 1.

    Raises
    ------
    ValueError : unless measured is (q, s) with s >= 2, and not all equal.

    Source: the law of total variance; one minus Fisher's correlation ratio, 1925.

    >>> import torch
    >>> round(remaining_variance(torch.tensor([[0.0, 2.0], [4.0, 6.0]])), 6)
    0.3
    """
    if measured.ndim != 2 or len(measured) == 0 or measured.shape[1] < 2:
        raise ValueError(
            "measured must be (q, s), s >= 2 samples of each of q codes, got shape "
            f"{tuple(measured.shape)}"
        )
    total = measured.double().var()
    if total == 0:
        raise ValueError("measured must vary; all its values are equal")
    return (measured.double().var(dim=1).mean() / total).item()
