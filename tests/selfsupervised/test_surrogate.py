"""Tests for batches of surrogate classes, and the loss that is told them."""

import pytest
import torch
from torch import nn

from mlcourse.datasets import glyphs
from mlcourse.losses import MarginLoss, supcon_loss
from mlcourse.networks import convnet
from mlcourse.samplers import EpochHook
from mlcourse.selfsupervised import (
    SurrogateBatches,
    SurrogateLoss,
    assign_cliques,
    clique_similarity,
    compact_cliques,
    cosines,
    hog,
    target_loss,
)
from mlcourse.training import train

ROWS = torch.tensor([[2, 0], [1, 2], [0, 1]])


def fixed(member, generator, **numbers):
    """Batches of the same groups for ever, in the order of ROWS."""
    n = member.shape[1]
    return SurrogateBatches(
        torch.eye(n), group=lambda sim: member, assign=lambda sim, member: ROWS,
        generator=generator, **{"per_group": 3, "n_batches": 4} | numbers,
    )  # fmt: skip


# --- batches --------------------------------------------------------------------------


@pytest.mark.parametrize("per_group", [1, 2, 3, 7])
def test_a_batch_holds_its_groups_in_order(member, generator, per_group):
    """Groups of 3, 1 and 4 points; the fourth batch begins again with the first row."""
    batches = fixed(member[:3], generator, per_group=per_group)
    batches.refresh(torch.zeros(30, 2))
    seen = 0
    for turn, batch in enumerate(batches):
        row = turn % 3
        assert (
            batches.labels.tolist() == [2 * row] * per_group + [2 * row + 1] * per_group
        )
        for place, k in enumerate(ROWS[row].tolist()):
            points = batch[place * per_group : (place + 1) * per_group]
            among = member[k].nonzero().flatten().tolist()
            counts = [points.count(i) for i in among]
            assert sum(counts) == per_group
            assert max(counts) - min(counts) <= 1  # again when all have come
        seen += 1
    assert seen == len(batches) == 4


def test_all_members_come_equally_often(generator):
    member = torch.ones(3, 5, dtype=torch.bool)
    batches = fixed(member, generator, per_group=2, n_batches=300)
    batches.refresh(torch.zeros(5, 2))
    count = torch.tensor([batch[:2] for batch in batches]).flatten().bincount()
    assert count.sum() == 600
    assert (count - 120).abs().max() < 45  # 4.6 standard deviations


def test_first_the_weak_similarities_then_those_of_the_network(sim, generator):
    told = []
    batches = SurrogateBatches(
        sim, per_group=2, n_batches=1, generator=generator, every=2,
        group=lambda s: told.append(s) or torch.ones(3, 30, dtype=torch.bool),
        assign=lambda s, member: told.append(s) or ROWS,
        similarity=lambda z: 2 * cosines(z),
    )  # fmt: skip
    zs = [torch.randn(30, 4, generator=generator) for _ in range(4)]
    for z in zs:
        batches.refresh(z)
    assert len(told) == 4  # epochs 0 and 2, groups and batches
    assert torch.equal(told[0], sim)
    assert torch.equal(told[1], sim)
    torch.testing.assert_close(told[2], 2 * cosines(zs[2]))
    assert torch.equal(told[3], told[2])
    assert batches.epoch == 4
    assert len(batches.found) == 2
    assert isinstance(batches, EpochHook)


def test_it_goes_on_from_its_state(sim):
    def make():
        g = torch.Generator().manual_seed(4)
        return SurrogateBatches(
            sim, per_group=2, n_batches=3, generator=g, every=3,
            group=lambda s: compact_cliques(s, size=3, n_cliques=6),
            assign=lambda s, member: assign_cliques(
                clique_similarity(s, member), n_batches=3, per_batch=3, generator=g
            ).batches,
        )  # fmt: skip

    whole, z = make(), torch.randn(30, 4, generator=torch.Generator().manual_seed(0))
    for _ in range(5):
        whole.refresh(z)
        state, drawn = whole.state_dict(), whole.generator.get_state()
        expected = list(whole)
    other = make()
    other.load_state_dict(state)
    other.generator.set_state(drawn)
    assert list(other) == expected
    assert len(other.found) == 2
    other.refresh(-z)  # the sixth epoch, of no grouping
    assert len(other.found) == 2
    assert len(state["found"]) == 2  # the state is not the sampler's own list


