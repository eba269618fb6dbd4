"""The autoencoder: a complete code, from which the image comes back."""

from torch import Generator, nn

from mlcourse._check import check_positive
from mlcourse.invariances._networks import code_to_image, drawn, image_to_code
from mlcourse.invariances._shapes import check_size


class Autoencoder(nn.Module):
    r"""Two convolutions to a code, and two back to the image.

    .. math:: \bar z = \bar E(x), \qquad \hat x = \text{Dec}(\bar z)

    Parameters
    ----------
    dim : length of the code, >= 1
    size : pixels a side, a multiple of 4
    generator : of the weights

    Attributes
    ----------
    encode : (n, 1, size, size) -> (n, dim)
    decode : (n, dim) -> (n, 1, size, size)

    Raises
    ------
    ValueError : for parameters out of range.

    Source: Hinton, Salakhutdinov, Science 313, 2006; Rombach, Esser, Ommer, ECCV 2020
    use a variational one with a critic for natural images.

    >>> import torch
    >>> net = Autoencoder(8, generator=torch.Generator().manual_seed(0))
    >>> net.decode(net.encode(torch.zeros(5, 1, 28, 28))).shape
    torch.Size([5, 1, 28, 28])
    """

    def __init__(self, dim: int, *, size: int = 28, generator: Generator) -> None:
        super().__init__()
        check_positive(dim, "dim")
        check_size(size)
        self.dim, self.size = dim, size
        self.encode = drawn(lambda: image_to_code(size, dim), generator=generator)
        self.decode = drawn(lambda: code_to_image(size, dim), generator=generator)
