"""A loss that is told surrogate classes, and never the true ones."""

from collections.abc import Callable

from jaxtyping import Float, Int
from torch import Tensor, nn

from mlcourse.selfsupervised.surrogate_batches import SurrogateBatches


class SurrogateLoss(nn.Module):
    r"""Any loss of embeddings and labels, with those of the sampler in place of labels.

    .. math:: L(\psi_\theta(x), \hat y), \qquad
        \hat y \text{ from } \psi_\theta(x_1), \dots, \psi_\theta(x_n) \text{ alone}

    Parameters
    ----------
    batches : the sampler that drew the batch
    loss : from embeddings (b, k) and labels (b,) to one number; an ``nn.Module`` where
        it has parameters. Surrogate classes have other names after each grouping

    Attributes
    ----------
    batches, loss : as given

    Raises
    ------
    ValueError : if the batch has another length than the sampler's labels

    Source: Dosovitskiy, Springenberg, Riedmiller, Brox, NIPS 2014: the name.

    >>> import torch
    >>> x = torch.tensor([0.0, 0.1, 5.0, 5.1])
    >>> pairs = torch.eye(2, dtype=torch.bool).repeat_interleave(2, dim=1)
    >>> batches = SurrogateBatches(
    ...     -(x[:, None] - x).abs(), group=lambda sim: pairs, per_group=2, n_batches=1,
    ...     assign=lambda sim, member: torch.tensor([[1, 0]]),
    ...     generator=torch.Generator().manual_seed(0),
    ... )
    >>> batches.refresh(x[:, None])
    >>> loss = SurrogateLoss(batches, lambda z, y: (z * y).sum())
    >>> [loss(x[batch], torch.zeros(4)).item() for batch in batches]  # 0 + 0.1
    [0.10000000149011612]
    """

    def __init__(
        self, batches: SurrogateBatches, loss: Callable[[Tensor, Tensor], Tensor]
    ) -> None:
        super().__init__()
        self.batches, self.loss = batches, loss

    def forward(
        self, z: Float[Tensor, "b k"], labels: Int[Tensor, " b"] | None = None
    ) -> Float[Tensor, ""]:
        """The loss of a batch; labels are there for ``train``, and not looked at."""
        surrogate = self.batches.labels.to(z.device)
        if len(surrogate) != len(z):
            raise ValueError(
                f"the sampler's last batch has {len(surrogate)} points, this one "
                f"{len(z)}; give train the same batches as SurrogateLoss"
            )
        return self.loss(z, surrogate)
