"""Actnorm: every dimension to mean 0 and variance 1, then learned on."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from mlcourse.invariances._shapes import check_rows


class ActNorm(nn.Module):
    r"""Invertible shift and scale of every dimension, started from data.

    .. math:: y_k = e^{s_k} (x_k + b_k), \qquad
        \log \lvert \det J \rvert = \sum_k s_k

    Parameters
    ----------
    dim : d >= 1

    Attributes
    ----------
    shift : (d,) = b, in the unit of x
    log_scale : (d,) = s

    Raises
    ------
    ValueError : in ``start``, with fewer than two rows or a constant dimension.

    Source: Kingma, Dhariwal, Glow, NeurIPS 2018, section 3.1; there for channels of
    images, here for dimensions. ``start`` is called once, before training.

    >>> layer = ActNorm(2)
    >>> layer.start(torch.tensor([[0.0, 1.0], [4.0, 3.0]]))
    >>> layer(torch.tensor([[4.0, 3.0]]))[0].tolist()
    [[1.0, 1.0]]
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(dim))
        self.log_scale = nn.Parameter(torch.zeros(dim))

    @torch.no_grad()
    def start(self, x: Float[Tensor, "n d"]) -> None:
        """Set b and s so that the rows of x get mean 0 and variance 1."""
        check_rows(x, len(self.shift), "x")
        std = x.std(dim=0, correction=0) if len(x) > 1 else x.new_zeros(x.shape[1])
        if not (std > 0).all():
            raise ValueError(
                "every dimension of x must vary over its rows, got "
                f"{int((std == 0).sum())} constant ones in {len(x)} rows; "
                "drop them: a density on a constant is infinite"
            )
        self.shift.copy_(-x.mean(dim=0))
        self.log_scale.copy_(-std.log())

    def forward(
        self, x: Float[Tensor, "n d"]
    ) -> tuple[Float[Tensor, "n d"], Float[Tensor, " n"]]:
        """Return y, and log |det J| of every row."""
        y = self.log_scale.exp() * (x + self.shift)
        return y, self.log_scale.sum().expand(len(x))

    def inverse(self, y: Float[Tensor, "n d"]) -> Float[Tensor, "n d"]:
        """Return the x whose image is y."""
        return y * (-self.log_scale).exp() - self.shift
