"""Linear probes: what is planted is read, on classes that were not fitted."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import r2_score
from sklearn.preprocessing import StandardScaler

from mlcourse.generalization import factor_accuracy, factor_r2


@pytest.fixture
def points(generator):
    """12 classes of 15: embeddings, a planted factor, a planted number."""
    y = torch.arange(12).repeat_interleave(15)[torch.randperm(180, generator=generator)]
    factor = torch.randint(3, (180,), generator=generator)
    number = torch.randn(180, generator=generator)
    z = 0.5 * torch.randn(12, 8, generator=generator)[y]
    z = z + 4 * torch.randn(3, 8, generator=generator)[factor]
    z = z + number[:, None] * 2 * torch.randn(8, generator=generator)
    return z + 0.2 * torch.randn(180, 8, generator=generator), y, factor, number


def folds_of(y, z, known, fit):
    """Each class is read by what is fitted to the others: leave one class out."""
    read = np.zeros(len(y))
    for label in y.unique():
        own = (y == label).numpy()
        scale = StandardScaler().fit(z[~own])
        probe = fit().fit(scale.transform(z[~own]), known[~own])
        read[own] = probe.predict(scale.transform(z[own]))
    return read


def test_one_class_a_fold_is_a_loop_that_leaves_it_out(points):
    z, y, factor, number = points
    ours = factor_accuracy(z, factor, y, folds=12)
    read = folds_of(y, z.double().numpy(), factor.numpy(),
                    lambda: LogisticRegression(tol=1e-3, max_iter=2000))  # fmt: skip
    assert ours == pytest.approx((read == factor.numpy()).mean())
    ours = factor_r2(z, number, y, folds=12)
    read = folds_of(y, z.double().numpy(), number.double().numpy(),
                    lambda: RidgeCV(alphas=(0.01, 1.0, 100.0)))  # fmt: skip
    assert ours == pytest.approx(r2_score(number, read), abs=1e-9)


def test_no_class_is_on_both_sides(points):
    """A factor that is a name of the class cannot be read on other classes."""
    _, y, _, _ = points
    named = torch.nn.functional.one_hot(y).float()
    random = torch.randint(2, (12,), generator=torch.Generator().manual_seed(1))
    assert factor_accuracy(named, random[y], y) < 0.7
    assert factor_r2(named, random[y].float(), y) < 0.1


def test_noise_is_read_by_chance(points):
    z, y, factor, number = points
    noise = torch.randn(180, 8, generator=torch.Generator().manual_seed(5))
    assert factor_r2(noise, number, y) < 0.1
    assert factor_accuracy(noise, factor, y) < 0.5
    assert factor_accuracy(z, factor, y) > 0.5
    assert factor_r2(z, number, y) > 0.4


def test_scales_names_and_shifts_do_not_matter(points):
    z, y, factor, number = points
    moved = 100 * z + torch.arange(8)
    assert factor_accuracy(moved, 9 - 2 * factor, y) == pytest.approx(
        factor_accuracy(z, factor, y), abs=0.03
    )
    assert factor_r2(moved, 5 - 3 * number, -y) == pytest.approx(
        factor_r2(z, number, y), abs=0.05
    )


@pytest.mark.errors
def test_errors(points):
    z, y, factor, number = points
    with pytest.raises(ValueError, match="folds must be from 2 to the number of"):
        factor_accuracy(z, factor, y, folds=13)
    with pytest.raises(
        ValueError, match="factor must be one value for each of the 180"
    ):
        factor_r2(z, torch.stack([number, number], dim=1), y)
    with pytest.raises(ValueError, match="labels must be one whole number"):
        factor_r2(z, number, number)
    with pytest.raises(ValueError, match="z must be finite"):
        factor_accuracy(z / 0, factor, y)
