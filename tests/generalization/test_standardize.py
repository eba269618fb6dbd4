"""Class standardization: by loop, and what no class mean can tell afterwards."""

import numpy as np
import pytest
import torch
from sklearn.preprocessing import StandardScaler

from mlcourse.generalization import class_standardize


def test_it_is_a_loop_over_classes(z, labels):
    rows = z.tolist()
    got = class_standardize(z, labels)
    for i, label in enumerate(labels.tolist()):
        same = [
            r for r, other in zip(rows, labels.tolist(), strict=True) if other == label
        ]
        for d in range(3):
            mean = sum(r[d] for r in same) / len(same)
            sigma = (sum((r[d] - mean) ** 2 for r in same) / len(same)) ** 0.5
            expected = (rows[i][d] - mean) / sigma if len(same) > 1 else 0.0
            assert got[i, d].item() == pytest.approx(expected, abs=1e-12)


def test_it_is_scikit_learns_scaler_class_by_class(z, labels):
    got = class_standardize(z, labels)
    for label in labels.unique():
        rows = z[labels == label].numpy()
        if len(rows) > 1:
            expected = StandardScaler().fit_transform(rows)
            np.testing.assert_allclose(got[labels == label], expected, atol=1e-12)


def test_every_class_has_mean_0_and_deviation_1(generator):
    y = torch.arange(7).repeat_interleave(20)
    f = 50 * torch.randn(7, 4, generator=generator)[y]
    got = class_standardize(f + torch.randn(140, 4, generator=generator), y)
    for label in y.unique():
        part = got[y == label]
        torch.testing.assert_close(part.mean(dim=0), torch.zeros(4), atol=1e-5, rtol=0)
        torch.testing.assert_close(part.std(dim=0, correction=0), torch.ones(4))


def test_offsets_and_scales_of_a_class_change_nothing(z, labels):
    offset, scale = torch.randn(6, 3).double(), torch.rand(6, 3).double() + 0.5
    moved = scale[labels] * z + offset[labels]
    got = class_standardize(moved, labels)
    torch.testing.assert_close(got, class_standardize(z, labels))
    torch.testing.assert_close(class_standardize(z, -7 * labels), got)


def test_no_spread_becomes_0_not_noise():
    f = torch.tensor([[1e6 + 0.1, 1.0], [1e6 + 0.1, 2.0], [5.0, 5.0]])
    got = class_standardize(f, torch.tensor([1, 1, 0]))
    assert got.tolist() == [[0.0, -1.0], [0.0, 1.0], [0.0, 0.0]]
    assert class_standardize(f, torch.tensor([1, 1, 0]), eps=0.6).abs().sum() == 0


@pytest.mark.parametrize("value", [200.7, 1e5 + 0.1, 1e-3])
def test_a_coordinate_that_never_changes_is_0_whatever_its_size(value):
    """In float32 the mean of seven equal numbers is not always that number."""
    f = torch.full((7, 2), value)
    f[:, 1] = torch.arange(7.0)
    got = class_standardize(f, torch.zeros(7, dtype=torch.int64))
    assert got.dtype == torch.float32
    assert got[:, 0].tolist() == [0.0] * 7
    assert got[:, 1].tolist() == pytest.approx([(k - 3) / 2 for k in range(7)])


def test_no_points_and_no_gradient():
    assert class_standardize(torch.zeros(0, 3), torch.zeros(0).long()).shape == (0, 3)
    f = torch.randn(
        4, 2, requires_grad=True, generator=torch.Generator().manual_seed(0)
    )
    assert not class_standardize(f, torch.tensor([0, 0, 1, 1])).requires_grad


@pytest.mark.errors
def test_errors(z, labels):
    with pytest.raises(ValueError, match="labels must be one whole number for each"):
        class_standardize(z, labels[1:])
    with pytest.raises(ValueError, match="features must be finite"):
        class_standardize(z / 0, labels)
    with pytest.raises(ValueError, match="eps must be > 0, got 0"):
        class_standardize(z, labels, eps=0)
