"""Margin loss: similar pairs inside a learned radius, dissimilar pairs outside."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from mlcourse._check import check_classes, check_positive, check_rows
from mlcourse.losses._matrix import as_square, entries


class MarginLoss(nn.Module):
    r"""Hinges on both sides of a boundary beta, which is learned.

    .. math::
        L = \frac{1}{|A|} \Bigl( \sum_{(i, j) \in S} [m + \Delta_{ij} - \beta_i]_+
          + \sum_{(i, j) \in D} [m - \Delta_{ij} + \beta_i]_+ \Bigr)
          + \nu \, \overline{\beta}

    A: the pairs whose hinge is > 0; beta-bar: the mean of beta_i over all pairs.

    Parameters
    ----------
    margin : m > 0, in the unit of dist
    beta : where the boundary starts, in the unit of dist
    n_classes : C for one boundary a class, beta_i that of the label of i, the pair's
        first point (its anchor); None for one boundary for all
    nu : >= 0, price of a large boundary

    Attributes
    ----------
    beta : () or (C,), to be given to the optimizer, without weight decay and with a
        larger learning rate than the network's

    Raises
    ------
    ValueError : if margin <= 0, nu < 0, pairs do not index dist, or labels are missing,
        or not (n,) from 0 to C - 1

    Source: Wu, Manmatha, Smola, Kraehenbuehl, ICCV 2017, Sec. 4.2; without its offset
    of each image. There nu multiplies the sum of the betas.

    >>> dist = torch.tensor([[0.0, 1.1, 1.3], [1.1, 0.0, 1.8], [1.3, 1.8, 0.0]])
    >>> S, D = torch.tensor([[0, 1]]), torch.tensor([[0, 2], [1, 2]])
    >>> MarginLoss()(dist, S, D).item()  # (0.1 + 0.1) / 2; the pair at 1.8 is done
    0.10000...
    """

    def __init__(
        self,
        *,
        margin: float | int = 0.2,
        beta: float | int = 1.2,
        n_classes: int | None = None,
        nu: float | int = 0.0,
    ) -> None:
        super().__init__()
        check_positive(margin, "margin")
        if nu < 0:
            raise ValueError(f"nu must be >= 0, got {nu}")
        self.margin, self.n_classes, self.nu = margin, n_classes, nu
        shape = () if n_classes is None else (n_classes,)
        self.beta = nn.Parameter(torch.full(shape, float(beta)))

    def forward(
        self,
        dist: Float[Tensor, "n n"],
        S: Int[Tensor, "s 2"],
        D: Int[Tensor, "r 2"],
        labels: Int[Tensor, " n"] | None = None,
    ) -> Float[Tensor, ""]:
        """Loss of dist (n, n) under S and D, in its unit; 0 where both are empty."""
        dist = as_square(dist, "dist")
        S = check_rows(S, name="S", width=2, n=len(dist))
        D = check_rows(D, name="D", width=2, n=len(dist))
        beta_S, beta_D = (self._beta(p[:, 0], labels, len(dist)) for p in (S, D))
        pull = (self.margin + entries(dist, S[:, 0], S[:, 1]) - beta_S).clamp(min=0)
        push = (self.margin - entries(dist, D[:, 0], D[:, 1]) + beta_D).clamp(min=0)
        active = (pull > 0).sum() + (push > 0).sum()
        price = self.nu * (beta_S.sum() + beta_D.sum()) / max(len(S) + len(D), 1)
        return (pull.sum() + push.sum()) / active.clamp(min=1) + price

    def _beta(
        self, anchor: Int[Tensor, " t"], labels: Int[Tensor, " n"] | None, n: int
    ) -> Float[Tensor, " t"]:
        """The boundary of each pair's anchor."""
        if self.n_classes is None:
            return self.beta.expand(len(anchor))
        if labels is None:
            raise ValueError(
                f"there is a boundary for each of {self.n_classes} classes, so labels "
                "(n,) are needed: loss(dist, S, D, labels)"
            )
        check_classes(labels, n, self.n_classes)
        return self.beta.index_select(0, labels.long()[anchor])
