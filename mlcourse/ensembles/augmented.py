"""A network that is trained on other views of its images."""

from jaxtyping import Float
from torch import Generator, Tensor, nn

from mlcourse.ensembles.augmentation import random_affine


class Augmented(nn.Module):
    r"""A network that sees every image in another way each time, while it is trained.

    .. math:: \psi_{\mathrm{train}}(x) = \psi(x'), \qquad
        \psi_{\mathrm{eval}}(x) = \psi(x)

    Parameters
    ----------
    net : psi, from images (n, c, h, w)
    generator : of the draws; pass the one that ``train`` gets
    angle, zoom, shift : of ``random_affine``

    Attributes
    ----------
    net : as given

    Source: Guo, Gould, arXiv:1506.07224, 2015: networks for one ensemble see different
    data. Theirs are images of another data set, ours the same ones distorted.

    >>> import torch
    >>> psi = Augmented(nn.Flatten(), shift=1, generator=torch.Generator())
    >>> x = torch.rand(1, 1, 4, 4)
    >>> torch.equal(psi(x), x.flatten(1)), torch.equal(psi.eval()(x), x.flatten(1))
    (False, True)
    """

    def __init__(
        self,
        net: nn.Module,
        *,
        angle: float | int = 10.0,
        zoom: float | int = 1.1,
        shift: float | int = 2.0,
        generator: Generator,
    ) -> None:
        super().__init__()
        self.net, self.generator = net, generator
        self.angle, self.zoom, self.shift = angle, zoom, shift

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n k"]:
        """Embeddings of distorted images in ``train`` mode, else of x itself."""
        if self.training:
            x = random_affine(x, angle=self.angle, zoom=self.zoom, shift=self.shift,
                              generator=self.generator)  # fmt: skip
        z: Tensor = self.net(x)
        return z
