"""DAML: a synthesizer of hard negatives, and the metric that it plays against."""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from mlcourse._check import check_points, check_rows
from mlcourse.synthesis._parts import check_daml, frozen, mean_hinge, square
from mlcourse.synthesis.adversarial_loss import adversarial_loss


class DAML(nn.Module):
    r"""Metric psi and synthesizer G; the objective of G is ``adversarial_loss``.

    .. math:: J_\psi = \frac{1}{|T|} \sum_T [D(y, y^+) - D(y, \tilde y^-) + m]_+, \quad
        \tilde y^- = G(y^-, y, y^+), \; D = \lVert h(\cdot) - h(\cdot) \rVert^2

    Parameters
    ----------
    head : h of a ``SplitEmbedding``, from features y (n, d) to embeddings z (n, k)
    synthesizer : G, from features (t, 3 d), side by side, to features (t, d)
    judge : from embeddings without a gradient, and labels, to triplets T (t, 3)
    margin, reg, adv : of ``adversarial_loss``
    warm_up : >= 0, first batches whose J_psi is of the real negatives

    Attributes
    ----------
    synthesizer : as given; the head is no part of this module
    batches, violation_rate : (), those seen, and the last one's share of D(y, y~-) that
        is smaller than D(y, y+) + m

    Raises
    ------
    ValueError : for numbers out of range, or triplets that are no rows of y

    Source: Duan, Zheng, Lin, Lu, Zhou, CVPR 2018. They first train the metric, then G,
    alone. No part gets a gradient of the other's objective, so one optimizer with
    groups does what two do.

    >>> zero = nn.Linear(3, 1)  # G = 0 everywhere
    >>> _ = nn.init.zeros_(zero.weight), nn.init.zeros_(zero.bias)
    >>> daml = DAML(nn.Identity(), zero, judge=lambda z, y: torch.tensor([[0, 1, 2]]))
    >>> y, labels = torch.tensor([[1.0], [3.0], [4.0]]), torch.tensor([5, 5, 2])
    >>> [j.item() for j in daml.objectives(y, labels)]  # 4 - 9, 4 - 1 + m, 1 + 16
    [0.0, 4.0, 17.0, 1.0]
    """

    batches: Tensor
    violation_rate: Tensor

    def __init__(
        self,
        head: nn.Module,
        synthesizer: nn.Module,
        *,
        judge: Callable[[Tensor, Tensor], Tensor],
        margin: float | int = 1.0,
        reg: float | int = 1.0,
        adv: float | int = 50.0,
        warm_up: int = 0,
    ) -> None:
        super().__init__()
        check_daml(margin=margin, reg=reg, adv=adv)
        self._head = (head,)  # no submodule: the optimizer has it with psi
        self.synthesizer, self.judge, self.warm_up = synthesizer, judge, warm_up
        self.margin, self.reg, self.adv = margin, reg, adv
        self.register_buffer("batches", torch.tensor(0))
        self.register_buffer("violation_rate", torch.tensor(0.0))

    def forward(self, y: Float[Tensor, "b d"], labels: Int[Tensor, " b"]) -> Tensor:
        """J_psi + J_G of features y (b, d); count and rate move on."""
        j_real, j_syn, j_gen, rate = self.objectives(y, labels)
        self.batches += 1
        self.violation_rate.copy_(rate)
        return (j_real if self.batches <= self.warm_up else j_syn) + j_gen

    def objectives(
        self, y: Float[Tensor, "b d"], labels: Int[Tensor, " b"]
    ) -> tuple[Tensor, ...]:
        """J_psi of real and of synthetic negatives, J_G, rate of violation."""
        y, (head,) = check_points(y, "y"), self._head
        z = head(y)
        T = check_rows(self.judge(z.detach(), labels), name="T", width=3, n=len(y))
        a, p, n = T.unbind(dim=1)
        rows = torch.cat([y[n], y[a], y[p]], dim=1)  # (t, 3 d)
        made = head(frozen(self.synthesizer, rows))
        d_pos = square(z[a], z[p])
        j_real = mean_hinge(d_pos, square(z[a], z[n]), self.margin)
        j_syn = mean_hinge(d_pos, square(z[a], made), self.margin)
        y_syn, y_fixed = self.synthesizer(rows.detach()), y.detach()
        d_syn, d_pos = square(z[a].detach(), frozen(head, y_syn)), d_pos.detach()
        j_gen = adversarial_loss(
            y_syn, y_fixed[a], y_fixed[n], d_syn, d_pos,
            margin=self.margin, reg=self.reg, adv=self.adv,
        )  # fmt: skip
        violated = d_syn < d_pos + self.margin
        return j_real, j_syn, j_gen, violated.sum() / max(len(T), 1)
