"""A representation to look into: a small classifier's code of an image."""

from jaxtyping import Float
from torch import Generator, Tensor, nn

from mlcourse._check import check_positive
from mlcourse.invariances._networks import drawn, image_to_code
from mlcourse.invariances._shapes import check_images, check_size


class Encoder(nn.Module):
    r"""Two convolutions and a linear layer to a short code.

    .. math:: z = E(x) \in \mathbb R^{k}

    Parameters
    ----------
    dim : k >= 1
    size : pixels a side, a multiple of 4
    generator : of the weights

    Attributes
    ----------
    net : (n, 1, size, size) -> (n, k)

    Raises
    ------
    ValueError : for parameters out of range, or images of another size.

    Source: LeCun et al., Proc. IEEE 86, 1998, without pooling.

    >>> import torch
    >>> encoder = Encoder(16, generator=torch.Generator().manual_seed(0))
    >>> encoder(torch.zeros(5, 1, 28, 28)).shape
    torch.Size([5, 16])
    """

    def __init__(self, dim: int, *, size: int = 28, generator: Generator) -> None:
        super().__init__()
        check_positive(dim, "dim")
        check_size(size)
        self.dim, self.size = dim, size
        self.net = drawn(lambda: image_to_code(size, dim), generator=generator)

    def forward(self, x: Float[Tensor, "n 1 size size"]) -> Float[Tensor, "n k"]:
        """Codes of the images."""
        check_images(x, self.size)
        code: Tensor = self.net(x)
        return code
