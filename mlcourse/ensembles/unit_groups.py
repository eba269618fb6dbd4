"""The last step of an embedding of several learners: each onto its own sphere."""

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor, nn

from mlcourse.ensembles._sizes import check_sizes, shares_of
from mlcourse.ensembles.groups import concatenate


class UnitGroups(nn.Module):
    r"""``split_learners`` and ``concatenate`` as a layer, in place of ``UnitSphere``.

    .. math:: [z_1; \dots; z_M] \mapsto
        \bigl[\sqrt{\alpha_1} z_1 / \lVert z_1 \rVert; \dots;
        \sqrt{\alpha_M} z_M / \lVert z_M \rVert\bigr]

    Parameters
    ----------
    sizes : (d_1, ..., d_M), columns of each learner
    weights : (M,), as in ``concatenate``

    Attributes
    ----------
    sizes, weights : as given

    Source: Opitz, Waltner, Possegger, Bischof, ICCV 2017. Their code scales by d_m / d,
    so that a similarity counts with the square of it.

    >>> import torch
    >>> UnitGroups((2, 1))(torch.tensor([[3.0, 4.0, -2.0]]))
    tensor([[ 0.4243,  0.5657, -0.7071]])
    """

    def __init__(
        self, sizes: Sequence[int], *, weights: Sequence[float | int] | None = None
    ) -> None:
        super().__init__()
        check_sizes(sizes)
        shares_of(weights, len(sizes))
        self.sizes, self.weights = tuple(sizes), weights

    def forward(self, z: Float[Tensor, "n k"]) -> Float[Tensor, "n k"]:
        """Rows of length 1, each learner of length sqrt(alpha_m)."""
        parts = z.split(check_sizes(self.sizes, z.shape[1]), dim=1)
        return concatenate(parts, weights=self.weights)
