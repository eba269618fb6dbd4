"""Affine coupling given a code: half of the dimensions moves the other half."""

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from mlcourse._check import check_positive
from mlcourse.invariances._networks import drawn, perceptron
from mlcourse.invariances._shapes import check_paired, check_rows


class ConditionalCoupling(nn.Module):
    r"""Invertible layer, whatever its network is, with a free log-determinant.

    .. math:: (x_a, x_b) \mapsto (x_a,\; x_b \odot e^{s} + t), \quad
        s = \alpha \tanh(r / \alpha), \quad (r, t) = \text{net}(x_a, z), \quad
        \log \lvert \det J \rvert = \sum_k s_k

    Parameters
    ----------
    dim : d >= 2; x_a holds the first d // 2 dimensions
    code_dim : length of z, >= 0 (0: no condition)
    hidden : width of the two hidden layers of net
    clamp : alpha > 0, the bound of \|s\|
    generator : of the weights. The last layer starts at 0, the map at the identity.

    Attributes
    ----------
    net : (x_a, z) -> (r, t)

    Raises
    ------
    ValueError : for parameters out of range, and rows of a wrong length.

    Source: Dinh, Sohl-Dickstein, Bengio, Real NVP, ICLR 2017; conditional as in
    Rombach, Esser, Ommer, ECCV 2020, who move both halves in a layer and have a
    network each for s and t; the soft clamp is Ardizzone et al.'s, 2019 (they: atan).

    >>> layer = ConditionalCoupling(3, 2, generator=torch.Generator().manual_seed(0))
    >>> y, log_det = layer(torch.tensor([[1.0, 2.0, 3.0]]), torch.zeros(1, 2))
    >>> y.tolist(), log_det.tolist()
    ([[1.0, 2.0, 3.0]], [0.0])
    """

    def __init__(
        self,
        dim: int,
        code_dim: int,
        *,
        hidden: int = 128,
        clamp: float = 2.0,
        generator: Generator,
    ) -> None:
        super().__init__()
        if dim < 2 or code_dim < 0:
            raise ValueError(
                "a coupling needs dim >= 2, one half to move the other, and "
                f"code_dim >= 0, got dim {dim} and code_dim {code_dim}"
            )
        check_positive(hidden, "hidden")
        check_positive(clamp, "clamp")
        self.dim, self.code_dim, self.clamp = dim, code_dim, clamp
        widths = (dim // 2 + code_dim, hidden, hidden, 2 * (dim - dim // 2))
        self.net = drawn(lambda: perceptron(*widths), generator=generator)
        nn.init.zeros_(self.net.get_parameter("4.weight"))

    def forward(
        self, x: Float[Tensor, "n d"], z: Float[Tensor, "n c"]
    ) -> tuple[Float[Tensor, "n d"], Float[Tensor, " n"]]:
        """Return y, and log |det J| of every row."""
        a, b, s, t = self._parts(x, z)
        return torch.cat([a, b * s.exp() + t], dim=1), s.sum(dim=1)

    def inverse(
        self, y: Float[Tensor, "n d"], z: Float[Tensor, "n c"]
    ) -> Float[Tensor, "n d"]:
        """Return the x whose image, given the same z, is y."""
        a, b, s, t = self._parts(y, z)
        return torch.cat([a, (b - t) * (-s).exp()], dim=1)

    def _parts(self, x: Tensor, z: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Both halves, and s and t, which only the first half decides."""
        check_rows(x, self.dim, "x")
        check_rows(z, self.code_dim, "z")
        check_paired(x, z, "x and z")
        a, b = x.tensor_split([self.dim // 2], dim=1)
        r, t = self.net(torch.cat([a, z], dim=1)).chunk(2, dim=1)
        return a, b, self.clamp * torch.tanh(r / self.clamp), t
