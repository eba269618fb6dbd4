"""What can be read from an embedding by a straight line, on classes not fitted."""

from jaxtyping import Float, Int
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import accuracy_score, r2_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor

from mlcourse.generalization._folds import checked, read_others


def factor_accuracy(
    z: Float[Tensor, "n k"],
    factor: Int[Tensor, " n"],
    labels: Int[Tensor, " n"],
    *,
    folds: int = 5,
) -> float:
    r"""How often logistic regression reads a factor from points of other classes.

    .. math:: \operatorname*{mean}_i \bigl[ f_i = \arg\max_v \;
        w_v^{(-k)\top} z_i + b_v^{(-k)} \bigr], \qquad y_i \in \text{fold } k

    Parameters
    ----------
    z : (n, k), embeddings, standardized before the fit
    factor : (n,), any integers: font, polarity
    labels : (n,), classes; all points of one are in one fold, and fold k is read by
        what is fitted to the others, w^(-k)
    folds : from 2 to the number of classes

    Returns
    -------
    float from 0 to 1; compare it with the share of the most frequent value

    Raises
    ------
    TypeError, ValueError : for shapes that do not fit, or folds out of range

    Source: Alain, Bengio, arXiv:1610.01644, 2016 (linear probes); scikit-learn.

    >>> import torch
    >>> z = torch.tensor([[0.0], [5.0], [1.0], [6.0], [0.5], [7.0]])
    >>> factor_accuracy(z, (z[:, 0] > 3).int(), torch.arange(6) // 2, folds=3)
    1.0
    """
    z = checked(z, factor, labels, folds)
    probe = make_pipeline(StandardScaler(), LogisticRegression(tol=1e-3, max_iter=2000))
    known = factor.cpu().long().numpy()
    found = read_others(probe, z, known, labels, folds)
    return float(accuracy_score(known, found))


def factor_r2(
    z: Float[Tensor, "n k"],
    factor: Float[Tensor, " n"],
    labels: Int[Tensor, " n"],
    *,
    folds: int = 5,
) -> float:
    r"""Share of a factor's variance that ridge regression reads on other classes.

    .. math:: R^2 = 1 - \frac{\sum_i (f_i - w^{(-k)\top} z_i - b^{(-k)})^2}
        {\sum_i (f_i - \bar f)^2}, \qquad y_i \in \text{fold } k

    Parameters
    ----------
    z, labels, folds : as for ``factor_accuracy``
    factor : (n,), numbers: angle, scale, shift

    Returns
    -------
    float at most 1; 0 for the mean, below 0 for worse

    Raises
    ------
    TypeError, ValueError : as for ``factor_accuracy``

    Source: as there; the ridge is chosen by leaving one out of what is fitted.

    >>> import torch
    >>> z = torch.tensor([[0.0], [5.0], [1.0], [6.0], [0.5], [7.0]])
    >>> round(factor_r2(z, 3 - 2 * z[:, 0], torch.tensor([0, 0, 1, 1, 2, 2]), folds=3))
    1
    """
    z = checked(z, factor, labels, folds)
    probe = make_pipeline(StandardScaler(), RidgeCV(alphas=(0.01, 1.0, 100.0)))
    known = factor.cpu().double().numpy()
    return float(r2_score(known, read_others(probe, z, known, labels, folds)))
