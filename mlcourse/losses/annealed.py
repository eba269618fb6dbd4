"""The schedule that lets an angular margin in slowly."""


def annealed(
    step: int,
    *,
    base: float | int = 1000.0,
    gamma: float | int = 0.12,
    power: float | int = 1.0,
    minimum: float | int = 5.0,
) -> float:
    r"""Share lambda of plain softmax in the own logit, at a step of training.

    .. math:: \lambda_t = \max(\lambda_{\min}, b (1 + \gamma t)^{-p})

    Parameters
    ----------
    step : t >= 0
    base, gamma, power, minimum : b, gamma, p, lambda_min; the defaults are
        SphereFace's, and L-Softmax's example has 1000, 2.5e-5, 35, 0

    Returns
    -------
    float : to be given as ``annealing`` to ``sphereface_loss`` and ``l_softmax_loss``

    Source: the authors' code of Liu et al., CVPR 2017, and of Liu et al., ICML 2016.

    >>> [annealed(step) for step in (0, 10, 100_000)]
    [1000.0, 454.5454545454545, 5.0]
    """
    value: float = base * (1 + gamma * step) ** -power
    return max(minimum, value)
