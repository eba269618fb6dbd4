"""Tests for mlcourse.relations.perplexity and mlcourse.relations.affinities."""

import math

import pytest
import torch
from scipy.optimize import brentq
from scipy.spatial.distance import squareform
from sklearn.datasets import load_digits
from sklearn.manifold._t_sne import _joint_probabilities

from mlcourse.relations import joint_probabilities, neighbour_probabilities


def pairwise(x):
    return torch.cdist(x, x, compute_mode="donot_use_mm_for_euclid_dist")


def row_perplexity(p):
    return (-torch.xlogy(p, p).sum(dim=1)).exp()


# --- values ---------------------------------------------------------------------------


def test_row_by_hand():
    # Distances 1 and 2 with p = (3/4, 1/4): e^{-3 beta} = 1/3.
    perplexity = (4 / 3) ** 0.75 * 4**0.25
    dist = torch.tensor([[0.0, 1.0, 2.0], [1.0, 0.0, 5.0], [2.0, 5.0, 0.0]]).double()
    p = neighbour_probabilities(dist, perplexity=perplexity)
    expected = torch.tensor([0.0, 0.75, 0.25]).double()
    torch.testing.assert_close(p[0], expected, rtol=0, atol=1e-8)


def test_equals_loop_with_an_independent_root_finder(points):
    dist = pairwise(points[:15])
    found = neighbour_probabilities(dist, perplexity=4.0)
    for i in range(15):
        others = [j for j in range(15) if j != i]
        energy = [float(dist[i, j]) ** 2 for j in others]

        def row(log_beta, energy=energy):
            weight = [math.exp(-math.exp(log_beta) * e) for e in energy]
            return [w / sum(weight) for w in weight]

        log_beta = brentq(
            lambda b, row=row: (
                sum(-p * math.log(p) for p in row(b) if p) - math.log(4.0)
            ),
            -5,
            1,
            xtol=1e-13,
        )
        expected = torch.tensor(row(log_beta), dtype=torch.float64)
        torch.testing.assert_close(found[i, others], expected, rtol=1e-7, atol=0)


@pytest.mark.parametrize("perplexity", [2.5, 5.0, 30.0, 290.0])
def test_every_row_has_the_perplexity(perplexity):
    dist = pairwise(torch.tensor(load_digits().data[:300]))
    p = neighbour_probabilities(dist, perplexity=perplexity)
    assert (row_perplexity(p) - perplexity).abs().max() < 1e-8
    assert (p.diagonal() == 0).all()
    torch.testing.assert_close(p.sum(dim=1), torch.ones(300).double())


def test_a_far_outlier_has_the_perplexity_as_well(points):
    # Its distances differ by 1e-5 of their size, which only a huge beta tells apart.
    dist = pairwise(torch.cat([points, points[:1] + 1e5]))
    p = neighbour_probabilities(dist, perplexity=9.0)
    assert (row_perplexity(p) - 9).abs().max() < 1e-8


@pytest.mark.parametrize("perplexity", [5.0, 30.0])
def test_joint_equals_scikit_learn(perplexity):
    dist = pairwise(torch.tensor(load_digits().data[:300]))
    peer = _joint_probabilities(dist.square().numpy(), perplexity, 0)
    expected = torch.tensor(squareform(peer))
    found = joint_probabilities(dist, perplexity=perplexity)
    assert (found - expected).abs().max() < 1e-7
    assert found.max() > 1e-4  # the bound above is not met by emptiness


def test_joint_is_symmetric_sums_to_one_and_forgets_nobody(points):
    dist = pairwise(torch.cat([points, points[:1] + 1e3]))  # one far outlier
    P = joint_probabilities(dist, perplexity=10.0)
    assert torch.equal(P, P.T)
    assert (P.diagonal() == 0).all()
    assert P.sum().item() == pytest.approx(1, abs=1e-12)
    assert P.sum(dim=1).min() >= (1 - 1e-12) / (2 * 61)


# --- what must not change it, what must -----------------------------------------------


@pytest.mark.parametrize("unit", [1e-150, 1e-3, 1e9, 1e200])
def test_unit_of_distance_changes_nothing(points, unit):
    dist = pairwise(points)
    torch.testing.assert_close(
        neighbour_probabilities(unit * dist, perplexity=9.0),
        neighbour_probabilities(dist, perplexity=9.0),
        rtol=1e-6,
        atol=1e-12,
    )


def test_diagonal_is_not_used_and_input_not_changed(points):
    dist = pairwise(points)
    marked = dist.clone().fill_diagonal_(3.0)
    found = neighbour_probabilities(marked, perplexity=9.0)
    assert torch.equal(found, neighbour_probabilities(dist, perplexity=9.0))
    assert (marked.diagonal() == 3).all()


def test_twins_share_evenly():
    x = torch.tensor([[0.0], [0.0], [0.0], [0.0], [1.0], [5.0]])
    p = neighbour_probabilities(
        pairwise(x), perplexity=2.0
    )  # 3 twins each: unreachable
    torch.testing.assert_close(p[0, 1:4], torch.full((3,), 1 / 3).double())
    assert p.isfinite().all()
    same = neighbour_probabilities(torch.zeros(6, 6), perplexity=2.0)
    torch.testing.assert_close(same.sum(dim=1), torch.ones(6).double())
    assert same.isfinite().all()


# --- errors ---------------------------------------------------------------------------


@pytest.mark.errors
@pytest.mark.parametrize(
    ("dist", "perplexity", "message"),
    [
        (torch.ones(4, 5), 2.0, r"\(n, n\) distance matrix, got shape \(4, 5\)"),
        (torch.full((5, 5), torch.nan), 2.0, "must hold no NaN, got 25"),
        (torch.full((5, 5), torch.inf), 2.0, "must be finite"),
        (-torch.ones(5, 5), 2.0, "minimum of -1; a similarity"),
        (torch.ones(5, 5).triu(), 2.0, "symmetric"),
        (torch.ones(5, 5), 4.0, "less than n - 1 = 4.*got 4.0"),
        (torch.ones(5, 5), 1.0, "greater than 1 .*got 1.0"),
        (torch.ones(5, 5), math.nan, "got nan"),
    ],
)
def test_wrong_input_says_what_and_why(dist, perplexity, message):
    for probabilities in (neighbour_probabilities, joint_probabilities):
        with pytest.raises(ValueError, match=message):
            probabilities(dist, perplexity=perplexity)
