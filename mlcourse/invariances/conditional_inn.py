"""The conditional invertible network: what a code z does not say, as pure noise v."""

from typing import cast

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from mlcourse._check import check_positive
from mlcourse.invariances.actnorm import ActNorm
from mlcourse.invariances.coupling import ConditionalCoupling


class ConditionalINN(nn.Module):
    r"""Flow x -> v given z, so that v is standard normal and independent of z.

    .. math:: v = t^{-1}(x \mid z) \sim N(0, I), \qquad x' = t(v \mid z)

    with t^{-1} a chain of blocks: actnorm, coupling given z, a change of order.
    The halves change places after the first block of two, so that two move every
    dimension; after the second the order is drawn.

    Parameters
    ----------
    dim, code_dim : length of x, >= 2, and of z
    blocks : >= 1, better even
    hidden : width of the networks in the couplings
    generator : of weights and orders

    Attributes
    ----------
    norms, couplings : the layers of the blocks
    orders : (blocks, dim), the dimension that comes to each place

    Raises
    ------
    ValueError : for parameters out of range, and rows of a wrong length.

    Source: Rombach, Esser, Ommer, Making Sense of CNNs, ECCV 2020 (20 blocks there;
    z is embedded first by a network of its own, here it enters as it is).

    >>> flow = ConditionalINN(2, 1, generator=torch.Generator().manual_seed(0))
    >>> x, z = torch.tensor([[3.0, 4.0]]), torch.ones(1, 1)
    >>> v, log_det = flow(x, z)
    >>> v.norm().item(), flow.inverse(v, z).tolist()  # not yet trained
    (5.0, [[3.0, 4.0]])
    """

    orders: Tensor

    def __init__(
        self,
        dim: int,
        code_dim: int,
        *,
        blocks: int = 8,
        hidden: int = 128,
        generator: Generator,
    ) -> None:
        super().__init__()
        check_positive(blocks, "blocks")
        self.norms = nn.ModuleList(ActNorm(dim) for _ in range(blocks))
        self.couplings = nn.ModuleList(
            ConditionalCoupling(dim, code_dim, hidden=hidden, generator=generator)
            for _ in range(blocks)
        )
        orders = [
            torch.randperm(dim, generator=generator)
            if block % 2
            else torch.arange(dim).roll(-(dim // 2))
            for block in range(blocks)
        ]
        self.register_buffer("orders", torch.stack(orders))

    def forward(
        self, x: Float[Tensor, "n d"], z: Float[Tensor, "n c"], *, start: bool = False
    ) -> tuple[Float[Tensor, "n d"], Float[Tensor, " n"]]:
        """Return v, log |det J| of every row; ``start`` first sets the actnorms."""
        log_det = x.new_zeros(len(x))
        for norm, coupling, order in zip(
            self.norms, self.couplings, self.orders, strict=True
        ):
            if start:
                cast(ActNorm, norm).start(x)
            x, scaled = norm(x)
            x, coupled = coupling(x, z)
            x, log_det = x[:, order], log_det + scaled + coupled
        return x, log_det

    def inverse(
        self, v: Float[Tensor, "n d"], z: Float[Tensor, "n c"]
    ) -> Float[Tensor, "n d"]:
        """Return t(v | z): with v from N(0, I), a sample of the class of z."""
        layers = zip(self.norms, self.couplings, self.orders, strict=True)
        for norm, coupling, order in reversed(list(layers)):
            v = cast(ConditionalCoupling, coupling).inverse(v[:, order.argsort()], z)
            v = cast(ActNorm, norm).inverse(v)
        return v
