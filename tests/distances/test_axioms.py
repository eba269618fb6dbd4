"""Tests for mlcourse.distances.axioms."""

import math
from functools import partial

import pytest
import torch
from scipy.special import rel_entr

from mlcourse.distances import (
    angular,
    axiom_violations,
    bilinear,
    chordal,
    cosine,
    euclidean,
    mahalanobis,
    minkowski,
    sqeuclidean,
)

KEYS = ["nonnegativity", "self_distance", "separation", "symmetry", "triangle"]
NONE = dict.fromkeys(KEYS, 0.0)
METRICS = {
    "euclidean": euclidean,
    "city block": partial(minkowski, p=1),
    "p = 1.5": partial(minkowski, p=1.5),
    "p = 40": partial(minkowski, p=40),
    "largest": partial(minkowski, p=math.inf),
    "chordal": chordal,
    "angular": angular,
    "mahalanobis": lambda x, y: mahalanobis(
        x, y, torch.diag(torch.linspace(0.01, 50, x.shape[1])) + 0.003
    ),
}


def cases(dtype, d, generator):
    """Points that make rounding show: on a line, far away, at many scales, equal."""
    gauss = partial(torch.randn, generator=generator, dtype=dtype)
    steps = torch.rand(30, 1, generator=generator, dtype=dtype)
    yield gauss(40, d)
    yield gauss(40, d) * 1e-3 + 100
    yield steps * gauss(1, d)
    yield steps * gauss(1, d) + 5
    yield torch.cat([gauss(20, d) * 1e-6, gauss(20, d) * 1e4])
    yield gauss(1, d) + 1e-6 * gauss(30, d)
    yield gauss(10, d).repeat(3, 1)
    yield torch.randint(0, 3, (40, d), generator=generator).to(dtype)


# --- values ---------------------------------------------------------------------------


def test_each_violation_by_hand():
    # -3 is negative; 0.5 to itself; 0 between points 1 and 2, both ways; 4 against 1;
    # the way from 0 to 3 takes 9, by point 1 it takes 1 + 2
    dist = torch.tensor(
        [
            [0.0, 1.0, 4.0, 9.0],
            [1.0, 0.5, 0.0, 2.0],
            [1.0, 0.0, 0.0, 6.0],
            [9.0, 2.0, 6.0, 0.0],
        ]
    )
    found = axiom_violations(dist)
    assert list(found) == KEYS
    assert found == {
        "nonnegativity": 0.0,
        "self_distance": 0.5,
        "separation": 2.0,
        "symmetry": 3.0,
        "triangle": 6.0,
    }
    dist[2, 3] = -3.0
    assert axiom_violations(dist)["nonnegativity"] == 3.0
    assert all(isinstance(value, float) for value in found.values())


def test_triangle_equals_the_loop_over_all_triples(generator):
    dist = torch.rand(12, 12, generator=generator, dtype=torch.float64)
    rows, n = dist.tolist(), range(12)
    excess = [
        rows[i][k] - rows[i][j] - rows[j][k] for i in n for j in n for k in n
    ]  # every i, j, k, also equal ones
    assert axiom_violations(dist)["triangle"] == pytest.approx(max(excess), rel=1e-14)


def test_direction_of_an_asymmetric_triangle_counts():
    # from 0 to 2 directly 5, by way of 1 it is 1 + 1; the other way round nothing
    dist = torch.tensor([[0.0, 1.0, 5.0], [3.0, 0.0, 1.0], [3.0, 3.0, 0.0]])
    assert axiom_violations(dist)["triangle"] == 3.0
    assert axiom_violations(dist.T.contiguous())["triangle"] == 3.0


# --- metrics have none, near-metrics have some ----------------------------------------


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("d", [1, 3, 200])
def test_metric_has_exactly_no_violation(name, dtype, d, generator):
    for x in cases(dtype, d, generator):
        found = axiom_violations(METRICS[name](x, x))
        found.pop("separation")  # some of the cases hold equal points on purpose
        assert set(found.values()) == {0.0}, found


@pytest.mark.parametrize("name", METRICS)
def test_metric_separates(name, generator):
    x = torch.randn(50, 6, generator=generator)
    assert axiom_violations(METRICS[name](x, x)) == NONE