# --- the loss -------------------------------------------------------------------------


def test_the_loss_sees_surrogate_labels_only(member, generator):
    batches = fixed(member[:3], generator)
    batches.refresh(torch.zeros(30, 2))
    loss = SurrogateLoss(batches, lambda z, labels: supcon_loss(z @ z.T, labels))
    for _ in batches:
        z = torch.randn(6, 4, generator=generator)
        expected = supcon_loss(z @ z.T, torch.tensor([0, 0, 0, 1, 1, 1]))
        for labels in (None, torch.arange(6), torch.zeros(6).long()):
            torch.testing.assert_close(loss(z, labels), expected)
    with pytest.raises(ValueError, match="last batch has 6 points, this one 5"):
        loss(z[:5])


def test_parameters_of_the_loss_are_its_own(member, generator):
    margin = MarginLoss()
    loss = SurrogateLoss(fixed(member[:3], generator), margin)
    assert [id(p) for p in loss.parameters()] == [id(p) for p in margin.parameters()]


# --- learning -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def images():
    return glyphs(
        generator=torch.Generator().manual_seed(0), n_classes=40, per_class=12
    )


def learned(images, labels, checkpoint=None, epochs=3):
    """A short run on cliques; a network, history and groupings."""
    g = torch.Generator().manual_seed(1)
    psi = nn.Sequential(convnet(16, channels=(1, 8, 32), generator=g))
    x = images.train.x
    batches = SurrogateBatches(
        cosines(hog(x)), per_group=4, n_batches=8, generator=g,
        group=lambda s: compact_cliques(s, size=3, n_cliques=32),
        assign=lambda s, member: assign_cliques(
            clique_similarity(s, member), n_batches=4, per_batch=8, repeat=0, cover=99,
            generator=g,
        ).batches,
    )  # fmt: skip
    history = train(
        psi, SurrogateLoss(batches, target_loss), x, labels, batches=batches,
        epochs=epochs, validation=(images.validation.x, images.validation.y),
        generator=g, lr=1e-2, checkpoint=checkpoint,
    )  # fmt: skip
    return psi, history, batches


def test_relations_without_labels_teach_and_labels_are_not_looked_at(images):
    psi, history, batches = learned(images, images.train.y)
    assert history.score[-1] > history.untrained + 0.1
    assert len(batches.found) == 3
    other, again, _ = learned(images, -images.train.y.flip(0) - 1)
    assert again.score == history.score
    for a, b in zip(psi.parameters(), other.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_run_goes_on_from_its_checkpoint(images, tmp_path):
    psi, history, _ = learned(images, images.train.y)
    learned(images, images.train.y, tmp_path / "run", epochs=2)
    other, again, batches = learned(images, images.train.y, tmp_path / "run")
    assert again.score == history.score
    assert len(batches.found) == 3
    for a, b in zip(psi.parameters(), other.parameters(), strict=True):
        assert torch.equal(a, b)


# --- errors ---------------------------------------------------------------------------


def test_batches_need_a_refresh(member, generator):
    batches = fixed(member[:3], generator)
    assert len(batches.assignment) == len(batches.labels) == 0
    with pytest.raises(RuntimeError, match="call refresh"):
        next(iter(batches))


@pytest.mark.errors
@pytest.mark.parametrize(
    "numbers", [{"per_group": 0}, {"n_batches": 0}, {"per_group": 1, "every": 0}]
)
def test_numbers_are_at_least_1(member, generator, numbers):
    with pytest.raises(ValueError, match="per_group, n_batches and every must be >= 1"):
        fixed(member[:3], generator, **numbers)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (torch.ones(3, 4, dtype=torch.bool), "a column for each of the n = 30 points"),
        (torch.zeros(3, 30, dtype=torch.bool), "3 of 3 have none"),
        (torch.ones(2, 30, dtype=torch.bool), "numbers of the 2 cliques, from 0"),
    ],
)
def test_groups_and_batches_must_make_sense(generator, groups, message):
    batches = SurrogateBatches(
        torch.eye(30), group=lambda sim: groups, assign=lambda sim, member: ROWS,
        per_group=1, n_batches=1, generator=generator,
    )  # fmt: skip
    with pytest.raises(ValueError, match=message):
        batches.refresh(torch.zeros(30, 2))
