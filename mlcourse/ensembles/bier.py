"""BIER: one embedding layer as a boosted ensemble of small ones, kept apart."""

from collections.abc import Callable, Sequence

from jaxtyping import Float, Int
from torch import Tensor, nn

from mlcourse._check import check_points
from mlcourse.ensembles._sizes import check_sizes
from mlcourse.ensembles.activation import norm_penalty
from mlcourse.ensembles.bier_loss import bier_loss


class BIER(nn.Module):
    r"""``bier_loss`` on features, and what keeps the learners apart.

    .. math:: L = L_{\mathrm{BIER}}(W y) + \lambda \bigl( L_{\mathrm{div}}(W \bar y)
        + \lambda_w \sum_m L_{\mathrm{norm}}(W_m) \bigr)

    y-bar: y without its gradient, so that diversity is asked of W alone, and does not
    spoil the features.

    Parameters
    ----------
    head : the linear layer W (k, d) of all learners, which psi ends in
    sizes : (d_1, ..., d_M), rows of W of each
    diversity : L_div, ``activation_loss`` or an ``Adversary``, from M tensors (n, d_m)
        to one number; None for none, and no norm is asked for
    weight, norm_weight : lambda, lambda_w >= 0
    beta1, beta2, cost : of ``binomial_deviance``

    Attributes
    ----------
    all of them, as given, but for the head, which is no part of this module

    Raises
    ------
    ValueError : unless sizes add up to the rows of W

    Source: Opitz, Waltner, Possegger, Bischof, PAMI 42, 2020. In ICCV 2017 diversity
    only prepares W, before training.

    >>> import torch
    >>> head = nn.Linear(2, 2, bias=False)
    >>> _ = nn.init.eye_(head.weight)
    >>> y = torch.tensor([[1.0, 2.0], [1.0, 3.0], [1.0, -1.0]])
    >>> BIER(head, sizes=(1, 1))(y, torch.tensor([0, 0, 1]))
    tensor(12.6988, grad_fn=<MeanBackward0>)
    """

    def __init__(
        self,
        head: nn.Linear,
        *,
        sizes: Sequence[int],
        diversity: Callable[[Sequence[Tensor]], Tensor] | None = None,
        weight: float | int = 5e-5,
        norm_weight: float | int = 1e5,
        beta1: float | int = 2.0,
        beta2: float | int = 0.5,
        cost: float | int = 25.0,
    ) -> None:
        super().__init__()
        self.sizes = check_sizes(sizes, head.out_features)
        self._head = (head,)  # no submodule: the optimizer has it with psi
        self.diversity, self.weight, self.norm_weight = diversity, weight, norm_weight
        self.beta1, self.beta2, self.cost = beta1, beta2, cost

    def forward(self, y: Float[Tensor, "n d"], labels: Int[Tensor, " n"]) -> Tensor:
        """Loss of features y (n, d)."""
        y, (head,) = check_points(y, "y"), self._head
        loss = bier_loss(head(y), labels, sizes=self.sizes, beta1=self.beta1,
                         beta2=self.beta2, cost=self.cost)  # fmt: skip
        if self.diversity is None:
            return loss
        apart = self.diversity((y.detach() @ head.weight.T).split(self.sizes, dim=1))
        norms = sum(norm_penalty(W) for W in head.weight.split(self.sizes))
        return loss + self.weight * (apart + self.norm_weight * norms)
