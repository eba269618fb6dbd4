"""S2SD: a small head learns from larger ones how alike the points of a batch are."""

from collections.abc import Callable, Sequence

from jaxtyping import Float, Int
from torch import Tensor

from mlcourse.generalization.distillation import similarity_distillation


def s2sd_loss(
    z: Float[Tensor, "n m"],
    labels: Int[Tensor, " n"],
    *,
    sizes: Sequence[int],
    loss: Callable[[Tensor, Tensor], Tensor],
    gamma: float | int = 50.0,
    temperature: float | int = 1.0,
) -> Float[Tensor, ""]:
    r"""Loss of a small head and of larger ones, and what the small one learns of them.

    .. math:: L = \tfrac12 \Bigl[ \ell(z_0) + \frac1m \sum_{i=1}^m \ell(z_i) \Bigr]
        + \frac{\gamma}{m} \sum_{i=1}^m L_{\text{distil}}(z_0 z_0^\top, z_i z_i^\top)

    Parameters
    ----------
    z : (n, k_0 + ... + k_m), heads side by side, rows of each of length 1
    labels : (n,), classes
    sizes : k_0, of the head that is kept, then k_1 to k_m, of at least one target
    loss : l, from embeddings (n, k_i) and labels to one number
    gamma : >= 0; their default, of trained networks
    temperature : T of ``similarity_distillation``, their 1

    Returns
    -------
    () : in the unit of l

    Raises
    ------
    ValueError : for fewer than two sizes, sizes that are not z's, gamma < 0, T <= 0

    Source: Roth, Milbich, Ommer, Cohen, Ghassemi, ICML 2021, without distillation from
    the features. ``Heads`` keeps the small one: the targets cost nothing in use.

    >>> import torch
    >>> z, y = torch.tensor([[1.0, 0.6, 0.8], [1.0, 0.8, 0.6]]), torch.tensor([0, 0])
    >>> s2sd_loss(z, y, sizes=(1, 2), loss=lambda z, y: z.sum(), gamma=0.0)
    tensor(2.4000)
    """
    if len(sizes) < 2 or sum(sizes) != z.shape[1]:
        raise ValueError(
            f"sizes must be those of two heads or more, {z.shape[1]} in all, as z has, "
            f"got {tuple(sizes)}"
        )
    if not gamma >= 0:
        raise ValueError(f"gamma must be >= 0, got {gamma}")
    base, *targets = z.split(list(sizes), dim=1)
    sim, m = base @ base.T, len(targets)
    value = loss(base, labels) / 2
    for target in targets:
        gap = similarity_distillation(sim, target @ target.T, temperature=temperature)
        value = value + (loss(target, labels) / 2 + gamma * gap) / m
    return value
