"""Every retrieval measure of an embedding in one pass, in little memory."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlcourse._check import check_labels, check_neighbours, check_points
from mlcourse.evaluation._search import nearest


def evaluate(
    z: Float[Tensor, "n d"],
    labels: Int[Tensor, " n"],
    *,
    ks: Sequence[int] = (1, 2, 4, 8),
    gallery: Float[Tensor, "m d"] | None = None,
    gallery_labels: Int[Tensor, " m"] | None = None,
    chunk: int = 1024,
) -> dict[str, float]:
    r"""Recall@k, R-precision and MAP@R by Euclidean distance, block by block.

    .. math::
        R@k = \operatorname*{mean}_q [\exists r \le k : m_q(r)], \quad
        \text{R-precision} = \operatorname*{mean}_q \frac{1}{R_q}
            \sum_{r \le R_q} m_q(r), \quad
        \text{MAP@R} = \operatorname*{mean}_q \frac{1}{R_q}
            \sum_{r \le R_q} m_q(r) \frac{1}{r} \sum_{s \le r} m_q(s)

    m_q(r): the r-th nearest answer has the label of query q; R_q: how many answers have
    it. Mean over the queries with R_q > 0.

    Parameters
    ----------
    z : (n, d), embeddings; of length 1 where they were trained so
    labels : (n,), any integers
    ks : for Recall@k, each from 1 to the number of answers to a query
    gallery, gallery_labels : (m, d), (m,), the answers; None takes z, each query
        without itself (by its index)
    chunk : queries held at once: 4 * chunk * m bytes in float32

    Returns
    -------
    dict : ``recall@1`` ..., ``r_precision``, ``map_at_r``, from 0 to 1; ``queries``,
        all of them, and ``without_match``, those left out. Distances come from products
        of matrices and are exact up to their rounding; of equal ones the lower index
        comes first.

    Raises
    ------
    TypeError, ValueError : for shapes that do not fit, numbers that are not finite, a k
        out of range, half a gallery, or if no query has a match

    Source: Musgrave, Belongie, Lim, ECCV 2020; equal to ``recall_at_k``,
    ``r_precision``, ``map_at_r`` of the whole matrix. FAISS is used where installed.

    >>> z = torch.tensor([[0.0], [1.0], [2.5], [2.6], [10.0]])
    >>> evaluate(z, torch.tensor([0, 0, 0, 1, 2]), ks=(1,))["map_at_r"]
    0.75
    """
    itself = gallery is None
    answers, known = (z, labels) if gallery is None else (gallery, gallery_labels)
    if known is None or (itself and gallery_labels is not None):
        raise ValueError("give both gallery and gallery_labels, or neither of them")
    z, answers = check_points(z, "z"), check_points(answers, "gallery")
    if (d := z.shape[1]) != (e := answers.shape[1]):
        raise ValueError(f"z and gallery must have equal columns, got {d} and {e}")
    check_labels(labels, len(z))
    check_labels(known, len(answers))
    for k in ks:
        check_neighbours(k, max(0, len(answers) - itself), what="answers to a query")
    matches = _count(labels, known) - int(itself)
    asked = matches > 0
    if not asked.any():
        raise ValueError("no query has a match: give a class with two points")
    depth = max([*ks, int(matches.max())])
    rank = torch.arange(1, depth + 1, device=z.device)
    total = torch.zeros(len(ks) + 2, dtype=torch.float64)
    for rows, index in nearest(z, answers, depth=depth, itself=itself, chunk=chunk):
        match = (known[index] == labels[rows, None])[asked[rows]]
        R = matches[rows][asked[rows]][:, None].double()
        early = match & (rank <= R)
        precision = match.cumsum(dim=1).double() / rank
        hits = [match[:, :k].any(dim=1).sum() for k in ks]
        found = [*hits, (early / R).sum(), (early * precision / R).sum()]
        total += torch.stack(found).cpu().double()
    names = [*(f"recall@{k}" for k in ks), "r_precision", "map_at_r"]
    values = (total / int(asked.sum())).tolist()
    counts = {"queries": len(z), "without_match": int((~asked).sum())}
    return {**dict(zip(names, values, strict=True)), **counts}


def _count(labels: Int[Tensor, " n"], known: Int[Tensor, " m"]) -> Int[Tensor, " n"]:
    """How many of the known labels equal each label."""
    classes, size = known.unique(return_counts=True)
    place = torch.searchsorted(classes, labels.contiguous()).clamp(max=len(classes) - 1)
    return torch.where(classes[place] == labels, size[place], 0)
