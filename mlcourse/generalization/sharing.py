"""DiVA, and Sharing Matters: heads with tasks of their own, kept apart."""

from collections.abc import Callable, Mapping

from jaxtyping import Float, Int
from torch import Tensor, nn

from mlcourse.generalization.adversary import adversarial_decorrelation

Loss = Callable[[Tensor, Tensor], Tensor]


class DiVA(nn.Module):
    r"""Sum of the losses of several heads, each an embedding of the same points.

    .. math:: L = \sum_h \lambda_h\, \ell_h(\psi_h, y)
        + \gamma \sum_{h} \ell_{\text{adv}}(\psi_1, \psi_h; R_h)

    Parameters
    ----------
    sizes : name and columns of the parts of z, in their order; the first is psi_1, the
        head of the classes, with which alone the others are compared
    losses : l_h by name, from embeddings (n, k_h) and labels (n,) to one number: a
        ranking loss, also of ``shared_triplets`` and ``intra_class_triplets``
    sample : loss of the parts "sample" and "key", such as ``InstanceNCE``; None where
        there are none. ``MomentumKeys`` adds the key
    weights : lambda_h by name, 1 where nothing is said
    projections : R_h by name, from k_h to k_1 columns; none, no adversary
    gamma : >= 0

    Attributes
    ----------
    values : the last batch's terms by name, l_adv as "adversary h", without weights

    Raises
    ------
    ValueError : for names that are no part, gamma < 0, or columns that do not fit

    Source: Milbich, Roth, Brattoli, Ommer, TPAMI 2020 (two heads); Milbich et al., ECCV
    2020 (four). Test with ``Heads``.

    >>> import torch
    >>> total = lambda z, y: z.sum()
    >>> loss = DiVA({"class": 1, "shared": 1}, {"class": total, "shared": total},
    ...             weights={"shared": 0.5}, projections={"shared": nn.Identity()},
    ...             gamma=0.1)
    >>> z = torch.tensor([[2.0, 3.0], [4.0, 5.0]])
    >>> loss(z, torch.tensor([0, 1])), loss.values  # 6 + 8 / 2 - 0.1
    (tensor(9.9000), {'class': 6.0, 'shared': 8.0, 'adversary shared': -1.0})
    """

    def __init__(
        self,
        sizes: Mapping[str, int],
        losses: Mapping[str, Loss],
        *,
        sample: Loss | None = None,
        weights: Mapping[str, float | int] | None = None,
        projections: Mapping[str, nn.Module] | None = None,
        gamma: float | int = 0.0,
    ) -> None:
        super().__init__()
        if not gamma >= 0:
            raise ValueError(f"gamma must be >= 0, got {gamma}")
        own = {} if sample is None else {"sample": sample}
        self.sizes, self.losses, self.gamma = dict(sizes), {**losses, **own}, gamma
        self.weights, self.keyed = dict(weights or {}), sample is not None
        self.projections = nn.ModuleDict(projections or {})
        named = {*self.losses, *self.weights, *self.projections, *(own and ["key"])}
        if unknown := sorted(named - set(self.sizes)):
            raise ValueError(
                f"sizes must say the columns of each part, lacks {unknown}"
            )
        modules = {k: f for k, f in self.losses.items() if isinstance(f, nn.Module)}
        self.owned = nn.ModuleDict(modules)
        self.values: dict[str, float] = {}

    def forward(self, z: Float[Tensor, "n m"], labels: Int[Tensor, " n"]) -> Tensor:
        """L of the parts (n, k_1), (n, k_2) ... side by side."""
        parts = self.parts(z)
        first = next(iter(parts.values()))
        terms, total = {}, z.new_zeros(())
        for name, loss in self.losses.items():
            keyed = self.keyed and name == "sample"
            terms[name] = loss(parts[name], parts["key"] if keyed else labels)
            total = total + self.weights.get(name, 1) * terms[name]
        for name, R in self.projections.items():
            found = adversarial_decorrelation(first, parts[name], projection=R)
            terms[f"adversary {name}"] = found
            total = total + self.gamma * found
        self.values = {name: value.item() for name, value in terms.items()}
        return total

    def parts(self, z: Float[Tensor, "n m"]) -> dict[str, Tensor]:
        """The embeddings of each head by name."""
        if z.shape[1] != sum(self.sizes.values()):
            raise ValueError(
                f"z must have columns as in {self.sizes}, got {z.shape[1]}"
            )
        return dict(zip(self.sizes, z.split(list(self.sizes.values()), 1), strict=True))
