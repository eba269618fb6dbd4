"""lambda_0 and the negatives pulled by it: by hand, by loop, at every end."""

import math

import pytest
import torch

from mlcourse.synthesis import hardness_aware_negatives, hardness_lambda


def by_hand(d_pos, d_neg, alpha, j_avg):
    """The formula for one triplet of numbers."""
    if d_neg <= d_pos:
        return 1.0
    return (d_pos + (d_neg - d_pos) * math.exp(-alpha / j_avg)) / d_neg


@pytest.mark.parametrize(
    ("j_avg", "alpha", "expected"),
    [
        (10, 90, 0.5001), (10, 7, 0.748), (10, 1, 0.952),
        (3, 90, 0.5000), (3, 7, 0.5485), (3, 1, 0.858),
        (0.1, 90, 0.5), (0.1, 7, 0.5), (0.1, 1, 0.5),
    ],
)  # fmt: skip
def test_golden_values(j_avg, alpha, expected):
    d_pos, d_neg = torch.tensor([0.6, 1.2], dtype=torch.float64)
    ours = hardness_lambda(d_pos, d_neg, alpha=alpha, j_avg=j_avg).item()
    assert ours == pytest.approx(expected, abs=6e-5 if expected < 0.6 else 6e-4)
    assert ours == pytest.approx(by_hand(0.6, 1.2, alpha, j_avg), rel=1e-12)


@pytest.mark.parametrize(("alpha", "j_avg"), [(90, 4), (7, 3.0), (1.5, 0.8), (1, 40)])
def test_table_is_a_loop_over_the_formula(alpha, j_avg, generator):
    d_pos = 2 * torch.rand(5, 1, generator=generator, dtype=torch.float64)
    d_neg = 2 * torch.rand(5, 7, generator=generator, dtype=torch.float64)
    ours = hardness_lambda(d_pos, d_neg, alpha=alpha, j_avg=j_avg)
    expected = [
        [by_hand(d_pos[i, 0].item(), d_neg[i, j].item(), alpha, j_avg)
         for j in range(7)] for i in range(5)
    ]  # fmt: skip
    torch.testing.assert_close(ours, torch.tensor(expected, dtype=torch.float64))
    assert (ours == 1).any()
    assert (ours < 1).any()


def test_ends_of_the_running_mean():
    """Nothing known yet: untouched. Nothing left to learn: as far as the positive."""
    d_pos, d_neg = torch.tensor([0.3, 0.3]), torch.tensor([1.2, 0.1])
    assert hardness_lambda(d_pos, d_neg, j_avg=math.inf).tolist() == [1, 1]
    assert hardness_lambda(d_pos, d_neg, j_avg=0.0).tolist() == pytest.approx([0.25, 1])
    assert hardness_lambda(d_pos, d_neg, j_avg=1e-300).tolist() == pytest.approx(
        [0.25, 1]
    )


@pytest.mark.parametrize("j_avg", [0.0, 0.7, math.inf])
def test_no_distance_divides_by_zero(j_avg):
    zero, one = torch.tensor(0.0), torch.tensor(1.0)
    assert hardness_lambda(zero, zero, j_avg=j_avg).item() == 1
    assert hardness_lambda(one, zero, j_avg=j_avg).item() == 1
    assert hardness_lambda(zero, one, j_avg=j_avg).isfinite()


def test_equally_far_is_not_farther():
    same = torch.tensor([0.7])
    assert hardness_lambda(same, same, alpha=1, j_avg=0.0).tolist() == [1]


def test_share_falls_with_the_loss_and_with_alpha():
    d_pos, d_neg = torch.tensor([0.6, 1.2], dtype=torch.float64)
    shares = [
        hardness_lambda(d_pos, d_neg, alpha=2, j_avg=j).item() for j in (0.5, 1, 2, 9)
    ]
    assert shares == sorted(set(shares))
    shares = [
        hardness_lambda(d_pos, d_neg, alpha=a, j_avg=2).item() for a in (9, 3, 1, 0.1)
    ]
    assert shares == sorted(set(shares))


def three(generator):
    """Anchors (4, 1, 3), positives (4, 1, 3), negatives (5, 3)."""
    z = torch.randn(4, 2, 1, 3, generator=generator, dtype=torch.float64)
    far = torch.randn(5, 3, generator=generator, dtype=torch.float64)
    return z[:, 0], z[:, 1], far


