"""N-pair loss: one positive against the positives of all other classes."""

from jaxtyping import Float
from torch import Tensor

from mlcourse.losses._matrix import as_square


def npair_loss(sim: Float[Tensor, "n n"]) -> Float[Tensor, ""]:
    r"""Cross-entropy of finding the partner: row i's positive is column i.

    .. math::
        L = \frac1n \sum_i \log\Bigl(1 + \sum_{j \ne i} e^{S_{ij} - S_{ii}}\Bigr)
          = -\frac1n \sum_i \log \frac{e^{S_{ii}}}{\sum_j e^{S_{ij}}}

    Parameters
    ----------
    sim : (n, n), S(psi(x_i), psi(x_i+)) of n anchors and their n positives, one pair a
        class; the paper takes dot products of vectors that are not normalised. Cosines
        need a factor: divide sim by a temperature

    Returns
    -------
    () : no unit, >= 0; 0 for one pair, and for none

    Raises
    ------
    ValueError : unless sim is (n, n)

    Source: Sohn, NIPS 2016, eq. 7; its penalty on the norms is
    ``mlcourse.regularizers.embedding_norm``.

    >>> import torch
    >>> npair_loss(torch.tensor([[2.0, 0.0], [1.0, 1.0]]))  # (log 1.135 + log 2) / 2
    tensor(0.4100)
    """
    sim = as_square(sim, "sim")
    return (sim.logsumexp(dim=1) - sim.diagonal()).sum() / max(len(sim), 1)
