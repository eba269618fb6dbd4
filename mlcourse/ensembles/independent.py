"""The plainest ensemble: several networks, each trained for itself."""

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor, nn

from mlcourse.ensembles._sizes import shares_of
from mlcourse.ensembles.groups import concatenate


class Independent(nn.Module):
    r"""M networks as one embedding, whose dot product is their mean cosine.

    .. math:: \psi(x) = \tfrac{1}{\sqrt M} [\psi_1(x); \dots; \psi_M(x)], \qquad
        \langle \psi(x), \psi(x') \rangle = \frac1M \sum_m
        \langle \psi_m(x), \psi_m(x') \rangle

    Parameters
    ----------
    nets : psi_1 ... psi_M, already trained, each from images to (n, d_m)
    weights : (M,), as in ``concatenate``

    Attributes
    ----------
    nets : as given

    Source: Guo, Gould, arXiv:1506.07224, 2015, who average the scores of detectors.
    It costs M networks, in training and in use.

    >>> import torch
    >>> psi = Independent([nn.Flatten(), nn.Flatten()])
    >>> psi(torch.tensor([[3.0, 4.0]]))
    tensor([[0.4243, 0.5657, 0.4243, 0.5657]])
    """

    def __init__(
        self, nets: Sequence[nn.Module], *, weights: Sequence[float | int] | None = None
    ) -> None:
        super().__init__()
        shares_of(weights, len(nets))
        self.nets, self.weights = nn.ModuleList(nets), weights

    def forward(self, x: Float[Tensor, "n ..."]) -> Float[Tensor, "n k"]:
        """Embeddings of length 1."""
        return concatenate([net(x) for net in self.nets], weights=self.weights)