@pytest.mark.parametrize(("alpha", "j_avg"), [(7, 3.0), (1, 1.0), (90, 4.0)])
def test_negatives_lie_where_the_formula_says(alpha, j_avg, generator):
    z, z_pos, z_neg = three(generator)
    ours = hardness_aware_negatives(z, z_pos, z_neg, alpha=alpha, j_avg=j_avg)
    assert ours.shape == (4, 5, 3)
    pulled = 0
    for i in range(4):
        for j in range(5):
            d_pos = (z[i, 0] - z_pos[i, 0]).norm().item()
            d_neg = (z[i, 0] - z_neg[j]).norm().item()
            share = by_hand(d_pos, d_neg, alpha, j_avg)
            expected = z[i, 0] + share * (z_neg[j] - z[i, 0])
            torch.testing.assert_close(ours[i, j], expected)
            if d_neg > d_pos:  # the identity that the formula was made for
                pulled += 1
                d = d_pos + (d_neg - d_pos) * math.exp(-alpha / j_avg)
                assert (ours[i, j] - z[i, 0]).norm().item() == pytest.approx(d)
    assert 0 < pulled < 20


def test_alpha_that_is_not_given_is_the_papers(generator):
    points = three(generator)
    ours = hardness_aware_negatives(*points, j_avg=30.0)
    assert torch.equal(ours, hardness_aware_negatives(*points, alpha=90, j_avg=30.0))
    assert not torch.equal(
        ours, hardness_aware_negatives(*points, alpha=89, j_avg=30.0)
    )


def test_gradient_takes_lambda_for_a_number(generator):
    """d z-hat / d z = 1 - lambda, d z-hat / d z- = lambda, nothing reaches z+."""
    z, z_pos, z_neg = (t.clone().requires_grad_() for t in three(generator))
    weights = torch.randn(4, 5, 3, generator=generator, dtype=torch.float64)
    ours = hardness_aware_negatives(z, z_pos, z_neg, alpha=2, j_avg=1.0)
    (ours * weights).sum().backward()
    d_pos = (z - z_pos).norm(dim=-1).detach()
    d_neg = (z - z_neg).norm(dim=-1).detach()
    share = hardness_lambda(d_pos, d_neg, alpha=2, j_avg=1.0)[..., None]
    assert not share.requires_grad
    torch.testing.assert_close(z.grad, ((1 - share) * weights).sum(1, keepdim=True))
    torch.testing.assert_close(z_neg.grad, (share * weights).sum(0))
    assert z_pos.grad is None


@pytest.mark.parametrize("place", [0.0, 1.0])
def test_identical_points_stay_where_they_are_with_finite_gradients(place):
    z = torch.full((3, 1, 2), place, requires_grad=True)
    ours = hardness_aware_negatives(z, z, z[:, 0], j_avg=0.5)
    assert torch.equal(ours, torch.full((3, 3, 2), place))
    ours.sum().backward()
    assert z.grad.isfinite().all()


def test_turning_and_moving_the_plane_turns_and_moves_the_negatives(generator):
    z, z_pos, z_neg = three(generator)
    turn = torch.linalg.qr(torch.randn(3, 3, generator=generator).double())[0]
    ours = hardness_aware_negatives(z, z_pos, z_neg, alpha=1, j_avg=1.0)
    moved = (t @ turn + 5 for t in (z, z_pos, z_neg))
    torch.testing.assert_close(
        hardness_aware_negatives(*moved, alpha=1, j_avg=1.0), ours @ turn + 5
    )


@pytest.mark.errors
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"alpha": 0}, "alpha must be > 0, got 0"),
        ({"j_avg": -0.1}, "j_avg must be >= 0, got -0.1"),
        ({"j_avg": math.nan}, "j_avg must be >= 0, got nan"),
        ({"d_pos": torch.tensor([-0.2])}, "d_pos must hold distances"),
        ({"d_neg": torch.tensor([math.nan])}, "d_neg must hold distances"),
    ],
)
def test_errors(change, message):
    good = {"d_pos": torch.tensor([0.1]), "d_neg": torch.tensor([0.2]), "j_avg": 1.0}
    with pytest.raises(ValueError, match=message):
        hardness_lambda(**(good | change))


def test_alpha_is_90_where_nothing_is_said():
    d_pos, d_neg = torch.tensor(0.6), torch.tensor([1.2, 0.5])
    said = hardness_lambda(d_pos, d_neg, alpha=90, j_avg=60.0)
    assert torch.equal(hardness_lambda(d_pos, d_neg, j_avg=60.0), said)
    assert said[0].item() == pytest.approx((0.6 + 0.6 * math.exp(-1.5)) / 1.2)
