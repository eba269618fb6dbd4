"""Tests for the distances of mlcourse.distances: each alone, and one by another."""

import math
import re
from functools import partial

import pytest
import torch
from scipy.spatial.distance import cdist

import mlcourse.distances._points as points
from mlcourse.distances import (
    angular,
    bilinear,
    chordal,
    cosine,
    euclidean,
    mahalanobis,
    minkowski,
    sqeuclidean,
)

INF = math.inf
ORDERS = (0.5, 1, 1.5, 2, 3, 7.5, INF)
FORM = torch.tensor([[2.0, 1.0, 0.0], [1.0, 3.0, -1.0], [0.0, -1.0, 4.0]]).double()
#: Everything that is a function of two sets of points in three dimensions.
DISTANCES = {
    "euclidean": euclidean,
    "sqeuclidean": sqeuclidean,
    **{f"minkowski {p}": partial(minkowski, p=p) for p in ORDERS},
    "cosine": cosine,
    "chordal": chordal,
    "angular": angular,
    "mahalanobis": partial(mahalanobis, M=FORM),
    "mahalanobis of rank 1": partial(mahalanobis, M=torch.ones(3, 3)),
}
ON_DIRECTIONS = ("cosine", "chordal", "angular")

every = pytest.mark.parametrize("name", DISTANCES)


def gauss(generator, *shape, dtype=torch.float64):
    return torch.randn(*shape, generator=generator, dtype=dtype)


@pytest.fixture
def small_blocks(monkeypatch):
    """So that ten points already take several blocks."""
    monkeypatch.setattr(points, "BLOCK", 40)


# --- values ---------------------------------------------------------------------------

# From (1, 2) to (4, -2): differences 3 and -4. M = [[2, 1], [0, 3]] is not symmetric.
BY_HAND = [
    (euclidean, 5.0),
    (sqeuclidean, 25.0),
    (partial(minkowski, p=1), 7.0),
    (partial(minkowski, p=INF), 4.0),
    (partial(minkowski, p=3), (27 + 64) ** (1 / 3)),
    (partial(minkowski, p=0.5), (3**0.5 + 4**0.5) ** 2),
    (cosine, 1.0),  # 1 * 4 - 2 * 2 = 0: a right angle
    (chordal, 2**0.5),
    (angular, math.pi / 2),
    # (3, -4) M (3, -4)' = 18 - 12 + 48
    (partial(mahalanobis, M=torch.tensor([[2.0, 1.0], [0.0, 3.0]])), 54**0.5),
    # (1, 2) M (4, -2)' = (2, 7) (4, -2)'; with M transposed it would be -8
    (partial(bilinear, M=torch.tensor([[2.0, 1.0], [0.0, 3.0]])), -6.0),
]


@pytest.mark.parametrize(("delta", "expected"), BY_HAND)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_value_by_hand(delta, expected, dtype):
    x, y = torch.tensor([[1.0, 2.0]]).to(dtype), torch.tensor([[4.0, -2.0]]).to(dtype)
    assert delta(x, y).shape == (1, 1)
    assert delta(x, y).dtype == dtype
    precision = 1e-6 if dtype == torch.float32 else 1e-14
    assert delta(x, y).item() == pytest.approx(expected, rel=precision)


def test_rows_belong_to_x_and_columns_to_y():
    x, y = torch.tensor([[0.0], [10.0]]), torch.tensor([[1.0], [3.0], [7.0]])
    assert euclidean(x, y).tolist() == [[1, 3, 7], [9, 7, 3]]
    assert sqeuclidean(x, y).tolist() == [[1, 9, 49], [81, 49, 9]]


SCIPY = [
    (euclidean, {"metric": "euclidean"}),
    (sqeuclidean, {"metric": "sqeuclidean"}),
    (cosine, {"metric": "cosine"}),
    (partial(minkowski, p=1), {"metric": "cityblock"}),
    (partial(minkowski, p=INF), {"metric": "chebyshev"}),
    *[(partial(minkowski, p=p), {"metric": "minkowski", "p": p}) for p in ORDERS[:-1]],
    (partial(mahalanobis, M=FORM), {"metric": "mahalanobis", "VI": FORM.numpy()}),
]


