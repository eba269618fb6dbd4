"""Divide and conquer: when and how the data is divided, who is drawn, who learns."""

import pytest
import torch
from torch import nn

from mlcourse.datasets import glyphs
from mlcourse.distances import euclidean
from mlcourse.ensembles import (
    ClusterBatches,
    DivideAndConquer,
    Division,
    LearnerMasks,
    match_clusters,
    split_learners,
)
from mlcourse.judgements import all_triplets
from mlcourse.losses import multi_similarity_loss, triplet_loss
from mlcourse.networks import convnet
from mlcourse.samplers import ClassBalancedBatches, EpochHook
from mlcourse.training import train


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def blobs(generator, k=4, each=10, dim=5):
    """Points around k axes; truth."""
    truth = torch.arange(k * each) % k
    noise = 0.05 * torch.randn(k * each, dim, generator=generator)
    return torch.eye(k, dim)[truth] + noise, truth


TWICE_TWO = torch.tensor([[1.0, 0.3, 0], [1, -0.3, 0], [-1, 0, 0.3], [-1, 0, -0.3]])


def agree(a, b):
    """Whether two clusterings are the same parts."""
    return torch.equal(a[:, None] == a, b[:, None] == b)


# --- when, and under which numbers ----------------------------------------------------


def test_is_a_hook_and_divides_every_t_epochs_until_the_merger(generator):
    y, truth = blobs(generator)
    division = Division(levels=(4,), every=3, merge_at=7, generator=generator)
    assert isinstance(division, EpochHook)
    assert division.clusters is None
    calls = []
    division.features = lambda: (calls.append(division.epoch), y)[1]
    for epoch in range(10):
        division.refresh(torch.zeros(40, 2))
        assert division.epoch == epoch
        if epoch < 7:
            assert agree(division.clusters, truth)
        else:
            assert division.clusters is None
    assert calls == [0, 3, 6]
    assert division.stability == [1.0, 1.0]


def test_without_features_it_looks_at_the_embeddings(generator):
    y, truth = blobs(generator)
    division = Division(levels=(4,), merge_at=1, generator=generator)
    division.refresh(y)
    assert agree(division.clusters, truth)


def test_numbers_stay_when_points_stay_and_stability_counts_those_that_move(generator):
    """A quarter of cluster A moves to B: 2.5 % of all points, whatever the seeds."""
    y, truth = blobs(generator)
    division = Division(levels=(4,), every=1, merge_at=9, generator=generator)
    division.refresh(y)
    first = division.clusters
    moved = y.clone()
    who = (truth == 1).nonzero().flatten()[:3]
    moved[who] = y[(truth == 2).nonzero().flatten()[:3]]
    division.refresh(moved)
    changed = (division.clusters != first).nonzero().flatten()
    assert torch.equal(changed, who)
    assert division.stability == pytest.approx([1 - 3 / 40])


def test_without_matching_numbers_would_be_lost(generator):
    """Seeds differ from division to division; matched numbers do not."""
    y, _ = blobs(generator)
    numbers, raw = [], []
    for seed in range(6):
        fresh = Division(levels=(4,), merge_at=1, generator=seeded(seed))
        fresh.refresh(y)
        raw.append(tuple(fresh.clusters.tolist()))
        numbers.append(match_clusters(
            torch.tensor(raw[0]), fresh.clusters, n_clusters=4
        ))  # fmt: skip
    assert len(set(raw)) > 1
    assert all(torch.equal(n, numbers[0]) for n in numbers)


