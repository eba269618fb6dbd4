"""HDC: a deeper exit for harder pairs, and the contrastive loss at each."""

from collections.abc import Callable, Sequence

from jaxtyping import Float, Int
from torch import Tensor

from mlcourse.ensembles.cascade import nested_pairs
from mlcourse.ensembles.exit_losses import exit_losses


def hdc_loss(
    z: Float[Tensor, "n k"],
    labels: Int[Tensor, " n"],
    *,
    sizes: Sequence[int],
    shares: Sequence[float | int] = (1.0, 0.5, 0.2),
    choose: Callable[..., tuple[Tensor, ...]] = nested_pairs,
    margin: float | int = 1.0,
) -> Float[Tensor, ""]:
    r"""Sum over the exits of the mean loss of the pairs that reach it.

    .. math:: L = \sum_k \Bigl( \operatorname*{mean}_{P_k :\, \ell_k^+ > 0} \ell_k^+
        + \operatorname*{mean}_{N_k :\, \ell_k^- > 0} \ell_k^- \Bigr)

    with P_k among the similar and N_k among the dissimilar pairs, chosen apart.

    Parameters
    ----------
    z, labels, sizes, margin : of ``exit_losses``
    shares, choose : h_k, and ``nested_pairs`` or ``independent_pairs``

    Returns
    -------
    () : 0, with gradient 0, without pairs. Shares of 1: plain contrastive loss at
        every exit

    Raises
    ------
    ValueError : as ``exit_losses`` and ``nested_pairs``

    Source: Yuan, Yang, Zhang, ICCV 2017. Their code weighs negatives tenfold.

    >>> import torch
    >>> z = torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, -1.0], [0.8, 0.6, 1.0]])
    >>> hdc_loss(z, torch.tensor([5, 5, 2]), sizes=(2, 1), shares=(1, 0.5))
    tensor(7.4000)
    """
    total = z.new_zeros(())
    for losses in exit_losses(z, labels, sizes=sizes, margin=margin):
        rows = choose(losses.detach(), shares=shares)
        for loss, kept in zip(losses, rows, strict=True):
            value = loss.index_select(0, kept)
            total = total + value.sum() / (value > 0).sum().clamp(min=1)
    return total
