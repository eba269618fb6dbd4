"""Training of a representation: a classifier whose last layer is then dropped."""

from jaxtyping import Float, Int
from torch import Generator, Tensor, nn

from mlcourse.invariances._networks import drawn
from mlcourse.invariances._shapes import check_paired
from mlcourse.invariances._steps import descend
from mlcourse.invariances.encoder import Encoder


def train_encoder(
    encoder: Encoder,
    x: Float[Tensor, "n 1 size size"],
    labels: Int[Tensor, " n"],
    *,
    steps: int = 500,
    batch: int = 128,
    lr: float = 3e-3,
    generator: Generator,
) -> Float[Tensor, " steps"]:
    r"""Make the labels readable from the code by one linear layer W, which is dropped.

    .. math:: \min_{E, W}\; \mathbb E\bigl[ -\log \text{softmax}(W E(x))_y \bigr]

    Parameters
    ----------
    encoder : changed in place
    x : (n, 1, size, size)
    labels : (n,), any integers: the notion of similarity
    steps, batch, lr : of Adam; the rate rises to lr and falls to nearly 0
    generator : of W and the batches

    Returns
    -------
    (steps,) : the loss of each batch, in nats

    Raises
    ------
    ValueError : unless there is one label an image, and two different ones.

    Source: Rumelhart, Hinton, Williams, Nature 323, 1986.

    >>> import torch
    >>> g = torch.Generator().manual_seed(0)
    >>> x = torch.rand(20, 1, 1, 1, generator=g).expand(-1, 1, 8, 8)
    >>> encoder = Encoder(2, size=8, generator=g)
    >>> y = (x[:, 0, 0, 0] > 0.5).long()
    >>> loss = train_encoder(encoder, x, y, steps=60, generator=g)
    >>> bool(loss[-5:].mean() < 0.5 * loss[:5].mean())
    True
    """
    check_paired(x, labels, "x and labels")
    classes, y = labels.unique(return_inverse=True)
    if len(classes) < 2:
        raise ValueError(f"labels must name 2 classes or more, got {len(classes)}")
    head = drawn(lambda: nn.Linear(encoder.dim, len(classes)), generator=generator)
    return descend(
        lambda rows: nn.functional.cross_entropy(head(encoder(x[rows])), y[rows]),
        [*encoder.parameters(), *head.parameters()],
        len(x),
        steps=steps,
        batch=batch,
        lr=lr,
        generator=generator,
    )
