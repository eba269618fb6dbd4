"""Proxies: a vector for each class, learned with the embedding."""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor, nn

from mlcourse._check import check_positive


class Proxies(nn.Module):
    r"""Let a loss compare points with one learned vector a class, not with each other.

    .. math:: L_\Omega(z, y) = L(\Delta(z, \Omega), y), \qquad
        \Omega = (\omega_1, \dots, \omega_C)

    Parameters
    ----------
    n_classes, dim : C, k
    loss : from points x proxies (n, C) and class numbers (n,) to one number
    delta : from (n, k) and (C, k) to what the loss takes: a distance or a similarity.
        Only a delta that ignores lengths, such as the cosine, leaves them free
    generator : of the first proxies, standard normal

    Attributes
    ----------
    omega : (C, k), to be given to the optimizer: ``make_optimizer`` does

    Raises
    ------
    ValueError : if n_classes or dim is < 1

    Source: Movshovitz-Attias, Toshev, Leung, Ioffe, Singh, ICCV 2017; in a classifier
    they are the weights of the last layer.

    >>> from mlcourse.distances import sqeuclidean
    >>> from mlcourse.losses import proxy_nca_loss
    >>> loss = Proxies(3, 2, loss=proxy_nca_loss, delta=sqeuclidean,
    ...                generator=torch.Generator().manual_seed(0))
    >>> loss.omega.data = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> round(loss(torch.zeros(1, 2), torch.tensor([0])).item(), 4)  # log 2 - 1
    -0.3069
    """

    def __init__(
        self,
        n_classes: int,
        dim: int,
        *,
        loss: Callable[[Tensor, Tensor], Tensor],
        delta: Callable[[Tensor, Tensor], Tensor],
        generator: Generator,
    ) -> None:
        super().__init__()
        check_positive(n_classes, "n_classes")
        check_positive(dim, "dim")
        self.loss, self.delta = loss, delta
        self.omega = nn.Parameter(torch.randn(n_classes, dim, generator=generator))

    def forward(
        self, z: Float[Tensor, "n k"], labels: Int[Tensor, " n"]
    ) -> Float[Tensor, ""]:
        """Loss of embeddings z (n, k) of the classes labels (n,)."""
        value: Tensor = self.loss(self.delta(z, self.omega), labels)
        return value
