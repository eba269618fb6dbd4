"""Training of the autoencoder: images must come back from noisy codes."""

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from mlcourse.invariances._shapes import check_images
from mlcourse.invariances._steps import descend
from mlcourse.invariances.autoencoder import Autoencoder


def train_autoencoder(
    net: Autoencoder,
    x: Float[Tensor, "n 1 size size"],
    *,
    steps: int = 1500,
    batch: int = 128,
    lr: float = 3e-3,
    noise: float = 0.3,
    weight: float = 0.02,
    generator: Generator,
) -> Float[Tensor, " steps"]:
    r"""Make images come back from noisy codes, so that near codes mean near images.

    .. math:: \min\; \mathbb E\Bigl[ \lVert x - \text{Dec}(\bar E(x) + \sigma\epsilon)
        \rVert^2 + \lambda \lVert \bar E(x) \rVert^2 \Bigr], \quad \epsilon \sim N(0, I)

    Parameters
    ----------
    net : changed in place
    x : (n, 1, size, size)
    steps, batch, lr : of Adam; the rate rises to lr and falls to nearly 0
    noise : sigma >= 0, in the unit of the code; weight : lambda >= 0
    generator : of batches and noise

    Returns
    -------
    (steps,) : the loss of each batch

    Raises
    ------
    ValueError : for images of another size, or numbers out of range.

    Source: a variational autoencoder (Kingma, Welling, ICLR 2014) whose posterior has a
    fixed variance, sigma squared; weight is then twice the variance of a pixel.

    >>> g = torch.Generator().manual_seed(0)
    >>> x = torch.rand(20, 1, 1, 1, generator=g).expand(-1, 1, 8, 8)
    >>> net = Autoencoder(2, size=8, generator=g)
    >>> cost = train_autoencoder(net, x, steps=60, noise=0.1, generator=g)
    >>> bool(cost[-5:].mean() < 0.5 * cost[:5].mean())
    True
    """
    check_images(x, net.size)
    if noise < 0 or weight < 0:
        raise ValueError(f"noise, weight must be >= 0, got {noise}, {weight}")

    def loss(rows: Tensor) -> Tensor:
        code = net.encode(x[rows])
        draw = torch.randn(code.shape, generator=generator, device=generator.device)
        gap = net.decode(code + noise * draw.to(code)) - x[rows]
        cost: Tensor = ((gap**2).sum() + weight * (code**2).sum()) / batch
        return cost

    return descend(
        loss,
        net.parameters(),
        len(x),
        steps=steps,
        batch=batch,
        lr=lr,
        generator=generator,
    )
