"""What follows from judgements: a friend of my friend is my friend."""

import torch
from jaxtyping import Int
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from torch import Tensor

from mlcourse.judgements._rows import Rows, first, sort_rows
from mlcourse.judgements.checks import check_pairs
from mlcourse.judgements.pairs import similar_pairs


def closure(
    S: Rows, D: Rows, *, n: int
) -> tuple[Int[Tensor, "s 2"], Int[Tensor, "r 2"]]:
    r"""S and D with all that they imply, if similarity is that of classes.

    .. math:: S^+ = \{ (i, j) : i \sim j \}, \qquad
        D^+ = \{ (i, j) : \exists\, (k, l) \in D,\; i \sim k,\; j \sim l \}

    i ~ j if a chain of pairs in S joins them: the connected components of S, RCA's
    chunklets. Xing'02's judgements are of this kind; degrees of similarity are not.

    Parameters
    ----------
    S, D : (s, 2), (r, 2) pairs of similar and of dissimilar points, as ``check_pairs``
    n : number of points that the indices count

    Returns
    -------
    S+, D+ : int64, i < j, in lexicographic order; they hold S and D.

    Raises
    ------
    ValueError : as ``check_pairs``, and if a chain of S joins two points that D parts.

    Source: Wagstaff, Cardie, Rogers, Schroedl, ICML 2001.

    >>> S, D = closure([[0, 1], [1, 2]], [[2, 3]], n=5)
    >>> S.tolist(), D.tolist()
    ([[0, 1], [0, 2], [1, 2]], [[0, 3], [1, 3], [2, 3]])
    """
    S, D = check_pairs(S, D, n=n)
    i, j = S.cpu().numpy().T
    links = coo_array((torch.ones(len(S)).numpy(), (i, j)), shape=(n, n))
    group = torch.as_tensor(connected_components(links, directed=False)[1]).to(S)
    torn = group[D[:, 0]] == group[D[:, 1]]
    if torn.any():
        raise ValueError(
            f"D contradicts a chain of S: {first(D, torn)} is dissimilar, but similar "
            "pairs join its points; drop a pair of the chain, or this one"
        )
    a, b = group[D].sort(dim=1).values.unique(dim=0).T  # groups that are apart
    size, order = group.bincount(), group.argsort()
    begin = size.cumsum(0) - size
    count = size[a] * size[b]
    step = torch.arange(int(count.sum())).to(S) - (
        count.cumsum(0) - count
    ).repeat_interleave(count)
    a, b = a.repeat_interleave(count), b.repeat_interleave(count)
    i, j = order[begin[a] + step // size[b]], order[begin[b] + step % size[b]]
    return similar_pairs(group), sort_rows(
        torch.stack([i, j], dim=1).sort(dim=1).values
    )