@pytest.mark.parametrize(("delta", "reference"), SCIPY)
@pytest.mark.parametrize("offset", [0.0, 3.0])
def test_equals_scipy(delta, reference, offset, generator):
    x, y = gauss(generator, 40, 3) + offset, gauss(generator, 30, 3) + offset
    expected = torch.from_numpy(cdist(x.numpy(), y.numpy(), **reference))
    torch.testing.assert_close(delta(x, y), expected, rtol=1e-12, atol=1e-12)


def test_form_equals_a_loop_over_its_formula(generator):
    x, y, M = gauss(generator, 5, 3), gauss(generator, 4, 3), gauss(generator, 3, 3)
    loop = [[(a @ M @ b).item() for b in y] for a in x]
    torch.testing.assert_close(bilinear(x, y, M), torch.tensor(loop).double())
    psd = M.T @ M
    loop = [[((a - b) @ psd @ (a - b)).sqrt().item() for b in y] for a in x]
    torch.testing.assert_close(mahalanobis(x, y, psd), torch.tensor(loop).double())


def test_three_distances_of_directions_say_the_same(generator):
    x, y = gauss(generator, 20, 5), gauss(generator, 15, 5)
    similarity = torch.nn.functional.cosine_similarity(x[:, None], y, dim=2)
    torch.testing.assert_close(cosine(x, y), 1 - similarity)
    torch.testing.assert_close(chordal(x, y), (2 - 2 * similarity).sqrt())
    torch.testing.assert_close(angular(x, y), similarity.arccos())


def test_small_angle_keeps_its_digits():
    x = torch.tensor([[1.0, 0.0]])
    y = torch.tensor([[1.0, 1e-5]])  # 1 - S rounds to 0 in float32
    assert angular(x, y).item() == pytest.approx(1e-5, rel=1e-5)
    assert chordal(x, y).item() == pytest.approx(1e-5, rel=1e-5)
    assert cosine(x, y).item() == pytest.approx(5e-11, rel=1e-5)


def test_zero_vector_is_at_a_right_angle_to_all_but_itself():
    x = torch.tensor([[0.0, 0.0], [3.0, 4.0]])
    for delta, right in ((cosine, 1.0), (chordal, 2**0.5), (angular, math.pi / 2)):
        expected = torch.tensor([[0.0, right], [right, 0.0]])
        torch.testing.assert_close(delta(x, x), expected)


@pytest.mark.parametrize("delta", [cosine, chordal])
def test_opposite_directions_are_at_2_and_never_beyond(delta, generator):
    x = gauss(generator, 200, 7, dtype=torch.float32)
    opposite = delta(x, -x).diagonal()  # rounding up would be above 2 for many
    assert opposite.max() == 2
    torch.testing.assert_close(opposite, torch.full((200,), 2.0))


@pytest.mark.parametrize("p", [30.0, 400.0])
@pytest.mark.parametrize("size", [1e-30, 1e-3, 1e4, 1e30])
def test_large_p_neither_overflows_nor_vanishes(p, size):
    x, y = torch.zeros(1, 2), torch.full((1, 2), size)
    expected = size * 2 ** (1 / p)
    assert minkowski(x, y, p=p).item() == pytest.approx(expected, rel=1e-5)


def test_large_vectors_keep_their_directions():
    x = torch.tensor([[3e30, 0.0], [0.0, 2e-30]])
    torch.testing.assert_close(cosine(x, x), torch.tensor([[0.0, 1.0], [1.0, 0.0]]))


@pytest.mark.parametrize("name", ["sqeuclidean", "minkowski 3"])
def test_blocks_change_nothing(name, generator, small_blocks):
    delta, blocks = DISTANCES[name], []
    x, y = gauss(generator, 11, 3), gauss(generator, 5, 3)
    for size in (40, 10**6):
        points.BLOCK = size
        a, b = x.clone().requires_grad_(), y.clone().requires_grad_()
        (delta(a, b) * torch.arange(55).view(11, 5)).sum().backward()
        blocks.append((delta(x, y), a.grad, b.grad))
    for one, several in zip(*blocks, strict=True):
        torch.testing.assert_close(one, several)


