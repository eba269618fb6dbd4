"""A margin for each triplet: the farther apart two classes, the larger."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlcourse._check import check_classes, check_rows


@torch.no_grad()
def violate_margins(
    T: Int[Tensor, "t 3"],
    labels: Int[Tensor, " n"],
    *,
    joined: Float[Tensor, "c c"],
    spread: Float[Tensor, " c"],
    beta: float | int = 0.1,
) -> Float[Tensor, " t"]:
    r"""The dynamic violate margin: from the tree of classes, one a triplet.

    .. math:: \alpha_{(a, p, n)} = [\beta + d_{\mathcal H}(y_a, y_n) - s_{y_a}]_+

    Classes that the tree joins late must be kept far apart, and a class that lies
    scattered must not be pushed before it is gathered.

    Parameters
    ----------
    T : (t, 3), rows (a, p, n) of the batch
    labels : (n,), class numbers 0 to C - 1 of its points, as ``train`` gives a loss
    joined : (C, C), d_H, squared distance at which classes are joined: ``class_tree``
    spread : (C,), s, mean squared distance inside each class: the diagonal of
        ``class_distances``
    beta : part of the margin that does not move, in the unit of squared distances

    Returns
    -------
    (t,) : alpha >= 0, for ``hierarchical_triplet_loss`` on squared distances

    Raises
    ------
    ValueError : unless T indexes labels, labels index joined, which is (C, C), spread
        is (C,), and finite for each anchor

    Source: Ge, Huang, Dong, Scott, ECCV 2018; the cut at 0 is ours, as a
    negative margin would let a triplet rest in the wrong order.

    >>> joined = torch.tensor([[0.0, 1.0, 2.5], [1.0, 0.0, 2.5], [2.5, 2.5, 0.0]])
    >>> T, labels = torch.tensor([[0, 1, 2], [0, 1, 3]]), torch.tensor([0, 0, 1, 2])
    >>> violate_margins(T, labels, joined=joined, spread=torch.tensor([0.5, 0.4, 0.6]))
    tensor([0.6000, 2.1000])
    """
    if spread.ndim != 1 or joined.shape != (len(spread), len(spread)):
        raise ValueError(
            "joined must be (C, C), and spread one number for each of the C classes, "
            f"got {tuple(joined.shape)} and {tuple(spread.shape)}; with d of "
            "class_distances they are class_tree(d).joined and d.diagonal()"
        )
    check_classes(labels, len(labels), len(joined))
    T = check_rows(T, name="T", width=3, n=len(labels))
    anchor, other = labels.long()[T[:, ::2]].cpu().unbind(dim=1)
    alpha = beta + joined.cpu()[anchor, other] - spread.cpu()[anchor]
    if not alpha.isfinite().all():
        raise ValueError(
            "joined and spread must be finite for the classes of the triplets, got "
            f"{int((~alpha.isfinite()).sum())} margins that are not; a class of one "
            "point has no spread, and cannot be an anchor's"
        )
    return alpha.clamp(min=0).to(T.device)
