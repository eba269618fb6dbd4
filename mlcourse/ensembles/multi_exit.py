"""A network that answers early and again later: embeddings from several depths."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn


class MultiExit(nn.Module):
    r"""Blocks one after the other, and an embedding from what each of them gives.

    .. math:: y_0 = x, \quad y_k = t_k(y_{k - 1}), \quad z_k = h_k(y_k), \qquad
        \psi(x) = [z_1; \dots; z_K]

    Parameters
    ----------
    blocks : t_1 ... t_K, from inputs (n, ...) to features, and on from there
    heads : h_1 ... h_K, from the features of each block to (n, d_k)

    Attributes
    ----------
    blocks, heads : as given

    Raises
    ------
    ValueError : unless there is a head for each block

    Source: Yuan, Yang, Zhang, ICCV 2017 (three exits of GoogLeNet); side outputs:
    Szegedy et al., CVPR 2015.

    >>> psi = MultiExit([nn.Flatten(), nn.Linear(4, 3)],
    ...                 [nn.Linear(4, 2), nn.Identity()])
    >>> psi(torch.ones(5, 2, 2)).shape
    torch.Size([5, 5])
    """

    def __init__(self, blocks: Sequence[nn.Module], heads: Sequence[nn.Module]) -> None:
        super().__init__()
        if len(blocks) != len(heads) or not len(blocks):
            raise ValueError(
                "heads must be one for each block, and at least one, got "
                f"{len(blocks)} blocks and {len(heads)} heads"
            )
        self.blocks, self.heads = nn.ModuleList(blocks), nn.ModuleList(heads)

    def forward(self, x: Float[Tensor, "n ..."]) -> Float[Tensor, "n k"]:
        """Embeddings by all exits, side by side."""
        y, exits = x, list[Tensor]()
        for block, head in zip(self.blocks, self.heads, strict=True):
            y = block(y)
            exits.append(head(y))
        return torch.cat(exits, dim=1)
