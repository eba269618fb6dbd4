"""Tests for mlcourse.datasets.tables."""

import numpy as np
import pytest
import sklearn.datasets
import torch

from mlcourse.datasets import breast_cancer, digits, iris, wine

TABLES = [
    (iris, sklearn.datasets.load_iris, (150, 4), 3),
    (wine, sklearn.datasets.load_wine, (178, 13), 3),
    (breast_cancer, sklearn.datasets.load_breast_cancer, (569, 30), 2),
    (digits, sklearn.datasets.load_digits, (1797, 64), 10),
]


@pytest.mark.parametrize(("table", "oracle", "shape", "classes"), TABLES)
def test_numbers_are_scikit_learns(table, oracle, shape, classes):
    x, y = table()
    assert x.dtype == torch.float64
    assert y.dtype == torch.int64
    assert x.shape == shape
    assert y.unique().tolist() == list(range(classes))
    np.testing.assert_array_equal(x.numpy(), oracle().data)
    np.testing.assert_array_equal(y.numpy(), oracle().target)


def test_first_flower_by_hand():
    x, y = iris()
    assert x[0].tolist() == [5.1, 3.5, 1.4, 0.2]
    assert y[[0, 50, 100]].tolist() == [0, 1, 2]


def test_a_caller_may_write_into_the_result():
    iris()[0].zero_()
    assert iris()[0].sum() > 0
