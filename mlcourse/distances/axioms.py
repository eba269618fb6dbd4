"""The axioms of a metric, as numbers that must be zero."""

import torch
from jaxtyping import Float
from torch import Tensor

from mlcourse._check import check_dist


def axiom_violations(dist: Float[Tensor, "n n"]) -> dict[str, float]:
    r"""Largest violation of each axiom on n points; for a metric all are exactly 0.0.

    .. math:: \Delta_{ij} \ge 0, \quad \Delta_{ii} = 0, \quad
        \Delta_{ij} = 0 \Rightarrow i = j, \quad \Delta_{ij} = \Delta_{ji}, \quad
        \Delta_{ik} \le \Delta_{ij} + \Delta_{jk}

    Parameters
    ----------
    dist : (n, n), any unit, finite; whole numbers are looked at in float64

    Returns
    -------
    dict : ``nonnegativity`` max of -Delta_ij; ``self_distance`` max of abs Delta_ii;
        ``separation`` number of entries i != j that are exactly 0 (two equal points
        make two); ``symmetry`` max of abs Delta_ij - Delta_ji; ``triangle`` max of
        Delta_ik - Delta_ij - Delta_jk. 0.0 where the axiom holds on these n points,
        which is no proof for others. O(n^3) time, O(n^2) memory.

    Round-off: a computed distance has an error of about sqrt(d)/3 units in its last
    place, so the direct way may exceed a detour of the same length by that. A violation
    counts if it is above 128 eps (float32 1.5e-5, float64 2.8e-14; half types, rounded
    once: 4 eps) times its scale: Delta_ik for the triangle, the larger of the two for
    symmetry, the largest entry for the first two. What counts is reported whole.

    Raises
    ------
    ValueError : unless dist is (n, n) and finite

    Source: Frechet, Rend. Circ. Mat. Palermo 22, 1906; the slide "(Pseudo) Metric".

    >>> squared = torch.tensor([[0.0, 1.0, 4.0], [1.0, 0.0, 1.0], [4.0, 1.0, 0.0]])
    >>> axiom_violations(squared)["triangle"]
    2.0
    """
    check_dist(dist)
    if not dist.isfinite().all():
        raise ValueError("dist must be finite, got inf or NaN; look at the points")
    d = dist.detach() if dist.is_floating_point() else dist.double()
    eps = torch.finfo(d.dtype).eps
    unit = 128 * eps if eps < 1e-6 else 4 * eps
    d = d.to(torch.promote_types(d.dtype, torch.float32))

    detour = torch.full_like(d, torch.inf)
    for j in range(len(d)):  # the middle point: min over j of Delta_ij + Delta_jk
        torch.minimum(detour, d[:, j, None] + d[j], out=detour)
    zeros = (d == 0).sum() - (d.diagonal() == 0).sum()

    def worst(excess: Tensor, scale: Tensor) -> float:
        counts = excess > unit * scale
        return torch.where(counts, excess, 0).max().item() if len(d) else 0.0

    size = d.abs()
    largest = size.max() if len(d) else size.sum()
    return {
        "nonnegativity": worst(-d, largest),
        "self_distance": worst(size.diagonal(), largest),
        "separation": float(zeros),
        "symmetry": worst((d - d.T).abs(), torch.maximum(size, size.T)),
        "triangle": worst(d - detour, size),
    }
