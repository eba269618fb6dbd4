"""How much a mean of learners errs: what they have in common does not average out."""

import torch
from jaxtyping import Float
from torch import Tensor


def variance_of_mean(
    *, variance: float | int, correlation: float | int, n_learners: int
) -> float:
    r"""Variance of the mean of M errors of equal variance and equal correlation.

    .. math:: \operatorname{Var} \Bigl( \frac1M \sum_m e_m \Bigr)
        = \rho \sigma^2 + \frac{1 - \rho}{M} \sigma^2

    Parameters
    ----------
    variance : sigma^2 >= 0, of one learner's error
    correlation : rho of two learners' errors, from -1 / (M - 1) to 1
    n_learners : M >= 1

    Returns
    -------
    float : sigma^2 at M = 1, and never less than rho sigma^2

    Raises
    ------
    ValueError : if a number is out of its range

    Source: Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 2009,
    Sec. 15.2, for the trees of a forest.

    >>> [variance_of_mean(variance=4, correlation=0.25, n_learners=m) for m in (1, 3)]
    [4.0, 2.0]
    """
    if variance < 0 or n_learners < 1:
        raise ValueError(
            "variance must be >= 0 and n_learners >= 1, got "
            f"{variance} and {n_learners}"
        )
    if not correlation * max(n_learners - 1, 1) >= -1 or correlation > 1:
        raise ValueError(
            f"correlation must be from -1 / (M - 1) to 1 for M = {n_learners} learners,"
            f" got {correlation}; more than two cannot all disagree"
        )
    return correlation * variance + (1 - correlation) / n_learners * variance


@torch.no_grad()
def shared_error(errors: Float[Tensor, "m p"]) -> tuple[float, float]:
    r"""Mean variance of the learners' errors, and how much of it they share.

    .. math:: \sigma^2 = \operatorname*{mean}_m \operatorname{Cov}(e_m, e_m), \qquad
        \rho = \frac{1}{\sigma^2} \operatorname*{mean}_{m \ne l}
        \operatorname{Cov}(e_m, e_l)

    With these two, ``variance_of_mean`` is the variance of the mean error of the M
    learners exactly, equal variances or not.

    Parameters
    ----------
    errors : (M, p), M >= 2: of each learner on p pairs, such as cosine minus target

    Returns
    -------
    sigma^2, rho : rho = 0 where nothing varies

    Raises
    ------
    ValueError : with fewer than two learners, or no pair

    Source: the covariance of a sum; Guo, Gould, arXiv:1506.07224, 2015, average
    networks without it.

    >>> shared_error(torch.tensor([[1.0, -1.0, 1.0, -1.0], [2.0, 2.0, -2.0, -2.0]]))
    (2.5, 0.0)
    """
    if errors.ndim != 2 or len(errors) < 2 or not errors.shape[1]:
        raise ValueError(
            "errors must be (M, p), a row for each of at least two learners, got shape "
            f"{tuple(errors.shape)}"
        )
    e = errors.double() - errors.double().mean(dim=1, keepdim=True)
    cov, M = e @ e.T / e.shape[1], len(e)
    variance = cov.diagonal().mean().item()
    shared = (cov.sum() - cov.diagonal().sum()).item() / (M * (M - 1))
    return variance, shared / variance if variance > 0 else 0.0
