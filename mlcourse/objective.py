"""The course's formula: L(psi, Delta, S, D, T) + lambda R(psi), on one batch."""

from collections.abc import Callable

from jaxtyping import Float, Int
from torch import Tensor


def objective(
    x: Float[Tensor, "n ..."],
    labels: Int[Tensor, " n"],
    *,
    psi: Callable[[Tensor], Tensor],
    delta: Callable[[Tensor, Tensor], Tensor],
    judge: Callable[[Tensor, Tensor], tuple[Tensor, ...]],
    loss: Callable[..., Tensor],
    regularizer: Callable[[Tensor], Tensor] | None = None,
    weight: float | int = 0.0,
) -> Float[Tensor, ""]:
    r"""Value to minimise over the parameters of psi, and of loss where it has any.

    .. math:: L(\psi_\theta, \Delta, S, D, T) + \lambda R(\psi_\theta)

    Parameters
    ----------
    x : (n, ...), images or vectors
    labels : (n,), whole numbers
    psi : the embedding, from x to z (n, k)
    delta : the distance, or similarity, from z and z to (n, n)
    judge : from the distances, without gradient, and the labels to what loss takes
        after them: ``(T,)``, ``(S, D)``, or ``(labels,)``
    loss : L, from the distances and the judgements to one number
    regularizer : R, from z to one number; None for none
    weight : lambda

    Returns
    -------
    () : L + lambda R, in the unit of L

    Source: the slide "DML in a nutshell".

    >>> import torch
    >>> from mlcourse.distances import euclidean
    >>> from mlcourse.judgements import all_triplets
    >>> from mlcourse.losses import triplet_loss
    >>> x, labels = torch.tensor([[0.0], [1.0], [1.1]]), torch.tensor([0, 0, 1])
    >>> objective(
    ...     x, labels, psi=lambda x: 2 * x, delta=euclidean, loss=triplet_loss,
    ...     judge=lambda dist, labels: (all_triplets(labels),),
    ... )
    tensor(1.)
    """
    z = psi(x)  # (n, k)
    dist = delta(z, z)  # (n, n)
    value = loss(dist, *judge(dist.detach(), labels))
    return value if regularizer is None else value + weight * regularizer(z)
