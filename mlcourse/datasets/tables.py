"""Four small tables that ship with scikit-learn: nothing is downloaded."""

import sklearn.datasets
import torch
from jaxtyping import Float64, Int64
from sklearn.utils import Bunch
from torch import Tensor

Table = tuple[Float64[Tensor, "n d"], Int64[Tensor, " n"]]


def iris() -> Table:
    """Return 150 flowers of 3 species: 4 lengths and widths, in cm.

    Source: Fisher, The use of multiple measurements in taxonomic problems, Annals of
    Eugenics, 1936; as shipped with scikit-learn, rows in order of the species.

    >>> x, y = iris()
    >>> x.shape, y.bincount().tolist()
    (torch.Size([150, 4]), [50, 50, 50])
    """
    return _table(sklearn.datasets.load_iris())


def wine() -> Table:
    """Return 178 wines of 3 growers: 13 chemical measurements on very unlike scales.

    Source: Forina et al., PARVUS, 1988 (UCI); as shipped with scikit-learn.

    >>> x, y = wine()
    >>> x.shape, y.bincount().tolist()
    (torch.Size([178, 13]), [59, 71, 48])
    """
    return _table(sklearn.datasets.load_wine())


def breast_cancer() -> Table:
    """Return 569 tumours, malignant (0) or benign (1): 30 measurements of cell nuclei.

    Source: Street, Wolberg, Mangasarian, Nuclear feature extraction for breast tumor
    diagnosis, IS&T/SPIE, 1993; as shipped with scikit-learn.

    >>> x, y = breast_cancer()
    >>> x.shape, y.bincount().tolist()
    (torch.Size([569, 30]), [212, 357])
    """
    return _table(sklearn.datasets.load_breast_cancer())


def digits() -> Table:
    """Return 1,797 handwritten digits: 8 x 8 pixels in a row of 64, ink from 0 to 16.

    Source: Alpaydin and Kaynak, Cascading classifiers, Kybernetika, 1998 (UCI); the
    test part, as shipped with scikit-learn.

    >>> x, y = digits()
    >>> x.shape, int(x.max()), y.unique().tolist()
    (torch.Size([1797, 64]), 16, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    """
    return _table(sklearn.datasets.load_digits())


def _table(bunch: Bunch) -> Table:
    """Return scikit-learn's arrays as tensors: x in float64, y in int64."""
    x = torch.as_tensor(bunch.data, dtype=torch.float64)
    return x, torch.as_tensor(bunch.target, dtype=torch.int64)
