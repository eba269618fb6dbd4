"""How much each learner of a boosted embedding counts, and how large it is."""

import torch
from jaxtyping import Float64
from torch import Tensor


def learner_weights(n_learners: int) -> Float64[Tensor, " m"]:
    r"""How much each learner counts once all have had their turn.

    .. math:: s^m = (1 - \nu_m) s^{m - 1} + \nu_m s_m, \quad \nu_m = \frac{2}{m + 1}
        \quad \Rightarrow \quad s^M = \sum_m \alpha_m s_m, \qquad
        \alpha_m = \frac{2 m}{M (M + 1)}

    Parameters
    ----------
    n_learners : M >= 1

    Returns
    -------
    (M,) : alpha, of sum 1, the last the largest

    Raises
    ------
    ValueError : if M < 1

    Source: Opitz, Waltner, Possegger, Bischof, ICCV 2017, after Beygelzimer, Hazan,
    Kale, Luo, NIPS 2015.

    >>> learner_weights(3).tolist()
    [0.16666666666666666, 0.3333333333333333, 0.5]
    """
    if n_learners < 1:
        raise ValueError(f"n_learners must be >= 1, got {n_learners}")
    m = torch.arange(1, n_learners + 1, dtype=torch.float64)
    return 2 * m / (n_learners * (n_learners + 1))


def group_sizes(dim: int, *, n_learners: int) -> tuple[int, ...]:
    r"""Columns of each learner, in proportion to its weight.

    .. math:: d_m \approx \alpha_m d, \qquad \sum_m d_m = d

    Parameters
    ----------
    dim : d, columns in all, at least M (M + 1) / 2
    n_learners : M >= 1

    Returns
    -------
    (d_1, ..., d_M) : alpha_m d rounded down, and what is left to those that lost most

    Raises
    ------
    ValueError : if there are fewer columns than that

    Source: Opitz, Waltner, Possegger, Bischof, ICCV 2017, who round 85, 171, 256 to
    96, 160, 256.

    >>> group_sizes(64, n_learners=3), group_sizes(512, n_learners=3)
    ((11, 21, 32), (85, 171, 256))
    """
    exact, least = learner_weights(n_learners) * dim, n_learners * (n_learners + 1) // 2
    if dim < least:
        raise ValueError(
            f"dim must be at least {least} for {n_learners} learners, got {dim}; the "
            "first would have no column"
        )
    down = exact.floor()
    lost = (exact - down).argsort(descending=True, stable=True)
    down[lost[: dim - int(down.sum())]] += 1
    return tuple(down.int().tolist())
