"""An epoch hook: what looks at all of the data once before each epoch."""

from typing import Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor


@runtime_checkable
class EpochHook(Protocol):
    r"""Anything with ``refresh``, which is shown the embeddings of all training points.

    .. math:: q_e(\text{batch}) = q\bigl(\text{batch} \mid
        \psi_{\theta_e}(x_1), \dots, \psi_{\theta_e}(x_n)\bigr)

    with theta_e the parameters when epoch e begins. A batch cannot see which classes
    are neighbours, or which of all strangers are near; one pass over the data can.

    Parameters
    ----------
    none : a protocol is not made, but met, by any class with the method

    Attributes
    ----------
    refresh : takes (n, k), a row a training point in the order of the labels, in eval
        mode and without a gradient. ``mlcourse.training.train`` calls it before each
        epoch, of its ``batches`` and of each of its ``hooks``. What it keeps from one
        epoch to the next goes through its ``state_dict`` and ``load_state_dict`` into
        the checkpoint, if it has these; what it derives from z need not.

    Source: ours, in form. Embedding the data once an epoch: Harwood, Kumar, Carneiro,
    Reid, Drummond, ICCV 2017; Ge, Huang, Dong, Scott, ECCV 2018. The embeddings age
    while the epoch lasts.

    >>> class Watch:
    ...     def refresh(self, z: Tensor) -> None:
    ...         self.spread = z.std(dim=0).mean().item()
    >>> isinstance(Watch(), EpochHook), isinstance([[0, 1]], EpochHook)
    (True, False)
    """

    def refresh(self, z: Float[Tensor, "n k"]) -> None:
        """Look at the embeddings of all training points."""
