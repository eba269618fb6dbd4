"""Tests for the measures of what stays and what varies."""

import math

import pytest
import torch

from mlcourse.invariances import agreement, remaining_variance


def test_agreement_by_hand():
    samples = torch.tensor([[[0.0, 0.0], [0.0, 9.0]], [[8.0, 1.0], [5.5, 0.0]]])
    references = torch.tensor([[10.0, 0.0], [0.0, 0.0], [0.0, 10.0]])
    label = torch.tensor([4, -2, 7])
    # nearest labels: -2, 7 for the first code; 4, 4 for the second
    factor = torch.tensor([7, 4])
    assert agreement(samples, factor, references, label).tolist() == [0.5, 1.0]


def test_agreement_equals_a_loop(draw, generator):
    samples, references = draw(5, 4, 3), draw(30, 3)
    label = torch.randint(3, (30,), generator=generator)
    factor = torch.randint(3, (5,), generator=generator)
    want = []
    for i in range(5):
        hits = 0
        for j in range(4):
            gaps = [(samples[i, j] - r).square().sum().item() for r in references]
            hits += label[gaps.index(min(gaps))] == factor[i]
        want.append(hits.item() / 4)
    got = agreement(samples, factor, references, label)
    assert got.tolist() == want
    assert len(set(want)) > 1


def test_equal_distances_take_the_lower_index():
    references, label = torch.tensor([[1.0], [-1.0]]), torch.tensor([3, 5])
    sample = torch.zeros(1, 1, 1)
    assert agreement(sample, torch.tensor([3]), references, label).tolist() == [1.0]
    flipped = agreement(sample, torch.tensor([3]), -references, label.flip(0))
    assert flipped.tolist() == [0.0]


def test_nearest_is_exact_far_from_the_origin():
    # the expanded square loses gaps of 0.01 at 1000 in float32
    far = torch.tensor([1000.0, -1000.0]).repeat(15)  # of each coordinate its own way
    references = far + 0.01 * torch.arange(400.0)[:, None]
    label = torch.arange(400)
    for i in (17, 203, 399):
        sample = references[i].expand(1, 1, -1)
        assert agreement(sample, label[i : i + 1], references, label).tolist() == [1.0]


def test_nearest_is_exact_in_two_clusters_far_apart():
    # no centre helps here: of each cluster the fast formula sees only noise
    step = 0.01 * torch.arange(6.0)
    references = torch.cat([1000 + step, -1000 - step])[:, None].expand(-1, 30)
    label = torch.arange(12)
    samples = references[:, None]
    assert agreement(samples, label, references, label).tolist() == [1.0] * 12


def test_of_many_equal_references_the_first_counts(draw):
    references = torch.cat([9 + draw(30, 3), draw(1, 3).expand(7, -1)]).flip(0)
    label = torch.arange(37)
    sample = references[:1][None]
    assert agreement(sample, label[:1], references, label).tolist() == [1.0]
    assert agreement(sample, label[1:2], references, label).tolist() == [0.0]
    late = torch.cat([references[7:], references[:7]])
    assert agreement(sample, label[30:31], late, label).tolist() == [1.0]


def test_samples_may_be_finer_than_references(draw, generator):
    samples, references = draw(5, 4, 3).double(), draw(30, 3).float()
    label = torch.randint(3, (30,), generator=generator)
    want = agreement(samples.float(), label[:5], references, label)
    assert torch.equal(agreement(samples, label[:5], references, label), want)


def test_order_of_references_and_names_of_factors_do_not_matter(draw, generator):
    samples, references = draw(5, 4, 3), draw(30, 3)
    label = torch.randint(3, (30,), generator=generator)
    factor = torch.randint(3, (5,), generator=generator)
    want = agreement(samples, factor, references, label)
    order = torch.randperm(30, generator=generator)
    name = torch.tensor([70, -1, 5])
    got = agreement(samples, name[factor], references[order], name[label[order]])
    assert torch.equal(got, want)


def test_remaining_variance_by_hand():
    measured = torch.tensor([[1.0, 3.0, 5.0], [10.0, 10.0, 13.0]])
    # within: 4 and 3; total: mean 7, squares 36 16 4 9 9 36 over 5
    assert remaining_variance(measured) == pytest.approx(3.5 / 22, abs=1e-12)
    assert (
        remaining_variance(torch.tensor([[1.0, 3.0]])) == 1
    )  # two samples of one code


def test_remaining_variance_of_known_and_unknown_factors(draw):
    kept = draw(400, 1).expand(-1, 8)
    assert remaining_variance(kept) < 1e-12
    assert remaining_variance(draw(400, 8)) == pytest.approx(1.0, abs=0.1)
    half = remaining_variance(kept + draw(400, 8))
    assert half == pytest.approx(0.5, abs=0.1)


def test_remaining_variance_needs_no_unit(draw):
    measured = draw(6, 4)
    assert remaining_variance(3 * measured - 100) == pytest.approx(
        remaining_variance(measured), abs=1e-10
    )


@pytest.mark.errors
def test_agreement_refuses_what_does_not_fit(draw):
    samples, refs = draw(2, 3, 4), draw(5, 4)
    two, five = torch.zeros(2).long(), torch.zeros(5).long()
    with pytest.raises(ValueError, match=r"samples must be \(q, s, d\).*x\[:, None\]"):
        agreement(samples[0], two, refs, five)
    with pytest.raises(ValueError, match="there must be references"):
        agreement(samples, two, refs[:0], five[:0])
    with pytest.raises(ValueError, match=r"references must be of shape \(n, 4\)"):
        agreement(samples, two, refs[:, :3], five)
    with pytest.raises(ValueError, match="samples and factor must have"):
        agreement(samples, five, refs, five)
    with pytest.raises(ValueError, match="references and reference_factor must have"):
        agreement(samples, two, refs, two)
    for spoiled, sound, name in (
        (samples.clone(), refs, "samples"),
        (refs.clone(), samples, "references"),
    ):
        spoiled[1, 1] = torch.nan  # would be nearest to reference 0
        pair = (spoiled, sound) if name == "samples" else (sound, spoiled)
        with pytest.raises(ValueError, match=f"{name} must be finite"):
            agreement(pair[0], two, pair[1], five)


@pytest.mark.errors
def test_remaining_variance_refuses_what_has_none():
    for shape in ((5, 1), (0, 3), (3,), (2, 3, 4)):
        with pytest.raises(ValueError, match="s >= 2 samples"):
            remaining_variance(torch.arange(24.0)[: math.prod(shape)].view(shape))
    with pytest.raises(ValueError, match="must vary"):
        remaining_variance(torch.ones(5, 3))
