"""What stays and what varies over the samples of one code, as a number."""

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
    (q,), from 0 to 1, in float64; of equal distances the lower index counts. To be read
    beside two others: that of fresh images (chance) and that of decoded originals (the
    most that this judge can see).

    Raises
    ------
    ValueError : for shapes that do not fit, or no sample or reference.

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
    check_rows(references, samples.shape[2], "references")
    check_paired(samples, factor, "samples and factor")
    check_paired(references, reference_factor, "references and reference_factor")
    nearest = [torch.cdist(x, references).argmin(dim=1) for x in samples]
    found = reference_factor[torch.stack(nearest)]  # (q, s)
    return (found == factor[:, None]).double().mean(dim=1)


def remaining_variance(measured: Float[Tensor, "q s"]) -> float:
    r"""Share of a measured factor's variance that is left once the code is known.

    .. math:: \frac{\frac1q \sum_i \text{Var}_j(m_{ij})}{\text{Var}_{ij}(m_{ij})}

    Parameters
    ----------
    measured : (q, s), the factor of s samples of each of q codes; s >= 2

    Returns
    -------
    0 if the code decides the factor, about 1 if it says nothing. Both variances are the
    unbiased ones, with 1 / (s - 1) and 1 / (q s - 1); chance may lift it above 1.

    Raises
    ------
    ValueError : unless measured is (q, s) with s >= 2, and not all equal.

    Source: the law of total variance; one minus Fisher's correlation ratio, 1925.

    >>> round(remaining_variance(torch.tensor([[0.0, 2.0], [4.0, 6.0]])), 6)
    0.3
    """
    if measured.ndim != 2 or len(measured) == 0 or measured.shape[1] < 2:
        raise ValueError(
            "measured must be (q, s), s >= 2 samples of each of q codes, got shape "
            f"{tuple(measured.shape)}"
        )
    total = measured.double().var()
    if total == 0:
        raise ValueError("measured must vary; all its values are equal")
    return (measured.double().var(dim=1).mean() / total).item()
