"""A split of the classes, and its shift."""

from dataclasses import dataclass

from jaxtyping import Int
from torch import Tensor


@dataclass(frozen=True, eq=False)
class OODSplit:
    r"""Classes to train on and to test with, and how far apart they are.

    .. math:: \text{distance} = F(\mu_{\text{train}}, \mu_{\text{test}})

    Parameters
    ----------
    train, test : (a,), (b,), class numbers, ascending
    swapped, removed : classes of each side that were exchanged, and left out, so far
    distance : ``frechet_distance`` of their class means

    Attributes
    ----------
    train, test, swapped, removed, distance : as given

    Source: Milbich, Roth, Sinha, Schmidt, Ghassemi, Ommer, NeurIPS 2021.

    >>> import torch
    >>> OODSplit(torch.tensor([0, 2]), torch.tensor([1, 3]), 2, 0, 1.5).swapped
    2
    """

    train: Int[Tensor, " a"]
    test: Int[Tensor, " b"]
    swapped: int
    removed: int
    distance: float
