"""Keys by a slow copy of the network, of another view of each image."""

from collections.abc import Callable
from copy import deepcopy

import torch
from jaxtyping import Float
from torch import Tensor, nn

from mlcourse.generalization.heads import Heads


class MomentumKeys(nn.Module):
    r"""All heads, and beside them the key of each image while it is trained.

    .. math:: \bar\theta \leftarrow \mu \bar\theta + (1 - \mu) \theta, \qquad
        k_i = \psi_{h, \bar\theta}(\text{view}(x_i))

    Parameters
    ----------
    psi : the heads; what is used later is psi alone
    name : h, the head whose copy makes the keys
    view : from images (n, ...) to another view of each, such as shifted ones
    momentum : mu, from 0 (the network as it is) to 1 (as it was); 0.9 in the paper

    Attributes
    ----------
    psi, slow : as given, and the copy: no gradient moves it; buffers are copied over

    Raises
    ------
    ValueError : if mu is out of range, or name is no head

    Source: He, Fan, Wu, Xie, Girshick, CVPR 2020, Sec. 3.2; Milbich et al., ECCV 2020.
    The queries see the images as they are; theirs see a view, too.

    >>> psi = Heads(nn.Flatten(), {"a": nn.Linear(4, 3), "b": nn.Linear(4, 2)})
    >>> both = MomentumKeys(psi, "b", view=lambda x: x.flip(2))
    >>> both(torch.ones(5, 2, 2)).shape, both.eval()(torch.ones(5, 2, 2)).shape
    (torch.Size([5, 7]), torch.Size([5, 5]))
    """

    def __init__(
        self,
        psi: Heads,
        name: str,
        *,
        view: Callable[[Tensor], Tensor],
        momentum: float | int = 0.9,
    ) -> None:
        super().__init__()
        if not 0 <= momentum <= 1:
            raise ValueError(f"momentum must be from 0 to 1, got {momentum}")
        self.psi, self.name, self.view, self.momentum = psi, name, view, momentum
        self.slow = deepcopy(psi.only(name)).requires_grad_(False)

    def forward(self, x: Float[Tensor, "n ..."]) -> Float[Tensor, "n m"]:
        """All heads and the keys in ``train`` mode; psi in ``eval``."""
        if not self.training:
            used: Tensor = self.psi(x)
            return used
        z = self.psi(x)
        with torch.no_grad():
            self._follow()
            key = self.slow(self.view(x))
        return torch.cat([z, key], dim=1)

    def _follow(self) -> None:
        """One step of the copy towards the network."""
        fast = self.psi.only(self.name)
        for old, new in zip(self.slow.parameters(), fast.parameters(), strict=True):
            old.lerp_(new, 1 - self.momentum)
        for kept, now in zip(self.slow.buffers(), fast.buffers(), strict=True):
            kept.copy_(now)
