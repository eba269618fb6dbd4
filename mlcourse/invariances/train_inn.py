"""Training of the conditional flow: maximum likelihood, E and autoencoder frozen."""

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from mlcourse.invariances._shapes import check_paired
from mlcourse.invariances._steps import descend
from mlcourse.invariances.conditional_inn import ConditionalINN
from mlcourse.invariances.likelihood import negative_log_likelihood


def train_inn(
    flow: ConditionalINN,
    x: Float[Tensor, "n d"],
    z: Float[Tensor, "n c"],
    *,
    steps: int = 1500,
    batch: int = 256,
    lr: float = 1e-3,
    noise: float = 0.0,
    generator: Generator,
) -> Float[Tensor, " steps"]:
    r"""Make v independent of z and standard normal, as far as the data show.

    .. math:: \min_t\; \mathbb E\Bigl[ \tfrac12 \lVert t^{-1}(x + \sigma\epsilon
        \mid z) \rVert^2 - \log \lvert \det J_{t^{-1}}(x + \sigma\epsilon \mid z)
        \rvert \Bigr]

    Parameters
    ----------
    flow : changed in place; its actnorms are set from all rows first
    x : (n, d), complete codes, or the data themselves
    z : (n, c), the frozen representation E of the same inputs
    steps, batch, lr : of Adam; the rate rises to lr and falls to nearly 0
    noise : sigma >= 0, in the unit of x: so that few rows are not learned by heart
    generator : of batches and noise

    Returns
    -------
    (steps,) : the loss of each batch, in nats

    Raises
    ------
    ValueError : for shapes that do not fit the flow, or numbers out of range.

    Source: Rombach, Esser, Ommer, ECCV 2020, equation 7. The noise is ours.

    >>> g = torch.Generator().manual_seed(0)
    >>> z = torch.randn(500, 1, generator=g)
    >>> x = torch.cat([z, -z], dim=1) + torch.randn(500, 2, generator=g)
    >>> flow = ConditionalINN(2, 1, blocks=2, hidden=16, generator=g)
    >>> loss = train_inn(flow, x, z, steps=100, lr=0.01, generator=g)
    >>> bool(loss[-20:].mean() < loss[:20].mean())
    True
    """
    check_paired(x, z, "x and z")
    if noise < 0:
        raise ValueError(f"noise must be >= 0, got {noise}")

    def noisy(x: Tensor) -> Tensor:
        draw = torch.randn(x.shape, generator=generator, device=generator.device)
        return x + noise * draw.to(x)

    with torch.no_grad():
        flow(noisy(x), z, start=True)

    return descend(
        lambda rows: negative_log_likelihood(*flow(noisy(x[rows]), z[rows])),
        flow.parameters(),
        len(x),
        steps=steps,
        batch=batch,
        lr=lr,
        generator=generator,
    )