# --- exact zeros ----------------------------------------------------------------------


@every
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_distance_to_itself_is_exactly_zero(name, dtype, generator):
    x = gauss(generator, 300, 3, dtype=dtype) * 10 + 100
    dist = DISTANCES[name](x, x)
    assert (dist.diagonal() == 0).all()
    if name in ("minkowski 1.5", "minkowski 3", "minkowski 7.5", "angular"):
        # powers and arctan2 in vector registers and at a row's end differ by one bit
        torch.testing.assert_close(dist, dist.T, rtol=2e-7, atol=0)
    else:
        assert torch.equal(dist, dist.T)


@pytest.mark.parametrize("name", ["euclidean", "sqeuclidean", "cosine", "chordal"])
def test_diagonal_is_exactly_zero_at_five_thousand_points(name, generator):
    x = gauss(generator, 5000, 16, dtype=torch.float32) + 10
    assert (DISTANCES[name](x, x).diagonal() == 0).all()


def test_whole_numbers_stay_whole(generator):
    x = torch.randint(-9, 9, (50, 6), generator=generator).double()
    squares = sqeuclidean(x, x)
    assert torch.equal(squares, squares.round())


# --- what must not change it, what must -----------------------------------------------


@every
def test_isometries_of_the_axes(name, generator):
    x, y = gauss(generator, 8, 3), gauss(generator, 6, 3)
    delta = DISTANCES[name]
    expected = delta(x, y)
    torch.testing.assert_close(delta(-x, -y), expected)
    torch.testing.assert_close(delta(y, x), expected.T)
    if name in ON_DIRECTIONS:
        torch.testing.assert_close(delta(3 * x, y / 7), expected)
    else:
        torch.testing.assert_close(delta(x + 5, y + 5), expected)
        assert not torch.allclose(delta(3 * x, y), expected)


def test_only_p_equal_two_is_blind_to_rotation(generator):
    x = gauss(generator, 8, 3)
    turn, _ = torch.linalg.qr(gauss(generator, 3, 3))
    for p in ORDERS:
        same = torch.allclose(minkowski(x @ turn, x @ turn, p=p), minkowski(x, x, p=p))
        assert same == (p == 2)


def test_minkowski_falls_with_p(generator):
    x = gauss(generator, 8, 3)
    values = torch.stack([minkowski(x, x, p=p) for p in ORDERS])
    assert (values.diff(dim=0) <= 1e-12).all()


def test_mahalanobis_is_euclid_after_the_map(generator):
    x, y, L = gauss(generator, 8, 3), gauss(generator, 6, 3), gauss(generator, 2, 3)
    torch.testing.assert_close(
        mahalanobis(x, y, L.T @ L), euclidean(x @ L.T, y @ L.T), rtol=1e-6, atol=1e-8
    )
    torch.testing.assert_close(mahalanobis(x, y, torch.eye(3)), euclidean(x, y))


def test_mahalanobis_far_from_the_origin_keeps_its_digits(generator):
    offset = torch.tensor([1e4, -2e4, 0.0])
    x, y = (gauss(generator, n, 3, dtype=torch.float32) + offset for n in (8, 6))
    exact = mahalanobis(x.double() - offset, y.double() - offset, FORM)
    torch.testing.assert_close(
        mahalanobis(x, y, FORM).double(), exact, rtol=1e-5, atol=0
    )


def test_mahalanobis_sees_the_symmetric_part_only(generator):
    x, y = gauss(generator, 8, 3), gauss(generator, 6, 3)
    skew = torch.tensor([[0.0, 5.0, -1.0], [-5.0, 0.0, 2.0], [1.0, -2.0, 0.0]]).double()
    torch.testing.assert_close(mahalanobis(x, y, FORM + skew), mahalanobis(x, y, FORM))
    assert not torch.allclose(bilinear(x, y, FORM + skew), bilinear(x, y, FORM))


@every
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_types_are_computed_in_float32(name, dtype, generator):
    x = gauss(generator, 6, 3).to(dtype)
    dist = DISTANCES[name](x, x)
    assert dist.dtype == torch.float32
    assert torch.equal(dist, DISTANCES[name](x.float(), x.float()))