def test_squared_euclidean_breaks_the_triangle_inequality_only(generator):
    line = torch.tensor([[0.0], [1.0], [2.0]])
    assert axiom_violations(sqeuclidean(line, line)) == {**NONE, "triangle": 2.0}
    x = torch.randn(50, 3, generator=generator)
    found = axiom_violations(sqeuclidean(x, x))
    assert {key for key, value in found.items() if value} == {"triangle"}


def test_cosine_breaks_the_triangle_inequality_only(generator):
    # 0, 45 and 90 degrees: 1 > 2 (1 - cos 45)
    x = torch.tensor([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    found = axiom_violations(cosine(x, x))
    assert found == {**NONE, "triangle": pytest.approx(2**0.5 - 1, rel=1e-6)}


def test_minkowski_below_one_breaks_the_triangle_inequality():
    x = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
    # (1 + 1)^2 = 4 directly, 1 + 1 round the corner
    found = axiom_violations(minkowski(x, x, p=0.5))
    assert found == {**NONE, "triangle": pytest.approx(2.0)}


def test_pseudo_metric_breaks_separation_only():
    x = torch.tensor([[0.0, 1.0], [0.0, 2.0], [5.0, 1.0], [0.0, 7.0]])
    flat = torch.diag(torch.tensor([1.0, 0.0]))  # three points with x_1 = 0
    assert axiom_violations(mahalanobis(x, x, flat)) == {**NONE, "separation": 6.0}


def test_bilinear_breaks_all_but_separation(generator):
    x, M = torch.randn(30, 3, generator=generator), torch.eye(3).roll(1, dims=0)
    found = axiom_violations(bilinear(x, x, M))
    assert found.pop("separation") == 0
    assert min(found.values()) > 0.1


def test_divergence_of_histograms_breaks_symmetry_and_triangle(generator):
    p = torch.rand(30, 4, generator=generator, dtype=torch.float64).softmax(dim=1)
    kl = torch.from_numpy(rel_entr(p[:, None].numpy(), p.numpy()).sum(axis=2))
    found = axiom_violations(kl)
    assert found.pop("symmetry") > 0
    assert found.pop("triangle") > 0
    assert set(found.values()) == {0.0}


def test_distance_by_expanded_squares_is_caught(generator):
    x = torch.randn(100, 64, generator=generator) * 10 + 30
    dist = torch.cdist(x, x, compute_mode="use_mm_for_euclid_dist")
    assert axiom_violations(dist)["self_distance"] > 1e-3


# --- the size of a violation that counts ----------------------------------------------


@pytest.mark.parametrize(
    ("dtype", "seen"), [(torch.float32, 1e-4), (torch.float64, 1e-12)]
)
def test_small_violation_among_large_distances_is_seen(dtype, seen):
    line = torch.tensor([[0.0], [1.0], [2.0], [1e4]], dtype=dtype)
    dist = euclidean(line, line)
    dist[0, 2] = dist[2, 0] = 2 + 2 * seen  # the scale is this distance, not 1e4
    assert axiom_violations(dist)["triangle"] == pytest.approx(2 * seen, rel=1e-2)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("units", "counts"), [(16, False), (512, True)])
@pytest.mark.parametrize(
    "key", ["nonnegativity", "self_distance", "symmetry", "triangle"]
)
def test_round_off_does_not_count_and_more_does(dtype, units, counts, key):
    small = units * torch.finfo(dtype).eps
    line = torch.tensor([[0.0], [0.5], [1.0]], dtype=dtype)
    dist = euclidean(line, line)
    if key == "nonnegativity":
        dist[1, 1] = -small
    if key == "self_distance":
        dist[1, 1] = small
    if key == "symmetry":
        dist[0, 2] += small
    if key == "triangle":
        dist[0, 2] += small
        dist[2, 0] += small
    found = axiom_violations(dist)[key]
    assert found == (pytest.approx(small, rel=0.02) if counts else 0.0)


@pytest.mark.parametrize("key", ["nonnegativity", "self_distance"])
@pytest.mark.parametrize(
    ("dtype", "units"),
    [
        (torch.float64, 128),
        (torch.float32, 128),
        (torch.float16, 4),
        (torch.bfloat16, 4),
    ],
)
def test_the_bound_is_the_documented_one(dtype, units, key):
    for share, counts in ((units, False), (units + 0.5, True)):
        small = share * torch.finfo(dtype).eps
        dist = torch.tensor([[0.0, 1.0], [1.0, 0.0]], dtype=dtype)  # the scale is 1
        dist[1, 1] = small if key == "self_distance" else -small
        assert axiom_violations(dist)[key] == (small if counts else 0.0)


def test_half_types_are_added_up_in_float32():
    # 1 + (1/2 + 2^-11) needs twelve bits, half has eleven
    dist = torch.tensor([[0.0, 1.0, 4.0], [1.0, 0.0, 0.5 + 2**-11], [4.0, 1.0, 0.0]])
    assert torch.equal(dist.half().float(), dist)
    assert axiom_violations(dist.half())["triangle"] == 2.5 - 2**-11


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_types_keep_metrics_and_show_violations(dtype, generator):
    x = torch.rand(20, 1, generator=generator)
    assert axiom_violations(euclidean(x, x).to(dtype)) == NONE
    line = torch.tensor([[0.0], [1.0], [2.0]])
    assert axiom_violations(sqeuclidean(line, line).to(dtype))["triangle"] == 2.0


# --- what must not change it ----------------------------------------------------------


def test_order_of_the_points_changes_nothing(generator):
    x = torch.randn(20, 3, generator=generator, dtype=torch.float64)
    order = torch.randperm(20, generator=generator)
    found, moved = (axiom_violations(cosine(p, p)) for p in (x, x[order]))
    assert found == pytest.approx(moved)


def test_unit_of_the_distance_scales_the_violation(generator):
    dist = torch.rand(10, 10, generator=generator, dtype=torch.float64)
    found, scaled = axiom_violations(dist), axiom_violations(1000 * dist)
    assert scaled["triangle"] == pytest.approx(1000 * found["triangle"])
    assert scaled["symmetry"] == pytest.approx(1000 * found["symmetry"])


def test_memory_is_quadratic(generator):
    x = torch.randn(400, 3, generator=generator)
    dist = euclidean(x, x)
    with torch.profiler.profile(profile_memory=True) as profile:
        axiom_violations(dist)
    largest = max(
        event.self_cpu_memory_usage / max(event.count, 1)
        for event in profile.key_averages()
    )
    assert largest < 4 * dist.numel() * dist.element_size()


def test_few_points():
    assert axiom_violations(torch.zeros(0, 0)) == NONE
    assert axiom_violations(torch.zeros(1, 1)) == NONE
    assert axiom_violations(torch.tensor([[-2.0]]))["self_distance"] == 2.0


def test_input_is_left_alone_and_needs_no_gradient(generator):
    dist = torch.rand(5, 5, generator=generator).requires_grad_()
    before = dist.detach().clone()
    axiom_violations(dist)
    assert torch.equal(dist, before)


@pytest.mark.errors  # whole numbers are refused by the pass that checks types
def test_whole_numbers_are_exact():
    # float32 rounds the longer way up: it would not be too long
    far = 2**30
    dist = torch.tensor([[0, far + 1, 2], [far + 1, 0, far - 2], [2, far - 2, 0]])
    assert axiom_violations(dist)["triangle"] == 1.0
    assert not any(axiom_violations(~torch.eye(3, dtype=torch.bool)).values())


# --- errors ---------------------------------------------------------------------------


@pytest.mark.errors
@pytest.mark.parametrize(
    ("dist", "message"),
    [
        (torch.zeros(3, 2), r"\(n, n\) distance matrix, got shape \(3, 2\)"),
        (torch.tensor([[0.0, math.nan], [1.0, 0.0]]), "finite, got inf or NaN"),
        (torch.tensor([[0.0, math.inf], [1.0, 0.0]]), "finite, got inf or NaN"),
    ],
)
def test_wrong_input_says_what_and_why(dist, message):
    with pytest.raises(ValueError, match=message):
        axiom_violations(dist)


@pytest.mark.errors
def test_numpy_array_is_told_how_to_become_a_tensor():
    with pytest.raises(TypeError, match=r"got ndarray; .* torch.as_tensor\(dist\)"):
        axiom_violations(torch.eye(2).numpy())
