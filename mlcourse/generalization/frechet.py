"""How far apart are two sets of points: Frechet's distance of their Gaussians."""

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from mlcourse._check import check_points


def frechet_distance(x: Float[Tensor, "n d"], y: Float[Tensor, "m d"]) -> float:
    r"""Squared distance of the Gaussians with the means and covariances of two sets.

    .. math:: F(x, y) = \lVert \mu_x - \mu_y \rVert^2 + \operatorname{tr}\bigl(
        \Sigma_x + \Sigma_y - 2 (\Sigma_x \Sigma_y)^{1/2} \bigr)

    Parameters
    ----------
    x, y : (n, d), (m, d), at least two points each: images' features, or class means

    Returns
    -------
    float >= 0, in the unit of the points, squared. With few points it is far too large:
        for two sets of 98 of one Gaussian N(0, I) in 64 dimensions 22.5 and not 0, 76
        for sets of 20. So compare sets of equal sizes, in few dimensions, and beside
        ``chance_distances``.

    Raises
    ------
    ValueError : unless both are finite, of equally many columns and two rows or more

    Source: Dowson, Landau, J. Multivariate Analysis 12, 1982; of features of images:
    Heusel et al., NIPS 2017 (FID); of class means: Milbich et al., NeurIPS 2021. No
    root of a matrix is taken: with Sigma_x = X'X, Sigma_y = Y'Y, X and Y the triangles
    of QR of the centred rows, its trace is the sum of the singular values of X Y'.

    >>> x = torch.tensor([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 2.0]])
    >>> round(frechet_distance(x, 2 * x), 4)  # |(1, 1)|^2 + 2 (4/3) (2 - 1)^2
    4.6667
    """
    x, y = (check_points(rows, name).double() for rows, name in ((x, "x"), (y, "y")))
    if x.shape[1] != y.shape[1] or min(len(x), len(y)) < 2:
        raise ValueError(
            "x and y must be two points or more each, of equally many columns, got "
            f"{tuple(x.shape)} and {tuple(y.shape)}"
        )
    between = (x.mean(dim=0) - y.mean(dim=0)).square().sum()
    X, Y = (
        torch.linalg.qr(rows - rows.mean(dim=0), mode="r").R / (len(rows) - 1) ** 0.5
        for rows in (x, y)
    )
    root = torch.linalg.svdvals(X @ Y.T).sum()
    value = between + X.square().sum() + Y.square().sum() - 2 * root
    return max(0.0, float(value))


def chance_distances(
    points: Float[Tensor, "n d"], *, size: int, draws: int, generator: Generator
) -> Float[Tensor, " draws"]:
    r"""Distances between random parts of one set: what "no shift" looks like.

    .. math:: F(x_{A}, x_{\bar A}), \qquad A \sim \text{subsets of size } s

    Parameters
    ----------
    points : (n, d)
    size : s, from 2 to n - 2, points of the first part; the other has the rest
    draws : >= 1
    generator : of the parts

    Returns
    -------
    (draws,) : float64, in the unit of the points, squared

    Raises
    ------
    ValueError : if a number is out of range

    Source: ours; a permutation test's null distribution.

    >>> points = torch.tensor([[0.0], [1.0], [3.0], [6.0]])
    >>> chance_distances(points, size=2, draws=3, generator=Generator()).shape
    torch.Size([3])
    """
    points = check_points(points, "points")
    if not 2 <= size <= len(points) - 2:
        raise ValueError(
            f"size must be from 2 to n - 2 = {len(points) - 2}, got {size}"
        )
    if draws < 1:
        raise ValueError(f"draws must be >= 1, got {draws}")
    values = []
    for _ in range(draws):
        order = torch.randperm(
            len(points), generator=generator, device=generator.device
        )
        part = points[order.to(points.device)]
        values.append(frechet_distance(part[:size], part[size:]))
    return torch.tensor(values, dtype=torch.float64)
