"""Stochastic class-based mining: which strangers, through the classes they are of."""

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor
from torch.nn.functional import normalize

from mlcourse._check import check_classes, check_neighbours, check_points


@torch.no_grad()
def class_mined_negatives(
    z: Float[Tensor, "n k"],
    labels: Int[Tensor, " n"],
    query: Int[Tensor, " q"],
    signatures: Float[Tensor, "c k"],
    *,
    classes: int,
    pool: int,
    negatives: int,
    generator: Generator,
) -> Int[Tensor, " m"]:
    r"""Hard classes by their signatures, hard points of these, and a few of those.

    .. math:: P_c = \underset{c' \ne c}{\text{top}_K} \max_{q} \cos(z_q, w_{c'}), \qquad
        H_c = \underset{i : y_i \in P_c}{\text{top}_{\text{pool}}}
        \max_{q} \cos(z_q, z_i), \qquad n \sim H_c \text{ evenly}

    over the query points q, all of class c, with w_c' the signature of c'.

    Parameters
    ----------
    z : (n, k), embeddings of all training points
    labels : (n,), class numbers 0 to C - 1
    query : (q,), rows of z of one class, q >= 1
    signatures : (C, k), a vector a class: weights of a classifier, or class means
    classes : K, from 1 to C - 1
    pool, negatives : how many points of these classes are looked at, and how many of
        them are drawn, without replacement; 1 <= negatives <= pool
    generator : of the draws

    Returns
    -------
    (m,) : rows of z in a drawn order; m = negatives, or fewer where the K classes have
        fewer. O(q C k) for the classes, and only their points are compared.

    Raises
    ------
    ValueError : unless z is finite (n, k), labels index signatures, the query is of
        one class, and the numbers are in their range

    Source: Suh, Han, Kim, Lee, CVPR 2019, who embed the points of the K classes anew.

    >>> z = torch.tensor([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [-1.0, 0.0], [0.6, 0.8]])
    >>> class_mined_negatives(
    ...     z, torch.tensor([0, 0, 1, 2, 1]), torch.tensor([0, 1]),
    ...     torch.tensor([[1.0, 0.0], [0.5, 1.0], [-1.0, 0.0]]),
    ...     classes=1, pool=1, negatives=1, generator=torch.Generator(),
    ... )
    tensor([4])
    """
    z, signatures = check_points(z, "z"), check_points(signatures, "signatures")
    check_classes(labels, len(z), len(signatures))
    check_funnel(len(signatures), classes, pool, negatives)
    labels = labels.long()
    own = labels[query].unique()
    if len(own) != 1:
        raise ValueError(
            f"query must be points of one class, got {len(query)} of {len(own)}; mine "
            "for each class by itself"
        )
    z, signatures = normalize(z), normalize(signatures.to(z.dtype))
    near = (z[query] @ signatures.T).amax(dim=0)
    near[own] = -torch.inf
    (among,) = torch.isin(labels, near.topk(classes).indices).nonzero(as_tuple=True)
    like = (z[among] @ z[query].T).amax(dim=1)
    hard = among[like.topk(min(pool, len(among))).indices]
    order = torch.randperm(len(hard), generator=generator, device=generator.device)
    return hard[order.to(hard.device)][:negatives]


def check_funnel(n_classes: int, classes: int, pool: int, negatives: int) -> None:
    """Raise ValueError unless each stage leaves something to the next."""
    check_neighbours(classes, n_classes - 1, "classes", "other classes")
    check_neighbours(negatives, pool, "negatives", "points in the pool")
