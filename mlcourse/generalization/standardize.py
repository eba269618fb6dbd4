"""Features without their class: what is left is what classes share."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlcourse._check import check_labels, check_points, check_positive
from mlcourse._class_means import class_means


def class_standardize(
    features: Float[Tensor, "n d"],
    labels: Int[Tensor, " n"],
    *,
    eps: float | int = 1e-6,
) -> Float[Tensor, "n d"]:
    r"""Give every class mean 0 and standard deviation 1 in every coordinate.

    .. math:: \hat f_i = \frac{f_i - \mu_{y_i}}{\sigma_{y_i}}, \qquad
        \mu_c = \operatorname*{mean}_{y_i = c} f_i, \quad
        \sigma_c^2 = \operatorname*{mean}_{y_i = c} (f_i - \mu_c)^2

    Parameters
    ----------
    features : (n, d), any unit
    labels : (n,), any integers
    eps : > 0, in the unit of features: a sigma below is no spread, and the coordinate
        becomes 0 in the class, as in a class of one point

    Returns
    -------
    (n, d), no unit, without a gradient

    Raises
    ------
    TypeError, ValueError : unless features is finite (n, d), labels (n,), eps > 0

    Source: Roth, Brattoli, Ommer, ICCV 2019; their code's default leaves out the
    division.

    >>> features = torch.tensor([[1.0, 5.0], [3.0, 5.0], [10.0, 0.0], [40.0, 2.0]])
    >>> class_standardize(features, torch.tensor([7, 7, 2, 2])).tolist()
    [[-1.0, 0.0], [1.0, 0.0], [-1.0, -1.0], [1.0, 1.0]]
    """
    features = check_points(features, "features").detach()
    check_labels(labels, len(features))
    check_positive(eps, "eps")
    code = labels.unique(return_inverse=True)[1].to(features.device)
    fine = features.double()  # in float32 means of one number can differ from it
    centred = fine - class_means(fine, code)[code]
    sigma = class_means(centred.square(), code).sqrt()[code]
    hat = torch.where(sigma < eps, 0, centred / sigma.clamp(min=eps))
    return hat.to(features.dtype)
