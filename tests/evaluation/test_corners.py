"""Evaluation at its corners: one match, one point, ties at the cut, all answers."""

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

import mlcourse.evaluation._ranking as ranking
from mlcourse.evaluation import (
    ami,
    density,
    evaluate,
    map_at_r,
    nmi,
    pair_f1,
    r_precision,
    recall_at_k,
    spectral_decay,
)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def of_matrix(dist, labels, ks):
    return {
        **{f"recall@{k}": recall_at_k(dist, labels, k=k) for k in ks},
        "r_precision": r_precision(dist, labels),
        "map_at_r": map_at_r(dist, labels),
        "queries": len(labels),
        "without_match": int((labels[:, None] == labels).sum(dim=1).eq(1).sum()),
    }


@pytest.mark.parametrize("places", [2, 4, 12, 40, 1000])
@pytest.mark.parametrize("per_class", [2, 5])
def test_pairs_ties_and_every_k_to_the_last_digit(places, per_class):
    """Whole numbers on a line, 64 for an exact mean; a class of two has one match."""
    z = torch.randint(places, (64, 1), generator=seeded(places)).double()
    labels = torch.randperm(64, generator=seeded(1)) // per_class
    for ks in ((1,), (2,), (3,), (1, 2, 3, 5, 8), (63,)):
        found = evaluate(z, labels, ks=ks, chunk=7)
        expected = of_matrix((z - z.T).abs(), labels, ks)
        assert found == pytest.approx(expected, rel=1e-13)


def test_a_gallery_may_be_asked_for_all_its_answers():
    z, gallery = (
        torch.rand(5, 2, generator=seeded()),
        torch.rand(4, 2, generator=seeded(1)),
    )
    labels, known = torch.tensor([0, 0, 1, 1, 2]), torch.tensor([1, 0, 0, 2])
    found = evaluate(z, labels, ks=(4,), gallery=gallery, gallery_labels=known)
    assert found["recall@4"] == 1
    one = evaluate(z, labels, ks=(1,), gallery=gallery[:1], gallery_labels=known[:1])
    assert (one["recall@1"], one["without_match"]) == (1, 3)


def test_points_far_along_one_axis_keep_their_order():
    z = torch.rand(60, 3, generator=seeded())
    labels = torch.randint(6, (60,), generator=seeded(1))
    z = (z * 1024).round()  # so that adding 2^22 loses nothing
    far = z + torch.tensor([0.0, 2.0**22, -(2.0**21)])
    assert evaluate(far, labels) == pytest.approx(evaluate(z, labels), rel=1e-12)


def test_double_precision_is_not_rounded_to_single():
    """The second answer is nearer by 1e-9, which float32 does not hold beside 1."""
    gallery = torch.tensor([[1 + 1e-9], [-1.0]], dtype=torch.float64)
    found = evaluate(
        torch.zeros(1, 1, dtype=torch.float64), torch.tensor([4]), ks=(1,),
        gallery=gallery, gallery_labels=torch.tensor([7, 4]),
    )  # fmt: skip
    assert found["recall@1"] == 1


class Largest(TorchDispatchMode):
    """The number of entries of the largest tensor that any operation returns."""

    entries = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(out):
            if isinstance(tensor, torch.Tensor):
                self.entries = max(self.entries, tensor.numel())
        return out


@pytest.mark.parametrize("measure", [recall_at_k, r_precision, map_at_r])
def test_no_second_matrix_is_held(measure, monkeypatch):
    monkeypatch.setattr(ranking, "ROWS", 30)
    dist, labels = torch.rand(200, 200, generator=seeded()), torch.arange(200) // 4
    with Largest() as largest:
        measure(dist, labels)
    assert 30 * 199 <= largest.entries <= 200 * 200  # of isnan, one byte an entry
    with Largest() as largest:
        list(ranking.ranked_matches(dist, labels, depth=1))
    assert largest.entries == 30 * 200


@pytest.mark.parametrize("measure", [nmi, ami, pair_f1])
def test_one_point_is_a_partition(measure):
    assert measure(torch.tensor([3]), torch.tensor([8])) == 1


def test_density_has_no_unit():
    z, labels = torch.rand(12, 3, generator=seeded()), torch.arange(12) // 3
    assert density(1e-3 * z, labels) == pytest.approx(density(z, labels), rel=1e-5)


@pytest.mark.errors
def test_a_mistake_names_the_argument():
    z, y, flat = torch.rand(4, 2), torch.tensor([0, 0, 1, 1]), torch.ones(4)
    for call in (
        lambda: evaluate(flat, y),
        lambda: spectral_decay(flat),
        lambda: density(flat, y),
    ):
        with pytest.raises(ValueError, match="^z must be an"):
            call()
    with pytest.raises(ValueError, match="^gallery must be an"):
        evaluate(z, y, gallery=flat, gallery_labels=y)
