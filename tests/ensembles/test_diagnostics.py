"""Correlation of activations, variance of a mean: against numpy, and as identities."""

import numpy as np
import pytest
import torch

from mlcourse.ensembles import (
    activation_correlation,
    cross_correlation,
    shared_error,
    variance_of_mean,
)

SIZES = (1, 2, 3)


def test_correlation_is_numpys(z):
    expected = torch.from_numpy(np.corrcoef(z.numpy(), rowvar=False))
    torch.testing.assert_close(activation_correlation(z), expected)
    torch.testing.assert_close(activation_correlation(3 * z - 100), expected)


def test_cross_correlation_is_a_loop(z):
    c = np.corrcoef(z.numpy(), rowvar=False)
    owner = [0, 1, 1, 2, 2, 2]
    cells = [abs(c[a, b]) for a in range(6) for b in range(6) if owner[a] != owner[b]]
    assert len(cells) == 22
    assert cross_correlation(z, sizes=SIZES) == pytest.approx(np.mean(cells))


def test_copies_correlate_fully_and_noise_hardly(generator):
    z = torch.randn(4000, 3, generator=generator)
    assert cross_correlation(torch.cat([z[:, :1], -z[:, :1]], 1), sizes=(1, 1)) == (
        pytest.approx(1)
    )
    noise = cross_correlation(z, sizes=(1, 2))
    assert noise < 4 / 4000**0.5
    many = torch.randn(400, 40, generator=generator)
    assert cross_correlation(many, sizes=(20, 20)) == pytest.approx(
        (2 / (np.pi * 400)) ** 0.5, rel=0.15
    )


def test_a_column_that_does_not_change_correlates_with_none(z):
    z[:, 2] = 0.1
    c = activation_correlation(z)
    assert (c[2] == 0).all()
    assert (c[:, 2] == 0).all()
    assert c[0, 0] == pytest.approx(1)


def test_no_points_no_correlation():
    assert activation_correlation(torch.empty(0, 2)).tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize("m", [2, 3, 5])
def test_the_formula_is_exact_for_any_errors(m, generator):
    errors = torch.randn(m, 50, generator=generator, dtype=torch.float64)
    errors = errors * torch.arange(1, m + 1)[:, None] + errors[:1] + 7
    variance, correlation = shared_error(errors)
    expected = variance_of_mean(
        variance=variance, correlation=correlation, n_learners=m
    )
    assert errors.mean(dim=0).var(correction=0).item() == pytest.approx(expected)
    cov = np.cov(errors.numpy(), bias=True)
    assert variance == pytest.approx(np.trace(cov) / m)
    off = (cov.sum() - np.trace(cov)) / (m * m - m)
    assert correlation == pytest.approx(off / variance)


def test_planted_errors_average_out_as_far_as_they_are_not_shared(generator):
    """sigma^2 = 1 + 3, rho = 1/4: 16 learners err with a variance of 1 + 3/16."""
    shared = torch.randn(1, 200_000, generator=generator)
    own = 3**0.5 * torch.randn(16, 200_000, generator=generator)
    variance, correlation = shared_error(shared + own)
    assert variance == pytest.approx(4, rel=0.01)
    assert correlation == pytest.approx(0.25, rel=0.03)
    found = (shared + own).mean(dim=0).var().item()
    assert found == pytest.approx(
        variance_of_mean(variance=4, correlation=0.25, n_learners=16), rel=0.02
    )


def test_ends_of_the_formula():
    def at(rho, m):
        return variance_of_mean(variance=3.0, correlation=rho, n_learners=m)

    assert [at(0.4, 1), at(1, 9), at(0, 6)] == pytest.approx([3, 3, 0.5])
    assert at(-1, 2) == 0  # two that always err in opposite directions
    assert at(-0.25, 5) == pytest.approx(0)
    assert at(0.3, 10**9) == pytest.approx(0.9)


def test_errors_without_variance():
    assert shared_error(torch.ones(3, 4)) == (0, 0)


@pytest.mark.errors
def test_errors():
    with pytest.raises(ValueError, match="variance must be >= 0 and n_learners >= 1"):
        variance_of_mean(variance=-1, correlation=0, n_learners=2)
    with pytest.raises(ValueError, match="variance must be >= 0 and n_learners >= 1"):
        variance_of_mean(variance=1, correlation=0, n_learners=0)
    for correlation in (-0.51, 1.01):
        with pytest.raises(ValueError, match=f"for M = 3 learners, got {correlation}"):
            variance_of_mean(variance=1, correlation=correlation, n_learners=3)
    for errors in (torch.ones(1, 4), torch.ones(4), torch.ones(3, 0)):
        with pytest.raises(ValueError, match="errors must be .M, p."):
            shared_error(errors)
    with pytest.raises(ValueError, match="needs two of them, got one"):
        cross_correlation(torch.ones(3, 4), sizes=(4,))
    with pytest.raises(ValueError, match="add up to the 4 columns"):
        cross_correlation(torch.ones(3, 4), sizes=(1, 2))
    with pytest.raises(ValueError, match="z must be finite"):
        activation_correlation(torch.ones(3, 4) / 0)