def test_top_down_halves_keep_their_parents(generator):
    """1, 2, 4 clusters: a half keeps its number, the other's is new."""
    truth = torch.arange(40) % 4
    y = TWICE_TWO[truth] + 0.01 * torch.randn(40, 3, generator=generator)
    splits = []
    division = Division(
        levels=(1, 2, 4), every=1, merge_at=9, generator=generator,
        on_split=lambda parent, child: splits.append((parent, child)),
    )  # fmt: skip
    seen = []
    for _ in range(4):
        division.refresh(y)
        seen.append(division.clusters)
    assert [sorted(set(c.tolist())) for c in seen] == [
        [0], [0, 2], [0, 1, 2, 3], [0, 1, 2, 3]
    ]  # fmt: skip
    assert splits == [(0, 2), (0, 1), (2, 3)]
    assert agree(seen[1], truth // 2)
    assert agree(seen[2], truth)
    assert torch.equal(seen[2] // 2 * 2, seen[1])
    assert torch.equal(seen[3], seen[2])
    assert division.stability == [1, 1, 1]


def test_levels_may_jump(generator):
    """Two pairs of directions: halved twice in one division."""
    truth, splits = torch.arange(40) % 4, []
    y = TWICE_TWO[truth] + 0.01 * torch.randn(40, 3, generator=generator)
    division = Division(levels=(1, 4), every=1, merge_at=9, generator=generator,
                        on_split=lambda *pair: splits.append(pair))  # fmt: skip
    division.refresh(y)
    assert (division.clusters == 0).all()
    division.refresh(y)
    assert agree(division.clusters, truth)
    assert splits == [(0, 2), (0, 1), (2, 3)]


def test_a_cluster_of_one_point_is_not_halved():
    division = Division(levels=(2, 4), every=1, merge_at=9, generator=seeded())
    y = torch.tensor([[1.0, 0], [0.9, 0.4], [0.9, -0.4], [0, 1]])
    division.refresh(y)
    division.refresh(y)
    assert len(set(division.clusters.tolist())) == 3
    assert sorted(division.clusters.bincount().tolist())[-1] == 2


def test_state_goes_on_where_it_stopped(generator):
    y, _ = blobs(generator)
    one = Division(levels=(4,), every=2, merge_at=9, generator=seeded(1))
    for _ in range(3):
        one.refresh(y)
    other = Division(levels=(4,), every=2, merge_at=9, generator=seeded(2))
    other.load_state_dict(one.state_dict())
    other.refresh(y)
    other.refresh(y)
    assert other.epoch == 4
    assert torch.equal(other.clusters, one.clusters)
    assert other.stability == [1, 1]
    assert one.stability == [1]


# --- who is drawn ---------------------------------------------------------------------


def batches_of(labels, clusters, *, classes=2, per_class=2, n_batches=8, seed=0):
    """Batches of clusters set by hand."""
    division = Division(levels=(4,), merge_at=9, generator=seeded())
    division.epoch, division.clusters = 0, clusters
    return ClusterBatches(labels, division, classes=classes, per_class=per_class,
                          n_batches=n_batches, generator=seeded(seed))  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_clusters_take_turns_and_batches_are_of_one(seed):
    labels = torch.arange(80) % 5
    clusters = torch.arange(80) // 20
    batches = batches_of(labels, clusters, seed=seed)
    seen = []
    for rows in batches:
        assert clusters[rows].unique().tolist() == [batches.cluster]
        assert labels[rows].unique(return_counts=True)[1].tolist() == [2, 2]
        assert len(set(rows)) == 4
        seen.append(batches.cluster)
    assert seen == [0, 1, 2, 3] * 2
    assert len(batches) == 8
    assert batches.left_out == 0


def test_a_point_alone_of_its_class_in_its_cluster_is_left_out():
    labels = torch.tensor([0, 0, 1, 2, 2, 2, 0, 1, 1])
    clusters = torch.tensor([0, 0, 0, 0, 0, 0, 1, 1, 1])
    batches = batches_of(labels, clusters, classes=9, per_class=9, n_batches=4)
    drawn = [(batches.cluster, sorted(rows)) for rows in batches]
    assert drawn == [(0, [0, 1, 3, 4, 5]), (1, [7, 8])] * 2
    assert batches.left_out == 2


def test_a_cluster_without_a_similar_pair_has_no_turn():
    labels = torch.tensor([0, 0, 1, 2, 3, 3])
    batches = batches_of(labels, torch.tensor([0, 0, 1, 1, 2, 2]), n_batches=3)
    assert [(batches.cluster, sorted(rows)) for rows in batches] == [
        (0, [0, 1]), (2, [4, 5]), (0, [0, 1])
    ]  # fmt: skip
    assert batches.left_out == 2


def test_a_batch_is_filled_up_from_more_classes_and_no_point_comes_alone():
    """Classes of 2 points, 4 asked of each, 8 in all: four classes, not two."""
    labels = torch.arange(20) // 2
    batches = batches_of(labels, torch.zeros(20, dtype=torch.int64), per_class=4)
    assert all(len(rows) == 8 for rows in batches)
    ragged = torch.tensor([0, 0, 0, 1, 1, 1, 2, 2, 2])
    batches = batches_of(ragged, ragged * 0, classes=1, per_class=4)
    for rows in batches:  # a third class would bring one point
        assert labels.new_tensor([len(rows)]).item() == 3
        assert len(ragged[rows].unique()) == 1


def test_every_point_is_drawn_at_last():
    labels, clusters = torch.arange(40) % 4, torch.arange(40) // 20
    batches = batches_of(labels, clusters, classes=1, n_batches=400)
    assert len({row for rows in batches for row in rows}) == 40


@pytest.mark.parametrize("merge_at", [0, 9])
def test_one_cluster_is_class_balanced_batches_to_the_row(merge_at):
    """The baseline, bit by bit, from one generator for draws and seeds."""
    labels, g = torch.arange(60) % 6, seeded(5)
    division = Division(levels=(1,), merge_at=merge_at, generator=g)
    ours = ClusterBatches(labels, division, classes=3, per_class=4, n_batches=7,
                          generator=g)  # fmt: skip
    ours.refresh(torch.zeros(60, 1))
    plain = ClassBalancedBatches(labels, classes=3, per_class=4, n_batches=7,
                                 generator=seeded(5))  # fmt: skip
    assert list(ours) == list(plain)
    assert ours.cluster == (0 if merge_at else None)


# --- who learns -----------------------------------------------------------------------

SIZES = (2, 2, 2)


def slice_of(z, k):
    return split_learners(z, sizes=SIZES)[k]


def triplets(z, y):
    return triplet_loss(euclidean(z, z), all_triplets(y), margin=1.0)


@pytest.mark.parametrize("k", [0, 1, 2])
def test_a_batch_of_cluster_k_moves_slice_k_and_the_trunk(generator, k):
    trunk, head = nn.Linear(4, 5), nn.Linear(5, 6)
    x, y = torch.randn(8, 4, generator=generator), torch.arange(8) % 2
    loss = DivideAndConquer(triplets, view=slice_of, which=lambda: k)
    value = loss(head(trunk(x)), y)
    value.backward()
    moved = head.weight.grad.abs().sum(dim=1) > 0
    assert moved.tolist() == [i // 2 == k for i in range(6)]
    assert trunk.weight.grad.abs().sum() > 0
    z = head(trunk(x))[:, 2 * k : 2 * k + 2]
    torch.testing.assert_close(value, triplets(nn.functional.normalize(z), y))


def test_merged_it_is_the_loss_of_the_whole(generator):
    z, y = torch.randn(8, 6, generator=generator), torch.arange(8) % 2
    asked = []

    def penalty():
        asked.append(1)
        return torch.tensor(100.0)

    loss = DivideAndConquer(
        triplets, view=slice_of, which=lambda: None, penalty=penalty, weight=1.0
    )
    assert torch.equal(loss(z, y), triplets(z, y))
    assert not asked


def test_the_penalty_is_added_by_its_weight(generator):
    z, y = torch.randn(8, 6, generator=generator), torch.arange(8) % 2
    loss = DivideAndConquer(triplets, view=slice_of, which=lambda: 1,
                            penalty=lambda: torch.tensor(3.0), weight=0.5)  # fmt: skip
    torch.testing.assert_close(loss(z, y), triplets(slice_of(z, 1), y) + 1.5)


# --- masks ----------------------------------------------------------------------------


def test_fixed_masks_are_slices(generator):
    masks = LearnerMasks(6, 3, generator=generator)
    masks.masks.data = torch.eye(3).repeat_interleave(2, dim=1)
    z = torch.randn(7, 6, generator=generator)
    for k in range(3):
        masked = masks(z, k)
        torch.testing.assert_close(masked[:, 2 * k : 2 * k + 2], slice_of(z, k))
        assert masked.count_nonzero() == 14
    assert masks.overlap() == 0


def test_masked_embedding_by_hand():
    masks = LearnerMasks(3, 1, generator=seeded())
    masks.masks.data = torch.tensor([[2.0, 0.5, -9.0]])
    z = masks(torch.tensor([[1.5, 8.0, 7.0], [0.0, 0.0, 1.0]]), 0)
    assert z.tolist() == [pytest.approx([0.6, 0.8, 0]), [0, 0, 0]]


def test_overlap_is_the_mean_cosine_of_two_different_masks(generator):
    masks = LearnerMasks(5, 4, generator=generator).double()
    m = masks.masks.detach().clamp(min=0)
    cosines = [
        (m[i] @ m[j] / m[i].norm() / m[j].norm()).item()
        for i in range(4) for j in range(4) if i != j
    ]  # fmt: skip
    assert masks.overlap().item() == pytest.approx(sum(cosines) / 12)
    masks.overlap().backward()
    assert masks.masks.grad.isfinite().all()


def test_only_active_masks_overlap_and_a_child_is_its_parent(generator):
    masks = LearnerMasks(5, 4, active=[0], generator=generator)
    assert masks.overlap() == 0
    assert masks.active.tolist() == [True, False, False, False]
    before = masks.masks.detach().clone()
    masks.divide(0, 2)
    assert torch.equal(masks.masks[2], before[0])
    assert torch.equal(masks.masks[[0, 1, 3]], before[[0, 1, 3]])
    assert masks.active.tolist() == [True, False, True, False]
    assert masks.overlap().item() == pytest.approx(1)
    assert masks.state_dict()["active"].tolist() == [True, False, True, False]


def test_first_masks_are_near_1():
    first = LearnerMasks(5000, 2, generator=seeded()).masks
    assert first.mean().item() == pytest.approx(0.9, abs=0.03)
    assert first.std().item() == pytest.approx(0.7, abs=0.03)
    assert not torch.equal(first[0], first[1])
    assert torch.equal(first, LearnerMasks(5000, 2, generator=seeded()).masks)


# --- all together ---------------------------------------------------------------------


def run(epochs, checkpoint=None, levels=(1, 2, 4)):
    """A short training with masks, top down, merged in the last epoch of four."""
    data = glyphs(generator=seeded(), n_classes=16, per_class=12)
    g = seeded(3)
    psi = convnet(8, channels=(1, 4, 8), generator=g)
    masks = LearnerMasks(8, 4, active=[0], generator=g)
    division = Division(levels=levels, every=1, merge_at=3, generator=g,
                        on_split=masks.divide)  # fmt: skip
    batches = ClusterBatches(data.train.y, division, classes=4, per_class=3,
                             n_batches=4, generator=g)  # fmt: skip
    loss = DivideAndConquer(
        lambda z, y: multi_similarity_loss(z @ z.T, y), view=masks,
        which=lambda: batches.cluster, penalty=masks.overlap,
    )  # fmt: skip
    history = train(
        psi, loss, data.train.x, data.train.y, batches=batches, epochs=epochs,
        validation=(data.validation.x, data.validation.y), generator=g,
        checkpoint=checkpoint,
    )  # fmt: skip
    return psi, masks, division, history


def test_trains_with_masks_and_merges():
    """Three splits, two matchings, one merger; masks are those of the best epoch."""
    _, masks, division, history = run(4)
    assert len(history.loss) == 4
    assert masks.active.sum() == [1, 1, 2, 4, 4][history.best + 1]
    assert division.clusters is None
    assert len(division.stability) == 2


def test_an_interrupted_run_ends_as_if_it_had_not_been(tmp_path):
    whole = run(4)
    run(2, tmp_path / "a.pt")
    halves = run(4, tmp_path / "a.pt")
    assert halves[3].loss == whole[3].loss
    assert halves[2].stability == whole[2].stability
    for a, b in zip(whole[0].parameters(), halves[0].parameters(), strict=True):
        assert torch.equal(a, b)


# --- errors ---------------------------------------------------------------------------


@pytest.mark.errors
def test_errors():
    for levels in ((), (0,), (2, 3), (4, 2), (2, 6)):
        with pytest.raises(ValueError, match="levels must be numbers of clusters"):
            Division(levels=levels, merge_at=3, generator=seeded())
    with pytest.raises(ValueError, match="every must be >= 1 epoch, got 0"):
        Division(every=0, merge_at=3, generator=seeded())
    labels, good = torch.arange(6) % 2, {"classes": 2, "per_class": 2, "n_batches": 1}
    division = Division(merge_at=3, generator=seeded())
    for name in good:
        with pytest.raises(ValueError, match="must be >= 1, got"):
            ClusterBatches(labels, division, **good | {name: 0}, generator=seeded())
    with pytest.raises(ValueError, match="labels must be one whole number"):
        ClusterBatches(labels.float(), division, **good, generator=seeded())
    with pytest.raises(RuntimeError, match="call refresh.z. before each epoch"):
        next(iter(ClusterBatches(labels, division, **good, generator=seeded())))
    with pytest.raises(ValueError, match="no cluster has two points of a class"):
        next(iter(batches_of(torch.arange(4), torch.zeros(4, dtype=torch.int64))))
    for numbers in ((0, 2), (2, 0)):
        with pytest.raises(ValueError, match="dim and n_learners must be >= 1"):
            LearnerMasks(*numbers, generator=seeded())