@every
def test_no_points_no_distances(name):
    none, some = torch.empty(0, 3), torch.ones(4, 3)
    assert DISTANCES[name](none, some).shape == (0, 4)
    assert DISTANCES[name](some, none).shape == (4, 0)


@every
def test_input_is_left_alone(name, generator):
    x = gauss(generator, 6, 3)
    before = x.clone()
    DISTANCES[name](x, x)
    assert torch.equal(x, before)


# --- gradient -------------------------------------------------------------------------


@every
def test_gradient_matches_finite_differences(name, generator):
    x, y = gauss(generator, 4, 3).requires_grad_(), gauss(generator, 3, 3)
    y.requires_grad_()
    assert torch.autograd.gradcheck(DISTANCES[name], (x, y))


@pytest.mark.parametrize("name", ["sqeuclidean", "minkowski 3"])
def test_gradient_matches_finite_differences_in_blocks(name, generator, small_blocks):
    x, y = gauss(generator, 7, 3).requires_grad_(), gauss(generator, 5, 3)
    y.requires_grad_()
    assert torch.autograd.gradcheck(DISTANCES[name], (x, y))


@pytest.mark.parametrize("M", [FORM, torch.eye(3).double()])
def test_gradient_in_the_form(M, generator):
    x, y = gauss(generator, 4, 3).requires_grad_(), gauss(generator, 3, 3)
    M = M.clone().requires_grad_()  # equal eigenvalues: the eigenbasis has no gradient
    assert torch.autograd.gradcheck(mahalanobis, (x, y, M))
    assert torch.autograd.gradcheck(bilinear, (x, y, M))


def test_form_has_gradient_0_where_points_coincide(generator):
    x, M = gauss(generator, 3, 3), FORM.clone().requires_grad_()
    dist = mahalanobis(x, x, M)
    assert (dist.diagonal() == 0).all()
    dist.diagonal().sum().backward()
    assert (M.grad == 0).all()


def test_form_has_gradient_0_where_it_sees_no_difference_or_no_points(generator):
    M = torch.diag(torch.tensor([1.0, 0.0])).requires_grad_()
    x, y = torch.tensor([[3.0, 1.0]]), torch.tensor([[3.0, 5.0]])
    dist = mahalanobis(x, y, M)
    assert dist.item() == 0  # where the root has no slope, it is taken as 0
    dist.sum().backward()
    assert (M.grad == 0).all()
    mahalanobis(x, torch.empty(0, 2), M).sum().backward()
    assert (M.grad == 0).all()


@every
def test_gradient_is_zero_where_points_coincide(name):
    row = torch.tensor([[1.0, -2.0, 0.5]], dtype=torch.float64)
    x = row.repeat(3, 1).requires_grad_()
    DISTANCES[name](x, x).sum().backward()
    assert (x.grad == 0).all()


@pytest.mark.parametrize("name", ON_DIRECTIONS)
def test_gradient_is_zero_at_opposite_and_at_zero_vectors(name):
    x = torch.tensor([[1.0, 2.0], [-1.0, -2.0], [0.0, 0.0]], requires_grad=True)
    DISTANCES[name](x[:1], x[1:2]).sum().backward()
    assert x.grad.abs().max() < 1e-6
    x.grad = None
    DISTANCES[name](x[2:], x[2:]).sum().backward()
    assert (x.grad == 0).all()


@every
def test_gradient_is_finite_beside_a_zero_difference(name):
    # equal first coordinates, and a point on the origin
    x = torch.tensor([[0.0, 0.0, 0.0], [1.0, 2.0, 3.0], [1.0, 5.0, 0.0]]).double()
    x.requires_grad_()
    DISTANCES[name](x, x.detach()).sum().backward()
    assert x.grad.isfinite().all()


