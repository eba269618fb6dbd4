"""The course's standard run: one small network, one budget, whatever the loss."""

from collections.abc import Callable, Iterable, Sequence

from torch import Generator, Tensor, nn

from mlcourse.datasets import Glyphs
from mlcourse.networks import convnet
from mlcourse.samplers import ClassBalancedBatches, EpochHook
from mlcourse.training.history import History
from mlcourse.training.loop import train


def train_glyph_net(
    loss: Callable[[Tensor, Tensor], Tensor],
    data: Glyphs,
    *,
    generator: Generator,
    batches: Iterable[list[int]] | None = None,
    hooks: Sequence[EpochHook] = (),
    dim: int = 64,
    channels: Sequence[int] = (1, 8, 32, 64),
    normalized: bool = True,
    classes: int = 16,
    per_class: int = 4,
    n_batches: int = 30,
    epochs: int = 5,
    lr: float = 1e-2,
    loss_lr: float = 1e-1,
) -> tuple[nn.Sequential, History]:
    r"""Train a small convnet on glyphs for a few CPU-seconds, to compare losses.

    .. math:: \arg\min_{\theta, \Omega} \; \mathbb E_{\text{batch}} \,
        L_\Omega(\psi_\theta(x), y)

    Parameters
    ----------
    loss : as in ``train``: from embeddings and class numbers to one number
    data : glyphs; its validation classes choose the epoch, its test classes are unused
    generator : of the first weights, then of the batches
    batches : lists of rows of data.train, in place of ``ClassBalancedBatches``; if it
        draws, then from the same generator
    hooks : of ``train``
    dim, channels, normalized : of ``convnet``
    classes, per_class, n_batches : of ``ClassBalancedBatches``, unused with ``batches``
    epochs, lr, loss_lr : of ``train``

    Returns
    -------
    psi, history : the network of the best epoch, and what happened

    Source: ours. Equal networks, batches and budgets for all losses: Roth, Milbich,
    Sinha, Gupta, Ommer, Cohen, ICML 2020; Musgrave, Belongie, Lim, ECCV 2020.
    """
    psi = convnet(dim, channels=channels, normalized=normalized, generator=generator)
    if batches is None:
        batches = ClassBalancedBatches(
            data.train.y, classes=classes, per_class=per_class, n_batches=n_batches,
            generator=generator,
        )  # fmt: skip
    history = train(
        psi, loss, data.train.x, data.train.y, batches=batches, epochs=epochs,
        validation=(data.validation.x, data.validation.y), generator=generator,
        hooks=hooks, lr=lr, loss_lr=loss_lr,
    )  # fmt: skip
    return psi, history
