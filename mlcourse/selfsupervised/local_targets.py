"""Each subset of groups has a map of its own to targets that were drawn beforehand."""

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor, nn
from torch.nn.functional import normalize

from mlcourse._check import check_classes, check_neighbours
from mlcourse.selfsupervised.cosines import cosines


class LocalTargets(nn.Module):
    r"""Points of a group to the target of their group, subset by subset.

    .. math:: L = \frac1n \sum_{i=1}^{n} \bigl( 1 - \cos(W_b z_i,\; v_{c}) \bigr),
        \qquad y_i = b r + c, \quad \langle v_c, v_{c'} \rangle = [c = c']

    Orthonormal targets hold the groups of a subset apart, and say nothing of two groups
    of different subsets: those relations are unknown.

    Parameters
    ----------
    subsets, per_subset : B and r >= 1, as the rows and columns of an assignment
    dim : k >= r, of embeddings, maps and targets
    generator : of the maps, which start as rotations, and of the targets

    Attributes
    ----------
    maps : (B, k, k) = W, parameters
    targets : (r, k) = v, fixed; every subset has its own map to the same ones

    Raises
    ------
    ValueError : unless B >= 1 and 1 <= r <= k, and for labels not from 0 to B r - 1

    Source: Milbich, Ghori, Diego, Ommer, Pattern Recognition 102, 2020: local
    representations by random targets. Linear maps after one network, and orthonormal
    targets, are ours.

    >>> local = LocalTargets(2, 3, 4, generator=torch.Generator().manual_seed(0))
    >>> z = local.targets @ local.maps[1]  # W' v: where subset 1 should be at first
    >>> round(local(z, torch.tensor([4, 3, 5])).item(), 4)  # two are at a right angle
    0.6667
    """

    def __init__(
        self, subsets: int, per_subset: int, dim: int, *, generator: Generator
    ) -> None:
        super().__init__()
        check_neighbours(per_subset, dim, "per_subset", "dimensions")
        if subsets < 1:
            raise ValueError(f"subsets must be >= 1, got {subsets}")
        drawn = torch.randn(
            subsets + 1, dim, dim, generator=generator, device=generator.device
        )
        rotations = torch.linalg.qr(drawn)[0]
        self.maps = nn.Parameter(rotations[1:].contiguous())
        self.targets: Tensor
        self.register_buffer("targets", rotations[0, :per_subset].clone())

    def forward(
        self, z: Float[Tensor, "n k"], labels: Int[Tensor, " n"]
    ) -> Float[Tensor, ""]:
        """The loss of embeddings with surrogate labels of one or more subsets."""
        r = len(self.targets)
        check_classes(labels, len(z), len(self.maps) * r)
        local = torch.einsum("nij,nj->ni", self.maps[labels // r], z)
        cos = (normalize(local) * self.targets[labels % r]).sum(dim=1)
        return (1 - cos).sum() / max(len(z), 1)

    @torch.no_grad()
    def similarity(self, z: Float[Tensor, "n k"]) -> Float[Tensor, "n n"]:
        """Mean over the subsets of the cosines of their local representations."""
        total = torch.zeros(len(z), len(z), dtype=z.dtype, device=z.device)
        for W in self.maps:
            total += cosines(z @ W.T)
        return total / len(self.maps)
