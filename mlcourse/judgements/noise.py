"""Judges err: a share of the judgements turned into its opposite."""

import torch
from jaxtyping import Bool, Int
from torch import Generator, Tensor

from mlcourse.judgements._rows import Rows, as_rows, sort_rows


def flip_pairs(
    S: Rows, D: Rows, *, share: float, generator: Generator
) -> tuple[Int[Tensor, "s 2"], Int[Tensor, "r 2"]]:
    r"""S and D with a share of the pairs moved to the other set.

    .. math:: S' = (S \setminus F) \cup (D \cap F), \quad
        D' = (D \setminus F) \cup (S \cap F), \quad |F| = [\,\text{share}\,(s + r)\,]

    Parameters
    ----------
    S, D : (s, 2), (r, 2) pairs of similar and of dissimilar points
    share : from 0 to 1, of S and D together; [.] rounds to a whole number
    generator : draws F, each set of that size alike

    Returns
    -------
    S', D' : int64, in lexicographic order.

    Raises
    ------
    ValueError : if share is outside 0 to 1, or S, D are no rows of two integers.

    Source: noise in the answers as in Angluin, Laird, Machine Learning 2, 1988 (each
    answer wrong with a given probability there; exactly that share here).

    >>> S, D = flip_pairs(
    ...     [[0, 1]], [[0, 2], [1, 2]], share=1.0, generator=torch.Generator()
    ... )
    >>> S.tolist(), D.tolist()
    ([[0, 2], [1, 2]], [[0, 1]])
    """
    S, D = as_rows(S, name="S", width=2), as_rows(D, name="D", width=2)
    wrong = _drawn(len(S) + len(D), share, generator).to(S.device)
    wrong_s, wrong_d = wrong[: len(S)], wrong[len(S) :]
    return (
        sort_rows(torch.cat([S[~wrong_s], D[wrong_d]])),
        sort_rows(torch.cat([D[~wrong_d], S[wrong_s]])),
    )


def flip_triplets(T: Rows, *, share: float, generator: Generator) -> Int[Tensor, "t 3"]:
    r"""T with positive and negative exchanged in a share of the triplets.

    .. math:: T' = (T \setminus F) \cup \{ (a, n, p) : (a, p, n) \in F \}, \quad
        |F| = [\,\text{share}\; t\,]

    Parameters
    ----------
    T : (t, 3) triplets (a, p, n)
    share : from 0 to 1; [.] rounds to a whole number
    generator : draws F, each set of that size alike

    Returns
    -------
    T' : int64, in lexicographic order.

    Raises
    ------
    ValueError : if share is outside 0 to 1, or T is no rows of three integers.

    Source: as ``flip_pairs``.

    >>> T = [[0, 1, 2], [3, 1, 0]]
    >>> flip_triplets(T, share=1.0, generator=torch.Generator()).tolist()
    [[0, 2, 1], [3, 0, 1]]
    """
    T = as_rows(T, name="T", width=3)
    wrong = _drawn(len(T), share, generator).to(T.device)
    return sort_rows(torch.where(wrong[:, None], T[:, [0, 2, 1]], T))


def _drawn(count: int, share: float, generator: Generator) -> Bool[Tensor, " count"]:
    """True in a share of count places, drawn without replacement."""
    if not 0 <= share <= 1:
        raise ValueError(f"share must be from 0 to 1, got {share}")
    rank = torch.randperm(count, generator=generator, device=generator.device)
    return rank < round(share * count)
