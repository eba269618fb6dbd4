"""A-BIER's adversary: can one learner's activations be told from another's?"""

from collections.abc import Sequence
from itertools import combinations

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn
from torch.nn.functional import normalize

from mlcourse._reversal import reverse_gradient
from mlcourse.ensembles._sizes import check_sizes
from mlcourse.ensembles.activation import norm_penalty


class Adversary(nn.Module):
    r"""Regressors from each learner to each smaller one, and learners that evade them.

    .. math:: L_{\mathrm{adv}} = \sum_{i < j} \Bigl( -\operatorname*{mean}_{x, a}
        \bigl( r(f_i)_a \, R_{ji}(r(f_j))_a \bigr)^2 + \lambda_w \sum_l
        \bigl( L_{\mathrm{norm}}(V_l) + [\lVert b_l \rVert^2 - 1]_+ \bigr) \Bigr)

    R_ji = V_2 [V_1 f + b_1]_+ + b_2, and r reverses the gradient: a step down L makes
    the regressors say more alike what f_i says, and f_i and f_j less so. The norms keep
    a regressor from winning by size alone.

    Parameters
    ----------
    sizes : (d_1, ..., d_M), activations of each learner
    hidden : units of a regressor, >= 1
    norm_weight : lambda_w >= 0
    generator : of the first weights, rows of length 1

    Attributes
    ----------
    regressors : one for each pair (1, 2), (1, 3), ..., (2, 3), ...

    Raises
    ------
    ValueError : if a size or hidden is < 1, or parts have other columns than sizes say

    Source: Opitz, Waltner, Possegger, Bischof, PAMI 42, 2020; hidden and norm_weight as
    in their scripts. For a regressor their code takes the norms of the columns of V.

    >>> adversary = Adversary((1, 1), hidden=1, generator=torch.Generator())
    >>> for p in adversary.parameters():
    ...     _ = nn.init.constant_(p, 1.0)
    >>> adversary([torch.tensor([[2.0]]), torch.tensor([[3.0]])]).item()  # -(2 * 5)^2
    -100.0
    """

    def __init__(
        self,
        sizes: Sequence[int],
        *,
        hidden: int = 512,
        norm_weight: float | int = 1e5,
        generator: Generator,
    ) -> None:
        super().__init__()
        check_sizes([*sizes, hidden])
        self.sizes, self.norm_weight = list(sizes), norm_weight
        self.regressors = nn.ModuleList(
            nn.Sequential(nn.Linear(source, hidden), nn.ReLU(), nn.Linear(hidden, goal))
            for goal, source in combinations(sizes, 2)
        )
        with torch.no_grad():
            for name, p in self.named_parameters():
                p.zero_() if name.endswith("bias") else p.normal_(generator=generator)
                p.copy_(normalize(p, dim=-1))

    def forward(self, parts: Sequence[Float[Tensor, "n _"]]) -> Float[Tensor, ""]:
        """L_adv of M tensors (n, d_m), not normalized."""
        if (given := [part.shape[1] for part in parts]) != self.sizes:
            raise ValueError(f"parts must have {self.sizes} columns, got {given}")
        f = [reverse_gradient(part) for part in parts]
        told, norms = f[0].new_zeros(()), f[0].new_zeros(())
        pairs = combinations(range(len(f)), 2)
        for (i, j), R in zip(pairs, self.regressors, strict=True):
            told = told + (f[i] * R(f[j])).square().sum() / max(f[i].numel(), 1)
            for name, p in R.named_parameters():
                bias = name.endswith("bias")
                norm = (p @ p - 1).clamp(min=0) if bias else norm_penalty(p)
                norms = norms + norm
        return self.norm_weight * norms - told
