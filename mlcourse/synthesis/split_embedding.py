"""An embedding in two parts, for losses that also need what lies between them."""

from jaxtyping import Float
from torch import Tensor, nn


class SplitEmbedding(nn.Module):
    r"""Trunk and head: features while it is trained, embeddings when it is used.

    .. math:: \psi(x) = h(t(x)), \qquad y = t(x), \quad z = h(y)

    A loss that makes features of its own, such as ``HDML`` and ``DAML``, gets y in
    place of z and embeds both with the head itself.

    Parameters
    ----------
    trunk : t, from inputs (n, ...) to features (n, d)
    head : h, from features (n, d) to embeddings (n, k)

    Attributes
    ----------
    trunk, head : as given

    Source: ours. That a network gives more in ``train`` than in ``eval`` mode is usual:
    Szegedy et al., CVPR 2015, whose side classifiers are dropped after training.

    >>> import torch
    >>> psi = SplitEmbedding(nn.Flatten(), nn.Linear(4, 3))
    >>> psi(torch.ones(5, 2, 2)).shape, psi.eval()(torch.ones(5, 2, 2)).shape
    (torch.Size([5, 4]), torch.Size([5, 3]))
    """

    def __init__(self, trunk: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.trunk, self.head = trunk, head

    def forward(self, x: Float[Tensor, "n ..."]) -> Float[Tensor, "n m"]:
        """Features (n, d) in ``train`` mode, embeddings (n, k) in ``eval`` mode."""
        y: Tensor = self.trunk(x)
        z: Tensor = y if self.training else self.head(y)
        return z
