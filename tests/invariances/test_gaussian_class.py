"""Tests for GaussianClass: the classes of a linear code, exactly."""

import pytest
import torch
from torch.distributions import MultivariateNormal

from mlcourse.invariances import GaussianClass


@pytest.fixture
def data(draw):
    """A code of two, five correlated dimensions: L, mean, cov."""
    root = draw(5, 5)
    return draw(2, 5), draw(5), root @ root.T + 0.1 * torch.eye(5)


@pytest.fixture
def classes(data):
    return GaussianClass(*data)


# --- values ---


def test_by_hand():
    # L = (0, 1): the code is x_2; given it, x_1 has mean 3/2 x_2 and variance 5 - 9/2
    L = torch.tensor([[0.0, 1.0]])
    cov = torch.tensor([[5.0, 3.0], [3.0, 2.0]])
    classes = GaussianClass(L, torch.tensor([10.0, 20.0]), cov)
    x = classes.inverse(torch.tensor([[1.0]]), torch.tensor([[4.0]]))
    assert x[0, 1].item() == pytest.approx(24.0, abs=1e-5)
    assert abs(x[0, 0].item() - 16) == pytest.approx(0.5**0.5, abs=1e-5)


def test_every_sample_has_the_code_exactly(classes, data, draw):
    L, mean, _ = data
    z = draw(1, 2).expand(200, -1)
    x = classes.inverse(draw(200, 3), z)
    assert ((x - mean) @ L.T - z).abs().max() < 1e-10
    assert (x.std(dim=0) > 0.01).all()


def test_mean_and_covariance_are_those_of_the_conditional(data, draw):
    # an independent route: append the code to x, and condition by the precision matrix
    L, mean, cov = data
    classes = GaussianClass(L, mean, cov)
    spread = classes.spread @ classes.spread.T
    joint = torch.cat([torch.eye(5).double(), L])  # x, z of the centred x
    noise = 1e-6 * torch.block_diag(torch.zeros(5, 5), torch.eye(2)).double()
    precision = torch.linalg.inv(joint @ cov @ joint.T + noise)
    given = torch.linalg.inv(precision[:5, :5])
    assert (given - spread).abs().max() < 1e-4
    gain = -given @ precision[:5, 5:]
    assert (gain - classes.gain).abs().max() < 1e-4


def test_parts_add_up_to_the_covariance(classes, data):
    L, _, cov = data
    explained = classes.gain @ (L @ cov @ L.T) @ classes.gain.T
    assert (explained + classes.spread @ classes.spread.T - cov).abs().max() < 1e-10
    assert (L @ classes.spread).abs().max() < 1e-6
    assert (L @ classes.gain - torch.eye(2)).abs().max() < 1e-10


def test_inverts_to_round_off(classes, draw, data):
    x = 3 * draw(40, 5)
    z = (x - data[1]) @ data[0].T
    assert (classes.inverse(classes.forward(x), z) - x).abs().max() < 1e-9
    v = draw(40, 3)
    assert (classes.forward(classes.inverse(v, z)) - v).abs().max() < 1e-9


def test_rest_is_standard_normal_and_independent_of_the_code(data, generator):
    torch.manual_seed(0)
    L, mean, cov = data
    x = MultivariateNormal(mean, cov).sample((200_000,))
    table = torch.cat([GaussianClass(*data).forward(x), (x - mean) @ L.T], dim=1)
    v = table[:, :3]
    assert v.mean(dim=0).abs().max() < 0.01
    assert (v.T.cov() - torch.eye(3)).abs().max() < 0.02
    assert torch.corrcoef(table.T)[:3, 3:].abs().max() < 0.01


def test_longest_column_first_and_columns_orthogonal(classes):
    square = classes.spread.T @ classes.spread
    length = square.diagonal()
    assert (length[:-1] >= length[1:]).all()
    assert (square - torch.diag(length)).abs().max() < 1e-10


# --- what must not matter ---


def test_another_basis_of_the_code_gives_the_same_classes(data, draw):
    L, mean, cov = data
    turn, z = draw(2, 2), draw(6, 2)
    one, other = GaussianClass(L, mean, cov), GaussianClass(turn @ L, mean, cov)
    centre = one.inverse(torch.zeros(6, 3).double(), z)
    same = other.inverse(torch.zeros(6, 3).double(), z @ turn.T)
    assert (centre - same).abs().max() < 1e-9
    spread = one.spread @ one.spread.T - other.spread @ other.spread.T
    assert spread.abs().max() < 1e-9


def test_class_is_not_the_orthogonal_complement(data):
    # the best guess goes along cov L', not along L'
    L, _, cov = data
    gain = GaussianClass(*data).gain
    assert not torch.allclose(gain, torch.linalg.pinv(L), atol=0.05)
    assert torch.allclose(gain, cov @ L.T @ torch.linalg.inv(L @ cov @ L.T), atol=1e-9)


def test_single_precision(data):
    L, mean, cov = (t.float() for t in data)
    classes = GaussianClass(L, mean, cov)
    assert classes.spread.dtype == torch.float32
    assert (L @ classes.spread).abs().max() < 1e-3


# --- errors ---


@pytest.mark.errors
def test_refuses_what_is_no_linear_gaussian_model(data):
    L, mean, cov = data
    with pytest.raises(ValueError, match=r"L must be of shape \(n, 5\)"):
        GaussianClass(L[:, :4], mean, cov)
    with pytest.raises(ValueError, match="cov must be a symmetric"):
        GaussianClass(L, mean, cov[:4])
    with pytest.raises(ValueError, match="cov must be a symmetric"):
        GaussianClass(L, mean, cov + torch.eye(5).roll(1, 0))
    with pytest.raises(ValueError, match="positive definite.*PCA"):
        GaussianClass(L, mean, L.T @ L - 0.1 * torch.eye(5))
    for least in (-0.1, 0.0):  # of one direction alone
        with pytest.raises(ValueError, match="positive definite.*PCA"):
            GaussianClass(L, mean, torch.tensor([least, 1, 2, 3, 4]).double().diag())
    with pytest.raises(ValueError, match="2 rows of rank 1"):
        GaussianClass(L[[0, 0]], mean, cov)
    with pytest.raises(ValueError, match="fewer rows than d = 5"):
        GaussianClass(torch.eye(5).double(), mean, cov)


@pytest.mark.errors
def test_a_covariance_may_differ_from_its_transpose_by_round_off_in_any_unit(data):
    L, mean, cov = data
    for unit in (1e-6, 1.0, 1e6):
        nearly, other = unit * cov, unit * cov
        nearly[0, 1] *= 1 + 5e-5
        other[0, 1] *= 1 + 2e-4
        GaussianClass(L, mean, nearly)
        with pytest.raises(ValueError, match="cov must be a symmetric"):
            GaussianClass(L, mean, other)


@pytest.mark.errors
def test_refuses_rows_that_do_not_fit(classes, draw):
    with pytest.raises(ValueError, match=r"x must be of shape \(n, 5\)"):
        classes.forward(draw(2, 4))
    with pytest.raises(ValueError, match=r"v must be of shape \(n, 3\)"):
        classes.inverse(draw(2, 5), draw(2, 2))
    with pytest.raises(ValueError, match=r"z must be of shape \(n, 2\)"):
        classes.inverse(draw(2, 3), draw(2, 3))
    with pytest.raises(ValueError, match="got 4 and 1 rows"):
        classes.inverse(draw(4, 3), draw(1, 2))
