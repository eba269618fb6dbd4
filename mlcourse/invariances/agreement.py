"""What stays over the samples of one code: the share that has the factor."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlcourse.invariances._shapes import check_paired, check_rows


def agreement(
    samples: Float[Tensor, "q s d"],
    factor: Int[Tensor, " q"],
    references: Float[Tensor, "m d"],
    reference_factor: Int[Tensor, " m"],
) -> Float[Tensor, " q"]:
    r"""Share of the samples of a code whose nearest reference has the code's factor.

    .. math:: A_i = \frac1s \sum_{j=1}^{s} \bigl[\, f_{n(x'_{ij})} = f_i \,\bigr],
        \qquad n(x') = \arg\min_l \lVert x' - r_l \rVert

    Parameters
    ----------
    samples : (q, s, d), s samples of each of q codes, as the judge sees them: pixels
        or features of another network than the one looked into
    factor : (q,), that of the image each code was taken from
    references : (m, d), images with known factors, none of which gave a code
    reference_factor : (m,)

    Returns
    -------
    (q,), from 0 to 1, in float64; of up to 8 equals the lower index counts. To be read
    beside two others: that of fresh images (chance) and that of decoded originals (the
    most that this judge can see).

    Raises
    ------
    ValueError : for shapes that do not fit, no sample or reference, or NaN in them.

    Source: after Rombach, Esser, Ommer, ECCV 2020, who ask a classifier; nearest
    neighbours (Cover, Hart, 1967) need no training and know any class.

    >>> samples = torch.tensor([[[0.1], [0.2], [0.9]]])
    >>> refs, label = torch.tensor([[0.0], [1.0]]), torch.tensor([5, 7])
    >>> agreement(samples, torch.tensor([5]), refs, label).tolist()
    [0.6666666666666666]
    """
    if samples.ndim != 3 or 0 in samples.shape or len(references) == 0:
        raise ValueError(
            "samples must be (q, s, d), s >= 1 samples of each of q >= 1 codes, and "
            f"there must be references, got shapes {tuple(samples.shape)} and "
            f"{tuple(references.shape)}; for one sample a code: x[:, None]"
        )
    rows = samples.flatten(0, 1).to(references.dtype)
    check_rows(references, rows.shape[1], "references")
    check_rows(rows, rows.shape[1], "samples")
    check_paired(samples, factor, "samples and factor")
    check_paired(references, reference_factor, "references and reference_factor")
    nearest = _nearest(rows, references)
    found = reference_factor[nearest].view(samples.shape[:2])  # (q, s)
    return (found == factor[:, None]).double().mean(dim=1)


def _nearest(x: Float[Tensor, "s d"], r: Float[Tensor, "m d"]) -> Int[Tensor, " s"]:
    """Row of the nearest reference: of eight by the fast formula, the exact best."""
    centre = r.mean(dim=0)  # the fast formula loses digits far from the origin
    near = (
        torch.cdist(x - centre, r - centre).topk(min(8, len(r)), largest=False).indices
    )
    near = near.sort(dim=1).values  # of equal distances the lower index
    gap = (x[:, None] - r[near]).square().sum(dim=2)
    row: Tensor = near.gather(1, gap.argmin(dim=1, keepdim=True))[:, 0]
    return row
