"""Histograms of oriented gradients: features that nobody had to learn."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import avg_pool2d, normalize, unfold


def hog(
    x: Float[Tensor, "n 1 h w"], *, cell: int = 4, bins: int = 9
) -> Float[Tensor, "n d"]:
    r"""Which way the grey values rise, cell by cell: a weak similarity to start from.

    .. math:: h_c(o) = \frac{1}{|c|} \sum_{u \in c} \lVert \nabla x(u) \rVert
        \, \Bigl[ 1 - \bigl| \tfrac{\text{bins}}{\pi} \angle \nabla x(u) - o \bigr|
        \Bigr]_+

    Angles are those of lines, modulo pi, and so are orientations o, modulo bins. Blocks
    of 2 x 2 cells each get length 1, are cut at 0.2, and get length 1 again.

    Parameters
    ----------
    x : (n, 1, h, w), grey images
    cell : pixels a side, >= 1; h and w are multiples of it, two cells or more
    bins : orientations, >= 2

    Returns
    -------
    (n, d) : block after block, d = 4 bins (h / cell - 1) (w / cell - 1)

    Raises
    ------
    ValueError : unless x is (n, 1, h, w) floats, and cells of that size fill an image

    Source: Dalal, Triggs, CVPR 2005; signs of gradients left out, as there. No weights
    inside a block, and central differences at all pixels but those of the rim.

    >>> x = torch.zeros(1, 1, 8, 8)
    >>> x[..., 4:] = 1  # an upright edge: all gradients point to the right
    >>> hog(x, bins=4)[0].view(4, 2, 2)[0]
    tensor([[0.5000, 0.5000],
            [0.5000, 0.5000]])
    """
    if x.ndim != 4 or x.shape[1] != 1 or not x.is_floating_point():
        raise ValueError(
            f"x must be grey images (n, 1, h, w) of floats, got {tuple(x.shape)} of "
            f"{x.dtype}; of colours take the mean: x.mean(dim=1, keepdim=True)"
        )
    h, w = x.shape[2:]
    if cell < 1 or h % cell or w % cell or min(h, w) < 2 * cell or bins < 2:
        raise ValueError(
            "images must hold two cells or more a side, and nothing besides, got "
            f"{h} x {w} pixels and cells of {cell}, with {bins} bins, at least 2"
        )
    dy, dx = torch.gradient(x[:, 0], dim=(1, 2))
    size = (dx.square() + dy.square()).sqrt()
    place = torch.atan2(dy, dx).remainder(torch.pi) * bins / torch.pi  # 0 to bins
    low, share = place.floor().long() % bins, place - place.floor()
    found = x.new_zeros(len(x), bins, h, w)
    found.scatter_add_(1, low[:, None], (size * (1 - share))[:, None])
    found.scatter_add_(1, (low[:, None] + 1) % bins, (size * share)[:, None])
    blocks = unfold(avg_pool2d(found, cell), 2)  # (n, 4 bins, blocks)
    blocks = normalize(normalize(blocks, dim=1, eps=1e-3).clamp(max=0.2), dim=1)
    return blocks.transpose(1, 2).flatten(1)
