"""Rho-regularisation: now and then push friends apart, against over-compression."""

import torch
from jaxtyping import Int
from torch import Generator, Tensor

from mlcourse._check import check_rows


def rho_triplets(
    T: Int[Tensor, "t 3"], *, probability: float | int, generator: Generator
) -> Int[Tensor, "t 3"]:
    r"""Let the positive of some triplets play the negative.

    .. math:: (a, p, n) \mapsto \begin{cases} (a, a, p) & \text{with probability } q \\
        (a, p, n) & \text{else} \end{cases}

    A hinge on (a, a, p) is :math:`[m - \Delta_{ap}]_+`: friends closer than the margin
    are pushed apart, so that a class keeps an inner structure.

    Parameters
    ----------
    T : (t, 3), rows (a, p, n)
    probability : q, from 0 to 1; the paper has 0.15 to 0.4
    generator : of the draws, one a triplet

    Returns
    -------
    (t, 3) : the triplets for a ranking loss, in their order

    Raises
    ------
    ValueError : unless T is (t, 3) and 0 <= q <= 1

    Source: Roth, Milbich, Sinha, Gupta, Ommer, Cohen, ICML 2020, Sec. 5.3. It acts on
    the judgements, not on z: use it in ``judge``.

    >>> T = torch.tensor([[0, 1, 5], [2, 3, 4]])
    >>> rho_triplets(T, probability=1.0, generator=torch.Generator()).tolist()
    [[0, 0, 1], [2, 2, 3]]
    """
    if not 0 <= probability <= 1:
        raise ValueError(f"probability must be from 0 to 1, got {probability}")
    highest = int(T.max()) + 1 if T.numel() else 0
    a, p, n = check_rows(T, name="T", width=3, n=highest).unbind(dim=1)
    chance = torch.rand(len(T), generator=generator, device=generator.device)
    switch = chance.to(T.device) < probability
    return torch.stack([a, torch.where(switch, a, p), torch.where(switch, p, n)], dim=1)
