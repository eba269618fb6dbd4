"""Conquer: each region of the data trains a learner of its own, then all are one."""

from collections.abc import Callable

from jaxtyping import Float, Int
from torch import Tensor, nn


class DivideAndConquer(nn.Module):
    r"""A loss of the learner whose cluster the batch is of; of all after the merger.

    .. math:: L = \begin{cases} \ell(\psi_k, y) + \lambda \, \Omega
        & \text{batch of cluster } k \\ \ell(\psi, y) & \text{merged} \end{cases}

    Parameters
    ----------
    loss : ell, from embeddings (b, d) of length 1 and class numbers to one number; an
        ``nn.Module`` where it has parameters
    view : from z (b, k) and the number of a learner to its embeddings: a slice, as
        ``split_learners(z, sizes=sizes)[k]``, or a ``LearnerMasks``
    which : asked for the cluster of the batch, None for all, as the attribute
        ``cluster`` of ``ClusterBatches`` says
    penalty : Omega, as ``overlap`` of ``LearnerMasks``; None for none
    weight : lambda >= 0

    Attributes
    ----------
    loss, view, which, penalty, weight : as given

    Source: Sanakoyeu, Tschernezki, Buechler, Ommer, CVPR 2019; with Omega: Sanakoyeu,
    Ma, Tschernezki, Ommer, PAMI 2021. The published code of the first takes the whole
    embedding from 8/19 of the epochs on, while batches are still of one cluster.

    >>> import torch
    >>> loss = DivideAndConquer(
    ...     lambda z, y: z.square().sum(), view=lambda z, k: z[:, k : k + 1],
    ...     which=iter([1, None]).__next__,
    ... )
    >>> z = torch.tensor([[3.0, 4.0]])
    >>> loss(z, torch.tensor([0])), loss(z, torch.tensor([0]))
    (tensor(16.), tensor(25.))
    """

    def __init__(
        self,
        loss: Callable[[Tensor, Tensor], Tensor],
        *,
        view: Callable[[Tensor, int], Tensor],
        which: Callable[[], int | None],
        penalty: Callable[[], Tensor] | None = None,
        weight: float | int = 0.01,
    ) -> None:
        super().__init__()
        self.loss, self.view, self.which = loss, view, which
        self.penalty, self.weight = penalty, weight

    def forward(self, z: Float[Tensor, "b k"], labels: Int[Tensor, " b"]) -> Tensor:
        """Loss of embeddings z (b, k)."""
        k = self.which()
        if k is None:
            return self.loss(z, labels)
        value = self.loss(self.view(z, k), labels)
        return value if self.penalty is None else value + self.weight * self.penalty()
