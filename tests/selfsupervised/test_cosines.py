"""Tests for cosines as seen from the mean."""

import numpy as np
import pytest
import torch
from sklearn.metrics.pairwise import cosine_similarity

from mlcourse.selfsupervised import cosines


def test_equals_scikit_learn(generator):
    z = 5 + torch.randn(20, 4, generator=generator, dtype=torch.float64)
    expected = cosine_similarity(z.numpy() - z.numpy().mean(axis=0))
    np.testing.assert_allclose(cosines(z).numpy(), expected, atol=1e-12)


def test_neither_a_common_part_nor_a_rotation_nor_the_unit_matters(generator):
    z = torch.randn(20, 4, generator=generator, dtype=torch.float64)
    turn = torch.linalg.qr(torch.randn(4, 4, generator=generator).double())[0]
    for other in (z + 7, z @ turn, 3 * z):
        torch.testing.assert_close(cosines(other), cosines(z), rtol=0, atol=1e-12)


def test_a_point_in_the_middle_is_like_nobody_and_itself():
    sim = cosines(
        torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 0.0]], requires_grad=True)
    )
    assert sim.tolist() == [[1, -1, 0], [-1, 1, 0], [0, 0, 1]]
    assert not sim.requires_grad


def test_copies_and_opposites_do_not_round_beyond_one(generator):
    half = torch.randn(200, 3, generator=generator)
    z = torch.cat([half, half, -half, -half])  # the mean is 0
    sim = cosines(z)
    unit = torch.nn.functional.normalize(z - z.mean(dim=0))
    assert (unit @ unit.T).abs().max() > 1  # as it would be
    assert (sim.min(), sim.max()) == (-1, 1)


@pytest.mark.errors
def test_z_must_be_finite():
    with pytest.raises(ValueError, match="z must be finite"):
        cosines(torch.tensor([[torch.nan, 0.0]]))
