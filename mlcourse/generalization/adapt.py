"""Adapt the last layer alone to a few labelled images of new classes."""

from collections.abc import Callable
from copy import deepcopy

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from mlcourse._check import check_labels, check_points, check_positive


def adapt_head(
    head: nn.Module,
    features: Float[Tensor, "s d"],
    labels: Int[Tensor, " s"],
    *,
    loss: Callable[[Tensor, Tensor], Tensor],
    steps: int,
    lr: float | int = 1e-4,
) -> nn.Module:
    r"""Train a copy of the last layer on the support; all before it stays as it is.

    .. math:: h^* \approx \arg\min_h \; \ell\bigl(h(f_1), \dots, h(f_s), y\bigr)

    Parameters
    ----------
    head : h, from features (s, d) to embeddings; it is not changed
    features, labels : (s, d), (s,), of the support, by the frozen trunk
    loss : l, from embeddings and labels to one number
    steps : >= 0, each on all of the support; theirs: 1,000 to 1,500
    lr : > 0, of Adam; theirs, ten times that of their training

    Returns
    -------
    nn.Module : the copy, in eval mode

    Raises
    ------
    TypeError, ValueError : for shapes and numbers that do not fit

    Source: Milbich, Roth, Sinha, Schmidt, Ghassemi, Ommer, NeurIPS 2021; they draw
    batches.

    >>> head, f = nn.Linear(1, 1), torch.tensor([[1.0], [2.0]])
    >>> new = adapt_head(head, f, torch.tensor([0, 1]), steps=5, lr=0.1,
    ...                  loss=lambda z, y: z.square().sum())
    >>> bool(new(f).square().sum() < head(f).square().sum())
    True
    """
    features = check_points(features, "features").detach()
    check_labels(labels, len(features))
    check_positive(lr, "lr")
    if steps < 0:
        raise ValueError(f"steps must be >= 0, got {steps}")
    new = deepcopy(head).train().requires_grad_(True)
    adam = torch.optim.Adam(new.parameters(), lr=lr)
    for _ in range(steps):
        adam.zero_grad()
        loss(new(features), labels).backward()
        adam.step()
    return new.eval()
