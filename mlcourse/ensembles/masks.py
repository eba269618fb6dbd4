"""Learners that share an embedding: each has a mask that says which columns are its."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn
from torch.nn.functional import normalize


class LearnerMasks(nn.Module):
    r"""K masks over the columns of one embedding, learned with it.

    .. math:: \psi_k = \frac{[m_k]_+ \odot z}{\lVert [m_k]_+ \odot z \rVert}, \qquad
        \Omega = \frac{1}{K (K - 1)} \sum_{k \ne l} \cos([m_k]_+, [m_l]_+)

    Parameters
    ----------
    dim : columns of z
    n_learners : K >= 1
    active : learners that there are from the start; None for all. ``divide`` adds more
    generator : of the first masks, from N(0.9, 0.7^2)

    Attributes
    ----------
    masks : (K, dim), m, a parameter
    active : (K,), which learners count in Omega

    Raises
    ------
    ValueError : if a number is < 1

    Source: Sanakoyeu, Ma, Tschernezki, Ommer, PAMI 2021. With masks of 0 and 1 for
    columns apart, a learner is a slice: Sanakoyeu, Tschernezki, Buechler, Ommer, CVPR
    2019, and Omega is 0.

    >>> masks = LearnerMasks(3, 2, generator=torch.Generator())
    >>> masks.masks.data = torch.tensor([[1.0, 1.0, -5.0], [0.0, 2.0, 0.0]])
    >>> masks(torch.tensor([[3.0, 4.0, 7.0]]), 0), masks.overlap().item()
    (tensor([[0.6000, 0.8000, 0.0000]], grad_fn=<DivBackward0>), 0.7071...)
    """

    active: Tensor

    def __init__(
        self,
        dim: int,
        n_learners: int,
        *,
        active: Sequence[int] | None = None,
        generator: Generator,
    ) -> None:
        super().__init__()
        if dim < 1 or n_learners < 1:
            raise ValueError(
                f"dim and n_learners must be >= 1, got {dim} and {n_learners}"
            )
        first = 0.9 + 0.7 * torch.randn(
            n_learners, dim, generator=generator, device=generator.device
        )
        self.masks = nn.Parameter(first)
        known = torch.zeros(n_learners, dtype=torch.bool)
        known[list(range(n_learners) if active is None else active)] = True
        self.register_buffer("active", known)

    def forward(self, z: Float[Tensor, "n k"], learner: int) -> Float[Tensor, "n k"]:
        """Embeddings of z by a learner, rows of length 1; 0 where it sees nothing."""
        return normalize(self.masks[learner].relu() * z, dim=1)

    def overlap(self) -> Float[Tensor, ""]:
        """Omega of the active learners, from 0 to 1; 0 of a single one."""
        m = normalize(self.masks[self.active].relu(), dim=1)
        cos, k = m @ m.T, len(m)
        return (cos.sum() - cos.diagonal().sum()) / max(k * (k - 1), 1)

    @torch.no_grad()
    def divide(self, parent: int, child: int) -> None:
        """A new learner with the mask of the one whose cluster it got half of."""
        self.masks[child] = self.masks[parent]
        self.active[child] = True