@pytest.mark.parametrize("p", [0.5, 1, 1.5, 3, INF])
def test_gradient_is_zero_in_an_equal_coordinate(p):
    """The others have sign(d) (|d| / f)^(p - 1)."""
    x = torch.tensor([[1.0, 2.0, 5.0]], requires_grad=True)
    y = torch.tensor([[1.0, 4.0, 2.0]], requires_grad=True)
    dist = minkowski(x, y, p=p)
    dist.sum().backward()
    second, third = -((2 / dist.item()) ** (p - 1)), (3 / dist.item()) ** (p - 1)
    assert x.grad[0].tolist() == pytest.approx([0, second, third], rel=1e-6)
    assert torch.equal(y.grad, -x.grad)


# --- errors ---------------------------------------------------------------------------

WRONG = [
    ((torch.ones(3), torch.ones(2, 3)), r"x must hold .* got \(3,\); one point is x\["),
    ((torch.ones(2, 3), torch.ones(2, 1, 3)), r"y must hold .* y\.flatten\(1\)"),
    ((torch.ones(2, 0), torch.ones(2, 0)), "with d >= 1"),
    ((torch.ones(2, 3), torch.ones(2, 4)), "same number d of coordinates, got 3 and 4"),
]


@pytest.mark.errors
@every
@pytest.mark.parametrize(("inputs", "message"), WRONG)
def test_wrong_points_say_what_and_why(name, inputs, message):
    with pytest.raises(ValueError, match=message):
        DISTANCES[name](*inputs)


@pytest.mark.errors
def test_numpy_array_is_told_how_to_become_a_tensor():
    with pytest.raises(TypeError, match=r"got ndarray; .* torch.as_tensor\(x\)"):
        euclidean(torch.ones(2, 3).numpy(), torch.ones(2, 3))


@pytest.mark.errors
@pytest.mark.parametrize("p", [0.0, -1.0, math.nan])
def test_wrong_p_says_what_and_why(p):
    with pytest.raises(ValueError, match="p must be > 0, got"):
        minkowski(torch.ones(2, 3), torch.ones(2, 3), p=p)


@pytest.mark.errors
@pytest.mark.parametrize("delta", [mahalanobis, bilinear])
def test_wrong_form_says_what_and_why(delta):
    with pytest.raises(ValueError, match=r"M must be \(3, 3\), .* got \(2, 3\)"):
        delta(torch.ones(2, 3), torch.ones(2, 3), torch.ones(2, 3))
    with pytest.raises(TypeError, match=r"M must be .* got ndarray; .*as_tensor\(M\)"):
        delta(torch.ones(2, 3), torch.ones(2, 3), torch.eye(3).numpy())


@pytest.mark.errors
def test_form_that_is_not_psd_says_its_eigenvalue_and_the_way_out():
    M = torch.tensor([[1.0, 0.0], [0.0, -0.25]])
    way = "is -0.25; project it: w, V = torch.linalg.eigh((M + M.T) / 2), "
    way += "then M = (V * w.clamp(min=0)) @ V.T"
    with pytest.raises(ValueError, match=re.escape(way) + "$"):
        mahalanobis(torch.ones(2, 2), torch.ones(2, 2), M)
    w, V = torch.linalg.eigh((M + M.T) / 2)
    M = (V * w.clamp(min=0)) @ V.T  # the message's own words
    x, y = torch.tensor([[0.0, 0.0]]), torch.tensor([[2.0, 9.0]])
    assert mahalanobis(x, y, M).item() == pytest.approx(2.0)


def test_form_may_be_psd_up_to_round_off():
    M = torch.diag(torch.tensor([1.0, -1e-6]))
    assert mahalanobis(torch.zeros(1, 2), torch.ones(1, 2), M).item() == 1.0
    large = torch.diag(torch.tensor([1e6, -1e-3], dtype=torch.float64))
    x = torch.zeros(1, 2, dtype=torch.float64)
    assert mahalanobis(x, x + 1, large).item() == pytest.approx(1e3)


@pytest.mark.errors
def test_round_off_is_a_share_of_the_largest_eigenvalue():
    small = torch.diag(torch.tensor([1e-6, -1e-9], dtype=torch.float64))
    x = torch.ones(1, 2, dtype=torch.float64)
    with pytest.raises(ValueError, match="smallest eigenvalue is -1e-09"):
        mahalanobis(x, x, small)
