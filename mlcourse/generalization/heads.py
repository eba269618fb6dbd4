"""One trunk, several embeddings: each head may look for something else."""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import normalize

from mlcourse._check import check_positive


class Heads(nn.Module):
    r"""All heads side by side while it is trained, a weighted choice when it is used.

    .. math:: \psi_h(x) = \frac{h(t(x))}{\lVert h(t(x)) \rVert}, \qquad
        \psi(x) = \frac{\bigl[ w_1 \psi_1(x), \dots, w_m \psi_m(x) \bigr]}
                       {\sqrt{w_1^2 + \dots + w_m^2}}

    so that the cosine of two points is the mean of the heads' cosines, weighted by w^2.

    Parameters
    ----------
    trunk : t, from inputs (n, ...) to features (n, d)
    heads : name of each head, and the module from features to (n, k_h)
    kept : name and w > 0 of the heads that make psi when it is used; the others help
        to train and are left out. None keeps all, with 1

    Attributes
    ----------
    trunk, heads : as given
    kept : of each head kept, in the order given

    Raises
    ------
    ValueError : without heads, for a name in kept that is none, or a weight <= 0

    Source: MIC keeps the class head alone (Roth, Brattoli, Ommer, ICCV 2019), DiVA all
    of them (Milbich et al., ECCV 2020), S2SD the small one (Roth et al., ICML 2021).

    >>> psi = Heads(nn.Flatten(), {"a": nn.Linear(4, 3), "b": nn.Linear(4, 2)},
    ...             kept={"a": 1.0})
    >>> psi(torch.ones(5, 2, 2)).shape, psi.eval()(torch.ones(5, 2, 2)).shape
    (torch.Size([5, 5]), torch.Size([5, 3]))
    """

    def __init__(
        self,
        trunk: nn.Module,
        heads: Mapping[str, nn.Module],
        *,
        kept: Mapping[str, float | int] | None = None,
    ) -> None:
        super().__init__()
        if not heads:
            raise ValueError('heads must name at least one, as in {"class": layer}')
        self.trunk, self.heads = trunk, nn.ModuleDict(heads)
        self.kept = dict.fromkeys(heads, 1.0) if kept is None else dict(kept)
        unknown = [name for name in self.kept if name not in heads]
        if unknown or not self.kept:
            raise ValueError(
                f"kept must name some of the heads {list(heads)}, got {list(self.kept)}"
            )
        for name, weight in self.kept.items():
            check_positive(weight, f"the weight of {name}")

    def each(self, x: Float[Tensor, "n ..."]) -> dict[str, Float[Tensor, "n _"]]:
        """Embeddings of all heads, rows of length 1, by name."""
        y = self.trunk(x)
        return {name: normalize(h(y), dim=1) for name, h in self.heads.items()}

    def forward(self, x: Float[Tensor, "n ..."]) -> Float[Tensor, "n m"]:
        """All heads in ``train`` mode; those kept, in all of length 1, in ``eval``."""
        if self.training:
            return torch.cat(list(self.each(x).values()), dim=1)
        y = self.trunk(x)
        total = sum(w * w for w in self.kept.values()) ** 0.5
        parts = [w / total * normalize(self.heads[name](y), dim=1)
                 for name, w in self.kept.items()]  # fmt: skip
        return torch.cat(parts, dim=1)

    def only(self, name: str) -> "Heads":
        """The embedding by one head, with the same parameters."""
        if name not in self.heads:
            raise ValueError(f"name must be one of {list(self.heads)}, got {name!r}")
        return Heads(self.trunk, {name: self.heads[name]}).train(self.training)
