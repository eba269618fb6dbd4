"""MIC: mining interclass characteristics, beside the classes and apart from them."""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from mlcourse._check import check_positive
from mlcourse.generalization.adversary import adversarial_decorrelation


class MIC(nn.Module):
    r"""Loss of two heads: classes, surrogate clusters, and the adversary between them.

    .. math:: L = \ell(\psi_\alpha(B_1), y) + \lambda\, \ell'(\psi_\beta(B_2), c)
        + \gamma\, \ell_{\text{adv}}(\psi_\alpha, \psi_\beta; R)

    B_1: the batch's first part, of classes y; B_2: its second part, of surrogate
    clusters c, which ``SurrogateBatches`` adds; the adversary sees both.

    Parameters
    ----------
    loss : l, from embeddings (b, k) and labels (b,) to one number
    surrogate_loss : l', likewise
    projection : R, from psi_beta (n, j) to psi_alpha (n, k); the optimizer gets it here
    dim : k, columns of psi_alpha, the first of the two heads
    groups, per_group : of ``SurrogateBatches``
    weight : lambda > 0; 0.5 to 1 in the paper's code
    gamma : >= 0; there 250 to 2500, with k = 128 and trained networks

    Attributes
    ----------
    projection : as given
    values : the last batch's terms l, l' and l_adv, without their weights

    Raises
    ------
    ValueError : if a number is out of range, or a batch has no second part

    Source: Roth, Brattoli, Ommer, ICCV 2019. Test with psi_alpha alone: ``Heads`` with
    ``kept={"class": 1.0}``.

    >>> mic = MIC(lambda z, y: z.sum(), lambda z, c: z.sum(), nn.Identity(), dim=1,
    ...           groups=2, per_group=1, gamma=0.5)
    >>> z = torch.tensor([[2.0, 0.0], [3.0, 0.0], [4.0, 1.0], [5.0, 1.0]])
    >>> mic(z, torch.tensor([8, 8, 8, 8])).item(), mic.values  # 5 + 2 - 0.5 * 2 / 4
    (6.75, {'class': 5.0, 'surrogate': 2.0, 'adversary': -0.5})
    """

    def __init__(
        self,
        loss: Callable[[Tensor, Tensor], Tensor],
        surrogate_loss: Callable[[Tensor, Tensor], Tensor],
        projection: nn.Module,
        *,
        dim: int,
        groups: int,
        per_group: int,
        weight: float | int = 1.0,
        gamma: float | int = 0.0,
    ) -> None:
        super().__init__()
        for name, number in (
            ("dim", dim), ("groups", groups), ("per_group", per_group),
            ("weight", weight),
        ):  # fmt: skip
            check_positive(number, name)
        if not gamma >= 0:
            raise ValueError(f"gamma must be >= 0, got {gamma}")
        self.loss, self.surrogate_loss = loss, surrogate_loss
        self.projection = projection
        self.dim, self.weight, self.gamma = dim, weight, gamma
        self.groups, self.per_group = groups, per_group
        self.values: dict[str, float] = {}

    def forward(
        self, z: Float[Tensor, "n m"], labels: Int[Tensor, " n"]
    ) -> Float[Tensor, ""]:
        """L of embeddings (n, k + j), psi_alpha first, and the classes of all rows."""
        second = self.groups * self.per_group
        if len(z) <= second or z.shape[1] <= self.dim:
            raise ValueError(
                f"z must have more than groups * per_group = {second} rows and dim = "
                f"{self.dim} columns, got {tuple(z.shape)}; draw the batches by "
                "SurrogateBatches, and embed them by both heads side by side"
            )
        alpha, beta = z[:, : self.dim], z[:, self.dim :]
        clusters = torch.arange(self.groups, device=z.device)
        clusters = clusters.repeat_interleave(self.per_group)
        own = self.loss(alpha[:-second], labels[:-second])
        shared = self.surrogate_loss(beta[-second:], clusters)
        found = adversarial_decorrelation(alpha, beta, projection=self.projection)
        terms = {"class": own, "surrogate": shared, "adversary": found}
        self.values = {name: value.item() for name, value in terms.items()}
        return own + self.weight * shared + self.gamma * found
