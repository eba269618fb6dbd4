"""The last step of most embeddings: onto the unit sphere."""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import normalize


class UnitSphere(nn.Module):
    r"""Divide each embedding by its length, so that only its direction counts.

    .. math:: \hat z = z / \max(\lVert z \rVert_2, \epsilon)

    Parameters
    ----------
    eps : > 0; a shorter vector is divided by eps, and the zero vector stays 0

    Attributes
    ----------
    eps : as given

    Source: Schroff, Kalenichenko, Philbin, FaceNet, CVPR 2015, Sec. 3.1. Distances of
    such vectors end at 2, and squared ones are 2 - 2 times the cosine.

    >>> import torch
    >>> UnitSphere()(torch.tensor([[3.0, 4.0], [0.0, 0.0]]))
    tensor([[0.6000, 0.8000],
            [0.0000, 0.0000]])
    """

    def __init__(self, *, eps: float | int = 1e-12) -> None:
        super().__init__()
        self.eps = eps

    def forward(self, z: Float[Tensor, "n k"]) -> Float[Tensor, "n k"]:
        """Rows of length 1."""
        return normalize(z, dim=1, eps=self.eps)
