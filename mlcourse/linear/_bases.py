"""Directions that tell near from far in one region: the rank-one bases of SCML."""

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike
from scipy.linalg import eigh
from sklearn.cluster import KMeans
from sklearn.metrics import pairwise_distances_argmin

from mlcourse.linear._psd import fixed_signs
from mlcourse.linear._scatter import group_means, pair_scatter

#: Share of a region's mean variance that counts as near everywhere: it has few points.
RIDGE = 0.1


def discriminants(
    near: Float[np.ndarray, "d d"], far: Float[np.ndarray, "d d"], k: int
) -> Float[np.ndarray, "_ d"]:
    """Up to k unit rows b, those with the largest b' far b / b' near b that is > 0."""
    unit = np.trace(near + far) / len(near)
    if not unit > 0:
        return np.empty((0, len(near)))
    ridge = RIDGE * unit * np.eye(len(near))
    ratio, axes = eigh(
        far, near + ridge, subset_by_index=(max(0, len(far) - k), len(far) - 1)
    )
    b = axes.T[ratio > 1e-9 * ratio[-1]][::-1]
    return fixed_signs(b / np.linalg.norm(b, axis=1, keepdims=True))


def centres(X: Float[np.ndarray, "n d"], count: int) -> Float[np.ndarray, "c d"]:
    """Means of k-means from seeds that are far apart: nothing drawn, no row order."""
    X = X[np.lexsort(X.T)]
    seeds = [int(np.argmin(np.square(X - X.mean(axis=0)).sum(axis=1)))]
    square = np.square(X - X[seeds[0]]).sum(axis=1)
    while len(seeds) < min(count, len(X)) and square.max() > 0:
        seeds.append(int(square.argmax()))
        square = np.minimum(square, np.square(X - X[seeds[-1]]).sum(axis=1))
    found: Float[np.ndarray, "c d"] = (
        KMeans(len(seeds), init=X[seeds], n_init=1).fit(X).cluster_centers_
    )
    return found


def local_discriminants(
    X: Float[np.ndarray, "n d"], codes: Int[np.ndarray, " n"], count: int
) -> Float[np.ndarray, "_ d"]:
    """About ``count`` bases: LDA of the nearest points of every class to each centre.

    At two scales, 10 and 20 points of a class (20 and 50 where d > 50).
    """
    k = min(int(codes.max()), X.shape[1])
    order, bases = np.lexsort(X.T), []
    for centre in centres(X, -(-count // (2 * k))):
        square = np.square(X - centre).sum(axis=1)
        nearest = order[square[order].argsort(kind="stable")]
        rank = np.empty(len(X), dtype=np.int64)
        grouped = nearest[codes[nearest].argsort(kind="stable")]
        sizes = np.bincount(codes)
        rank[grouped] = np.arange(len(X)) - np.repeat(sizes.cumsum() - sizes, sizes)
        for scale in (20, 50) if X.shape[1] > 50 else (10, 20):
            some = rank < scale
            means, counts = group_means(X[some], codes[some])
            within = X[some] - means[codes[some]]
            spread = (means - X[some].mean(axis=0)) * np.sqrt(counts)[:, None]
            bases.append(discriminants(within.T @ within, spread.T @ spread, k))
    return np.concatenate(bases)[:count]


def judged_discriminants(
    X: Float[np.ndarray, "n d"], T: Int[np.ndarray, "t 3"], count: int
) -> Float[np.ndarray, "_ d"]:
    """About ``count`` bases from triplets alone, d for each region of their anchors."""
    middle = centres(X[np.unique(T[:, 0])], -(-count // X.shape[1]))
    region = pairwise_distances_argmin(X, middle)[T[:, 0]]
    bases = []
    for r in range(len(middle)):
        some = T[region == r]
        near, far = (pair_scatter(X, some[:, [0, j]]) for j in (1, 2))
        bases.append(discriminants(near, far, X.shape[1]))
    return np.concatenate(bases)[:count]


def unit_rows(bases: ArrayLike, d: int) -> Float[np.ndarray, "k d"]:
    """Given bases, each scaled to length 1."""
    B = np.asarray(bases, dtype=np.float64)
    if (
        B.ndim != 2
        or B.shape[1] != d
        or not np.isfinite(B).all()
        or not B.any(axis=1).all()
    ):
        raise ValueError(
            f"bases must be (K, {d}), finite, no row all 0, got shape {B.shape}; "
            "None finds some"
        )
    scaled: Float[np.ndarray, "k d"] = B / np.linalg.norm(B, axis=1, keepdims=True)
    return scaled
