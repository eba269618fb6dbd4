"""Judgements from people: in range, each said once, none contradicting another."""

import torch
from jaxtyping import Int
from torch import Tensor

from mlcourse.judgements._rows import (
    Rows,
    as_rows,
    check_once,
    check_range,
    first,
    sort_rows,
)


def check_pairs(
    S: Rows, D: Rows, *, n: int
) -> tuple[Int[Tensor, "s 2"], Int[Tensor, "r 2"]]:
    r"""S and D in standard form, or an error that names the first bad row.

    .. math:: S, D \subseteq \{ (i, j) : 0 \le i < j < n \}, \qquad
        S \cap D = \emptyset

    Parameters
    ----------
    S, D : (s, 2), (r, 2) pairs of similar and of dissimilar points; tensors or lists,
        (i, j) or (j, i)
    n : number of points that the indices count

    Returns
    -------
    S, D : int64, i < j, in lexicographic order.

    Raises
    ------
    ValueError : if an index is outside 0 to n - 1, a pair holds one point twice, is
        said twice, or is said to be similar and dissimilar.

    Source: the sets of Xing, Ng, Jordan, Russell, NIPS 2002.

    >>> S, D = check_pairs([[3, 1]], [[0, 1], [3, 0]], n=4)
    >>> S.tolist(), D.tolist()
    ([[1, 3]], [[0, 1], [0, 3]])
    """
    rows = {"S": as_rows(S, name="S", width=2), "D": as_rows(D, name="D", width=2)}
    for name, pairs in rows.items():
        check_range(pairs, n, name=name)
        pairs = pairs.sort(dim=1).values
        check_once(pairs, name=name)
        rows[name] = pairs
    code_s, code_d = (pairs[:, 0] * n + pairs[:, 1] for pairs in rows.values())
    both = torch.isin(code_s, code_d)
    if both.any():
        raise ValueError(
            "S and D contradict each other: both hold "
            f"{first(rows['S'], both)}; decide for one, or drop the pair"
        )
    return sort_rows(rows["S"]), sort_rows(rows["D"])


def check_triplets(T: Rows, *, n: int) -> Int[Tensor, "t 3"]:
    r"""T in standard form, or an error that names the first bad row.

    .. math:: T \subseteq \{ (a, p, n) : a \ne p,\; a \ne n,\; p \ne n \}, \qquad
        (a, p, n) \in T \Rightarrow (a, n, p) \notin T

    Parameters
    ----------
    T : (t, 3) triplets, "a is more similar to p than to n"; a tensor or lists
    n : number of points that the indices count

    Returns
    -------
    T : int64, in lexicographic order.

    Raises
    ------
    ValueError : if an index is outside 0 to n - 1, a triplet holds one point twice, is
        said twice, or is said the other way round as well.

    Source: the relative comparisons of Schultz, Joachims, NIPS 2003.

    >>> check_triplets([[3, 1, 0], [2, 0, 1]], n=4).tolist()
    [[2, 0, 1], [3, 1, 0]]
    """
    rows = as_rows(T, name="T", width=3)
    check_range(rows, n, name="T")
    check_once(rows, name="T")
    code, turned = ((rows[:, 0] * n + rows[:, p]) * n + rows[:, 3 - p] for p in (1, 2))
    both = torch.isin(code, turned)
    if both.any():
        raise ValueError(
            f"T contradicts itself: it holds {first(rows, both)} and the same with "
            "positive and negative exchanged; decide for one, or drop both"
        )
    return sort_rows(rows)
