"""A queue of keys, so that a small batch meets many negatives."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from mlcourse._check import check_points, check_positive
from mlcourse.generalization.instance import instance_nce_loss


class InstanceNCE(nn.Module):
    r"""``instance_nce_loss`` against the latest keys; each batch then adds its own.

    .. math:: V \leftarrow \text{the last } m \text{ rows of } (V, k_1, \dots, k_n)

    Parameters
    ----------
    size : m >= 1, keys that are remembered; 30 batches in the paper's code
    dim : k, of a key
    temperature : tau > 0
    weigh : from distances (n, m) of queries to keys, without a gradient, to log_weights
        (n, m), as those of ``distance_weighted_triplets``; None weighs all alike

    Attributes
    ----------
    queue : (m, k), of which the first ``filled`` rows are in use
    filled, place : (), keys in use, and where the next goes

    Raises
    ------
    ValueError : for numbers out of range, or shapes that do not fit

    Source: He, Fan, Wu, Xie, Girshick, CVPR 2020; Milbich et al., ECCV 2020.

    >>> nce = InstanceNCE(4, 2, temperature=1.0)
    >>> q = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    >>> nce(q, q).item(), nce(q, q).item()  # no negatives yet; log 1 + 1 + 1/e
    (0.0, 0.86199...)
    """

    queue: Tensor
    filled: Tensor
    place: Tensor

    def __init__(
        self,
        size: int,
        dim: int,
        *,
        temperature: float | int = 0.1,
        weigh: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        super().__init__()
        for name, number in (
            ("size", size),
            ("dim", dim),
            ("temperature", temperature),
        ):
            check_positive(number, name)
        self.temperature, self.weigh = temperature, weigh
        self.register_buffer("queue", torch.zeros(size, dim))
        self.register_buffer("filled", torch.tensor(0))
        self.register_buffer("place", torch.tensor(0))

    def forward(
        self, query: Float[Tensor, "n k"], key: Float[Tensor, "n k"]
    ) -> Float[Tensor, ""]:
        """The loss of queries and keys (n, k); then the keys are remembered."""
        key = check_points(key, "key").detach()
        older = self.queue[: int(self.filled)].to(key.dtype, copy=True)
        weights = None
        if self.weigh is not None:
            weights = self.weigh(torch.cdist(query.detach().to(key.dtype), older))
        value = instance_nce_loss(
            query, key, older, temperature=self.temperature, log_weights=weights
        )
        self._remember(key)
        return value

    @torch.no_grad()
    def _remember(self, key: Float[Tensor, "n k"]) -> None:
        """Over the oldest; of more keys than the queue holds, the last."""
        size = len(self.queue)
        rows = (self.place + torch.arange(len(key), device=self.place.device)) % size
        self.queue[rows[-size:]] = key[-size:].to(self.queue.dtype)
        self.place.copy_((self.place + len(key)) % size)
        self.filled.copy_((self.filled + len(key)).clamp(max=size))
